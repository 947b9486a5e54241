package sweep

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Snapshot is what a sweep leaves for the next one: the natural keys of what
// was met, and the window that was covered.
type Snapshot struct {
	Slot   time.Time       `json:"slot"`
	Looked time.Time       `json:"looked"` // when the workspace was asked: rows that arrive later are the next sweep's
	Keys   map[string]Seen `json:"keys"`
	From   time.Time       `json:"from"`
	To     time.Time       `json:"to"`
}

// Seen is one natural key.
type Seen struct {
	First time.Time `json:"first,omitzero"` // of all sweeps that met it; zero in snapshots of earlier versions
	Last  time.Time `json:"last"`
	Gone  bool      `json:"gone,omitempty"` // told to be gone; kept while late rows of it may still come
}

// keepGone is how long a key is kept that is gone: longer than a row may be
// late, so that no row is told twice.
const keepGone = hunts.LateBy + 48*time.Hour

// HitKey is the natural key of a hit: the indicator on the device. In a sweep of
// several workspaces the device is named with its own, since two may have one
// name.
func HitKey(h hunts.Hit) string {
	if h.Scope == "" {
		return plainKey(h)
	}
	return plainKey(h) + " (" + h.Scope + ")"
}

func plainKey(h hunts.Hit) string {
	return h.Type + ":" + h.Indicator + "@" + strings.ToLower(h.Device)
}

// knownTo gives the keys of the snapshot before. A sweep that took in another
// workspace knows its devices by their names alone.
func knownTo(previous *Snapshot, hits []hunts.Hit) map[string]Seen {
	if previous == nil {
		return nil
	}
	known := maps.Clone(previous.Keys)
	for _, h := range hits {
		if was, ok := known[plainKey(h)]; ok && h.Scope != "" {
			delete(known, plainKey(h))
			known[HitKey(h)] = was
		}
	}
	return known
}

// SplitKey gives the key of the entry and the device of a natural key. A URL may
// hold an @ as well.
func SplitKey(key string) (entry, device string) {
	at := strings.LastIndexByte(key, '@')
	if at < 0 {
		return key, ""
	}
	return key[:at], key[at+1:]
}

// Found is one indicator with its hits of this sweep.
type Found struct {
	Entry Entry       `json:"entry"`
	Hits  []hunts.Hit `json:"hits"`
	Fresh int         `json:"fresh,omitempty"` // devices that were not there before
}

// Report is what changed since the last sweep.
type Report struct {
	New   []Found  `json:"new"`   // at least one device that was not there
	Still []Found  `json:"still"` // met again, nothing new about it, or somebody handles it
	Gone  []string `json:"gone"`  // keys that were met last time and not since
	Quiet []Found  `json:"quiet"` // new, and told to keep still
	// Old is the history of entries that are hunted for the first time: what a
	// device met before the window already, whether it goes on or not. It is told
	// once and is not today's news.
	Old          []Found      `json:"old"`
	NotEvaluated []Problem    `json:"not_evaluated"`
	Left         map[Kind]int `json:"left"`            // how many are not evaluated, by the reason
	Notes        []string     `json:"notes,omitempty"` // about the sources as a whole
	// Known is false when the coverage does not allow to say what is gone.
	Known bool `json:"known"`
}

// Compare finds what is new since the previous sweep, nil for none. past are
// the hits before the window of entries that are hunted for the first time.
//
// Two windows overlap, for rows that come late. A hit that holds no event later
// than the last one known was told already.
func Compare(previous *Snapshot, s hunts.Survey, past []hunts.Hit, list List, slot, looked time.Time) (Report, Snapshot) {
	r := Report{NotEvaluated: list.Problems, Left: list.Left(), Notes: list.Notes, Known: s.Coverage.Complete}
	next := Snapshot{Slot: slot, Looked: looked, Keys: map[string]Seen{}, From: s.Window.From, To: s.Window.To}
	entries := make(map[string]Entry, len(list.Entries))
	for _, e := range list.Entries {
		entries[e.Key()] = e
	}
	met, known := map[string]bool{}, knownTo(previous, s.Hits)
	before := firstOf(past)
	groups := byEntry(s.Hits, func(h hunts.Hit) bool {
		old, was := known[HitKey(h)]
		return !was || h.LastSeen.After(old.Last)
	})
	for _, g := range groups {
		f, fresh, old := Found{Entry: entries[g.key]}, false, false
		for _, h := range g.hits {
			key := HitKey(h)
			last, was := known[key]
			met[key] = true
			first, history := before[key]
			for _, earlier := range []time.Time{first, last.First} {
				if !earlier.IsZero() && earlier.Before(h.FirstSeen) {
					h.FirstSeen = earlier
				}
			}
			next.Keys[key] = Seen{First: h.FirstSeen, Last: h.LastSeen}
			if !was || last.Gone {
				fresh, old = fresh || !history, old || history
				if !history {
					f.Fresh++
				}
			}
			f.Hits = append(f.Hits, h)
		}
		switch {
		case f.Entry.Handled(slot) && (fresh || old):
			r.Quiet = append(r.Quiet, f)
		case fresh:
			r.New = append(r.New, f)
		case old:
			r.Old = append(r.Old, f)
		default:
			r.Still = append(r.Still, f)
		}
	}
	for _, g := range byEntry(past, func(h hunts.Hit) bool { return !met[HitKey(h)] }) {
		if k := slices.IndexFunc(r.Old, func(f Found) bool { return f.Entry.Key() == g.key }); k >= 0 {
			r.Old[k].Hits = append(r.Old[k].Hits, g.hits...)
		} else {
			r.Old = append(r.Old, Found{Entry: entries[g.key], Hits: g.hits})
		}
	}
	for key, old := range known {
		if met[key] {
			continue
		}
		name, _ := SplitKey(key)
		e, listed := entries[name]
		switch {
		case !listed || e.State == Retired: // no longer on the watchlist: nothing is known of it
		case !old.Gone && !r.Known: // not seen is not gone while we could not look
			next.Keys[key] = old
		case !old.Gone:
			r.Gone = append(r.Gone, key)
			next.Keys[key] = Seen{First: old.First, Last: old.Last, Gone: true}
		case old.Last.After(s.Window.To.Add(-keepGone)):
			next.Keys[key] = old
		}
	}
	slices.Sort(r.Gone)
	return r, next
}

// Handled tells that somebody looks after the entry, so that it must not shout.
func (e Entry) Handled(now time.Time) bool { return e.State == Quiet && e.QuietUntil.After(now) }

// group is the hits of one entry, in their order.
type group struct {
	key  string
	hits []hunts.Hit
}

func byEntry(hits []hunts.Hit, take func(hunts.Hit) bool) []group {
	var out []group
	at := map[string]int{}
	for _, h := range hits {
		if !take(h) {
			continue
		}
		key := h.Type + ":" + h.Indicator
		k, ok := at[key]
		if !ok {
			k = len(out)
			at[key], out = k, append(out, group{key: key})
		}
		out[k].hits = append(out[k].hits, h)
	}
	return out
}

func firstOf(hits []hunts.Hit) map[string]time.Time {
	out := map[string]time.Time{}
	for _, h := range hits {
		key := HitKey(h)
		if first, ok := out[key]; !ok || h.FirstSeen.Before(first) {
			out[key] = h.FirstSeen
		}
	}
	return out
}
