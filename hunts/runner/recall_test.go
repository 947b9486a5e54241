package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// arrival is an event that came into the workspace some time after it happened.
type arrival struct {
	happened, arrived time.Time
	device, process   string
	outcome           string
}

// growing is a workspace that fills up as its clock goes on, with the queries
// that it was asked.
type growing struct {
	hunts.Source
	t    *testing.T
	rows []arrival
	now  time.Time

	mu     sync.Mutex
	fail   func(q hunts.Query) bool
	search []hunts.Query // no coverage, no control
	late   []hunts.Query
	every  []hunts.Query
}

// all is every query that was asked.
func (g *growing) all() []hunts.Query {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.every
}

func (g *growing) clock() time.Time { return g.now }

// at lets time pass: what has arrived until then is there.
func (g *growing) at(now time.Time) {
	g.t.Helper()
	g.now = now
	var export strings.Builder
	for _, r := range g.rows {
		if r.arrived.After(now) {
			continue
		}
		fmt.Fprintf(&export, `{"TimeGenerated":%q,"_IngestionTime":%q,"DeviceName":%q,"ActionType":%q,"RemoteIP":"203.0.113.66","RemotePort":443,"InitiatingProcessFileName":%q}`+"\n",
			r.happened.Format(time.RFC3339Nano), r.arrived.Format(time.RFC3339Nano), r.device, r.outcome, r.process)
	}
	dir := g.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "DeviceNetworkEvents.ndjson"), []byte(export.String()), 0o600); err != nil {
		g.t.Fatal(err)
	}
	events, err := localworkspace.Load(g.t.Context(), dir, localworkspace.LoadOptions{})
	if err != nil {
		g.t.Fatal(err)
	}
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": events}, Clock: g.clock})
	url, err := server.Start(g.t.Context(), "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(server.Close)
	if g.Source, err = loganalytics.New(loganalytics.Config{Endpoint: url, Workspaces: []loganalytics.Workspace{{Name: "test", ID: "w"}}}); err != nil {
		g.t.Fatal(err)
	}
}

func (g *growing) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	first, _, _ := strings.Cut(q.Text, "\n")
	g.mu.Lock()
	g.every = append(g.every, q)
	switch {
	case strings.HasSuffix(first, " late"):
		g.late = append(g.late, q)
	case strings.HasSuffix(first, " control"):
	case strings.Contains(q.Text, "let hunt_rows"):
		g.search = append(g.search, q)
	}
	broken := g.fail != nil && g.fail(q)
	g.mu.Unlock()
	if broken {
		return hunts.Result{}, &hunts.Error{Kind: hunts.KindTimeout, Say: "the workspace was too slow"}
	}
	return g.Source.Query(ctx, q)
}

// asked gives what was asked since the last time.
func (g *growing) asked() (search, late []hunts.Query) {
	g.mu.Lock()
	defer g.mu.Unlock()
	search, late = g.search, g.late
	g.search, g.late = nil, nil
	return search, late
}

// looker asks about the one address of the tests.
type looker struct {
	*growing
	runner *runner.Runner
	n      int
}

func newLooker(t *testing.T, rows []arrival) *looker {
	t.Helper()
	g := &growing{t: t, rows: rows}
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &looker{growing: g, runner: newRunner(runner.Config{Catalog: catalog, Source: g, Record: recordtest.Start(t), Clock: g.clock})}
}

func (l *looker) hunt(text string, change func(*hunts.Hunt)) hunts.Answer {
	l.t.Helper()
	req, refusal := request.Parse("ip=203.0.113.66 "+text, l.now)
	if refusal != nil {
		l.t.Fatal(refusal.Sentence)
	}
	l.n++
	h, err := l.runner.Prepare(fmt.Sprintf("F-%d", l.n), req, hunts.Asker{User: "ana"})
	if err != nil {
		l.t.Fatal(err)
	}
	if change != nil {
		change(&h)
	}
	a, err := l.runner.Run(l.t.Context(), h, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return a
}

// refreshing makes a hunt go on where an earlier one ended.
func refreshing(a hunts.Answer) func(*hunts.Hunt) {
	return func(h *hunts.Hunt) {
		h.Window, h.Refreshes = hunts.Window{From: a.Request.From, To: h.Window.To}, a.HuntID
	}
}

// anew searches the same window without memory.
func (l *looker) anew(a hunts.Answer) hunts.Answer {
	return l.hunt("", func(h *hunts.Hunt) {
		h.Window, h.Request.Fresh = hunts.Window{From: a.Request.From, To: a.Request.To}, true
	})
}

// found is what an answer says of the events, whatever it was made from.
func found(t *testing.T, a hunts.Answer) string {
	t.Helper()
	text, err := json.MarshalIndent([]any{a.Totals, a.Outcomes, a.ByIndicator, a.ByDevice, a.ByProcess, a.Timeline, a.Events, a.Rows, a.Truncated}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var lookedFirst = time.Date(2026, 11, 23, 9, 12, 0, 0, time.UTC)

func event(happened time.Time, delay time.Duration, device string) arrival {
	return arrival{happened: happened, arrived: happened.Add(delay), device: device, process: "powershell.exe", outcome: "ConnectionSuccess"}
}

func TestARefreshAsksForTheTailOnlyAndSaysWhatIsNew(t *testing.T) {
	later := lookedFirst.Add(3 * time.Hour)
	l := newLooker(t, []arrival{
		event(lookedFirst.Add(-50*time.Hour), time.Minute, "ws-1"),
		event(lookedFirst.Add(-30*time.Minute), time.Minute, "ws-1"),
		event(lookedFirst.Add(time.Hour), time.Minute, "ws-2"),
		event(lookedFirst.Add(2*time.Hour), time.Minute, "ws-1"),
	})
	l.at(lookedFirst)
	first := l.hunt("", nil)
	if search, late := l.asked(); len(search) != 1 || len(late) != 0 {
		t.Errorf("the first look asked %d queries and %d for late rows", len(search), len(late))
	}
	l.at(later)
	second := l.hunt("", refreshing(first))
	search, late := l.asked()
	tail := lookedFirst.Add(-time.Hour).Truncate(time.Hour)
	for _, q := range search {
		if q.From.Before(tail) {
			t.Errorf("it searched from %s, which was known: the tail begins at %s", q.From, tail)
		}
	}
	if len(late) != 1 {
		t.Errorf("%d queries for late rows, want one", len(late))
	}
	if got, want := second.Since(first), (hunts.Change{Hunt: "F-1", Since: lookedFirst, Devices: []string{"ws-2"}, Events: 2, Whole: true}); !reflect.DeepEqual(got, want) {
		t.Errorf("it tells %+v, want %+v", got, want)
	}
	if got, want := found(t, second), found(t, l.anew(second)); got != want {
		t.Errorf("the refreshed answer is\n%s\nsearched anew it is\n%s", got, want)
	}
	l.asked()
	l.at(later.Add(5 * time.Minute))
	third := l.hunt("", refreshing(second))
	if got := third.Since(second); !got.None() || !got.Since.Equal(later) {
		t.Errorf("a third look tells %+v", got)
	}
	if search, _ := l.asked(); len(search) != 1 {
		t.Errorf("a third look asked %d queries, want its tail", len(search))
	}
}

func TestRowsThatComeLateIntoSettledDaysAreFound(t *testing.T) {
	old := lookedFirst.Add(-5 * 24 * time.Hour)
	l := newLooker(t, []arrival{
		event(lookedFirst.Add(-2*time.Hour), 0, "ws-1"),
		event(old, lookedFirst.Add(time.Hour).Sub(old), "was-offline"), // its laptop was shut for five days
	})
	for name, ask := range map[string]func(first hunts.Answer) hunts.Answer{
		"by a refresh":      func(first hunts.Answer) hunts.Answer { return l.hunt("", refreshing(first)) },
		"by the same again": func(hunts.Answer) hunts.Answer { return l.hunt("since=7d", nil) },
		"by a wider window": func(hunts.Answer) hunts.Answer { return l.hunt("since=30d", nil) },
	} {
		l.at(lookedFirst)
		first := l.hunt("", func(h *hunts.Hunt) { h.Request.Fresh = true })
		l.at(lookedFirst.Add(2 * time.Hour))
		l.asked()
		if a := ask(first); a.Totals.Devices != 2 {
			t.Errorf("%s: %d devices, the late one is missed", name, a.Totals.Devices)
		}
		if search, late := l.asked(); len(late) > 1 || len(search) > 9 {
			t.Errorf("%s: %d queries and %d for late rows", name, len(search), len(late))
		}
	}
}

func TestWideningSearchesOnlyTheDaysThatWereNot(t *testing.T) {
	l := newLooker(t, []arrival{event(lookedFirst.Add(-50*time.Hour), 0, "ws-1"), event(lookedFirst.Add(-20*24*time.Hour), 0, "ws-2")})
	l.at(lookedFirst)
	l.hunt("", nil)
	l.asked()
	l.at(lookedFirst.Add(5 * time.Minute))
	wide := l.hunt("since=30d", nil)
	search, _ := l.asked()
	if wide.Totals.Devices != 2 {
		t.Errorf("%d devices", wide.Totals.Devices)
	}
	known := lookedFirst.Truncate(24 * time.Hour).Add(-5 * 24 * time.Hour) // midnight of the first whole day
	tail := lookedFirst.Add(-time.Hour).Truncate(time.Hour)
	for _, q := range search {
		if q.From.Before(tail) && q.To.After(known.Add(time.Second)) {
			t.Errorf("%s to %s was searched again", q.From, q.To)
		}
	}
	if got, want := found(t, wide), found(t, l.anew(wide)); got != want {
		t.Errorf("the widened answer is\n%s\nsearched anew it is\n%s", got, want)
	}
	t.Logf("%d of %d slices searched", len(search), len(wide.Coverage.Slices))
}

func TestASliceThatFailedIsRetriedAlone(t *testing.T) {
	l := newLooker(t, []arrival{event(lookedFirst.Add(-50*time.Hour), 0, "ws-1"), event(lookedFirst.Add(-10*time.Minute), 0, "ws-2")})
	l.at(lookedFirst)
	broken := lookedFirst.Truncate(24 * time.Hour).Add(-48 * time.Hour)
	// the slice takes too long, alone and together with others
	l.fail = func(q hunts.Query) bool {
		return !q.From.After(broken) && q.To.After(broken.Add(2*time.Second)) && strings.Contains(q.Text, "let hunt_rows") && !strings.Contains(q.Text, " control\n")
	}
	first := l.hunt("", nil)
	if first.Totals.Events != 1 || first.Coverage.Complete {
		t.Fatalf("%d events, complete %v", first.Totals.Events, first.Coverage.Complete)
	}
	l.fail = nil
	l.at(lookedFirst.Add(time.Minute))
	l.asked()
	second := l.hunt("", func(h *hunts.Hunt) {
		h.Window, h.Refreshes = hunts.Window{From: first.Request.From, To: first.Request.To}, first.HuntID
	})
	if search, late := l.asked(); len(search) != 1 || !search[0].From.Equal(broken) || len(late) > 0 {
		t.Errorf("%d queries and %d for late rows; want one, for the slice that failed", len(search), len(late))
	}
	if c := second.Since(first); !c.Rest || c.Events != 1 || !c.Whole {
		t.Errorf("it tells %+v", c)
	}
	if second.Totals.Events != 2 || !second.Request.To.Equal(first.Request.To) {
		t.Errorf("%d events until %s", second.Totals.Events, second.Request.To)
	}
}

// Whatever arrives when, and however often it was looked before: an answer made
// with memory is the answer that a search without it gives.
func TestMemoryNeverChangesAnAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("only computes")
	}
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for round := range 8 {
		var rows []arrival
		for range 20 + random.IntN(120) {
			r := event(lookedFirst.Add(-time.Duration(random.Int64N(int64(9*24*time.Hour)))+40*time.Hour), 0, fmt.Sprintf("ws-%d", random.IntN(6)))
			r.happened = r.happened.Truncate(time.Millisecond)
			r.process = []string{"powershell.exe", "rundll32.exe", "msedge.exe"}[random.IntN(3)]
			r.outcome = []string{"ConnectionSuccess", "ConnectionFailed", "ConnectionAttempt"}[random.IntN(3)]
			delay := time.Duration(random.Int64N(int64(10 * time.Minute)))
			switch random.IntN(4) {
			case 0:
				delay = time.Duration(random.Int64N(int64(72 * time.Hour)))
			case 1:
				delay = time.Duration(random.Int64N(int64(3 * time.Hour)))
			}
			r.arrived = r.happened.Add(delay)
			rows = append(rows, r)
		}
		l := newLooker(t, rows)
		now := lookedFirst
		l.at(now)
		last := l.hunt("", nil)
		for step := range 3 {
			now = now.Add(time.Duration(random.Int64N(int64(13 * time.Hour))))
			l.at(now)
			var a hunts.Answer
			how := []string{"refresh", "the same", "wider"}[random.IntN(3)]
			switch how {
			case "refresh":
				a = l.hunt("", refreshing(last))
				last = a
			case "the same":
				a = l.hunt("", nil)
			default:
				a = l.hunt(fmt.Sprintf("since=%dd", 3+random.IntN(20)), nil)
			}
			if a.Source.CachedAt != nil {
				continue
			}
			if got, want := found(t, a), found(t, l.anew(a)); got != want {
				t.Fatalf("round %d, step %d at %s, %s: with memory\n%s\nwithout\n%s", round, step, now, how, got, want)
			}
		}
	}
}

func TestEachEventOfAnAnswerCanBeRead(t *testing.T) {
	var rows []arrival
	for i := range 250 {
		rows = append(rows, event(lookedFirst.Add(-time.Duration(i)*17*time.Minute), time.Minute, fmt.Sprintf("ws-%d", i%3)))
	}
	l := newLooker(t, rows)
	l.at(lookedFirst)
	a := l.hunt("", nil)
	l.asked()
	req, refusal := request.Parse("ip=203.0.113.66", l.now)
	if refusal != nil {
		t.Fatal(refusal.Sentence)
	}
	h := hunts.Hunt{ID: a.HuntID, Name: a.Hunt, Request: req}
	list, err := l.runner.Events(t.Context(), h, a)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(list.Events)) != a.Totals.Events || len(list.Events) < 250-1 || list.Cut != "" {
		t.Errorf("%d events of %d, cut %q", len(list.Events), a.Totals.Events, list.Cut)
	}
	for i, e := range list.Events {
		if i > 0 && e.Time.After(list.Events[i-1].Time) {
			t.Fatalf("event %d is newer than the one before", i)
		}
	}
	if got, want := fmt.Sprint(list.Events[:100]), fmt.Sprint(a.Events); got != want {
		t.Errorf("the newest are\n%s\nthe answer has\n%s", got, want)
	}
	if n, _ := l.asked(); len(n) >= len(a.Coverage.Slices) {
		t.Errorf("%d queries: slices without an event were asked", len(n))
	}
	l.fail = func(hunts.Query) bool { return true }
	if _, err := l.runner.Events(t.Context(), h, a); hunts.KindOf(err) != hunts.KindTimeout {
		t.Errorf("a workspace that fails: %v", err)
	}
}
