package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// hunted runs `footprint hunt` over one table of events and reads its answer.
func hunted(t *testing.T, env []string, network string, words ...string) hunts.Answer {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "DeviceNetworkEvents.ndjson"), []byte(network), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: env, clock: testclock.New().Now}
	code := p.run(context.Background(), append([]string{"hunt", "--events", dir, "--format", "json"}, words...))
	var a hunts.Answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatalf("exit %d, %v: %s", code, err, errs.String())
	}
	return a
}

// trapEvents has a row for each trap of the seed's query; the second of each
// time is the row's number.
const trapEvents = `{"TimeGenerated":"2026-01-02T03:00:01Z","DeviceName":"ws-01","ActionType":"ConnectionSuccess","RemoteIP":"::ffff:203.0.113.66","RemoteIPType":"FourToSixMapping","RemotePort":443,"RemoteUrl":"https://User@Evil.example:8443/a?b=https://good.example","InitiatingProcessFileName":"PowerShell.exe","InitiatingProcessSHA1":"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"}
{"TimeGenerated":"2026-01-02T03:00:02Z","DeviceName":"ws-02","ActionType":"ConnectionSuccess","RemoteIP":"198.51.100.2","RemoteUrl":"notevil.example","InitiatingProcessFileName":"msedge.exe"}
{"TimeGenerated":"2026-01-02T03:00:03Z","DeviceName":"ws-03","ActionType":"ConnectionFailed","RemoteIP":"203.0.113.66","RemoteUrl":"","InitiatingProcessFileName":"powershell.exe"}
{"TimeGenerated":"2026-01-02T03:00:04Z","DeviceName":"ws-04","ActionType":"ConnectionSuccessAggregatedReport","RemoteIP":"2001:db8::c","RemoteUrl":"sub.evil.example.","InitiatingProcessFileName":"svchost.exe"}
{"TimeGenerated":"2026-01-02T03:00:05Z","DeviceName":"ws-05","ActionType":"SslConnectionInspected","RemoteIP":"198.51.100.7","AdditionalFields":"{\"direction\":\"Out\",\"server_name\":\"tls.evil.example\"}"}
{"TimeGenerated":"2026-01-02T03:00:06Z","DeviceName":"ws-06","ActionType":"HttpConnectionInspected","LocalIP":"203.0.113.66","RemoteIP":"10.0.0.5","AdditionalFields":{"direction":"In","host":"www.evil.example:80"}}
{"TimeGenerated":"2026-01-02T03:00:07Z","DeviceName":"ws-07","ActionType":"DnsConnectionInspected","RemoteIP":"10.0.0.53","RemotePort":53,"AdditionalFields":{"direction":"Out","query":"EVIL.example"}}
{"TimeGenerated":"2026-01-02T03:00:08Z","DeviceName":"ws-08","ActionType":"NetworkProtectionBlocked","RemoteIP":"2001:0DB8:0000:0000:0000:0000:0000:000C","InitiatingProcessFileName":"x.exe"}
{"TimeGenerated":"2026-01-02T03:00:09Z","DeviceName":"ws-09","ActionType":"ConnectionSuccess","RemoteIP":"","RemoteUrl":"","InitiatingProcessFileName":""}
{"TimeGenerated":"2026-01-02T03:00:10Z","DeviceName":"ws-10","ActionType":"ListeningConnectionCreated","RemoteIP":"","LocalPort":4444,"InitiatingProcessFileName":"x.exe"}
{"TimeGenerated":"2026-01-02T03:00:11Z","DeviceName":"ws-11","ActionType":"ConnectionSuccess","RemoteIP":"::ffff:cb00:7142","InitiatingProcessFileName":"y.exe"}
{"TimeGenerated":"2026-01-02T03:00:12Z","DeviceName":"ws-12","ActionType":"ConnectionSuccess","RemoteIP":"198.51.100.3","RemoteUrl":"https://good.example/?u=evil.example","InitiatingProcessFileName":"chrome.exe"}
{"TimeGenerated":"2026-01-02T03:00:13Z","DeviceName":"ws-13.corp.example","ActionType":"ConnectionSomethingNew","RemoteIP":"203.0.113.67","InitiatingProcessFileName":"z.exe"}
`

func TestTheTrapsOfTheSeed(t *testing.T) {
	noRace(t)
	t.Parallel()
	for _, c := range []struct {
		name, request string
		rows          []int // by the second of their time, oldest first
		outcomes      hunts.Outcomes
	}{
		{"an address in all its spellings, also as the local side of an inspected inbound event", "ip=203.0.113.66", []int{1, 3, 6, 11}, hunts.Outcomes{Reached: 3, Failed: 1}},
		{"an IPv4-mapped address is the address", "ip=::ffff:cb00:7142", []int{1, 3, 6, 11}, hunts.Outcomes{Reached: 3, Failed: 1}},
		{"an IPv6 address written out", "ip=2001:db8:0:0::C", []int{4, 8}, hunts.Outcomes{Reached: 1, Blocked: 1}},
		{"an IPv4 network takes in mapped addresses and no IPv6", "ip=203.0.113.0/24", []int{1, 3, 6, 11, 13}, hunts.Outcomes{Reached: 4, Failed: 1}},
		{"an IPv6 network", "ip=2001:db8::/32", []int{4, 8}, hunts.Outcomes{Reached: 1, Blocked: 1}},
		{"an IPv6 network above the mapped addresses is not the IPv4 internet", "ip=::/16", nil, hunts.Outcomes{}},
		{"a domain on a label boundary, in URLs, host names and what inspection saw", "dns=evil.example", []int{1, 4, 5, 6, 7}, hunts.Outcomes{Reached: 4, LookedUp: 1}},
		{"sub-domains only", "dns=*.evil.example", []int{4, 5, 6}, hunts.Outcomes{Reached: 3}},
		{"a plain suffix, on request", "dns=*evil.example", []int{1, 2, 4, 5, 6, 7}, hunts.Outcomes{Reached: 5, LookedUp: 1}},
		{"a URL by its host", "dns=https://evil.example:9/other", []int{1, 4, 5, 6, 7}, hunts.Outcomes{Reached: 4, LookedUp: 1}},
		{"a name inside the path of another is none", "dns=good.example", []int{12}, hunts.Outcomes{Reached: 1}},
		{"a file in any case, empty remote sides and all", "file=X.EXE", []int{8, 10}, hunts.Outcomes{Blocked: 1, Other: 1}},
		{"a hash in any case", "file=da39a3ee5e6b4b0d3255bfef95601890afd80709", []int{1}, hunts.Outcomes{Reached: 1}},
		{"address or domain, and file", "ip=203.0.113.66 dns=evil.example file=powershell.exe", []int{1, 3}, hunts.Outcomes{Reached: 1, Failed: 1}},
		{"a device by its short name", "ip=203.0.113.0/24 device=WS-13", []int{13}, hunts.Outcomes{Reached: 1}},
		{"an action that nobody knows counts as contact", "ip=203.0.113.67", []int{13}, hunts.Outcomes{Reached: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := hunted(t, nil, trapEvents, append(strings.Fields(c.request), "since=all")...)
			var rows []int
			for _, e := range a.Events {
				rows = append(rows, e.Time.Second())
			}
			slices.Sort(rows)
			if !slices.Equal(rows, c.rows) || a.Outcomes != c.outcomes || a.Totals.Events != int64(len(c.rows)) {
				t.Errorf("rows %v, %+v; want %v, %+v", rows, a.Outcomes, c.rows, c.outcomes)
			}
		})
	}
}

func TestAURLIsHuntedByItsHostAndSaysSo(t *testing.T) {
	a := hunted(t, nil, trapEvents, "dns=https://evil.example/repo,evil.example", "ip=http://203.0.113.66/a", "since=all")
	if !slices.Equal(a.Request.Domains, []string{"evil.example"}) || !slices.Equal(a.Request.IPs, []string{"203.0.113.66"}) {
		t.Errorf("searched for %v and %v", a.Request.Domains, a.Request.IPs)
	}
	if len(a.ByIndicator) != 3 || a.ByIndicator[1].Indicator != "https://evil.example/repo" {
		t.Errorf("lines %+v", a.ByIndicator)
	}
	if !slices.ContainsFunc(a.Notes, func(n string) bool { return strings.Contains(n, "whatever the path") }) {
		t.Errorf("notes %q", a.Notes)
	}
}

func TestAnAggregateIsOneEventAndCountedAsSuch(t *testing.T) {
	a := hunted(t, nil, trapEvents, "dns=evil.example", "since=all")
	if a.Totals.Events != 5 || a.Totals.Aggregated != 1 {
		t.Errorf("totals %+v", a.Totals)
	}
	var report bytes.Buffer
	if err := message.Terminal(&report, a); err != nil || !strings.Contains(report.String(), "5 events, 1 of them an hourly aggregate") {
		t.Errorf("%v, the report says\n%s", err, report.String())
	}
}

func TestAnInspectedEventWithoutProcessIsNotDecidedByFile(t *testing.T) {
	a := hunted(t, nil, trapEvents, "dns=tls.evil.example", "file=powershell.exe", "since=all")
	if a.Verdict != hunts.CouldNotTell || !strings.Contains(a.Reason, "not record the process") {
		t.Errorf("%s: %s", a.Verdict, a.Reason)
	}
}

const trapProfiles = `profiles:
  - {name: admin, mode: annotate, processes: [PowerShell.exe], ranges: [203.0.113.0/24]}
  - {name: vpn, mode: hide, ranges: ["2001:db8::/32", 203.0.113.67/32]}
  - {name: quiet, mode: "off", domains: [evil.example]}
`

func TestExclusionProfilesCountAndNeverHideWhatWasAskedByName(t *testing.T) {
	noRace(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "exclusions.yaml")
	if err := os.WriteFile(file, []byte(trapProfiles), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"FOOTPRINT_EXCLUSIONS=" + file}
	hiddenOf := func(a hunts.Answer) (names []string) {
		for _, d := range a.ByDevice {
			if d.Hidden {
				names = append(names, d.Device)
			}
		}
		return names
	}
	for _, c := range []struct {
		name, request string
		events        int64
		excluded      []hunts.Exclusion
		hidden        []string
	}{
		{"annotate counts, also mapped addresses", "ip=203.0.113.66", 4, []hunts.Exclusion{{Profile: "admin", Events: 2}}, nil},
		{"hide hides what a range happens to cover", "ip=203.0.113.0/24", 5, []hunts.Exclusion{{Profile: "admin", Events: 2}, {Profile: "vpn", Events: 1, Hidden: true}}, []string{"ws-13.corp.example"}},
		{"hide never hides an address asked for by name", "ip=203.0.113.67", 1, []hunts.Exclusion{{Profile: "vpn", Events: 1, Hidden: true}}, nil},
		{"hide works on IPv6", "dns=*evil.example", 6, []hunts.Exclusion{{Profile: "admin", Events: 1}, {Profile: "vpn", Events: 1, Hidden: true}}, []string{"ws-04"}},
		{"off does nothing", "dns=evil.example exclude=vpn", 5, []hunts.Exclusion{{Profile: "vpn", Events: 1, Hidden: true}}, nil},
		{"off works when it is asked for", "dns=evil.example exclude=quiet", 5, []hunts.Exclusion{{Profile: "quiet", Events: 5}}, nil},
		{"none means none", "dns=evil.example exclude=none", 5, []hunts.Exclusion{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := hunted(t, env, trapEvents, append(strings.Fields(c.request), "since=all")...)
			if a.Totals.Events != c.events || !slices.Equal(a.Excluded, c.excluded) || !slices.Equal(hiddenOf(a), c.hidden) {
				t.Errorf("%d events, excluded %+v, hidden %v; want %d, %+v, %v", a.Totals.Events, a.Excluded, hiddenOf(a), c.events, c.excluded, c.hidden)
			}
			if int64(len(a.ByDevice)) != a.Totals.Devices {
				t.Errorf("%d lines for %d devices", len(a.ByDevice), a.Totals.Devices)
			}
		})
	}
}
