package bot_test

import (
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
)

// TestAFacetIsAnsweredFromTheRowsOfTheHunt presses buttons and menus at the pace of
// production, right after a hunt filled its thread, and counts the queries.
func TestAFacetIsAnsweredFromTheRowsOfTheHunt(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{bot: func(c *bot.Config) { c.PostBurst = 0 }})
	m := s.answered()
	var table localslack.Message
	for _, r := range s.soc.Thread(m.TS) {
		if strings.Contains(kinds(r), "data_table") {
			table = r
		}
	}
	before := len(s.workspace.Queries())
	for _, c := range []struct {
		on            localslack.Message
		press, answer string
	}{
		{table, "Only powershell", "only powershell.exe"}, {table, "Only failed", "only failed"},
		{table, "hunt.facet:only/ws-fin-014", "only ws-fin-014"}, {table, "hunt.facet:without/rundll32.exe", "without rundll32.exe"}, {table, "hunt.facet:only/203.0.113", "only 203.0.113[.]66"},
	} {
		if err := s.ana.Press(s.ctx, c.on, c.press); err != nil {
			t.Fatal(err)
		}
		s.inThread(m, "*"+c.answer+"*", "from cached results")
	}
	if n := len(s.workspace.Queries()); n != before {
		t.Errorf("%d queries were asked", n-before)
	}
	s.wellMannered()
}

func TestRepliesNeedTheScopeOrAMention(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{slack: localslack.Config{Scopes: []string{"commands", "chat:write", "files:write", "app_mentions:read", "users:read", "channels:read"}}})
	m := s.answered()
	s.ana.Reply(m, "only powershell")
	s.ana.Reply(m, "<@"+s.slack.BotUser()+"> only failed")
	s.inThread(m, "*only failed*", "from cached results")
	for _, r := range s.soc.Thread(m.TS) {
		if strings.Contains(r.Text, "*only powershell.exe*") {
			t.Error("a reply was read although the scope for it is not given")
		}
	}
	s.ana.Say("only powershell")
	s.ana.Say("last 30d")
	s.ana.Reply(m, "<@"+s.slack.BotUser()+"> help")
	s.inThread(m, "In this thread you can reply")
	if top := s.soc.Messages(); len(top) != 3 {
		t.Errorf("%d messages in the channel: what people say outside of the thread was answered", len(top))
	}
}

func TestAReplyThatIsNotUnderstoodGetsOneLineWithThreeForms(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	for said, want := range map[string]string{
		"onyl powershell":        "`only rundll32.exe`", //nolint:misspell // as people type
		"lst 30d":                "`last 30d`",
		"from=yesterday to=now":  "from=",
		"last 30d ip=192.0.2.1":  "I don't understand that here",
		"since=3d ip=192.0.2.99": "is an indicator, which doesn't belong here",
	} {
		s.ana.Reply(m, said)
		told := s.inThread(m, want)
		if strings.Count(told.Text, "\n") > 0 {
			t.Errorf("%q is answered in several lines:\n%s", said, told.Text)
		}
		if strings.HasPrefix(told.Text, "I don't understand") && strings.Count(told.Text, "`") != 8 {
			t.Errorf("%q is not answered with three forms:\n%s", said, told.Text)
		}
	}
	s.wellMannered()
}

func TestTheSameQuestionSaysWhatIsKnownAndRunsAgainByAButton(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	s.waitFor("not hunted here before", "Hunting `203")
	m := s.waitFor("*REACHED* by 3 devices")
	s.waitThread(m, func(all []localslack.Message) bool { return len(all) == 3 })
	ben := s.slack.AddUser("ben").In(s.soc)
	before := len(s.workspace.Queries())
	if err := ben.Slash(s.ctx, c2); err != nil {
		t.Fatal(err)
	}
	again := s.waitFor("*REACHED* by 3 devices", "Known: hunted <!date^", " by ana: REACHED by 3 devices (last 7 days, F-", "cached result from ")
	if n := len(s.workspace.Queries()); n != before {
		t.Errorf("%d queries for what was asked a moment ago", n-before)
	}
	s.waitThread(again, func(all []localslack.Message) bool { return len(all) == 3 })
	if err := ben.Press(s.ctx, again, "Refresh"); err != nil {
		t.Fatal(err)
	}
	s.inThread(again, "*REACHED* by 3 devices", "cached until")
	if n := len(s.workspace.Queries()); n == before {
		t.Error("a refresh of a cached result asked nothing")
	}
	s.wellMannered()
}

func TestTheMessageShortcutOpensTheFormFilled(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.ana.Say("seen today: hxxps://cdn-sync[.]example/a and 203.0.113[.]66, resolver 8.8.8.8")
	if err := s.ana.Shortcut(s.ctx, m, "footprint_message"); err != nil {
		t.Fatal(err)
	}
	modal, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil {
		t.Fatal(err)
	}
	filled := modal.Initial("indicators")
	for _, want := range []string{"cdn-sync[.]example/a", "203.0.113[.]66", "8.8.8.8"} {
		if !strings.Contains(filled, want) {
			t.Errorf("the form lacks %s: %q", want, filled)
		}
	}
	if wrong, err := modal.Fill("indicators", "value", filled).Fill("since", "value", "since=7d").Fill("devices", "value", "a\"b;c").Submit(s.ctx); err != nil || wrong["devices"] != "" {
		t.Fatalf("%v %v", wrong, err)
	}
	p := s.preview()
	if wrong, err := p.Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %v", wrong, err)
	}
	thread := s.waitThread(m, func(all []localslack.Message) bool { return len(all) > 1 })
	if !strings.Contains(thread[1].Text, "F-") {
		t.Errorf("the hunt is not in the thread of the message:\n%s", thread[1].Text)
	}
	s.wellMannered()
}
