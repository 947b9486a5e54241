package record_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

func TestALeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		ctx := t.Context()
		l, holder, ok, err := a.Lease(ctx, "run:q", "F-AAAA", time.Minute)
		if err != nil || !ok || holder != "F-AAAA" {
			t.Fatalf("a free lease: %q, %v, %v", holder, ok, err)
		}
		if _, holder, ok, err := b.Lease(ctx, "run:q", "F-BBBB", time.Minute); err != nil || ok || holder != "F-AAAA" {
			t.Errorf("a held lease: %q, %v, %v", holder, ok, err)
		}
		if _, _, ok, err := b.Lease(ctx, "run:other", "F-BBBB", time.Minute); err != nil || !ok {
			t.Errorf("a lease on something else: %v, %v", ok, err)
		}
		if held, err := l.Renew(ctx); err != nil || !held {
			t.Errorf("renewing: %v, %v", held, err)
		}
		check(t, l.Release(ctx))
		next, _, ok, err := b.Lease(ctx, "run:q", "F-BBBB", time.Minute)
		if err != nil || !ok {
			t.Fatalf("a released lease: %v, %v", ok, err)
		}
		if held, err := l.Renew(ctx); err != nil || held {
			t.Errorf("the former holder renews: %v, %v", held, err)
		}
		check(t, l.Release(ctx))
		if held, err := next.Renew(ctx); err != nil || !held {
			t.Errorf("the former holder released the lease of the next: %v, %v", held, err)
		}
	})
}

func TestALapsedLeaseWithoutSuccessorIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		l, _, _, err := s.Lease(t.Context(), "q", "F-AAAA", time.Minute)
		check(t, err)
		c := server.Client()
		defer c.Close()
		check(t, c.FlushAll(t.Context()).Err())
		if held, err := l.Renew(t.Context()); err != nil || !held {
			t.Errorf("renewing after Redis lost it: %v, %v", held, err)
		}
		if _, holder, ok, _ := s.Lease(t.Context(), "q", "F-BBBB", time.Minute); ok || holder != "F-AAAA" {
			t.Errorf("it is held by %q, %v", holder, ok)
		}
	})
}

func TestWaitersWake(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		await := func(ctx context.Context, key string) <-chan error {
			out := make(chan error, 1)
			go func() { out <- b.Await(ctx, key) }()
			return out
		}
		t.Run("at once when nobody holds it", func(t *testing.T) {
			check(t, receive(t, "the waiter wakes", await(t.Context(), "free")))
		})
		t.Run("when it is released", func(t *testing.T) {
			l, _, _, err := a.Lease(t.Context(), "released", "F-AAAA", time.Hour)
			check(t, err)
			woken := await(t.Context(), "released")
			check(t, l.Release(t.Context()))
			check(t, receive(t, "the waiter wakes", woken))
		})
		t.Run("when its holder died", func(t *testing.T) {
			_, _, _, err := a.Lease(t.Context(), "died", "F-AAAA", 200*time.Millisecond)
			check(t, err)
			check(t, receive(t, "the waiter wakes", await(t.Context(), "died")))
		})
		t.Run("when they no longer want to", func(t *testing.T) {
			_, _, _, err := a.Lease(t.Context(), "held", "F-AAAA", time.Hour)
			check(t, err)
			ctx, stop := context.WithCancel(t.Context())
			woken := await(ctx, "held")
			stop()
			if err := receive(t, "the waiter wakes", woken); !errors.Is(err, context.Canceled) {
				t.Errorf("it says %v", err)
			}
		})
	})
}

func TestFiftyIdenticalQuestionsRunOnce(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		stores := []hunts.Record{recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")}
		var queries, answers atomic.Int64
		ask := func(r hunts.Record, id string) error {
			for {
				if a, ok, err := r.CachedAnswer(t.Context(), "q"); err != nil {
					return err
				} else if ok {
					if a.Verdict != hunts.Clean {
						return fmt.Errorf("the answer is %q", a.Verdict)
					}
					answers.Add(1)
					return nil
				}
				l, _, ok, err := r.Lease(t.Context(), "run:q", id, 10*time.Second)
				if err != nil {
					return err
				}
				if !ok {
					if err := r.Await(t.Context(), "run:q"); err != nil {
						return err
					}
					continue
				}
				if _, ok, err := r.CachedAnswer(t.Context(), "q"); err != nil {
					return err
				} else if !ok {
					queries.Add(1)
					if err := r.SaveAnswer(t.Context(), "q", hunts.Answer{HuntID: id, Verdict: hunts.Clean}, time.Minute); err != nil {
						return err
					}
				}
				if err := l.Release(t.Context()); err != nil {
					return err
				}
			}
		}
		var askers sync.WaitGroup
		for i := range 50 {
			askers.Go(func() {
				if err := ask(stores[i%2], fmt.Sprint("F-", i)); err != nil {
					t.Error(err)
				}
			})
		}
		askers.Wait()
		if queries.Load() != 1 || answers.Load() != 50 {
			t.Errorf("%d queries, %d answers", queries.Load(), answers.Load())
		}
	})
}

func TestFiftyWaitersWakeAtOneRelease(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		stores := []*record.Store{recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")}
		l, _, _, err := stores[0].Lease(t.Context(), "q", "F-AAAA", time.Hour)
		check(t, err)
		woken := make(chan error, 50)
		var line sync.WaitGroup // done when all stand in it: one who comes late would not have to wait
		for i := range cap(woken) {
			line.Add(1)
			ctx := entering{t.Context(), sync.OnceFunc(line.Done)}
			go func() { woken <- stores[i%2].Await(ctx, "q") }()
		}
		line.Wait()
		if len(woken) != 0 {
			t.Errorf("%d do not wait: %v", len(woken), <-woken)
		}
		check(t, l.Release(t.Context()))
		for range cap(woken) {
			check(t, receive(t, "each waiter wakes", woken))
		}
	})
}

func TestALeaseNotRenewedIsLost(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		paused, _, _, err := a.Lease(t.Context(), "q", "F-AAAA", 150*time.Millisecond)
		check(t, err)
		expect(t, "another takes it when its time is over", func() bool {
			_, _, ok, err := b.Lease(t.Context(), "q", "F-BBBB", time.Hour)
			return ok && err == nil
		})
		if held, err := paused.Renew(t.Context()); held || err != nil {
			t.Errorf("who paused renews it: %v, %v", held, err)
		}
	})
}

// entering tells when somebody first listens to a context, which Await does
// once it is among the waiters.
type entering struct {
	context.Context
	in func()
}

func (e entering) Done() <-chan struct{} {
	e.in()
	return e.Context.Done()
}
