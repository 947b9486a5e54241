package azure

import (
	"context"
	"slices"
	"sync"
)

// lanes hands out the query slots of one identity: interactive questions
// before sweeps, and among those who wait, whoever has had the least.
type lanes struct {
	mu      sync.Mutex
	free    int
	waiting []*waiter
	running map[string]int // slots held by each asker
}

type waiter struct {
	asker string
	sweep bool
	ready chan struct{}
}

func newLanes(slots int) *lanes { return &lanes{free: slots, running: map[string]int{}} }

// enter waits for a slot. ahead is how many waited already when it was asked.
func (l *lanes) enter(ctx context.Context, asker string, sweep bool) (release func(), ahead int, err error) {
	l.mu.Lock()
	if l.free > 0 && len(l.waiting) == 0 {
		l.take(asker)
		l.mu.Unlock()
		return l.leave(asker), 0, nil
	}
	ahead = len(l.waiting)
	w := &waiter{asker: asker, sweep: sweep, ready: make(chan struct{})}
	l.waiting = append(l.waiting, w)
	l.mu.Unlock()
	select {
	case <-w.ready:
		return l.leave(asker), ahead, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting, w); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		return nil, ahead, ctx.Err()
	}
	// the slot was given in the same moment: pass it on
	l.give(asker)
	return nil, ahead, ctx.Err()
}

func (l *lanes) take(asker string) {
	l.free--
	l.running[asker]++
}

func (l *lanes) leave(asker string) func() {
	var once sync.Once
	return func() {
		once.Do(func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.give(asker)
		})
	}
}

// give frees a slot and hands it to the next one. The caller holds the lock.
func (l *lanes) give(asker string) {
	l.free++
	if l.running[asker]--; l.running[asker] <= 0 {
		delete(l.running, asker)
	}
	if len(l.waiting) == 0 {
		return
	}
	best := 0
	for i, w := range l.waiting {
		b := l.waiting[best]
		if w.sweep != b.sweep {
			if b.sweep {
				best = i
			}
			continue
		}
		if l.running[w.asker] < l.running[b.asker] {
			best = i
		}
	}
	w := l.waiting[best]
	l.waiting = slices.Delete(l.waiting, best, best+1)
	l.take(w.asker)
	close(w.ready)
}
