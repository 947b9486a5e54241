package sweep

import (
	"slices"
	"time"
)

// Refresh is what becomes of a watchlist when a feed was read again: the
// entries to write. What people said of an entry stays; what the feed does not
// name any more is retired, and hunted again when it comes back. Entries of
// other sources are not touched: whoever put an indicator on the list first
// says how long it stays there.
func Refresh(have []Entry, feed Feed, fresh List, now time.Time) []Entry {
	source := feed.String()
	known := make(map[string]Entry, len(have))
	for _, e := range have {
		known[e.Key()] = e
	}
	var out []Entry
	named := make(map[string]bool, len(fresh.Entries))
	for _, e := range fresh.Entries {
		named[e.Key()] = true
		old, ok := known[e.Key()]
		switch {
		case !ok:
			// the day a vendor wrote it down is not the day it came to this list
			e.Added = now
			out = append(out, e)
		case old.Source == source:
			e.Added, e.State, e.QuietUntil, e.Ticket, e.Hits, e.Hunted, e.Owner = old.Added, old.State, old.QuietUntil, old.Ticket, old.Hits, old.Hunted, old.Owner
			e.Met, e.Removed = old.Met, old.Removed
			if e.State == Retired && !e.Removed {
				e.State = Active
			}
			out = append(out, e)
		}
	}
	for _, e := range have {
		if e.Source != source || named[e.Key()] || e.State == Retired {
			continue
		}
		switch {
		case !fresh.Delta || slices.Contains(fresh.Revoked, e.Key()):
			e.State = Retired
		case e.Renewed:
			e.Expires = now.Add(DefaultLife)
		default:
			continue
		}
		out = append(out, e)
	}
	return out
}

// Renew keeps the entries of a feed that has not changed: their life was ours to
// give, and begins anew.
func Renew(have []Entry, feed Feed, now time.Time) []Entry {
	var out []Entry
	for _, e := range have {
		if e.Source == feed.String() && e.Renewed && e.State != Retired {
			e.Expires = now.Add(DefaultLife)
			out = append(out, e)
		}
	}
	return out
}

// Put is what becomes of a watchlist when people put entries onto it: the entries
// to write, and how many of them were not there. What is known of an entry stays,
// it ends at the later of its ends, and it is theirs from now on: the source that
// named it before does not take it off again.
func Put(have, add []Entry) (changed []Entry, fresh int) {
	known := make(map[string]Entry, len(have))
	for _, e := range have {
		known[e.Key()] = e
	}
	added := map[string]bool{}
	for _, e := range add {
		if added[e.Key()] {
			continue
		}
		added[e.Key()] = true
		e.Renewed = false
		old, ok := known[e.Key()]
		if !ok {
			changed, fresh = append(changed, e), fresh+1
			continue
		}
		e.Added, e.Hits, e.Met, e.Hunted = old.Added, old.Hits, old.Met, old.Hunted
		if old.State == Quiet {
			e.State, e.QuietUntil, e.Ticket = old.State, old.QuietUntil, old.Ticket
		}
		if old.Expires.After(e.Expires) {
			e.Expires = old.Expires
		}
		if e.Note == "" {
			e.Note = old.Note
		}
		if e.Confidence == 0 {
			e.Confidence = old.Confidence
		}
		if len(e.Tags) == 0 {
			e.Tags = old.Tags
		}
		changed = append(changed, e)
	}
	return changed, fresh
}
