package runner_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// weighed notes the largest answer of a source.
type weighed struct {
	hunts.Source
	mu      sync.Mutex
	largest int64
}

func (w *weighed) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	res, err := w.Source.Query(ctx, q)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.largest = max(w.largest, res.Stats.ResponseSize)
	return res, err
}

// wide is an hour in which each of n devices met the same address events
// times, through long command lines in which nothing repeats.
func wide(now time.Time, devices, events int) string {
	var b strings.Builder
	long := strings.Repeat(`-enc QQ\"A=\\x `, 300)
	for e := range events {
		for d := range devices {
			at := now.Add(-time.Hour + time.Duration(e*devices+d)*time.Millisecond)
			fmt.Fprintf(&b, `{"TimeGenerated":%q,"DeviceName":"workstation-of-somebody-%05d.corp.example","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemoteUrl":"host-%d-%d.evil.example","InitiatingProcessFileName":"p%d-%d.exe","InitiatingProcessAccountName":"account-%d","InitiatingProcessParentFileName":"parent-%d.exe","InitiatingProcessCommandLine":"%d %s"}`+"\n",
				at.Format(time.RFC3339Nano), d, d, e, d, e, e, e, d, long[:min(len(long), 40+d%3*2000)])
		}
	}
	return b.String()
}

// The service gives at most 100 MB; an answer for people has no use for more
// than one.
const mostBytes = 1 << 20

func TestAnAnswerStaysBelowAMegabyteAndSaysWhatItCut(t *testing.T) {
	if testing.Short() {
		t.Skip("only computes")
	}
	now := testclock.At()
	for _, c := range []struct {
		name            string
		devices, events int
		cut             bool
	}{
		{"few devices with many events", 20, 500, true}, // each event a row of its own in the finest summary
		{"every device of a small fleet", 300, 2, false},
		{"more devices than one answer holds", 6000, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": exportOf(t, map[string]string{"DeviceNetworkEvents.ndjson": wide(now, c.devices, c.events)})}})
			url, err := server.Start(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			live, err := loganalytics.New(loganalytics.Config{Endpoint: url, Workspaces: []loganalytics.Workspace{{Name: "prod", ID: "w"}}})
			if err != nil {
				t.Fatal(err)
			}
			catalog, _, err := runner.LoadCatalog(nil)
			if err != nil {
				t.Fatal(err)
			}
			source := &weighed{Source: live}
			runner := newRunner(runner.Config{Catalog: catalog, Source: source, Record: recordtest.Start(t), Clock: func() time.Time { return now }})
			req, refusal := request.Parse("ip=203.0.113.66 dns=evil.example since=2h", now)
			if refusal != nil {
				t.Fatal(refusal.Sentence)
			}
			h, err := runner.Prepare("F-WIDE", req, hunts.Asker{User: "ana"})
			if err != nil {
				t.Fatal(err)
			}
			a, err := runner.Run(t.Context(), h, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes, %d of %d devices, %d rows, %d events", source.largest, len(a.ByDevice), a.Totals.Devices, len(a.Rows), len(a.Events))
			if source.largest > mostBytes {
				t.Errorf("an answer of %d bytes", source.largest)
			}
			if a.Totals.Events != int64(c.devices*c.events) || a.Totals.Devices != int64(c.devices) {
				t.Errorf("%d events on %d devices", a.Totals.Events, a.Totals.Devices)
			}
			if whole := int64(len(a.ByDevice)) == a.Totals.Devices; whole == a.Truncated.ByDevice {
				t.Errorf("%d of %d devices, and truncated is %v", len(a.ByDevice), a.Totals.Devices, a.Truncated.ByDevice)
			}
			if cut := a.Truncated.ByDevice || a.Truncated.Rows; cut != c.cut {
				t.Errorf("cut is %v", cut)
			}
			if len(a.Events) == 0 || !a.Truncated.Events || now.Sub(a.Events[0].Time) > time.Hour {
				t.Errorf("%d events, the newest of %v", len(a.Events), a.Totals.LastSeen)
			}
			for i := 1; i < len(a.Events); i++ {
				if a.Events[i].Time.After(a.Events[i-1].Time) {
					t.Fatal("the events are not the newest first")
				}
			}
			if !a.Events[0].Time.Equal(*a.Totals.LastSeen) {
				t.Errorf("the newest event is of %v, the last of %v", a.Events[0].Time, *a.Totals.LastSeen)
			}
		})
	}
}
