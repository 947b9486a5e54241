package hunts

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Start is how a process came to run: who started it, and who started that.
// Starts of the same process by the same parents are one, with the newest
// command lines.
type Start struct {
	Device            string    `json:"device"`
	Account           string    `json:"account"`
	Process           string    `json:"process"`
	Parent            string    `json:"parent"`
	Grandparent       string    `json:"grandparent"`
	CommandLine       string    `json:"command_line"`
	ParentCommandLine string    `json:"parent_command_line"`
	Events            int64     `json:"events"`
	First             time.Time `json:"first"`
	Last              time.Time `json:"last"`
}

// Lineage tells where processes came from.
type Lineage struct {
	Starts []Start `json:"starts"` // newest first, at most 25
	Window Window  `json:"window"`
	// Partial is why there may be more; empty when this is all that was recorded.
	Partial string `json:"partial,omitempty"`
}

// Lineage reads the starts of processes on one device from
// DeviceProcessEvents; no name means every process. It is a part of hunt h, and
// is admitted and audited as one. The error is a *Error.
func (r *Runner) Lineage(ctx context.Context, h Hunt, device string, processes []string, w Window) (Lineage, error) {
	h.Request.Devices = []string{device}
	names := make([]string, len(processes))
	for i, p := range processes {
		names[i] = strings.ToLower(p)
	}
	text := kql.Prologue(comment(h)+" lineage", []kql.Let{
		{Name: "window_from", Value: kql.DatetimeLiteral(w.From)}, {Name: "window_to", Value: kql.DatetimeLiteral(w.To)},
		{Name: "devices", Value: kql.StringsLiteral([]string{strings.ToLower(device)})}, {Name: "files", Value: kql.StringsLiteral(names)},
	}) + r.cfg.Catalog.lineage
	if err := r.admit(ctx, h, text); err != nil {
		return Lineage{}, err
	}
	res, err := r.query(ctx, Query{HuntID: h.ID, Asker: h.Asker.User, Text: text, From: w.From.Truncate(time.Second), To: w.To.Add(time.Second), Workspaces: h.Workspaces})
	if err != nil {
		return Lineage{}, err
	}
	out := Lineage{Window: w, Partial: res.Partial}
	for _, row := range res.Rows {
		if len(row) == 0 {
			continue
		}
		bag, _ := row[0].(string)
		var s struct {
			Start
			First kqlTime `json:"first"`
			Last  kqlTime `json:"last"`
		}
		if err := json.Unmarshal([]byte(bag), &s); err != nil {
			return out, &Error{Kind: KindUnavailable, Say: "the answer of the workspace was not understood", Err: fmt.Errorf("a row of the lineage: %w", err)}
		}
		s.Start.First, s.Start.Last = s.First.Time, s.Last.Time
		out.Starts = append(out.Starts, s.Start)
	}
	return out, nil
}
