package localworkspace

import (
	"context"
	"errors"
	"time"
)

// What the service allows one identity
// (learn.microsoft.com/azure/azure-monitor/service-limits#user-query-throttling).
const (
	maxRunning = 5
	maxQueued  = 200
	maxQueuing = 3 * time.Minute
)

var errThrottled = errors.New("too many queries")

// lanes lets five queries run and the others wait in the order of their coming.
type lanes struct {
	running chan struct{}
	queued  chan struct{}
}

func newLanes() *lanes {
	return &lanes{running: make(chan struct{}, maxRunning), queued: make(chan struct{}, maxQueued)}
}

// enter waits for a lane; leave gives it back. errThrottled means that the queue
// is full or the wait too long.
func (l *lanes) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-l.running }
	select {
	case l.running <- struct{}{}:
		return leave, nil
	default:
	}
	select {
	case l.queued <- struct{}{}:
	default:
		return nil, errThrottled
	}
	defer func() { <-l.queued }()
	patience := time.NewTimer(maxQueuing)
	defer patience.Stop()
	select {
	case l.running <- struct{}{}:
		return leave, nil
	case <-patience.C:
		return nil, errThrottled
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
