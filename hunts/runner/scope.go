package runner

import (
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/hunts"
)

// scopesOf splits a hunt into one for each scope that it asks. A scope is one
// workspace or one source: its coverage, control, slices and verdict are its
// own, and no query reads two of them.
func scopesOf(h hunts.Hunt) []hunts.Hunt {
	if len(h.Workspaces) < 2 {
		return []hunts.Hunt{h}
	}
	var out []hunts.Hunt
	seen := map[string]bool{}
	for _, name := range h.Workspaces {
		if !seen[name] {
			seen[name] = true
			one := h
			one.Workspaces = []string{name}
			out = append(out, one)
		}
	}
	return out
}

// scopeName is what people call the scope of a hunt that asks one.
func (r *Runner) scopeName(h hunts.Hunt) string { return r.cfg.Source.Describe(h.Workspaces).Workspace }

// eachScope runs do for all scopes of a hunt at once.
func eachScope(h hunts.Hunt, do func(n int, one hunts.Hunt)) {
	group := errgroup.Group{}
	for n, one := range scopesOf(h) {
		group.Go(func() error { do(n, one); return nil })
	}
	_ = group.Wait() // the functions return no error
}

// onlyNote says that a company with several workspaces was searched in part. It
// names none that was not asked: a channel may be bound to one and hear of no
// other.
func (r *Runner) onlyNote(h hunts.Hunt) string {
	left := len(r.cfg.Workspaces) - len(scopesOf(h))
	if left <= 0 || len(h.Workspaces) == 0 {
		return ""
	}
	verb := "is"
	if left > 1 {
		verb = "are"
	}
	return fmt.Sprintf("Only %s was searched: %s %s configured. Use workspace= to search more than one.", strings.Join(h.Workspaces, ", "), hunts.Count(int64(left), "more workspace"), verb)
}

// progressOf adds up the progress of scopes that run at once.
func progressOf(scopes int, tell func(hunts.Progress)) func(n int) func(hunts.Progress) {
	var mu sync.Mutex
	now := make([]hunts.Progress, scopes)
	return func(n int) func(hunts.Progress) {
		return func(p hunts.Progress) {
			mu.Lock()
			defer mu.Unlock()
			now[n] = p
			sum := hunts.Progress{Cancellable: p.Cancellable, QueuedAhead: p.QueuedAhead, SharedWith: p.SharedWith}
			var endpoints []hunts.Answer
			for _, x := range now {
				if x.Endpoint != nil {
					endpoints = append(endpoints, *x.Endpoint)
				}
				for _, name := range x.Looking {
					sum.Looking = appendOnce(sum.Looking, name)
				}
				sum.Done, sum.Total = sum.Done+x.Done, sum.Total+x.Total
				sum.Devices, sum.Events = sum.Devices+x.Devices, sum.Events+x.Events
				if x.Verdict != "" {
					sum.Verdict = x.Verdict
				}
				if x.Done > 0 {
					sum.QueuedAhead = 0
				}
			}
			if len(endpoints) == scopes { // one that is not ready has no verdict to show beside it
				all := join(endpoints)
				sum.Endpoint = &all
			}
			tell(sum)
		}
	}
}

// slicesOfScope are the slices of one scope of an answer.
func slicesOfScope(a hunts.Answer, scope string) []hunts.Slice {
	for _, s := range a.ByScope {
		if s.Scope == scope {
			return s.Coverage.Slices
		}
	}
	if len(a.ByScope) == 0 {
		return a.Coverage.Slices // kept before answers had scopes
	}
	return nil
}
