package sweep

import (
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Snapshot is what a sweep met: the natural keys, and when.
type Snapshot struct {
	Slot time.Time            `json:"slot"`
	Keys map[string]time.Time `json:"keys"` // key of a hit → last seen
	// From and To are the window that was covered.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// HitKey is the natural key of a hit: the indicator on the device.
func HitKey(h hunts.Hit) string { return h.Type + ":" + h.Indicator + "@" + strings.ToLower(h.Device) }

// Found is one indicator with its hits of this sweep.
type Found struct {
	Entry Entry       `json:"entry"`
	Hits  []hunts.Hit `json:"hits"`
}

// Report is what changed since the last sweep.
type Report struct {
	New   []Found  `json:"new"`   // at least one device that was not there
	Still []Found  `json:"still"` // nothing new about it
	Gone  []string `json:"gone"`  // keys that were met last time and are not any more
	Quiet []Found  `json:"quiet"` // met, and told to keep still
	// Old are hits of entries that were added since the last sweep: history, not
	// today's news.
	Old          []Found   `json:"old"`
	NotEvaluated []Problem `json:"not_evaluated"`
	Expired      int       `json:"expired"`
	// Known is false when the coverage does not allow to say what is gone.
	Known bool `json:"known"`
}

// Compare finds what is new. Without a previous snapshot everything is.
func Compare(previous *Snapshot, s hunts.Survey, list List, now time.Time) (Report, Snapshot) {
	r := Report{NotEvaluated: list.Problems, Expired: list.Expired, Known: s.Coverage.Complete}
	next := Snapshot{Slot: now, Keys: map[string]time.Time{}, From: s.Window.From, To: s.Window.To}
	entries := map[string]Entry{}
	for _, e := range list.Entries {
		entries[e.Key()] = e
	}
	byEntry := map[string][]hunts.Hit{}
	var order []string
	for _, h := range s.Hits {
		key := h.Type + ":" + h.Indicator
		if _, ok := byEntry[key]; !ok {
			order = append(order, key)
		}
		byEntry[key] = append(byEntry[key], h)
		next.Keys[HitKey(h)] = h.LastSeen
	}
	for _, key := range order {
		e, hits := entries[key], byEntry[key]
		fresh := previous == nil || slices.ContainsFunc(hits, func(h hunts.Hit) bool { _, met := previous.Keys[HitKey(h)]; return !met })
		f := Found{Entry: e, Hits: hits}
		switch {
		case e.State == Quiet && e.QuietUntil.After(now):
			r.Quiet = append(r.Quiet, f)
		case fresh && previous != nil && allBefore(hits, previous.To) && e.Added.After(previous.Slot):
			r.Old = append(r.Old, f)
		case fresh:
			r.New = append(r.New, f)
		default:
			r.Still = append(r.Still, f)
		}
	}
	if previous != nil {
		for key, last := range previous.Keys {
			if _, met := next.Keys[key]; met {
				continue
			}
			name, _, _ := strings.Cut(key, "@")
			if _, listed := entries[name]; !listed {
				continue // no longer on the watchlist: nothing is known of it
			}
			if r.Known {
				r.Gone = append(r.Gone, key)
			} else {
				next.Keys[key] = last // not seen is not gone while we could not look
			}
		}
		slices.Sort(r.Gone)
	}
	return r, next
}

func allBefore(hits []hunts.Hit, t time.Time) bool {
	return !slices.ContainsFunc(hits, func(h hunts.Hit) bool { return !h.LastSeen.Before(t) })
}
