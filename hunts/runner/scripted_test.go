package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// scriptedSource answers like a workspace, with one thing wrong at a time.
type scriptedSource struct {
	mu       sync.Mutex
	coverage func() (hunts.Result, error)
	slice    func(n int) (hunts.Result, error)
	control  func() (hunts.Result, error)
	place    func() (hunts.Result, error) // nil: every place is there, and holds nothing of it
	only     string                       // the one place that answers so; empty: every
	before   func() (hunts.Result, error) // the newest event of a place before the window
	asked    int
	ahead    int // how many each query is told to be before it
}

func (s *scriptedSource) Describe([]string) hunts.SourceInfo {
	return hunts.SourceInfo{Kind: hunts.KindLogAnalytics, Workspace: "test"}
}

func (s *scriptedSource) Query(_ context.Context, q hunts.Query) (hunts.Result, error) {
	first, _, _ := strings.Cut(q.Text, "\n")
	switch {
	case strings.HasSuffix(first, " coverage"):
		return s.coverage()
	case strings.HasSuffix(first, " control"):
		return s.control()
	case strings.Contains(first, " place ") && strings.Contains(q.Text, "let known_from"):
		return s.before()
	case strings.Contains(first, " place "):
		if s.place != nil && strings.HasSuffix(first, s.only) {
			return s.place()
		}
		return emptyPlace(), nil
	}
	if s.ahead > 0 && q.Queued != nil {
		q.Queued(s.ahead)
	}
	s.mu.Lock()
	n := s.asked
	s.asked++
	s.mu.Unlock()
	res, err := s.slice(n)
	return inParts(res), err
}

// inParts is an answer whose sections are all of the first part, as one that
// several slices were asked for.
func inParts(res hunts.Result) hunts.Result {
	var rows [][]any
	for _, r := range res.Rows {
		if r[0] == "total" {
			var t struct{ Events int64 }
			if text, ok := r[1].(string); ok && json.Unmarshal([]byte(text), &t) == nil {
				rows = append(rows, []any{"whole", fmt.Sprintf(`{"events":%d}`, t.Events), json.Number("-1")})
			}
		}
		rows = append(rows, []any{r[0], r[1], json.Number("0")})
	}
	res.Rows = rows
	return res
}

// oneByOne is a workspace to which a window is too large at once.
func oneByOne(slice func(n int) (hunts.Result, error)) func(int) (hunts.Result, error) {
	return func(n int) (hunts.Result, error) {
		if n == 0 {
			return hunts.Result{}, &hunts.Error{Kind: hunts.KindTooLarge, Say: "too large"}
		}
		return slice(n - 1)
	}
}

func total(events int64) hunts.Result {
	bag := fmt.Sprintf(`{"events":%d,"aggregated":0,"first":null,"last":null,"reached":0,"failed":%d,"blocked":0,"looked_up":0,"other":0,"devices":%d,"processes":0,"rows":0}`, events, events, min(events, 1))
	r := hunts.Result{Rows: [][]any{{"total", bag}}}
	if events > 0 {
		r.Rows = append(r.Rows, []any{"device", fmt.Sprintf(`{"device":"ws-1","events":%d,"failed":%d}`, events, events)})
	}
	return r
}

func emptyPlace() hunts.Result {
	return hunts.Result{Rows: [][]any{{"total", fmt.Sprintf(`{"events":0,"devices":0,"rows":5000,"newest":%q}`, cleanNow.Add(-time.Minute).Format(time.RFC3339))}}}
}

// goodCoverage is that of a healthy workspace whose first event comes a minute
// after from, or weeks before it where a window is short.
func goodCoverage(now time.Time, from time.Time) hunts.Result {
	if back := now.Add(-rhythmBack); back.Before(from) {
		from = back
	}
	cells := map[string]any{
		"SensorsReporting": json.Number("95"), "SensorsKnown": json.Number("100"), "SensorsElsewhere": json.Number("100"), "SensorsOfWeek": json.Number("98"),
		"Stretches": "[[0,95],[1,96],[7,96]]", "Newest": now.Add(-time.Minute).Format(time.RFC3339Nano), "Oldest": from.Add(time.Minute).Format(time.RFC3339Nano),
		"Days": hoursFrom(from, now, allHours), "Named": "{}", "Filled": `{"rows":900,"inspections":90,"details":90,"ip":900,"url":500,"process":810,"sha1":810,"sha256":810,"md5":810}`,
		"Tables": freshTables(), "Control": "192.0.2.1", "ControlLast": now.Add(-time.Minute).Format(time.RFC3339Nano), "WebEvents": json.Number("10"), "Proxy": "", "ProxyEvents": json.Number("0"), "ProxyConfigured": json.Number("0"),
	}
	r := hunts.Result{Rows: [][]any{nil}}
	for _, name := range slices.Sorted(maps.Keys(cells)) {
		r.Columns = append(r.Columns, hunts.Column{Name: name})
		r.Rows[0] = append(r.Rows[0], cells[name])
	}
	return r
}

// freshTables is the column Tables of a company that has every place.
func freshTables() string {
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		panic(err)
	}
	var rows [][3]any
	for _, d := range catalog.Places() {
		for _, name := range d.placeTables() {
			rows = append(rows, [3]any{name, "ever", 1}, [3]any{name, "fresh", 1})
		}
	}
	text, _ := json.Marshal(rows)
	return string(text)
}

// hoursFrom is the column Days for a fleet with an event in some hours.
func hoursFrom(from, to time.Time, reports func(time.Time) bool) string {
	days := [][2]int64{}
	for d, hours := range rhythmFrom(from, to, reports).days {
		days = append(days, [2]int64{d, int64(hours)})
	}
	text, _ := json.Marshal(days)
	return string(text)
}

func set(r hunts.Result, column string, value any) hunts.Result {
	cells := append([]any{}, r.Rows[0]...)
	for i, c := range r.Columns {
		if c.Name == column {
			cells[i] = value
		}
	}
	r.Rows = [][]any{cells}
	return r
}

// emptyRecord remembers nothing.
type emptyRecord struct{}

func (emptyRecord) SaveHunt(context.Context, hunts.Hunt) error { return nil }
func (emptyRecord) Hunt(context.Context, string) (hunts.Hunt, bool, error) {
	return hunts.Hunt{}, false, nil
}
func (emptyRecord) SaveAnswer(context.Context, string, hunts.Answer, time.Duration) error {
	return nil
}
func (emptyRecord) Answer(context.Context, string) (hunts.Answer, bool, error) {
	return hunts.Answer{}, false, nil
}
func (emptyRecord) CachedAnswer(context.Context, string) (hunts.Answer, bool, error) {
	return hunts.Answer{}, false, nil
}
func (emptyRecord) SaveBlob(context.Context, string, []byte, time.Duration) error {
	return nil
}
func (emptyRecord) Blob(context.Context, string) ([]byte, bool, error) { return nil, false, nil }
func (emptyRecord) Lease(context.Context, string, string, time.Duration) (hunts.Lease, string, bool, error) {
	return freeLease{}, "", true, nil
}
func (emptyRecord) DropAnswer(context.Context, string, string) error { return nil }
func (emptyRecord) DropBlobs(context.Context, ...string) error       { return nil }
func (emptyRecord) Await(context.Context, string) error              { return nil }
func (emptyRecord) Audit(context.Context, hunts.AuditEntry) error    { return nil }

type freeLease struct{}

func (freeLease) Renew(context.Context) (bool, error) { return true, nil }
func (freeLease) Release(context.Context) error       { return nil }

var cleanNow = time.Date(2026, 11, 23, 9, 27, 0, 0, time.UTC)

func runScripted(t *testing.T, s *scriptedSource, change func(*Config), text string) hunts.Answer {
	t.Helper()
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Catalog: catalog, Source: s, Record: emptyRecord{}, Clock: func() time.Time { return cleanNow }}
	if change != nil {
		change(&cfg)
	}
	r := newRunner(cfg)
	req, refusal := request.Parse(text, cleanNow)
	if refusal != nil {
		t.Fatal(refusal)
	}
	h, err := r.Prepare("F-TEST", req, hunts.Asker{User: "U1"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.Run(t.Context(), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func healthy(window time.Duration) *scriptedSource {
	return &scriptedSource{
		coverage: func() (hunts.Result, error) { return goodCoverage(cleanNow, cleanNow.Add(-window)), nil },
		slice:    func(int) (hunts.Result, error) { return total(0), nil },
		control:  func() (hunts.Result, error) { return total(3), nil },
	}
}

func fails(err error) func() (hunts.Result, error) {
	return func() (hunts.Result, error) { return hunts.Result{}, err }
}

func covered(change func(hunts.Result) hunts.Result) func() (hunts.Result, error) {
	return func() (hunts.Result, error) { return change(goodCoverage(cleanNow, cleanNow.Add(-7*day))), nil }
}

// until is a coverage whose newest event is that old.
func until(r hunts.Result, newest time.Time) hunts.Result {
	return set(set(r, "Newest", newest.Format(time.RFC3339)), "Days", hoursFrom(newest.Add(-22*day), newest, allHours))
}

func eachFails(err error) func(int) (hunts.Result, error) {
	return func(int) (hunts.Result, error) { return hunts.Result{}, err }
}
