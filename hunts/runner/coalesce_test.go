package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// gated asks when the gate is open.
type gated struct {
	hunts.Source
	gate chan struct{}
}

func (g gated) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	<-g.gate
	return g.Source.Query(ctx, q)
}

// replicas are runners of their own processes: each has its own connection to
// the store and its own client of the workspace.
func replicas(t *testing.T, n int, redis, workspace string, gate chan struct{}) []*runner.Runner {
	t.Helper()
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*runner.Runner, n)
	for i := range out {
		source, err := loganalytics.New(loganalytics.Config{Endpoint: workspace, Workspaces: []loganalytics.Workspace{{Name: "prod", ID: "w"}}, Retry: azure.Retry{Sleep: func(context.Context, time.Duration) error { return nil }}})
		if err != nil {
			t.Fatal(err)
		}
		out[i] = newRunner(runner.Config{Catalog: catalog, Source: gated{source, gate}, Record: recordtest.Open(t, redis, fmt.Sprint("replica-", i)), Clock: testclock.New().Now})
	}
	return out
}

func exportOf(t *testing.T, files map[string]string) *localworkspace.Events {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	events, err := localworkspace.Load(t.Context(), dir, localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestFiftyAskersOfTwoProcessesShareOneRound(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, redis *recordtest.Server) {
		for n, c := range []struct {
			name    string
			status  int
			verdict hunts.Verdict
		}{
			{"when it is answered", 0, hunts.Reached},
			// Whoever waits for a hunt that can't tell is told the same, not sent into the same wall.
			{"when the workspace refuses", 403, hunts.CouldNotTell},
		} {
			t.Run(c.name, func(t *testing.T) {
				now := testclock.At()
				line := fmt.Sprintf(`{"TimeGenerated":%q,"DeviceName":"ws-1","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.%d"}`+"\n", now.Add(-time.Hour).Format(time.RFC3339), n)
				server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": exportOf(t, map[string]string{"DeviceNetworkEvents.ndjson": line})}})
				server.Fault(localworkspace.Fault{Status: c.status})
				url, err := server.Start(t.Context(), "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(server.Close)
				gate := make(chan struct{})
				runners := replicas(t, 2, redis.URL(), url, gate)
				req, refusal := request.Parse(fmt.Sprintf("ip=203.0.113.%d since=1d", n), now)
				if refusal != nil {
					t.Fatal(refusal.Sentence)
				}
				var askers sync.WaitGroup
				var waiting atomic.Int32
				wait := func(p hunts.Progress) {
					if p.SharedWith != "" && waiting.Add(1) == 49 {
						close(gate)
					}
				}
				for i := range 50 {
					askers.Go(func() {
						r := runners[i%2]
						h, err := r.Prepare(fmt.Sprintf("F-%s-%02d", c.verdict, i), req, hunts.Asker{User: fmt.Sprint("U", i)})
						if err != nil {
							t.Error(err)
							return
						}
						if a, err := r.Run(t.Context(), h, wait); err != nil || a.Verdict != c.verdict || a.HuntID != h.ID {
							t.Errorf("%s: %s of %s, %v", h.ID, a.Verdict, a.HuntID, err)
						}
					})
				}
				askers.Wait()
				// the coverage, its control and the slices of two UTC days; texts can't be compared, since each round
				// has a window of its own
				if n := len(server.Queries()); n == 0 || n > 4 {
					t.Errorf("%d queries", n)
				}
			})
		}
	})
}
