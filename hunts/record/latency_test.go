package record_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// TestCloseLeavesNothingRunning is not parallel: it counts goroutines.
func TestCloseLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := record.Open(t.Context(), record.Config{Random: rand.Reader})
	check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- s.Consume(ctx, quick(t), func(context.Context, hunts.Job) error { stop(); return nil })
	}()
	release, _, err := s.AcquireSlot(t.Context(), record.Slot{Identity: "i", Slots: 1, Asker: "U1"})
	check(t, err)
	push(t, s, "interactive", "hunt")
	check(t, receive(t, "Consume ends", done))
	release()
	check(t, s.Close())
	if !recordtest.Within(soon, func() bool { return runtime.NumGoroutine() <= before }) {
		stacks := make([]byte, 64<<10)
		t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
	}
}

// BenchmarkAck is what an asker waits for before Slack is told that the
// question was received; BenchmarkDispatch is from there to the first line of
// the handler.
func BenchmarkAck(b *testing.B) {
	s := recordtest.Start(b)
	payload := make([]byte, 2000)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if _, err := s.Push(b.Context(), "interactive", "envelope", fmt.Sprint(i), payload); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	percentiles(b, took)
}

func BenchmarkDispatch(b *testing.B) {
	s := recordtest.Start(b)
	ctx, stop := context.WithCancel(b.Context())
	arrived, ended := make(chan time.Time), make(chan error)
	go func() {
		ended <- s.Consume(ctx, record.ConsumeConfig{Lanes: lanes}, func(context.Context, hunts.Job) error { arrived <- time.Now(); return nil })
	}()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if _, err := s.Push(b.Context(), "interactive", "envelope", fmt.Sprint(i), nil); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-arrived).Sub(began))
	}
	stop()
	<-ended
	percentiles(b, took)
}

func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs/p99")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "µs/max")
}
