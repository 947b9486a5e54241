package bot_test

import (
	"strings"
	"testing"
)

func TestAHuntIsShownAgainByItsID(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	id := huntIDIn(m.Text)
	s.slash("/footprint " + strings.ToLower(id))
	if err := s.slack.Until(s.ctx, func() bool { return strings.Count(allText(s.soc), "*REACHED* by 3 devices") == 2 }); err != nil {
		t.Errorf("%s was not shown again:\n%s", id, allText(s.soc))
	}
	s.slash("/footprint F-2222")
	s.waitFor("There is no hunt F-2222")
}

func TestAReplyAboutWhatTheHuntDoesNotHaveOffersWhatItHas(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	s.ana.Reply(m, "only nosuch.exe")
	s.inThread(m, "`nosuch.exe` isn't in "+huntIDIn(m.Text), "processes: ", "powershell.exe", "devices: ", "WS-FIN-014", "users: ", "ana.sousa")
	for reply, want := range map[string]string{"user=ana.sousa": "*only ana.sousa*", "host=ws-fin-031": "*only WS-FIN-031*", "file=powershell": "*only powershell.exe*"} {
		s.ana.Reply(m, reply)
		s.inThread(m, want, "from cached results")
	}
	s.ana.Reply(m, "onyl failed") //nolint:misspell // as people type
	s.inThread(m, "I don't understand that here", "`only failed`")
}

func TestTheFirstMessageFollowsWhatAnotherLookBackFound(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	s.ana.Reply(m, "last 3 days")
	s.inThread(m, "*REACHED*", "last 3 days")
	s.waitFor("*REACHED* by 3 devices", "last 7 days", "Last 3 days: 🔴 *REACHED* by 3 devices, see the thread (F-")
}

func TestADeviceAloneIsHuntedForWhatItTalkedTo(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint device=WS-FIN-014 since=24h")
	s.waitFor("FOUND", "everything that WS-FIN-014 talked to")
	s.slash("/footprint device=WS-FIN-014 user=ana.sousa since=24h")
	s.waitFor("FOUND", "everything that WS-FIN-014 talked to as ana.sousa")
}
