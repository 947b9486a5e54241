package bot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/hunts"
)

// rises is a stage over a workspace whose rows come late, with warranties and watches.
func rises(t *testing.T, d tide, o stageOptions) *stage {
	t.Helper()
	o.tide = &d
	before := o.bot
	o.bot = func(c *bot.Config) {
		c.Warranty, c.WatchEvery = 7*24*time.Hour, 10*time.Minute
		if before != nil {
			before(c)
		}
	}
	return newStage(t, o)
}

// passes lets time go on until then: what has come in by that time is there, and what
// is due is looked at, by every replica.
func (s *stage) passes(d time.Duration) {
	s.t.Helper()
	s.clock.Move(d)
	s.workspace.Promise("w")(s.tide.at(s.clock.Now()))
	s.due()
}

// due lets every replica look for what is due, and waits until it is done.
func (s *stage) due() {
	s.t.Helper()
	for _, b := range s.bots {
		if err := b.Tick(s.ctx); err != nil {
			s.t.Fatal(err)
		}
	}
	soon, stop := context.WithTimeout(s.ctx, waitAtMost)
	defer stop()
	for {
		lag, err := s.stores[0].Backlog(soon, bot.LaneWatch, bot.LaneInteractive)
		if err != nil {
			s.t.Fatal(err)
		}
		if l, i := lag[bot.LaneWatch], lag[bot.LaneInteractive]; l.Waiting+l.Pending+i.Waiting+i.Pending == 0 {
			return
		}
		if !hunts.Pause(soon, 5*time.Millisecond) {
			s.t.Fatal("a look does not end")
		}
	}
}

// said counts the messages whose text holds all parts.
func (s *stage) said(parts ...string) (n int) {
	for _, m := range s.soc.All() {
		if holds(m.Text, parts) {
			n++
		}
	}
	return n
}

const lateAddress = "203.0.113.66"

// cameLate is a connection of two hours before the start that comes in an hour after it.
func cameLate(device, action string) lateRow {
	return lateRow{happened: tideStart.Add(-2 * time.Hour), arrived: tideStart.Add(time.Hour), device: device, action: action, address: lateAddress}
}

func TestACleanThatLateRowsMakeFalseIsChangedAndItsAskerToldOnce(t *testing.T) {
	t.Parallel()
	s := rises(t, tide{rows: []lateRow{cameLate("ws-03", "ConnectionSuccess")}}, stageOptions{replicas: 1})
	s.slash(`/footprint ip=` + lateAddress + ` why="ISAC"`)
	m := s.waitFor("*CLEAN*", "203.0.113[.]66")
	s.slash(`/footprint ip=198.51.100.99`)
	s.waitFor("*CLEAN*", "198.51.100[.]99")
	s.passes(20 * time.Minute)
	if s.said("*REACHED*") != 0 {
		t.Error("it is recalled before anything came")
	}
	s.passes(45 * time.Minute)
	s.waitFor("🔴 *REACHED* by 1 device", "Was CLEAN until ", "1 late event from ", "up to 3 h 5 min late", "ISAC")
	s.inThread(m, "*REACHED*, no longer CLEAN", "ws-03", "rundll32.exe", "<@"+s.slack.User("ana").ID+">, you asked for it")
	for range 4 {
		s.passes(20 * time.Minute)
	}
	if n := s.said("no longer CLEAN"); n != 1 {
		t.Errorf("told %d times", n)
	}
	if n := s.said("*CLEAN*", "198.51.100[.]99"); n != 1 {
		t.Error("the other answer changed as well")
	}
	s.slash(`/footprint ip=` + lateAddress + ` since=30d`)
	s.waitFor("hunted ", ": REACHED by 1 device")
	s.wellMannered()
}

func (s *stage) noRecall(why string) {
	s.t.Helper()
	for _, m := range s.soc.All() {
		if strings.Contains(m.Text, "no longer CLEAN") {
			s.t.Errorf("%s:\n%s", why, m.Text)
		}
	}
}

func TestARecallOfADeletedMessageGoesToItsAskerAndOneOfAWithdrawnHuntToNobody(t *testing.T) {
	t.Parallel()
	s := rises(t, tide{rows: []lateRow{cameLate("ws-03", "ConnectionSuccess")}}, stageOptions{})
	s.slash(`/footprint ip=` + lateAddress)
	m := s.waitFor("*CLEAN*", "203.0.113[.]66")
	s.slash(`/footprint ip=` + lateAddress + ` since=3d`)
	gone := s.waitFor("*CLEAN*", "last 3 days")
	s.due()
	if err := s.ana.Press(s.ctx, gone, "Remove these messages…"); err != nil {
		t.Fatal(err)
	}
	if err := s.ana.Press(s.ctx, s.waitFor("Remove every message and file of "), "Remove them"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("is withdrawn")
	s.ana.Delete(m)
	s.passes(time.Hour + 5*time.Minute)
	s.noRecall("the channel is told of a message that is gone")
	direct := 0
	for _, m := range s.slack.Direct(s.slack.User("ana")).All() {
		if holds(m.Text, []string{"no longer CLEAN", "was deleted"}) {
			direct++
		}
	}
	if direct != 1 {
		t.Errorf("told directly %d times, want once", direct)
	}
}

func TestDataThatComesBackWithNothingMakesAnAnswerCleanQuietly(t *testing.T) {
	t.Parallel()
	s := rises(t, tide{from: tideStart.Add(-9 * time.Hour), to: tideStart.Add(30 * time.Minute), back: tideStart.Add(time.Hour)}, stageOptions{})
	s.slash(`/footprint ip=` + lateAddress)
	m := s.waitFor("*COULD NOT TELL*", "203.0.113[.]66")
	s.passes(20 * time.Minute)
	if s.said("*CLEAN*") != 0 {
		t.Error("it is clean while nothing is there")
	}
	s.passes(50 * time.Minute)
	s.passes(50 * time.Minute)
	s.waitFor("🟢 *CLEAN*", "Was COULD NOT TELL until")
	if n := len(s.soc.Thread(m.TS)); s.said("no longer COULD") != 0 {
		t.Errorf("somebody is told of it; the thread has %d messages", n)
	}
}

func TestALedgersLineFollowsWhatCameLate(t *testing.T) {
	t.Parallel()
	s := rises(t, tide{rows: []lateRow{cameLate("ws-03", "ConnectionSuccess")}}, stageOptions{})
	s.slash("/footprint here enrich on")
	s.waitFor("hunted automatically")
	first := s.ana.Say("seen at a customer: 203.0.113[.]66 and 198.51.100[.]99")
	s.inThread(first, "📒", "CLEAN")
	s.due()
	s.passes(time.Hour + 5*time.Minute)
	s.inThread(first, "📒", "🔴", "REACHED by 1 device")
	s.inThread(first, "no longer CLEAN", "ws-03")
	for _, m := range s.soc.Thread(first.TS) {
		if strings.Contains(m.Text, "🔴 New:") {
			t.Errorf("the thread is told twice:\n%s", m.Text)
		}
	}
}

func TestAWatchRingsOnceAndEndsWithAWord(t *testing.T) {
	t.Parallel()
	s := rises(t, tide{rows: []lateRow{
		{happened: tideStart.Add(-3 * time.Hour), arrived: tideStart.Add(-2 * time.Hour), device: "ws-01", action: "ConnectionFailed", address: lateAddress},
		{happened: tideStart.Add(31 * time.Minute), arrived: tideStart.Add(32 * time.Minute), device: "ws-04", action: "ConnectionSuccess", address: lateAddress},
		{happened: tideStart.Add(61 * time.Minute), arrived: tideStart.Add(62 * time.Minute), device: "ws-05", action: "ConnectionFailed", address: lateAddress},
	}}, stageOptions{})
	s.slash(`/footprint ip=` + lateAddress)
	m := s.waitFor("*TRIED* by 1")
	if err := s.ana.Press(s.ctx, m, "Watch 72 h"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("I look every 10 min as well, and ping you here at the first new device")
	for range 3 {
		s.passes(10 * time.Minute)
	}
	if n := s.said("New device"); n != 0 {
		t.Errorf("it rings before anything new came: %d", n)
	}
	s.slash("/footprint watch active")
	s.waitFor("1 watch, looked at every 10 min", "203.0.113[.]66", "last looked at")
	s.passes(10 * time.Minute)
	s.inThread(m, "👁 🔴 New device: `ws-04` (ana.sousa) reached `203.0.113[.]66`", "rundll32.exe ← explorer.exe", "<@"+s.slack.User("ana").ID+">, you watch F-")
	for range 3 {
		s.passes(10 * time.Minute)
	}
	s.inThread(m, "New device: `ws-04`", "1 more new device since: `ws-05`")
	if n := s.said("New device"); n != 1 {
		t.Errorf("it rings %d times", n)
	}
	s.passes(72 * time.Hour)
	s.inThread(m, "👁 The watch on F-", "is over after 3 days: 2 new devices: `ws-04`, `ws-05`.")
	for range 2 {
		s.passes(10 * time.Minute)
	}
	if n := s.said("is over after"); n != 1 {
		t.Errorf("it ends %d times", n)
	}
	s.wellMannered()
}

func TestAWatchIsEndedByWhoeverMay(t *testing.T) {
	t.Parallel()
	s := rises(t, tide{}, stageOptions{})
	s.slash(`/footprint ip=` + lateAddress)
	m := s.waitFor("*CLEAN*")
	if err := s.ana.Press(s.ctx, m, "Watch 72 h"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("I look every 10 min")
	s.slash("/footprint watch end F-NONE")
	s.waitFor("There is no watch on that hunt")
	ben := s.slack.AddUser("ben").In(s.soc)
	if err := ben.Slash(s.ctx, "/footprint watch end "+huntIDIn(m.Text)); err != nil {
		t.Fatal(err)
	}
	s.waitFor("is ended")
	s.inThread(m, "was ended by <@"+s.slack.User("ben").ID+">: no new device.")
	s.slash("/footprint watch active")
	s.waitFor("Nothing is watched in this channel")
}

func TestAWatchSaysSoWhenNothingLooks(t *testing.T) {
	t.Parallel()
	s := rises(t, tide{}, stageOptions{bot: func(c *bot.Config) { c.WatchEvery = 0 }})
	s.slash(`/footprint ip=` + lateAddress)
	m := s.waitFor("*CLEAN*")
	if err := s.ana.Press(s.ctx, m, "Watch 72 h"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("No sweep is scheduled, so nothing looks for it yet")
}
