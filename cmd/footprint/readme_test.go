package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what is generated")

// settingsTable is the table of docs/SETTINGS.md.
func settingsTable() string {
	var b strings.Builder
	b.WriteString("| variable | meaning | without it | example |\n|---|---|---|---|\n")
	for _, s := range settings() {
		without := s.byDefault
		if without == "" {
			without = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", s.name, s.does, without, s.example)
	}
	return b.String()
}

func TestTheSettingsPageShowsTheSettingsThatThereAre(t *testing.T) {
	const from, to = "<!-- settings -->\n", "<!-- /settings -->"
	path := "../../docs/SETTINGS.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), from)
	have, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatal("docs/SETTINGS.md lost the marks around its table")
	}
	want := settingsTable()
	if *update {
		if err := os.WriteFile(path, []byte(head+from+want+to+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Error("docs/SETTINGS.md does not show the settings as they are; run go test ./cmd/footprint -run SettingsPage -update")
	}
}

// The lines of the README work on the sample that is shipped with it.
func TestTheReadmesTerminalLinesWorkOnItsSample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^go run \./cmd/footprint ((?:hunt|sweep) .*docs/sample.*)$`).FindAllStringSubmatch(string(text), -1)
	if len(lines) != 3 {
		t.Fatalf("%d lines use the sample", len(lines))
	}
	for _, l := range lines {
		words := strings.Fields(strings.ReplaceAll(l[1], "docs/sample", "../../docs/sample"))
		if code, out, errs := terminal(t, words...); code != exitAnswered || !strings.Contains(out, "REACHED") {
			t.Errorf("%s ends with %d: %s%s", l[1], code, out, errs)
		}
	}
}
