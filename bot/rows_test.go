package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
)

func TestAHuntForBehaviorIsAskedAnsweredAndFollowedLikeAnyOther(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint hunt rare-domains since=2d")
	answer := s.waitFor("FOUND", "rare-domains", "devices contacted a rare name", "last 2 days")
	for _, wrong := range []string{"CLEAN", "REACHED", "no connection", "everything that"} {
		if strings.Contains(answer.Text, wrong) {
			t.Errorf("it speaks of an indicator (%s):\n%s", wrong, answer.Text)
		}
	}
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) >= 2 }) // the table, and where to go on
	s.ana.Reply(answer, "csv")
	if sheet := lines(t, s.fileIn(answer, ".csv")); len(sheet) != 5 || strings.Join(sheet[0], " ") != "RemoteHost Devices DeviceName InitiatingProcessFileName Events FirstSeen LastSeen" {
		t.Errorf("the file is %v", sheet)
	}
	s.ana.Reply(answer, "without powershell.exe")
	s.waitFor("without powershell.exe", "from cached results", "row", "contacted a rare name")
	s.slash("/footprint hunt rare-domains ip=203.0.113.66")
	s.waitFor("does not look for addresses")
	s.wellMannered()
}

func TestAScheduledHuntSaysWhatIsNewOngoingAndNoLongerSeen(t *testing.T) {
	t.Parallel()
	s := sweeping(t, func(*bot.Config) {})
	s.slash("/footprint sweep add rare hunt=network-footprint")
	s.waitFor("A sweep runs a hunt that needs no indicator", "needs ip= or dns=")
	s.slash("/footprint sweep add rare hunt=rare-domains since=1d")
	s.waitFor("The sweep rare runs at")
	s.slash("/footprint sweep run rare")
	first := s.waitFor("🌅", "rare", "First run", "contacted a rare name")
	s.waitThread(first, func(m []localslack.Message) bool { return len(m) >= 2 })
	s.clock.Move(48 * time.Hour)
	s.slash("/footprint sweep run rare")
	second := s.waitFor("🌅", "rare-domains", "New: ", "No longer seen: ")
	if strings.Contains(second.Text, "First run") {
		t.Errorf("the second run compares with nothing:\n%s", second.Text)
	}
	s.waitThread(second, func(m []localslack.Message) bool { return len(m) >= 3 })
	s.ana.Reply(second, "kql")
	s.waitThread(second, func(m []localslack.Message) bool { return strings.Contains(files(m), ".kql") })
	s.slash("/footprint sweep list")
	s.waitFor("hunt rare-domains")
	s.wellMannered()
}
