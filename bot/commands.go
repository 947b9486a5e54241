package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/watchlist"
	"github.com/footprint-soc/footprint/hunts"
)

// verb is one command as data: what people write, what the help says of it, who may,
// and what is done. Slash commands, mentions, the help, the page of the demo and the
// table in docs/COMMANDS.md all come from the list of them.
type verb struct {
	words    string // what it begins with, in lower case
	args     string // what follows, for people
	says     string // one sentence
	examples []string
	right    hunts.Right // judged in the channel it is written in; empty where the verb judges by itself, or everybody may
	told     hunts.Right // what the help says of who may, where right is empty
	// run answers it; nil is a request in the grammar of hunts.
	run func(b *Bot, ctx context.Context, key string, c inbound.Command, rest string) (string, error)
}

// verbs are all there is to write. The first of a group is its default: "watch" alone
// lists.
func verbs() []verb {
	return []verb{
		{words: "", args: "INDICATORS", told: hunts.MayHunt, says: "hunts addresses, ranges, domains, URLs, files and hashes; without arguments, it opens the form.",
			examples: []string{"ip=203.0.113[.]66", "dns=cdn-sync[.]example file=powershell.exe", "ip=198.51.100[.]0/24 since=30d", "dns=*.evil[.]example device=WS-014", `203.0.113[.]66 cdn-sync[.]example why="ISAC tip"`}},
		{words: "hunt", args: "NAME [INDICATORS]", told: hunts.MayHunt, says: "runs another hunt from the catalog.",
			examples: []string{"hunt file-footprint file=powershell.exe", "hunt device-footprint device=WS-FIN-014 since=24h", "hunt rare-domains since=14d"}},
		{words: "incident=", args: "NUMBER", told: hunts.MayIncident, says: "hunts the indicators of a Sentinel incident and keeps a ledger of them.", examples: []string{"incident=4711"}},
		{words: "watch list", right: hunts.MayWatch, says: "shows what every sweep looks for.", examples: []string{"watch list"},
			run: func(b *Bot, ctx context.Context, _ string, _ inbound.Command, _ string) (string, error) {
				return b.lists.List(ctx)
			}},
		{words: "watch add", args: "INDICATORS [for=30d] [until=DAY] [why=…] [confidence=0…100] [tags=…]", right: hunts.MayWatch, says: "puts indicators on the watchlist.",
			examples: []string{`watch add 203.0.113[.]66 why="C2" for=30d`},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, rest string) (string, error) {
				return b.lists.Add(ctx, c, rest)
			}},
		{words: "watch remove", args: "INDICATORS [why=…]", right: hunts.MayWatch, says: "removes indicators from the watchlist.", examples: []string{`watch remove 203.0.113[.]66 why="false positive"`},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, rest string) (string, error) {
				return b.lists.Remove(ctx, c, rest)
			}},
		{words: "watch quiet", args: "INDICATORS [until=DAY] [why=…]", right: hunts.MayWatch, says: "mutes indicators: still hunted, not reported as new.",
			examples: []string{`watch quiet 203.0.113[.]66 for=14d why="INC-4711"`},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, rest string) (string, error) {
				return b.lists.Quiet(ctx, c, rest)
			}},
		{words: "watch export", right: hunts.MayWatch, says: "posts the watchlist as a CSV file.", examples: []string{"watch export"},
			run: func(b *Bot, ctx context.Context, key string, c inbound.Command, _ string) (string, error) {
				return b.lists.Export(ctx, key, c)
			}},
		{words: "watch import", right: hunts.MayWatch, says: "imports a list: mention me with these words in the message that shares the file.", examples: []string{"watch import"},
			run: func(*Bot, context.Context, string, inbound.Command, string) (string, error) {
				return watchlist.HowToImport, nil
			}},
		{words: "watch active", right: hunts.MayWatch, says: "shows the watches that ring in this channel.", examples: []string{"watch active"},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, _ string) (string, error) {
				return b.watchActive(ctx, c)
			}},
		{words: "watch end", args: "HUNT", right: hunts.MayWatch, says: "ends a watch before its time.", examples: []string{"watch end F-7QK2"},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, rest string) (string, error) {
				return b.watchEnd(ctx, c, rest)
			}},
		{words: "sweep list", told: hunts.MaySweep, says: "shows the scheduled sweeps.", examples: []string{"sweep list"},
			run: sweepVerb("list")},
		{words: "sweep add", args: "NAME [hunt=NAME] [cron=…] [zone=…] [from=SOURCES] [since=…] [channel=#…] [workspace=…] [places=…]", told: hunts.MaySweep, says: "hunts the watchlist, or runs a hunt that needs no indicator, on a schedule.",
			examples: []string{`sweep add daily cron="30 8 * * 1-5" zone=Europe/Berlin from=ti`, `sweep add rare hunt=rare-domains since=14d`}, run: sweepVerb("add")},
		{words: "sweep run", args: "[NAME]", told: hunts.MaySweep, says: "runs a sweep now.", examples: []string{"sweep run daily"}, run: sweepVerb("run")},
		{words: "sweep pause", args: "NAME", told: hunts.MaySweep, says: "pauses a scheduled sweep.", examples: []string{"sweep pause daily"}, run: sweepVerb("pause")},
		{words: "sweep resume", args: "NAME", told: hunts.MaySweep, says: "resumes a paused sweep.", examples: []string{"sweep resume daily"}, run: sweepVerb("resume")},
		{words: "sweep remove", args: "NAME", told: hunts.MaySweep, says: "removes a scheduled sweep.", examples: []string{"sweep remove daily"}, run: sweepVerb("remove")},
		{words: "here", says: "shows what is allowed in this channel.", examples: []string{"here"},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, _ string) (string, error) {
				return b.here(ctx, c)
			}},
		{words: "here enrich on", right: hunts.MayIncident, says: "automatically hunts the indicators that people post here.", examples: []string{"here enrich on"},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, _ string) (string, error) {
				return b.channels.EnrichOn(ctx, c)
			}},
		{words: "here enrich off", right: hunts.MayIncident, says: "stops hunting them automatically.", examples: []string{"here enrich off"},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, _ string) (string, error) {
				return "Indicators in this channel are hunted only when somebody asks.", b.channels.SetEnrich(ctx, c, false)
			}},
		{words: "audit", args: "[INDICATORS] [HUNT] [USER] [since=…]", right: hunts.MayAudit, says: "shows who hunted what, to you only.", examples: []string{"audit ip=203.0.113[.]66 since=30d", "audit F-7QK2"},
			run: func(b *Bot, ctx context.Context, _ string, c inbound.Command, rest string) (string, error) {
				return b.auditCommand(ctx, c, rest)
			}},
		{words: "help", args: "[TOPIC]", says: "lists the commands, or explains one of hunt, watch, sweep, here, audit, thread.", examples: []string{"help", "help sweep"}},
	}
}

func sweepVerb(name string) func(*Bot, context.Context, string, inbound.Command, string) (string, error) {
	return func(b *Bot, ctx context.Context, _ string, c inbound.Command, rest string) (string, error) {
		return b.schedules.Command(ctx, c, name, rest)
	}
}

// group is the first word of a verb, by which the help knows it.
func (v verb) group() string {
	word, _, _ := strings.Cut(strings.TrimSuffix(v.words, "="), " ")
	if word == "" || word == "incident" {
		return "hunt"
	}
	return word
}

// topic is the verb as the help tells it.
func (v verb) topic() message.Topic {
	t := message.Topic{Usage: strings.TrimSpace("/footprint " + strings.TrimSpace(v.words+" "+v.args)), Says: v.says, May: string(v.right)}
	if strings.HasSuffix(v.words, "=") {
		t.Usage = "/footprint " + v.words + v.args
	}
	if t.May == "" {
		t.May = string(v.told)
	}
	for _, e := range v.examples {
		t.Examples = append(t.Examples, "/footprint "+e)
	}
	return t
}

// Commands are all that people can write, for whoever shows them elsewhere.
func Commands() []message.Topic {
	var out []message.Topic
	for _, v := range verbs() {
		out = append(out, v.topic())
	}
	return out
}

// CommandTable is the table of docs/COMMANDS.md.
func CommandTable() string {
	var b strings.Builder
	b.WriteString("| write | what it does | needs | example |\n|---|---|---|---|\n")
	cell := func(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
	for _, t := range Commands() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", cell(t.Usage), cell(t.Says), t.May, cell(t.Examples[0]))
	}
	return b.String()
}

// verbFor finds the verb of a text: the one with the most words. rest is what follows
// it. A group without a known second word is answered by its help, with ok and a nil
// run.
func verbFor(text string) (v verb, rest string, ok bool) {
	all := verbs()
	best := -1
	for n, x := range all {
		if x.run == nil {
			continue
		}
		if after, fits := afterWords(text, strings.Fields(x.words)...); fits && (best < 0 || len(x.words) > len(all[best].words)) {
			best, rest = n, after
		}
	}
	if best >= 0 && (all[best].words != "here" || rest == "") {
		return all[best], rest, true
	}
	word, after, _ := strings.Cut(strings.TrimSpace(text), " ")
	word = strings.ToLower(word)
	if !slices.Contains([]string{"watch", "sweep", "here"}, word) {
		return verb{}, text, false
	}
	if strings.TrimSpace(after) == "" { // the first of its group
		k := slices.IndexFunc(all, func(x verb) bool { return x.group() == word })
		return all[k], "", true
	}
	return verb{words: word}, after, true
}

// isVerb tells that a text is a command and not only begins like one, as what people
// write beside a mention may: "watch out for …".
func isVerb(text string) bool {
	_, help := afterWords(text, "help")
	v, _, ok := verbFor(text)
	return help || ok && v.run != nil
}

// help is what the help says of a topic; of none it says a line of each command.
func (b *Bot) help(topic string) message.Message {
	topic = strings.ToLower(strings.TrimSpace(topic))
	if topic == "thread" || topic == "reply" || topic == "replies" {
		return message.ReplyHelp(replyForms, b.view())
	}
	var list []message.Topic
	for _, v := range verbs() {
		if topic != "" && v.group() == topic {
			list = append(list, v.topic())
		}
	}
	if len(list) > 0 {
		return message.HelpTopic(list, b.view())
	}
	return message.Help(Commands(), b.view())
}

// verbDone answers a text that begins with a command's words; done is false for every
// other text.
func (b *Bot) verbDone(ctx context.Context, key string, c inbound.Command, text string) (answer message.Message, done bool, err error) {
	if topic, is := afterWords(text, "help"); is {
		return b.help(topic), true, nil
	}
	v, rest, ok := verbFor(text)
	switch {
	case !ok:
		return message.Message{}, false, nil
	case v.run == nil:
		return b.help(v.words), true, nil
	}
	if v.right != "" {
		if _, err := b.policy.Foresee(ctx, c.Asker(), hunts.Action{Name: v.group(), Right: v.right, What: text}); err != nil {
			return message.Message{}, true, err
		}
	}
	say, err := v.run(b, ctx, key, c, rest)
	if err != nil {
		return message.Message{}, true, err
	}
	return message.Said(say, b.view()), true, nil
}
