package bot_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

func slow(q string) bool { return strings.Contains(q, "let hunt_rows") }

func TestTwoAskersOfOneRunningHuntShareItAndAreBothNamed(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{replicas: 2, redis: recordtest.Any(t).URL()})
	s.workspace.Fault(localworkspace.Fault{Delay: 2 * time.Second, Times: 100, Match: slow})
	ben := s.slack.AddUser("ben").In(s.soc)
	s.slash("/footprint dns=cdn-sync.example")
	s.waitFor("🔎 Hunting")
	if err := ben.Slash(s.ctx, "/footprint dns=cdn-sync.example"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("which asks the same: one search answers both")
	ana := s.slack.User("ana").ID
	both := func(m localslack.Message) bool {
		return strings.Contains(m.Text, "*REACHED*") && strings.Contains(m.Text, "<@"+ana+">") && strings.Contains(m.Text, "<@"+s.slack.User("ben").ID+">")
	}
	err := s.slack.Until(s.ctx, func() bool {
		n := 0
		for _, m := range s.soc.Messages() {
			if both(m) {
				n++
			}
		}
		return n == 2
	})
	if err != nil {
		for _, m := range s.soc.Messages() {
			t.Log(m.Text)
		}
		t.Fatal("not both messages name both askers")
	}
	for _, m := range s.soc.Messages() {
		if !both(m) {
			continue
		}
		s.inThread(m, "is answered, 🔴 *REACHED*")
		s.closed(m)
		pings := 0
		for _, r := range s.soc.Thread(m.TS)[1:] {
			if strings.Contains(r.Text, "is answered, ") {
				pings++
			}
		}
		if pings != 1 {
			t.Errorf("%d pings in a thread", pings)
		}
	}
	s.wellMannered()
}

func TestALongHuntCallsItsAskerBackOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.workspace.Fault(localworkspace.Fault{Delay: time.Second, Times: 100, Match: slow})
	s.slash(c2)
	s.waitFor("🔎 Hunting")
	s.clock.Move(30 * time.Second)
	m := s.waitFor("*REACHED* by 3 devices")
	s.inThread(m, "<@"+s.slack.User("ana").ID+">: F-", "is answered, 🔴 *REACHED* by 3 devices")
	if n := len(s.soc.Thread(m.TS)); n != 4 {
		t.Errorf("%d messages in the thread", n)
	}
	s.wellMannered()
}

func TestWhatWasHuntedBeforeIsShownAgainByAButton(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	first := s.waitFor("*REACHED* by 3 devices")
	id := regexp.MustCompile(`F-[2-9A-Z]+`).FindString(first.Text)
	s.waitThread(first, func(m []localslack.Message) bool { return len(m) == 3 })
	s.slash(c2 + " since=3d")
	second := s.waitFor("last 3 days", "Known: hunted", id)
	if err := s.ana.Press(s.ctx, s.table(second), "Show "+id); err != nil {
		t.Fatal(err)
	}
	shown := s.inThread(second, "*REACHED* by 3 devices", "last 7 days", id)
	if shown.TS == first.TS {
		t.Error("it was not shown again")
	}
	s.wellMannered()
}
