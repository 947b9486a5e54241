package record

import (
	"context"
	"sync"
)

// workers are the places of jobs that run at once. A job that comes back from a wait
// is served before new work is taken: what was begun is ended first.
type workers struct {
	mu    sync.Mutex
	free  int
	back  []chan struct{} // jobs that come back, in order
	fresh []chan struct{} // whoever looks for new work
}

// try takes a place if one is free and nobody comes back.
func (w *workers) try() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.free == 0 {
		return false
	}
	w.free--
	return true
}

// take waits for a place for new work; false when the context ended first.
func (w *workers) take(ctx context.Context) bool { return w.wait(ctx, &w.fresh) }

// resume waits for a place for a job that comes back. It ends, since jobs end.
func (w *workers) resume() { w.wait(context.Background(), &w.back) }

func (w *workers) wait(ctx context.Context, line *[]chan struct{}) bool {
	w.mu.Lock()
	if w.free > 0 {
		w.free--
		w.mu.Unlock()
		return true
	}
	mine := make(chan struct{}, 1)
	*line = append(*line, mine)
	w.mu.Unlock()
	select {
	case <-mine:
		return true
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range *line {
		if c == mine {
			*line = append((*line)[:i:i], (*line)[i+1:]...)
			return false
		}
	}
	w.pass() // it was given a place at that very moment
	return false
}

// give ends the use of a place.
func (w *workers) give() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pass()
}

// pass hands a place on. The caller holds mu.
func (w *workers) pass() {
	for _, line := range []*[]chan struct{}{&w.back, &w.fresh} {
		if len(*line) > 0 {
			next := (*line)[0]
			*line = (*line)[1:]
			next <- struct{}{}
			return
		}
	}
	w.free++
}
