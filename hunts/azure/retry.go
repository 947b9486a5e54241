package azure

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Retry asks again while a service is busy or in trouble.
type Retry struct {
	// Attempts bounds the tries of one query; 0 is 3.
	Attempts int
	Log      *slog.Logger
	// Sleep waits between tries; nil is the real clock. Jitter gives a number in
	// [0,1) that spreads the tries of several replicas; nil draws one.
	Sleep  func(ctx context.Context, d time.Duration) error
	Jitter func() float64
}

// Do calls once until it gives a result, an error that another try would not
// mend, or there is no time for another try. A query that timed out is never
// repeated: it would time out again, and hold a slot for it.
func (r Retry) Do(ctx context.Context, hunt string, once func() (hunts.Result, error)) (hunts.Result, error) {
	for attempt := 1; ; attempt++ {
		res, err := once()
		if err == nil {
			return res, nil
		}
		wait, again := r.after(err, attempt)
		if deadline, ok := ctx.Deadline(); again && ok && time.Until(deadline) < wait {
			again = false
		}
		if !again {
			return hunts.Result{}, err
		}
		if r.Log != nil {
			r.Log.Info("query tried again", "hunt", hunt, "attempt", attempt, "wait", wait, "kind", hunts.KindOf(err))
		}
		pause := r.Sleep
		if pause == nil {
			pause = sleep
		}
		if err := pause(ctx, wait); err != nil {
			return hunts.Result{}, Cancelled(err)
		}
	}
}

// after is how long to wait before the next try, and whether there is one.
func (r Retry) after(err error, attempt int) (time.Duration, bool) {
	attempts := r.Attempts
	if attempts <= 0 {
		attempts = 3
	}
	var e *hunts.Error
	if attempt >= attempts || !errors.As(err, &e) || e.Kind != hunts.KindThrottled && e.Kind != hunts.KindUnavailable {
		return 0, false
	}
	wait := e.After
	if wait <= 0 {
		wait = time.Second << (attempt - 1)
	}
	jitter := r.Jitter
	if jitter == nil {
		jitter = rand.Float64 //nolint:gosec // it spreads tries and guards nothing
	}
	return wait + time.Duration(float64(wait)*0.2*jitter()), true
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// RetryAfter reads Retry-After in its three spellings; 0 when there is none.
func RetryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	for _, name := range []string{"retry-after-ms", "x-ms-retry-after-ms"} {
		if ms, err := strconv.Atoi(resp.Header.Get(name)); err == nil && ms > 0 {
			return time.Duration(ms) * time.Millisecond
		}
	}
	text := resp.Header.Get("Retry-After")
	if s, err := strconv.Atoi(text); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
