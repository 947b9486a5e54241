package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// gate holds each query whose turn it is until the test lets it go.
type gate struct {
	turns   azure.Turns
	mu      sync.Mutex
	running map[bool][]chan struct{} // by whether it is a sweep's
	started chan bool
}

func (g *gate) turn(ctx context.Context, q hunts.Query) (func(), int, error) {
	leave, ahead, err := g.turns(ctx, q)
	if err != nil {
		return leave, ahead, err
	}
	release := make(chan struct{})
	g.mu.Lock()
	g.running[q.Sweep] = append(g.running[q.Sweep], release)
	g.mu.Unlock()
	g.started <- q.Sweep
	select {
	case <-release:
	case <-ctx.Done():
	}
	return leave, ahead, nil
}

// let ends the query of a lane that has run longest.
func (g *gate) let(sweep bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.running[sweep]) == 0 {
		return
	}
	close(g.running[sweep][0])
	g.running[sweep] = g.running[sweep][1:]
}

func TestAPersonDoesNotWaitForSweeps(t *testing.T) {
	t.Parallel()
	now := testclock.At()
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: now, Devices: 40, Days: 2})}, Clock: testclock.New().Now})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	store := recordtest.Start(t)
	m := newMetrics()
	g := &gate{turns: sharedTurns(store, m, "test", identitySlots), running: map[bool][]chan struct{}{}, started: make(chan bool, 1000)}
	source, err := loganalytics.New(loganalytics.Config{Endpoint: url, Workspaces: []loganalytics.Workspace{{Name: "test", ID: "w"}}, Turns: g.turn})
	if err != nil {
		t.Fatal(err)
	}
	runner, err := runner.New(runner.Config{Catalog: catalog, Source: seenSource{source, m}, Record: store, Authorizer: hunts.AllowAll(store, testclock.New().Now), Clock: testclock.New().Now})
	if err != nil {
		t.Fatal(err)
	}

	// More sweeps than there are slots, each with more to ask than it gets.
	ctx, stop := context.WithCancel(t.Context())
	var sweeps sync.WaitGroup
	for n := range identitySlots + 1 {
		sweeps.Go(func() {
			list := make([]indicator.Indicator, 0, 6000)
			for i := range cap(list) {
				typed, _ := indicator.Type(fmt.Sprintf("%064x", n*100_000+i+1))
				list = append(list, typed)
			}
			h := hunts.Hunt{ID: fmt.Sprint("F-SWEEP", n), Name: hunts.DefaultHunt, Window: hunts.Window{From: now.Add(-time.Duration(n+1) * time.Hour), To: now}, Asker: hunts.Asker{User: "sweep"}, Scheduled: true, Control: true}
			_, _ = runner.Survey(ctx, h, list, nil) // it is stopped when the person has the answer
		})
	}
	defer sweeps.Wait()
	defer stop()
	const most = identitySlots / 2
	for range most {
		if !<-g.started {
			t.Fatal("a query of a sweep is asked as one of a person")
		}
	}

	// They run as long as the person's hunt does.
	done := make(chan hunts.Answer, 1)
	go func() {
		typed, _ := indicator.Type("203.0.113.66")
		req := request.Request{Since: 24 * time.Hour}
		req.Add(typed)
		h, err := runner.Prepare("F-PERSON", req, hunts.Asker{User: "ana"})
		if err != nil {
			t.Error(err)
		}
		a, err := runner.Run(ctx, h, func(hunts.Progress) {})
		if err != nil {
			t.Error(err)
		}
		done <- a
	}()
	for {
		select {
		case sweep := <-g.started:
			if sweep {
				t.Fatalf("more than %d queries of sweeps run", most)
			}
			g.let(false)
		case a := <-done:
			if a.Verdict != hunts.Reached {
				t.Errorf("%s, %s", a.Verdict, a.Reason)
			}
			g.let(true)
			if !<-g.started {
				t.Error("what follows the query of a sweep is none of a sweep")
			}
			return
		case <-t.Context().Done():
			t.Fatal("the person waits")
		}
	}
}
