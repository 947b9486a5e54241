package hunts

import (
	"context"
	"sync"
	"time"
)

// Leases are the locks that replicas share.
type Leases interface {
	// Lease takes key until ttl passes without Renew; Await returns when it may be
	// worth another try.
	Lease(ctx context.Context, key, owner string, ttl time.Duration) (l Lease, holder string, ok bool, err error)
	Await(ctx context.Context, key string) error
}

// lockedFor is how long a dead replica keeps others from what it did.
const lockedFor = 15 * time.Second

// WithLock calls do while no other replica does the same. A lease that is lost
// meanwhile lets two of them work, so that what do sends is claimed as well.
func WithLock(ctx context.Context, in Leases, owner, key string, do func(context.Context) error) error {
	var held Lease
	for held == nil {
		l, _, ok, err := in.Lease(ctx, key, owner, lockedFor)
		if err != nil {
			return err
		}
		if ok {
			held = l
		} else if err := in.Await(ctx, key); err != nil {
			return err
		}
	}
	within, stop := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		tick := time.NewTicker(lockedFor / 4)
		defer tick.Stop()
		for {
			select {
			case <-within.Done():
				return
			case <-tick.C:
				_, _ = held.Renew(within)
			}
		}
	})
	err := do(ctx)
	stop()
	renewing.Wait()
	_ = held.Release(context.WithoutCancel(ctx)) // it ends by itself
	return err
}
