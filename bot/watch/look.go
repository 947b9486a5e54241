package watch

import (
	"context"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

// maxRetries bounds how many answers that could not tell are searched again in one
// look; stillDark ends it sooner, when so many of them in a row still can't.
const (
	maxRetries = 10
	stillDark  = 3
)

// look asks a scope once for everything that is promised and watched there, and does
// what follows from it.
func (k *Keeper) look(ctx context.Context, scope string) error {
	began := k.cfg.Clock().UTC()
	state, due, err := k.state(ctx, scope, began)
	if err != nil || !due {
		return err
	}
	promises, watches, err := k.standing(ctx, scope)
	if err != nil {
		return err
	}
	if len(promises)+len(watches) == 0 {
		return k.cfg.Book.ChangeLook(ctx, scope, func(l *warranty.Look) error { l.Next = time.Time{}; return nil })
	}
	if err := k.finish(ctx, promises, watches); err != nil {
		return err
	}
	came, err := k.cfg.Runner.Arrivals(ctx, state.Since(promises, watches), k.lookouts(ctx, scope, promises, watches))
	if hunts.KindOf(err) == hunts.KindNotAllowed { // a policy that changed may change back
		came.Reason, err = err.Error(), nil
	}
	if err != nil || ctx.Err() != nil {
		return errOr(ctx.Err(), err)
	}
	s := sight{scope: scope, began: began, came: came.Found, whole: came.Reason == ""}
	for _, w := range watches { // somebody waits for these
		if err := k.watched(ctx, s, w, came.Reason); err != nil {
			return err
		}
	}
	if err := k.promised(ctx, s, promises); err != nil {
		return err
	}
	every := time.Duration(0)
	if slices.ContainsFunc(watches, func(w warranty.Watch) bool { return !w.Over(began) }) {
		every = k.cfg.Every
	}
	return k.cfg.Book.ChangeLook(ctx, scope, func(l *warranty.Look) error {
		*l = l.After(began, came.Queries, came.Reason, every)
		return nil
	})
}

// sight is what one look saw.
type sight struct {
	scope string
	began time.Time
	came  []hunts.Arrival
	whole bool
}

func errOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// state is where a scope stands, and whether it is due: a job may come twice.
func (k *Keeper) state(ctx context.Context, scope string, now time.Time) (warranty.Look, bool, error) {
	looks, err := k.cfg.Book.Looks(ctx)
	if err != nil {
		return warranty.Look{}, false, err
	}
	n := slices.IndexFunc(looks, func(l warranty.Look) bool { return l.Scope == scope })
	if n < 0 || looks[n].Next.After(now) {
		return warranty.Look{}, false, nil
	}
	return looks[n], true, nil
}

// standing is what is promised and watched in a scope, the oldest first.
func (k *Keeper) standing(ctx context.Context, scope string) ([]warranty.Promise, []warranty.Watch, error) {
	promises, err := k.cfg.Book.Promises(ctx)
	if err != nil {
		return nil, nil, err
	}
	watches, err := k.cfg.Book.Watches(ctx)
	if err != nil {
		return nil, nil, err
	}
	promises, watches = promisesIn(promises, scope), watchesIn(watches, scope)
	slices.SortFunc(promises, func(x, y warranty.Promise) int {
		if c := x.Answered.Compare(y.Answered); c != 0 {
			return c
		}
		return compare(x.Hunt, y.Hunt)
	})
	slices.SortFunc(watches, func(x, y warranty.Watch) int { return compare(x.Hunt, y.Hunt) })
	return promises, watches, nil
}

func compare(x, y string) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// finish tells what a replica that died had found and not told.
func (k *Keeper) finish(ctx context.Context, promises []warranty.Promise, watches []warranty.Watch) error {
	for n, w := range watches {
		if w.Told < len(w.Fresh) {
			if err := k.ring(ctx, w.Hunt); err != nil {
				return err
			}
			watches[n].Told = len(w.Fresh)
		}
	}
	for n, p := range promises {
		if p.Change != nil {
			told, err := k.tell(ctx, p.Hunt)
			if err != nil {
				return err
			}
			promises[n] = told
		}
	}
	return nil
}

func (k *Keeper) lookouts(ctx context.Context, scope string, promises []warranty.Promise, watches []warranty.Watch) []hunts.Lookout {
	return warranty.Lookouts(scope, promises, watches, func(id string) (hunts.Hunt, bool) {
		h, ok, err := k.cfg.Hunts.Hunt(ctx, id)
		return h, err == nil && ok && h.State != hunts.Unsaid
	})
}

// promised searches again the answers that late rows may touch, and those that could
// not tell and are due.
func (k *Keeper) promised(ctx context.Context, s sight, promises []warranty.Promise) error {
	retries, dark := 0, 0
	for _, p := range promises {
		if p.Hunt == "" {
			continue // it ended a moment ago
		}
		found, mark, news := p.Touched(s.scope, s.came)
		due := p.Due(s.began) && retries < maxRetries && dark < stillDark
		switch {
		case news || due:
			told, err := k.recheck(ctx, p, s, found, mark)
			if err != nil {
				return err
			}
			if !news {
				retries++
			}
			if dark++; !told {
				dark = 0
			}
		case s.whole:
			if _, taken := p.Seen[s.scope]; !taken {
				if err := k.changePromise(ctx, p.Hunt, func(p *warranty.Promise) { p.Note(s.scope, mark) }); err != nil {
					return err
				}
			}
		}
		if !s.began.Before(p.Until) && s.whole {
			if err := k.changePromise(ctx, p.Hunt, func(p *warranty.Promise) { *p = warranty.Promise{} }); err != nil {
				return err
			}
		}
	}
	return nil
}

// changePromise changes a promise that is still there.
func (k *Keeper) changePromise(ctx context.Context, huntID string, change func(*warranty.Promise)) error {
	return k.cfg.Book.ChangePromise(ctx, huntID, func(p *warranty.Promise) error {
		if p.Hunt != "" {
			change(p)
		}
		return nil
	})
}
