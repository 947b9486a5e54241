package runner

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// Run answers a hunt. Identical questions share one run, also across
// processes. progress may be nil; it is called from one goroutine at a time.
//
// The error is a *Error and means that nothing was searched: refused by
// policy, or no audit could be written. Everything that goes wrong later is in
// the answer, as COULD_NOT_TELL with its reason.
func (r *Runner) Run(ctx context.Context, h hunts.Hunt, progress func(hunts.Progress)) (hunts.Answer, error) {
	if progress == nil {
		progress = func(hunts.Progress) {}
	}
	d, ok := r.cfg.Catalog.Get(h.Name)
	if !ok {
		return hunts.Answer{}, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("the hunt %q is no longer in the catalogue", h.Name)}
	}
	ctx, err := r.gate.authorize(ctx, h, hunts.Action{Name: "hunt", Right: hunts.MayHunt, KQLHash: hunts.KQLHash(r.textOf(h, d)), Search: h.Search()})
	if err != nil {
		return hunts.Answer{}, err
	}
	h = r.gate.within(ctx, h)
	key := r.cacheKey(h, d)
	for {
		if a, ok := r.cached(ctx, h, key); ok {
			return a, nil
		}
		lease, holder, ok, err := r.cfg.Record.Lease(ctx, "run:"+key, h.ID, leaseTTL)
		if err != nil {
			a := r.search(ctx, h, d, progress)
			a.Notes = append(a.Notes, hunts.NoteNotCached)
			r.store(ctx, "", &a)
			return a, nil
		}
		if ok {
			if a, ok := r.cached(ctx, h, key); ok { // another one ended between our look and our lease
				r.release(context.WithoutCancel(ctx), h, lease)
				return a, nil
			}
			return r.searchLeased(ctx, h, d, key, lease, progress)
		}
		r.cfg.Log.Info("hunt waits for an identical one", "hunt", h.ID, "holder", holder)
		progress(hunts.Progress{SharedWith: holder})
		if err := r.cfg.Record.Await(ctx, "run:"+key); err != nil && hunts.KindOf(err) != hunts.KindUnavailable {
			return hunts.Answer{}, &hunts.Error{Kind: hunts.KindCancelled, Say: "the hunt was stopped while it waited for an identical one", Err: err}
		}
		h.Request.Fresh, h.Refreshes = false, "" // what the other one found a moment ago is fresh
		if a, ok, err := r.cfg.Record.Answer(ctx, holder); err == nil && ok && a.Verdict == hunts.CouldNotTell && !interrupted(a) {
			// What could not be told is cached for nobody, but who waited for it was
			// answered too: fifty askers must not ask a busy workspace one by one.
			if a, ok := r.remembered(ctx, a, h); ok {
				return a, nil
			}
		}
	}
}

// cached is the answer of an identical question, unless a fresh one is asked for.
func (r *Runner) cached(ctx context.Context, h hunts.Hunt, key string) (hunts.Answer, bool) {
	if h.Request.Fresh || h.Refreshes != "" {
		return hunts.Answer{}, false
	}
	a, ok, err := r.cfg.Record.CachedAnswer(ctx, key)
	if err != nil || !ok || r.expired(a) {
		return hunts.Answer{}, false
	}
	return r.remembered(ctx, a, h)
}

// interrupted tells whether somebody stopped a hunt before its end.
func interrupted(a hunts.Answer) bool {
	return slices.ContainsFunc(a.Coverage.Slices, func(s hunts.Slice) bool { return s.State == hunts.SliceSkipped })
}

func (r *Runner) release(ctx context.Context, h hunts.Hunt, lease hunts.Lease) {
	if err := lease.Release(ctx); err != nil {
		r.cfg.Log.Warn("lease of a hunt not released, it expires by itself", "hunt", h.ID, "error", err)
	}
}

// textOf is the KQL that the answer of a hunt will carry; empty when its window
// depends on what the workspace keeps.
func (r *Runner) textOf(h hunts.Hunt, d Definition) string {
	if h.Window.All {
		return ""
	}
	profiles, _ := chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	return r.textFor(h, d.kql(newParams(h.Request, h.Window.From, h.Window.To, timelineStep(h.Window)), comment(h), profiles, r.cfg.Catalog.summary))
}

// textFor is a query in the schema of the scope that is asked, for people who go
// on with it there; a source writes it so by itself.
func (r *Runner) textFor(h hunts.Hunt, text string) string {
	if r.cfg.Source.Describe(h.Workspaces).Kind == hunts.KindDefender {
		return kql.ForSchema(text, kql.AdvancedHunting)
	}
	return text
}

const (
	leaseTTL   = 10 * time.Second // a dead replica's hunt is taken over after this
	leaseRenew = 3 * time.Second
)

// searchLeased searches while a heartbeat keeps the lease. When the lease is
// lost the search stops: somebody else answers.
func (r *Runner) searchLeased(ctx context.Context, h hunts.Hunt, d Definition, key string, lease hunts.Lease, progress func(hunts.Progress)) (hunts.Answer, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var beats sync.WaitGroup
	beats.Go(func() {
		tick := time.NewTicker(leaseRenew)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if held, err := lease.Renew(ctx); err == nil && !held {
					stop()
					return
				}
			}
		}
	})
	a := r.search(ctx, h, d, progress)
	lost := ctx.Err() != nil
	stop()
	beats.Wait()
	after := context.WithoutCancel(ctx)
	if !lost {
		r.keep(after, key, &a)
	}
	r.release(after, h, lease)
	return a, nil
}
