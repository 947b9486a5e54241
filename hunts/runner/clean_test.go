package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

func TestCleanNeedsEverythingToBeWell(t *testing.T) {
	a := runScripted(t, healthy(7*day), nil, "ip=203.0.113.66")
	if a.Verdict != hunts.Clean || !a.Coverage.Complete {
		t.Fatalf("a healthy workspace with nothing in it: %s, %s, %v", a.Verdict, a.Reason, a.Coverage.Problems)
	}
	if a.ByIndicator[0].Verdict != hunts.Clean {
		t.Errorf("its indicator is %s", a.ByIndicator[0].Verdict)
	}
}

func TestNothingWrongIsEverClean(t *testing.T) {
	unwell := map[string]func(*scriptedSource, *Config){
		"the coverage query fails": func(s *scriptedSource, _ *Config) {
			s.coverage = fails(&hunts.Error{Kind: hunts.KindTimeout, Say: "too slow"})
		},
		"the coverage fails without a kind": func(s *scriptedSource, _ *Config) { s.coverage = fails(errors.New("boom")) },
		"the coverage is partial": func(s *scriptedSource, _ *Config) {
			s.coverage = covered(func(r hunts.Result) hunts.Result { r.Partial = "half"; return r })
		},
		"the coverage has no row": func(s *scriptedSource, _ *Config) {
			s.coverage = covered(func(r hunts.Result) hunts.Result { r.Rows = nil; return r })
		},
		"the table is empty": func(s *scriptedSource, _ *Config) {
			s.coverage = covered(func(r hunts.Result) hunts.Result {
				return set(set(set(r, "SensorsReporting", json.Number("0")), "Newest", nil), "Days", "[]")
			})
		},
		"the table is stale": func(s *scriptedSource, _ *Config) {
			s.coverage = covered(func(r hunts.Result) hunts.Result {
				return until(r, cleanNow.Add(-5*time.Hour))
			})
		},
		"the table begins late": func(s *scriptedSource, _ *Config) {
			s.coverage = covered(func(r hunts.Result) hunts.Result {
				return set(set(r, "Days", hoursFrom(cleanNow.Add(-50*time.Hour), cleanNow, allHours)), "Oldest", cleanNow.Add(-50*time.Hour).Format(time.RFC3339))
			})
		},
		"a day is empty": func(s *scriptedSource, _ *Config) {
			s.coverage = covered(func(r hunts.Result) hunts.Result {
				return set(r, "Days", hoursFrom(cleanNow.Add(-22*day), cleanNow, except(allHours, "2026-11-20T00", "2026-11-21T00")))
			})
		},
		"few sensors report": func(s *scriptedSource, _ *Config) {
			s.coverage = covered(func(r hunts.Result) hunts.Result { return set(r, "SensorsKnown", json.Number("2000")) })
		},
		"no sensor is known": func(s *scriptedSource, _ *Config) {
			s.coverage = covered(func(r hunts.Result) hunts.Result { return set(r, "SensorsKnown", json.Number("0")) })
		},
		"the control is not found": func(s *scriptedSource, _ *Config) { s.control = func() (hunts.Result, error) { return total(0), nil } },
		"the control query fails": func(s *scriptedSource, _ *Config) {
			s.control = fails(&hunts.Error{Kind: hunts.KindThrottled, Say: "busy"})
		},
		"a line could not be read": func(_ *scriptedSource, c *Config) { c.BadLines = func() int64 { return 1 } },
		"the table is missing": func(s *scriptedSource, _ *Config) {
			s.slice = func(int) (hunts.Result, error) {
				return hunts.Result{}, &hunts.Error{Kind: hunts.KindNoTable, Say: "no table"}
			}
		},
		"the answer has no total": func(s *scriptedSource, _ *Config) {
			s.slice = func(int) (hunts.Result, error) { return hunts.Result{}, nil }
		},
		"the answer is not ours": func(s *scriptedSource, _ *Config) {
			s.slice = func(int) (hunts.Result, error) { return hunts.Result{Rows: [][]any{{"total", "x"}}}, nil }
		},
		"inspected events carry no process": func(s *scriptedSource, _ *Config) {
			s.slice = func(int) (hunts.Result, error) {
				r := total(0)
				r.Rows = append(r.Rows, []any{"unattributed", `{"events":2,"devices":["a"]}`})
				return r, nil
			}
		},
	}
	for name, break_ := range unwell {
		t.Run(name, func(t *testing.T) {
			s := healthy(7 * day)
			var cfg Config
			break_(s, &cfg)
			a := runScripted(t, s, func(c *Config) { c.BadLines = cfg.BadLines }, "ip=203.0.113.66")
			if a.Verdict != hunts.CouldNotTell || a.Reason == "" {
				t.Errorf("verdict %s, reason %q", a.Verdict, a.Reason)
			}
			for _, i := range a.ByIndicator {
				if i.Verdict == hunts.Clean {
					t.Errorf("indicator %s is CLEAN", i.Indicator)
				}
			}
		})
	}
}

func TestAnySliceThatFailsSpoilsClean(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	kinds := []func() (hunts.Result, error){
		fails(&hunts.Error{Kind: hunts.KindTimeout, Say: "too slow"}), fails(&hunts.Error{Kind: hunts.KindThrottled, Say: "busy"}), fails(errors.New("boom")),
		func() (hunts.Result, error) { r := total(0); r.Partial = "cut"; return r, nil },
	}
	for days := 1; days <= 7; days++ {
		for range 20 {
			window := time.Duration(days) * day
			s := healthy(window)
			slices := len(slicesOf(hunts.Window{From: cleanNow.Add(-window), To: cleanNow}))
			bad := 1 + random.IntN(1<<slices-1) // any of them, one at least
			s.slice = func(n int) (hunts.Result, error) {
				if bad>>n&1 == 1 {
					return kinds[n%len(kinds)]()
				}
				return total(0), nil
			}
			s.slice = oneByOne(s.slice) // the newest hours are a slice of their own in any window
			a := runScripted(t, s, nil, fmt.Sprintf("ip=203.0.113.66 since=%dd", days))
			if a.Verdict != hunts.CouldNotTell || a.Coverage.Complete {
				t.Fatalf("%d days, of %d slices %b fail: %s", days, slices, bad, a.Verdict)
			}
		}
	}
}

func TestTriesInAWindowWithGapsAreNotTheWholeTruth(t *testing.T) {
	s := healthy(7 * day)
	s.slice = oneByOne(func(n int) (hunts.Result, error) {
		if n == 2 {
			return hunts.Result{}, &hunts.Error{Kind: hunts.KindTimeout, Say: "too slow"}
		}
		return total(1), nil
	})
	if a := runScripted(t, s, nil, "ip=203.0.113.66"); a.Verdict != hunts.CouldNotTell || a.Totals.Events == 0 {
		t.Errorf("verdict %s with %d events", a.Verdict, a.Totals.Events)
	}
}

func TestADayWithoutEventsSpoilsCleanHoweverWideTheWindow(t *testing.T) {
	for _, c := range []struct {
		days    int
		request string
	}{{7, "since=7d"}, {399, "since=399d"}, {401, "since=401d"}, {730, "since=730d"}, {500, "since=all"}} {
		s := healthy(time.Duration(c.days) * day)
		if a := runScripted(t, s, nil, "ip=203.0.113.66 "+c.request); a.Verdict != hunts.Clean {
			t.Fatalf("%s of a healthy workspace: %s, %s", c.request, a.Verdict, a.Reason)
		}
		lost := cleanNow.Add(-3 * day).Truncate(day)
		s.coverage = covered(func(r hunts.Result) hunts.Result {
			from := cleanNow.Add(-time.Duration(c.days) * day)
			reports := func(at time.Time) bool { return at.Before(lost) || !at.Before(lost.Add(day)) }
			return set(set(r, "Days", hoursFrom(from.Add(-rhythmBack), cleanNow, reports)), "Oldest", from.Add(time.Minute).Format(time.RFC3339))
		})
		if a := runScripted(t, s, nil, "ip=203.0.113.66 "+c.request); a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, "from "+lost.Format("Jan 2 15:04")) {
			t.Errorf("%s with a day lost: %s, %s", c.request, a.Verdict, a.Reason)
		}
	}
}

func TestANamedDeviceThatDoesNotReportIsNotClean(t *testing.T) {
	s := healthy(7 * day)
	if a := runScripted(t, s, nil, "ip=203.0.113.66 device=WS-1"); a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, "WS-1") {
		t.Errorf("verdict %s, reason %q", a.Verdict, a.Reason)
	}
	s.coverage = covered(func(r hunts.Result) hunts.Result {
		return set(r, "Named", `{"ws-1.corp.example":"2026-11-23T09:00:00Z"}`)
	})
	if a := runScripted(t, s, nil, "ip=203.0.113.66 device=WS-1"); a.Verdict != hunts.Clean {
		t.Errorf("a device that reports: %s, %s", a.Verdict, a.Reason)
	}
}

func TestACleanHuntSaysNoMoreThanItLookedFor(t *testing.T) {
	for request, want := range map[string]string{
		"ip=203.0.113.66":                                       "no sensor reported reaching or trying it",
		"ip=203.0.113.66 file=powershell.exe":                   "no sensor reported reaching or trying it through powershell.exe",
		"dns=evil.example file=a.exe,b.exe device=ws-1":         "no sensor reported reaching or trying it through any of 2 files on ws-1",
		"ip=203.0.113.66 device=ws-1,ws-2":                      "no sensor reported reaching or trying it on any of 2 devices",
		"file=d41d8cd98f00b204e9800998ecf8427e":                 "no sensor reported an event with it",
		"file=d41d8cd98f00b204e9800998ecf8427e,b.exe device=ws": "no sensor reported an event with it on ws",
	} {
		t.Run(request, func(t *testing.T) {
			s := healthy(7 * day)
			s.coverage = covered(func(r hunts.Result) hunts.Result {
				return set(r, "Named", `{"ws-1":"2026-11-23T09:00:00Z","ws-2":"2026-11-23T09:00:00Z","ws":"2026-11-23T09:00:00Z"}`)
			})
			a := runScripted(t, s, nil, request)
			if a.Verdict != hunts.Clean || a.Reason != want {
				t.Errorf("%s: %q, want %q", a.Verdict, a.Reason, want)
			}
			narrowed := strings.Contains(want, " through ") || strings.Contains(want, " on ")
			if together := strings.Contains(strings.Join(a.Notes, " "), "NO MATCH: not together with"); together != narrowed {
				t.Errorf("notes %q", a.Notes)
			}
			for _, i := range a.ByIndicator {
				if (i.Verdict == hunts.NoMatch) != narrowed {
					t.Errorf("the line of %s is %s", i.Indicator, i.Verdict)
				}
			}
		})
	}
}

// A hunt of one's own over the table of the default hunt claims the same silence, so
// that it looks into the same places; one over another table claims nothing of them.
func TestAHuntOfOnesOwnIsNotCleanWhereANameWasOnlyLookedUp(t *testing.T) {
	text, err := fs.ReadFile(hunts.Shipped, "catalog/network-footprint.yaml")
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.ReplaceAll(text, []byte("table: DeviceNetworkEvents"), []byte("table: DeviceFileEvents"))
	catalog, problems, err := LoadCatalog(fstest.MapFS{"ours.yaml": {Data: text}, "files.yaml": {Data: other}})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for name, c := range map[string]struct {
		place func() (hunts.Result, error)
		want  hunts.Verdict
	}{
		"ours and nothing looked up":  {nil, hunts.Clean},
		"ours and a look-up":          {func() (hunts.Result, error) { return lookedUp(), nil }, hunts.Tried},
		"ours and a place that fails": {fails(&hunts.Error{Kind: hunts.KindTimeout, Say: "too slow"}), hunts.CouldNotTell},
		"files and a look-up":         {func() (hunts.Result, error) { return lookedUp(), nil }, hunts.Clean},
	} {
		hunt, _, _ := strings.Cut(name, " ")
		s := healthy(7 * day)
		s.place, s.only = c.place, "place-dns-lookups"
		a := runScripted(t, s, func(cfg *Config) { cfg.Catalog = catalog }, "dns=evil.example hunt="+hunt)
		if a.Verdict != c.want || a.ByIndicator[0].Verdict != c.want {
			t.Errorf("%s: %s (%s), the name %s; want %s", name, a.Verdict, a.Reason, a.ByIndicator[0].Verdict, c.want)
		}
	}
}

// lookedUp is what a place says of a name that one device looked up.
func lookedUp() hunts.Result {
	at := cleanNow.Add(-time.Hour).Format(time.RFC3339)
	r := emptyPlace()
	r.Rows[0][1] = strings.Replace(r.Rows[0][1].(string), `"events":0,"devices":0`, `"events":1,"devices":1`, 1)
	r.Rows = append(r.Rows,
		[]any{"indicator", `{"indicator":"evil.example","events":1,"devices":1}`},
		[]any{"step", fmt.Sprintf(`{"indicator":"evil.example","device":"ws-1","process":"curl.exe","events":1,"first":%q,"last":%q}`, at, at)})
	return r
}

func TestAWorkspaceIsKnownByItsConfiguredName(t *testing.T) {
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(Config{Catalog: catalog, Clock: func() time.Time { return cleanNow }, Workspaces: []string{"prod-eu", "prod-us"}})
	for asked, want := range map[string]string{"": "prod-eu", "PROD-US": "prod-us", "prod-us,prod-eu": "prod-us prod-eu"} {
		req := request.Request{}
		if asked != "" {
			req.Workspaces = strings.Split(asked, ",")
		}
		req.Add(indicator.Indicator{Kind: indicator.KindIP, Value: "192.0.2.1"})
		h, err := r.Prepare("F-TEST", req, hunts.Asker{})
		if err != nil || strings.Join(h.Workspaces, " ") != want {
			t.Errorf("workspace=%s gave %v, %v; want %s", asked, h.Workspaces, err, want)
		}
	}
	req := request.Request{Workspaces: []string{"prod-ap"}}
	req.Add(indicator.Indicator{Kind: indicator.KindIP, Value: "192.0.2.1"})
	if _, err := r.Prepare("F-TEST", req, hunts.Asker{}); hunts.KindOf(err) != hunts.KindRefused || !strings.Contains(err.Error(), "workspace=prod-eu or workspace=prod-us") {
		t.Errorf("an unknown workspace: %v", err)
	}
}

func TestAProfileWithoutValuesSaysThatItCoversNothing(t *testing.T) {
	shipped, err := ShippedExclusions()
	if err != nil {
		t.Fatal(err)
	}
	with := func(c *Config) { c.Exclusions = shipped }
	if a := runScripted(t, healthy(7*day), with, "ip=203.0.113.66 exclude=internal-dns"); !strings.Contains(strings.Join(a.Notes, " "), "internal-dns has no values") {
		t.Errorf("notes %q", a.Notes)
	}
	if a := runScripted(t, healthy(7*day), with, "ip=203.0.113.66"); len(a.Notes) > 0 {
		t.Errorf("nobody asked for a profile, yet %q", a.Notes)
	}
}

func TestAnAnswerThatContradictsItselfIsNotJudged(t *testing.T) {
	for name, rows := range map[string][][]any{
		"a total without lines":       {{"total", `{"events":3,"reached":3,"devices":1,"rows":1}`}},
		"more devices than events":    {{"total", `{"events":1,"failed":1,"devices":2,"rows":1}`}, {"device", `{"device":"a","events":1}`}},
		"lines without a total":       {{"total", `{"events":0}`}, {"device", `{"device":"a","events":1}`}},
		"an indicator without events": {{"total", `{"events":0}`}, {"indicator", `{"indicator":"x","events":1}`}},
		"events without an outcome":   {{"total", `{"events":2,"failed":1,"devices":1}`}, {"device", `{"device":"a","events":2}`}},
		"rows beyond the total":       {{"total", `{"events":1,"failed":1,"devices":1,"rows":1}`}, {"row", `{"device":"a","events":2,"outcome":"failed"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy(7 * day)
			s.slice = func(int) (hunts.Result, error) { return hunts.Result{Rows: rows}, nil }
			a := runScripted(t, s, nil, "ip=203.0.113.66")
			if a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, "contradicts itself") || a.Totals.Events > 0 {
				t.Errorf("%s, %q, %d events", a.Verdict, a.Reason, a.Totals.Events)
			}
		})
	}
}

func TestASweepsAnswerThatContradictsItselfIsNotRead(t *testing.T) {
	pair, line := []any{"pair", `{"indicator":"x","device":"a","events":1}`}, []any{"indicator", `{"indicator":"x","events":1,"devices":1}`}
	for name, c := range map[string]struct {
		rows [][]any
		want string
	}{
		"nothing":                 {[][]any{{"total", `{"events":0}`}}, ""},
		"a hit":                   {[][]any{{"total", `{"events":1,"pairs":1}`}, line, pair}, ""},
		"events without a hit":    {[][]any{{"total", `{"events":1,"pairs":1}`}, line}, "contradicts"},
		"a hit without its line":  {[][]any{{"total", `{"events":1,"pairs":1}`}, pair}, "contradicts"},
		"a line without events":   {[][]any{{"total", `{"events":0}`}, line}, "contradicts"},
		"more hits than it knows": {[][]any{{"total", `{"events":1,"pairs":1}`}, line, pair, pair}, "contradicts"},
		"no total":                {[][]any{line, pair}, "lacks its total"},
	} {
		err := (&surveyor{}).read(c.rows, params{})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestTriesWithUnknownCoverageSaySo(t *testing.T) {
	s := healthy(7 * day)
	s.slice = func(int) (hunts.Result, error) { return total(1), nil }
	if a := runScripted(t, s, nil, "ip=203.0.113.66"); a.Verdict != hunts.Tried || strings.Contains(a.Reason, "unseen") {
		t.Errorf("with a healthy coverage: %s, %q", a.Verdict, a.Reason)
	}
	s.coverage = covered(func(r hunts.Result) hunts.Result { return set(r, "SensorsKnown", json.Number("2000")) })
	if a := runScripted(t, s, nil, "ip=203.0.113.66"); a.Verdict != hunts.Tried || !strings.Contains(a.Reason, "unseen: only 95 of 2000 sensors") {
		t.Errorf("with few sensors: %s, %q", a.Verdict, a.Reason)
	}
}
