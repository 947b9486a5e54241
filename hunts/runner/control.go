package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
)

const (
	// controlWithin is how far before the newest event a control of the day before
	// must be found again: it was chosen because it is reached every hour.
	controlWithin = time.Hour
	// configuredWithin is for one that an operator named, which may be rarer.
	configuredWithin = day
)

// sweepControl looks with the text of the sweep for hosts that are known to be
// present: those of the configuration, or those that were reached most of the
// day before. It says in the coverage which was found; when none was, nothing
// that the sweep did not find is CLEAN.
//
// A workspace without a day before keeps the control of its own window.
func (r *Runner) sweepControl(ctx context.Context, s *surveyor, seen *sensors) error {
	known, within := r.cfg.Controls, configuredWithin
	if len(known) == 0 {
		within = controlWithin
		var err error
		if known, err = r.topHosts(ctx, s); err != nil {
			return err
		}
	}
	if len(known) == 0 {
		if seen.Control == "" {
			seen.ControlSay = "no control host is known, so nothing proves that the search works"
		}
		return nil
	}
	found, err := s.finds(ctx, known, within, seen.Newest)
	if err != nil {
		return err
	}
	seen.Control, seen.Found, seen.ControlSay = found, found != "", ""
	if found == "" {
		names := make([]string, len(known))
		for n, i := range known {
			names[n] = i.Value
		}
		seen.Control = names[0]
		seen.ControlSay = fmt.Sprintf("the self-test failed: the self-test failed: the self-test failed: the self-test failed: the self-test failed: the self-test failed: the self-test failed: no control host was found, though %s should be there", strings.Join(names, ", "))
	}
	return nil
}

// topHosts are the hosts that were reached in the most hours of the day before.
func (r *Runner) topHosts(ctx context.Context, s *surveyor) ([]indicator.Indicator, error) {
	from, to := s.window.From.Add(-day), s.window.From
	text := kql.Prologue(comment(s.hunt)+" control", []kql.Let{{Name: "day_from", Value: kql.DatetimeLiteral(from)}, {Name: "day_to", Value: kql.DatetimeLiteral(to)}}) + r.cfg.Catalog.control
	res, err := s.ask(ctx, text, from, to)
	if err != nil {
		return nil, err
	}
	var out []indicator.Indicator
	for _, row := range res.Rows {
		if len(row) == 0 {
			continue
		}
		if i, refusal := indicator.Type(textOf(row[0])); refusal == nil {
			out = append(out, i)
		}
	}
	return out, nil
}

// finds names the first of some hosts that the text of the sweep finds.
func (s *surveyor) finds(ctx context.Context, known []indicator.Indicator, within time.Duration, newest time.Time) (string, error) {
	to := s.window.To
	if !newest.IsZero() && newest.Before(to) {
		to = newest.Add(time.Millisecond)
	}
	from := to.Add(-within)
	var req request.Request
	for _, i := range known {
		req.Add(i)
	}
	p := newParams(req, from, to, time.Hour).packed()
	res, err := s.ask(ctx, s.def.kql(p, comment(s.hunt)+" control", nil, s.runner.cfg.Catalog.survey), from, to)
	if err != nil {
		return "", err
	}
	probe := &surveyor{}
	if err := probe.read(res.Rows, p); err != nil {
		return "", fmt.Errorf("looking for the control: %w", err)
	}
	for _, i := range known {
		if probe.results[i].Events > 0 {
			return i.Value, nil
		}
	}
	return "", nil
}

// ask sends one query of a sweep and counts it.
func (s *surveyor) ask(ctx context.Context, text string, from, to time.Time) (hunts.Result, error) {
	s.queries++
	s.bytes += len(text)
	res, err := s.runner.query(ctx, hunts.Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Sweep: true, Text: text, From: from.Truncate(time.Second), To: to.Add(time.Second), Workspaces: s.hunt.Workspaces,
	})
	if err == nil && res.Partial != "" {
		err = &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace answered in part: " + res.Partial, Err: errors.New("partial")}
	}
	return res, err
}
