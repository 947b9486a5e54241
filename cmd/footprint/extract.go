package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// maxText bounds what extract reads; a report is a few hundred kilobytes.
const maxText = 64 << 20

// extract lists the indicators in a text from standard input.
func extract(_ context.Context, p process, args []string) error {
	f := newFlags("extract")
	format := f.choice("format", "table", "table", "json")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{"the text comes from standard input; " + f.summary()}
	}
	text, err := io.ReadAll(io.LimitReader(p.stdin, maxText+1))
	if err != nil {
		return fmt.Errorf("reading the text: %w", err)
	}
	if len(text) > maxText {
		return usageError{fmt.Sprintf("the text is larger than %d MB; split it", maxText>>20)}
	}
	guard := indicator.DefaultGuard()
	type line struct {
		Indicator string `json:"indicator"`
		Type      string `json:"type"`
		Doubtful  bool   `json:"doubtful"`
		Why       string `json:"why,omitempty"`
		Held      string `json:"held,omitempty"`
		Start     int    `json:"start"`
		End       int    `json:"end"`
	}
	lines := []line{}
	for _, found := range indicator.Extract(string(text), indicator.ExtractOptions{}) {
		held, _ := guard.Check(found.Indicator)
		lines = append(lines, line{
			Indicator: found.Indicator.String(), Type: string(found.Indicator.Kind), Doubtful: found.Doubtful, Why: found.Why, Held: held, Start: found.Start, End: found.End,
		})
	}
	if *format == "json" {
		e := json.NewEncoder(p.stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(lines)
	}
	for _, l := range lines {
		state := ""
		switch {
		case l.Doubtful:
			state = "doubtful: " + l.Why
		case l.Held != "":
			state = "held back: " + l.Held
		}
		fmt.Fprintf(p.stdout, "%-8s %-48s %s\n", l.Type, indicator.Defang(l.Indicator), state)
	}
	return nil
}
