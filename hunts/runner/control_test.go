package runner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// contacts writes an export of connections: who, when, and with what action.
type contacts struct{ text strings.Builder }

func (c *contacts) every(step time.Duration, from, to time.Time, remote, action string) {
	for at := from; at.Before(to); at = at.Add(step) {
		fmt.Fprintf(&c.text, `{"TimeGenerated":%q,"DeviceName":"ws-1","ActionType":%q,"RemoteIP":%q,"RemotePort":443}`+"\n", at.Format(time.RFC3339), action, remote)
	}
}

func (c *contacts) load(t *testing.T) *localworkspace.Events {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "DeviceNetworkEvents.ndjson"), []byte(c.text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	info := fmt.Sprintf(`{"TimeGenerated":%q,"DeviceName":"ws-1"}`+"\n", testclock.At().Add(-time.Hour).Format(time.RFC3339))
	if err := os.WriteFile(filepath.Join(dir, "DeviceInfo.ndjson"), []byte(info), 0o600); err != nil {
		t.Fatal(err)
	}
	events, err := localworkspace.Load(t.Context(), dir, localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func typed(t *testing.T, text string) indicator.Indicator {
	t.Helper()
	i, refusal := indicator.Type(text)
	if refusal != nil {
		t.Fatal(refusal.Sentence)
	}
	return i
}

func TestAScheduledSweepProvesItselfByAHostThatIsKnownToBePresent(t *testing.T) {
	const busy, rare, connected, failed = "203.0.113.80", "203.0.113.81", "ConnectionSuccess", "ConnectionFailed"
	now := testclock.At().Truncate(time.Second)
	today, before := now.Add(-24*time.Hour), now.Add(-48*time.Hour)
	everyDay := func(c *contacts) {
		c.every(30*time.Minute, before, now, busy, connected)
		c.every(11*time.Hour, before, today, rare, connected)
	}
	overnight := func(c *contacts) { // data goes on, but of other hosts
		c.every(30*time.Minute, before, today, busy, connected)
		c.every(time.Minute, today, now, "198.51.100.9", failed)
	}
	for name, c := range map[string]struct {
		data     func(*contacts)
		controls []string
		verdict  hunts.Verdict
		control  string
		says     string
	}{
		"the host of most hours is there":   {everyDay, nil, hunts.Clean, busy, ""},
		"it is not":                         {overnight, nil, hunts.CouldNotTell, busy, "no control host was found, though 203.0.113.80 should be there"},
		"a configured one is there":         {everyDay, []string{"198.51.100.77", busy}, hunts.Clean, busy, ""},
		"a configured one is not":           {everyDay, []string{"proxy.corp.example"}, hunts.CouldNotTell, "proxy.corp.example", "though proxy.corp.example should be there"},
		"a workspace that began today":      {func(c *contacts) { c.every(30*time.Minute, today, now, rare, connected) }, nil, hunts.Clean, rare, ""},
		"nothing that is known to be there": {func(c *contacts) { c.every(30*time.Minute, before, now, busy, failed) }, nil, hunts.CouldNotTell, "", "no control host is known"},
	} {
		t.Run(name, func(t *testing.T) {
			var data contacts
			c.data(&data)
			var controls []indicator.Indicator
			for _, text := range c.controls {
				controls = append(controls, typed(t, text))
			}
			runner := runnerOver(t, data.load(t), controls...)
			h := hunts.Hunt{ID: "F-CTRL", Name: hunts.DefaultHunt, Window: hunts.Window{From: today, To: now}, Asker: hunts.Asker{User: "sweep"}, Scheduled: true, Control: true}
			s, err := runner.Survey(t.Context(), h, []indicator.Indicator{typed(t, "192.0.2.140")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if s.Verdict != c.verdict || s.Coverage.Control != c.control || !strings.Contains(s.Reason, c.says) {
				t.Errorf("%s by %q: %s; want %s by %q: %s", s.Verdict, s.Coverage.Control, s.Reason, c.verdict, c.control, c.says)
			}
			if found := s.Coverage.ControlFound; c.control != "" && (found == nil || *found != (c.verdict == hunts.Clean)) {
				t.Errorf("found: %v", found)
			}
		})
	}
}
