package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
)

var rowsNow = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) // a Friday

// visits is a month of a fleet of twelve: every device connects hourly to a host of all,
// and to what else says.
func visits(else_ func(device, day int) []string) localworkspace.Grid {
	g := localworkspace.Grid{Columns: strings.Fields("TimeGenerated DeviceName ActionType RemoteIP RemotePort RemoteUrl InitiatingProcessFileName AdditionalFields LocalIP InitiatingProcessMD5 InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessCommandLine InitiatingProcessParentFileName InitiatingProcessAccountName")}
	for day := 29; day >= 0; day-- {
		for hour := range 24 {
			at := rowsNow.Add(-time.Duration(day*24+hour)*time.Hour - 5*time.Minute)
			for d := range 12 {
				hosts := []string{"portal.corp.example"}
				if hour == 3 {
					hosts = append(hosts, else_(d, day)...)
				}
				for n, host := range hosts {
					g.Rows = append(g.Rows, []any{at.Add(time.Duration(d+n) * time.Second), fmt.Sprintf("ws-%02d", d), "ConnectionSuccess", "198.51.100.7", 443, host, "msedge.exe"})
				}
			}
		}
	}
	return g
}

// known is the inventory of that fleet.
func known() localworkspace.Grid {
	g := localworkspace.Grid{Columns: []string{"TimeGenerated", "DeviceName"}}
	for day := range 30 {
		for d := range 12 {
			g.Rows = append(g.Rows, []any{rowsNow.Add(-time.Duration(day) * 24 * time.Hour).Add(-time.Minute), fmt.Sprintf("ws-%02d", d)})
		}
	}
	return g
}

// asked counts and can spoil the queries of a source.
type askedSource struct {
	hunts.Source
	asked []hunts.Query
	spoil func(hunts.Query, hunts.Result, error) (hunts.Result, error)
}

func (s *askedSource) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	s.asked = append(s.asked, q)
	res, err := s.Source.Query(ctx, q)
	if s.spoil != nil {
		return s.spoil(q, res, err)
	}
	return res, err
}

// rowsRunner runs hunts of the catalogue and of files over made tables of a live
// workspace.
func rowsRunner(t *testing.T, tables map[string]localworkspace.Grid, files map[string]string) (*runner.Runner, *askedSource) {
	t.Helper()
	clock := func() time.Time { return rowsNow }
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": localworkspace.Made(tables)}, Clock: clock})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	source, err := loganalytics.New(loganalytics.Config{Endpoint: url, Workspaces: []loganalytics.Workspace{{Name: "prod", ID: "w"}}})
	if err != nil {
		t.Fatal(err)
	}
	extra := fstest.MapFS{}
	for name, text := range files {
		extra[name] = &fstest.MapFile{Data: []byte(text)}
	}
	catalog, problems, err := runner.LoadCatalog(extra)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	s := &askedSource{Source: source}
	return newRunner(runner.Config{Catalog: catalog, Source: s, Record: recordtest.Start(t), Clock: clock}), s
}

func TestRareAndFirstContactMeanTheirWholeWindow(t *testing.T) {
	// rota.example is visited by one device on each of the last twelve days: rare on every
	// day, and not rare in a week. single-N.example are rare all week. On the last two days
	// three devices begin with new.example; old.example came ten days ago.
	r, source := rowsRunner(t, map[string]localworkspace.Grid{"DeviceInfo": known(), "DeviceNetworkEvents": visits(func(device, day int) []string {
		var out []string
		if day < 12 && device == day {
			out = append(out, "rota.example")
		}
		if device < 11 && day < 5 {
			out = append(out, fmt.Sprintf("single-%d.example", device))
		}
		if device < 10 && day < 10 {
			out = append(out, "old.example")
		}
		if device < 3 && day < 2 {
			out = append(out, "new.example")
		}
		return out
	})}, nil)
	for _, c := range []struct {
		text, host string
		rows       int64
		devices    int64
	}{
		{"hunt rare-domains since=7d", "single-", 11, 11},
		{"hunt rare-domains since=7d", "rota", 0, 0},
		{"hunt first-contact since=3d", "new.example", 3, 3},
		{"hunt first-contact since=3d", "old.example", 0, 0},
		{"hunt first-contact since=11d", "old.example", 10, 10},
	} {
		a := ask(t, r, rowsNow, c.text)
		rows, devices := int64(0), map[string]bool{}
		for n := range a.Table.Rows {
			if strings.Contains(a.Table.Text(n, a.Table.Index("RemoteHost")), c.host) {
				rows++
				devices[a.Rows[n].Device] = true
			}
		}
		if a.Verdict != hunts.Found || rows != c.rows || int64(len(devices)) != c.devices {
			t.Errorf("%s: %s: %d rows of %s on %d devices, want %d on %d", c.text, a.Verdict, rows, c.host, len(devices), c.rows, c.devices)
		}
		if len(a.Coverage.Slices) != 1 || !a.Coverage.Slices[0].From.Equal(a.Request.From) || !a.Coverage.Slices[0].To.Equal(a.Request.To) {
			t.Errorf("%s: searched %v, shown %v to %v", c.text, a.Coverage.Slices, a.Request.From, a.Request.To)
		}
		if !a.Coverage.Complete {
			t.Errorf("%s: %v", c.text, a.Coverage.Problems)
		}
	}
	bodies := 0
	for _, q := range source.asked {
		if strings.Contains(q.Text, "let fresh =") && !strings.Contains(q.Text, "coverage") {
			bodies++
			if window := q.To.Sub(q.From); window != (3+14)*24*time.Hour && window != (11+14)*24*time.Hour {
				t.Errorf("first-contact is asked within %v: the two weeks before its window are missing", window)
			}
		}
	}
	if bodies != 2 { // the third is cached
		t.Errorf("the body ran %d times for two windows", bodies)
	}
}

const firstContactOfOne = `id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11
name: First contact with an address
query: |
  let before = DeviceNetworkEvents
      | where TimeGenerated >= window_from - 14d and TimeGenerated < window_from and RemoteUrl in (domains)
      | distinct DeviceName;
  DeviceNetworkEvents
  | where TimeGenerated >= window_from and TimeGenerated < window_to and RemoteUrl in (domains)
  | where DeviceName !in (before)
  | summarize arg_min(TimeGenerated, *) by DeviceName
footprint:
  needs: [remote]
  parameters: [domains]
  table: DeviceNetworkEvents
  columns:
    time: TimeGenerated
    device: DeviceName
    remote_host: RemoteUrl
`

func TestAHuntForAnIndicatorThatComparesRowsIsNotSliced(t *testing.T) {
	r, source := rowsRunner(t, map[string]localworkspace.Grid{"DeviceInfo": known(), "DeviceNetworkEvents": visits(func(device, day int) []string {
		if device < 7 || device < 10 && day < 4 { // seven always, three since four days
			return []string{"shared.example"}
		}
		return nil
	})}, map[string]string{"first-of-one.yaml": firstContactOfOne})
	a := ask(t, r, rowsNow, "hunt first-of-one dns=shared.example since=7d")
	if a.Totals.Devices != 3 || a.Totals.Events != 3 {
		t.Errorf("%d events on %d devices, 3 on 3 are right (sliced it is 10)", a.Totals.Events, a.Totals.Devices)
	}
	if !strings.Contains(strings.Join(a.Notes, " "), "searched in one piece") {
		t.Errorf("nothing is said of it: %v", a.Notes)
	}
	for _, q := range source.asked {
		if strings.Contains(q.Text, "let before") && q.To.Sub(q.From) < 21*24*time.Hour {
			t.Errorf("asked within %v to %v: the two weeks before are missing", q.From, q.To)
		}
	}
}

// upstreamHunt is one as it is published, for the schema of advanced hunting.
func upstreamHunt(query string) string {
	return "id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11\nname: Odd\nrequiredDataConnectors:\n- connectorId: Microsoft365Defender\n  dataTypes:\n  - DeviceNetworkEvents\nquery: |\n  " + strings.ReplaceAll(query, "\n", "\n  ") + "\n"
}

func TestAPublishedHuntSaysFoundOrNothingFoundAndNeverMoreThanItSearched(t *testing.T) {
	events := map[string]localworkspace.Grid{"DeviceInfo": known(), "DeviceNetworkEvents": visits(func(device, day int) []string {
		if device < 3 && day < 6 {
			return []string{"odd.example"}
		}
		return nil
	}), "DeviceFileEvents": {Columns: []string{"TimeGenerated", "DeviceName", "FileName"}}}
	const odd = "DeviceNetworkEvents\n| where RemoteUrl == 'odd.example'"
	files := map[string]string{
		"odd.yaml":      upstreamHunt(odd + "\n| project Timestamp, DeviceName, RemoteUrl, RemotePort"),
		"odd-2d.kql":    odd + " | where Timestamp > ago(2d) | render timechart;\n",
		"none.kql":      "DeviceNetworkEvents | where RemoteUrl == 'nowhere.example'",
		"other.kql":     "DeviceNetworkEvents | where RemoteUrl == 'nowhere.example' | join kind=inner DeviceFileEvents on DeviceName",
		"cut.kql":       "DeviceNetworkEvents | take 5 | where RemoteUrl == 'nowhere.example'",
		"dated.kql":     "DeviceNetworkEvents | where TimeGenerated > datetime(2026-11-26) | where RemoteUrl == 'nowhere.example'",
		"older.kql":     "DeviceNetworkEvents | where Timestamp < ago(2d) and RemoteUrl == 'nowhere.example'",
		"base.kql":      "let old = DeviceNetworkEvents | where Timestamp > ago(9d) and RemoteUrl == 'nowhere.example' | distinct DeviceName; DeviceNetworkEvents | where Timestamp > ago(1d) and RemoteUrl == 'nowhere.example' and DeviceName !in (old)",
		"count.kql":     "DeviceNetworkEvents | where RemoteUrl == 'nowhere.example' | count",
		"sums.kql":      "DeviceNetworkEvents | where RemoteUrl == 'nowhere.example' | summarize N = count(), D = dcount(DeviceName), Last = max(Timestamp), S = make_set(DeviceName)",
		"first.kql":     "DeviceNetworkEvents | top 5 by Timestamp | where RemoteUrl == 'nowhere.example'",
		"broken.kql":    "DeviceNetworkEvents | where RemoteUrlX == 'nowhere.example'",
		"portal.yaml":   upstreamHunt("let starttime = todatetime('{{StartTimeISO}}');\nlet endtime = todatetime('{{EndTimeISO}}');\n" + odd + "\n| where TimeGenerated between (starttime .. endtime)\n| summarize N = count() by DeviceName"),
		"unordered.kql": odd + " | summarize Rows = count()",
	}
	r, _ := rowsRunner(t, events, files)
	window := func(a hunts.Answer) time.Duration { return a.Request.To.Sub(a.Request.From) }
	for _, c := range []struct {
		text    string
		verdict hunts.Verdict
		reason  string // its beginning
		days    int
	}{
		{"hunt odd since=4d", hunts.Found, "12 rows on 3 devices", 4},
		{"hunt odd since=30d", hunts.Found, "18 rows on 3 devices", 30},
		{"hunt odd-2d since=30d", hunts.Found, "6 rows on 3 devices", 2}, // ago(2d) is its own
		{"hunt portal since=4d", hunts.Found, "3 rows on 3 devices", 4},
		{"hunt unordered since=4d", hunts.Found, "1 row", 4},
		{"hunt none since=4d", hunts.NothingFound, "no row matched the hunt", 4},
		{"hunt other since=4d", hunts.CouldNotTell, "DeviceFileEvents holds no event in this window", 4},
		{"hunt cut since=4d", hunts.CouldNotTell, "the query leaves rows out itself (take)", 4},
		{"hunt dated since=4d", hunts.CouldNotTell, "the query has a filter on a date of its own", 4},
		{"hunt older since=4d", hunts.CouldNotTell, "the query handles the clock itself (line 1)", 2},
		{"hunt base since=4d", hunts.NothingFound, "no row matched the hunt", 1}, // what it compares with lies before
		{"hunt count since=4d", hunts.NothingFound, "no row matched the hunt", 4},
		{"hunt sums since=4d", hunts.NothingFound, "no row matched the hunt", 4},
		{"hunt first since=4d", hunts.CouldNotTell, "the query leaves rows out itself (top)", 4},
		{"hunt broken since=4d", hunts.CouldNotTell, "the workspace", 4},
	} {
		a := ask(t, r, rowsNow, c.text)
		if a.Verdict != c.verdict || !strings.HasPrefix(a.Reason, c.reason) || window(a) != time.Duration(c.days)*24*time.Hour {
			t.Errorf("%s: %s: %q over %v, want %s: %q over %d days (%v)", c.text, a.Verdict, a.Reason, window(a), c.verdict, c.reason, c.days, a.Coverage.Problems)
		}
		if a.Verdict == hunts.Clean || a.Table == nil || a.Table.Columns == nil || a.ByIndicator == nil {
			t.Errorf("%s: %s, table %v", c.text, a.Verdict, a.Table)
		}
	}
	// silence is not nothing where anything failed
	fail := func(q hunts.Query, of string) bool {
		is := map[string]bool{"rows": strings.Contains(q.Text, "let hunt_rows") && strings.Contains(q.Text, "let found"), "coverage": strings.Contains(q.Text, "let activity")}
		return is[of]
	}
	for name, spoil := range map[string]func(hunts.Query, hunts.Result, error) (hunts.Result, error){
		"the rows fail": func(q hunts.Query, res hunts.Result, err error) (hunts.Result, error) {
			if fail(q, "rows") {
				return hunts.Result{}, &hunts.Error{Kind: hunts.KindTimeout, Say: "too slow"}
			}
			return res, err
		},
		"the rows are partial": func(q hunts.Query, res hunts.Result, err error) (hunts.Result, error) {
			if fail(q, "rows") {
				res.Partial = "half"
			}
			return res, err
		},
		"the rows lack their total": func(q hunts.Query, res hunts.Result, err error) (hunts.Result, error) {
			if fail(q, "rows") {
				res.Rows = nil
			}
			return res, err
		},
		"the coverage fails": func(q hunts.Query, res hunts.Result, err error) (hunts.Result, error) {
			if fail(q, "coverage") {
				return hunts.Result{}, &hunts.Error{Kind: hunts.KindTimeout, Say: "too slow"}
			}
			return res, err
		},
	} {
		r, source := rowsRunner(t, events, files)
		source.spoil = spoil
		if a := ask(t, r, rowsNow, "hunt none since=4d"); a.Verdict != hunts.CouldNotTell {
			t.Errorf("%s: %s: %s", name, a.Verdict, a.Reason)
		}
	}
}

func TestAHuntWithItsOwnClockIsRefusedAWindowOfThePast(t *testing.T) {
	r, _ := rowsRunner(t, map[string]localworkspace.Grid{"DeviceInfo": known()}, map[string]string{"own.kql": "DeviceInfo | where Timestamp > ago(3d)"})
	for text, want := range map[string]string{
		"hunt own since=30d":                   "",
		"hunt own from=2026-11-01":             "the hunt own looks back 3 days from now by itself (ago()): leave from= and to= out",
		"hunt own ip=203.0.113.66":             "the hunt own does not look for addresses",
		"hunt rare-domains from=2026-11-01":    "",
		"hunt no-such-hunt ip=203.0.113.66":    "there is no hunt named \"no-such-hunt\"",
		"hunt own device=ws-01":                "the hunt own can't be narrowed by device=",
		"hunt rare-domains ip=203.0.113.66":    "the hunt rare-domains does not look for addresses",
		"hunt rare-domains since=14d fresh=no": "",
	} {
		req, refusal := request.Parse(text, rowsNow)
		if refusal != nil {
			t.Fatal(refusal)
		}
		_, err := r.Prepare("F-1", req, hunts.Asker{User: "ana"})
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestAFolderOfPublishedHuntsLoads(t *testing.T) {
	files := fstest.MapFS{
		"a/Odd Thing.yaml":          {Data: []byte(upstreamHunt("DeviceInfo"))},
		"b/odd-thing.kql":           {Data: []byte("DeviceInfo | take 1")},
		"b/two.kql":                 {Data: []byte("DeviceInfo\n| where DeviceName == 'a'\n\n// the same for a workspace\nDeviceInfo\n| where DeviceName == 'b'\n")},
		"c/only a workspace.kql":    {Data: []byte("externaldata(a:string)[@'https://x.example/y'] | take 1")},
		"c/wrong.kql":               {Data: []byte("DeviceInfo | where (")},
		".git/hidden.kql":           {Data: []byte("DeviceInfo")},
		"readme.md":                 {Data: []byte("# no hunt")},
		"exclusions.yaml":           {Data: []byte("profiles: []")},
		"d/network-footprint.kql":   {Data: []byte("DeviceInfo")},
		"d/deeper/still/odd.yml":    {Data: []byte(upstreamHunt("DeviceInfo"))},
		"d/deeper/still/policy.yml": {Data: []byte("default: {allow: [hunt]}")},
	}
	catalog, problems, err := runner.LoadCatalog(files)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, p := range problems {
		said = append(said, p.Error())
	}
	if got := strings.Join(said, "\n"); len(problems) != 2 || !strings.Contains(got, "c/wrong.kql:2: the query does not parse") || !strings.Contains(got, "d/deeper/still/policy.yml:1: query is missing") {
		t.Errorf("left out:\n%s", got)
	}
	documented := localworkspace.Empty()
	for name, want := range map[string]string{
		"odd-thing": "runs: ", "odd-thing-2": "runs: line 1: leaves rows out itself (take); there is a hunt named odd-thing already", "two": "runs: line 5: the file holds another query", "only-a-workspace": "only the workspace can tell: unsupported: externaldata",
		"network-footprint-2": "runs: there is a hunt named network-footprint", "odd": "runs: ", "hidden": "does not run: there is no hunt", "network-footprint": "runs: ",
	} {
		state, why := catalog.Judge(name, documented)
		if got := string(state) + ": " + why; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
