package record

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// ConsumeConfig says how work is taken from the stream.
type ConsumeConfig struct {
	// Workers is how many jobs run at once in this process; 8.
	Workers int
	// Lanes in order of preference. Of the last one, when there are several, no
	// more than a quarter of the workers run at once.
	Lanes []string
	// Heartbeat keeps a job from being taken over; 3 s. Stale is the silence
	// after which others do; 10 s.
	Heartbeat, Stale time.Duration
	// MaxDeliveries bounds the tries of one job; 8. OnDead hears of one given up.
	MaxDeliveries int64
	OnDead        func(hunts.Job, error)
	// Drain is how long running jobs may go on after the context ends; 8 s.
	Drain time.Duration
	Log   *slog.Logger
}

func (c ConsumeConfig) withDefaults() ConsumeConfig {
	if c.Workers <= 0 {
		c.Workers = 8
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 3 * time.Second
	}
	if c.Stale <= 0 {
		c.Stale = 10 * time.Second
	}
	if c.MaxDeliveries <= 0 {
		c.MaxDeliveries = 8
	}
	if c.Drain <= 0 {
		c.Drain = 8 * time.Second
	}
	if c.OnDead == nil {
		c.OnDead = func(hunts.Job, error) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// consumer is one run of Consume.
type consumer struct {
	store  *Store
	cfg    ConsumeConfig
	handle func(context.Context, hunts.Job) error
	free   chan struct{} // a token for each idle worker
	slow   atomic.Int64  // running jobs of the last lane
	work   context.Context
	busy   sync.WaitGroup
	mine   sync.Map // ids that run in this process
}

// Consume hands jobs to handle until ctx ends, then lets the running ones
// finish within Drain and hands the rest over. A job whose handler returns an
// error is tried again. It outlives a Redis that goes and comes back.
func (s *Store) Consume(ctx context.Context, cfg ConsumeConfig, handle func(context.Context, hunts.Job) error) error {
	cfg = cfg.withDefaults()
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	c := &consumer{store: s, cfg: cfg, handle: handle, free: make(chan struct{}, cfg.Workers), work: work}
	for range cfg.Workers {
		c.free <- struct{}{}
	}
	var loops sync.WaitGroup
	loops.Go(func() { c.read(ctx) })
	loops.Go(func() { c.reclaim(ctx) })
	loops.Wait()
	drained := make(chan struct{})
	go func() {
		c.busy.Wait()
		close(drained)
	}()
	timer := time.NewTimer(cfg.Drain)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
		cut()
		<-drained
	}
	return nil
}

// pause waits, or ends early with the context.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// blockFor is how long one look for work waits; short enough to stop soon.
const blockFor = time.Second

func (c *consumer) read(ctx context.Context) {
	ready := false
	for ctx.Err() == nil {
		if !ready {
			if err := c.store.makeGroups(ctx, c.cfg.Lanes); err != nil {
				c.trouble(ctx, "work can't be taken", err)
				continue
			}
			ready = true
		}
		select {
		case <-ctx.Done():
			return
		case <-c.free:
		}
		lanes := c.cfg.Lanes
		if n := len(lanes); n > 1 && c.slow.Load() >= int64(max(1, c.cfg.Workers/4)) {
			lanes = lanes[:n-1]
		}
		jobs, err := c.store.next(ctx, lanes, blockFor)
		if err != nil {
			c.free <- struct{}{}
			if strings.Contains(err.Error(), "NOGROUP") {
				ready = false // Redis came back without its data
				continue
			}
			c.trouble(ctx, "work can't be taken", err)
			continue
		}
		if len(jobs) == 0 {
			c.free <- struct{}{}
			continue
		}
		for i, j := range jobs {
			if i > 0 {
				<-c.free // one of each lane came at once; there is no giving back
			}
			c.run(j)
		}
	}
}

func (c *consumer) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	c.cfg.Log.Warn(what, "error", err)
	pause(ctx, 250*time.Millisecond)
}

// reclaim takes over what dead replicas left.
func (c *consumer) reclaim(ctx context.Context) {
	for pause(ctx, c.cfg.Stale/4) {
		for _, lane := range c.cfg.Lanes {
			select {
			case <-c.free:
			default:
				continue
			}
			jobs, err := c.store.claim(ctx, lane, c.cfg.Stale, 1)
			if err != nil && !strings.Contains(err.Error(), "NOGROUP") {
				c.trouble(ctx, "left work can't be taken over", err)
			}
			if len(jobs) == 0 {
				c.free <- struct{}{}
				continue
			}
			c.run(jobs[0])
		}
	}
}

// run works on one job in its own goroutine; it owns a token of free.
func (c *consumer) run(j hunts.Job) {
	if _, twice := c.mine.LoadOrStore(j.ID, true); twice {
		c.free <- struct{}{}
		return
	}
	slow := len(c.cfg.Lanes) > 1 && j.Lane == c.cfg.Lanes[len(c.cfg.Lanes)-1]
	if slow {
		c.slow.Add(1)
	}
	c.busy.Go(func() {
		defer func() {
			if slow {
				c.slow.Add(-1)
			}
			c.mine.Delete(j.ID)
			c.free <- struct{}{}
		}()
		c.workOn(j)
	})
}

func (c *consumer) workOn(j hunts.Job) {
	ctx, lost := context.WithCancel(c.work)
	defer lost()
	var beats sync.WaitGroup
	defer beats.Wait()
	defer lost()
	beats.Go(func() {
		for pause(ctx, c.cfg.Heartbeat) {
			if held, err := c.store.beat(ctx, j); err == nil && !held {
				c.cfg.Log.Warn("job was taken over by another replica", "kind", j.Kind, "key", j.Key)
				lost()
			}
		}
	})
	for wait := time.Second; ; wait = min(2*wait, 15*time.Second) {
		err := c.handle(ctx, j)
		if ctx.Err() != nil {
			if c.work.Err() != nil && err != nil {
				c.leave(j)
				return
			}
			if err != nil {
				return // somebody else works on it now
			}
		}
		if err == nil {
			c.settle(j)
			return
		}
		if j.Deliveries >= c.cfg.MaxDeliveries && !errors.Is(err, context.Canceled) && hunts.KindOf(err) != hunts.KindUnavailable {
			c.cfg.Log.Error("job given up", "kind", j.Kind, "key", j.Key, "tries", j.Deliveries, "error", err)
			c.cfg.OnDead(j, err)
			if err := c.store.bury(context.WithoutCancel(ctx), j, err.Error()); err != nil {
				c.cfg.Log.Warn("job given up is not put aside, it comes back", "key", j.Key, "error", err)
			}
			return
		}
		c.cfg.Log.Info("job is tried again", "kind", j.Kind, "key", j.Key, "tries", j.Deliveries, "pause", wait, "error", err)
		if !pause(ctx, wait) {
			if c.work.Err() != nil {
				c.leave(j)
			}
			return
		}
		j.Deliveries++
	}
}

// settle removes a finished job; while Redis is away it keeps trying, since a
// job that stays would be done again.
func (c *consumer) settle(j hunts.Job) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.work), 2*c.cfg.Stale)
	defer stop()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := c.store.finish(ctx, j)
		if err == nil {
			return
		}
		if !pause(ctx, wait) {
			c.cfg.Log.Warn("finished job not removed, it will be seen again", "key", j.Key, "error", err)
			return
		}
	}
}

func (c *consumer) leave(j hunts.Job) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.work), time.Second)
	defer stop()
	if err := c.store.handOver(ctx, j); err != nil {
		c.cfg.Log.Info("job not handed over, it is taken when it is stale", "key", j.Key, "error", err)
	}
}
