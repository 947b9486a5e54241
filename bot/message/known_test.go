package message

import (
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

func TestWhatIsKnownKeepsItsTimeHoweverLateItIsRead(t *testing.T) {
	all := []Known{
		{At: now.Add(-23 * time.Hour), By: "ana", Verdict: hunts.Reached, Devices: 2, Window: "last 7 days", Hunt: "F-7QK1"},
		{Indicator: "evil.example", Mark: "marked malicious (INC-4711) by ana until Nov 15, 2026"},
	}
	for range 4 {
		all = append(all, Known{Indicator: "192.0.2.1", At: now.Add(-48 * time.Hour), By: "ben", Verdict: hunts.Clean, Window: "last 1 day", Hunt: "F-7QK0"})
	}
	got := knownLine(all)
	for _, want := range []string{"hunted 2026-", " UTC by ana: REACHED by 2 devices (last 7 days, F-7QK1); evil[.]example marked malicious (INC-4711)", "192.0.2[.]1 hunted ", "; and 2 more earlier hunts"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("lacks %q: %s", want, got)
		}
	}
	if strings.Contains(got.String(), " ago") || strings.Count(got.mrkdwn(), "<!date^") != 3 {
		t.Errorf("a time is written in words that grow old: %s", got.mrkdwn())
	}
	if knownLine(nil) != nil {
		t.Error("nothing known is a line")
	}
}
