package sweep

import "time"

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
			e.Met = old.Met
			if e.State == Retired {
				e.State = Active
			}
			out = append(out, e)
		}
	}
	for _, e := range have {
		if e.Source == source && !named[e.Key()] && e.State != Retired {
			e.State = Retired
			out = append(out, e)
		}
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
