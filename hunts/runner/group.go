package runner

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// A search asks for all the slices that memory lacks with one query where they
// touch; its answer has sections of their own for each, so that each can be kept.
// They are asked one by one only after the service took too long over them, gave
// out too little, or did so lately for the same scope.

// apartFor is how long slices are asked one by one after a query for several of
// them failed for its size.
const apartFor = day

// search asks for the slices that are meant, and does beside them what else there
// is to do.
func (s *searcher) search(ctx context.Context, meant func(int) bool, beside ...func()) {
	var groups [][]int
	for i := range s.slices {
		switch last := len(groups) - 1; {
		case !meant(i):
		case last >= 0 && groups[last][len(groups[last])-1] == i-1 && s.slices[i].Scope == s.slices[i-1].Scope:
			groups[last] = append(groups[last], i)
		default:
			groups = append(groups, []int{i})
		}
	}
	alone := map[int]bool{}
	if slices.ContainsFunc(groups, func(g []int) bool { return len(g) > 1 }) && s.apart(ctx) {
		for _, g := range groups {
			for _, i := range g {
				alone[i] = true
			}
		}
	}
	for _, g := range groups {
		if len(g) > 1 && !alone[g[0]] {
			s.together(g)
		}
	}
	again := make([][]int, len(groups))
	s.each(len(groups), func(n int) {
		if g := groups[n]; len(g) > 1 && !alone[g[0]] {
			again[n] = s.askTogether(ctx, g)
		} else {
			again[n] = g
		}
	}, beside...)
	left := slices.Concat(again...)
	s.apartFrom(left)
	s.each(len(left), func(n int) { s.ask(ctx, left[n]) })
}

// together notes that one query asks for some slices, and apartFrom that each of
// them is asked for by itself.
func (s *searcher) together(group []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unit == nil {
		s.unit = map[int]int{}
	}
	for _, i := range group {
		s.unit[i] = group[0]
	}
}

func (s *searcher) apartFrom(left []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range left {
		delete(s.unit, i)
	}
}

// askTogether asks for slices that touch with one query, and gives those that are
// to be asked one by one.
func (s *searcher) askTogether(ctx context.Context, group []int) (again []int) {
	hull := hunts.Slice{From: s.slices[group[0]].From, To: s.slices[group[len(group)-1]].To, Scope: s.slices[group[0]].Scope}
	p := newParams(s.hunt.Request, hull.From, hull.To, time.Hour)
	if hull.To.Sub(hull.From) > 31*day {
		p.step = day
	}
	for _, i := range group[1:] {
		p.cuts = append(p.cuts, s.slices[i].From)
	}
	asked := s.runner.cfg.Clock().UTC()
	res, state, reason, err := s.rows(ctx, p, hull)
	kind := hunts.KindOf(err)
	if ctx.Err() == nil && (kind == hunts.KindTimeout || kind == hunts.KindTooLarge || state == hunts.SlicePartial) {
		s.setApart(ctx)
		return group
	}
	if state != hunts.SliceDone {
		for _, i := range group {
			s.finish(i, part{}, state, reason)
		}
		return nil
	}
	parts, unread, err := splitParts(res.Rows, len(group))
	found := make([]part, len(group))
	for n := range parts {
		if err == nil {
			found[n], err = readPart(parts[n])
		}
	}
	if err != nil {
		s.runner.cfg.Log.Error("slices not understood", "hunt", s.hunt.ID, "error", err)
		for _, i := range group {
			s.finish(i, part{}, hunts.SliceFailed, notUnderstood(err))
		}
		return nil
	}
	found[0].unread = unread // of all of them
	for n, i := range group {
		if found[n].cut() {
			again = append(again, i)
			continue
		}
		s.keepSlice(ctx, s.slices[i], asked, withUnread(parts[n], unread, len(group)))
		s.finish(i, found[n], hunts.SliceDone, "")
	}
	if len(again) > 0 && again[0] == group[0] && len(again) < len(group) {
		s.mu.Lock()
		s.parts = append(s.parts, part{unread: unread})
		s.mu.Unlock()
	}
	return again
}

// cut tells that a part has fewer lines than it counts: alone it has room for more.
func (p part) cut() bool {
	return int64(len(p.devices)) < p.total.Devices || int64(len(p.rows)) < p.total.Rows || int64(len(p.events)) < min(p.total.Events, maxEvents)
}

// withUnread keeps with one of n slices its share of what could not be read in all
// of them, rounded up: a slice that is remembered must not lose it.
func withUnread(rows [][]any, unread []unreadRow, n int) [][]any {
	for _, u := range unread {
		u.Rows, u.Of = (u.Rows+int64(n)-1)/int64(n), (u.Of+int64(n)-1)/int64(n)
		if text, err := json.Marshal(u); err == nil {
			rows = append(rows, []any{"unread", string(text)})
		}
	}
	return rows
}

func (s *searcher) apartKey() string {
	return "apart:" + digest(s.runner.scopeName(s.hunt), s.def.Footprint.Table)
}

// apart tells that this scope is known to be too large for several slices at once.
func (s *searcher) apart(ctx context.Context) bool {
	if s.forgetful.Load() {
		return false
	}
	_, ok, err := s.runner.cfg.Record.Blob(ctx, s.apartKey())
	return err == nil && ok
}

func (s *searcher) setApart(ctx context.Context) {
	if !s.forgetful.Load() {
		_ = s.runner.cfg.Record.SaveBlob(ctx, s.apartKey(), []byte("{}"), apartFor) // without memory it is learned again
	}
}
