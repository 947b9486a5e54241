package runner

import (
	"context"
	"errors"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Try runs a hunt that can match nothing, to learn whether the workspace has the
// table and the columns that it reads. It searches nothing, so that nothing is
// audited. The error is a *Error.
func (r *Runner) Try(ctx context.Context, name string, workspaces []string) error {
	d, ok := r.cfg.Catalog.Get(name)
	if !ok {
		return &hunts.Error{Kind: hunts.KindRefused, Say: "there is no hunt named " + name}
	}
	now := r.cfg.Clock().UTC()
	h := hunts.Hunt{ID: "check", Name: d.Name, Asker: hunts.Asker{User: "check"}}
	p := newParams(indicator.Request{}, now, now, day)
	_, err := r.query(ctx, hunts.Query{HuntID: h.ID, Asker: h.Asker.User, Text: d.kql(p, comment(h), nil, r.cfg.Catalog.summary), From: now.Add(-day), To: now, Workspaces: workspaces})
	var e *hunts.Error
	if errors.As(err, &e) && e.Kind == hunts.KindNoTable {
		return &hunts.Error{Kind: hunts.KindNoTable, Say: sayOf(err, d), Err: err}
	}
	return err
}

// Sensors asks a workspace who reports, as every hunt does, and looks for the
// control host. Like Try it searches nothing. The error is a *Error.
func (r *Runner) Sensors(ctx context.Context, workspaces []string) (hunts.Coverage, error) {
	d, _ := r.cfg.Catalog.Get(hunts.DefaultHunt)
	now := r.cfg.Clock().UTC()
	h := hunts.Hunt{ID: "check", Name: d.Name, Asker: hunts.Asker{User: "check"}, Workspaces: workspaces, Window: hunts.Window{From: now.Add(-day), To: now, Ago: day}}
	seen, err := r.lookAround(ctx, h, d)
	if err != nil {
		return hunts.Coverage{}, err
	}
	c := hunts.Coverage{SensorsReporting: seen.Reporting, SensorsKnown: seen.Known, NewestEvent: later(nil, seen.Newest), Control: seen.Control, Proxy: seen.Proxy}
	if seen.Control != "" {
		c.ControlFound = &seen.ControlFound
	}
	return c, nil
}
