package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
)

// choose presses a button that asks what to hunt, ticks one indicator and submits.
func (s *stage) choose(m localslack.Message, button, value string) {
	s.t.Helper()
	if err := s.ana.Press(s.ctx, m, button); err != nil {
		s.t.Fatal(err)
	}
	form, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil {
		s.t.Fatalf("%s opens no form: %v", button, err)
	}
	if wrong, err := form.Fill("held0", "value", value).Submit(s.ctx); err != nil || len(wrong) > 0 {
		s.t.Fatalf("choosing %s: %v %v", value, wrong, err)
	}
}

func TestAMentionHuntsAsFarBackAsItSays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"198.51.100.24 last 30d":                           "last 30 days",
		"please check 198.51.100.24 for the last 24 hours": "last day",
		"have we seen 198.51.100.24, past 2 weeks?":        "last 14 days",
		"198.51.100.24, last 3 months please":              "last 90 days",
		"198.51.100.24 since=90d":                          "last 90 days",
		"198.51.100.24":                                    "last 7 days",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, stageOptions{})
			s.ana.Say("<@" + s.slack.BotUser() + "> " + text)
			s.waitFor("198.51.100[.]24", want, "F-")
		})
	}
}

func TestAMentionNamesWhatItDoesNotHuntAndLetsPeopleChoose(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.ana.Say("<@" + s.slack.BotUser() + "> we saw 198.51.100.24, our resolver 8.8.8.8 and 10.2.3.4, last 30d")
	s.waitFor("198.51.100[.]24", "last 30 days", "F-")
	left := s.waitFor("*2 indicators* not hunted", "`8.8.8[.]8` · public resolver", "`10.2.3[.]4` · private")
	if n := strings.Count(allText(s.soc), "8.8.8[.]8"); n != 1 {
		t.Errorf("it was hunted:\n%s", allText(s.soc))
	}
	s.choose(left, "Choose…", "8.8.8.8")
	m := s.waitFor("`8.8.8[.]8`", "last 30 days", "F-")
	if strings.Contains(m.Text, "10.2.3[.]4") {
		t.Errorf("what nobody chose is hunted:\n%s", m.Text)
	}
	s.wellMannered()
}

func TestAMentionNamesWhatIsBeyondOneHunt(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.ana.Say("<@" + s.slack.BotUser() + "> the report says:\n" + addresses(1, 250))
	s.waitFor("*50 indicators* not hunted", "more than the 200 indicators that one hunt takes")
}

func TestAWatchOfThreeDaysDoesNotShortenALongerOne(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint watch add 203.0.113.66 for=30d")
	until := s.clock.Now().UTC().Add(30 * 24 * time.Hour).Format("Jan 2")
	s.waitFor("1 on the watchlist until", "No sweep is scheduled, so nothing looks for it yet")
	s.slash("/footprint sweep add daily")
	s.waitFor("The sweep daily runs")
	s.slash("/footprint ip=203.0.113.66")
	m := s.waitFor("*REACHED*")
	if err := s.ana.Press(s.ctx, m, "Watch 72 h"); err != nil {
		t.Fatal(err)
	}
	told := s.waitFor("👁 1 already on the watchlist, for longer than this. The end was not changed.")
	if strings.Contains(told.Text, "No sweep") {
		t.Errorf("a sweep looks:\n%s", told.Text)
	}
	s.slash("/footprint watch list")
	s.waitFor("203.0.113[.]66 · active · until " + until)
}

func TestAMarkShowsOnTheWatchlistAndInTheLedger(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint watch add 203.0.113.66 for=30d")
	s.waitFor("1 on the watchlist")
	s.slash("/footprint ip=203.0.113.66")
	m := s.waitFor("*REACHED*")
	if err := s.ana.Press(s.ctx, m, "Mark…"); err != nil {
		t.Fatal(err)
	}
	form, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := form.Fill("verdict", "value", "malicious").Fill("ticket", "value", "INC-4711").Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	}
	s.waitFor("marked malicious (INC-4711)")
	s.slash("/footprint watch list")
	s.waitFor("203.0.113[.]66 · active", "marked malicious (INC-4711) by")
	root := s.ana.Say("beacon")
	s.ana.Reply(root, "<@"+s.slack.BotUser()+"> 203.0.113.66")
	ledger := s.waitFor("📒", "203.0.113[.]66`  REACHED", "marked malicious (INC-4711)")
	if err := s.ana.Press(s.ctx, ledger, "Hand-over"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("HAND-OVER", "203.0.113[.]66: REACHED", "marked malicious (INC-4711)")
}
