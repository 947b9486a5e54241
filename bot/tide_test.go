package bot_test

import (
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// tideStart is when the stories of late rows begin.
var tideStart = testclock.At().Truncate(time.Hour)

// lateRow is an event that comes into the workspace some time after it happened.
type lateRow struct {
	happened, arrived time.Time
	device, action    string
	address           string
}

// tide is a small fleet that reports every hour, and what comes late. dark is a time
// whose events come in only at its end.
type tide struct {
	rows     []lateRow
	from, to time.Time // of what comes late as a whole
	back     time.Time
	devices  int
}

var tideColumns = []string{
	"TimeGenerated", "_IngestionTime", "DeviceName", "DeviceId", "ActionType", "RemoteIP", "RemotePort", "RemoteUrl", "LocalIP", "LocalPort", "Protocol", "RemoteIPType", "InitiatingProcessFolderPath", "InitiatingProcessFileName", "InitiatingProcessParentFileName", "InitiatingProcessAccountName",
	"InitiatingProcessCommandLine", "InitiatingProcessSHA1", "InitiatingProcessSHA256", "InitiatingProcessMD5", "AdditionalFields",
}

// at is what the workspace holds at a time.
func (d tide) at(now time.Time) *localworkspace.Events {
	network, info, others := localworkspace.Grid{Columns: tideColumns}, localworkspace.Grid{Columns: []string{"TimeGenerated", "DeviceName", "DeviceId"}}, localworkspace.Grid{Columns: tideColumns}
	add := func(g *localworkspace.Grid, happened, arrived time.Time, device int, name, action, address, process string) {
		if !d.back.IsZero() && !happened.Before(d.from) && happened.Before(d.to) && arrived.Before(d.back) {
			arrived = d.back
		}
		if arrived.After(now) || happened.After(now) {
			return
		}
		hash := fmt.Sprintf("%02x", device)
		g.Rows = append(g.Rows, []any{happened, arrived, name, fmt.Sprintf("%040x", device), action, address, 443, "", "10.1.0.7", 51000, "Tcp", "Public", `c:\windows`, process, "explorer.exe", "ana.sousa", process + " -x", hash + fmt.Sprintf("%038x", 1), hash + fmt.Sprintf("%062x", 2), hash + fmt.Sprintf("%030x", 3), "{}"})
	}
	for n := range max(d.devices, 6) {
		name := fmt.Sprintf("ws-%02d", n)
		for at := tideStart.Add(-32 * 24 * time.Hour); at.Before(tideStart.Add(10 * 24 * time.Hour)); at = at.Add(time.Hour) {
			happened := at.Add(time.Duration(n*7) * time.Minute)
			add(&network, happened, happened.Add(2*time.Minute), n, name, "ConnectionSuccess", fmt.Sprintf("192.0.2.%d", n+1), "msedge.exe")
			if at.Hour()%6 == 0 {
				add(&others, happened, happened.Add(2*time.Minute), n, name, "ScheduledTaskCreated", "", "svchost.exe")
			}
			if at.Hour() == 0 && !happened.After(now) {
				info.Rows = append(info.Rows, []any{happened, name, fmt.Sprintf("%040x", n)})
			}
		}
	}
	for _, r := range d.rows {
		add(&network, r.happened, r.arrived, 0, r.device, r.action, r.address, "rundll32.exe")
	}
	return localworkspace.Made(map[string]localworkspace.Grid{"DeviceNetworkEvents": network, "DeviceInfo": info, "DeviceEvents": others})
}
