//go:build fault

package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// goesOnWithin is the promise for what a dead replica was doing.
const goesOnWithin = 15 * time.Second

func TestADeadReplicasHuntGoesOnElsewhere(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	d := newDeployment(t, localslack.Config{}, 60, 9)
	d.start(0)
	d.waitConnected(1)
	running, dead := make(chan struct{}, 1000), make(chan struct{})
	d.workspace.Fault(localworkspace.Fault{Match: func(string) bool {
		running <- struct{}{}
		<-dead
		return false
	}})
	soc := d.slack.Channel("soc")
	if err := d.slack.User("ana").In(soc).Slash(ctx, "/footprint ip=203.0.113.66"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-running:
	case <-ctx.Done():
		t.Fatal("the hunt does not begin")
	}
	d.start(1)
	d.waitConnected(2)
	killed := time.Now()
	d.signal(0, syscall.SIGSTOP) // killed, the process would be started again and could take its own hunt over
	close(dead)
	m, err := d.slack.WaitMessage(ctx, soc, func(m localslack.Message) bool { return strings.Contains(m.Text, "*REACHED*") })
	if err != nil {
		t.Fatal("the hunt of the dead replica has no answer")
	}
	took := time.Since(killed)
	t.Logf("answered by the other replica %v after the death of the first", took.Round(100*time.Millisecond))
	if took > goesOnWithin {
		t.Errorf("that is longer than %v", goesOnWithin)
	}
	// it wakes up, and must not answer what is answered
	d.signal(0, syscall.SIGCONT)
	err = d.slack.Until(ctx, func() bool { return len(soc.Thread(m.TS)) >= 3 }) // the message, its table, and what is around it
	if n := len(soc.Messages()); err != nil || n != 1 {
		t.Errorf("%d messages in the channel, %d in the thread", n, len(soc.Thread(m.TS)))
	}
}

// stopsWithin is how long a replica may take to end after SIGTERM; what starts it
// should wait longer than that.
const stopsWithin = 15 * time.Second

func TestARollingRestartUnderLoadLosesNothing(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	defer stop()
	const asked, channels = 200, 40
	d := newDeployment(t, localslack.Config{}, 60, 9)
	for n := range channels {
		d.slack.AddChannel(fmt.Sprintf("war-%d", n))
	}
	d.start(0)
	d.start(1)
	d.waitConnected(2)
	var mu sync.Mutex
	accepted := map[string]*localslack.Channel{}
	notTaken := map[string]int{}
	var asking sync.WaitGroup
	var slowest time.Duration
	restarts := 0
	ana := d.slack.User("ana")
	pace := time.NewTicker(75 * time.Millisecond)
	defer pace.Stop()
	loaded := make(chan struct{})
	asking.Go(func() {
		defer close(loaded)
		var each sync.WaitGroup
		for n := range asked {
			<-pace.C
			each.Go(func() {
				channel := d.slack.Channel(fmt.Sprintf("war-%d", n%channels))
				err := ana.In(channel).Slash(ctx, fmt.Sprintf("/footprint ip=198.18.%d.%d", n/200, n%200+1))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					notTaken[err.Error()]++
					return
				}
				accepted[fmt.Sprintf("198.18.%d[.]%d`", n/200, n%200+1)] = channel
			})
		}
		each.Wait()
	})
	for n := 0; ; n++ {
		began := time.Now()
		select {
		case <-d.signal(n%2, syscall.SIGTERM).ended:
		case <-ctx.Done():
			t.Fatal("a replica does not stop")
		}
		slowest = max(slowest, time.Since(began))
		restarts++
		d.waitConnected(2)
		select {
		case <-loaded:
		default:
			continue
		}
		break
	}
	asking.Wait()
	err := d.slack.Until(ctx, func() bool {
		for mark, channel := range accepted {
			if x := (faultHunt{channel: channel}).look(mark); !x.complete() {
				return false
			}
		}
		return true
	})
	bad := 0
	for mark, channel := range accepted {
		if x := (faultHunt{channel: channel}).look(mark); x.parents != 1 || x.answered != 1 || x.files != 0 || x.repeated > 0 {
			t.Logf("%s: %+v", mark, x)
			bad++
		}
	}
	declined := strings.Count(func() (all string) {
		for n := range channels {
			all += allTexts(d.slack.Channel(fmt.Sprintf("war-%d", n)))
		}
		return all
	}(), "can't take this now")
	t.Logf("%d restarts, the slowest stop took %v; %d hunts accepted of %d, lost or twice %d, declined %d, shown as failed by Slack %v", restarts, slowest.Round(time.Millisecond), len(accepted), asked, bad, declined, notTaken)
	if err != nil || bad > 0 || declined > 0 {
		t.Error("a rolling restart lost something")
	}
	if slowest > stopsWithin {
		t.Errorf("a stop took longer than %v", stopsWithin)
	}
	if d.ended > 0 {
		t.Errorf("%d processes did not end well", d.ended)
	}
	d.nothingPending(ctx)
}
