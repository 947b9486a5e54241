package hunts

import (
	"context"
	"time"
)

type lenderKey struct{}

// Lending gives a context under which Lend hands the worker of a job to others.
// A nil lend ends that: a helper goroutine has no worker to lend.
func Lending(ctx context.Context, lend func(wait func())) context.Context {
	return context.WithValue(ctx, lenderKey{}, lend)
}

// Lend calls wait, which waits and does nothing else. Where the context belongs to
// a job, others use its worker meanwhile: what one channel has to wait for must
// not hold up another.
func Lend(ctx context.Context, wait func()) {
	if lend, _ := ctx.Value(lenderKey{}).(func(func())); lend != nil {
		lend(wait)
		return
	}
	wait()
}

// Pause lends the worker for a while; false when the context ended first.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	whole := false
	Lend(ctx, func() {
		select {
		case <-ctx.Done():
		case <-timer.C:
			whole = true
		}
	})
	return whole
}
