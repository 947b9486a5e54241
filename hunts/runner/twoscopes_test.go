package runner_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// Two workspaces behind one server of the query API, asked through the client of
// Azure: what is dead in one of them never hides behind the other.
func TestADeadWorkspaceBesideALiveOneIsNamedAndNothingIsClean(t *testing.T) {
	fleet := func(change func(*madeFleet)) func(t *testing.T) string {
		return func(t *testing.T) string {
			f := madeFleet{devices: 12, days: 30, every: time.Hour, now: wednesdayNoon, info: true}
			if change != nil {
				change(&f)
			}
			return f.write(t)
		}
	}
	until := func(back time.Duration) func(*madeFleet) {
		return func(f *madeFleet) {
			f.reports = func(_ int, at time.Time) bool { return at.Before(wednesdayNoon.Add(-back)) }
		}
	}
	empty := func(t *testing.T) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "DeviceNetworkEvents.csv"), []byte("TimeGenerated,DeviceName,DeviceId,ActionType,RemoteIP,RemotePort,RemoteUrl,LocalIP,AdditionalFields,InitiatingProcessFileName\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	other := func(t *testing.T) string {
		dir := t.TempDir()
		row := `{"TimeGenerated":"2026-11-25T12:00:00Z","DeviceName":"ws-01","ActionType":"ProcessCreated","FileName":"a.exe"}` + "\n"
		if err := os.WriteFile(filepath.Join(dir, "DeviceProcessEvents.ndjson"), []byte(row), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	never := func(int, time.Time) bool { return false }
	for _, c := range []struct {
		name    string
		dead    func(t *testing.T) string
		faults  []localworkspace.Fault
		say     string
		without int // 1: it has nothing of the table
	}{
		{"4 days stale", fleet(until(4 * 24 * time.Hour)), nil, "4 days older than the end", 0},
		{"60 days old", fleet(func(f *madeFleet) { f.days = 90; until(60 * 24 * time.Hour)(f) }), nil, "DeviceNetworkEvents has no events in this look-back", 1},
		{"DeviceInfo only", fleet(func(f *madeFleet) { f.reports = never }), nil, "lacks", 1},
		{"no network table", other, nil, "lacks", 1},
		{"empty", empty, nil, "DeviceNetworkEvents has no events in this look-back", 1},
		{"no role", fleet(nil), []localworkspace.Fault{{Status: http.StatusForbidden}}, "", 1},
		{"half an answer", fleet(nil), []localworkspace.Fault{{Partial: true}}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			workspaces := map[string]*localworkspace.Events{}
			for id, dir := range map[string]string{"live": fleet(nil)(t), "dead": c.dead(t)} {
				events, err := localworkspace.Load(t.Context(), dir, localworkspace.LoadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				workspaces[id] = events
			}
			// each workspace has a server of its own, so that a fault is of one of them
			backend := func(id string, faults ...localworkspace.Fault) *url.URL {
				script := &localworkspace.Script{}
				for _, f := range faults {
					script.Add(f)
				}
				server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{id: workspaces[id]}, Faults: script, Clock: func() time.Time { return wednesdayNoon }})
				address, err := server.Start(t.Context(), "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(server.Close)
				at, err := url.Parse(address)
				if err != nil {
					t.Fatal(err)
				}
				at.Path = ""
				return at
			}
			live, dead := backend("live"), backend("dead", c.faults...)
			front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
				to := live
				if strings.Contains(r.In.URL.Path, "/dead/") {
					to = dead
				}
				r.SetURL(to)
			}})
			t.Cleanup(front.Close)
			source, err := loganalytics.New(loganalytics.Config{Endpoint: front.URL, Workspaces: []loganalytics.Workspace{{Name: "eu", ID: "live"}, {Name: "us", ID: "dead"}}})
			if err != nil {
				t.Fatal(err)
			}
			catalog, _, err := runner.LoadCatalog(nil)
			if err != nil {
				t.Fatal(err)
			}
			r := newRunner(runner.Config{Catalog: catalog, Source: source, Record: recordtest.Start(t), Clock: func() time.Time { return wednesdayNoon }, Workspaces: []string{"eu", "us"}})
			a := ask(t, r, wednesdayNoon, "ip=203.0.113.66 since=7d workspace=eu,us")
			verdicts := map[string]hunts.Verdict{}
			for _, s := range a.ByScope {
				verdicts[s.Scope] = s.Verdict
			}
			if a.Verdict != hunts.CouldNotTell || verdicts["eu"] != hunts.Clean || verdicts["us"] != hunts.CouldNotTell || !strings.Contains(a.Reason, "us: ") || !strings.Contains(a.Reason, c.say) || a.ByIndicator[0].Verdict != hunts.CouldNotTell {
				t.Errorf("%s, %v, its line %s: %q", a.Verdict, verdicts, a.ByIndicator[0].Verdict, a.Reason)
			}
			if found := ask(t, r, wednesdayNoon, "ip=198.51.100.3 since=7d workspace=eu,us"); found.Verdict != hunts.Reached || !strings.Contains(found.Reason, "us could not tell") && c.without > 0 {
				t.Errorf("what the live one has: %s, %q", found.Verdict, found.Reason)
			}
		})
	}
}
