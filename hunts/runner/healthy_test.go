package runner_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// madeFleet is a small fleet of one's own making, as a live workspace holds it.
type madeFleet struct {
	devices int
	days    int
	now     time.Time
	every   time.Duration
	reports func(device int, at time.Time) bool // nil is always
	to      func(device int, at time.Time) (ip string, port int, url string)
	info    bool                    // DeviceInfo names every device once a day
	action  func(device int) string // nil is a completed connection
}

func always(int, time.Time) bool { return true }

// office is asleep at night and on weekends.
func office(_ int, at time.Time) bool {
	return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday && at.Hour() >= 7 && at.Hour() < 19
}

// withServers is an office whose first quarter never sleeps.
func withServers(device int, at time.Time) bool { return device < 5 || office(device, at) }

func (f madeFleet) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var network, info bytes.Buffer
	for at := f.now.Add(-time.Duration(f.days) * 24 * time.Hour); at.Before(f.now); at = at.Add(f.every) {
		for d := range f.devices {
			seen := at.Add(time.Duration(d*7%50) * time.Second)
			if !seen.Before(f.now) || f.reports != nil && !f.reports(d, seen) {
				continue
			}
			ip, port, url := fmt.Sprintf("198.51.100.%d", d), 443, fmt.Sprintf("www.site%d.example", d)
			if f.to != nil {
				ip, port, url = f.to(d, seen)
			}
			action := "ConnectionSuccess"
			if f.action != nil {
				action = f.action(d)
			}
			fmt.Fprintf(&network, `{"TimeGenerated":%q,"DeviceName":"ws-%02d","DeviceId":"%040x","ActionType":%q,"AdditionalFields":"{\"direction\":\"Out\"}","LocalIP":"10.0.0.1","RemoteIP":%q,"RemotePort":%d,"RemoteUrl":%q,"InitiatingProcessFileName":"msedge.exe","InitiatingProcessSHA256":"%064x"}`+"\n",
				seen.Format(time.RFC3339Nano), d, d, action, ip, port, url, d)
		}
	}
	for at := f.now.Add(-40 * 24 * time.Hour); f.info && at.Before(f.now); at = at.Add(24 * time.Hour) {
		for d := range f.devices {
			fmt.Fprintf(&info, `{"TimeGenerated":%q,"DeviceName":"ws-%02d"}`+"\n", at.Format(time.RFC3339), d)
		}
	}
	for name, b := range map[string]*bytes.Buffer{"DeviceNetworkEvents": &network, "DeviceInfo": &info} {
		if b.Len() > 0 {
			if err := os.WriteFile(filepath.Join(dir, name+".ndjson"), b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// runner over the fleet; kind is that of the source, empty for a live workspace.
func (f madeFleet) runner(t *testing.T, kind string, proxies ...string) *runner.Runner {
	t.Helper()
	events, err := localworkspace.Load(t.Context(), f.write(t), localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return f.now }
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": events}, Clock: clock})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	source, err := loganalytics.New(loganalytics.Config{Endpoint: url, Kind: kind, Workspaces: []loganalytics.Workspace{{Name: "test", ID: "w"}}})
	if err != nil {
		t.Fatal(err)
	}
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	return newRunner(runner.Config{Catalog: catalog, Source: source, Record: recordtest.Start(t), Clock: clock, Proxies: proxies})
}

func ask(t *testing.T, r *runner.Runner, now time.Time, text string) hunts.Answer {
	t.Helper()
	req, refusal := request.Parse(text, now)
	if refusal != nil {
		t.Fatal(refusal)
	}
	h, err := r.Prepare("F-"+strings.ReplaceAll(text, " ", "-"), req, hunts.Asker{User: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.Run(t.Context(), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var (
	mondayNight   = time.Date(2026, 11, 30, 3, 12, 0, 0, time.UTC)
	wednesdayNoon = time.Date(2026, 11, 25, 12, 5, 0, 0, time.UTC)
	sundayNoon    = time.Date(2026, 11, 29, 12, 5, 0, 0, time.UTC)
)

func TestAHealthyFleetIsCleanAtEveryLookBack(t *testing.T) {
	for name, f := range map[string]madeFleet{
		"a fleet that never sleeps":          {devices: 20, every: time.Hour, now: wednesdayNoon},
		"a fleet that never sleeps, at 3":    {devices: 20, every: time.Hour, now: mondayNight},
		"an office at noon":                  {devices: 12, every: 20 * time.Minute, now: wednesdayNoon, reports: office},
		"an office at night":                 {devices: 12, every: 20 * time.Minute, now: mondayNight, reports: office},
		"an office on a Sunday":              {devices: 12, every: 20 * time.Minute, now: sundayNoon, reports: office},
		"an office with servers on a Sunday": {devices: 20, every: time.Hour, now: sundayNoon, reports: withServers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.days, f.info = 100, true
			r := f.runner(t, "")
			for _, back := range []string{"15m", "30m", "1h", "6h", "24h", "3d", "7d", "14d", "30d", "90d"} {
				for _, what := range []string{"ip=203.0.113.66", "dns=evil.example", "ip=203.0.113.66 device=ws-03"} {
					if a := ask(t, r, f.now, what+" since="+back); a.Verdict != hunts.Clean {
						t.Errorf("%s since=%s: %s, %s", what, back, a.Verdict, a.Reason)
					}
				}
			}
		})
	}
}

func TestAFleetWithAFaultIsNeverClean(t *testing.T) {
	silent := func(reports func(int, time.Time) bool, from, to string) func(int, time.Time) bool {
		read := func(s string) time.Time { at, _ := time.Parse("2006-01-02T15:04", s); return at }
		return func(d int, at time.Time) bool {
			return reports(d, at) && (at.Before(read(from)) || !at.Before(read(to)))
		}
	}
	for _, c := range []struct {
		name    string
		fleet   madeFleet
		request string
		want    string
	}{
		{"events in the last three minutes only", madeFleet{days: 1, now: wednesdayNoon, info: true, reports: silent(always, "2026-11-01T00:00", "2026-11-25T12:02"), every: time.Minute}, "since=24h", "has events only since"},
		{"silent for 47 hours", madeFleet{days: 30, now: wednesdayNoon, info: true, reports: silent(always, "2026-11-20T03:00", "2026-11-22T02:00")}, "since=7d", "no events from Nov 20 03:00 to Nov 22 02:00 UTC"},
		{"silent for three hours of a busy day", madeFleet{days: 23, now: wednesdayNoon, info: true, reports: silent(always, "2026-11-25T03:00", "2026-11-25T06:00")}, "since=24h", "no events from Nov 25 03:00 to Nov 25 06:00 UTC"},
		{"silent for three hours, and no weeks before", madeFleet{days: 7, now: wednesdayNoon, info: true, reports: silent(always, "2026-11-23T03:00", "2026-11-23T06:00")}, "from=2026-11-18T13:05:00Z to=2026-11-25T12:05:00Z", "no events from Nov 23 03:00 to Nov 23 06:00 UTC"},
		{"half of the sensors silent for half a day", madeFleet{days: 23, now: wednesdayNoon, info: true, reports: func(d int, at time.Time) bool {
			return d%2 == 0 || silent(always, "2026-11-23T00:00", "2026-11-23T12:00")(d, at)
		}}, "since=7d", "only a part of the sensors reported from Nov 23 00:00 to Nov 23 12:00 UTC, at most 10, with 20 or more at the same hours of other days"},
		{"half of an office missing for two workdays", madeFleet{days: 23, now: wednesdayNoon, info: true, reports: func(d int, at time.Time) bool {
			return office(d, at) && (d%2 == 0 || silent(always, "2026-11-23T00:00", "2026-11-25T00:00")(d, at))
		}}, "since=7d", "only a part of the sensors reported from Nov 23 07:00"},
		{"an office silent for a workday", madeFleet{days: 30, now: wednesdayNoon, info: true, reports: silent(office, "2026-11-23T00:00", "2026-11-24T00:00")}, "since=7d", "no events from Nov 20 19:00 to Nov 24 07:00 UTC"},
		{"stale for 4 days", madeFleet{days: 30, now: wednesdayNoon, info: true, reports: silent(always, "2026-11-21T12:00", "2026-12-01T00:00")}, "since=7d", "4 days older than the end"},
		{"stale for 4 days, in an hour", madeFleet{days: 30, now: wednesdayNoon, info: true, reports: silent(always, "2026-11-21T12:00", "2026-12-01T00:00")}, "since=1h", "4 days older than the end"},
		{"DeviceInfo only", madeFleet{days: 30, now: wednesdayNoon, info: true, reports: func(int, time.Time) bool { return false }}, "since=7d", "lacks"},
		{"half of the sensors stopped three days ago", madeFleet{days: 30, now: wednesdayNoon, info: true, reports: func(d int, at time.Time) bool { return d%2 == 0 || at.Before(wednesdayNoon.Add(-72*time.Hour)) }}, "since=24h", "only 10 of 20 sensors"},
		{"half of the sensors never reported", madeFleet{days: 30, now: wednesdayNoon, info: true, reports: func(d int, _ time.Time) bool { return d%2 == 0 }}, "since=7d", "only 10 of 20 sensors"},
		{"the device is silent for two days", madeFleet{days: 30, now: wednesdayNoon, info: true, reports: func(d int, at time.Time) bool { return d != 3 || at.Before(wednesdayNoon.Add(-48*time.Hour)) }}, "since=7d device=ws-03", "ws-03 last reported on"},
		{"only the events say how many sensors there are", madeFleet{days: 30, now: wednesdayNoon}, "since=7d", "only DeviceNetworkEvents"},
		{"the table holds 10 days only", madeFleet{days: 10, now: wednesdayNoon, info: true}, "since=30d", "has events only since 2026-11-15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := c.fleet
			f.devices = 20
			if f.every == 0 {
				f.every = time.Hour
			}
			r := f.runner(t, "")
			a := ask(t, r, f.now, "ip=203.0.113.66 "+c.request)
			if a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, c.want) {
				t.Errorf("%s, %q", a.Verdict, a.Reason)
			}
		})
	}
}

func TestBehindAForwardProxyAnAddressCannotBeSeen(t *testing.T) {
	direct := func(d int, at time.Time) (string, int, string) {
		return fmt.Sprintf("198.51.100.%d", d), 443, fmt.Sprintf("www.site%d.example", d)
	}
	some := func(share int, ip string, port int, url func(d int, at time.Time) string) func(int, time.Time) (string, int, string) {
		return func(d int, at time.Time) (string, int, string) {
			if d < share {
				return ip, port, url(d, at)
			}
			return direct(d, at)
		}
	}
	none := func(int, time.Time) string { return "" }
	sites := func(d int, at time.Time) string { return fmt.Sprintf("www.some%d.example:443", d*31+at.Hour()) }
	for _, c := range []struct {
		name    string
		to      func(int, time.Time) (string, int, string)
		proxies []string
		want    hunts.Verdict
	}{
		{"no proxy", direct, nil, hunts.Clean},
		{"3 of 20 through port 3128", some(3, "10.0.0.9", 3128, none), nil, hunts.CouldNotTell},
		{"1 of 20 through port 3128", some(1, "10.0.0.9", 3128, none), nil, hunts.Clean},
		{"3 of 20 through any port, told by the sites behind it", some(3, "10.0.0.9", 9480, sites), nil, hunts.CouldNotTell},
		{"all through one that is on the internet", some(20, "192.0.2.80", 443, sites), nil, hunts.CouldNotTell},
		{"an internal server with many names is none", some(10, "10.0.0.9", 443, func(d int, at time.Time) string { return fmt.Sprintf("app%d.corp.example", d*24+at.Hour()) }), nil, hunts.Clean},
		{"a configured one", some(1, "10.0.0.9", 9999, none), []string{"10.0.0.9:9999"}, hunts.CouldNotTell},
		{"one configured by name", some(1, "10.0.0.9", 9999, func(int, time.Time) string { return "Proxy.corp.example:9999" }), []string{"proxy.corp.example"}, hunts.CouldNotTell},
		{"one configured in the IPv6 form", some(1, "10.0.0.9", 9999, none), []string{"::ffff:10.0.0.9"}, hunts.CouldNotTell},
		{"one configured in the IPv6 form with its port", some(1, "10.0.0.9", 9999, none), []string{"[::ffff:a00:9]:9999"}, hunts.CouldNotTell},
		{"a configured one that events write as IPv6", some(1, "::ffff:a00:9", 9999, none), []string{"10.0.0.9"}, hunts.CouldNotTell},
		{"one configured that nobody uses", direct, []string{"10.0.0.9:9999"}, hunts.Clean},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := madeFleet{devices: 20, days: 23, every: time.Hour, now: wednesdayNoon, to: c.to, info: true}
			r := f.runner(t, "", c.proxies...)
			a := ask(t, r, f.now, "ip=203.0.113.66 since=24h")
			if a.Verdict != c.want || c.want == hunts.CouldNotTell && !strings.Contains(a.Reason, "hunt the name") {
				t.Errorf("an address: %s, %q", a.Verdict, a.Reason)
			}
			if a := ask(t, r, f.now, "url=http://203.0.113.66/x since=24h"); a.Verdict != c.want {
				t.Errorf("an address in a URL: %s, %q", a.Verdict, a.Reason)
			}
			if a := ask(t, r, f.now, "dns=evil.example since=24h"); a.Verdict != hunts.Clean {
				t.Errorf("a name: %s, %q", a.Verdict, a.Reason)
			}
			list := []indicator.Indicator{{Kind: indicator.KindIP, Value: "203.0.113.66"}, {Kind: indicator.KindDomain, Value: "evil.example", Host: "evil.example"}}
			s, err := r.Survey(t.Context(), r.ForSurvey("F-SWEEP", request.Request{Since: 24 * time.Hour}, hunts.Asker{User: "sweep"}), list, nil)
			if err != nil || s.Indicators[0].Verdict != c.want || s.Indicators[1].Verdict != hunts.Clean || s.Verdict != c.want {
				t.Errorf("a sweep: %s, %s, lines %+v, %v", s.Verdict, s.Reason, s.Indicators, err)
			}
		})
	}
}

func TestAProxyShowsInEveryKindOfEventOfAConnection(t *testing.T) {
	for _, action := range []string{"ConnectionAcknowledged", "ConnectionFound", "ConnectionFailed", "HttpConnectionInspected", "NetworkSignatureInspected", "ConnectionSuccessAggregatedReport"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			f := madeFleet{devices: 20, days: 23, every: time.Hour, now: wednesdayNoon, info: true}
			f.to = func(d int, _ time.Time) (string, int, string) {
				if d < 5 {
					return "10.0.0.9", 8888, ""
				}
				return fmt.Sprintf("198.51.100.%d", d), 443, fmt.Sprintf("www.site%d.example", d)
			}
			f.action = func(d int) string {
				if d < 5 {
					return action
				}
				return "ConnectionSuccess"
			}
			r := f.runner(t, "")
			for _, back := range []string{"1h", "24h"} {
				if a := ask(t, r, f.now, "ip=203.0.113.66 since="+back); a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, "the proxy 10.0.0.9:8888") {
					t.Errorf("since=%s: %s, %q", back, a.Verdict, a.Reason)
				}
			}
		})
	}
}
