package main

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// jsonNames are the names of a struct's JSON, those of structs in it as well.
func jsonNames(t reflect.Type, into map[string]bool, deep func(string) bool) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() == "time" {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous {
			jsonNames(f.Type, into, deep)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		into[name] = true
		if deep(name) {
			jsonNames(f.Type, into, deep)
		}
	}
}

func TestTheDocumentsTellTheJSONOfASweep(t *testing.T) {
	doc := read(t, "docs/SWEEPS.md")
	_, text, ok := strings.Cut(doc, "<!-- sweep-json -->")
	text, _, end := strings.Cut(text, "<!-- /sweep-json -->")
	if !ok || !end {
		t.Fatal("docs/SWEEPS.md has no JSON of a sweep")
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(text, -1) {
		told[m[1]] = true
	}
	is := map[string]bool{}
	jsonNames(reflect.TypeFor[swept](), is, func(name string) bool { return name != "slices" })
	for name := range is {
		if !told[name] && name != "proxy" {
			t.Errorf("%q is not told", name)
		}
	}
	for name := range told {
		if !is[name] {
			t.Errorf("%q is told and is not there", name)
		}
	}
}

func TestASweepInTheTerminalIsAnAnswer(t *testing.T) {
	t.Parallel()
	dir, events := t.TempDir(), t.TempDir()
	row := `{"TimeGenerated":"2026-01-02T03:04:05Z","DeviceName":"ws-1","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemoteUrl":"","RemotePort":443,"AdditionalFields":"{}","InitiatingProcessFileName":"a.exe"}` + "\n"
	if err := os.WriteFile(events+"/DeviceNetworkEvents.ndjson", []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"hit.txt": "203.0.113.66 # C2\nevil.example\n8.8.8.8\n198.0.0.0/8\nnonsense\n", "clean.csv": "host,until\nevil.example,2999-01-01\nold.example,2020-01-01\n",
		"nothing.txt": "nonsense\n", "broken.json": "{", "empty.txt": "",
	}
	for name, text := range files {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"a hit", []string{"--watchlist", dir + "/hit.txt", "since=all"}, exitAnswered, "203.0.113[.]66  ip    🔴 REACHED"},
		{"its note", []string{"--watchlist", dir + "/hit.txt", "since=all"}, exitAnswered, "  C2\n"},
		{"what was left out, by its line", []string{"--watchlist", dir + "/hit.txt", "since=all"}, exitAnswered, "3     8.8.8[.]8      skipped: public resolver"},
		{"and how many", []string{"--watchlist", dir + "/hit.txt", "since=all"}, exitAnswered, "Not evaluated: 3 (1 malformed, 1 over-wide, 1 skipped)"},
		{"clean", []string{"--watchlist", dir + "/clean.csv", "since=all"}, exitAnswered, "🟢 CLEAN"},
		{"expired", []string{"--watchlist", dir + "/clean.csv", "since=all"}, exitAnswered, "Expired, left out: 1"},
		{"a window without events", []string{"--watchlist", dir + "/clean.csv", "from=2026-02-01", "to=2026-02-02"}, exitCouldNotTell, "has no events in this look-back"},
		{"a list without indicators", []string{"--watchlist", dir + "/nothing.txt", "since=all"}, exitCouldNotTell, "the list has no indicator that can be hunted"},
		{"a list that is none", []string{"--watchlist", dir + "/broken.json", "since=all"}, exitFailed, "broken.json is not valid JSON"},
		{"an empty list", []string{"--watchlist", dir + "/empty.txt", "since=all"}, exitFailed, "empty.txt is empty"},
		{"a list that is not there", []string{"--watchlist", dir + "/none.txt", "since=all"}, exitFailed, "none.txt can't be read: no such file or directory"},
		{"no list", []string{"since=all"}, exitUsage, "--watchlist FILE is missing"},
		{"indicators in the wrong place", []string{"--watchlist", dir + "/hit.txt", "ip=192.0.2.1"}, exitUsage, "is an indicator, which doesn't belong here"},
		{"a column that is none", []string{"--watchlist", dir + "/clean.csv", "--columns", "x", "since=all"}, exitUsage, "names no column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := terminal(t, append([]string{"sweep", "--events", events}, c.args...)...)
			if code != c.code || !strings.Contains(out+errs, c.says) {
				t.Errorf("exit %d, want %d with %q:\n%s%s", code, c.code, c.says, out, errs)
			}
		})
	}
	_, out, _ := terminal(t, "sweep", "--events", events, "--watchlist", dir+"/hit.txt", "--format", "json", "since=all")
	var s swept
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	if s.Totals.Indicators != 2 || s.Totals.Reached != 1 || s.Totals.Clean != 1 || s.Totals.NotEvaluated != 3 || s.Totals.Devices != 1 || len(s.Hits) != 1 || s.Hits[0].Because != "exact address" {
		t.Errorf("%+v", s.Totals)
	}
	if i := s.ByIndicator[0]; i.Note != "C2" || i.Source != "hit.txt" || i.Verdict != "REACHED" {
		t.Errorf("%+v", i)
	}
	kinds := []string{}
	for _, p := range s.NotEvaluated {
		kinds = append(kinds, string(p.Kind))
	}
	if slices.Sort(kinds); strings.Join(kinds, ", ") != "malformed, over-wide, skipped" {
		t.Errorf("%v", kinds)
	}
}
