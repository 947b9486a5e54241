package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// maxText bounds what extract reads; a report is a few hundred kilobytes.
const maxText = 64 << 20

// extracted is one indicator of a text, as docs/EXTRACTION.md describes it.
type extracted struct {
	Indicator string `json:"indicator"`
	Type      string `json:"type"`
	Defanged  string `json:"defanged"`
	Host      string `json:"host,omitempty"` // of a URL, what would be matched
	Doubtful  bool   `json:"doubtful"`
	Why       string `json:"why,omitempty"`  // it is doubtful
	Held      string `json:"held,omitempty"` // why the guard list would not hunt it by itself
	Count     int    `json:"count"`
	Text      string `json:"text"` // as it was written
	Line      int    `json:"line"`
	Start     int    `json:"start"`
	End       int    `json:"end"`
}

// extract lists the indicators in a text from standard input.
func extract(_ context.Context, p process, args []string) error {
	f := newFlags("extract")
	format := f.choice("format", "table", "table", "json")
	files := f.Bool("files", false, "file names as well")
	emails := f.Bool("emails", false, "the domains of e-mail addresses as well")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{"the text comes from standard input; " + f.summary()}
	}
	cfg, err := loadConfig(p.env)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(p.stdin, maxText+1))
	if err != nil {
		return fmt.Errorf("reading the text: %w", err)
	}
	if len(data) > maxText {
		return usageError{fmt.Sprintf("the text is larger than %d MB; split it", maxText>>20)}
	}
	list := extractedFrom(indicator.Text(data), indicator.ExtractOptions{Files: *files, Emails: *emails}, cfg.guard())
	if *format == "json" {
		e := json.NewEncoder(p.stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(list)
	}
	for _, x := range list {
		state := ""
		switch {
		case x.Doubtful:
			state = "doubtful: " + x.Why
		case x.Held != "":
			state = "skipped: " + x.Held
		}
		if _, err := fmt.Fprintln(p.stdout, strings.TrimRight(fmt.Sprintf("%-8s %-48s %s", x.Type, x.Defanged, state), " ")); err != nil {
			return fmt.Errorf("writing the indicators: %w", err)
		}
	}
	return nil
}

// extractedFrom lists each indicator of a text once, in the order of the text.
// One that is doubtful in one place and plain in another is not doubtful.
func extractedFrom(text string, opts indicator.ExtractOptions, guard indicator.Guard) []extracted {
	list := []extracted{}
	at := map[indicator.Indicator]int{}
	line, counted := 1, 0
	for _, found := range indicator.Extract(text, opts) {
		line, counted = line+strings.Count(text[counted:found.Start], "\n"), found.Start
		n, known := at[found.Indicator]
		if known && (list[n].Doubtful == found.Doubtful || found.Doubtful) {
			list[n].Count++
			continue
		}
		x := extracted{
			Indicator: found.Indicator.String(), Type: string(found.Indicator.Kind), Defanged: found.Indicator.Defanged(), Doubtful: found.Doubtful, Why: found.Why,
			Count: 1, Text: text[found.Start:found.End], Line: line, Start: found.Start, End: found.End,
		}
		if found.Indicator.Kind == indicator.KindURL {
			x.Host = found.Indicator.Host
		}
		x.Held, _ = guard.Check(found.Indicator)
		if known {
			x.Count += list[n].Count
			list[n] = x
			continue
		}
		at[found.Indicator] = len(list)
		list = append(list, x)
	}
	return list
}
