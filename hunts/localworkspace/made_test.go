package localworkspace_test

import (
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

func TestAMadeWorkspaceHoldsWhatItWasGiven(t *testing.T) {
	first, last := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 11, 0, 0, 123000, time.UTC)
	events := localworkspace.Made(map[string]localworkspace.Grid{"DeviceNetworkEvents": {
		Columns: []string{"TimeGenerated", "DeviceName", "RemotePort", "AdditionalFields", "Odd"},
		Rows:    [][]any{{last, "ws-1", 443, `{"query":"evil.example"}`, "x"}, {first, nil, "not a port"}},
	}})
	if from, to := events.Span(); !from.Equal(first) || !to.Equal(last) {
		t.Errorf("it spans %s to %s", from, to)
	}
	q, err := kql.Parse(`DeviceNetworkEvents | where isnotempty(DeviceName) | project tostring(AdditionalFields.query), RemotePort + 1, Odd, TimeGenerated`)
	if err != nil {
		t.Fatal(err)
	}
	table, err := q.Run(t.Context(), events, kql.Options{Now: last})
	if err != nil {
		t.Fatal(err)
	}
	if table.Len() != 1 || table.Value(0, 0).Text() != "evil.example" || table.Value(0, 1).AsLong() != 444 || table.Value(0, 2).Text() != "x" || !table.Value(0, 3).AsTime().Equal(last) {
		t.Errorf("%d rows", table.Len())
	}
	if events.Rows("DeviceNetworkEvents") != 2 || len(events.Tables()) != 1 {
		t.Errorf("%d rows in %v", events.Rows("DeviceNetworkEvents"), events.Tables())
	}
}
