package localworkspace

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// labDir is recorded telemetry that lies beside the project, not in it.
var labDir = filepath.Join("..", "..", "..", "shared", "data", "lab")

func TestTheLabLoadsWithoutABadLine(t *testing.T) {
	if _, err := os.Stat(labDir); err != nil {
		t.Skip("SKIPPED: ../shared not present: recorded telemetry is not read")
	}
	events, err := Load(context.Background(), labDir, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if bad := events.BadLines(); len(bad) > 0 {
		t.Errorf("%d bad lines, the first %+v", len(bad), bad[0])
	}
	// the figures of the recording's own description
	for table, want := range map[string]int{"DeviceNetworkEvents": 2578, "DeviceProcessEvents": 574, "DeviceFileEvents": 2634, "DeviceEvents": 276} {
		if got := events.Rows(table); got != want {
			t.Errorf("%s has %d rows, want %d", table, got, want)
		}
	}
	oldest, newest := events.Span()
	if oldest.Format("2006-01-02") != "2019-12-05" || newest.Year() != 2023 {
		t.Errorf("events from %v to %v", oldest, newest)
	}
}
