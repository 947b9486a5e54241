package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// MaxEvents is how many events a file holds; an answer carries the newest few.
const MaxEvents = 20_000

// Events reads each event that an answer counts, for a file. It is a part of hunt
// h, and is admitted and audited as one. Slices without an event are not asked.
// The error is a *Error, and then there are none.
func (r *Runner) Events(ctx context.Context, h hunts.Hunt, a hunts.Answer) (hunts.EventList, error) {
	if a.Table != nil {
		return hunts.EventList{Events: []hunts.Event{}}, nil // its rows are its table
	}
	if int64(len(a.Events)) == a.Totals.Events && a.Totals.Events > 0 && !excludes(a) {
		return hunts.EventList{Events: slices.Clone(a.Events)}, nil
	}
	d, ok := r.cfg.Catalog.Get(h.Name)
	if !ok {
		return hunts.EventList{}, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("the hunt %q is no longer in the catalogue", h.Name)}
	}
	h.Request.Fresh = false
	profiles, _ := chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	window := hunts.Window{From: a.Request.From, To: a.Request.To}
	whole := newParams(h.Request, window.From, window.To, timelineStep(window))
	part := *h.Search()
	part.Window, part.Once = window, h.ID+" events"
	ctx, err := r.gate.authorize(ctx, h, hunts.Action{Name: "events", Right: hunts.MayExport, KQLHash: hunts.KQLHash(d.kql(whole, comment(h)+" events", profiles, r.cfg.Catalog.events)), Search: &part})
	if err != nil {
		return hunts.EventList{}, err
	}
	var out hunts.EventList
	for _, one := range scopesOf(h) {
		scope := r.scopeName(one)
		s := &searcher{runner: r, hunt: one, def: d, profiles: profiles, window: window, slices: slices.Clone(slicesOfScope(a, scope))}
		found, err := s.allEvents(ctx, merger{params: whole})
		if err != nil {
			return hunts.EventList{}, err
		}
		if len(a.ByScope) > 1 {
			for i := range found.Events {
				found.Events[i].Scope = scope
			}
		}
		out.Events, out.Cut = append(out.Events, found.Events...), cmp.Or(out.Cut, found.Cut)
	}
	slices.SortStableFunc(out.Events, func(x, y hunts.Event) int { return y.Time.Compare(x.Time) })
	if len(out.Events) > MaxEvents {
		out.Events, out.Cut = out.Events[:MaxEvents], fmt.Sprintf("these are the newest %d of more events", MaxEvents)
	}
	return out, nil
}

// allEvents reads those of one scope, the newest part first.
func (s *searcher) allEvents(ctx context.Context, m merger) (hunts.EventList, error) {
	known := s.recall(ctx)
	var out hunts.EventList
	for i, at := range slices.Backward(s.slices) {
		if x, ok := known[i]; ok && x.part.total.Events == 0 || at.State != hunts.SliceDone && at.State != hunts.SlicePartial {
			continue
		}
		found, partial, err := s.events(ctx, at, m)
		if err != nil {
			return hunts.EventList{}, err
		}
		out.Events = append(out.Events, found...)
		if partial != "" {
			out.Cut = partial
		}
		if len(out.Events) > MaxEvents {
			break
		}
	}
	return out, nil
}

func excludes(a hunts.Answer) bool { return len(a.Excluded) > 0 }

// events reads those of one slice.
func (s *searcher) events(ctx context.Context, at hunts.Slice, m merger) (list []hunts.Event, partial string, err error) {
	res, err := s.runner.query(ctx, hunts.Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Text: s.def.kql(s.params(at), comment(s.hunt)+" events", s.profiles, s.runner.cfg.Catalog.events),
		From: at.From.Truncate(time.Second), To: at.To.Add(time.Second), Workspaces: s.workspaces(at),
	})
	if err != nil {
		return nil, "", err
	}
	for _, row := range res.Rows {
		var e struct {
			eventRow
			Excluded string `json:"excluded"`
		}
		if len(row) == 0 {
			continue
		}
		bag, _ := row[0].(string)
		if err := json.NewDecoder(strings.NewReader(bag)).Decode(&e); err != nil {
			return nil, "", &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace's answer couldn't be read", Err: fmt.Errorf("an event: %w", err)}
		}
		one := m.event(e.eventRow)
		one.Excluded = e.Excluded
		list = append(list, one)
	}
	return list, res.Partial, nil
}
