package watch

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

// Watch begins a watch on an answered hunt, or makes the one that stands last longer.
// It gives when it ends, and how often it is looked at; 0 says that nothing looks.
func (k *Keeper) Watch(ctx context.Context, h hunts.Hunt, a hunts.Answer, by hunts.Asker, life time.Duration) (until time.Time, every time.Duration, err error) {
	if k.cfg.Every <= 0 || len(h.Request.Indicators()) == 0 {
		return until, 0, nil
	}
	now := k.cfg.Clock().UTC()
	made := warranty.WatchOf(h, a, by, life, now)
	err = k.cfg.Book.ChangeWatch(ctx, h.ID, func(w *warranty.Watch) error {
		switch {
		case w.Hunt == "" || w.Over(now):
			*w = made
		case made.Until.After(w.Until):
			w.Until = made.Until
		}
		until = w.Until
		return nil
	})
	if err != nil {
		return until, 0, err
	}
	return until, k.cfg.Every, k.sooner(ctx, made.Scopes, now.Add(k.cfg.Every))
}

// End ends a watch before its time, with a word at the next look, which is due now.
// ok is false when there is none.
func (k *Keeper) End(ctx context.Context, huntID, by string) (ok bool, err error) {
	var scopes []string
	err = k.changeWatch(ctx, huntID, func(w *warranty.Watch) {
		w.Ended, scopes = by, w.Scopes
	})
	if err != nil || len(scopes) == 0 {
		return false, err
	}
	return true, k.endWatch(ctx, huntID, "")
}

// Of is the watch on a hunt; false when there is none.
func (k *Keeper) Of(ctx context.Context, huntID string) (warranty.Watch, bool, error) {
	var w warranty.Watch
	err := k.cfg.Book.ChangeWatch(ctx, huntID, func(stored *warranty.Watch) error { w = *stored; return nil })
	return w, w.Hunt != "", err
}

// Active are the watches of a channel, those that end first first; of every channel
// for an empty one. every is how often they are looked at.
func (k *Keeper) Active(ctx context.Context, channel string) (list []message.WatchLine, every time.Duration, err error) {
	watches, err := k.cfg.Book.Watches(ctx)
	if err != nil {
		return nil, 0, err
	}
	looks, err := k.cfg.Book.Looks(ctx)
	if err != nil {
		return nil, 0, err
	}
	now := k.cfg.Clock().UTC()
	for _, w := range watches {
		if channel != "" && w.Place != channel || w.Over(now) {
			continue
		}
		l := message.WatchLine{Hunt: w.Hunt, Indicators: w.Indicators, Until: w.Until, By: cmp.Or(w.By.Name, w.By.User), Devices: len(w.Fresh)}
		for _, x := range looks {
			if slices.Contains(w.Scopes, x.Scope) && x.Looked.After(w.Began) && (l.Looked.IsZero() || x.Looked.Before(l.Looked)) {
				l.Looked = x.Looked
			}
			if slices.Contains(w.Scopes, x.Scope) && x.Failed != "" {
				l.Failed = x.Failed
			}
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(x, y message.WatchLine) int {
		if c := x.Until.Compare(y.Until); c != 0 {
			return c
		}
		return compare(x.Hunt, y.Hunt)
	})
	return list, k.cfg.Every, nil
}

// Status is what stands, for whoever looks from outside.
type Status struct {
	Warranties, Watches int
	Scopes              []ScopeStatus
	// Off names what is turned off.
	WarrantiesOff, WatchesOff bool
}

// ScopeStatus is where one scope stands.
type ScopeStatus struct {
	Scope  string
	Age    time.Duration // since the last whole look, or since the first promise
	Late   time.Duration // how long it is overdue
	Failed string
}

// Oldest is the age of the scope that was not looked at for the longest time.
func (s Status) Oldest() time.Duration {
	oldest := time.Duration(0)
	for _, x := range s.Scopes {
		oldest = max(oldest, x.Age)
	}
	return oldest
}

// Status tells what stands now.
func (k *Keeper) Status(ctx context.Context) (Status, error) {
	s := Status{WarrantiesOff: k.cfg.Warranty <= 0, WatchesOff: k.cfg.Every <= 0}
	promises, err := k.cfg.Book.Promises(ctx)
	if err != nil {
		return s, err
	}
	watches, err := k.cfg.Book.Watches(ctx)
	if err != nil {
		return s, err
	}
	looks, err := k.cfg.Book.Looks(ctx)
	if err != nil {
		return s, err
	}
	s.Warranties, s.Watches = len(promises), len(watches)
	now := k.cfg.Clock().UTC()
	for _, l := range looks {
		x := ScopeStatus{Scope: l.Scope, Late: max(0, now.Sub(l.Next)), Failed: l.Failed}
		since := l.Since(promisesIn(promises, l.Scope), watchesIn(watches, l.Scope))
		if !since.IsZero() {
			x.Age = max(0, now.Sub(since))
		}
		s.Scopes = append(s.Scopes, x)
	}
	slices.SortFunc(s.Scopes, func(x, y ScopeStatus) int { return compare(x.Scope, y.Scope) })
	return s, nil
}

func promisesIn(all []warranty.Promise, scope string) []warranty.Promise {
	var out []warranty.Promise
	for _, p := range all {
		if slices.Contains(p.Scopes, scope) {
			out = append(out, p)
		}
	}
	return out
}

func watchesIn(all []warranty.Watch, scope string) []warranty.Watch {
	var out []warranty.Watch
	for _, w := range all {
		if slices.Contains(w.Scopes, scope) {
			out = append(out, w)
		}
	}
	return out
}
