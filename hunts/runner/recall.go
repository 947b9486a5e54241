package runner

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

const (
	// tailOverlap is how much of an earlier look the next one repeats; what comes
	// later than that is found by when it arrived.
	tailOverlap = time.Hour
	// arrivalSlack is added when asked what arrived since a look: ingestion_time()
	// is approximate, and a row is seen a little after it
	// (learn.microsoft.com/kusto/query/ingestion-time-function).
	arrivalSlack = 10 * time.Minute
)

// tellsArrival: the hunt can be asked for what came into the workspace since a
// time, whenever it happened.
func (d Definition) tellsArrival() bool { return strings.Contains(d.Query, "arrived_from") }

// tellsArrival: so can the source.
func (r *Runner) tellsArrival(h hunts.Hunt, d Definition) bool {
	return d.tellsArrival() && r.again(h) == 0
}

// again is how much of the past is searched once more in a source that does not
// tell when an event arrived; 0 in all others.
func (r *Runner) again(h hunts.Hunt) time.Duration {
	if r.cfg.Source.Describe(h.Workspaces).NoArrival {
		return r.cfg.SettleAfter
	}
	return 0
}

// settle is the age from which a part of the window is a slice of its own, to be
// kept and not asked again.
func (r *Runner) settle(h hunts.Hunt, d Definition) time.Duration {
	if r.tellsArrival(h, d) {
		return tailOverlap
	}
	return r.cfg.SettleAfter
}

// sliced cuts the window of a hunt so that its settled part can be kept. A hunt
// that refreshes another one keeps that one's slices, and has its tail anew;
// moved tells that the window ends later than the other's.
func (r *Runner) sliced(ctx context.Context, h hunts.Hunt, d Definition, w hunts.Window) (list []hunts.Slice, moved bool) {
	if _, whole := d.whole(); whole {
		return []hunts.Slice{{From: w.From, To: w.To}}, false
	}
	list = slicesOf(w)
	if h.Refreshes != "" {
		if a, ok, err := r.cfg.Record.Answer(ctx, h.Refreshes); err == nil && ok {
			earlier := slicesOfScope(a, r.scopeName(h))
			if from, ok := continued(earlier, w); ok {
				if w.To.Equal(earlier[len(earlier)-1].To) {
					return from, false
				}
				list, moved = from, true
			}
		}
	}
	if r.live(h) {
		list = withTail(list, r.cfg.Clock().UTC().Add(-r.settle(h, d)).Truncate(time.Hour))
	}
	return list, moved
}

// continued are the slices of an earlier look up to its tail, and a tail that
// reaches to the end of w. False when the look was at something else.
func continued(earlier []hunts.Slice, w hunts.Window) ([]hunts.Slice, bool) {
	if len(earlier) == 0 || !earlier[0].From.Equal(w.From) || earlier[len(earlier)-1].To.After(w.To) {
		return nil, false
	}
	out := make([]hunts.Slice, len(earlier))
	for i, s := range earlier {
		out[i] = hunts.Slice{From: s.From, To: s.To}
	}
	out[len(out)-1].To = w.To
	return out, true
}

// withTail makes what lies behind the cut one slice.
func withTail(list []hunts.Slice, cut time.Time) []hunts.Slice {
	for i, s := range list {
		if !s.To.After(cut) {
			continue
		}
		end := list[len(list)-1].To
		out := append([]hunts.Slice{}, list[:i]...)
		if s.From.Before(cut) {
			out, s.From = append(out, hunts.Slice{From: s.From, To: cut}), cut
		}
		return append(out, hunts.Slice{From: s.From, To: end})
	}
	return list
}

// keptSlice is what memory holds of a slice that was searched in full.
type keptSlice struct {
	Asked time.Time `json:"asked"`
	Rows  [][]any   `json:"rows"`
}

// recalled is a slice that needs no query.
type recalled struct {
	keptSlice
	part part
}

// sliceKey is where a slice is kept: everything that changes its rows.
func (s *searcher) sliceKey(at hunts.Slice) string {
	return "slice:" + digest(s.def.kql(s.params(at), "", s.profiles, s.runner.cfg.Catalog.summary), strings.Join(s.workspaces(at), ","))
}

// workspaces are those that a slice is asked of.
func (s *searcher) workspaces(at hunts.Slice) []string {
	if at.Scope != "" {
		return []string{at.Scope}
	}
	return s.hunt.Workspaces
}

// params are those of one slice. The bins of its timeline depend on the slice
// alone, so that it can be kept for windows of any width.
func (s *searcher) params(at hunts.Slice) params {
	return newParams(s.hunt.Request, at.From, at.To, timelineStep(hunts.Window{From: at.From, To: at.To}))
}

// keepSlice remembers a slice that was searched; what is not kept is searched
// again next time. A store that does not answer is asked once in a search: waiting
// for it at every slice would hold up the answer.
func (s *searcher) keepSlice(ctx context.Context, at hunts.Slice, asked time.Time, rows [][]any) {
	if s.forgetful.Load() {
		return
	}
	data, err := json.Marshal(keptSlice{Asked: asked, Rows: rows})
	if err == nil && s.runner.cfg.Record.SaveBlob(ctx, s.sliceKey(at), data, s.runner.cfg.SliceTTL) != nil {
		s.forgetful.Store(true)
	}
}

// recall finds the slices that memory holds. Where nobody can tell what came
// late, it holds only what was settled when it was asked, or asked a moment ago.
func (s *searcher) recall(ctx context.Context) map[int]recalled {
	out := map[int]recalled{}
	if s.hunt.Request.Fresh {
		return out
	}
	for i, at := range s.slices {
		if at.State == hunts.SliceFailed {
			continue // nobody can search it
		}
		data, ok, err := s.runner.cfg.Record.Blob(ctx, s.sliceKey(at))
		if err != nil {
			s.forgetful.Store(true)
			return out
		}
		var kept keptSlice
		if !ok || json.Unmarshal(data, &kept) != nil || kept.Asked.IsZero() {
			continue
		}
		settled := kept.Asked.Sub(at.To) >= s.runner.settle(s.hunt, s.def)
		if !settled && !s.young(kept.Asked) && !s.runner.tellsArrival(s.hunt, s.def) {
			continue
		}
		if found, err := readPart(kept.Rows); err == nil {
			out[i] = recalled{kept, found}
		}
	}
	return out
}

// young: asked so lately that the answer to the whole question would come from
// memory as well.
func (s *searcher) young(asked time.Time) bool {
	return s.runner.cfg.Clock().Sub(asked) <= s.runner.cfg.CacheTTL
}

// doubted are the slices of memory into which more may have come since they were
// asked: those that one query names, or all of them when it can't be answered.
func (s *searcher) doubted(ctx context.Context, have map[int]recalled) map[int]bool {
	var hull hunts.Slice
	var since time.Time
	for i, x := range have {
		if !s.runner.tellsArrival(s.hunt, s.def) || s.young(x.Asked) && !s.moved {
			continue
		}
		at := s.slices[i]
		if hull.To.IsZero() || at.From.Before(hull.From) {
			hull.From = at.From
		}
		if at.To.After(hull.To) {
			hull.To = at.To
		}
		if since.IsZero() || x.Asked.Before(since) {
			since = x.Asked
		}
	}
	out := map[int]bool{}
	if since.IsZero() {
		return out
	}
	asked := s.runner.cfg.Clock().UTC()
	came, err := s.arrivals(ctx, hull, since.Add(-arrivalSlack))
	for i, x := range have {
		at := s.slices[i]
		if err != nil || came.unattributed.Events > 0 || came.within(at) {
			out[i] = true
			continue
		}
		if !at.From.Before(hull.From) && !at.To.After(hull.To) {
			s.keepSlice(ctx, at, asked, x.Rows) // still true now
		}
	}
	if err != nil {
		s.runner.cfg.Log.Warn("what came late is not known, so the slices in memory are searched again", "hunt", s.hunt.ID, "kind", hunts.KindOf(err), "error", err)
	}
	return out
}

// arrivals asks for the rows of a time that came into the workspace after since.
func (s *searcher) arrivals(ctx context.Context, at hunts.Slice, since time.Time) (part, error) {
	p := newParams(s.hunt.Request, at.From, at.To, time.Hour)
	p.settled, p.arrived = at.To, since
	s.count()
	res, err := s.runner.query(ctx, hunts.Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Sweep: s.hunt.Scheduled, Text: s.def.kql(p, comment(s.hunt)+" late", s.profiles, s.runner.cfg.Catalog.summary),
		From: at.From.Truncate(time.Second), To: at.To.Add(time.Second), Workspaces: s.hunt.Workspaces,
	})
	if err != nil {
		return part{}, err
	}
	if res.Partial != "" {
		return part{}, &hunts.Error{Kind: hunts.KindUnavailable, Say: "the answer is not whole: " + res.Partial}
	}
	return readPart(res.Rows)
}

// within: some of the events, counted by the hour, may lie in a slice.
func (p part) within(at hunts.Slice) bool {
	for _, b := range p.bins {
		if b.Start.Before(at.To) && b.Start.Add(time.Hour).After(at.From) {
			return true
		}
	}
	return len(p.bins) == 0 && p.total.Events > 0
}
