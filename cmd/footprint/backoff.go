package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/footprint-soc/footprint/hunts/record"
)

// longestHold bounds the pause before a start.
const longestHold = 30 * time.Second

// holdOff is how long a start waits after so many that failed: a supervisor that
// starts us forty times a second would have Slack and Azure lock us out.
func holdOff(failed int) time.Duration {
	if failed <= 0 {
		return 0
	}
	return min(500*time.Millisecond<<min(failed, 10), longestHold)
}

// waitBeforeStart holds a start back when the last ones on this machine failed.
func waitBeforeStart(ctx context.Context, store *record.Store, host string, log *slog.Logger) error {
	failed, err := store.FailedStarts(ctx, host)
	if err != nil || failed == 0 {
		return nil //nolint:nilerr // a store that does not answer is said by what needs it
	}
	log.Warn("the last starts failed, waiting before this one", "failed", failed, "pause", holdOff(failed))
	return rest(ctx, holdOff(failed))
}

// afterFailure remembers an end by an error, for the next start. Without a store
// that outlives the process, the end itself takes a moment.
func afterFailure(ctx context.Context, store *record.Store, host string, log *slog.Logger) {
	if store.InMemory() {
		_ = rest(ctx, holdOff(1)) // told to stop: it ends at once
		return
	}
	within, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer stop()
	if err := store.NoteFailedStart(within, host); err != nil {
		log.Info("failed start not noted", "error", err)
	}
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
