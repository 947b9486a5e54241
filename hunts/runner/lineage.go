package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// Lineage reads the starts of processes on one device from
// DeviceProcessEvents; no name means every process. It is a part of hunt h, and
// is admitted and audited as one. The error is a *Error.
func (r *Runner) Lineage(ctx context.Context, h hunts.Hunt, device string, processes []string, w hunts.Window) (hunts.Lineage, error) {
	h.Request.Devices = []string{device}
	names := make([]string, len(processes))
	for i, p := range processes {
		names[i] = strings.ToLower(p)
	}
	text := kql.Prologue(comment(h)+" lineage", []kql.Let{
		{Name: "window_from", Value: kql.DatetimeLiteral(w.From)}, {Name: "window_to", Value: kql.DatetimeLiteral(w.To)},
		{Name: "devices", Value: kql.StringsLiteral([]string{strings.ToLower(device)})}, {Name: "files", Value: kql.StringsLiteral(names)},
	}) + r.cfg.Catalog.lineage
	part := *h.Search()
	part.Window, part.Once = w, h.ID+" lineage "+strings.ToLower(device)
	ctx, err := r.gate.authorize(ctx, h, hunts.Action{Name: "lineage", Right: hunts.MayHunt, KQLHash: hunts.KQLHash(text), Search: &part})
	if err != nil {
		return hunts.Lineage{}, err
	}
	out := hunts.Lineage{Window: w}
	var failed error
	answered := 0
	for _, one := range scopesOf(h) {
		res, err := r.query(ctx, hunts.Query{HuntID: h.ID, Asker: h.Asker.User, Text: text, From: w.From.Truncate(time.Second), To: w.To.Add(time.Second), Workspaces: one.Workspaces})
		if err != nil {
			failed = err
			out.Partial = r.scopeName(one) + ": " + sayOf(err, Definition{})
			continue
		}
		answered++
		out.Partial = cmp.Or(out.Partial, res.Partial)
		if err := readStarts(&out, res.Rows); err != nil {
			return out, err
		}
	}
	if answered == 0 {
		return hunts.Lineage{}, failed
	}
	return out, nil
}

// readStarts takes in the rows of one scope.
func readStarts(out *hunts.Lineage, rows [][]any) error {
	for _, row := range rows {
		if len(row) == 0 {
			continue
		}
		bag, _ := row[0].(string)
		var s struct {
			hunts.Start
			First kqlTime `json:"first"`
			Last  kqlTime `json:"last"`
		}
		if err := json.Unmarshal([]byte(bag), &s); err != nil {
			return &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace's answer couldn't be read", Err: fmt.Errorf("a row of the lineage: %w", err)}
		}
		s.Start.First, s.Start.Last = s.First.Time, s.Last.Time
		s.Decoded = hunts.DecodedCommand(s.CommandLine)
		out.Starts = append(out.Starts, s.Start)
	}
	return nil
}
