//go:build fault

package main

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
)

// The soak asks for five hunts a second, for as long as FOOTPRINT_TEST_SOAK says: an
// hour before a release, ten minutes now and then. It is not in the gate.
const (
	soakPace     = 200 * time.Millisecond
	soakChannels = 60 // Slack takes one post a second in each
	// soakGrowth is how much more memory and how many more goroutines the most of the
	// second half may be than the most of the first: one reading stands anywhere between
	// two collections of garbage.
	soakGrowth = 1.25
)

// soakReading is what a process takes at one moment.
type soakReading struct {
	at                        time.Duration
	asked, heap, rss, threads float64
}

func (r soakReading) String() string {
	return fmt.Sprintf("after %s, %.0f hunts: heap %.1f MB, resident %.1f MB, %.0f goroutines", r.at.Round(time.Second), r.asked, r.heap/1e6, r.rss/1e6, r.threads)
}

func TestFiveHuntsASecondTakeNoMoreAndMoreMemory(t *testing.T) {
	text := os.Getenv("FOOTPRINT_TEST_SOAK")
	if text == "" {
		t.Skip("SKIPPED: set FOOTPRINT_TEST_SOAK=1h, or 10m")
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), length+3*time.Minute)
	defer stop()
	d := newDeployment(t, localslack.Config{}, 40, 9)
	d.start(0)
	d.waitConnected(1)
	var channels []*localslack.Channel
	for n := range soakChannels {
		channels = append(channels, d.slack.AddChannel(fmt.Sprintf("war-%d", n)))
	}
	began, asked, declined := time.Now(), 0, 0
	read := func() soakReading {
		return soakReading{time.Since(began), float64(asked), d.metric(0, "go_memstats_heap_inuse_bytes"), d.metric(0, "process_resident_memory_bytes"), d.metric(0, "go_goroutines")}
	}
	readings := []soakReading{read()}
	t.Log(readings[0])
	pace := time.NewTicker(soakPace)
	defer pace.Stop()
	ana := d.slack.User("ana")
	for time.Since(began) < length {
		<-pace.C
		if err := ana.In(channels[asked%soakChannels]).Slash(ctx, fmt.Sprintf("/footprint ip=198.18.%d.%d", asked/200%200, asked%200+1)); err != nil {
			declined++
		}
		asked++
		if next := length / 10 * time.Duration(len(readings)); time.Since(began) >= next {
			readings = append(readings, read())
			t.Log(readings[len(readings)-1])
		}
	}
	d.nothingPending(ctx)
	last := read()
	t.Logf("%v, %d not taken by Slack, work drained", last, declined)
	readings = append(readings, last)
	half := len(readings) / 2
	for name, of := range map[string]func(soakReading) float64{
		"heap": func(r soakReading) float64 { return r.heap }, "resident memory": func(r soakReading) float64 { return r.rss }, "goroutines": func(r soakReading) float64 { return r.threads },
	} {
		var most [2]float64
		for n, r := range readings {
			most[min(n/half, 1)] = max(most[min(n/half, 1)], of(r))
		}
		if most[1] > soakGrowth*most[0] {
			t.Errorf("%s grew from at most %.0f in the first half to %.0f in the second", name, most[0], most[1])
		}
	}
}
