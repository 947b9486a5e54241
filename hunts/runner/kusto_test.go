package runner

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// kustoAnswer is what Microsoft's parser says of one query.
type kustoAnswer struct {
	ID          int      `json:"id"`
	Diagnostics []string `json:"diagnostics"`
	Literals    []string `json:"literals"`
}

// microsoft parses queries with Microsoft's own parser, on both cores; args are
// those of check.mjs.
func microsoft(t *testing.T, queries []string, args ...string) []kustoAnswer {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED by -short: the KQL is not compared with Microsoft's parser")
	}
	dir, err := filepath.Abs("../../.ci/kusto")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		if os.Getenv("FOOTPRINT_TEST_STRICT") != "" {
			t.Fatal("Microsoft's parser is not installed: run npm ci in .ci/kusto")
		}
		t.Skip("SKIPPED: Microsoft's parser is not installed (npm ci in .ci/kusto), so the KQL is not checked against it")
	}
	answers := make([]kustoAnswer, len(queries))
	group := errgroup.Group{}
	for worker := range 2 {
		group.Go(func() error {
			return microsoftHalf(t, queries, answers, worker, append([]string{filepath.Join(dir, "check.mjs")}, args...))
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return answers
}

func microsoftHalf(t *testing.T, queries []string, answers []kustoAnswer, half int, args []string) error {
	cmd := exec.CommandContext(t.Context(), "node", args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	group := errgroup.Group{}
	group.Go(func() error {
		defer in.Close()
		e := json.NewEncoder(in)
		for i := half; i < len(queries); i += 2 {
			onlyValues := strings.HasSuffix(queries[i], printOne)
			if err := e.Encode(map[string]any{"id": i, "query": queries[i], "syntax": onlyValues}); err != nil {
				return err
			}
		}
		return nil
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var a kustoAnswer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return err
		}
		answers[a.ID] = a
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return cmd.Wait()
}

func TestMicrosoftsParserAcceptsEveryHunt(t *testing.T) {
	t.Parallel()
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	p := params{from: now.Add(-day), to: now, step: day}
	profiles := []Profile{{Name: "all", Mode: ModeHide, Processes: []string{"a.exe"}, Ranges: []string{"10.0.0.0/8", "2001:db8::/32"}, Domains: []string{"evil.example"}, Ports: []int64{53}}}
	var names, queries []string
	for _, name := range catalog.Names() {
		d, _ := catalog.Get(name)
		names = append(names, name, name+" with exclusions")
		queries = append(queries, d.kql(p, "test", nil, catalog.summary), d.kql(p, "test", profiles, catalog.summary))
	}
	r := newRunner(Config{Catalog: catalog, Source: healthy(day), Record: emptyRecord{}, Clock: func() time.Time { return now }})
	for _, name := range catalog.Names() {
		d, _ := catalog.Get(name)
		text, _, _ := r.coverageText(hunts.Hunt{Window: hunts.Window{From: now.Add(-day), To: now}}, d, catalog.tablesText(now))
		names, queries = append(names, "coverage of "+name), append(queries, text)
	}
	for _, d := range catalog.Places() {
		names, queries = append(names, d.Name), append(queries, d.kql(p, "test", nil, d.observed(nil)+catalog.place))
	}
	names, queries = append(names, "what came in, of all hunts at once"), append(queries, arrivalsText(slices.Concat(all(catalog), catalog.Places()), p, "test", catalog.arrivals))
	names = append(names, "lineage", "an incident")
	queries = append(queries, kql.Prologue("test", []kql.Let{
		{Name: "window_from", Value: kql.DatetimeLiteral(now)}, {Name: "window_to", Value: kql.DatetimeLiteral(now)},
		{Name: "devices", Value: kql.StringsLiteral(nil)}, {Name: "files", Value: kql.StringsLiteral(nil)},
	})+catalog.lineage, kql.Prologue("test", []kql.Let{{Name: "incident_number", Value: kql.LongLiteral(4711)}})+catalog.incident)
	names, queries = append(names, "threat intelligence", "a watchlist"), append(queries, catalog.tips, kql.Prologue("test", []kql.Let{{Name: "watchlist_alias", Value: kql.StringLiteral("iocs")}})+catalog.watchlist)
	first, _ := catalog.Get(hunts.DefaultHunt)
	names, queries = append(names, "the control of a sweep"), append(queries, kql.Prologue("test", []kql.Let{{Name: "day_from", Value: kql.DatetimeLiteral(p.from)}, {Name: "day_to", Value: kql.DatetimeLiteral(p.to)}})+catalog.control)
	names, queries = append(names, "each event"), append(queries, first.kql(p, "test", profiles, catalog.events))
	names, queries = append(names, "a sweep"), append(queries, first.kql(p, "test", profiles, catalog.survey))
	for i, a := range microsoft(t, queries) {
		for _, d := range a.Diagnostics {
			t.Errorf("%s: %s", names[i], d)
		}
	}
}

// all are the hunts that people ask for and that say what a row matched.
func all(c *Catalog) []Definition {
	var out []Definition
	for _, n := range c.Names() {
		if d, _ := c.Get(n); d.Footprint.Columns.Matched != "" {
			out = append(out, d)
		}
	}
	return out
}

// hostile are the pieces that break out of literals, comments and statements.
var hostile = []string{
	`"`, `'`, `\`, `\\`, `\"`, "\n", "\r\n", "\t", "//", "/*", "*/", ";", "|", "```", "@\"", "h\"", "\x00", "\x1b", "\u2028", "\u2029", "\u202e", "\u200f", "\ufeff", "\u0085",
	"\U0001f600", "\ud7ff", "\ue000", "\uffff", "é", "漢", "]", ")", "}", "{", "(", "[", ",", "dynamic", "let x = 1;", "| take 1", " ", "a", "evil.example", "%22", "&quot;", "TimeGenerated", "AdditionalFields", "ingestion_time()", "\xff", "\xc0\xaf", "\xed\xa0\x80",
}

func hostileText(random *rand.Rand) string {
	var b strings.Builder
	for range random.IntN(12) {
		b.WriteString(hostile[random.IntN(len(hostile))])
	}
	if random.IntN(400) == 0 {
		for b.Len() < 4096 {
			b.WriteString(hostile[random.IntN(len(hostile))])
		}
	}
	return b.String()
}

// printOne ends a text that declares values and does nothing with them.
const printOne = "print 1"

func TestNoUserTextLeavesItsLiteral(t *testing.T) {
	t.Parallel()
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := catalog.Get(hunts.DefaultHunt)
	const whole = 8  // the text around the values is the same in each
	requests := 1000 // the gate asks for the whole number
	if os.Getenv("FOOTPRINT_TEST_WHOLE") != "" {
		requests = 20_000
	}
	random := rand.New(rand.NewPCG(20261123, 3))
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	queries, want := make([]string, 0, requests), make([][]string, 0, requests)
	for n := range requests {
		p := params{from: now, to: now, step: day}
		var inputs []string
		for _, into := range []*[]string{&p.nets, &p.domains, &p.suffixes, &p.files, &p.devices} {
			for range random.IntN(3) {
				text := hostileText(random)
				*into = append(*into, text)
			}
		}
		comment := fmt.Sprintf("footprint hunt=F-TEST why=%q", hostileText(random)) + hostileText(random)
		// the order of the let statements
		inputs = slices.Concat(p.nets, p.domains, p.suffixes, []string{p.suffixPattern()}, p.files, p.devices)
		for i := range inputs {
			inputs[i] = string([]rune(inputs[i])) // each byte that is not UTF-8 becomes U+FFFD
		}
		text := kql.Prologue(comment, p.lets()) + printOne
		if n < whole {
			text = d.kql(p, comment, nil, catalog.summary)
		}
		queries, want = append(queries, text), append(want, inputs)
	}
	t.Run("in a workspace", func(t *testing.T) { literalsStay(t, queries, want, whole) })
	t.Run("in Defender XDR", func(t *testing.T) {
		dir, err := filepath.Abs(advancedSchema)
		if _, stat := os.Stat(dir); err != nil || stat != nil || testing.Short() {
			t.Skip("SKIPPED: short, or the schema of advanced hunting is not present")
		}
		some := len(queries) / 10 // only the names of columns differ
		sent := make([]string, some)
		for i, q := range queries[:some] {
			sent[i] = kql.ForSchema(q, kql.AdvancedHunting)
		}
		literalsStay(t, sent, want[:some], whole, dir)
	})
}

// literalsStay lets Microsoft's parser find each text that somebody typed in a
// literal of its own, and no diagnostic.
func literalsStay(t *testing.T, queries []string, want [][]string, whole int, args ...string) {
	tail := -1
	for i, a := range microsoft(t, queries, args...) {
		for _, diagnostic := range a.Diagnostics {
			t.Fatalf("request %d: %s\n%s", i, diagnostic, queries[i][:min(len(queries[i]), 600)])
		}
		got := a.Literals
		if i < whole {
			if tail < 0 {
				tail = len(got) - len(want[i])
			}
			if len(got) != len(want[i])+tail {
				t.Fatalf("request %d: %d literals, want %d", i, len(got), len(want[i])+tail)
			}
			got = got[:len(want[i])]
		}
		if !slices.Equal(got, want[i]) {
			t.Fatalf("request %d: literals\n%q\nwant\n%q", i, got, want[i])
		}
	}
	t.Logf("%d generated requests, %d of them with the whole hunt: no diagnostic, all literals as typed", len(queries), whole)
}
