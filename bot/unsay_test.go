package bot_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// ours are the messages and files of the bot that name a device of the story.
func ours(s *stage, c *localslack.Channel) (messages, files int) {
	for _, m := range c.All() {
		if m.User != s.slack.BotUser() || m.Ephemeral != "" {
			continue
		}
		files += len(m.Files)
		if len(m.Files) == 0 && (strings.Contains(m.Text, "cdn-sync") || slices.ContainsFunc(m.Blocks, func(b json.RawMessage) bool { return strings.Contains(string(b), "WS-FIN") })) {
			messages++
		}
	}
	return messages, files
}

func TestUnsayTakesEverythingBackAndTheAuditKeepsThatItWasShown(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	if err := s.ana.Press(s.ctx, s.table(answer), "Only powershell"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("*only powershell.exe*")
	for _, reply := range []string{"json", "zip", "csv"} {
		s.ana.Reply(answer, reply)
	}
	s.waitThread(answer, func([]localslack.Message) bool { _, files := ours(s, s.soc); return files >= 4 })
	id := huntIDIn(answer.Text)
	asked := len(s.workspace.Queries())

	if err := s.slack.AddUser("ben").In(s.soc).Press(s.ctx, answer, "Remove these messages…"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("Only the person who asked for a hunt may remove it")
	if err := s.ana.Press(s.ctx, answer, "Remove these messages…"); err != nil {
		t.Fatal(err)
	}
	if err := s.ana.Press(s.ctx, s.waitFor("Remove every message and file of "+id), "Remove them"); err != nil {
		t.Fatal(err)
	}
	s.waitFor(id+" is withdrawn", "The audit log keeps a record that it was shown")
	if messages, files := ours(s, s.soc); messages+files != 0 {
		for _, m := range s.soc.All() {
			t.Logf("%v\n%s", m.Files, m.Text)
		}
		t.Errorf("%d messages and %d files of the hunt are still there", messages, files)
	}
	if _, ok, err := s.stores[0].Answer(s.ctx, id); ok || err != nil {
		t.Errorf("its answer is still kept (%v)", err)
	}
	actions := map[string]int{}
	err := s.stores[0].AuditSince(s.ctx, testclock.At().Add(-time.Hour), func(e hunts.AuditEntry, _ string) error {
		if e.HuntID == id {
			actions[e.Action]++
		}
		return nil
	})
	if err != nil || actions["shown"] != 1 || actions["unsay"] != 1 || actions["export"] != 3 {
		t.Errorf("the audit has %v (%v)", actions, err)
	}

	s.slash(c2)
	again := s.waitFor("*REACHED*")
	if again.TS == answer.TS {
		t.Fatal("the hunt was shown again")
	}
	if strings.Contains(again.Text, "Known: hunted") {
		t.Errorf("it still tells what was found:\n%s", again.Text)
	}
	if n := len(s.workspace.Queries()) - asked; n < 2 {
		t.Errorf("the same question took %d queries: rows were kept", n)
	}
}

func TestAFollowUpOnACachedAnswerWorks(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	first := s.waitFor("*REACHED*")
	s.slash(c2)
	second, err := s.slack.WaitMessage(s.ctx, s.soc, func(m localslack.Message) bool {
		return strings.Contains(m.Text, "*REACHED*") && m.TS != first.TS
	})
	if err != nil {
		t.Fatal(err)
	}
	s.ana.Reply(second, "only failed")
	s.waitFor("*only failed*", "1 device")
}
