package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// swept is the JSON of one sweep in the terminal.
type swept struct {
	hunts.Survey
	NotEvaluated []sweep.Problem `json:"not_evaluated"`
	Expired      int             `json:"expired"`
}

// sweepOnce hunts a whole watchlist once.
func sweepOnce(ctx context.Context, p process, args []string) error {
	f := newFlags("sweep")
	events := f.String("events", "", "folder of exported tables")
	file := f.String("watchlist", "", "file of indicators: text, CSV, STIX 2.1 or MISP")
	guard := f.choice("guard", "on", "on", "off")
	format := f.choice("format", "table", "table", "json")
	words, err := f.parse(args)
	if err != nil {
		return err
	}
	if *file == "" {
		return usageError{"--watchlist FILE is missing; " + f.summary()}
	}
	now := time.Now().UTC()
	window, err := sweepWindow(words, now)
	if err != nil {
		return err
	}
	cfg, err := loadConfig(p.env)
	if err != nil {
		return err
	}
	list, err := readWatchlist(*file, now)
	if err != nil {
		return err
	}
	if *guard == "on" {
		list.Hold(cfg.guard())
	}
	parts, err := assemble(ctx, cfg, assembly{events: *events, progress: p.stderr, clock: time.Now, terminal: true})
	if err != nil {
		return err
	}
	defer parts.close()
	id, err := parts.store.NewHuntID(ctx)
	if err != nil {
		return err
	}
	req := indicator.Request{Devices: window.Devices, Since: window.Since, All: window.All, From: window.From, To: window.To, Workspaces: window.Workspaces, Why: window.Why}
	survey, err := parts.runner.Survey(ctx, parts.runner.ForSurvey(id, req, hunts.Asker{User: login(), Name: login()}), list.Indicators(), sweepProgress(p.stderr))
	if err != nil {
		return refusedAtTerminal(err)
	}
	parts.reportBadLines(p.stderr)
	if err := writeSweep(p.stdout, swept{survey, list.Problems, list.Expired}, *format); err != nil {
		return fmt.Errorf("writing the sweep: %w", err)
	}
	if survey.Verdict == hunts.CouldNotTell {
		return couldNotTell{}
	}
	return nil
}

// sweepProgress draws a bar where somebody watches; nil elsewhere.
func sweepProgress(w io.Writer) func(hunts.Progress) {
	if !isTerminal(w) {
		return nil
	}
	const wide = 40
	return func(now hunts.Progress) {
		full := wide * now.Done / max(1, now.Total)
		fmt.Fprintf(w, "\r[%s%s] %d of %d queries, %d hits ", strings.Repeat("#", full), strings.Repeat(".", wide-full), now.Done, now.Total, now.Devices)
		if now.Done == now.Total {
			fmt.Fprintln(w)
		}
	}
}

// sweepWindow reads the window from the grammar of requests, which wants an
// indicator that a sweep has elsewhere.
func sweepWindow(words []string, now time.Time) (indicator.Request, error) {
	const stand = "ip=192.0.2.1 "
	req, refusal := indicator.Parse(stand+joinWords(words), now)
	if refusal != nil {
		return req, usageError{refusal.Sentence}
	}
	if len(req.Indicators()) > 1 {
		return req, usageError{"the indicators of a sweep stand in its watchlist; only since=, from=, to=, device=, workspace= and why= go here"}
	}
	return req, nil
}

func readWatchlist(path string, now time.Time) (sweep.List, error) {
	f, err := os.Open(path) //nolint:gosec // the person at the terminal names the file
	if err != nil {
		var missing *os.PathError
		if errors.As(err, &missing) {
			return sweep.List{}, fmt.Errorf("the watchlist %s can't be read: %w", path, missing.Err)
		}
		return sweep.List{}, err
	}
	defer func() { _ = f.Close() }()
	return sweep.Read(path, f, now)
}

func writeSweep(w io.Writer, s swept, format string) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(s)
	}
	view := message.SurveyView{Survey: s.Survey, Expired: s.Expired}
	for _, p := range s.NotEvaluated {
		view.NotEvaluated = append(view.NotEvaluated, message.NotEvaluated{Line: p.Line, Value: p.Value, Reason: p.Reason})
	}
	return message.TerminalSurvey(w, view)
}
