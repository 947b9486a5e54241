package record_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/testclock"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

func TestAPromiseIsChangedByManyAndLosesNothing(t *testing.T) {
	s := recordtest.Start(t)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			err := s.ChangePromise(t.Context(), "F-1", func(p *warranty.Promise) error {
				p.Hunt = "F-1"
				if p.Seen == nil {
					p.Seen = map[string]string{}
				}
				p.Seen[fmt.Sprint(n)] = "x"
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := s.Promises(t.Context())
	if err != nil || len(got) != 1 || len(got[0].Seen) != 20 {
		t.Fatalf("%v: %+v", err, got)
	}
	stop := errors.New("stop")
	if err := s.ChangePromise(t.Context(), "F-1", func(p *warranty.Promise) error { p.Hunt = ""; return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	if got, _ := s.Promises(t.Context()); len(got) != 1 {
		t.Error("a change that failed dropped it")
	}
	if err := s.ChangePromise(t.Context(), "F-1", func(p *warranty.Promise) error { *p = warranty.Promise{}; return nil }); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.Promises(t.Context()); len(got) != 0 {
		t.Errorf("it is still there: %+v", got)
	}
}

func TestWatchesAndLooksAreKeptUntilSomebodyDropsThem(t *testing.T) {
	s := recordtest.Start(t)
	now := testclock.At()
	if err := s.ChangeWatch(t.Context(), "F-1", func(w *warranty.Watch) error {
		w.Hunt, w.Until, w.Rang = "F-1", now, &warranty.Sighting{Device: "WS-1"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	watches, err := s.Watches(t.Context())
	if err != nil || len(watches) != 1 || watches[0].Rang.Device != "WS-1" || !watches[0].Until.Equal(now) {
		t.Errorf("%v: %+v", err, watches)
	}
	for range 2 {
		if err := s.ChangeLook(t.Context(), "", func(l *warranty.Look) error { l.Sooner(now.Add(time.Minute)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	looks, err := s.Looks(t.Context())
	if err != nil || len(looks) != 1 || !looks[0].Next.Equal(now.Add(time.Minute)) || looks[0].Scope != "" {
		t.Errorf("%v: %+v", err, looks)
	}
	if err := s.ChangeLook(t.Context(), "", func(l *warranty.Look) error { *l = warranty.Look{}; return nil }); err != nil {
		t.Fatal(err)
	}
	if looks, _ := s.Looks(t.Context()); len(looks) != 0 {
		t.Errorf("%+v", looks)
	}
}
