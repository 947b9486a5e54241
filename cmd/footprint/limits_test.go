package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// fleetOf is a workspace of devices that all report every hour since a time, so
// many of them until now and the others until eight days ago.
func fleetOf(devices, reporting int, since time.Duration) map[string]localworkspace.Grid {
	now := testclock.At()
	network := localworkspace.Grid{Columns: []string{
		"TimeGenerated", "DeviceName", "DeviceId", "ActionType", "RemoteIP", "RemotePort", "RemoteUrl", "LocalIP", "AdditionalFields", "InitiatingProcessFileName", "InitiatingProcessCommandLine",
		"InitiatingProcessParentFileName", "InitiatingProcessAccountName", "InitiatingProcessSHA1", "InitiatingProcessSHA256", "InitiatingProcessMD5",
	}}
	info := localworkspace.Grid{Columns: []string{"TimeGenerated", "DeviceName", "DeviceId"}}
	for d := range devices {
		name, id := fmt.Sprintf("ws-%02d", d), fmt.Sprintf("%040x", d+1)
		for at := now.Add(-since); at.Before(now); at = at.Add(time.Hour) {
			when := at.Add(time.Duration(30+d) * time.Minute)
			if d >= reporting && when.After(now.Add(-8*24*time.Hour)) {
				break
			}
			network.Rows = append(network.Rows, eventOf(when, name, id, "192.0.2.7"))
		}
		for back := 9; back < 30; back += 4 { // the month before
			info.Rows = append(info.Rows, []any{now.AddDate(0, 0, -back), name, id})
		}
		if d < reporting {
			info.Rows = append(info.Rows, []any{now.Add(-time.Hour), name, id})
		}
	}
	return map[string]localworkspace.Grid{"DeviceNetworkEvents": network, "DeviceInfo": info}
}

func eventOf(at time.Time, name, id, ip string) []any {
	return []any{at, name, id, "ConnectionSuccess", ip, 443, "good.example", "10.0.0.1", "{}", "msedge.exe", "msedge.exe", "explorer.exe", "ana", fmt.Sprintf("%040x", 7), fmt.Sprintf("%064x", 7), fmt.Sprintf("%032x", 7)}
}

// askFleet asks a live workspace of these tables.
func askFleet(t *testing.T, tables map[string]localworkspace.Grid, request string) hunts.Answer {
	t.Helper()
	w := &world{now: testclock.At()}
	w.scopes = []*scope{{name: "prod", id: "00000000-0000-4000-8000-000000000001", live: true, grids: map[string]*grid{}}}
	for name, g := range tables {
		w.scopes[0].grids[name] = &grid{columns: g.Columns, rows: g.Rows}
	}
	kept := newWorldRecord()
	r, err := w.newRunner(worldCatalog(t), kept, hunts.AllowAll(kept, w.clock))
	if err != nil {
		t.Fatal(err)
	}
	req, refused := parseAt(request, w.now)
	if refused != "" {
		t.Fatal(refused)
	}
	h, err := r.Prepare("F-LIMIT", req, hunts.Asker{User: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.Run(t.Context(), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A share of sensors just below the limit, and a history that begins too late,
// spoil CLEAN; just above it they don't.
func TestTheLimitsOfCoverageAreWhereTheyAreSaidToBe(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		tables map[string]localworkspace.Grid
		want   hunts.Verdict
	}{
		"8 of 10 sensors report":               {fleetOf(10, 8, 20*day), hunts.Clean},
		"7 of 10 sensors report":               {fleetOf(10, 7, 20*day), hunts.CouldNotTell},
		"5 of 10 sensors report":               {fleetOf(10, 5, 20*day), hunts.CouldNotTell},
		"the history is as long as the window": {fleetOf(10, 10, 7*day+time.Hour), hunts.Clean},
		"it begins 26 hours late":              {fleetOf(10, 10, 7*day-26*time.Hour), hunts.CouldNotTell},
		"it begins 60 hours late":              {fleetOf(10, 10, 7*day-60*time.Hour), hunts.CouldNotTell},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := askFleet(t, c.tables, "ip=203.0.113.66 since=7d"); a.Verdict != c.want {
				t.Errorf("%s, %s", a.Verdict, a.Reason)
			}
		})
	}
}

// Twenty regular gaps are likely beaconing; a part of the window that has fewer
// than twelve of them counts for nothing.
func TestABeaconTakesTwentyGapsAndTwelveInAPart(t *testing.T) {
	midnight := testclock.At().Add(-12 * time.Hour).Truncate(24 * time.Hour) // where the parts touch
	for _, c := range []struct{ before, after, want int }{{0, 19, 0}, {0, 20, 1}, {12, 12, 1}, {11, 11, 0}, {10, 10, 0}, {12, 11, 0}} {
		t.Run(fmt.Sprint(c.before, " gaps before midnight, ", c.after, " after"), func(t *testing.T) {
			t.Parallel()
			tables := fleetOf(5, 5, 50*time.Hour)
			network := tables["DeviceNetworkEvents"]
			beacon := func(from time.Time, gaps int) {
				for n := range gaps + 1 {
					if gaps > 0 {
						network.Rows = append(network.Rows, eventOf(from.Add(time.Duration(n)*time.Minute), "ws-01", fmt.Sprintf("%040x", 2), "203.0.113.66"))
					}
				}
			}
			beacon(midnight.Add(-time.Hour), c.before)
			beacon(midnight.Add(time.Hour), c.after)
			tables["DeviceNetworkEvents"] = network
			if a := askFleet(t, tables, "ip=203.0.113.66 since=48h"); len(a.Beacons) != c.want {
				t.Errorf("%d beacons in %d events", len(a.Beacons), a.Totals.Events)
			}
		})
	}
}
