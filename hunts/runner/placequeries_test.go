package runner

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/request"
)

// countingSource counts the queries of each place, and keeps all texts. It has every
// table of the places.
type countingSource struct {
	*scriptedSource
	catalog *Catalog
	mu      sync.Mutex
	asked   map[string]int
	texts   []string
}

func (s *countingSource) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	first, _, _ := strings.Cut(q.Text, "\n")
	s.mu.Lock()
	s.texts = append(s.texts, q.Text)
	if _, name, ok := strings.Cut(first, " place "); ok {
		s.asked[name]++
	}
	s.mu.Unlock()
	if strings.HasSuffix(first, " tables") {
		var rows [][]any
		for _, d := range s.catalog.Places() {
			for _, table := range d.placeTables() {
				rows = append(rows, []any{table, "ever", int64(1)})
			}
		}
		return hunts.Result{Rows: rows}, nil
	}
	return s.scriptedSource.Query(ctx, q)
}

// counted prepares a hunt over a source that counts.
func counted(t *testing.T, s *scriptedSource, text string) (*Runner, *countingSource, hunts.Hunt) {
	t.Helper()
	source := &countingSource{scriptedSource: s, catalog: mustCatalog(t), asked: map[string]int{}}
	r := newRunner(Config{Catalog: mustCatalog(t), Source: source, Record: emptyRecord{}, Clock: func() time.Time { return cleanNow }})
	req, refusal := request.Parse(text, cleanNow)
	if refusal != nil {
		t.Fatal(refusal)
	}
	h, err := r.Prepare("F-TEST", req, hunts.Asker{User: "U1"})
	if err != nil {
		t.Fatal(err)
	}
	return r, source, h
}

func TestAHuntAsksEachPlaceOnceAtMostHoweverManyPartsItsWindowHas(t *testing.T) {
	for _, text := range []string{"ip=203.0.113.66 dns=evil.example", "https://evil.example/a", "file=sync.dll", "ip=203.0.113.66 since=30d", "ip=203.0.113.66 places=endpoint"} {
		s := healthy(30 * day)
		s.slice = oneByOne(s.slice)
		r, source, h := counted(t, s, text)
		if _, err := r.Run(t.Context(), h, nil); err != nil {
			t.Fatal(err)
		}
		endpoint := strings.Contains(text, "places=endpoint")
		if len(source.asked) == 0 {
			t.Errorf("%s: no place was asked", text)
		}
		for name, n := range source.asked {
			if n > 1 {
				t.Errorf("%s: %s was asked %d times", text, name, n)
			}
		}
		for _, outside := range []string{"place-mail-links", "place-firewall", "place-sign-ins"} {
			if endpoint && source.asked[outside] > 0 {
				t.Errorf("%s asked %s", text, outside)
			}
		}
	}
}

// endpointsOnly is a policy that lets people look at nothing but the endpoints.
type endpointsOnly struct{ hunts.Authorizer }

func (endpointsOnly) PlacesOf(context.Context, hunts.Asker) []string {
	return []string{hunts.PlaceEndpoint}
}

func TestNothingThatSearchesReadsAPlaceThatThePolicyLeavesOut(t *testing.T) {
	name := func(list []indicator.Indicator, h hunts.Hunt) []hunts.Lookout {
		return []hunts.Lookout{{Hunt: h, Names: []string{h.Name}, Indicators: list, From: cleanNow.Add(-day)}}
	}
	for what, search := range map[string]func(*Runner, hunts.Hunt) error{
		"a hunt": func(r *Runner, h hunts.Hunt) error { _, err := r.Run(t.Context(), h, nil); return err },
		"a sweep": func(r *Runner, h hunts.Hunt) error {
			_, err := r.Survey(t.Context(), h, h.Request.Indicators(), nil)
			return err
		},
		"a ledger":  func(r *Runner, h hunts.Hunt) error { _, err := r.Triage(t.Context(), []hunts.Hunt{h}, nil); return err },
		"a recheck": func(r *Runner, h hunts.Hunt) error { _, err := r.Recheck(t.Context(), h); return err },
		"a look for late rows": func(r *Runner, h hunts.Hunt) error {
			_, err := r.Arrivals(t.Context(), cleanNow.Add(-time.Hour), name(h.Request.Indicators(), h))
			return err
		},
	} {
		reads := func(limited bool) (mail bool) {
			s := healthy(7 * day)
			r, source, h := counted(t, s, "dns=evil.example")
			if limited {
				r = newRunner(Config{Catalog: r.cfg.Catalog, Source: source, Record: emptyRecord{}, Clock: r.cfg.Clock, Authorizer: endpointsOnly{hunts.AllowAll(emptyRecord{}, r.cfg.Clock)}})
			}
			if err := search(r, h); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			for _, text := range source.texts {
				first, _, _ := strings.Cut(text, "\n")
				if !strings.HasSuffix(first, " coverage") && !strings.HasSuffix(first, " tables") { // which ask whether a table is there
					mail = mail || strings.Contains(text, "EmailUrlInfo") || strings.Contains(text, "CommonSecurityLog")
				}
			}
			return mail
		}
		if !reads(false) {
			t.Errorf("%s, allowed, reads no mail, so that this test shows nothing", what)
		}
		if reads(true) {
			t.Errorf("%s reads mail or the firewall, which the policy leaves out", what)
		}
	}
}

func TestASweepOfFiveThousandAsksEachPlaceEightTimesAtMost(t *testing.T) {
	var list []indicator.Indicator
	for _, kind := range []string{"IPv4", "IPv6", "domain", "URL", "SHA-256", "MD5", "network", "fileName"} {
		list = append(list, ofKind(t, kind, 625)...)
	}
	r, source, h := counted(t, healthy(day), "ip=203.0.113.66 since=1d")
	if _, err := r.Survey(t.Context(), h, list, nil); err != nil {
		t.Fatal(err)
	}
	if len(source.asked) < 10 {
		t.Errorf("only %v were asked", slices.Sorted(maps.Keys(source.asked)))
	}
	for name, n := range source.asked {
		if n > 8 {
			t.Errorf("%s was asked %d times", name, n)
		}
	}
}

func TestTheAnswerOfTheSensorsIsToldBeforeAPlaceIsAsked(t *testing.T) {
	for _, c := range []struct {
		text string
		told bool
	}{{"ip=203.0.113.66", true}, {"device=ws-1 user=ana", false}} {
		r, source, h := counted(t, healthy(7*day), c.text)
		told := false
		_, err := r.Run(t.Context(), h, func(p hunts.Progress) {
			if p.Endpoint == nil {
				return
			}
			told = true
			source.mu.Lock()
			defer source.mu.Unlock()
			if len(source.asked) > 0 {
				t.Errorf("%s: %v were asked before", c.text, source.asked)
			}
			if len(p.Looking) == 0 || p.Verdict != "" || !p.Cancellable {
				t.Errorf("%s: %+v", c.text, p)
			}
		})
		if err != nil || told != (len(source.asked) > 0) || c.told && !told {
			t.Errorf("%s: told %t, asked %v, %v", c.text, told, source.asked, err)
		}
	}
}

// doorPlace is a place for a table that nobody has but a test.
const doorPlace = `id: 3c1f4f9e-6a86-4f3c-9f6b-0d4f5a1c7e11
name: Doors
description: |
  This query searches the log of the doors for the host of the terminal that opened one.
requiredDataConnectors:
  - connectorId: Doors
    dataTypes:
      - Doors_CL
tactics:
  - InitialAccess
relevantTechniques:
  - T1078
query: |
  let seen = union isfuzzy=true
      (datatable(TimeGenerated:datetime, Terminal:string, Badge:string)[]),
      (Doors_CL
      | where TimeGenerated >= window_from and TimeGenerated < window_to
      | where TimeGenerated >= settled_from or ingestion_time() >= arrived_from
      | where maybe_host(Terminal)
      | project TimeGenerated, Terminal, Badge);
  let names = seen | distinct Value = host_of(Terminal);
  let found = matches(names) | summarize Matched = make_set(Indicator) by Value;
  seen
  | extend Value = host_of(Terminal)
  | lookup kind=inner found on Value
  | extend Device = "", Outcome = "other", Did = "door opened"
footprint:
  version: 1
  needs: [remote]
  parameters: [domains, subdomains, suffixes]
  table: Doors_CL
  place:
    name: doors
    group: doors
    verb: opened
    verdict: SEEN
    tables: [Doors_CL]
    searched: [Terminal]
  columns:
    time: TimeGenerated
    device: Device
    account: Badge
    did: Did
    outcome: Outcome
    matched: Matched
`

func TestAPlaceForAnyTableIsOneFileAndNoGo(t *testing.T) {
	catalog, problems, err := LoadCatalog(fstest.MapFS{"place-doors.yaml": {Data: []byte(doorPlace)}})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	d, ok := catalog.Get("place-doors")
	if !ok {
		t.Fatal("the place is not in the catalogue")
	}
	part, ok := d.partOf(asked(t, "dns=evil.example"))
	if !ok {
		t.Fatal("the place is not asked for a name")
	}
	if _, ok := d.partOf(asked(t, "file=sync.dll")); ok {
		t.Error("the place is asked for a file")
	}
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	q, err := kql.Parse(d.kql(d.params(part, from, from.Add(7*day), day).packed(), "test", nil, d.observed(nil)+catalog.place))
	if err != nil {
		t.Fatal(err)
	}
	tables := localworkspace.Made(map[string]localworkspace.Grid{"Doors_CL": {Columns: []string{"TimeGenerated", "Terminal", "Badge"}, Rows: [][]any{
		{placeTime("10:00:00"), "EVIL.example", "ana"}, {placeTime("10:01:00"), "https://a.evil.example:8443/x", "bo"}, {placeTime("10:02:00"), "notevil.example", "cy"},
	}}})
	res, err := q.Run(t.Context(), tables, kql.Options{Now: from.Add(8 * day)})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]any, res.Len())
	for i := range rows {
		rows[i] = []any{res.Value(i, 0).AsString(), res.Value(i, 1).Text()}
	}
	x := placeResult{def: d, asked: part, place: hunts.Place{Place: d.Footprint.Place.Name}}
	if err := x.read(rows); err != nil {
		t.Fatal(err)
	}
	x.tell()
	if x.total.Events != 2 || counts(x) != "2 door openeds" || len(x.place.Steps) == 0 || x.place.Steps[0].Account != "ana" {
		t.Errorf("%+v, %s, %+v", x.total, counts(x), x.place.Steps)
	}
	if text := catalog.tablesText(from); !strings.Contains(text, "(Doors_CL | where") {
		t.Error("the coverage query does not ask for its table")
	}
	if text := catalog.tablesText(from); strings.Count(text, `Table = "Doors_CL"`) != 2 {
		t.Error("the coverage query does not tell whether its table is there and fresh")
	}
}
