package runner_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// tipRunner hunts in the demo's fleet.
func tipRunner(t *testing.T) *runner.Runner {
	t.Helper()
	return runnerOver(t, localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: testclock.At(), Devices: 60, Days: 2}))
}

// runnerOver hunts in events through the query API, without a memory.
func runnerOver(t *testing.T, events *localworkspace.Events, controls ...indicator.Indicator) *runner.Runner {
	t.Helper()
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": events}, Clock: testclock.New().Now})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	source, err := loganalytics.New(loganalytics.Config{Endpoint: url, Workspaces: []loganalytics.Workspace{{Name: "test", ID: "w"}}})
	if err != nil {
		t.Fatal(err)
	}
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	return newRunner(runner.Config{Catalog: catalog, Source: source, Record: recordtest.Start(t), Clock: testclock.New().Now, Controls: controls})
}

func TestThreatIntelligenceIsReadInItsLatestState(t *testing.T) {
	tips, err := tipRunner(t).Tips(t.Context(), hunts.TipSource{}, hunts.Asker{User: "sweep"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	byValue := map[string][]hunts.Tip{}
	for _, tip := range tips {
		byValue[tip.Value] = append(byValue[tip.Value], tip)
	}
	newIP := byValue["192.0.2.140"]
	if len(newIP) != 1 || newIP[0].Confidence != 85 || newIP[0].Key != "ipv4-addr:value" || newIP[0].Until.IsZero() {
		t.Errorf("an indicator that was written twice: %+v", newIP)
	}
	if revoked := byValue["update.vendor-cdn.example"]; len(revoked) != 1 || !revoked[0].Revoked {
		t.Errorf("an indicator that was revoked: %+v", revoked)
	}
	if forever := byValue["dl-upd.example"]; len(forever) != 1 || !forever[0].Until.IsZero() {
		t.Errorf("an indicator without an end: %+v", forever)
	}
	if tips[len(tips)-1].Value != "update.vendor-cdn.example" {
		t.Error("a revoked indicator stands before others, which a cut would lose")
	}
}

func TestAWatchlistOfTheWorkspaceIsReadWithItsColumns(t *testing.T) {
	r := tipRunner(t)
	tips, err := r.Tips(t.Context(), hunts.TipSource{Watchlist: "footprint-iocs"}, hunts.Asker{User: "sweep"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	k := slices.IndexFunc(tips, func(tip hunts.Tip) bool { return tip.Value == "192.0.2.140" })
	if len(tips) != 5 || k < 0 || tips[k].Fields["Note"] != "C2, from the ISAC" {
		t.Errorf("%d items, %+v", len(tips), tips)
	}
	for _, alias := range []string{"no-such-list", `"; DeviceInfo | take 1 //`} {
		if tips, err := r.Tips(t.Context(), hunts.TipSource{Watchlist: alias}, hunts.Asker{User: "sweep"}, nil); err != nil || len(tips) != 0 {
			t.Errorf("%s: %d items, %v", alias, len(tips), err)
		}
	}
}

// oneEvent is an export with a single connection in it.
func oneEvent(t *testing.T) *localworkspace.Events {
	t.Helper()
	dir := t.TempDir()
	row := `{"TimeGenerated":"2026-01-02T03:04:05Z","DeviceName":"ws-1","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemotePort":443}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "DeviceNetworkEvents.ndjson"), []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	events, err := localworkspace.Load(t.Context(), dir, localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestAWorkspaceWithoutThreatIntelligenceSaysSo(t *testing.T) {
	_, err := runnerOver(t, oneEvent(t)).Tips(t.Context(), hunts.TipSource{}, hunts.Asker{}, nil)
	if hunts.KindOf(err) != hunts.KindNoTable || !strings.Contains(err.Error(), "ThreatIntelIndicators") {
		t.Errorf("%v", err)
	}
}
