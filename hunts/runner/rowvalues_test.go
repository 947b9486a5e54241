package runner_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// TestTheRowsOfABehaviorHuntAreWhatACountInGoSays counts a made week of process events
// without KQL, and expects each figure of the answer to be the same.
func TestTheRowsOfABehaviorHuntAreWhatACountInGoSays(t *testing.T) {
	random := rand.New(rand.NewPCG(20, 3))
	const odd = `odd's "tool".exe`
	g := localworkspace.Grid{Columns: strings.Fields("TimeGenerated DeviceName AccountName FileName InitiatingProcessFileName ProcessCommandLine")}
	type tally struct {
		rows                int64
		processes, accounts map[string]bool
		first, last         time.Time
	}
	devices, accounts, total, unplaced := map[string]*tally{}, map[string]bool{}, int64(0), int64(0)
	window := 4 * 24 * time.Hour
	for n := range 4000 {
		at := rowsNow.Add(-time.Duration(random.Int64N(int64(7 * 24 * time.Hour)))).Truncate(time.Microsecond)
		device := fmt.Sprintf("ws-%02d", random.IntN(12))
		if n%5 == 0 {
			device = strings.ToUpper(device) // the same one
		}
		if n%97 == 0 {
			device = ""
		}
		account := []string{"ana", "Ana", "eva", "", "system"}[random.IntN(5)]
		file := []string{odd, strings.ToUpper(odd), "cmd.exe", odd + "x", ""}[random.IntN(5)]
		g.Rows = append(g.Rows, []any{at, device, account, file, "explorer.exe", fmt.Sprint("run ", n)})
		if !strings.EqualFold(file, odd) || at.Before(rowsNow.Add(-window)) {
			continue
		}
		total++
		if account != "" {
			accounts[strings.ToLower(account)] = true
		}
		if device == "" {
			unplaced++
			continue
		}
		d := devices[strings.ToLower(device)]
		if d == nil {
			d = &tally{processes: map[string]bool{}, accounts: map[string]bool{}, first: at, last: at}
			devices[strings.ToLower(device)] = d
		}
		d.rows++
		d.processes[file] = true
		if account != "" {
			d.accounts[account] = true
		}
		if at.Before(d.first) {
			d.first = at
		}
		if at.After(d.last) {
			d.last = at
		}
	}
	query := "DeviceProcessEvents\n| where FileName =~ @'odd''s \"tool\".exe'\n| project Timestamp, DeviceName, AccountName, FileName, InitiatingProcessFileName, ProcessCommandLine"
	file := strings.ReplaceAll(upstreamHunt(query), "DeviceNetworkEvents", "DeviceProcessEvents")
	r, _ := rowsRunner(t, map[string]localworkspace.Grid{"DeviceInfo": known(), "DeviceProcessEvents": g}, map[string]string{
		"odd.yaml": file, "people.yaml": file + "footprint:\n  says: {noun: account, verb: ran the tool}\n", "boxes.yaml": file + "footprint:\n  says: {noun: box, verb: \"started it, once or more\"}\n",
	})
	a := ask(t, r, rowsNow, "hunt odd since=4d")
	if a.Verdict != hunts.Found || a.Table.Total != total || a.Table.Devices != int64(len(devices)) || a.Table.Unplaced != unplaced || a.Table.Accounts != int64(len(accounts)) {
		t.Fatalf("%s: %d rows, %d devices, %d unplaced, %d accounts; counted %d, %d, %d, %d", a.Verdict, a.Table.Total, a.Table.Devices, a.Table.Unplaced, a.Table.Accounts, total, len(devices), unplaced, len(accounts))
	}
	if int64(len(a.Table.Rows)) != total || len(a.ByDevice) != len(devices) {
		t.Errorf("%d rows and %d devices are listed", len(a.Table.Rows), len(a.ByDevice))
	}
	for _, d := range a.ByDevice {
		want := devices[strings.ToLower(d.Device)]
		if want == nil || d.Events != want.rows || !d.FirstSeen.Equal(want.first) || !d.LastSeen.Equal(want.last) || len(d.Processes) != len(want.processes) || len(d.Accounts) != len(want.accounts) {
			t.Errorf("%+v, counted %+v", d, want)
		}
	}
	if !slices.IsSortedFunc(a.Rows, func(x, y hunts.Row) int { return cmp.Compare(y.FirstSeen.UnixNano(), x.FirstSeen.UnixNano()) }) {
		t.Error("the newest rows do not come first")
	}
	ofOne := []int{}
	for n, row := range a.Rows {
		if strings.EqualFold(row.Device, "ws-03") {
			ofOne = append(ofOne, n)
		}
	}
	rows := fmt.Sprintf("%d rows", total)
	for text, want := range map[string]string{
		a.Reason:          rows + fmt.Sprintf(": %d devices ran it, %d rows without a device", len(devices), unplaced),
		a.Subjects(ofOne): "1 device ran it",
		ask(t, r, rowsNow, "hunt people since=4d").Reason: rows + fmt.Sprintf(" on %d devices: %d accounts ran the tool, %d rows without a device", len(devices), len(accounts), unplaced),
	} {
		if text != want {
			t.Errorf("%q, want %q", text, want)
		}
	}
}

func TestNothingIsSaidOfRowsThatMayMeanTheOpposite(t *testing.T) {
	process := localworkspace.Grid{Columns: strings.Fields("TimeGenerated DeviceName FileName"), Rows: [][]any{{rowsNow.Add(-time.Hour), "ws-01", "agent.exe"}}}
	r, _ := rowsRunner(t, map[string]localworkspace.Grid{"DeviceInfo": known(), "DeviceProcessEvents": process}, map[string]string{
		"some.kql":     "DeviceProcessEvents | take 1",
		"without.yaml": strings.ReplaceAll(upstreamHunt("DeviceInfo\n| distinct DeviceName\n| join kind=leftanti (DeviceProcessEvents | where FileName == 'agent.exe') on DeviceName"), "- DeviceNetworkEvents", "- DeviceProcessEvents"),
	})
	if a := ask(t, r, rowsNow, "hunt some since=1d"); !strings.HasPrefix(a.Reason, "1 row on 1 device; ") {
		t.Errorf("of some rows it says %s", a.Reason)
	}
	if a := ask(t, r, rowsNow, "hunt without since=1d"); a.Verdict != hunts.Found || !strings.HasPrefix(a.Reason, "11 rows on 11 devices; ") {
		t.Errorf("%s: %s", a.Verdict, a.Reason)
	}
}
