package record_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

const soon = 15 * time.Second // far more than needed; a test that waits this long has failed

var lanes = []string{"interactive", "sweep"}

// quick is a consumer that notices dead replicas in a test's time.
func quick(t *testing.T) record.ConsumeConfig {
	return record.ConsumeConfig{Workers: 4, Lanes: lanes, Heartbeat: 100 * time.Millisecond, Stale: 500 * time.Millisecond, Drain: 2 * time.Second, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

// consume runs Consume until the returned function is called, or the test ends.
func consume(t *testing.T, s *record.Store, cfg record.ConsumeConfig, handle func(context.Context, hunts.Job) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Consume(ctx, cfg, handle); err != nil {
			t.Errorf("Consume ends with %v", err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// until waits like a search does: it ends with its context.
func until(ctx context.Context, release <-chan struct{}) error {
	select {
	case <-release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func push(t *testing.T, s *record.Store, lane, key string) {
	t.Helper()
	if isNew, err := s.Push(t.Context(), lane, "hunt", key, []byte("payload of "+key)); err != nil || !isNew {
		t.Fatalf("pushing %s: %v, %v", key, isNew, err)
	}
}

func expect(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !recordtest.Within(soon, ok) {
		t.Fatal("it never happens: " + what)
	}
}

func receive[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(soon):
		t.Fatal("it never happens: " + what)
		panic("unreachable")
	}
}

// drained tells that the stream holds nothing at all.
func drained(t *testing.T, s *record.Store) func() bool {
	return func() bool {
		lag, err := s.Backlog(t.Context(), lanes...)
		return err == nil && lag["interactive"] == record.Lag{} && lag["sweep"] == record.Lag{}
	}
}

func TestWorkIsDoneOnceByWhoeverIsThere(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		var seen sync.Map
		handle := func(_ context.Context, j hunts.Job) error {
			n, _ := seen.LoadOrStore(j.Key, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
			if j.Lane != "interactive" || j.Kind != "hunt" || string(j.Payload) != "payload of "+j.Key || j.Deliveries != 1 || j.Enqueued.IsZero() {
				t.Errorf("a job arrives as %+v", j)
			}
			return nil
		}
		consume(t, a, quick(t), handle)
		consume(t, b, quick(t), handle)
		for i := range 100 {
			push(t, a, "interactive", fmt.Sprint("job", i))
		}
		if isNew, err := b.Push(t.Context(), "interactive", "hunt", "job7", nil); isNew || err != nil {
			t.Errorf("a repeated key is new: %v, %v", isNew, err)
		}
		expect(t, "everything done and removed", drained(t, a))
		for i := range 100 {
			n, _ := seen.LoadOrStore(fmt.Sprint("job", i), new(atomic.Int64))
			if n.(*atomic.Int64).Load() != 1 {
				t.Errorf("job%d was done %d times", i, n.(*atomic.Int64).Load())
			}
		}
	})
}

func TestInteractiveGoesFirst(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		for i := range 5 {
			push(t, s, "sweep", fmt.Sprint("sweep", i))
		}
		push(t, s, "interactive", "person")
		cfg := quick(t)
		cfg.Workers = 1
		order := make(chan string, 10)
		consume(t, s, cfg, func(_ context.Context, j hunts.Job) error { order <- j.Key; return nil })
		if first := receive(t, "the first job", order); first != "person" {
			t.Errorf("%s goes first", first)
		}
		expect(t, "everything done", drained(t, s))
	})
}

func TestSweepsLeaveWorkersFree(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		var sweeping atomic.Int64
		people, release := make(chan string, 10), make(chan struct{})
		consume(t, s, quick(t), func(ctx context.Context, j hunts.Job) error {
			if j.Lane == "interactive" {
				people <- j.Key
				return nil
			}
			if n := sweeping.Add(1); n > 1 {
				t.Errorf("%d of 4 workers sweep", n)
			}
			defer sweeping.Add(-1)
			return until(ctx, release)
		})
		for i := range 4 {
			push(t, s, "sweep", fmt.Sprint("sweep", i))
		}
		expect(t, "a sweep begins", func() bool { return sweeping.Load() == 1 })
		for i := range 3 {
			push(t, s, "interactive", fmt.Sprint("person", i))
			receive(t, "a person is served while sweeps wait", people)
		}
		close(release)
		expect(t, "everything done", drained(t, s))
	})
}

func TestFailuresAreTriedAgainThenPutAside(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		cfg := quick(t)
		cfg.MaxDeliveries = 2
		cfg.Heartbeat = time.Millisecond // beats meet the next try, which the race detector watches
		dead := make(chan hunts.Job, 1)
		cfg.OnDead = func(j hunts.Job, _ error) { dead <- j }
		var flaky atomic.Int64
		began := time.Now()
		consume(t, s, cfg, func(_ context.Context, j hunts.Job) error {
			switch {
			case j.Key == "flaky" && flaky.Add(1) == 1:
				return errors.New("not this time")
			case j.Key == "panics" && j.Deliveries == 1:
				panic("out of range")
			case j.Key == "hopeless":
				return errors.New("never")
			}
			return nil
		})
		for _, key := range []string{"flaky", "panics", "hopeless"} {
			push(t, s, "interactive", key)
		}
		if j := receive(t, "a job is given up", dead); j.Key != "hopeless" || j.Deliveries != 2 {
			t.Errorf("given up: %+v", j)
		}
		if waited := time.Since(began); waited < time.Second {
			t.Errorf("the second try came after %v", waited)
		}
		expect(t, "everything done or put aside", drained(t, s))
		if n, err := s.Dead(t.Context()); n != 1 || err != nil {
			t.Errorf("%d jobs are put aside: %v", n, err)
		}
		if flaky.Load() != 2 {
			t.Errorf("the flaky job was tried %d times", flaky.Load())
		}
	})
}

func TestFailingJobsDoNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	s := recordtest.Start(t)
	cfg := quick(t)
	cfg.Workers = 1
	done, failed := make(chan string, 1), make(chan struct{}, 100)
	stop := consume(t, s, cfg, func(_ context.Context, j hunts.Job) error {
		if j.Key == "fine" {
			done <- j.Key
			return nil
		}
		failed <- struct{}{}
		return &hunts.Error{Kind: hunts.KindUnavailable, Say: "Slack throttles this channel"}
	})
	push(t, s, "interactive", "fails")
	receive(t, "the first try", failed)
	push(t, s, "interactive", "fine")
	receive(t, "the only worker serves another while the first waits", done)
	stop() // in the middle of a pause: handed over
	if lag, err := s.Backlog(t.Context(), lanes...); err != nil || lag["interactive"].Pending != 1 {
		t.Errorf("the failing job is kept as %+v, %v", lag, err)
	}
}

func TestWorkOfADeadReplicaGoesOn(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		network := recordtest.NewProxy(t, server)
		a, b := recordtest.Open(t, network.URL(), "same name"), recordtest.Open(t, server.URL(), "same name")
		began, again := make(chan hunts.Job, 1), make(chan hunts.Job, 1)
		lost := make(chan struct{})
		cut := quick(t)
		cut.Drain = 100 * time.Millisecond
		consume(t, a, cut, func(ctx context.Context, j hunts.Job) error {
			began <- j
			<-ctx.Done()
			close(lost)
			return ctx.Err()
		})
		push(t, b, "interactive", "hunt")
		receive(t, "the first replica begins", began)
		network.Cut()
		consume(t, b, quick(t), func(_ context.Context, j hunts.Job) error { again <- j; return nil })
		if j := receive(t, "the second replica takes over", again); j.Key != "hunt" || j.Deliveries != 2 {
			t.Errorf("taken over as %+v", j)
		}
		expect(t, "it is removed", drained(t, b))
		select {
		case <-lost:
			t.Error("the first gave up on a guess: it could not know")
		default:
		}
	})
}

func TestARunningJobIsNotTakenOver(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		began, release := make(chan hunts.Job, 2), make(chan struct{})
		handle := func(ctx context.Context, j hunts.Job) error { began <- j; return until(ctx, release) }
		consume(t, a, quick(t), handle)
		push(t, a, "interactive", "long")
		receive(t, "it begins", began)
		consume(t, b, quick(t), handle)
		c := server.Client()
		defer c.Close()
		last, beats := time.Hour, 0
		expect(t, "a dozen heartbeats, more than twice the time after which it were stale", func() bool {
			p, err := c.XPendingExt(t.Context(), &redis.XPendingExtArgs{Stream: "fp:1:{queue}:stream:interactive", Group: "bot", Start: "-", End: "+", Count: 2}).Result()
			if err != nil || len(p) != 1 || p[0].RetryCount != 1 {
				t.Fatalf("the list of running jobs is %+v, %v", p, err)
			}
			if p[0].Idle < last {
				beats++
			}
			last = p[0].Idle
			return beats > 12
		})
		close(release)
		expect(t, "it is removed", drained(t, a))
		if len(began) != 0 {
			t.Error("it was begun twice")
		}
	})
}

func TestStoppingHandsOver(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		slow := quick(t)
		slow.Stale, slow.Drain = time.Minute, 50*time.Millisecond // nothing gets stale in this test
		began := make(chan hunts.Job, 1)
		stop := consume(t, a, slow, func(ctx context.Context, j hunts.Job) error { began <- j; <-ctx.Done(); return ctx.Err() })
		push(t, a, "interactive", "hunt")
		receive(t, "the first replica begins", began)
		stop()
		again := make(chan hunts.Job, 1)
		fresh := quick(t)
		fresh.Stale = 6 * time.Second // looks eight times as often, takes what is idle for 6
		consume(t, b, fresh, func(_ context.Context, j hunts.Job) error { again <- j; return nil })
		at := time.Now()
		receive(t, "the second replica takes over", again)
		if waited := time.Since(at); waited > 4*time.Second {
			t.Errorf("it was taken when it got stale, after %v, not when it was handed over", waited)
		}
		expect(t, "it is removed", drained(t, b))
	})
}

func TestStoppingLetsRunningWorkFinish(t *testing.T) {
	t.Parallel()
	s := recordtest.Start(t)
	began, release := make(chan hunts.Job, 1), make(chan struct{})
	stop := consume(t, s, quick(t), func(ctx context.Context, j hunts.Job) error { began <- j; return until(ctx, release) })
	push(t, s, "interactive", "hunt")
	receive(t, "it begins", began)
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	push(t, s, "interactive", "later")
	close(release)
	receive(t, "Consume ends", stopped)
	if lag, err := s.Backlog(t.Context(), lanes...); err != nil || lag["interactive"].Pending+lag["interactive"].Waiting > 1 {
		t.Errorf("left behind: %+v, %v", lag, err)
	}
}

func TestWorkGoesOnWhenRedisForgetsEverything(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		done, release := make(chan string, 10), make(chan struct{})
		consume(t, s, quick(t), func(ctx context.Context, j hunts.Job) error {
			if j.Key == "running" {
				done <- "begun"
				if until(ctx, release) != nil {
					t.Error("a running job was stopped, though nobody else has it")
				}
			}
			done <- j.Key
			return nil
		})
		push(t, s, "interactive", "running")
		receive(t, "it begins", done)
		c := server.Client()
		defer c.Close()
		check(t, c.FlushAll(t.Context()).Err())
		push(t, s, "interactive", "after")
		if got := receive(t, "new work is done", done); got != "after" {
			t.Errorf("%q instead", got)
		}
		close(release)
		if got := receive(t, "the running job ends", done); got != "running" {
			t.Errorf("%q instead", got)
		}
		expect(t, "everything done", drained(t, s))
	})
}

func TestOneKeyPushedByFiftyIsOneJob(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		stores := []*record.Store{recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")}
		var first atomic.Int64
		var pushers sync.WaitGroup
		for i := range 50 {
			pushers.Go(func() {
				isNew, err := stores[i%2].Push(t.Context(), lanes[i%2], "hunt", "envelope", nil)
				if err != nil {
					t.Error(err)
				}
				if isNew {
					first.Add(1)
				}
			})
		}
		pushers.Wait()
		lag, err := stores[0].Backlog(t.Context(), lanes...)
		if n := lag["interactive"].Waiting + lag["sweep"].Waiting; err != nil || first.Load() != 1 || n != 1 {
			t.Errorf("%d were told that it is new, %d jobs wait, %v", first.Load(), n, err)
		}
	})
}

func TestWhatAConsumerTookAndNeverTouchedAgainIsTakenOver(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		c := server.Client()
		defer c.Close()
		stream := "fp:1:{queue}:stream:interactive"
		check(t, c.XGroupCreateMkStream(t.Context(), stream, "bot", "0").Err())
		push(t, s, "interactive", "left")
		got, err := c.XReadGroup(t.Context(), &redis.XReadGroupArgs{Group: "bot", Consumer: "ghost", Streams: []string{stream, ">"}, Count: 1, Block: -1}).Result()
		if err != nil || len(got) != 1 || len(got[0].Messages) != 1 {
			t.Fatalf("the one who never answers gets %v, %v", got, err)
		}
		cfg := quick(t)
		cfg.Stale = 300 * time.Millisecond
		done := make(chan hunts.Job, 2)
		consume(t, s, cfg, func(_ context.Context, j hunts.Job) error { done <- j; return nil })
		if j := receive(t, "it is taken over", done); j.Key != "left" || j.Deliveries != 2 {
			t.Errorf("it is taken over as %+v", j)
		}
		expect(t, "it is removed", drained(t, s))
		if len(done) != 0 {
			t.Error("it was done twice")
		}
	})
}

// TestARunningJobIsKeptThroughABrokenConnection: a replica that reconnects
// hands over what it never saw, but not what it works on.
func TestARunningJobIsKeptThroughABrokenConnection(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		network := recordtest.NewProxy(t, server)
		a, b := recordtest.Open(t, network.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		noticed := make(chan struct{}, 1)
		cfg := quick(t)
		cfg.Heartbeat, cfg.Stale = time.Minute, time.Minute // no beat hides what happens to the job
		cfg.Log = slog.New(slog.NewTextHandler(noticing{noticed, "work can't be taken"}, nil))
		began, done, release := make(chan string, 1), make(chan string, 2), make(chan struct{})
		consume(t, a, cfg, func(ctx context.Context, j hunts.Job) error {
			if j.Key == "running" {
				began <- j.Key
				if err := until(ctx, release); err != nil {
					return err
				}
			}
			done <- j.Key
			return nil
		})
		push(t, b, "interactive", "running")
		receive(t, "it begins", began)
		network.Cut()
		receive(t, "the replica notices", noticed)
		network.Mend()
		push(t, b, "interactive", "after")
		if got := receive(t, "it takes work again", done); got != "after" {
			t.Errorf("%q instead", got)
		}
		c := server.Client()
		defer c.Close()
		p, err := c.XPendingExt(t.Context(), &redis.XPendingExtArgs{Stream: "fp:1:{queue}:stream:interactive", Group: "bot", Start: "-", End: "+", Count: 1}).Result()
		if err != nil || len(p) != 1 || p[0].Idle >= cfg.Stale {
			t.Errorf("what runs is offered to others: %+v, %v", p, err)
		}
		close(release)
		receive(t, "it ends", done)
		expect(t, "everything done", drained(t, b))
	})
}

// noticing tells of a line in the log.
type noticing struct {
	heard chan struct{}
	what  string
}

func (n noticing) Write(line []byte) (int, error) {
	if strings.Contains(string(line), n.what) {
		select {
		case n.heard <- struct{}{}:
		default:
		}
	}
	return len(line), nil
}
