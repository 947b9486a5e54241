package localworkspace

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// contactRow is what the checks below read of a network event.
type contactRow struct {
	at                                              time.Time
	device, action, ip, url, process, parent, extra string
}

func networkRows(t *testing.T, e *Events) []contactRow {
	t.Helper()
	table := mustTable(t, e, "DeviceNetworkEvents")
	place := map[string]int{}
	for i, c := range table.Columns() {
		place[c.Name] = i
	}
	rows := make([]contactRow, table.Len())
	for i := range rows {
		text := func(column string) string { return table.Value(i, place[column]).Text() }
		rows[i] = contactRow{table.Value(i, place[timeColumn]).AsTime(), text("DeviceName"), text("ActionType"), text("RemoteIP"), text("RemoteUrl"),
			text("InitiatingProcessFileName"), text("InitiatingProcessParentFileName"), text("AdditionalFields")}
	}
	return rows
}

var smallFleet = FleetOptions{Seed: 7, Now: time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC), Devices: 200, Days: 10}

func TestTheFleetHoldsTheStoryItTells(t *testing.T) {
	events, story := Fleet(smallFleet), smallFleet.Story()
	rows := networkRows(t, events)
	reached, ipEvents, hostEvents, beacons := map[string]bool{}, 0, 0, 0
	var first, last time.Time
	for _, r := range rows {
		ofIP := r.ip == story.C2IP || r.ip == "::ffff:"+story.C2IP
		ofHost := strings.Contains("."+strings.TrimPrefix(r.url, "https://"), "."+story.C2Host) || strings.Contains(r.extra, `"`+story.C2Host+`"`)
		if ofIP {
			ipEvents++
		}
		if ofHost {
			hostEvents++
		}
		if !ofIP && !ofHost {
			continue
		}
		if r.action == "ConnectionSuccess" && (first.IsZero() || r.at.Before(first)) {
			first = r.at
		}
		if r.at.After(last) {
			last = r.at
		}
		switch {
		case strings.HasPrefix(r.action, "ConnectionSuccess") || r.action == "SslConnectionInspected":
			reached[r.device] = true
		case r.device == story.Failed && r.action != "ConnectionFailed":
			t.Errorf("the failed device has %+v", r)
		}
		if r.device == story.BeaconDevice && r.action == "ConnectionSuccess" {
			beacons++
		}
		if strings.Contains(r.url, story.C2Host) && r.device == story.TLSOnly {
			t.Errorf("the device with the name in TLS only has it in RemoteUrl: %+v", r)
		}
	}
	if ipEvents != story.IPEvents || hostEvents != story.HostEvents || beacons != story.Beacons || beacons < 1100 {
		t.Errorf("%d by IP, %d by host, %d beacons; the story says %d, %d, %d", ipEvents, hostEvents, beacons, story.IPEvents, story.HostEvents, story.Beacons)
	}
	for _, d := range story.Reached {
		if !reached[d] {
			t.Errorf("%s did not reach the host", d)
		}
	}
	if len(reached) != len(story.Reached) {
		t.Errorf("reached by %v, the story says %v", reached, story.Reached)
	}
	if !first.Equal(story.FirstContact) || !last.Equal(story.LastContact) {
		t.Errorf("first %v last %v, the story says %v and %v", first, last, story.FirstContact, story.LastContact)
	}
}

func TestTheFleetHasASensorGapAndNoOther(t *testing.T) {
	events, story := Fleet(smallFleet), smallFleet.Story()
	week := smallFleet.Now.Add(-7 * day)
	reporting := map[string]map[int]bool{}
	var newest time.Time
	for _, r := range networkRows(t, events) {
		if r.at.After(smallFleet.Now) || r.at.Before(smallFleet.Now.Add(-10*day)) {
			t.Fatalf("an event at %v is outside of the fleet's days", r.at)
		}
		if r.at.After(week) {
			days := reporting[r.device]
			if days == nil {
				days = map[int]bool{}
				reporting[r.device] = days
			}
			days[int(smallFleet.Now.Sub(r.at)/day)] = true
		}
		if r.at.After(newest) {
			newest = r.at
		}
	}
	if len(reporting) != story.ReportingDevices || story.ReportingDevices+story.SilentDevices != story.KnownDevices || story.KnownDevices != 210 {
		t.Errorf("%d devices report, the story says %d of %d, %d silent", len(reporting), story.ReportingDevices, story.KnownDevices, story.SilentDevices)
	}
	for device, days := range reporting {
		if len(days) != 7 {
			t.Errorf("%s reported on %d of 7 days", device, len(days))
		}
	}
	if !newest.Equal(story.NewestEvent) {
		t.Errorf("newest event %v, the story says %v", newest, story.NewestEvent)
	}
	info := mustTable(t, events, "DeviceInfo")
	known := map[string]bool{}
	for i := range info.Len() {
		known[cell(t, info, i, "DeviceName")] = true
	}
	if len(known) != story.KnownDevices {
		t.Errorf("DeviceInfo knows %d devices, want %d", len(known), story.KnownDevices)
	}
}

func TestTheFleetHoldsWhatAHuntStumblesOver(t *testing.T) {
	events, story := Fleet(smallFleet), smallFleet.Story()
	devicesOf := func(match func(contactRow) bool) []string {
		var list []string
		for _, r := range networkRows(t, events) {
			if match(r) && !slices.Contains(list, r.device) {
				list = append(list, r.device)
			}
		}
		slices.Sort(list)
		return list
	}
	if got := devicesOf(func(r contactRow) bool { return r.ip == story.CleanIP }); len(got) > 0 {
		t.Errorf("the clean address was met by %v", got)
	}
	if got := devicesOf(func(r contactRow) bool { return r.ip == story.NeighbourIP }); !slices.Equal(got, story.NeighbourDevices) {
		t.Errorf("the neighbour was met by %v, the story says %v", got, story.NeighbourDevices)
	}
	if got := devicesOf(func(r contactRow) bool { return r.url == story.SimilarHost }); len(got) != 3 {
		t.Errorf("the similar host was met by %v", got)
	}
	if got := devicesOf(func(r contactRow) bool { return r.process == story.NoisyProcess }); len(got) < story.ReportingDevices*9/10 {
		t.Errorf("the noisy updater runs on %d devices only", len(got))
	}
	for _, r := range networkRows(t, events) {
		if r.ip == story.TriedIP && r.action != "ConnectionFailed" && r.action != "ConnectionAttempt" {
			t.Errorf("the address that was only tried has %+v", r)
		}
		if strings.HasSuffix(r.action, "Inspected") && r.process != "" {
			t.Errorf("an inspection names a process: %+v", r)
		}
	}
	wants := map[string]func(contactRow) bool{
		"an aggregated report of the updater": func(r contactRow) bool {
			return r.process == story.NoisyProcess && r.action == "ConnectionSuccessAggregatedReport" && strings.Contains(r.extra, "uniqueEventsAggregated")
		},
		"Windows Update by svchost.exe":  func(r contactRow) bool { return r.process == "svchost.exe" && r.url == "update.os-vendor.example" },
		"PowerShell to internal servers": func(r contactRow) bool { return r.process == "powershell.exe" && r.ip == manageServer },
		"the log forwarder":              func(r contactRow) bool { return r.process == "splunkd.exe" && r.ip == logServer },
		"the licence server":             func(r contactRow) bool { return r.ip == licenceServer },
		"internal DNS":                   func(r contactRow) bool { return r.process == "svchost.exe" && r.ip == resolverA },
		"IPv6":                           func(r contactRow) bool { return strings.HasPrefix(r.ip, "2001:db8:") },
		"IPv4-mapped addresses":          func(r contactRow) bool { return strings.HasPrefix(r.ip, "::ffff:") },
		"a DNS inspection with its query": func(r contactRow) bool {
			return r.action == "DnsConnectionInspected" && strings.Contains(r.extra, `"query"`)
		},
		"an inbound connection": func(r contactRow) bool { return r.action == "InboundConnectionAccepted" },
		"a listening port":      func(r contactRow) bool { return r.action == "ListeningConnectionCreated" && r.ip == "" },
	}
	rows := networkRows(t, events)
	for name, match := range wants {
		if !slices.ContainsFunc(rows, match) {
			t.Errorf("the fleet lacks %s", name)
		}
	}
}

func TestTheFleetNamesNothingReal(t *testing.T) {
	documentation := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	seen := map[string]bool{}
	for _, r := range networkRows(t, Fleet(smallFleet)) {
		if !seen[r.ip] && r.ip != "" {
			seen[r.ip] = true
			ip, err := netip.ParseAddr(r.ip)
			if err != nil || !ip.Unmap().IsPrivate() && !slices.ContainsFunc(documentation, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) }) {
				t.Errorf("%s is neither private nor of the documentation ranges", r.ip)
			}
		}
		if !seen[r.url] && r.url != "" {
			seen[r.url] = true
			host := strings.TrimPrefix(strings.TrimPrefix(r.url, "https://"), "http://")
			host, _, _ = strings.Cut(host, "/")
			host, _, _ = strings.Cut(host, ":")
			if !strings.HasSuffix(host, ".example") && host != goneIP {
				t.Errorf("host %s does not end in .example", host)
			}
		}
	}
}

func TestTheSameSeedGivesTheSameFleet(t *testing.T) {
	print := func(o FleetOptions) string {
		var sums []string
		e := Fleet(o)
		for _, name := range e.Tables() {
			table := mustTable(t, e, name)
			sum := uint64(14695981039346656037)
			for row := range table.Len() {
				for col := range table.Columns() {
					for _, b := range []byte(table.Value(row, col).Text()) {
						sum = (sum ^ uint64(b)) * 1099511628211
					}
				}
			}
			sums = append(sums, fmt.Sprintf("%s %d %x", name, table.Len(), sum))
		}
		return strings.Join(sums, "\n")
	}
	tiny := FleetOptions{Seed: 3, Now: smallFleet.Now, Devices: 40, Days: 8}
	if first, second := print(tiny), print(tiny); first != second {
		t.Errorf("two fleets of one seed differ:\n%s\n%s", first, second)
	}
	other := tiny
	other.Seed++
	if print(tiny) == print(other) {
		t.Error("another seed gave the same fleet")
	}
}

func TestTheStoryFitsAnyHourOfTheWeek(t *testing.T) {
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for hour := range 7 * 24 {
		o := FleetOptions{Seed: 1, Now: monday.Add(time.Duration(hour)*time.Hour + 42*time.Minute), Devices: 40, Days: 8}
		s := o.Story()
		contacts := storyContacts(o)
		if s.Beacons < 1100 {
			t.Errorf("at %v there are %d beacons", o.Now, s.Beacons)
		}
		for _, c := range contacts {
			if c.at.After(s.NewestEvent) || c.program == "powershell.exe/doc" && c.at.Before(s.FirstContact) {
				t.Errorf("at %v: %+v is outside of the story", o.Now, c)
			}
		}
	}
}

func TestBeaconsAreAMinuteApart(t *testing.T) {
	var last time.Time
	near, far := 0, 0
	for _, c := range storyContacts(smallFleet) {
		if c.device != financeDevice || c.action != "ConnectionSuccess" {
			continue
		}
		if !last.IsZero() {
			if gap := c.at.Sub(last); gap >= 56*time.Second && gap <= 64*time.Second {
				near++
			} else {
				far++
			}
		}
		last = c.at
	}
	if near < 1100 || far > 4 {
		t.Errorf("%d intervals of a minute ± 4 s, %d others", near, far)
	}
}

func TestTheIncidentHasItsEntities(t *testing.T) {
	events := Fleet(smallFleet)
	incidents, alerts := mustTable(t, events, "SecurityIncident"), mustTable(t, events, "SecurityAlert")
	changes := 0
	for row := range incidents.Len() {
		if cell(t, incidents, row, "IncidentNumber") == "4711" {
			changes++
			if !strings.Contains(cell(t, incidents, row, "AlertIds"), cell(t, alerts, 0, "SystemAlertId")) {
				t.Error("the incident does not name its alert")
			}
		}
	}
	if changes < 2 {
		t.Errorf("%d rows of incident 4711, want one per change", changes)
	}
	var list []struct{ Type string }
	if err := json.Unmarshal([]byte(cell(t, alerts, 0, "Entities")), &list); err != nil || len(list) < 6 {
		t.Fatalf("entities %v %v", list, err)
	}
	kinds := ""
	for _, e := range list {
		kinds += e.Type + " "
	}
	if kinds != "host ip dns url filehash file account " {
		t.Errorf("entities of the kinds %s", kinds)
	}
}

func TestTheDefaultFleetIsLargeEnough(t *testing.T) {
	if testing.Short() {
		t.Skip("the default fleet is made in the long run only")
	}
	o := FleetOptions{Seed: 1, Now: smallFleet.Now}
	started := time.Now()
	events := Fleet(o)
	t.Logf("made in %v, %d MB, %d network events", time.Since(started), events.Memory()>>20, events.Rows("DeviceNetworkEvents"))
	story := o.Story()
	if story.KnownDevices != 2010 || story.ReportingDevices != 1942 || story.SilentDevices != 68 {
		t.Errorf("%d known, %d reporting, %d silent, want 2010, 1942, 68", story.KnownDevices, story.ReportingDevices, story.SilentDevices)
	}
	if rows := events.Rows("DeviceNetworkEvents"); rows < 300_000 {
		t.Errorf("%d network events, want at least 300000", rows)
	}
	for _, table := range []string{"DeviceInfo", "DeviceProcessEvents", "DeviceFileEvents", "DeviceEvents"} {
		if events.Rows(table) < 2000 {
			t.Errorf("%d rows in %s", events.Rows(table), table)
		}
	}
}

func BenchmarkFleet(b *testing.B) {
	for b.Loop() {
		Fleet(FleetOptions{Seed: 1, Now: smallFleet.Now})
	}
}
