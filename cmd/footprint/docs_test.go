package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts/record"
)

const root = "../.."

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// documents are the texts that people read.
func documents(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{"README.md", "CONTRIBUTING.md"}
	for _, f := range found {
		out = append(out, filepath.Join("docs", filepath.Base(f)))
	}
	return out
}

func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)\)|(?:src|srcset)="([^"]+)"`)
	for _, doc := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			to := m[1] + m[2]
			if strings.HasPrefix(to, "http") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(doc), to)); err != nil {
				t.Errorf("%s links to %s, which is not there", doc, to)
			}
		}
	}
}

func TestTestsThatTheDocumentsNameAreThere(t *testing.T) {
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "node_modules" {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(data), -1) {
			there[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range documents(t) {
		for _, m := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w+)`").FindAllStringSubmatch(read(t, doc), -1) {
			if !there[m[1]] {
				t.Errorf("%s names %s, which is not there", doc, m[1])
			}
		}
	}
}

func TestEveryMetricIsDocumented(t *testing.T) {
	text := read(t, "docs/OPERATIONS.md")
	source := read(t, "cmd/footprint/metrics.go")
	var names []string
	for _, m := range regexp.MustCompile(`(?:counter|seconds|gauge)\("(\w+)"|"(footprint_\w+)"`).FindAllStringSubmatch(source, -1) {
		name := m[2]
		if m[1] != "" {
			name = "footprint_" + m[1]
		}
		if name != "footprint_" {
			names = append(names, name)
		}
	}
	if len(names) < 8 {
		t.Fatalf("only %v were found in the source", names)
	}
	for _, name := range names {
		if !strings.Contains(text, "`"+name) {
			t.Errorf("docs/OPERATIONS.md does not tell what %s is", name)
		}
	}
}

func TestEveryKindOfKeyIsDocumentedWhenItIsKeptForEver(t *testing.T) {
	text := read(t, "docs/OPERATIONS.md")
	words := map[string]string{"keep": "marks, watchlist, schedules", "{queue}:stream": "Redis stream", "{audit}": "the audit"}
	for _, k := range record.Keys() {
		if k.Forever == "" {
			continue
		}
		if words[k.Kind] == "" || !strings.Contains(text, words[k.Kind]) {
			t.Errorf("docs/OPERATIONS.md does not say that %s (%s) has no end", k.Kind, k.Holds)
		}
	}
}

func TestTheExampleOfAPolicyIsOne(t *testing.T) {
	p, err := policy.Parse([]byte(read(t, "docs/policy.example.yml")))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Channels) != 2 || p.Default == nil || len(p.Default.Allow) != 0 {
		t.Errorf("it reads as %+v", p)
	}
}

func TestDeploymentsSetOnlyVariablesThatThereAre(t *testing.T) {
	known := map[string]bool{"AZURE_TENANT_ID": true, "AZURE_CLIENT_SECRET": true}
	for _, s := range settings() {
		known[s.name], known[s.name+"_FILE"] = true, true
	}
	var files []string
	for _, dir := range []string{"docs/deploy", "."} {
		all, err := os.ReadDir(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			if dir != "." || f.Name() == "compose.yml" {
				files = append(files, filepath.Join(dir, f.Name()))
			}
		}
	}
	for _, file := range files {
		text := read(t, file)
		if strings.HasSuffix(file, "ml") {
			d := yaml.NewDecoder(strings.NewReader(text))
			for documents := 0; ; documents++ {
				var v any
				if err := d.Decode(&v); err != nil {
					if documents == 0 || err.Error() != "EOF" {
						t.Errorf("%s: %v", file, err)
					}
					break
				}
			}
		}
		for _, name := range regexp.MustCompile(`\b(?:SLACK|AZURE|FOOTPRINT|REDIS)_[A-Z_]+\b`).FindAllString(text, -1) {
			if !known[name] {
				t.Errorf("%s sets %s, which serve does not know", file, name)
			}
		}
	}
}

// licence tells what a licence's text is by the sentence that only it has.
func licence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for _, l := range []struct{ sentence, name string }{
		{"Apache License Version 2.0", "Apache-2.0"},
		{"Licensed under the Apache License, Version 2.0", "Apache-2.0"},
		{"Mozilla Public License", "MPL-2.0"},
		{"Neither the name", "BSD-3-Clause"},
		{"names of its contributors may not be used", "BSD-3-Clause"},
		{"Redistribution and use in source and binary forms", "BSD-2-Clause"},
		{"Permission to use, copy, modify, and/or distribute this software", "ISC"},
		{"Permission is hereby granted, free of charge", "MIT"},
	} {
		if strings.Contains(text, l.sentence) {
			return l.name
		}
	}
	return ""
}

func TestTheLicencesOfWhatIsBuiltInAreListed(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}} {{.Dir}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, line := range strings.Split(string(out), "\n") {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue // the standard library, and ourselves
		}
		files, _ := filepath.Glob(filepath.Join(f[2], "[Ll][Ii][Cc][Ee][Nn]*"))
		name := ""
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil && name == "" {
				name = licence(string(data))
			}
		}
		if name == "" {
			t.Errorf("%s: its licence is not known", f[0])
		}
		if row := fmt.Sprintf("| %s | %s | %s |", f[0], f[1], name); !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	want := "# Licences\n\nWhat the binary is built from, beside Go's standard library (BSD-3-Clause). All of them are permissive.\n\n| module | version | licence |\n|---|---|---|\n" + strings.Join(rows, "\n") + "\n"
	path := filepath.Join(root, "docs", "LICENCES.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != want {
		t.Errorf("docs/LICENCES.md is not what is built in; run go test ./cmd/footprint -run Licences -update (%v)", err)
	}
}

func TestTheVersionIsTheNewestReleaseOfTheChangelog(t *testing.T) {
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	if newest := regexp.MustCompile(`(?m)^## \[([0-9.]+)\]`).FindStringSubmatch(string(text)); newest == nil || newest[1] != release {
		t.Errorf("footprint version says %s, the changelog's newest release is %v", release, newest)
	}
}
