package bot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// answered is the c2 story with its thread complete.
func (s *stage) answered() localslack.Message {
	s.t.Helper()
	s.slash(c2)
	m := s.waitFor("*REACHED* by 3 devices")
	s.waitThread(m, func(all []localslack.Message) bool { return len(all) == 3 })
	return m
}

// inThread waits for a reply in the thread of m that holds all parts.
func (s *stage) inThread(m localslack.Message, parts ...string) localslack.Message {
	s.t.Helper()
	var found localslack.Message
	s.waitThread(m, func(all []localslack.Message) bool {
		for _, r := range all[1:] {
			if holds(r.Text, parts) {
				found = r
				return true
			}
		}
		return false
	})
	return found
}

func TestAPivotShowsWhatElseADeviceDid(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	s.ana.Reply(m, "pivot WS-FIN-014 ±1h")
	s.inThread(m, "*FOUND*: everything that", "Through ", "powershell.exe")
	s.ana.Reply(m, "pivot rundll32.exe")
	s.inThread(m, "*REACHED*", "`rundll32.exe`")
	s.ana.Reply(m, "pivot carla.castro ±2h")
	s.inThread(m, "*FOUND*: everything that WS-HR-007 talked to as carla.castro", "Through powershell.exe ← winword.exe")
	hash := s.hashOf("rundll32.exe")
	s.ana.Reply(m, "pivot "+hash)
	s.inThread(m, "*REACHED*", hash[:8], "1 device")
	s.ana.Reply(m, "pivot no-such-thing")
	s.inThread(m, "Pivot from a device, a process or a user of this hunt")
	s.wellMannered()
}

// hashOf is the SHA-256 of a program as the fleet reports it.
func (s *stage) hashOf(program string) string {
	s.t.Helper()
	table, ok := fleet().Table("DeviceNetworkEvents")
	if !ok {
		s.t.Fatal("no network events")
	}
	at := func(name string) int {
		return slices.IndexFunc(table.Columns(), func(c kql.Column) bool { return c.Name == name })
	}
	file, hash, url := at("InitiatingProcessFileName"), at("InitiatingProcessSHA256"), at("RemoteUrl")
	for row := range table.Len() {
		if table.Value(row, file).AsString() == program && strings.Contains(table.Value(row, url).AsString(), "cdn-sync") {
			return table.Value(row, hash).AsString()
		}
	}
	s.t.Fatalf("no %s in the fleet", program)
	return ""
}

func TestLineageShowsWhoStartedWhat(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	s.ana.Reply(m, "lineage WS-FIN-014")
	l := s.inThread(m, "Process lineage", "WS-FIN-014")
	if !strings.Contains(strings.ToLower(l.Text), "outlook.exe → winword.exe → powershell.exe") {
		t.Errorf("it says\n%s", l.Text)
	}
	if strings.Contains(l.Text, "https://") {
		t.Errorf("a link of the attacker is alive in it:\n%s", l.Text)
	}
	s.ana.Reply(m, "lineage WS-NOBODY-1")
	s.inThread(m, "No device in this hunt has that name")
	s.wellMannered()
}

func TestTheThreadOffersThePivots(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	var offers localslack.Message
	for _, r := range s.soc.Thread(m.TS) {
		for _, b := range r.Blocks {
			if strings.Contains(string(b), "hunt.pivot:1") {
				offers = r
			}
		}
	}
	if offers.TS == "" {
		t.Fatal("no message of the thread has the buttons")
	}
	if err := s.ana.Press(s.ctx, offers, "hunt.lineage:1"); err != nil {
		t.Fatal(err)
	}
	s.inThread(m, "Process lineage")
	if err := s.ana.Press(s.ctx, offers, "hunt.pivot:1"); err != nil {
		t.Fatal(err)
	}
	s.inThread(m, "*FOUND*: everything that")
	s.wellMannered()
}
