package runner_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// remembering is a runner with a store, and the workspace it asks.
func remembering(t *testing.T) (*runner.Runner, *record.Store, *localworkspace.Server) {
	t.Helper()
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: testclock.At(), Devices: 60, Days: 8})
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": events}, Clock: testclock.New().Now})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	source, err := loganalytics.New(loganalytics.Config{Endpoint: url, Workspaces: []loganalytics.Workspace{{Name: "test", ID: "w"}}})
	if err != nil {
		t.Fatal(err)
	}
	store, err := record.Open(t.Context(), record.Config{Clock: testclock.New().Now, Replica: "r", Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	return newRunner(runner.Config{Catalog: catalog, Source: source, Record: store, Clock: testclock.New().Now}), store, server
}

func triageOf(t *testing.T, r *runner.Runner, prefix string, fresh bool, values ...string) []hunts.Hunt {
	t.Helper()
	var batch []hunts.Hunt
	for n, v := range values {
		i, refusal := indicator.Type(v)
		if refusal != nil {
			t.Fatal(refusal.Sentence)
		}
		req := request.Request{Fresh: fresh}
		req.Add(i)
		h, err := r.Prepare(prefix+string(rune('A'+n)), req, hunts.Asker{User: "U1", Name: "ana"})
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, h)
	}
	return batch
}

func TestATriageSaysOfEachIndicatorWhatItsOwnHuntSays(t *testing.T) {
	runner, store, _ := remembering(t)
	batch := triageOf(t, runner, "F-T", false, "203.0.113.66", "cdn-sync.example", "198.51.100.24", "192.0.2.10", "http://cdn-sync.example/a", "203.0.113.0/28")
	got, err := runner.Triage(t.Context(), batch, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n, a := range got {
		h := batch[n]
		kept, ok, err := store.Answer(t.Context(), h.ID)
		if err != nil || !ok || kept.Verdict != a.Verdict || a.HuntID != h.ID {
			t.Errorf("%s is not kept under its id %s: %v, %v", h.Request.Indicators()[0], h.ID, ok, err)
		}
		if !a.Truncated.Events || len(a.ByIndicator) != 1 || a.KQL == "" || a.Reason == "" {
			t.Errorf("%s: %+v", h.ID, a)
		}
		h.ID, h.Request.Fresh = h.ID+"-ALONE", true
		alone, err := runner.Run(t.Context(), h, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict != alone.Verdict || a.Totals.Events != alone.Totals.Events || a.Totals.Devices != alone.Totals.Devices || a.Outcomes != alone.Outcomes || len(a.ByDevice) != len(alone.ByDevice) {
			t.Errorf("%s: triage %s %+v %+v, alone %s %+v %+v", h.Request.Indicators()[0], a.Verdict, a.Totals, a.Outcomes, alone.Verdict, alone.Totals, alone.Outcomes)
		}
	}
}

func TestATriageSharesWithEverybodysHunts(t *testing.T) {
	runner, _, server := remembering(t)
	one := triageOf(t, runner, "F-H", false, "203.0.113.66")[0]
	if _, err := runner.Run(t.Context(), one, nil); err != nil {
		t.Fatal(err)
	}
	before := len(server.Queries())
	got, err := runner.Triage(t.Context(), triageOf(t, runner, "F-X", false, "203.0.113.66"), nil)
	if err != nil || got[0].Verdict != hunts.Reached || got[0].Source.CachedAt == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	if asked := len(server.Queries()) - before; asked != 0 {
		t.Errorf("%d queries for what a hunt had answered", asked)
	}
	values := []string{"203.0.113.66", "198.51.100.24", "192.0.2.10"}
	if _, err := runner.Triage(t.Context(), triageOf(t, runner, "F-Y", false, values...), nil); err != nil {
		t.Fatal(err)
	}
	before = len(server.Queries())
	if _, err := runner.Triage(t.Context(), triageOf(t, runner, "F-Z", false, values...), nil); err != nil {
		t.Fatal(err)
	}
	if asked := len(server.Queries()) - before; asked != 0 {
		t.Errorf("%d queries for what another thread had asked", asked)
	}
	if _, err := runner.Triage(t.Context(), triageOf(t, runner, "F-N", true, values...), nil); err != nil {
		t.Fatal(err)
	}
	if len(server.Queries()) == before {
		t.Error("a fresh triage was answered from memory")
	}
}

func TestTwoThreadsWithTheSameListAskOnce(t *testing.T) {
	runner, _, server := remembering(t)
	values := []string{"203.0.113.66", "198.51.100.24", "192.0.2.10"}
	batches := [][]hunts.Hunt{triageOf(t, runner, "F-A", false, values...), triageOf(t, runner, "F-B", false, values...)}
	done := make(chan error, len(batches))
	for _, batch := range batches {
		go func() {
			_, err := runner.Triage(t.Context(), batch, nil)
			done <- err
		}()
	}
	for range batches {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if n := hunting(server); n != 1 {
		t.Errorf("%d queries for two threads with one list", n)
	}
}

// hunting counts the queries that look for indicators, coverage and control
// left out.
func hunting(server *localworkspace.Server) int {
	n := 0
	for _, q := range server.Queries() {
		if isHunt(q.Query) {
			n++
		}
	}
	return n
}

func isHunt(query string) bool {
	first, _, _ := strings.Cut(query, "\n") // places come behind the search of the endpoints, one query each
	return strings.Contains(query, "let hunt_rows") && !strings.HasSuffix(first, " control") && !strings.Contains(first, " place place-")
}
