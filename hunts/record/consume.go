package record

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
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
	places workers
	slow   atomic.Int64    // running jobs of the last lane
	ending context.Context // the caller's: nothing new after it
	work   context.Context // of the running jobs, ends with Drain
	busy   sync.WaitGroup
	mine   sync.Map     // ids that run in this process → their keys
	warned atomic.Int64 // when trouble was last told, in Unix nanoseconds
	paused atomic.Int64 // jobs that wait for another try and lent their worker
}

// Consume hands jobs to handle until ctx ends, then lets the running ones
// finish within Drain and hands the rest over. A job whose handler returns an
// error is tried again. It outlives a Redis that goes and comes back.
func (s *Store) Consume(ctx context.Context, cfg ConsumeConfig, handle func(context.Context, hunts.Job) error) error {
	cfg = cfg.withDefaults()
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	c := &consumer{store: s, cfg: cfg, handle: handle, places: workers{free: cfg.Workers}, ending: ctx, work: work}
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
	if err := c.leaveUnseen(); err != nil {
		cfg.Log.Info("work left behind not handed over, it is taken when it is stale", "error", err)
	}
	return nil
}

// leaveUnseen hands over what Redis gave to a read whose reply never arrived:
// it lies with this process, and nobody here has seen it.
func (c *consumer) leaveUnseen() error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.work), 2*time.Second)
	defer stop()
	for _, lane := range c.cfg.Lanes {
		ids, err := c.store.taken(ctx, lane)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, running := c.mine.Load(lane + id); running {
				continue
			}
			if err := c.store.handOver(ctx, lane, id); err != nil {
				return err
			}
		}
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
	ready, unsure := false, false
	for ctx.Err() == nil {
		if !ready {
			err := c.store.makeGroups(ctx, c.cfg.Lanes)
			if err == nil && unsure {
				err = c.leaveUnseen()
			}
			if err != nil {
				c.trouble(ctx, "work can't be taken", err)
				continue
			}
			ready, unsure = true, false
		}
		if !c.places.take(ctx) {
			return
		}
		lanes := c.cfg.Lanes
		if n := len(lanes); c.full(lanes[n-1]) {
			lanes = lanes[:n-1]
		}
		// not cut short by ctx: Redis may be handing out a job at that very moment
		jobs, err := c.store.next(c.work, lanes, min(blockFor, c.cfg.Stale/4))
		if err != nil {
			c.places.give()
			ready = false // Redis may come back without its data, or its groups
			if !strings.Contains(err.Error(), "NOGROUP") {
				unsure = true // its reply may have had a job in it
				c.trouble(ctx, "work can't be taken", err)
			}
			continue
		}
		if len(jobs) == 0 {
			c.places.give()
			continue
		}
		if ctx.Err() != nil {
			return // what came with the last look is handed over by Consume
		}
		c.run(jobs[0])
		for _, j := range jobs[1:] { // one of each lane came at once
			if c.places.try() {
				c.run(j)
			} else {
				c.leave(j) // whoever is free first takes it over
			}
		}
	}
}

// full tells that the last lane has its share of the workers.
func (c *consumer) full(lane string) bool {
	n := len(c.cfg.Lanes)
	return n > 1 && lane == c.cfg.Lanes[n-1] && c.slow.Load() >= int64(max(1, c.cfg.Workers/4))
}

// warnEvery keeps an outage from filling the log.
const warnEvery = 30 * time.Second

// trouble says what is wrong, and waits: no loop of this package is busy while
// Redis is away.
func (c *consumer) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	now := time.Now().UnixNano()
	if last := c.warned.Load(); now-last > int64(warnEvery) && c.warned.CompareAndSwap(last, now) {
		c.cfg.Log.Warn(what, "error", err)
	}
	pause(ctx, 250*time.Millisecond)
}

// reclaim takes over what dead replicas left, as much as there are idle
// workers for.
func (c *consumer) reclaim(ctx context.Context) {
	for round := 0; pause(ctx, c.cfg.Stale/8); round++ {
		for _, lane := range c.cfg.Lanes {
			if round%1000 == 0 { // about every twenty minutes
				if err := c.store.forget(ctx, lane); err != nil && ctx.Err() == nil {
					c.cfg.Log.Info("names of dead replicas not struck", "lane", lane, "error", err)
				}
			}
			for c.reclaimOne(ctx, lane) {
			}
		}
	}
}

// reclaimOne is false when there is nothing to take over, or nobody to do it.
func (c *consumer) reclaimOne(ctx context.Context, lane string) bool {
	if c.full(lane) {
		return false
	}
	if !c.places.try() {
		return false
	}
	jobs, err := c.store.claim(ctx, lane, c.cfg.Stale, 1)
	if err != nil && !strings.Contains(err.Error(), "NOGROUP") {
		c.trouble(ctx, "left work can't be taken over", err)
	}
	if len(jobs) == 0 {
		c.places.give()
		return false
	}
	c.run(jobs[0])
	return true
}

// run works on one job in its own goroutine; it owns a place.
func (c *consumer) run(j hunts.Job) {
	if key, twice := c.mine.Swap(j.Lane+j.ID, j.Key); twice && key == j.Key {
		c.places.give()
		return
	} // another key under the same id: Redis forgot the older job within the same millisecond
	slow := len(c.cfg.Lanes) > 1 && j.Lane == c.cfg.Lanes[len(c.cfg.Lanes)-1]
	if slow {
		c.slow.Add(1)
	}
	c.busy.Go(func() {
		defer func() {
			if slow {
				c.slow.Add(-1)
			}
			c.mine.CompareAndDelete(j.Lane+j.ID, j.Key)
			c.places.give()
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
	taken := j // the count of tries in j changes below
	beats.Go(func() {
		for pause(ctx, c.cfg.Heartbeat) {
			if held, err := c.store.beat(ctx, taken); err == nil && !held {
				c.cfg.Log.Warn("job was taken over by another replica", "kind", taken.Kind, "key", taken.Key)
				lost()
			}
		}
	})
	if j.Deliveries > c.cfg.MaxDeliveries {
		c.giveUp(j, fmt.Errorf("it was begun %d times and never came to an end", j.Deliveries-1))
		return
	}
	for wait := time.Second; ; wait = min(2*wait, longestPause) {
		err := c.attempt(ctx, j)
		switch {
		case err == nil:
			c.settle(j)
			return
		case c.work.Err() != nil || c.ending.Err() != nil:
			c.leave(j)
			return
		case ctx.Err() != nil:
			return // somebody else works on it now
		case j.Deliveries >= c.cfg.MaxDeliveries && hunts.KindOf(err) != hunts.KindUnavailable:
			c.giveUp(j, err)
			return
		}
		c.cfg.Log.Info("job is tried again", "kind", j.Kind, "key", j.Key, "tries", j.Deliveries, "pause", wait, "error", err)
		if !c.pauseBefore(ctx, wait) {
			if c.work.Err() != nil || c.ending.Err() != nil {
				c.leave(j)
			}
			return
		}
		j.Deliveries++
	}
}

// longestPause between two tries of one job.
const longestPause = 15 * time.Second

// mostLent bounds the jobs that wait, by worker: each lies in memory.
const mostLent = 8

// lend calls wait while others use the worker of its job: one channel that Slack
// throttles or refuses must not stop all the others.
func (c *consumer) lend(wait func()) {
	if c.paused.Add(1) > int64(mostLent*c.cfg.Workers) {
		defer c.paused.Add(-1)
		wait()
		return
	}
	c.places.give()
	wait()
	c.paused.Add(-1)
	c.places.resume() // run gives it back
}

// pauseBefore waits before another try; false when the process is told to stop, or
// the job is somebody else's.
func (c *consumer) pauseBefore(ctx context.Context, wait time.Duration) (waited bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(c.ending, stop)()
	c.lend(func() { waited = pause(ctx, wait) })
	return waited
}

// attempt calls the handler. One that panics fails its own job only.
func (c *consumer) attempt(ctx context.Context, j hunts.Job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			c.cfg.Log.Error("a job panicked", "kind", j.Kind, "key", j.Key, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("it panicked: %v", r)
		}
	}()
	return c.handle(hunts.Lending(ctx, c.lend), j)
}

// giveUp puts a job aside, where a person can look at it.
func (c *consumer) giveUp(j hunts.Job, why error) {
	c.cfg.Log.Error("job given up", "kind", j.Kind, "key", j.Key, "tries", j.Deliveries, "error", why)
	c.cfg.OnDead(j, why)
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.work), 2*time.Second)
	defer stop()
	if err := c.store.bury(ctx, j, why.Error()); err != nil {
		c.cfg.Log.Warn("job given up is not put aside, it comes back", "key", j.Key, "error", err)
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
	if err := c.store.handOver(ctx, j.Lane, j.ID); err != nil {
		c.cfg.Log.Info("job not handed over, it is taken when it is stale", "key", j.Key, "error", err)
	}
}
