package exec

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
)

// rowOfEachType is the table R of testdata/columns.kql.
const rowOfEachType = `let R = datatable(b:bool,i:int,l:long,r:real,de:decimal,s:string,d:datetime,t:timespan,dy:dynamic,g:guid)[true,int(1),2,3.5,decimal(4.5),"five",datetime(2020-01-01),1h,dynamic([1,2]),guid(74be27de-1e4e-49d9-b579-fe0b331d3642)]; `

// otherwise are queries that Microsoft's analyser sees differently from what
// the reference says the service does, with the reason. The query is known by
// a part of it.
var otherwise = map[string]string{
	"union kind=inner":  "the analyser leaves kind=inner out of account",
	"dy.x + 1":          "the number within a dynamic may be a real; a static long would cut it",
	"dy+l, dy*1.5":      "as above",
	"extend dy.a, dy.a": "the analyser shows one column for two",
}

// analysed is what Microsoft's analyser says of a query.
type analysed struct {
	ID          int      `json:"id"`
	Diagnostics []string `json:"diagnostics"`
	Columns     []string `json:"columns"`
}

func analyse(t *testing.T, queries []string) []analysed {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED by -short: columns are not compared with Microsoft's parser")
	}
	dir, err := filepath.Abs("../../../.ci/kusto")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		if os.Getenv("FOOTPRINT_TEST_STRICT") != "" {
			t.Fatal("Microsoft's parser is not installed: run npm ci in .ci/kusto")
		}
		t.Skip("SKIPPED: Microsoft's parser is not installed (npm ci in .ci/kusto), so columns are not compared with it")
	}
	var in, out bytes.Buffer
	for i, q := range queries {
		if err := json.NewEncoder(&in).Encode(map[string]any{"id": i, "query": q}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "check.mjs"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	answers := make([]analysed, len(queries))
	for d := json.NewDecoder(&out); d.More(); {
		var a analysed
		if err := d.Decode(&a); err != nil {
			t.Fatal(err)
		}
		answers[a.ID] = a
	}
	return answers
}

// columnsOf gives name:type of each column, or the error.
func columnsOf(query string) ([]string, error) {
	got, err := run(query)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range got.Columns() {
		out = append(out, c.Name+":"+c.Type.String())
	}
	return out, nil
}

func isRefused(a analysed) bool {
	return slices.ContainsFunc(a.Diagnostics, func(d string) bool { return strings.HasPrefix(d, "Error") })
}

func TestColumnsAreNamedAndTypedAsMicrosoftsAnalyserSays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/columns.kql")
	if err != nil {
		t.Fatal(err)
	}
	var queries []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if !strings.HasPrefix(line, "//") {
			queries = append(queries, rowOfEachType+line)
		}
	}
	for i, a := range analyse(t, queries) {
		line := strings.TrimPrefix(queries[i], rowOfEachType)
		got, err := columnsOf(queries[i])
		reason := ""
		for part, why := range otherwise {
			if strings.Contains(line, part) {
				reason = why
			}
		}
		same := slices.Equal(got, a.Columns)
		switch {
		case isRefused(a) && err != nil:
		case reason != "":
			if same && !isRefused(a) {
				t.Errorf("%s: is as the analyser says, and needs no exception", line)
			}
		case isRefused(a):
			t.Errorf("%s\n got %v\n the analyser refuses it: %s", line, got, strings.Join(a.Diagnostics, "; "))
		case err != nil:
			t.Errorf("%s: %v\n the analyser has %v", line, err, a.Columns)
		case !same:
			t.Errorf("%s\n got      %v\n analyser %v", line, got, a.Columns)
		}
	}
}

// taken are functions that take more than Microsoft's analyser lets through.
var taken = map[string]string{
	"count":            "the reference counts a column (summarize operator, \"Default values\")",
	"format_ipv4_mask": "the reference lets the prefix out",
	"make_timespan":    "the reference takes seconds with a fraction",
	"array_sort_asc":   "a flag that is no constant is the last that counts",
	"array_sort_desc":  "as above",
	"format_bytes":     "a precision that is no constant is no danger",
	"replace_regex":    "nor is it here",
	"format_datetime":  "nor such a format",
	"trim":             "nor here",
	"trim_start":       "nor here",
	"trim_end":         "nor here",
	"extract_all":      "nor here",
	"replace":          "nor here",
	"bag_set_key":      "nor such a key",
	"min_of":           "two dynamics are compared as what they hold",
	"max_of":           "as above",
	"extractall":       "nor here",
	"extract_json":     "nor such a path",
	"extractjson":      "nor here",
	"indexof_regex":    "nor a pattern",
}

// name is the function that a query ends in.
func name(query string) string {
	words := strings.Fields(query)
	for _, w := range words {
		if n, _, ok := strings.Cut(w, "("); ok {
			return n
		}
	}
	return ""
}

// TestEveryFunctionGivesTheTypeMicrosoftsAnalyserSays calls each function with
// arguments of many types and looks at those calls that the analyser accepts.
func TestEveryFunctionGivesTheTypeMicrosoftsAnalyserSays(t *testing.T) {
	t.Parallel()
	columns := []string{"b", "i", "l", "r", "de", "s", "d", "t", "dy", "g"}
	random := rand.New(rand.NewPCG(5, 6))
	some := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = columns[random.IntN(len(columns))]
		}
		return strings.Join(list, ", ")
	}
	var queries []string
	add := func(verb, name string, takes arity) {
		if takes.allows(1) {
			for _, c := range columns {
				queries = append(queries, rowOfEachType+"R | "+verb+" "+name+"("+c+")")
			}
		}
		for n := 2; n <= 3; n++ {
			for range 3 {
				if takes.allows(n) {
					queries = append(queries, rowOfEachType+"R | "+verb+" "+name+"("+some(n)+")")
				}
			}
		}
	}
	functions := builtin.Functions()
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		add("project", name, arity{functions[name].MinArgs, functions[name].MaxArgs})
	}
	for _, name := range slices.Sorted(maps.Keys(aggregates)) {
		add("summarize", name, aggregates[name])
	}
	compared, lax := 0, map[string]string{}
	for i, a := range analyse(t, queries) {
		got, err := columnsOf(queries[i])
		call := strings.TrimPrefix(queries[i], rowOfEachType)
		if isRefused(a) {
			if err == nil && lax[name(call)] == "" {
				lax[name(call)] = call + ": " + a.Diagnostics[0]
			}
			continue
		}
		if err != nil {
			continue // an argument that is no time zone, no constant, …
		}
		compared++
		if !slices.Equal(got, a.Columns) {
			t.Errorf("%s\n got      %v\n analyser %v", strings.TrimPrefix(queries[i], rowOfEachType), got, a.Columns)
		}
	}
	for n, call := range lax {
		if _, ok := taken[n]; !ok {
			t.Errorf("%s is accepted", call)
		}
	}
	t.Logf("%d calls, %d compared", len(queries), compared)
	if compared < 600 {
		t.Errorf("only %d calls were compared", compared)
	}
}
