package runner

import (
	"context"
	"errors"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Try runs a hunt that can match nothing, to learn whether the workspace has the
// table and the columns that it reads. The error is a *Error.
func (r *Runner) Try(ctx context.Context, name string, workspaces []string) error {
	d, ok := r.cfg.Catalog.Get(name)
	if !ok {
		return &hunts.Error{Kind: hunts.KindRefused, Say: "there is no hunt named " + name}
	}
	now := r.cfg.Clock().UTC()
	ctx, h, err := r.check(ctx, "the hunt "+d.Name, workspaces, hunts.Window{})
	if err != nil {
		return err
	}
	h.Name = d.Name
	p := newParams(request.Request{}, now, now, day)
	_, err = r.query(ctx, hunts.Query{HuntID: h.ID, Asker: h.Asker.User, Text: d.kql(p, comment(h), nil, r.cfg.Catalog.summary), From: now.Add(-day), To: now, Workspaces: workspaces})
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
	ctx, h, err := r.check(ctx, "coverage", workspaces, hunts.Window{From: now.Add(-day), To: now, Ago: day})
	if err != nil {
		return hunts.Coverage{}, err
	}
	h.Name = d.Name
	seen, err := r.lookAround(ctx, h, d)
	if err != nil {
		return hunts.Coverage{}, err
	}
	c := hunts.Coverage{SensorsReporting: seen.Reporting, SensorsKnown: seen.Known, NewestEvent: later(nil, seen.Newest), Control: seen.Control, Proxy: seen.Proxy}
	if seen.Control != "" {
		c.ControlFound = &seen.Found
	}
	return c, nil
}

// check authorizes what `footprint check` looks at; it belongs to no hunt.
func (r *Runner) check(ctx context.Context, what string, workspaces []string, w hunts.Window) (context.Context, hunts.Hunt, error) {
	h := hunts.Hunt{ID: "check", Asker: hunts.Asker{User: "check"}, Workspaces: workspaces, Window: w, Created: r.cfg.Clock().UTC()}
	ctx, err := r.gate.authorize(ctx, h, hunts.Action{Name: "check", Right: hunts.MayHunt, What: what, Search: h.Search()})
	return ctx, h, err
}

// Columns are those of one table of a workspace. The name comes from the catalogue
// or from our own code, never from people. The error is a *Error.
func (r *Runner) Columns(ctx context.Context, table string, workspaces []string) ([]hunts.Column, error) {
	ctx, h, err := r.check(ctx, "the columns of "+table, workspaces, hunts.Window{})
	if err != nil {
		return nil, err
	}
	res, err := r.query(ctx, hunts.Query{HuntID: h.ID, Asker: h.Asker.User, Text: table + " | take 0", Workspaces: workspaces})
	return res.Columns, err
}

// Held is what a source holds of a table: the events of the last day, and the
// times of the oldest and of the newest event. Zero is none, or not known.
type Held struct {
	Events         int64
	Oldest, Newest time.Time
}

// Holds looks at a table. It is named as in Columns. How far back it reaches is
// left open where that takes the source too long to tell.
func (r *Runner) Holds(ctx context.Context, table string, workspaces []string) (Held, error) {
	ctx, h, err := r.check(ctx, "the age of "+table, workspaces, hunts.Window{})
	if err != nil {
		return Held{}, err
	}
	q := hunts.Query{HuntID: h.ID, Asker: h.Asker.User, Workspaces: workspaces}
	q.Text = table + " | summarize Events = countif(TimeGenerated > ago(1d)), Newest = max(TimeGenerated), Oldest = min(TimeGenerated)"
	res, err := r.query(ctx, q)
	if kind := hunts.KindOf(err); kind == hunts.KindTimeout || kind == hunts.KindTooLarge {
		q.Text = table + " | where TimeGenerated > ago(1d) | summarize Events = count(), Newest = max(TimeGenerated), Oldest = datetime(null)"
		res, err = r.query(ctx, q)
	}
	if err != nil {
		return Held{}, err
	}
	if len(res.Rows) == 0 || len(res.Rows[0]) < 3 {
		return Held{}, &hunts.Error{Kind: hunts.KindUnavailable, Say: "the source gave an empty answer"}
	}
	return Held{Events: wholeNumber(res.Rows[0][0]), Newest: instant(res.Rows[0][1]), Oldest: instant(res.Rows[0][2])}, nil
}
