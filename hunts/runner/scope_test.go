package runner

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// scopedSource holds a workspace of its own for every name, and refuses a query
// that would read two of them.
type scopedSource struct {
	mu     sync.Mutex
	scopes map[string]*scriptedSource
	mixed  bool
}

func (s *scopedSource) Describe(names []string) hunts.SourceInfo {
	return hunts.SourceInfo{Kind: hunts.KindLogAnalytics, Workspace: strings.Join(names, ", ")}
}

func (s *scopedSource) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(q.Workspaces) != 1 {
		s.mixed = true
		return hunts.Result{}, &hunts.Error{Kind: hunts.KindBadQuery, Say: "a query of several scopes"}
	}
	return s.scopes[q.Workspaces[0]].Query(ctx, q)
}

func twoScopes() *scopedSource {
	return &scopedSource{scopes: map[string]*scriptedSource{"eu": healthy(7 * day), "us": healthy(7 * day)}}
}

func bothScopes(t *testing.T, s hunts.Source) (*Runner, hunts.Hunt) {
	t.Helper()
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(Config{Catalog: catalog, Source: s, Record: emptyRecord{}, Clock: func() time.Time { return cleanNow }, Workspaces: []string{"eu", "us"}})
	req, refusal := request.Parse("ip=203.0.113.66 workspace=eu,us", cleanNow)
	if refusal != nil {
		t.Fatal(refusal)
	}
	h, err := r.Prepare("F-TEST", req, hunts.Asker{User: "U1"})
	if err != nil {
		t.Fatal(err)
	}
	return r, h
}

func TestADeadScopeNeverHidesBehindALiveOne(t *testing.T) {
	dead := map[string]func(*scriptedSource){
		"stale for 4 days": func(s *scriptedSource) {
			s.coverage = covered(func(r hunts.Result) hunts.Result { return until(r, cleanNow.Add(-4*day)) })
		},
		"60 days old, of which the weeks before the window see nothing": func(s *scriptedSource) {
			s.coverage = covered(func(r hunts.Result) hunts.Result { return set(set(r, "Newest", nil), "Days", "[]") })
		},
		"empty": func(s *scriptedSource) {
			s.coverage = covered(func(r hunts.Result) hunts.Result {
				return set(set(set(r, "SensorsReporting", json.Number("0")), "Newest", nil), "Days", "[]")
			})
		},
		"DeviceInfo only":  func(s *scriptedSource) { s.coverage = fails(&hunts.Error{Kind: hunts.KindNoTable, Say: "no table"}) },
		"no network table": func(s *scriptedSource) { s.slice = eachFails(&hunts.Error{Kind: hunts.KindNoTable, Say: "no table"}) },
		"not allowed":      func(s *scriptedSource) { s.slice = eachFails(&hunts.Error{Kind: hunts.KindNoRole, Say: "no role"}) },
		"throttled":        func(s *scriptedSource) { s.slice = eachFails(&hunts.Error{Kind: hunts.KindThrottled, Say: "busy"}) },
		"half an answer": func(s *scriptedSource) {
			s.slice = func(int) (hunts.Result, error) { r := total(0); r.Partial = "half"; return r, nil }
		},
	}
	for name, kill := range dead {
		t.Run(name, func(t *testing.T) {
			s := twoScopes()
			kill(s.scopes["us"])
			r, h := bothScopes(t, s)
			a, err := r.Run(t.Context(), h, nil)
			if err != nil {
				t.Fatal(err)
			}
			if s.mixed || a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, "us: ") || !strings.Contains(a.Reason, "eu: CLEAN") {
				t.Errorf("hunt: %s, %q", a.Verdict, a.Reason)
			}
			if len(a.ByScope) != 2 || a.ByScope[0].Verdict != hunts.Clean || a.ByScope[1].Verdict != hunts.CouldNotTell || a.ByScope[1].Coverage.Complete || a.Coverage.Complete {
				t.Errorf("eu %s, us %s", a.ByScope[0].Verdict, a.ByScope[1].Verdict)
			}
			if a.ByIndicator[0].Verdict != hunts.CouldNotTell {
				t.Errorf("the indicator is %s", a.ByIndicator[0].Verdict)
			}
			// a hit beside it comes first, and the dead one is still named
			s.scopes["eu"].slice = func(int) (hunts.Result, error) { return reachedBy("ws-1", ""), nil }
			if a, _ = r.Run(t.Context(), h, nil); a.Verdict != hunts.Reached || !strings.Contains(a.Reason, "us could not tell") {
				t.Errorf("with a hit in eu: %s, %q", a.Verdict, a.Reason)
			}
		})
	}
}

func TestASweepJudgesEachScopeAlone(t *testing.T) {
	none := func(int) (hunts.Result, error) {
		return hunts.Result{Rows: [][]any{{"total", `{"events":0,"pairs":0,"unattributed":0}`}}}, nil
	}
	s := twoScopes()
	s.scopes["eu"].slice, s.scopes["us"].slice = none, none
	r, h := bothScopes(t, s)
	list := h.Request.Indicators()
	survey, err := r.Survey(t.Context(), h, list, nil)
	if err != nil || survey.Verdict != hunts.Clean || len(survey.ByScope) != 2 || survey.Source.Workspace != "eu, us" {
		t.Fatalf("two healthy scopes: %s, %q, %v", survey.Verdict, survey.Reason, err)
	}
	s.scopes["us"].coverage = covered(func(r hunts.Result) hunts.Result { return until(r, cleanNow.Add(-4*day)) })
	survey, _ = r.Survey(t.Context(), h, list, nil)
	if survey.Verdict != hunts.CouldNotTell || survey.ByScope[0].Verdict != hunts.Clean || survey.Indicators[0].Verdict != hunts.CouldNotTell || !strings.Contains(survey.Reason, "us: ") {
		t.Errorf("one of them stale: %s, %q", survey.Verdict, survey.Reason)
	}
	triage, err := r.Triage(t.Context(), []hunts.Hunt{h}, nil)
	if err != nil || triage[0].Verdict != hunts.CouldNotTell || triage[0].ByScope[0].Verdict != hunts.Clean {
		t.Errorf("a triage: %s, %v", triage[0].Verdict, err)
	}
}

// reachedBy is a slice in which one device made five connections.
func reachedBy(device, id string) hunts.Result {
	bag := func(v map[string]any) string { text, _ := json.Marshal(v); return string(text) }
	at := cleanNow.Add(-time.Hour)
	r := hunts.Result{Rows: [][]any{
		{"total", bag(map[string]any{"events": 5, "reached": 5, "devices": 1, "processes": 1, "rows": 1, "first": at, "last": at})},
		{"indicator", bag(map[string]any{"indicator": "0000:0000:0000:0000:0000:ffff:cb00:7142/128", "events": 5, "reached": 5, "devices": 1, "first": at, "last": at})},
		{"device", bag(map[string]any{"device": device, "device_id": id, "events": 5, "reached": 5, "first": at, "last": at, "processes": []string{"a.exe"}})},
		{"process", bag(map[string]any{"process": "a.exe", "events": 5, "devices": 1})},
		{"row", bag(map[string]any{"device": device, "device_id": id, "process": "a.exe", "ip": "203.0.113.66", "outcome": "reached", "matched": []string{"0000:0000:0000:0000:0000:ffff:cb00:7142/128"}, "events": 5, "first": at, "last": at})},
		{"bin", bag(map[string]any{"start": at.Truncate(time.Hour), "events": 5})},
	}}
	for range 5 {
		r.Rows = append(r.Rows, []any{"event", bag(map[string]any{"time": at, "device": device, "outcome": "reached"})})
	}
	return r
}

func TestDevicesOfTwoScopesAreOneOnlyByTheirDeviceID(t *testing.T) {
	for _, c := range []struct {
		name                    string
		ids                     [2]string
		devices, events, fields int64
	}{
		{"one name in two scopes", [2]string{"", ""}, 2, 10, 2},
		{"one name, two devices", [2]string{"a1", "b2"}, 2, 10, 2},
		{"one device in two scopes", [2]string{"a1", "A1"}, 1, 5, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := twoScopes()
			for n, scope := range []string{"eu", "us"} {
				s.scopes[scope].slice = func(i int) (hunts.Result, error) {
					if i > 0 {
						return total(0), nil
					}
					return reachedBy("ws-1", c.ids[n]), nil
				}
			}
			r, h := bothScopes(t, s)
			a, err := r.Run(t.Context(), h, nil)
			if err != nil {
				t.Fatal(err)
			}
			if a.Totals.Devices != c.devices || a.Totals.Events != c.events || a.Outcomes.Reached != c.events || int64(len(a.ByDevice)) != c.fields || int64(len(a.Rows)) != c.fields {
				t.Errorf("totals %+v, outcomes %+v, %d devices, %d rows", a.Totals, a.Outcomes, len(a.ByDevice), len(a.Rows))
			}
			if i := a.ByIndicator[0]; i.Devices != c.devices || i.Events != c.events {
				t.Errorf("indicator %+v", i)
			}
			if p := a.ByProcess[0]; p.Devices != c.devices || p.Events != c.events {
				t.Errorf("process %+v", p)
			}
			if a.Timeline[0].Events != c.events {
				t.Errorf("timeline %+v", a.Timeline)
			}
			if a.ByScope[0].Events != 5 || a.ByScope[1].Events != 5 {
				t.Errorf("each scope has its own count: %+v", a.ByScope)
			}
		})
	}
}

func TestAnAnswerSaysThatOtherWorkspacesWereNotAsked(t *testing.T) {
	s := twoScopes()
	r, h := bothScopes(t, s)
	h.Workspaces = []string{"eu"}
	a, err := r.Run(t.Context(), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(a.Notes, " ")
	if a.Verdict != hunts.Clean || len(a.ByScope) != 1 || a.ByScope[0].Scope != "eu" || !strings.Contains(notes, "Only eu was searched") || strings.Contains(notes, "us,") || strings.Contains(notes, "workspace us") {
		t.Errorf("%s, notes %q", a.Verdict, notes)
	}
	h.Workspaces = []string{"eu", "us"}
	if a, _ = r.Run(t.Context(), h, nil); strings.Contains(strings.Join(a.Notes, " "), "Only") {
		t.Errorf("both were asked: %q", a.Notes)
	}
}

func TestACancelledHuntSaysWhoCancelledIt(t *testing.T) {
	s := twoScopes()
	r, h := bothScopes(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	s.scopes["us"].slice = oneByOne(func(n int) (hunts.Result, error) {
		if n == 2 {
			cancel(hunts.CancelledBy("@ana"))
		}
		return total(0), nil
	})
	a, err := r.Run(ctx, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, "Cancelled by @ana: ") || !strings.Contains(a.Reason, " of 8 parts searched") {
		t.Errorf("%s, %q", a.Verdict, a.Reason)
	}
}
