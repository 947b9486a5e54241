package record_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

func TestSlotsAreSharedByReplicas(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		stores := []*record.Store{recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")}
		var running, most atomic.Int64
		var askers sync.WaitGroup
		for i := range 40 {
			askers.Go(func() {
				release, _, err := stores[i%2].AcquireSlot(t.Context(), record.Slot{Identity: "id {1}", Slots: 5, Asker: fmt.Sprint("U|", i%4), Sweep: i%3 == 0})
				if err != nil {
					t.Error(err)
					return
				}
				n := running.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				running.Add(-1)
				release()
				release()
			})
		}
		askers.Wait()
		if most.Load() > 5 || most.Load() == 0 {
			t.Errorf("%d ran at once", most.Load())
		}
		release, ahead, err := stores[1].AcquireSlot(t.Context(), record.Slot{Identity: "id {1}", Slots: 5, Asker: "U"})
		if err != nil || ahead != 0 {
			t.Fatalf("when all are free again: %d ahead, %v", ahead, err)
		}
		release()
	})
}

func TestSlotsGoToPeopleFirstAndFairly(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		c := server.Client()
		defer c.Close()
		first, ahead, err := s.AcquireSlot(t.Context(), record.Slot{Identity: "i", Slots: 1, Asker: "greedy"})
		if err != nil || ahead != 0 {
			t.Fatalf("the first: %d ahead, %v", ahead, err)
		}
		order := make(chan string, 10)
		waiting := func() int64 {
			keys, err := c.Keys(t.Context(), "fp:1:{slots*}:waiting").Result()
			if err != nil || len(keys) != 1 {
				return 0
			}
			return c.HLen(t.Context(), keys[0]).Val()
		}
		var line sync.WaitGroup
		queue := func(name, asker string, sweep bool) {
			before := waiting()
			line.Go(func() {
				release, ahead, err := s.AcquireSlot(t.Context(), record.Slot{Identity: "i", Slots: 1, Asker: asker, Sweep: sweep})
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				order <- fmt.Sprint(name, " ", ahead)
				release()
			})
			expect(t, name+" waits", func() bool { return waiting() == before+1 })
		}
		queue("sweep", "sweeper", true)
		queue("greedy again", "greedy", false)
		queue("modest", "modest", false)
		first()
		line.Wait()
		close(order)
		var got []string
		for o := range order {
			got = append(got, o)
		}
		// Greedy holds the one slot while they come, so modest passes; once it is
		// free nobody holds any, and whoever came first goes first.
		if fmt.Sprint(got) != "[greedy again 1 modest 1 sweep 1]" {
			t.Errorf("the order is %v", got)
		}
	})
}

func TestSweepsHoldHalfOfTheSlotsAtMost(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		got := make(chan func(), 10)
		var all sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		defer all.Wait()
		defer stop()
		for n := range 5 {
			all.Go(func() {
				if release, _, err := s.AcquireSlot(ctx, record.Slot{Identity: "i", Slots: 5, Asker: fmt.Sprint("sweep", n), Sweep: true}); err == nil {
					got <- release
				}
			})
		}
		held := []func(){receive(t, "the first sweep", got), receive(t, "the second sweep", got)}
		for n := range 3 {
			release, ahead, err := s.AcquireSlot(t.Context(), record.Slot{Identity: "i", Slots: 5, Asker: fmt.Sprint("U", n)})
			if err != nil || ahead != 0 {
				t.Fatalf("person %d: %d ahead, %v", n, ahead, err)
			}
			defer release()
		}
		select {
		case <-got:
			t.Error("a third sweep holds a slot")
		default:
		}
		held[0]()
		receive(t, "the third sweep follows the first", got)()
		held[1]()
	})
}

func TestALineIsLeftWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		release, _, err := s.AcquireSlot(t.Context(), record.Slot{Identity: "i", Slots: 1, Asker: "U1"})
		check(t, err)
		ctx, stop := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			_, _, err := s.AcquireSlot(ctx, record.Slot{Identity: "i", Slots: 1, Asker: "U2"})
			result <- err
		}()
		stop()
		if err := receive(t, "the one who stopped returns", result); !errors.Is(err, context.Canceled) {
			t.Errorf("it says %v", err)
		}
		release()
		if left := server.Leftovers(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestWhoWaitsForASlotHearsHowManyAreAhead(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		first, _, err := s.AcquireSlot(t.Context(), record.Slot{Identity: "i", Slots: 1, Asker: "U1"})
		check(t, err)
		heard, done := make(chan int, 100), make(chan func())
		go func() {
			release, _, err := s.AcquireSlot(t.Context(), record.Slot{Identity: "i", Slots: 1, Asker: "U2", Waiting: func(ahead int) { heard <- ahead }})
			if err != nil {
				t.Error(err)
			}
			done <- release
		}()
		if n := receive(t, "it hears that it waits", heard); n != 1 {
			t.Errorf("it hears of %d ahead", n)
		}
		first()
		receive(t, "it gets the slot", done)()
	})
}
