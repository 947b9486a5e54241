package bot

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// event is the inner event of an Events API payload. Only what is used is
// read: an unknown block inside must not make the rest unreadable.
type event struct {
	Type       string          `json:"type"`
	Subtype    string          `json:"subtype"`
	Channel    string          `json:"channel"`
	User       string          `json:"user"`
	BotID      string          `json:"bot_id"`
	Text       string          `json:"text"`
	TS         string          `json:"ts"`
	ThreadTS   string          `json:"thread_ts"`
	UserTeam   string          `json:"user_team"`
	SourceTeam string          `json:"source_team"`
	Blocks     json.RawMessage `json:"blocks"`
	Files      []file          `json:"files"`
}

// handleEvent answers mentions, and replies in our own threads. Everything
// else that Slack sends is dropped unread.
func (b *Bot) handleEvent(ctx context.Context, key string, payload json.RawMessage) error {
	var outer struct {
		TeamID string `json:"team_id"`
		Event  event  `json:"event"`
	}
	if err := json.Unmarshal(payload, &outer); err != nil {
		b.cfg.Log.Info("event not understood", "key", key, "error", err)
		return nil
	}
	e := outer.Event
	team := e.UserTeam
	if team == "" {
		team = outer.TeamID
	}
	if e.BotID != "" || e.User == "" || e.User == b.self || e.Subtype != "" && e.Subtype != "thread_broadcast" && e.Subtype != "file_share" {
		return nil
	}
	mention := e.Type == "app_mention"
	if !mention && (e.Type != "message" || strings.Contains(e.Text, "<@"+b.self+">")) {
		return nil // a mention comes as an event of its own as well
	}
	who := hunts.Asker{Team: team, User: e.User, Name: e.User, Channel: e.Channel, ThreadTS: e.ThreadTS}
	if who.ThreadTS == "" {
		who.ThreadTS = e.TS
	}
	id, ours, err := b.cfg.Store.ThreadHunt(ctx, e.Channel, e.ThreadTS)
	if err != nil {
		return err
	}
	if team != b.team || !mention && !ours && !b.enriched(ctx, e.Channel) {
		return nil // external members' text is not read
	}
	sentence, err := b.barred(ctx, who)
	if err != nil {
		return err
	}
	if sentence != "" {
		if mention {
			return b.whisper(ctx, who.Channel, who.User, "", message.Refused(sentence, b.view()))
		}
		return nil
	}
	text := said(e.Text, b.self)
	if rest, ok := afterWords(text, "watch", "import"); mention && ok {
		return b.watchImport(ctx, key, who, rest, e.Files)
	}
	if !mention && !ours {
		if b.may(ctx, who, MayIncident) != "" {
			return nil
		}
		return b.enrich(ctx, key, who, e.TS, text, false)
	}
	if ours {
		h, ok, err := b.cfg.Store.Hunt(ctx, id)
		if err != nil {
			return err
		}
		if ok {
			return b.replied(ctx, key, h, who, text, mention)
		}
	}
	if e.ThreadTS != "" {
		return b.mentionedInThread(ctx, key, who, e.TS, text)
	}
	return b.mentioned(ctx, key, who, text)
}

// afterWords is what follows the words that a text begins with.
func afterWords(text string, words ...string) (rest string, ok bool) {
	for _, w := range words {
		text = strings.TrimSpace(text)
		if len(text) < len(w) || !strings.EqualFold(text[:len(w)], w) || len(text) > len(w) && text[len(w)] != ' ' {
			return "", false
		}
		text = text[len(w):]
	}
	return strings.TrimSpace(text), true
}

var incidentNumber = regexp.MustCompile(`(?i)^(?:incident[ =#]*|#)?(\d{1,9})$`)

// mentionedInThread hunts the indicators beside the mention, or, without any,
// those of the whole thread, and keeps them in the thread's ledger. A request
// with keys is a hunt of its own.
func (b *Bot) mentionedInThread(ctx context.Context, key string, who hunts.Asker, ts, text string) error {
	if m := incidentNumber.FindStringSubmatch(text); m != nil {
		return b.tell(b.incidentOf(ctx, key, m[1], who), func(m message.Message) error {
			return b.whisper(ctx, who.Channel, who.User, "", m)
		})
	}
	if strings.Contains(text, "=") || strings.EqualFold(text, "help") {
		return b.mentioned(ctx, key, who, text)
	}
	if say := b.may(ctx, who, MayIncident); say != "" {
		return b.whisper(ctx, who.Channel, who.User, "", message.Refused(say, b.view()))
	}
	if len(indicator.Extract(text, indicator.ExtractOptions{})) == 0 {
		all, err := b.threadText(ctx, who)
		if err != nil {
			return err
		}
		text = all
	}
	if len(indicator.Extract(text, indicator.ExtractOptions{})) == 0 {
		_, err := b.post(ctx, "mention-reply:"+key, target{channel: who.Channel, thread: who.ThreadTS}, func(v message.View) message.Message {
			return message.Said("I found no address, domain, URL or hash in this thread.", v)
		})
		return err
	}
	return b.enrich(ctx, key, who, ts, text, true)
}

// threadText reads a thread that the bot was asked into. Without the scope for
// it there is nothing to read, and the ledger holds what comes from now on.
func (b *Bot) threadText(ctx context.Context, who hunts.Asker) (string, error) {
	var text strings.Builder
	err := b.call(ctx, readings, func() error {
		messages, _, _, err := b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: who.Channel, Timestamp: who.ThreadTS, Limit: 200})
		for _, m := range messages {
			if m.User != b.self && m.BotID == "" {
				text.WriteString(said(m.Text, b.self) + "\n")
			}
		}
		return err
	})
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) && (answer.Err == "missing_scope" || answer.Err == "not_allowed_token_type") {
		b.cfg.Log.Info("thread not read, the scope for it is not given", "channel", who.Channel)
		return "", nil
	}
	return text.String(), err
}

var (
	linked    = regexp.MustCompile(`<((?:https?|mailto):[^|>]+)(?:\|([^>]*))?>`)
	addressed = regexp.MustCompile(`<@[UW][A-Z0-9]+>`)
)

// said is what a person typed: Slack's mark-up of links undone, mentions taken
// out.
func said(text, self string) string {
	text = strings.ReplaceAll(text, "<@"+self+">", " ")
	text = addressed.ReplaceAllString(text, " ")
	text = linked.ReplaceAllStringFunc(text, func(s string) string {
		m := linked.FindStringSubmatch(s)
		if m[2] != "" && strings.Contains(m[1], m[2]) {
			return m[2] // Slack made the link of a typed word
		}
		return m[1]
	})
	return strings.TrimSpace(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text))
}

// replied does what a reply in a hunt's thread says. What is not understood
// gets one line, once; people also talk to each other in there, so that only a
// line that looks meant for us is answered.
func (b *Bot) replied(ctx context.Context, key string, h hunts.Hunt, who hunts.Asker, text string, mention bool) error {
	f := follow{bot: b, key: key, hunt: h, asker: who}
	a, ok, err := b.cfg.Store.Answer(ctx, h.ID)
	if err != nil {
		return err
	}
	a = b.visible(who.Channel, a)
	r, understood := parseReply(text, a)
	switch {
	case !understood && !mention && !meantForUs(text):
		return nil
	case !understood:
		return f.say(ctx, "unclear", func(v message.View) message.Message { return message.Said(notUnderstood(text), v) })
	case !ok && r.kind != replyHelp:
		return f.say(ctx, "early", func(v message.View) message.Message {
			return message.Said(h.ID+" has no answer yet, or it is no longer kept.", v)
		})
	}
	switch r.kind {
	case replyNarrow:
		return f.narrow(ctx, r.filters)
	case replyWiden:
		return f.widen(ctx, r.window)
	case replyAround:
		return f.around(ctx, a, r)
	case replyPivot:
		return f.pivot(ctx, a, r)
	case replyOrigin:
		return f.lineage(ctx, a, r.device)
	case replyCSV, replyJSON, replyKQL, replyBundle:
		return f.file(ctx, string(r.kind))
	case replyAgain:
		return f.again(ctx)
	case replyHelp:
		return f.say(ctx, "help", func(v message.View) message.Message {
			return message.Said("Here you can reply: "+strings.Join(replyForms, " · "), v)
		})
	}
	return nil
}

// meantForUs: the first word is one of the grammar's, or nearly.
func meantForUs(text string) bool {
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), " ")
	if len(strings.Fields(text)) > 6 || first == "" {
		return false
	}
	for _, form := range replyForms {
		word, _, _ := strings.Cut(strings.ToLower(form), " ")
		key, _, _ := strings.Cut(word, "=")
		if edits(first, word) <= 1 || strings.HasPrefix(first, key+"=") {
			return true
		}
	}
	return false
}

// around asks for everything of one device around its first contact.
func (f follow) around(ctx context.Context, a hunts.Answer, r reply) error {
	if f.bot.namesHidden(f.asker.Channel) {
		return f.whisper(ctx, namesAreHidden)
	}
	first, device := firstContact(a, r.device)
	if device == "" {
		return f.say(ctx, "around", func(v message.View) message.Message { return message.Said(noSuchDevice(f.hunt.ID), v) })
	}
	req := f.hunt.Request
	req.Devices, req.Since, req.All = []string{device}, 0, false
	req.From, req.To = f.between(first.Add(-r.around), first.Add(r.around))
	return f.ask(ctx, req, nil)
}

// mentioned hunts what stands beside a mention.
func (b *Bot) mentioned(ctx context.Context, key string, who hunts.Asker, text string) error {
	at := target{channel: who.Channel, thread: who.ThreadTS}
	say := func(sentence string) error {
		_, err := b.post(ctx, "mention-reply:"+key, at, func(v message.View) message.Message { return message.Said(sentence, v) })
		return err
	}
	if text == "" || strings.EqualFold(text, "help") {
		_, err := b.post(ctx, "mention-help:"+key, at, message.Help)
		return err
	}
	req, refusal := indicator.Parse(text, b.cfg.Clock())
	if refusal != nil {
		list := readPaste(text, *b.cfg.Guard).hunt
		if len(list) == 0 {
			return say(refusal.Sentence)
		}
		req = indicator.Request{}
		for n, i := range list {
			if n < indicator.MaxIndicators {
				req.Add(i)
			}
		}
	}
	h, err := b.huntFor(ctx, key, req, who)
	if err != nil {
		return b.tell(err, func(m message.Message) error { return b.whisper(ctx, who.Channel, who.User, "", m) })
	}
	return b.start(ctx, h, "")
}

// messageText is what Slack hands over with a shortcut.
type messageText struct {
	Text     string `json:"text"`
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts"`
}

func textOf(raw json.RawMessage) string {
	var m messageText
	if json.Unmarshal(raw, &m) != nil {
		return ""
	}
	return said(m.Text, "")
}

func threadOf(raw json.RawMessage, ts string) string {
	var m messageText
	if json.Unmarshal(raw, &m) != nil {
		return ts
	}
	if m.ThreadTS != "" {
		return m.ThreadTS
	}
	if m.TS != "" {
		return m.TS
	}
	return ts
}

// watch puts the indicators of a hunt onto the watchlist.
func (f follow) watch(ctx context.Context, forHow string) error {
	d, refusal := indicator.ParseDuration(forHow)
	if refusal != nil {
		d = 72 * time.Hour
	}
	return f.bot.watchHunt(ctx, f, d)
}
