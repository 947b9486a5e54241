package bot_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// enriched is a stage whose channel opted in.
func enriched(t *testing.T, o stageOptions) *stage {
	t.Helper()
	s := newStage(t, o)
	s.slash("/footprint here enrich on")
	s.waitFor("hunted automatically")
	return s
}

// ledgers are the ledgers of the channel, each once.
func (s *stage) ledgers() []localslack.Message {
	var out []localslack.Message
	for _, m := range s.soc.All() {
		if strings.HasPrefix(m.Text, "📒") {
			out = append(out, m)
		}
	}
	return out
}

// settled waits until everything that was said so far is done.
func (s *stage) settled() {
	s.t.Helper()
	before := len(s.heres())
	s.slash("/footprint here")
	if err := s.slack.Until(s.ctx, func() bool { return len(s.heres()) > before && s.idle() }); err != nil {
		s.t.Fatal(err)
	}
}

// idle tells that every envelope is taken and every job done.
func (s *stage) idle() bool {
	for _, e := range s.slack.Envelopes() {
		if e.Acked == 0 {
			return false
		}
	}
	lag, err := s.stores[0].Backlog(s.ctx, bot.LaneInteractive, bot.LaneSweep)
	if err != nil {
		return false
	}
	for _, l := range lag {
		if l.Waiting+l.Pending > 0 {
			return false
		}
	}
	return true
}

// heres are the answers to /footprint here.
func (s *stage) heres() []string {
	var out []string
	for _, m := range s.soc.All() {
		if strings.Contains(m.Text, "Slash commands don't work in threads") {
			out = append(out, m.Text)
		}
	}
	return out
}

func raw(texts ...string) []json.RawMessage {
	var out []json.RawMessage
	for _, x := range texts {
		out = append(out, json.RawMessage(x))
	}
	return out
}

func TestEverythingThatAMessageHoldsIsRead(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	for _, c := range []struct {
		name string
		m    localslack.Message
		want string // what the ledger shows of it; empty is no ledger
	}{
		{"text", localslack.Message{Text: "beacon to 198.51.100.31"}, "198.51.100[.]31"},
		{"a link that Slack made", localslack.Message{Text: "see <http://a32.example|a32.example>"}, "`a32[.]example`"},
		{"a link with another label", localslack.Message{Text: "see <https://a33.example/x|here>"}, "`hxxps://a33[.]example/x`"},
		{"a name in bold and plain", localslack.Message{Blocks: raw(`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"see a34","style":{"bold":true}},{"type":"text","text":"[.]example"}]}]}`)}, "`a34[.]example`"},
		{"a link of rich text", localslack.Message{Blocks: raw(`{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"http://a35.example","text":"a35.example"}]}]}]}`)}, "`a35[.]example`"},
		{"a code block", localslack.Message{Blocks: raw(`{"type":"rich_text","elements":[{"type":"rich_text_preformatted","elements":[{"type":"text","text":"dst=198.51.100.36 port=443"}]}]}`)}, "198.51.100[.]36"},
		{"a section and its fields", localslack.Message{Blocks: raw(`{"type":"section","text":{"type":"mrkdwn","text":"*Alert*"},"fields":[{"type":"mrkdwn","text":"IP: 198.51.100.37"},{"type":"plain_text","text":"x"}]}`)}, "198.51.100[.]37"},
		{"a context block", localslack.Message{Blocks: raw(`{"type":"context","elements":[{"type":"mrkdwn","text":"from 198.51.100.38"}]}`)}, "198.51.100[.]38"},
		{"a table", localslack.Message{Blocks: raw(`{"type":"table","rows":[[{"type":"raw_text","text":"indicator"}],[{"type":"raw_text","text":"198.51.100.39"}],[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}]]}`)}, "198.51.100[.]39"},
		{"an attachment", localslack.Message{Attachments: raw(`{"color":"#f00","title":"Alert","text":"C2","fields":[{"title":"Address","value":"198.51.100.40"}],"fallback":"f"}`)}, "198.51.100[.]40"},
		{"blocks in an attachment", localslack.Message{Attachments: raw(`{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"198.51.100.41"}}]}`)}, "198.51.100[.]41"},
		{"a forwarded message", localslack.Message{Attachments: raw(`{"is_msg_unfurl":true,"from_url":"https://x.slack.com/archives/C1/p1","text":"C2 is 198.51.100.42"}`)}, "198.51.100[.]42"},
		{"a block nobody knows beside one", localslack.Message{Blocks: raw(`{"type":"hologram","x":{"y":1}}`, `{"type":"header","text":{"type":"plain_text","text":"198.51.100.43"}}`)}, "198.51.100[.]43"},
		{"what Slack fetched from a link is not read", localslack.Message{Text: "look", Attachments: raw(`{"from_url":"https://news.example/a","title":"News","text":"C2 was 198.51.100.44"}`)}, ""},
		{"a button is not read", localslack.Message{Text: "card", Blocks: raw(`{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"open 198.51.100.45"},"url":"https://b.example"}]}`)}, ""},
		{"a mention of a channel is no name", localslack.Message{Text: "ask in <#C0X|evil.com> or <!subteam^S0X|@soc.team>"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(s.ledgers())
			root := s.ana.Post(c.m)
			if c.want == "" {
				s.settled()
				if n := len(s.ledgers()); n != before {
					t.Errorf("a ledger of it: %s", s.ledgers()[n-1].Text)
				}
				return
			}
			m := s.waitFor("📒", c.want, "CLEAN")
			if m.ThreadTS != root.TS || strings.Count(m.Text, "→ F-") != 1 {
				t.Errorf("in thread %s, not %s, or more than one line:\n%s", m.ThreadTS, root.TS, m.Text)
			}
		})
	}
	s.wellMannered()
}

func TestASharedTextIsReadUpToAMegabyte(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	windows := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune("C2: 198.51.100.51\r\n")) {
		windows = append(windows, byte(u), byte(u>>8))
	}
	s.ana.Share("the list", localslack.File{Name: "a.txt", Mode: "snippet", Data: []byte("198.51.100.50\n")}, localslack.File{Name: "w.txt", MIME: "text/plain", Data: windows})
	s.waitFor("📒", "198.51.100[.]50", "198.51.100[.]51", "CLEAN")
	big := append(bytes.Repeat([]byte(" "), 1<<20), "198.51.100.52"...)
	s.ana.Share("big, and 198.51.100.53", localslack.File{Name: "big.txt", MIME: "text/plain", Data: big})
	s.waitFor("📒", "198.51.100[.]53", "big.txt is larger than 1 MB")
	exact := append([]byte("198.51.100.54"), bytes.Repeat([]byte(" "), 1<<20-13)...)
	s.ana.Share("", localslack.File{Name: "exact.txt", MIME: "text/plain", Data: exact})
	s.waitFor("📒", "198.51.100[.]54")
	s.ana.Share("", localslack.File{Name: "photo.png", MIME: "image/png", Data: []byte("198.51.100.55")})
	s.settled()
	for _, m := range s.ledgers() {
		if strings.Contains(m.Text, "100[.]55") || strings.Contains(m.Text, "100[.]52") {
			t.Errorf("read what it should not:\n%s", m.Text)
		}
	}
}

func TestAMentionInAThreadReadsWhatOurPeopleSaid(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	mention := "<@" + s.slack.BotUser() + ">"
	root := s.ana.Say("beacon to 198.51.100.61")
	s.slack.User("guest").In(s.soc).Reply(root, "I saw 198.51.100.62 as well")
	s.slack.AddUser("feed", localslack.Bot("B0FEED")).In(s.soc).Reply(root, "also 198.51.100.63")
	s.slack.User("lead").In(s.soc).Reply(root, "and 198.51.100.64")
	s.ana.Reply(root, mention+" please have a look")
	m := s.waitFor("📒", "198.51.100[.]61", "198.51.100[.]64", "CLEAN")
	for _, stranger := range []string{"100[.]62", "100[.]63"} {
		if strings.Contains(m.Text, stranger) {
			t.Errorf("what a stranger wrote was read:\n%s", m.Text)
		}
	}
	s.ana.Reply(root, mention+" what about https://198.51.100.65/a?x=1")
	s.waitFor("📒", "hxxps://198[.]51[.]100[.]65/a?x=1", "CLEAN")
	quiet := s.ana.Say("nothing in here")
	s.ana.Reply(quiet, mention)
	s.waitFor("No address, domain, URL or hash found in this thread.")
	if n := len(s.ledgers()); n != 1 {
		t.Errorf("%d ledgers", n)
	}
	s.wellMannered()
}

func TestAHuntsOwnThreadHasALedgerAsWell(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint ip=198.51.100.24")
	root := s.waitFor("🟢 *CLEAN")
	s.ana.Reply(root, "what about 198.51.100.67")
	s.ana.Reply(root, "<@"+s.slack.BotUser()+"> please hunt 198.51.100.68 as well")
	if m := s.waitFor("📒", "198.51.100[.]68`  CLEAN"); m.ThreadTS != root.TS || strings.Contains(m.Text, "100[.]67") {
		t.Errorf("in thread %q:\n%s", m.ThreadTS, m.Text)
	}
	s.slash("/footprint here enrich on")
	s.waitFor("hunted automatically")
	s.ana.Reply(root, "and 198.51.100.69 too")
	s.waitFor("📒", "198.51.100[.]69`  CLEAN")
	s.ana.Reply(root, "last 2d") // a word of the hunt's own grammar
	s.waitFor("last 2 days")
}

func TestTheShortcutKeepsALedger(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	root := s.ana.Post(localslack.Message{Blocks: raw(`{"type":"section","text":{"type":"mrkdwn","text":"C2 198.51.100.71"}}`)})
	if err := s.slack.User("lead").In(s.soc).Shortcut(s.ctx, root, "footprint_ledger"); err != nil {
		t.Fatal(err)
	}
	if m := s.waitFor("📒", "198.51.100[.]71", "CLEAN"); m.ThreadTS != root.TS {
		t.Errorf("in thread %s, not %s", m.ThreadTS, root.TS)
	}
	empty := s.ana.Say("nothing")
	if err := s.ana.Shortcut(s.ctx, empty, "footprint_ledger"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("No address, domain")
	foreign := s.slack.User("guest").In(s.soc).Say("198.51.100.72")
	if err := s.ana.Shortcut(s.ctx, foreign, "footprint_ledger"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("from another company")
	s.soc.Kick()
	if err := s.ana.Shortcut(s.ctx, root, "footprint_ledger"); err != nil {
		t.Fatal(err)
	}
}

func TestAnEditIsReadAgain(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("beacon to 198.51.100.81, resolver 8.8.4.4, tool v1.2.3.4")
	s.waitFor("📒", "198.51.100[.]81", "CLEAN", "8.8.4[.]4", "Not sure", "1.2.3[.]4")
	if err := s.ana.Edit(root, "beacon to 198.51.100.81 and 198.51.100.82"); err != nil {
		t.Fatal(err)
	}
	m := s.waitFor("📒", "198.51.100[.]82`  CLEAN")
	if strings.Contains(m.Text, "8.8.4[.]4") || strings.Contains(m.Text, "1.2.3[.]4") {
		t.Errorf("what is no longer named and was not hunted is still there:\n%s", m.Text)
	}
	if err := s.ana.Edit(root, "beacon to 198.51.100.82"); err != nil {
		t.Fatal(err)
	}
	m = s.waitFor("📒", "no longer named in the thread")
	if !strings.Contains(m.Text, "198.51.100[.]81") {
		t.Errorf("what was hunted is gone:\n%s", m.Text)
	}
	if err := s.ana.Edit(root, "beacon to 198.51.100.81 and 198.51.100.82"); err != nil {
		t.Fatal(err)
	}
	if err := s.slack.Until(s.ctx, func() bool { return !strings.Contains(s.ledgers()[0].Text, "no longer named") }); err != nil {
		t.Error("named again, and the ledger does not know")
	}
	if n := len(s.ledgers()); n != 1 {
		t.Errorf("%d ledgers", n)
	}
}

func TestADeletedMessageTakesBackWhatOnlyItNamed(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("beacon to 198.51.100.84")
	s.waitFor("📒", "198.51.100[.]84", "CLEAN")
	wrong := s.ana.Reply(root, "oh, 10.9.8.7 and 198.51.100.85")
	s.waitFor("📒", "10.9.8[.]7", "198.51.100[.]85`  CLEAN")
	s.ana.Delete(wrong)
	m := s.waitFor("📒", "no longer named in the thread")
	if strings.Contains(m.Text, "10.9.8[.]7") {
		t.Errorf("still there:\n%s", m.Text)
	}
}

func TestALedgerThatSomebodyDeletedIsPostedAgain(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("beacon to 198.51.100.86")
	s.ana.Delete(s.waitFor("📒", "198.51.100[.]86", "CLEAN"))
	s.ana.Reply(root, "and 198.51.100.87")
	s.waitFor("📒", "198.51.100[.]86", "198.51.100[.]87`  CLEAN")
	if n := len(s.ledgers()); n != 1 {
		t.Errorf("%d ledgers", n)
	}
}

func TestAThreadBroadcastBelongsToItsThread(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("an incident")
	s.ana.Post(localslack.Message{Text: "198.51.100.88", ThreadTS: root.TS, Subtype: "thread_broadcast"})
	if m := s.waitFor("📒", "198.51.100[.]88", "CLEAN"); m.ThreadTS != root.TS {
		t.Errorf("in thread %s, not %s", m.ThreadTS, root.TS)
	}
}

func TestOnlyListedBotsAreReadAndNobodyLoops(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{slack: localslack.Config{Echo: true}, bots: []string{"B0SENTINEL"}})
	stranger := s.slack.AddUser("feed", localslack.Bot("B0FEED")).In(s.soc)
	playbook := s.slack.AddUser("playbook", localslack.Bot("B0SENTINEL")).In(s.soc)
	stranger.Say("198.51.100.91")
	root := playbook.Say("alert: 203.0.113.66")
	s.waitFor("📒", "🔴 `203.0.113[.]66`")
	news := s.waitFor("🔴 New:", "203.0.113[.]66")
	if strings.Contains(news.Text, "<@") {
		t.Errorf("a bot was pinged: %s", news.Text)
	}
	// the playbook answers everything that it sees, our news too
	playbook.Reply(root, "seen: 203.0.113.66 REACHED")
	s.settled()
	if n := len(s.ledgers()); n != 1 {
		t.Errorf("%d ledgers; a bot that is not listed, or we ourselves, were read", n)
	}
	if n := strings.Count(s.ledgers()[0].Text, "→ F-"); n != 1 {
		t.Errorf("our own words were read:\n%s", s.ledgers()[0].Text)
	}
}

func TestAMentionByAListedPlaybookReadsItsIncident(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{bots: []string{"A0OTHERAPP"}})
	root := s.slack.AddUser("playbook", localslack.Bot("B0SENTINEL")).In(s.soc).Say("<@" + s.slack.BotUser() + "> incident 4711")
	if m := s.waitFor("📒", "Incident 4711: Beacon to a rare host by PowerShell from Word · High · Active · Ana Sousa", "REACHED"); m.ThreadTS != root.TS {
		t.Errorf("in thread %s, not %s", m.ThreadTS, root.TS)
	}
}

func TestABotThatWasRemovedStopsAndComesBackAsAStranger(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("beacon to 198.51.100.95")
	ledger := s.waitFor("📒", "198.51.100[.]95", "CLEAN")
	s.soc.Kick()
	if err := s.ana.Press(s.ctx, ledger, "Hunt again"); err != nil {
		t.Fatal(err)
	}
	if err := s.slack.Until(s.ctx, func() bool {
		for _, c := range s.slack.Calls() {
			if c.Method == "chat.update" && c.Error == "not_in_channel" {
				return true
			}
		}
		return false
	}); err != nil {
		t.Fatal(err)
	}
	if !recordtest.Within(10*time.Second, func() bool {
		s.settled()
		heres := s.heres()
		return strings.Contains(heres[len(heres)-1], "Enrichment is off")
	}) {
		t.Error("the channel is still opted in")
	}
	s.soc.Invite()
	s.ana.Reply(root, "and 198.51.100.96")
	s.settled()
	for _, m := range s.ledgers() {
		if strings.Contains(m.Text, "100[.]96") {
			t.Errorf("it went on reading:\n%s", m.Text)
		}
	}
}

func TestTheStoreKeepsIndicatorsAndNoText(t *testing.T) {
	t.Parallel()
	server := recordtest.Inside(t)
	s := enriched(t, stageOptions{redis: server.URL()})
	const secret = "zebrafish"
	root := s.ana.Say("the " + secret + " talked to 198.51.100.97, says bob." + secret + "@corp.example")
	s.waitFor("📒", "198.51.100[.]97", "CLEAN")
	s.ana.Reply(root, "<@"+s.slack.BotUser()+"> please hunt that "+secret+" 198.51.100.98")
	s.waitFor("📒", "198.51.100[.]98`  CLEAN")
	if err := s.ana.Edit(root, "the "+secret+" talked to 198.51.100.99"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("📒", "198.51.100[.]99`  CLEAN")
	s.settled()
	clean := func() (where string) {
		client := server.Client()
		defer func() { _ = client.Close() }()
		for _, key := range client.Keys(s.ctx, "*").Val() {
			text := key
			switch client.Type(s.ctx, key).Val() {
			case "string":
				text += client.Get(s.ctx, key).Val()
			case "hash":
				for k, v := range client.HGetAll(s.ctx, key).Val() {
					text += k + v
				}
			case "stream":
				for _, m := range client.XRange(s.ctx, key, "-", "+").Val() {
					for _, v := range m.Values {
						if x, ok := v.(string); ok {
							text += x
						}
					}
				}
			case "list":
				text += strings.Join(client.LRange(s.ctx, key, 0, -1).Val(), "")
			}
			if strings.Contains(text, secret) {
				return key
			}
		}
		return ""
	}
	where := ""
	if !recordtest.Within(10*time.Second, func() bool { where = clean(); return where == "" }) {
		t.Errorf("the store keeps what people wrote, in %s", where)
	}
}

func TestRepeatedAndDoubledEventsLeaveOneLedger(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("beacon to 198.51.100.101")
	s.ana.Reply(root, "<@"+s.slack.BotUser()+"> 198.51.100.101 and 198.51.100.102") // a mention is an event of its own as well
	s.waitFor("📒", "198.51.100[.]101", "198.51.100[.]102`  CLEAN")
	for range 2 {
		for _, e := range s.slack.Envelopes() {
			if e.Type != "events_api" || e.RetryAttempt > 0 {
				continue
			}
			if err := s.slack.Redeliver(e.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.settled()
	if n := len(s.ledgers()); n != 1 {
		t.Errorf("%d ledgers", n)
	}
	if text := s.ledgers()[0].Text; strings.Count(text, "198.51.100[.]101") != 1 {
		t.Errorf("a line is there twice:\n%s", text)
	}
}
