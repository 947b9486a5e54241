package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/request"
)

// watched makes a watchlist of n indicators: addresses, names and hashes as
// feeds have them, and those of the demo's story among them.
func watched(n int) []indicator.Indicator {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	story := []string{"203.0.113.66", "cdn-sync.example", "192.0.2.140"}
	out := make([]indicator.Indicator, 0, n)
	for len(out) < n {
		text := ""
		switch i := len(out); {
		case i < len(story):
			text = story[i]
		case i%10 < 6:
			text = fmt.Sprintf("%d.%d.%d.%d", 11+random.IntN(80), random.IntN(256), random.IntN(256), 1+random.IntN(254))
		case i%10 < 9:
			text = fmt.Sprintf("n%x.host%d.example", random.Uint32(), random.IntN(1000))
		default:
			text = fmt.Sprintf("%016x%016x%016x%016x", random.Uint64(), random.Uint64(), random.Uint64(), random.Uint64())
		}
		if typed, refusal := indicator.Type(text); refusal == nil {
			out = append(out, typed)
		}
	}
	return out
}

// peakHeap samples the heap while do runs.
func peakHeap(do func()) uint64 {
	var peak atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	do()
	close(stop)
	<-done
	return peak.Load()
}

// BenchmarkSweep hunts a watchlist over a million events, through azquery and
// the local workspace.
func BenchmarkSweep(b *testing.B) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 1, Now: now, Devices: 7000})
	cfg, err := loadConfig(nil)
	if err != nil {
		b.Fatal(err)
	}
	parts, err := assemble(b.Context(), cfg, assembly{fleet: func() *localworkspace.Events { return events }, name: "benchmark", progress: io.Discard, clock: func() time.Time { return now }, terminal: true})
	if err != nil {
		b.Fatal(err)
	}
	defer parts.close()
	for _, n := range []int{500, 5_000, 50_000} {
		list := watched(n)
		b.Run(fmt.Sprintf("%d-indicators/%dk-events", n, events.Rows("DeviceNetworkEvents")/1000), func(b *testing.B) {
			var survey hunts.Survey
			var peak uint64
			for b.Loop() {
				peak = max(peak, peakHeap(func() {
					h := parts.runner.ForSurvey("F-BENCH", request.Request{All: true}, hunts.Asker{User: "benchmark"})
					if survey, err = parts.runner.Survey(context.Background(), h, list, nil); err != nil {
						b.Fatal(err)
					}
				}))
			}
			if survey.Verdict != hunts.Reached || len(survey.Hits) == 0 {
				b.Fatalf("the story was not found: %s, %s", survey.Verdict, survey.Reason)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/indicator")
			b.ReportMetric(float64(survey.Queries), "queries")
			b.ReportMetric(float64(survey.Bytes), "query-bytes")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
		})
	}
}
