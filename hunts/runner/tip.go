package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// Tips reads the indicators that the workspace keeps: ThreatIntelIndicators
// (learn.microsoft.com/azure/azure-monitor/reference/tables/threatintelindicators)
// or a watchlist. The request has no timespan, since both are written rarely and
// a short one would empty them. The error is a *Error.
func (r *Runner) Tips(ctx context.Context, from hunts.TipSource, asker hunts.Asker, workspaces []string) ([]hunts.Tip, error) {
	workspaces = r.sentinel(workspaces)
	h := hunts.Hunt{ID: "tips", Asker: asker, Workspaces: workspaces}
	ctx, err := r.gate.authorize(ctx, h, hunts.Action{Name: "tips", Right: hunts.MaySweep, What: cmp.Or(from.Watchlist, "threat intelligence"), Search: &hunts.Search{Scheduled: true}})
	if err != nil {
		return nil, err
	}
	var lets []kql.Let
	body := r.cfg.Catalog.tips
	if from.Watchlist != "" {
		lets, body = []kql.Let{{Name: "watchlist_alias", Value: kql.StringLiteral(from.Watchlist)}}, r.cfg.Catalog.watchlist
	}
	res, err := r.query(ctx, hunts.Query{HuntID: h.ID, Asker: asker.User, Sweep: true, Text: kql.Prologue(comment(h), lets) + body, Workspaces: workspaces})
	if err != nil {
		return nil, err
	}
	if res.Partial != "" {
		return nil, &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace gave only a part of its indicators: " + res.Partial}
	}
	out := make([]hunts.Tip, 0, len(res.Rows))
	for _, row := range res.Rows {
		t, err := tipOf(res.Columns, row)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func tipOf(columns []hunts.Column, row []any) (hunts.Tip, error) {
	cell := map[string]any{}
	for i, c := range columns {
		if i < len(row) {
			cell[c.Name] = row[i]
		}
	}
	t := hunts.Tip{
		Value: textOf(cell["Value"]), Key: textOf(cell["Key"]), Pattern: textOf(cell["Pattern"]), Until: instant(cell["Until"]), Added: instant(cell["Added"]), Confidence: int(wholeNumber(cell["Confidence"])), Note: textOf(cell["Note"]),
	}
	t.Revoked, _ = cell["Revoked"].(bool)
	if text := textOf(cell["Tags"]); text != "" && json.Unmarshal([]byte(text), &t.Tags) != nil {
		t.Tags = []string{text}
	}
	if text := textOf(cell["Row"]); text != "" {
		if err := json.Unmarshal([]byte(text), &t.Fields); err != nil {
			return t, &hunts.Error{Kind: hunts.KindUnavailable, Say: "an item of the watchlist was not understood", Err: fmt.Errorf("reading a row: %w", err)}
		}
	}
	return t, nil
}
