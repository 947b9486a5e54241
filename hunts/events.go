package hunts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxEvents is how many events a file holds; an answer carries the newest few.
const MaxEvents = 20_000

// EventList is every event of an answer, newest first.
type EventList struct {
	Events []Event
	// Cut is why there are more than these; empty when it is all of them.
	Cut string
}

// Events reads each event that an answer counts, for a file. It is a part of hunt
// h, and is admitted and audited as one. Slices without an event are not asked.
// The error is a *Error, and then there are none.
func (r *Runner) Events(ctx context.Context, h Hunt, a Answer) (EventList, error) {
	if int64(len(a.Events)) == a.Totals.Events && a.Totals.Events > 0 && !excludes(a) {
		return EventList{Events: slices.Clone(a.Events)}, nil
	}
	d, ok := r.cfg.Catalog.Get(h.Name)
	if !ok {
		return EventList{}, &Error{Kind: KindRefused, Say: fmt.Sprintf("the hunt %q is no longer in the catalogue", h.Name)}
	}
	h.Request.Fresh = false
	s := &searcher{runner: r, hunt: h, def: d, window: Window{From: a.Request.From, To: a.Request.To}, slices: slices.Clone(a.Coverage.Slices)}
	s.profiles, _ = chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	if err := r.admit(ctx, h, d.kql(s.params(Slice{From: s.window.From, To: s.window.To}), comment(h)+" events", s.profiles, r.cfg.Catalog.events)); err != nil {
		return EventList{}, err
	}
	known := s.recall(ctx)
	m := merger{params: s.params(Slice{From: s.window.From, To: s.window.To})}
	var out EventList
	for i, at := range slices.Backward(s.slices) {
		if x, ok := known[i]; ok && x.part.total.Events == 0 || at.State != SliceDone && at.State != SlicePartial {
			continue
		}
		found, partial, err := s.events(ctx, at, m)
		if err != nil {
			return EventList{}, err
		}
		out.Events = append(out.Events, found...)
		if partial != "" {
			out.Cut = partial
		}
		if len(out.Events) > MaxEvents {
			out.Events, out.Cut = out.Events[:MaxEvents], fmt.Sprintf("these are the newest %d of more events", MaxEvents)
			break
		}
	}
	return out, nil
}

func excludes(a Answer) bool { return len(a.Excluded) > 0 }

// events reads those of one slice.
func (s *searcher) events(ctx context.Context, at Slice, m merger) (list []Event, partial string, err error) {
	res, err := s.runner.query(ctx, Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Text: s.def.kql(s.params(at), comment(s.hunt)+" events", s.profiles, s.runner.cfg.Catalog.events),
		From: at.From.Truncate(time.Second), To: at.To.Add(time.Second), Workspaces: s.hunt.Workspaces,
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
			return nil, "", &Error{Kind: KindUnavailable, Say: "the answer of the workspace was not understood", Err: fmt.Errorf("an event: %w", err)}
		}
		one := m.event(e.eventRow)
		one.Excluded = e.Excluded
		list = append(list, one)
	}
	return list, res.Partial, nil
}
