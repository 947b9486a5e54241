package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/defender"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// asDefender serves events as Defender XDR, and gives the settings for it.
func asDefender(t *testing.T, events *localworkspace.Events, now time.Time, keeps time.Duration) (*localworkspace.Server, []string) {
	t.Helper()
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{localWorkspaceID: events}, Clock: standing(now), Keeps: keeps, Calls: 10_000})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server, []string{"DEFENDER_XDR=xdr", "DEFENDER_XDR_ENDPOINT=" + url, "FOOTPRINT_AZURE_CREDENTIAL=none", "AZURE_LOGS_ENDPOINT=" + url}
}

// huntedAt asks at a time of its own, and gives the answer.
func huntedAt(t *testing.T, env []string, now time.Time, args ...string) hunts.Answer {
	t.Helper()
	var out, errs bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: env, clock: standing(now)}
	code := p.run(context.Background(), append([]string{"hunt", "--format", "json"}, args...))
	var a hunts.Answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatalf("exit %d: %v: %s", code, err, errs.String())
	}
	return a
}

// The figures of the recorded telemetry are the same whichever source is asked.
func TestDefenderXDRGivesTheFiguresOfTheWorkspace(t *testing.T) {
	noRace(t)
	needLab(t)
	events, err := localworkspace.Load(t.Context(), lab, localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := events.Want(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, newest := events.Span()
	now := newest.Add(time.Second)
	server, env := asDefender(t, events, now, 100*365*24*time.Hour)
	for _, c := range []struct {
		request                    string
		events, devices, processes int64
	}{
		{"ip=192.168.0.4", 487, 3, 0},
		{"ip=10.10.10.5", 98, 3, 6},
		{"ip=172.18.39.102 file=powershell.exe", 0, 0, 0},
		{"dns=windowsupdate.com", 10, 3, 0},
		{"dns=microsoft.com", 36, 4, 0},
		{"file=PurpleSharp.exe", 22, 1, 1},
		{"file=payload.exe", 20, 3, 1},
		{"ip=10.10.0.0/16", 98, 3, 6},
		{"ip=2001:500:2::c", 27, 1, 1},
		{"dns=amazonaws.com", 0, 0, 0},
		{"dns=deploy.static.akamaitechnologies.com", 7, 4, 1},
	} {
		a := huntedAt(t, env, now, append(strings.Fields(c.request), "since=all")...)
		if a.Totals.Events != c.events || a.Totals.Devices != c.devices || a.Totals.Processes != c.processes {
			t.Errorf("%s: %d events, %d devices, %d processes; want %d, %d, %d (%s)", c.request, a.Totals.Events, a.Totals.Devices, a.Totals.Processes, c.events, c.devices, c.processes, a.Reason)
		}
		if a.Source.Kind != hunts.KindDefender || !strings.Contains(a.KQL, "Timestamp") || strings.Contains(a.KQL, "TimeGenerated >=") {
			t.Errorf("%s: it was asked of %s", c.request, a.Source.Kind)
		}
	}
	for _, q := range server.Queries() {
		if q.Workspaces[0] != "defender-xdr" || q.Status != 200 && !strings.Contains(q.Query, " place ") { // whose tables the lab lacks
			t.Errorf("%v answered %d: %.200s", q.Workspaces, q.Status, q.Query)
		}
	}
}

// fleetServed is the demo's fleet as a workspace and as Defender XDR.
func fleetServed(t *testing.T) (*localworkspace.Server, []string, time.Time) {
	now := testclock.At()
	server, env := asDefender(t, localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: now, Devices: 150}), now, 0)
	return server, env, now
}

func TestSevenDaysInDefenderXDRAreThreeQueriesAndOneForEachPlace(t *testing.T) {
	server, env, now := fleetServed(t)
	a := huntedAt(t, env, now, "ip=203.0.113.66")
	if a.Verdict != hunts.Reached || a.Coverage.Slices[0].State != hunts.SliceDone {
		t.Errorf("%s, %s", a.Verdict, a.Reason)
	}
	places := map[string]int{}
	var own []string
	for _, q := range server.Queries() {
		first, _, _ := strings.Cut(q.Query, "\n")
		if _, place, is := strings.Cut(first, " place "); is {
			places[place]++
		} else {
			own = append(own, first)
		}
	}
	if len(own) > 3 {
		t.Errorf("%d queries: %q", len(own), own)
	}
	for place, n := range places {
		if n > 1 {
			t.Errorf("%d queries for %s", n, place)
		}
	}
}

func TestTwoSourcesGiveOneLineEachAndCountADeviceOnce(t *testing.T) {
	_, env, now := fleetServed(t)
	one := huntedAt(t, env, now, "ip=203.0.113.66")
	both := huntedAt(t, append(env, "AZURE_LOGS_WORKSPACE=prod-eu="+localWorkspaceID), now, "ip=203.0.113.66", "workspace=xdr,prod-eu")
	if len(both.ByScope) != 2 || both.ByScope[0].Kind != hunts.KindDefender || both.ByScope[1].Kind != hunts.KindLogAnalytics {
		t.Fatalf("scopes %+v", both.ByScope)
	}
	for _, s := range both.ByScope {
		if s.Events != one.Totals.Events || s.Devices != one.Totals.Devices || s.Verdict != hunts.Reached {
			t.Errorf("%s: %s with %d events of %d devices, want %d of %d", s.Scope, s.Verdict, s.Events, s.Devices, one.Totals.Events, one.Totals.Devices)
		}
	}
	if both.Totals.Events != one.Totals.Events || both.Totals.Devices != one.Totals.Devices {
		t.Errorf("%d events of %d devices together, want %d of %d", both.Totals.Events, both.Totals.Devices, one.Totals.Events, one.Totals.Devices)
	}
}

func TestWhatIsOlderThanThirtyDaysIsNeverClean(t *testing.T) {
	_, env, now := fleetServed(t)
	short := huntedAt(t, env, now, "ip=198.51.100.24", "since=14d")
	if short.Verdict != hunts.Clean {
		t.Errorf("14 days: %s, %s", short.Verdict, short.Reason)
	}
	long := huntedAt(t, env, now, "ip=198.51.100.24", "since=60d")
	if long.Verdict != hunts.CouldNotTell || !strings.Contains(long.Reason, "xdr keeps 30 days") || !strings.Contains(long.Reason, now.Add(-60*24*time.Hour).Format("2006-01-02")) {
		t.Errorf("60 days: %s, %s", long.Verdict, long.Reason)
	}
	hit := huntedAt(t, env, now, "ip=203.0.113.66", "since=60d")
	if hit.Verdict != hunts.Reached || hit.Coverage.Complete {
		t.Errorf("a hit in what can be searched: %s, complete %v", hit.Verdict, hit.Coverage.Complete)
	}
}

// grownOld is a small fleet that reports for 50 days, with two events of one device
// to one address: one that Defender XDR no longer keeps.
func grownOld(now time.Time) *localworkspace.Events {
	// the columns of a table, those that are filled first
	grid := func(table string, filled ...string) localworkspace.Grid {
		t, _ := localworkspace.Empty().Table(table)
		for _, c := range t.Columns() {
			if !slices.Contains(filled, c.Name) {
				filled = append(filled, c.Name)
			}
		}
		return localworkspace.Grid{Columns: filled}
	}
	network := grid("DeviceNetworkEvents", "TimeGenerated", "DeviceId", "DeviceName", "ActionType", "RemoteIP", "RemotePort", "InitiatingProcessFileName")
	info := grid("DeviceInfo", "TimeGenerated", "DeviceId", "DeviceName")
	for back := time.Duration(0); back < 50*24*time.Hour; back += time.Hour {
		for _, d := range []string{"ws-1", "ws-2", "ws-3"} {
			network.Rows = append(network.Rows, []any{now.Add(-back - time.Minute), "id-" + d, d, "ConnectionSuccess", "203.0.113.80", 443, "edge.exe"})
			if back%(24*time.Hour) == 0 {
				info.Rows = append(info.Rows, []any{now.Add(-back - time.Minute), "id-" + d, d})
			}
		}
	}
	for _, back := range []time.Duration{2 * 24 * time.Hour, 40 * 24 * time.Hour} {
		network.Rows = append(network.Rows, []any{now.Add(-back - 30*time.Minute), "id-ws-1", "ws-1", "ConnectionSuccess", "203.0.113.66", 443, "powershell.exe"})
	}
	return localworkspace.Made(map[string]localworkspace.Grid{"DeviceNetworkEvents": network, "DeviceInfo": info})
}

func TestTheOlderPartComesFromTheWorkspaceThatHoldsTheSameTenant(t *testing.T) {
	now := testclock.At()
	_, env := asDefender(t, grownOld(now), now, 0)
	env = append(env, "AZURE_LOGS_WORKSPACE=prod-eu="+localWorkspaceID, "FOOTPRINT_DEFAULT_WORKSPACE=xdr")
	alone := huntedAt(t, env, now, "ip=203.0.113.66", "since=45d")
	if alone.Totals.Events != 1 || alone.Coverage.Complete || alone.Coverage.Seam != "" {
		t.Errorf("without it: %d events, seam %q", alone.Totals.Events, alone.Coverage.Seam)
	}
	env = append(env, "DEFENDER_XDR_BEYOND=prod-eu")
	a := huntedAt(t, env, now, "ip=203.0.113.66", "since=45d")
	if a.Totals.Events != 2 || a.Totals.Devices != 1 || !hunts.AllDone(a.Coverage.Slices) || !strings.Contains(a.Coverage.Seam, "from prod-eu, after it from xdr") || len(a.ByScope) != 1 {
		t.Errorf("%d events of %d devices, seam %q, %d scopes, slices %+v", a.Totals.Events, a.Totals.Devices, a.Coverage.Seam, len(a.ByScope), a.Coverage.Slices)
	}
	clean := huntedAt(t, env, now, "ip=203.0.113.99", "since=45d")
	if clean.Verdict != hunts.Clean {
		t.Errorf("nothing in either: %s, %s", clean.Verdict, clean.Reason)
	}
	all := huntedAt(t, env, now, "ip=203.0.113.66", "since=all")
	if all.Totals.Events != 2 || all.Coverage.Seam == "" || !all.Coverage.Complete {
		t.Errorf("everything that both keep: %d events, seam %q, problems %v", all.Totals.Events, all.Coverage.Seam, all.Coverage.Problems)
	}
	short := huntedAt(t, env, now, "ip=203.0.113.66", "since=30d")
	if short.Totals.Events != 1 || short.Coverage.Seam != "" || !short.Coverage.Complete {
		t.Errorf("30 days: %d events, seam %q, problems %v", short.Totals.Events, short.Coverage.Seam, short.Coverage.Problems)
	}
}

func TestCheckTellsWhatDefenderXDRHoldsAndSinceWhen(t *testing.T) {
	_, env, now := fleetServed(t)
	env = append(env, "AZURE_LOGS_WORKSPACE=prod-eu="+localWorkspaceID)
	var out bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &out, env: env, clock: standing(now)}
	p.run(context.Background(), []string{"check"})
	for _, want := range []string{
		"xdr: DeviceNetworkEvents has ", "(kept 30 days by Defender XDR; events since ", "prod-eu: DeviceNetworkEvents has ", "(Analytics plan; ",
		"xdr: the hunt network-footprint has its table and columns", "xdr: control host ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	for _, bad := range []string{"xdr: SecurityIncident", "xdr: there is no table of threat intelligence"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("it says %q of a source that never has it", bad)
		}
	}
}

func TestATableInAnotherPlanIsNamedAndNeverClean(t *testing.T) {
	now := testclock.At()
	server := localworkspace.NewServer(localworkspace.Config{
		Workspaces: map[string]*localworkspace.Events{localWorkspaceID: grownOld(now)}, Clock: standing(now), Plans: map[string]string{"DeviceNetworkEvents": "Basic"},
	})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	env := []string{"AZURE_LOGS_WORKSPACE=prod-eu=" + localWorkspaceID, "AZURE_LOGS_ENDPOINT=" + url, "FOOTPRINT_AZURE_CREDENTIAL=none"}
	a := huntedAt(t, env, now, "ip=203.0.113.99")
	if a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, "DeviceNetworkEvents") || !strings.Contains(a.Reason, "plan Basic") || !strings.Contains(a.Reason, "Analytics plan") {
		t.Errorf("%s, %s", a.Verdict, a.Reason)
	}
	var out bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &out, env: env, clock: standing(now)}
	p.run(context.Background(), []string{"check"})
	if !strings.Contains(out.String(), "prod-eu: DeviceNetworkEvents: a table that is read here is kept in the plan Basic") {
		t.Errorf("check does not say it:\n%s", out.String())
	}
}

func TestARefreshInDefenderXDRSearchesTheNewestHoursAgainAndSaysSo(t *testing.T) {
	now := testclock.At()
	server, _ := asDefender(t, grownOld(now), now, 0)
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	source, err := defender.New(defender.Config{Name: "xdr", Endpoint: url, Clock: standing(now), Later: func(_ time.Duration, free func()) { free() }})
	if err != nil {
		t.Fatal(err)
	}
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	clock, kept := testclock.Stopped(now), newWorldRecord()
	r, err := runner.New(runner.Config{Catalog: catalog, Source: source, Record: kept, Authorizer: hunts.AllowAll(kept, clock.Now), Clock: clock.Now, Workspaces: []string{"xdr"}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(id string) hunts.Answer {
		req, _ := request.Parse("ip=203.0.113.66 since=7d", clock.Now())
		h, err := r.Prepare(id, req, hunts.Asker{User: "ana"})
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Run(t.Context(), h, nil)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := ask("F-1")
	before := len(server.Queries())
	clock.Move(20 * time.Minute)
	second := ask("F-2")
	// The oldest hours, which the moved window cuts, are searched again too, and the two queries arrive in any order.
	var again []string
	for _, q := range server.Queries()[before:] {
		if !strings.Contains(q.Query, " coverage") && !strings.Contains(q.Query, " control") {
			from, _, _ := strings.Cut(q.Timespan, "/")
			again = append(again, from)
		}
	}
	if want := now.Add(20*time.Minute - 6*time.Hour).Truncate(time.Hour).Format(time.RFC3339); !slices.Contains(again, want) {
		t.Errorf("searched again from %s, want %s", again, want)
	}
	if len(first.Notes) > 0 && strings.Contains(strings.Join(first.Notes, " "), "arrived") || !strings.Contains(strings.Join(second.Notes, " "), "the newest 6 h were searched again") {
		t.Errorf("notes at first %v, then %v", first.Notes, second.Notes)
	}
}

func TestASweepCountsADeviceOnceOnBothSidesOfTheSeam(t *testing.T) {
	now := testclock.At()
	_, env := asDefender(t, grownOld(now), now, 0)
	env = append(env, "AZURE_LOGS_WORKSPACE=prod-eu="+localWorkspaceID, "FOOTPRINT_DEFAULT_WORKSPACE=xdr")
	list := t.TempDir() + "/list.txt"
	writeFile(list, []byte("203.0.113.66\n203.0.113.99\n"))
	for _, c := range []struct {
		beyond  string
		events  int64
		verdict hunts.Verdict // of the one that nobody reached
	}{{"", 1, hunts.CouldNotTell}, {"DEFENDER_XDR_BEYOND=prod-eu", 2, hunts.Clean}} {
		var out, errs bytes.Buffer
		p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: append(slices.Clone(env), c.beyond), clock: standing(now)}
		p.run(context.Background(), []string{"sweep", "--watchlist", list, "--guard", "off", "--format", "json", "since=45d"})
		var s swept
		if err := json.Unmarshal(out.Bytes(), &s); err != nil {
			t.Fatalf("%v: %s", err, errs.String())
		}
		for _, i := range s.ByIndicator {
			switch i.Indicator {
			case "203.0.113.66":
				if i.Events != c.events || i.Devices != 1 || i.Verdict != hunts.Reached {
					t.Errorf("%q: %s with %d events of %d devices", c.beyond, i.Verdict, i.Events, i.Devices)
				}
			default:
				if i.Verdict != c.verdict {
					t.Errorf("%q: nothing found is %s, want %s", c.beyond, i.Verdict, c.verdict)
				}
			}
		}
	}
}
