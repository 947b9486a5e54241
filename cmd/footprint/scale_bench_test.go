package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
)

// What the scale check offers, and how long it waits for the last answers.
const (
	scaleAskers  = 500
	scaleRate    = 50 // hunts a second
	scaleFor     = 60 * time.Second
	scaleDrain   = 6 * time.Minute
	scaleAckMost = time.Second
)

// BenchmarkScale offers far more hunts than five queries at once can answer, to one
// process and to two. It is no measure of a workspace: Slack, workspace, Redis and
// the bot share this machine.
func BenchmarkScale(b *testing.B) {
	for _, replicas := range []int{1, 2} {
		b.Run(fmt.Sprintf("processes=%d", replicas), func(b *testing.B) {
			for b.Loop() {
				measureScale(b, replicas)
			}
		})
	}
}

func measureScale(b *testing.B, replicas int) {
	d := newDeployment(b, localslack.Config{}, 60, 2)
	type seat struct{ localslack.Seat }
	var seats []seat
	channels := map[int]*localslack.Channel{}
	for n := range scaleAskers / 2 {
		channels[n] = d.slack.AddChannel(fmt.Sprintf("war-%d", n))
	}
	for n := range scaleAskers {
		seats = append(seats, seat{d.slack.AddUser(fmt.Sprintf("asker-%d", n)).In(channels[n%len(channels)])})
	}
	for n := range replicas {
		d.start(n)
	}
	d.waitConnected(replicas)
	began := time.Now()
	var mu sync.Mutex
	asked := map[string]time.Time{} // the defanged address → when it was asked for
	refused := 0
	var asking sync.WaitGroup
	tick := time.NewTicker(time.Second / scaleRate)
	for n := range int(scaleFor/time.Second) * scaleRate {
		<-tick.C
		asking.Go(func() {
			at := time.Now()
			if err := seats[n%len(seats)].Slash(d.ctx, fmt.Sprintf("/footprint ip=198.18.%d.%d since=24h", n/200, n%200+1)); err != nil {
				mu.Lock()
				refused++
				mu.Unlock()
				return
			}
			mu.Lock()
			asked[fmt.Sprintf("`198.18.%d[.]%d`", n/200, n%200+1)] = at
			mu.Unlock()
		})
	}
	tick.Stop()
	asking.Wait()
	offered := time.Since(began)
	inTime := answersOf(d)
	within, stop := context.WithTimeout(d.ctx, scaleDrain)
	defer stop()
	for answersOf(d) < len(asked) && pauseFor(within, time.Second) {
	}
	took := time.Since(began)
	var acks []time.Duration
	for _, e := range d.slack.Envelopes() {
		if e.Type == "slash_commands" && e.Acked > 0 {
			acks = append(acks, e.Acked)
		}
	}
	waits, answers := d.timeline(asked)
	memory := 0.0
	for n := range replicas {
		memory = max(memory, d.replicas[n].peakMemory())
	}
	d.stop(syscall.SIGTERM)
	slices.Sort(acks)
	b.ReportMetric(float64(len(asked))/offered.Seconds(), "offered/s")
	b.ReportMetric(float64(refused), "refused")
	b.ReportMetric(ms(at(acks, .5)), "ack-p50-ms")
	b.ReportMetric(ms(at(acks, .99)), "ack-p99-ms")
	b.ReportMetric(ms(at(acks, 1)), "ack-max-ms")
	b.ReportMetric(at(waits, .5).Seconds(), "queue-p50-s")
	b.ReportMetric(at(waits, .99).Seconds(), "queue-p99-s")
	b.ReportMetric(at(answers, .5).Seconds(), "answer-p50-s")
	b.ReportMetric(at(answers, .99).Seconds(), "answer-p99-s")
	b.ReportMetric(float64(inTime), "answered-in-60s")
	b.ReportMetric(float64(len(answers)), "answered")
	b.ReportMetric(float64(len(answers))/took.Seconds(), "answers/s")
	b.ReportMetric(memory, "peak-MB/process")
	if refused > 0 || len(acks) < len(asked) || at(acks, 1) > scaleAckMost {
		b.Errorf("of %d hunts %d were refused, %d acknowledged, the slowest after %v", len(asked)+refused, refused, len(acks), at(acks, 1))
	}
	if len(answers) < len(asked) {
		b.Errorf("%d of %d hunts were not answered within %v", len(asked)-len(answers), len(asked), scaleFor+scaleDrain)
	}
}

func pauseFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func verdictIn(text string) bool {
	return strings.HasPrefix(text, "🔴 *REACHED*") || strings.HasPrefix(text, "🟢 *CLEAN*") || strings.HasPrefix(text, "⚪") || strings.HasPrefix(text, "🟡")
}

func answersOf(d *deployment) int {
	n := 0
	for _, c := range d.slack.Calls() {
		if c.Method == "chat.update" && c.Error == "" && verdictIn(c.Args["text"]) {
			n++
		}
	}
	return n
}

// timeline gives, in order, how long hunts waited until their message came, which
// is when a worker took them, and until their answer.
func (d *deployment) timeline(asked map[string]time.Time) (waits, answers []time.Duration) {
	first, last := map[string]bool{}, map[string]bool{}
	for _, c := range d.slack.Calls() {
		if c.Error != "" || c.Method != "chat.update" && c.Method != "chat.postMessage" {
			continue
		}
		_, after, ok := strings.Cut(c.Args["text"], "`198.18.")
		if !ok {
			continue
		}
		value, _, _ := strings.Cut(after, "`")
		key := "`198.18." + value + "`"
		began, known := asked[key]
		if known && !first[key] && c.Method == "chat.postMessage" {
			first[key] = true
			waits = append(waits, c.Time.Sub(began))
		}
		if known && !last[key] && verdictIn(c.Args["text"]) {
			last[key] = true
			answers = append(answers, c.Time.Sub(began))
		}
	}
	slices.Sort(waits)
	slices.Sort(answers)
	return waits, answers
}

func at(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
