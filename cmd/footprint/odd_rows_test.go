package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// withRow is a healthy fleet with one row that its exporter wrote in its own way.
func withRow(action, device, url, details, ip string) map[string]localworkspace.Grid {
	tables := fleetOf(5, 5, 20*24*time.Hour)
	row := eventOf(testclock.At().Add(-5*time.Hour), device, fmt.Sprintf("%040x", 2), ip)
	row[3], row[6], row[8] = action, url, details
	network := tables["DeviceNetworkEvents"]
	network.Rows = append(network.Rows, row)
	tables["DeviceNetworkEvents"] = network
	return tables
}

// A name stands in the details of a connection as well where its column is empty, and
// an exporter may write the key with a blank, a hyphen or another common name.
func TestANameInTheDetailsOfARowIsFoundHoweverItsKeyIsWritten(t *testing.T) {
	for details, want := range map[string]hunts.Verdict{
		`{"host":"evil.example"}`:        hunts.Reached,
		`{"server_name":"evil.example"}`: hunts.Reached,
		`{"server-name":"evil.example"}`: hunts.Reached,
		`{"Server Name":"evil.example"}`: hunts.Reached,
		`{" host":"evil.example"}`:       hunts.Reached,
		`{"host ":"evil.example"}`:       hunts.Reached,
		`{"hostname":"evil.example"}`:    hunts.Reached,
		`{"sni":"evil.example"}`:         hunts.Reached,
		`{"query":"a.evil.example"}`:     hunts.Reached,
		`{"host":"notevil.example"}`:     hunts.Clean,
		`{"note":"evil.example"}`:        hunts.Clean,
		`{}`:                             hunts.Clean,
	} {
		for _, action := range []string{"ConnectionSuccess", "HttpConnectionInspected"} {
			t.Run(action+details, func(t *testing.T) {
				t.Parallel()
				if action != "ConnectionSuccess" && want == hunts.Clean {
					t.Skip("an inspection without a name that is read is another test's")
				}
				if a := askFleet(t, withRow(action, "ws-01", "", details, "192.0.2.7"), "dns=evil.example"); a.Verdict != want {
					t.Errorf("%s, %s", a.Verdict, a.Reason)
				}
			})
		}
	}
}

// A row of the device asked for whose name carries a domain, a blank or the sign of a
// computer account can't be called another device's.
func TestADeviceWrittenInAnotherWaySpoilsCleanForItselfOnly(t *testing.T) {
	for name, want := range map[string]hunts.Verdict{
		" ws-01 ":          hunts.CouldNotTell,
		`CORP\ws-01`:       hunts.CouldNotTell,
		"WS-01$":           hunts.CouldNotTell,
		"ws-01.":           hunts.Reached,
		"ws-01.corp.test.": hunts.Reached,
		`CORP\ws-02`:       hunts.Clean,
		"WS-02$":           hunts.Clean,
		" ws-010":          hunts.Clean,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := askFleet(t, withRow("ConnectionSuccess", name, "", "{}", "203.0.113.66"), "ip=203.0.113.66 device=ws-01"); a.Verdict != want {
				t.Errorf("%s, %s", a.Verdict, a.Reason)
			}
		})
	}
}
