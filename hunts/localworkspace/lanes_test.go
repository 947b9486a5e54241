package localworkspace

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAQueryIsTurnedAwayAfterThreeMinutesInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes()
		for range maxRunning {
			if _, err := l.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		started := time.Now()
		if _, err := l.enter(t.Context()); !errors.Is(err, errThrottled) {
			t.Errorf("error %v, want throttled", err)
		}
		if waited := time.Since(started); waited != maxQueuing {
			t.Errorf("waited %v, want %v", waited, maxQueuing)
		}
	})
}

func TestTheQueueHoldsTwoHundred(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes()
		for range maxRunning {
			if _, err := l.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range maxQueued {
			go func() { _, _ = l.enter(ctx) }()
		}
		synctest.Wait()
		if _, err := l.enter(t.Context()); !errors.Is(err, errThrottled) {
			t.Errorf("error %v of the query after them, want throttled at once", err)
		}
		cancel()
		synctest.Wait()
		if len(l.queued) != 0 {
			t.Errorf("%d still queue after they were given up", len(l.queued))
		}
	})
}
