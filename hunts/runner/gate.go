package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// gate is the only holder of the source. Whoever asks it must come with a context
// that authorize made, and asks only the workspaces that were authorized. What
// surprises: it is a hunts.Source itself, so that no part of the runner can reach
// the real one.
type gate struct {
	hunts.Source
	authorizer hunts.Authorizer
	workspaces []string      // configured names, the default one first
	timeout    time.Duration // of one query
	// reaches adds the workspaces that hold an older part of a hunt's window.
	reaches func(h hunts.Hunt, names []string) []string
}

// permit is what was authorized; it travels in the context of the work.
type permit struct {
	action     string
	workspaces []string
}

type permitKey struct{}

var errNoPermit = errors.New("a source was asked without an authorization")

// authorize judges and audits an action of a hunt, both outcomes; the context that
// comes back may ask the source.
func (g gate) authorize(ctx context.Context, h hunts.Hunt, a hunts.Action) (context.Context, error) {
	names := g.reaches(h, g.names(h.Workspaces))
	a.HuntID, a.Workspaces, a.What = h.ID, names, cmp.Or(a.What, request.Format(h.Request))
	a.Why = h.Request.Why
	if err := g.authorizer.Authorize(ctx, h.Asker, a); err != nil {
		return ctx, err
	}
	return context.WithValue(ctx, permitKey{}, permit{a.Name, names}), nil
}

// within is a hunt with what the policy lets its asker look at, beside the
// endpoints.
func (g gate) within(ctx context.Context, h hunts.Hunt) hunts.Hunt {
	h.Places = nil
	if limiter, ok := g.authorizer.(hunts.PlaceLimiter); ok {
		h.Places = limiter.PlacesOf(ctx, h.Asker)
	}
	return h
}

// names are the workspaces that a hunt asks; one that names none asks the default
// one, which a policy compares like any other.
func (g gate) names(asked []string) []string {
	switch {
	case len(asked) > 0:
		return asked
	case len(g.workspaces) > 0:
		return g.workspaces[:1:1]
	}
	return []string{g.Describe(nil).Workspace}
}

// Query asks the source once, with the deadline of one query.
func (g gate) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	p, ok := ctx.Value(permitKey{}).(permit)
	if !ok {
		return hunts.Result{}, &hunts.Error{Kind: hunts.KindNotAllowed, Say: "this is not allowed", Err: errNoPermit}
	}
	for _, w := range g.names(q.Workspaces) {
		if !slices.ContainsFunc(p.workspaces, func(name string) bool { return strings.EqualFold(name, w) }) {
			return hunts.Result{}, &hunts.Error{Kind: hunts.KindNotAllowed, Say: "this is not allowed in " + w, Err: fmt.Errorf("%w: %s of %s", errNoPermit, p.action, w)}
		}
	}
	ctx, stop := context.WithTimeout(ctx, g.timeout)
	defer stop()
	return g.Source.Query(ctx, q)
}
