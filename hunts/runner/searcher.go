package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/hunts"
)

// searcher is one run over the slices of a window.
type searcher struct {
	runner   *Runner
	hunt     hunts.Hunt
	def      Definition
	window   hunts.Window
	profiles []Profile
	progress func(hunts.Progress)
	parallel int  // slices asked at once
	moved    bool // the window ends later than that of the hunt it refreshes
	recalled int  // slices that memory held
	older    older

	mu      sync.Mutex
	slices  []hunts.Slice
	unit    map[int]int // slice → the first of those that one query asks for
	parts   []part
	queries int
	cost    hunts.QueryStats // CPU and data of all queries

	forgetful atomic.Bool // the store did not answer: this search asks it no more
}

func (s *searcher) run(ctx context.Context) {
	known := s.recall(ctx)
	s.recalled = len(known)
	var doubted map[int]bool
	s.search(ctx, func(i int) bool { _, ok := known[i]; return !ok && s.slices[i].State == "" }, func() { doubted = s.doubted(ctx, known) })
	for i, x := range known {
		if !doubted[i] {
			s.finish(i, x.part, hunts.SliceDone, "")
		}
	}
	s.search(ctx, func(i int) bool { return doubted[i] })
}

// each does something for each of n, a few at once, and before them what else there
// is to do.
func (s *searcher) each(n int, do func(int), before ...func()) {
	group := errgroup.Group{}
	group.SetLimit(s.parallel)
	for _, first := range before {
		group.Go(func() error { first(); return nil })
	}
	// newest first: what happened last is what the asker wants to see first
	for i := n - 1; i >= 0; i-- {
		group.Go(func() error { do(i); return nil })
	}
	_ = group.Wait() // the functions return no error: what failed is in the slice
}

func (s *searcher) ask(ctx context.Context, i int) {
	p, state, reason := s.slice(ctx, s.slices[i])
	s.finish(i, p, state, reason)
}

func (s *searcher) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries++
}

func (s *searcher) finish(i int, p part, state hunts.SliceState, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slices[i].State, s.slices[i].Reason = state, reason
	if state == hunts.SliceDone || state == hunts.SlicePartial {
		s.parts = append(s.parts, p)
	}
	now := hunts.Progress{Cancellable: true}
	now.Done, now.Total = s.done()
	names := map[string]bool{}
	for _, x := range s.parts {
		now.Events += x.total.Events
		if x.total.Reached > 0 {
			now.Verdict = hunts.Reached
		}
		now.Devices = max(now.Devices, x.total.Devices)
		for _, d := range x.devices {
			names[strings.ToLower(d.Device)] = true
		}
	}
	now.Devices = max(now.Devices, int64(len(names)))
	s.progress(now)
}

// painted tells what the sensors say before other places are asked, so that a
// reader doesn't wait for these.
func (s *searcher) painted(a hunts.Answer, looking []string) {
	if len(looking) == 0 {
		return
	}
	a.ByIndicator = slices.Clone(a.ByIndicator) // the places change its lines
	s.mu.Lock()
	defer s.mu.Unlock()
	now := hunts.Progress{Cancellable: true, Devices: a.Totals.Devices, Events: a.Totals.Events, Endpoint: &a, Looking: looking}
	now.Done, now.Total = s.done()
	if a.Verdict == hunts.Reached {
		now.Verdict = hunts.Reached
	}
	s.progress(now)
}

// done counts the parts that are asked for by themselves; a window that one query
// asks for has none.
func (s *searcher) done() (done, total int) {
	open := map[int]bool{}
	for i, x := range s.slices {
		u := i
		if first, ok := s.unit[i]; ok {
			u = first
		}
		open[u] = open[u] || x.State == "" || x.State == hunts.SliceRunning
	}
	for _, left := range open {
		if total++; !left {
			done++
		}
	}
	if total == 1 {
		return 0, 0
	}
	return done, total
}

// waits tells that nothing of this hunt runs yet, since others are before it.
func (s *searcher) waits(ahead int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.slices {
		if x.State == hunts.SliceDone {
			return
		}
	}
	_, total := s.done()
	s.progress(hunts.Progress{Total: total, QueuedAhead: ahead, Cancellable: true})
}

// spent adds up what the service tells of the cost of its queries.
func (s *searcher) spent(q hunts.QueryStats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cost.CPU += q.CPU
	s.cost.DataScanned += q.DataScanned
}

// notUnderstood is what people read of an answer that can't be used.
func notUnderstood(err error) string {
	if errors.Is(err, errContradiction) {
		return "the workspace's answer contradicts itself"
	}
	return "the workspace's answer couldn't be read"
}

// stoppedReason says who cancelled a hunt, where a person did.
func stoppedReason(ctx context.Context) string {
	var e *hunts.Error
	if errors.As(context.Cause(ctx), &e) && e.Kind == hunts.KindCancelled {
		return e.Say
	}
	return "the search was stopped"
}

// slice searches one slice.
func (s *searcher) slice(ctx context.Context, at hunts.Slice) (part, hunts.SliceState, string) {
	asked := s.runner.cfg.Clock().UTC()
	res, state, reason, _ := s.rows(ctx, s.params(at), at)
	if state == hunts.SliceSkipped || state == hunts.SliceFailed {
		return part{}, state, reason
	}
	found, err := readPart(res.Rows)
	if err != nil {
		s.runner.cfg.Log.Error("slice not understood", "hunt", s.hunt.ID, "error", err)
		return part{}, hunts.SliceFailed, notUnderstood(err)
	}
	if state == hunts.SliceDone {
		s.keepSlice(ctx, at, asked, res.Rows)
	}
	return found, state, reason
}

// rows asks one query for a part of the window. The state says how far its rows can
// be trusted, and the reason why not.
func (s *searcher) rows(ctx context.Context, p params, at hunts.Slice) (hunts.Result, hunts.SliceState, string, error) {
	// whole seconds outwards: the service's timespan knows no fractions, the query has the exact ends
	return s.rowsWithin(ctx, p, at.From.Add(-s.def.lookback()).Truncate(time.Second), at.To.Add(time.Second), s.workspaces(at))
}

func (s *searcher) unsearched() []hunts.Slice {
	var out []hunts.Slice
	for _, x := range s.slices {
		if x.State != hunts.SliceDone {
			out = append(out, x)
		}
	}
	return out
}

// unattributed counts the inspected events that file= could not be decided for.
func (s *searcher) unattributed() int64 {
	var n int64
	for _, p := range s.parts {
		n += p.unattributed.Events
	}
	return n
}

// unread is what each slice could not read of the values that are searched.
func (s *searcher) unread() []unreadRow {
	var out []unreadRow
	for _, p := range s.parts {
		out = append(out, p.unread...)
	}
	return out
}
