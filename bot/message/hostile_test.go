package message

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// everything renders each kind of message with the same text in each place that
// takes text from outside.
func everything(evil string, v View) map[string][]Message {
	h, a := hostileStory(evil)
	v.ChannelNote, v.HuntURL, v.Buttons = evil, "https://"+evil, true
	v.Known = []Known{{Indicator: evil, By: evil, Window: evil, Hunt: evil}, {Indicator: evil, Mark: evil}}
	bad := must("domain", evil)
	hits := []hunts.Hit{{Indicator: evil, Type: "domain", Device: evil, Outcome: hunts.OutcomeReached, Events: 3, FirstSeen: now, LastSeen: now, Processes: []string{evil, evil}, Because: evil}}
	lines := []LedgerLine{
		{Indicator: bad, State: "done", Verdict: hunts.Reached, Devices: 1, Hunt: evil, Asker: evil}, {Indicator: bad, State: "done", Verdict: hunts.CouldNotTell, Why: evil},
		{Indicator: bad, State: incident.Skipped, Why: evil}, {Indicator: bad, State: incident.OverCap, Why: evil}, {Indicator: bad, State: incident.Doubtful, Why: evil},
		{Indicator: bad, State: incident.Waiting}, {Indicator: bad, State: incident.Running}, {Indicator: must("sha256", evil+strings.Repeat("a", 64)), State: incident.Done, Verdict: hunts.Clean, Hunt: "F-7QK2", Link: "https://" + evil},
	}
	ledger := LedgerView{
		Title: evil, Hosts: []string{evil}, Workspace: evil, LookBack: evil, Notes: []string{evil}, Thread: "C0SOC/1", Lines: lines, Cap: 20, Coverage: a.Coverage, At: now, By: hunts.Asker{User: evil, Name: evil},
	}
	news := []LedgerNew{{Indicator: bad, Devices: []hunts.DeviceResult{{Device: evil, Processes: []string{evil}, LastSeen: now}}, Hunt: evil, Asker: evil}}
	incident := hunts.Incident{Title: evil, Alerts: []string{evil}, Hosts: []string{evil}}
	found := []SweepLine{{Indicator: bad, Note: evil, Ticket: evil, Confidence: 85, QuietUntil: now, Hits: hits}}
	survey := hunts.Survey{Verdict: hunts.CouldNotTell, Reason: evil, Indicators: a.ByIndicator, Hits: hits, Coverage: a.Coverage}
	sweep := SweepView{Name: evil, Slot: now, Since: before(24 * time.Hour), Listed: 3, Survey: survey, Report: SweepReport{New: found, Still: found, Old: found, Quiet: found, Gone: []GonePair{{evil, "domain", evil}}, NotEvaluated: []NotEvaluated{{Value: evil, Kind: evil, Reason: evil}}, Left: map[string]int{"malformed": 1}}}
	rows := a
	rows.Hunt, rows.Verdict = evil, hunts.Found
	rows.Table = &hunts.Table{
		Columns: []hunts.Column{{Name: evil, Type: "string"}, {Name: "x" + evil, Type: "datetime"}, {Name: "Device", Type: evil}}, Rows: [][]any{{evil, evil, evil}, {nil, now.Format(time.RFC3339), `{"` + "a" + `":"b"}`}},
		Total: 5000, Devices: 2, Unplaced: 1, Accounts: 1, Key: []string{evil}, Says: hunts.Says{Noun: evil, Verb: evil},
	}
	rows.Places = []hunts.Place{{Place: evil, Table: evil, Reason: evil}}
	none := rows
	none.Table = &hunts.Table{Columns: rows.Table.Columns, Rows: [][]any{}, Key: []string{evil}}
	none.Verdict = hunts.NothingFound
	rowSweep := RowSweepView{Name: evil, Hunt: evil, Slot: now, Missed: 2, Window: h.Window, Answer: rows, New: []int{0, 1}, Still: 3, Gone: 2, Named: []string{evil, evil}}
	first := rowSweep
	first.First = true
	return map[string][]Message{
		"rows": append(Details(h, rows, v), Answered(h, rows, v), Answered(h, none, v), Narrowed(h, rows, rows.Narrow(hunts.Filter{Facet: hunts.ByProcess, Value: evil}), v)), "row sweep": {RowSweep(rowSweep, v), RowSweep(first, v)},
		"started": {Started(h, v)}, "progress": {Progress(h, hunts.Progress{Done: 3, Total: 7, Devices: 2, Events: 9, Verdict: hunts.Reached, Cancellable: true}, v)},
		"waiting":  {Progress(h, hunts.Progress{QueuedAhead: 2, Cancellable: true}, v)},
		"answered": {Answered(h, a, v)}, "details": Details(h, a, v),
		"refused": {Refused(evil, v)}, "broken": {Broken(h, evil, evil, v)}, "help": {Help([]Topic{{Usage: evil, Says: evil, Examples: []string{evil}}}, v), HelpTopic([]Topic{{Usage: evil, Says: evil, Examples: []string{evil}, May: evil}}, v)}, "said": {Said(evil, v)}, "marked": {Marked(h, evil, evil, v)},
		"narrowed":         {Narrowed(h, a, a.Narrow(hunts.Filter{Facet: hunts.ByProcess, Value: evil}), v)},
		"narrowed to none": {Narrowed(h, a, a.Narrow(hunts.Filter{Facet: hunts.ByProcess, Value: "nothing" + evil}), v)},
		"ledger":           {Ledger(ledger, v)}, "news": {LedgerNews(news, v)}, "hand-over": {HandOver(ledger, v)}, "incident": {Incident(evil, incident, v)},
		"sweep": {Sweep(sweep, v)}, "sweep details": {SweepDetails(sweep, v)},
	}
}

var (
	dateTokenOf = regexp.MustCompile(`<!date\^-?\d+\^[^|]*\|([^>]*)>`)
	token       = regexp.MustCompile(`<[^<>]*>`)
	ourToken    = regexp.MustCompile(`^<(!date\^-?\d+\^\{date_short_pretty\} \{time\}\|-?\d{4,6}-\d\d-\d\d \d\d:\d\d UTC|@U0ANALYST|#C0SOC)>$`)
	link        = regexp.MustCompile(`(?i)\b(http|https|ftp)://`)
	shout       = regexp.MustCompile(`(?i)@(here|channel|everyone)\b`)
)

// harmless looks for whatever acts in mark-up.
func harmless(t *testing.T, what, s string) {
	t.Helper()
	for _, x := range token.FindAllString(s, -1) {
		if !ourToken.MatchString(x) {
			t.Errorf("%s has the token %q", what, x)
		}
	}
	if rest := token.ReplaceAllString(s, ""); strings.ContainsAny(rest, "<>") {
		t.Errorf("%s has a bare angle bracket: %q", what, rest)
	}
	quiet(t, what, s)
}

// quiet looks for whatever acts in any text.
func quiet(t *testing.T, what, s string) {
	t.Helper()
	if link.MatchString(s) {
		t.Errorf("%s has a link: %q", what, s)
	}
	if shout.MatchString(s) {
		t.Errorf("%s shouts: %q", what, s)
	}
	for _, r := range s {
		if r != '\n' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r)) {
			t.Errorf("%s has the rune %U: %q", what, r, s)
			return
		}
	}
}

// walk visits each object of a message.
func walk(v any, visit func(map[string]any)) {
	switch x := v.(type) {
	case map[string]any:
		visit(x)
		for _, y := range x {
			walk(y, visit)
		}
	case []any:
		for _, y := range x {
			walk(y, visit)
		}
	}
}

func inspect(t *testing.T, m Message) {
	t.Helper()
	harmless(t, "the fallback", m.Text)
	text, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	var blocks any
	if err := json.Unmarshal(text, &blocks); err != nil {
		t.Fatal(err)
	}
	walk(blocks, func(o map[string]any) {
		words, _ := o["text"].(string)
		switch o["type"] {
		case "mrkdwn":
			harmless(t, "mrkdwn", words)
			if o["verbatim"] != true {
				t.Errorf("not verbatim: %q", words)
			}
		case "user":
			if o["user_id"] != "U0ANALYST" {
				t.Errorf("mentions %v", o["user_id"])
			}
		case "link", "broadcast", "usergroup", "image", "video", "markdown", "raw_html":
			t.Errorf("has a %v", o["type"])
		default:
			quiet(t, "text", words)
		}
		for _, name := range []string{"caption", "title", "fallback"} {
			if s, ok := o[name].(string); ok {
				quiet(t, name, s)
			}
		}
		if u, ok := o["url"].(string); ok && (!strings.HasPrefix(u, "https://") || strings.ContainsAny(u, " <>|\"")) {
			t.Errorf("a button opens %q", u)
		}
	})
}

func TestTextFromOutsideNeverActs(t *testing.T) {
	valid := judge(t)
	for name, evil := range map[string]string{
		"mark-up of all kinds": hostile, "a broadcast": "<!channel>", "a mention of somebody": "<@U0VICTIM>", "a user group": "<!subteam^S0ABC|@soc>",
		"a labelled link": "<https://evil.example|https://bank.example>", "a bare link": "see https://evil.example/a", "a backtick": "`", "three backticks": "```", "a date token": "<!date^1^{date}^https://evil.example|x>",
		"a long command line": strings.Repeat("powershell -enc AAAA ", 500), "nothing": "", "blanks": " \t ", "a line end": "\r\n", "broken UTF-8": "a\xff\xfe\xc0b", "an entity": "&lt;!channel&gt;", "half an entity": strings.Repeat("&", 400),
		"direction marks": "\u202e\u2066\u200f", "shouting": "@here @channel @everyone @HERE", "a JSON": `{"h":"F-7QK2","d":"remove"}`, "a formula": "=cmd|' /C calc'!A0", "a percent sign": "%s%n%!d(MISSING)", "long and wide": strings.Repeat("漢<", 4000),
	} {
		t.Run(name, func(t *testing.T) {
			for _, form := range []Form{DataTable, Table, PlainText} {
				for what, all := range everything(evil, View{Now: now, Form: form}) {
					for _, m := range all {
						if strings.TrimSpace(m.Text) == "" && strings.TrimSpace(evil) == "" {
							continue // nothing to say, and the bot says nothing empty
						}
						check(t, valid, m)
						inspect(t, m)
						if t.Failed() {
							t.Fatalf("in %s, form %d", what, form)
						}
					}
				}
			}
		})
	}
}

func TestOnlyOurOwnRecordOfAPersonBecomesAMention(t *testing.T) {
	for _, c := range []struct{ name, user, want string }{
		{"an id of Slack", "U0ANALYST", "<@U0ANALYST>"}, {"an enterprise id", "W0ANALYST", "<@W0ANALYST>"},
		{"a login name", "ana", "ana"}, {"lower case", "u0analyst", "u0analyst"}, {"an id with a tail", "U0ANALYST|x", "U0ANALYST|x"}, {"a broadcast", "!here", "!here"},
		{"a channel", "C0SOC", "C0SOC"}, {"an id and a line end", "U0ANALYST\n", "U0ANALYST⏎"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (line{who(hunts.Asker{User: c.user})}).mrkdwn(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPortalLinksAreOursOrAbsent(t *testing.T) {
	for _, c := range []struct {
		name, url string
		want      bool
	}{
		{"the portal", "https://portal.azure.com/#view/q/abc%3D", true}, {"none", "", false}, {"without TLS", "http://portal.azure.com", false}, {"a script", "javascript:alert(1)", false},
		{"a label", "https://a.example|b", false}, {"a blank", "https://a.example/ b", false}, {"at the limit", "https://" + strings.Repeat("a", 2992), true}, {"above the limit", "https://" + strings.Repeat("a", 2993), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := portalButton(c.url) != nil; got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func FuzzTextFromOutside(f *testing.F) {
	for _, s := range []string{hostile, "<!here>", "`", "=1+1", "\t@x", "HTTPS://203.0.113.66", "a.example|b", "\u202e", "&amp;lt;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, evil string) {
		for _, form := range []Form{DataTable, Table, PlainText} {
			h, a := hostileStory(evil)
			for _, m := range append(Details(h, a, View{Now: now, Form: form}), Answered(h, a, View{Now: now, Form: form, Known: []Known{{Indicator: evil, By: evil, Window: evil, Hunt: evil}, {Indicator: evil, Mark: evil}}, Buttons: true})) {
				check(t, func([]slack.Block) {}, m)
				inspect(t, m)
			}
		}
		_, a := hostileStory(evil)
		var terminal bytes.Buffer
		if err := Terminal(&terminal, a); err != nil {
			t.Fatal(err)
		}
		quiet(t, "the terminal", terminal.String())
		for _, file := range [][]byte{CSV(a), IndicatorsCSV(a)} {
			inertCSV(t, file)
		}
	})
}
