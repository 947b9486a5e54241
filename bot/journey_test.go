package bot_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

const c2 = `/footprint ip=203.0.113[.]66 dns=cdn-sync[.]example why="ISAC tip"`

func TestOneQuestionBecomesOneMessageAndItsThread(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	first := s.waitFor("203.0.113[.]66", "ISAC tip")
	answer := s.waitFor("*REACHED* by 3 devices, tried by 1", "last 7 days, fully searched", "likely beaconing: every 60 s")
	if answer.TS != first.TS || answer.Edited == 0 {
		t.Errorf("the answer stands in %s, the first paint in %s: it was not edited in place", answer.TS, first.TS)
	}
	thread := s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	var kinds []string
	for _, m := range thread[1:] {
		for _, b := range m.Blocks {
			var block struct{ Type string }
			_ = json.Unmarshal(b, &block)
			kinds = append(kinds, block.Type)
		}
		if len(m.Files) > 0 {
			t.Error("a file came that nobody asked for")
		}
	}
	if all := strings.Join(kinds, " "); !strings.Contains(all, "data_table") || !strings.Contains(all, "data_visualization") {
		t.Errorf("the thread has blocks %q", kinds)
	}
	if top := s.soc.Messages(); len(top) != 1 {
		t.Errorf("%d messages in the channel, want one", len(top))
	}
	s.wellMannered()
}

func TestACleanAnswerSaysWhatItRestsOn(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint ip=198.51.100[.]24")
	s.waitFor("🟢 *CLEAN*", "`198.51.100[.]24`", "Searched: network connections", "Coverage: ", "self-test passed", "Nearby, not a hit: 2 devices reached `198.51.100[.]67` (same /24)")
	s.wellMannered()
}

func TestAWorkspaceThatFailsIsNeverClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault localworkspace.Fault
	}{
		{"errors of the service", localworkspace.Fault{Status: 500, Times: 1000}},
		{"a role that is missing", localworkspace.Fault{Status: 403, Times: 1000}},
		{"a partial result", localworkspace.Fault{Partial: true, Times: 1000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, stageOptions{})
			s.workspace.Fault(c.fault)
			s.slash("/footprint ip=198.51.100[.]24")
			s.waitFor("⚪ *COULD NOT TELL*")
			for _, m := range s.soc.All() {
				if strings.Contains(m.Text, "CLEAN") {
					t.Errorf("a message says CLEAN:\n%s", m.Text)
				}
			}
			s.wellMannered()
		})
	}
}

func TestWhatIsTypedWrongIsAnsweredToOnePersonInOneSentence(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	for _, c := range []struct{ typed, say string }{
		{"/footprint ip=203.0.113.666", "is not an IP address"},
		{"/footprint dns=com", "public suffix"},
		{"/footprint ipp=203.0.113.66", "did you mean ip="},
		{"/footprint since=7d", "nothing to hunt"},
		{"/footprint ip=203.0.113.66 since=7x", "since="},
	} {
		s.slash(c.typed)
		m, err := s.slack.WaitMessage(s.ctx, s.soc, func(m localslack.Message) bool { return m.Ephemeral != "" && strings.Contains(m.Text, c.say) })
		if err != nil {
			for _, m := range s.soc.All() {
				t.Log(m.Text)
			}
			t.Fatalf("%s: no answer with %q", c.typed, c.say)
		}
		if strings.Count(m.Text, "\n") > 1 {
			t.Errorf("%s is answered at length:\n%s", c.typed, m.Text)
		}
	}
	if len(s.soc.Messages()) != len(s.soc.All()) {
		t.Error("a refusal was posted into a thread")
	}
}

func TestFiftyAskersOfOneQuestionShareItsQueries(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{replicas: 2, redis: recordtest.Any(t).URL()})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { s.slash("/footprint dns=cdn-sync.example") })
	}
	all.Wait()
	err := s.slack.Until(s.ctx, func() bool {
		n := 0
		for _, m := range s.soc.Messages() {
			if strings.Contains(m.Text, "*REACHED*") {
				n++
			}
		}
		return n == 50
	})
	if err != nil {
		t.Fatalf("not all fifty were answered: %v", err)
	}
	hunting := map[string]int{}
	for _, q := range s.workspace.Queries() {
		body := q.Query[strings.Index(q.Query, "\n")+1:]
		hunting[body]++
	}
	for text, n := range hunting {
		if n > 1 {
			t.Errorf("one query was asked %d times:\n%.300s", n, text)
		}
	}
	s.wellMannered()
}

func TestARepeatedEnvelopeDoesNothingTwice(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	for _, e := range s.slack.Envelopes() {
		if err := s.slack.Redeliver(e.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.slash("/footprint help")
	s.waitFor("An answer is")
	if n := len(s.soc.Messages()); n != 2 { // the hunt, and the help that only ana sees
		t.Errorf("%d messages in the channel", n)
	}
	if n := len(s.soc.Thread(answer.TS)); n != 3 {
		t.Errorf("%d messages in the thread", n)
	}
}

func TestWhereTheBotIsNoMemberTheAnswerGoesToTheAsker(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	random := s.slack.Channel("random")
	if err := s.slack.User("ana").In(random).Slash(s.ctx, c2); err != nil {
		t.Fatal(err)
	}
	for _, sign := range []string{"🔎 Hunting", "*REACHED*"} {
		m, err := s.slack.WaitMessage(s.ctx, random, func(m localslack.Message) bool { return strings.Contains(m.Text, sign) })
		if err != nil {
			t.Fatal(err)
		}
		if m.Ephemeral == "" || strings.Count(m.Text, "/invite") != 1 {
			t.Errorf("it is public, or does not say in one sentence how to invite the bot:\n%s", m.Text)
		}
	}
}

func TestOthersMayNotHunt(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	if err := s.slack.User("guest").In(s.soc).Slash(s.ctx, c2); err != nil {
		t.Fatal(err)
	}
	s.waitFor("Hunts are for members of this workspace only")
	s = newStage(t, stageOptions{channels: []string{"C0ELSEWHERE"}})
	s.slash(c2)
	s.waitFor("Hunts are not allowed in this channel. Ask in <#C0ELSEWHERE>")
	if n := len(s.workspace.Queries()); n != 0 {
		t.Errorf("%d queries were asked", n)
	}
}

func TestAFollowUpCostsAClickAndNoQuery(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	before := len(s.workspace.Queries())
	if err := s.ana.Press(s.ctx, s.table(answer), "Only powershell"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("*only powershell.exe*", "2 devices", "from cached results")
	s.ana.Reply(answer, "without powershell")
	s.waitFor("*without powershell.exe*")
	s.ana.Reply(answer, "only failed")
	s.waitFor("*only failed*", "1 device")
	s.ana.Reply(answer, "onlyy failed")
	s.waitFor("I don't understand that here", "only failed")
	s.ana.Reply(answer, "kql")
	if n := len(s.workspace.Queries()); n != before {
		t.Errorf("%d queries were asked for follow-ups", n-before)
	}
	s.ana.Reply(answer, "last 8d")
	s.waitFor("last 8 days, fully searched", "Known: hunted")
	asked := 0
	for _, q := range s.workspace.Queries()[before:] {
		if !ofPlace(q.Query) {
			asked++
		}
	}
	if asked > 5 {
		t.Errorf("widening by a day asked %d queries: the days that were searched are not reused", asked)
	}
	s.wellMannered()
}

func TestPeopleTalkingInAThreadAreLeftAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	thread := s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	s.ana.Reply(answer, "I think that is the same crew as last week, see the wiki")
	s.ana.Reply(answer, "help")
	s.waitFor("In this thread you can reply")
	if now := s.soc.Thread(answer.TS); len(now) != len(thread)+3 {
		t.Errorf("%d messages, want the two of ana and one answer more than %d", len(now), len(thread))
	}
}

func TestAMarkStaysWithTheIndicator(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint dns=cdn-sync.example")
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	if err := s.ana.Press(s.ctx, answer, "Mark"); err != nil {
		t.Fatal(err)
	}
	modal, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil {
		t.Fatal(err)
	}
	modal.Fill("verdict", "value", "malicious").Fill("ticket", "value", "INC-4711").Fill("until", "value", "2001-01-01")
	if wrong, err := modal.Submit(s.ctx); err != nil || wrong["until"] == "" {
		t.Fatalf("a day in the past was taken: %v %v", wrong, err)
	}
	if wrong, err := modal.Fill("until", "value", testclock.At().AddDate(0, 1, 0).Format("2006-01-02")).Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %v", wrong, err)
	}
	s.waitFor("marked malicious (INC-4711) by ana")
	s.slash("/footprint dns=cdn-sync.example since=24h")
	s.waitFor("last day", "malicious (INC-4711)")
	s.wellMannered()
}

// preview is the modal that shows what was read in a pasted text.
type preview struct {
	*localslack.Modal
	text string
}

func (s *stage) preview() preview {
	s.t.Helper()
	m, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil || m.Body["callback_id"] != "footprint_preview" {
		s.t.Fatalf("no preview: %v, %v", m, err)
	}
	text, err := json.Marshal(m.Body["blocks"])
	if err != nil {
		s.t.Fatal(err)
	}
	return preview{m, string(text)}
}

func TestAFormOfHarmlessThingsAsksBeforeItHunts(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint")
	modal, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := modal.Fill("indicators", "value", "10.0.0.1 8.8.8.8").Fill("since", "value", "since=7d").Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %v", wrong, err)
	}
	p := s.preview()
	if wrong, err := p.Submit(s.ctx); err != nil || !strings.Contains(wrong["held"], "Choose what to hunt") {
		t.Fatalf("nothing chosen: %v %v", wrong, err)
	}
	if wrong, err := p.Fill("held", "value", "10.0.0.1").Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %v", wrong, err)
	}
	s.waitFor("`10.0.0[.]1`")
	s.wellMannered()
}

func TestTheFormTakesAWholeReport(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint")
	modal, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := modal.Fill("indicators", "value", "nothing in here").Fill("since", "value", "since=7d").Submit(s.ctx); err != nil || wrong["indicators"] == "" {
		t.Fatalf("a form without an indicator was taken: %v %v", wrong, err)
	}
	report := "The actor used 203.0.113[.]66 and hxxps://cdn-sync[.]example/a, again 203.0.113.66.\nResolver 8.8.8.8, gateway 10.0.0.1, agent v4.3.2.1."
	if wrong, err := modal.Fill("indicators", "value", report).Fill("why", "value", "report").Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %v", wrong, err)
	}
	preview := s.preview()
	for _, want := range []string{"2 indicators", "1 address, 1 URL", "2 refanged", "1 duplicate removed", "8.8.8[.]8 · public resolver", "10.0.0[.]1 · private", "4.3.2[.]1 · "} {
		if !strings.Contains(preview.text, want) {
			t.Errorf("the preview lacks %q:\n%s", want, preview.text)
		}
	}
	if wrong, err := preview.Fill("doubtful", "value", "4.3.2.1").Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %v", wrong, err)
	}
	s.waitFor("`4.3.2[.]1`")
	m := s.waitFor("*REACHED*")
	if strings.Contains(m.Text, "8.8.8") || strings.Contains(m.Text, "10.0.0") {
		t.Errorf("what the guard holds back was hunted:\n%s", m.Text)
	}
	s.wellMannered()
}

// together tells a query for several slices, which are asked one by one when it
// takes too long.
func together(q string) bool {
	return strings.Contains(q, "let hunt_rows") && !strings.Contains(q, "let parts = 1;")
}

func TestACancelledHuntKeepsWhatWasFoundAndSaysWhatWasNotSearched(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{noon: true, bot: func(c *bot.Config) { c.UpdateEvery = 20 * time.Millisecond }})
	day := 24 * time.Hour
	today := testclock.At().Truncate(day)
	old := func(q string) bool { // everything before yesterday
		m := windowFrom.FindStringSubmatch(q)
		if m == nil || !strings.Contains(q, "let hunt_rows") || together(q) {
			return false
		}
		at, err := time.Parse(time.RFC3339Nano, m[1])
		return err == nil && at.Before(today.Add(-day))
	}
	s.workspace.Fault(localworkspace.Fault{Status: 504, Times: 1, Match: together})
	s.workspace.Fault(localworkspace.Fault{Delay: 30 * time.Second, Times: 1000, Match: old})
	s.slash(c2)
	m := s.waitFor("🔴 *REACHED so far*", "3 of 8 parts searched · ", " devices with ", " so far")
	if err := s.ana.Press(s.ctx, m, "Cancel"); err != nil {
		t.Fatal(err)
	}
	got := s.waitFor("🔴 *REACHED*", "5 of 8 parts were not searched in full: ", " to "+today.Add(-day).Format("2006-01-02 15:04 UTC")+", Cancelled by @ana")
	if got.TS != m.TS {
		t.Error("the answer is another message")
	}
	err := s.slack.Until(s.ctx, func() bool {
		stopped, ran := 0, 0
		for _, q := range s.workspace.Queries() {
			if old(q.Query) {
				ran++
				if q.Status == 499 {
					stopped++
				}
			}
		}
		return ran > 0 && ran < 5 && stopped == ran
	})
	if err != nil {
		t.Error("the queries that ran were not stopped, or those that had not begun were")
	}
	s.wellMannered()
}
