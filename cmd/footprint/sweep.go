package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
)

// sweepOnce hunts a whole watchlist once.
func sweepOnce(ctx context.Context, p process, args []string) error {
	f := newFlags("sweep")
	exported := f.exports()
	file := f.String("watchlist", "", "file of indicators, or - for standard input: text, CSV, STIX 2.1 or MISP")
	named := f.String("columns", "", "which columns of a CSV hold what: indicator=NAME,expires=NAME,note=NAME,…")
	guard := f.choice("guard", "on", "on", "off")
	format := f.choice("format", "table", "table", "json")
	words, err := f.parse(args)
	if err != nil {
		return err
	}
	if *file == "" {
		return usageError{"--watchlist FILE is missing; " + f.summary()}
	}
	now := p.clock().UTC()
	window, err := sweepWindow(words, nowFor(*exported.path, p.clock))
	if err != nil {
		return err
	}
	columns, err := sweep.ParseColumns(*named)
	if err != nil {
		return usageError{err.Error()}
	}
	cfg, err := loadConfig(p.env)
	if err != nil {
		return err
	}
	list, err := readWatchlist(*file, p.stdin, columns, now)
	if err != nil {
		return err
	}
	if *guard == "on" {
		list.Hold(cfg.guard())
	}
	parts, err := assemble(ctx, cfg, assembly{
		events: *exported.path, exports: exported, hunt: hunts.DefaultHunt, standing: exported.stands(window.From, window.To), progress: p.stderr, clock: p.clock, terminal: true,
	})
	if err != nil {
		return err
	}
	defer parts.close()
	id, err := parts.store.NewHuntID(ctx, "")
	if err != nil {
		return err
	}
	req := request.Request{Devices: window.Devices, Since: window.Since, All: window.All, From: window.From, To: window.To, Workspaces: window.Workspaces, Why: window.Why}
	h := parts.runner.ForSurvey(id, req, hunts.Asker{User: login(), Name: login()})
	survey, err := parts.runner.Survey(ctx, h, list.Indicators(), sweepProgress(p.stderr))
	if err != nil {
		return refusedAtTerminal(err)
	}
	parts.reportBadLines(p.stderr)
	if err := writeSweep(p.stdout, sweptList{watchlist: *file, hunt: h, survey: survey, list: list}, *format); err != nil {
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

// sweepWindow reads the window of a sweep, whose indicators stand in its
// watchlist.
func sweepWindow(words []string, now time.Time) (request.Request, error) {
	req, refusal := request.ParseWindow(request.Join(words), now)
	if refusal != nil {
		return req, usageError{refusal.Sentence}
	}
	return req, nil
}

func readWatchlist(name string, stdin io.Reader, columns sweep.Columns, now time.Time) (sweep.List, error) {
	if name == "-" {
		return feed.Read("standard input", stdin, columns, now)
	}
	f, err := os.Open(name) //nolint:gosec // the person at the terminal names the file
	if err != nil {
		var missing *os.PathError
		if errors.As(err, &missing) {
			return sweep.List{}, fmt.Errorf("the watchlist %s can't be read: %w", name, missing.Err)
		}
		return sweep.List{}, err
	}
	defer func() { _ = f.Close() }()
	return feed.Read(name, f, columns, now)
}
