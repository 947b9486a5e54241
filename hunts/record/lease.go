package record

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts"
)

// renewScript and releaseScript act only for the holder of the token. A lease
// that lapsed without a successor is taken up again: its holder paused, or
// Redis came back without its data, and nobody else works on it.
var (
	renewScript = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)
	releaseScript = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`)
)

type lease struct {
	store *Store
	key   string
	token string
	ttl   time.Duration
}

// Lease takes key for owner until ttl passes without Renew.
func (s *Store) Lease(ctx context.Context, key, owner string, ttl time.Duration) (hunts.Lease, string, bool, error) {
	nonce, err := s.nonce(8)
	if err != nil {
		return nil, "", false, err
	}
	l := &lease{store: s, key: key, token: owner + "|" + nonce, ttl: ttl}
	for range 3 {
		mine, err := s.db.SetNX(ctx, s.keys.lease(key), l.token, ttl).Result()
		if err != nil {
			return nil, "", false, gone(err)
		}
		if mine {
			return l, owner, true, nil
		}
		held, err := s.db.Get(ctx, s.keys.lease(key)).Result()
		if err := gone(err); err != nil {
			return nil, "", false, err
		}
		if held == l.token {
			return l, owner, true, nil // the client asked twice, since the first reply was lost
		}
		if held != "" {
			holder, _, _ := cutLast(held, "|")
			return nil, holder, false, nil
		}
		// it ended between the two looks
	}
	return nil, "", false, nil
}

// Renew extends the lease; false means it was lost.
func (l *lease) Renew(ctx context.Context) (bool, error) {
	n, err := renewScript.Run(ctx, l.store.db, []string{l.store.keys.lease(l.key)}, l.token, l.ttl.Milliseconds()).Int()
	return n == 1, gone(err)
}

// Release gives the lease up and wakes who waits for it.
func (l *lease) Release(ctx context.Context) error {
	if err := releaseScript.Run(ctx, l.store.db, []string{l.store.keys.lease(l.key)}, l.token).Err(); err != nil {
		return gone(err)
	}
	return gone(l.store.db.Publish(ctx, l.store.keys.wake(), l.key).Err())
}

const (
	// awaitPoll is how often a waiter looks by itself: a holder that died tells
	// nobody, and a message may be lost.
	awaitPoll = 500 * time.Millisecond
	// awaitPatience is how long a waiter bears with a store that does not answer:
	// a restart takes a second or two.
	awaitPatience = 4 * time.Second
)

// Await returns when nobody holds the lease on key any more.
func (s *Store) Await(ctx context.Context, key string) error {
	woken, forget := s.wakers.wait(key)
	defer forget()
	tick := time.NewTicker(awaitPoll)
	defer tick.Stop()
	var silent time.Time
	for {
		held, err := s.db.Exists(ctx, s.keys.lease(key)).Result()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && held == 0:
			return nil
		case err == nil:
			silent = time.Time{}
		case silent.IsZero():
			silent = time.Now() // by the machine's clock: tickers go by it too
		case time.Since(silent) > awaitPatience:
			return gone(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-woken:
		case <-tick.C:
		}
	}
}

// wakers spread what one subscription hears to the waiters of this process.
type wakers struct {
	mu   sync.Mutex
	list map[string]map[chan struct{}]bool
}

func (w *wakers) start(ctx context.Context, s *Store) {
	w.list = map[string]map[chan struct{}]bool{}
	sub := s.db.Subscribe(ctx, s.keys.wake())
	s.done.Go(func() {
		defer func() { _ = sub.Close() }()
		for {
			select {
			case <-ctx.Done():
				return
			case m, ok := <-sub.Channel():
				if !ok {
					return
				}
				w.wake(m.Payload)
			}
		}
	})
}

func (w *wakers) wake(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.list[key] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (w *wakers) wait(key string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.list[key] == nil {
		w.list[key] = map[chan struct{}]bool{}
	}
	w.list[key][c] = true
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.list[key], c); len(w.list[key]) == 0 {
			delete(w.list, key)
		}
	}
}
