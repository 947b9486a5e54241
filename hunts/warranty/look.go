package warranty

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Look is where one scope stands.
type Look struct {
	Scope string `json:"scope"`
	// Looked is when the last whole look began: what arrived before it was seen.
	Looked time.Time `json:"looked,omitzero"`
	// Next is when the scope is due.
	Next time.Time `json:"next"`
	// Queries is what the last look cost.
	Queries int `json:"queries,omitempty"`
	// Failed says why the last look was not whole; empty when it was.
	Failed string `json:"failed,omitempty"`
}

// How often a scope is looked at. perQuery keeps what warranties cost at four
// queries an hour, however many of them there are and whatever one look takes.
const (
	perQuery = 15 * time.Minute
	// retryAfter is when a look that failed is made again.
	retryAfter = 5 * time.Minute
)

// After is the look that follows one that began at a time. every is how often watches
// are looked at, 0 where the scope has none.
func (l Look) After(began time.Time, queries int, failed string, every time.Duration) Look {
	l.Queries, l.Failed = queries, failed
	wait := perQuery * time.Duration(max(1, queries))
	if every > 0 {
		wait = min(wait, every)
	}
	if failed != "" {
		wait = min(wait, retryAfter)
	} else {
		l.Looked = began.UTC()
	}
	l.Next = began.UTC().Add(wait)
	return l
}

// Sooner makes a scope due by a time, for what has come under its care.
func (l *Look) Sooner(at time.Time) {
	if l.Next.IsZero() || at.Before(l.Next) {
		l.Next = at.UTC()
	}
}

// FirstLook is when a scope is due at the latest for a promise that is new to it.
func FirstLook(now time.Time) time.Time { return now.UTC().Add(perQuery) }

// Since is from when on arrivals are asked for: from the last look, or from an
// answer that no look has taken in yet.
func (l Look) Since(promises []Promise, watches []Watch) time.Time {
	since := l.Looked
	older := func(at time.Time, seen map[string]string) {
		if _, taken := seen[l.Scope]; !taken && (since.IsZero() || at.Before(since)) {
			since = at
		}
	}
	for _, p := range promises {
		older(p.Answered, p.Seen)
	}
	for _, w := range watches {
		older(w.Began, w.Seen)
	}
	return since
}

// Lookouts are what a scope is asked for: one for each channel, in the name of the
// hunt there that looks back the furthest, so that who may ask for less is not
// judged by more. Each asks that scope alone. hunt gives a hunt by its id, and is asked for those only.
func Lookouts(scope string, promises []Promise, watches []Watch, hunt func(id string) (hunts.Hunt, bool)) []hunts.Lookout {
	type group struct {
		hunts.Lookout
		ids []string
	}
	var out []group
	add := func(place, id, name string, list []indicator.Indicator, from time.Time) {
		k := slices.IndexFunc(out, func(g group) bool { return g.Hunt.Asker.Channel == place })
		if k < 0 {
			out = append(out, group{Lookout: hunts.Lookout{Hunt: hunts.Hunt{Asker: hunts.Asker{Channel: place}}, From: from}})
			k = len(out) - 1
		}
		g := &out[k]
		g.Indicators = append(g.Indicators, list...)
		if !slices.Contains(g.Names, name) {
			g.Names = append(g.Names, name)
		}
		if len(g.ids) == 0 || from.Before(g.From) {
			g.ids = slices.Insert(g.ids, 0, id)
		} else {
			g.ids = append(g.ids, id)
		}
		if from.Before(g.From) {
			g.From = from
		}
	}
	for _, p := range promises {
		add(p.Place, p.Hunt, p.Name, p.Indicators, p.From)
	}
	for _, w := range watches {
		add(w.Place, w.Hunt, w.Name, w.Indicators, w.From)
	}
	var list []hunts.Lookout
	for _, g := range out {
		for _, id := range g.ids { // one may be forgotten
			if h, ok := hunt(id); ok {
				g.Hunt, g.Hunt.Workspaces = h, nil
				if scope != "" {
					g.Hunt.Workspaces = []string{scope}
				}
				list = append(list, g.Lookout)
				break
			}
		}
	}
	return list
}

// within are the arrivals of some indicators that may have happened in a window.
func within(list []indicator.Indicator, from, to time.Time, came []hunts.Arrival) []hunts.Arrival {
	var out []hunts.Arrival
	for _, x := range came {
		if x.Last.Before(from) || !x.First.Before(to) {
			continue
		}
		if slices.ContainsFunc(list, func(i indicator.Indicator) bool { return i.String() == x.Indicator && string(i.Kind) == x.Type }) {
			out = append(out, x)
		}
	}
	return out
}

// markOf stands for arrivals: the same rows have the same mark.
func markOf(found []hunts.Arrival) string {
	var parts []string
	for _, x := range found {
		parts = append(parts, fmt.Sprintf("%s %s %s %s %d %d %d", x.Hunt, x.Type, x.Indicator, strings.ToLower(x.Device), x.Events, x.First.UnixMicro(), x.Last.UnixMicro()))
	}
	slices.Sort(parts)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
