package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/footprint-soc/footprint/"

// arrows are the imports of ours that each package may have: an arrow goes to
// a lower floor, never sideways, never up. cmd/footprint may import them all.
var arrows = map[string][]string{
	"bot/watchlist":           {"bot/inbound", "bot/message", "bot/outbox", "bot/policy", "hunts", "hunts/indicator", "hunts/request", "hunts/sweep", "hunts/sweep/feed"},
	"bot/home":                {"bot/message", "hunts", "hunts/sweep"},
	"bot/ledger":              {"bot/inbound", "bot/message", "bot/outbox", "bot/policy", "hunts", "hunts/evidence", "hunts/incident", "hunts/indicator", "hunts/request", "hunts/sweep"},
	"bot":                     {"bot/home", "bot/inbound", "bot/ledger", "bot/message", "bot/outbox", "bot/policy", "bot/watch", "bot/watchlist", "hunts", "hunts/evidence", "hunts/incident", "hunts/indicator", "hunts/request", "hunts/sweep", "hunts/sweep/feed", "hunts/warranty"},
	"hunts/runner":            {"hunts", "hunts/indicator", "hunts/request", "hunts/kql", "hunts/upstream"},
	"hunts/upstream":          {"hunts", "hunts/kql"},
	"hunts/loganalytics":      {"hunts", "hunts/azure"},
	"hunts/defender":          {"hunts", "hunts/azure", "hunts/kql"},
	"hunts/azure":             {"hunts"},
	"hunts/record":            {"hunts", "hunts/incident", "hunts/sweep", "hunts/warranty"},
	"hunts/warranty":          {"hunts", "hunts/indicator"},
	"hunts/record/recordtest": {"hunts/record", "hunts/testclock"},
	"bot/inbound":             {"hunts"},
	"bot/watch":               {"bot/message", "bot/outbox", "bot/policy", "hunts", "hunts/warranty"},
	"bot/outbox":              {"bot/message", "hunts"},
	"bot/policy":              {"hunts", "hunts/request"},
	"bot/message":             {"bot/message/picture", "hunts", "hunts/incident", "hunts/indicator", "hunts/request"},
	"bot/message/picture":     {},
	"hunts/sweep/feed":        {"hunts", "hunts/indicator", "hunts/sweep"},
	"hunts/incident":          {"hunts", "hunts/indicator", "hunts/request"},
	"hunts/sweep":             {"hunts", "hunts/indicator", "hunts/request"},
	"hunts":                   {"hunts/indicator", "hunts/request"},
	"hunts/request":           {"hunts/indicator"},
	"hunts/indicator":         {},
	"hunts/testclock":         {},
	"hunts/evidence":          {},
	"hunts/kql":               {"hunts/kql/exec", "hunts/kql/syntax", "hunts/kql/value"},
	"hunts/kql/exec":          {"hunts/kql/builtin", "hunts/kql/syntax", "hunts/kql/value"},
	"hunts/kql/builtin":       {"hunts/kql/value"},
	"hunts/kql/syntax":        {"hunts/kql/value"},
	"hunts/kql/value":         {},
	"bot/localslack":          {},

	"hunts/localworkspace":        {"hunts/kql", "hunts/localworkspace/export"},
	"hunts/localworkspace/export": {"hunts/kql"},
}

func TestImportsGoDownOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	used := map[string]bool{}
	for {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(pkg.ImportPath, module)
		if name == "cmd/footprint" {
			continue
		}
		allowed, known := arrows[name]
		if !known {
			t.Errorf("package %s has no place on a floor: add it to the table, and to the picture in CONTRIBUTING.md", name)
		}
		for _, i := range pkg.Imports {
			ours, ok := strings.CutPrefix(i, module)
			if ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s must not import %s", name, ours)
			}
			used[name+" "+ours] = true
		}
	}
	for name, allowed := range arrows {
		for _, ours := range allowed {
			if !used[name+" "+ours] {
				t.Errorf("%s may import %s and doesn't: take the arrow out of the table", name, ours)
			}
		}
	}
}
