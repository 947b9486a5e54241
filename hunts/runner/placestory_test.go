package runner

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// madeIn asks one place of a workspace whose tables a test makes up.
func madeIn(t *testing.T, place, request string, tables map[string]localworkspace.Grid) placeResult {
	t.Helper()
	x := inPlace(t, place, request, localworkspace.Made(tables))
	x.tell()
	return x
}

func placeTime(clock string) time.Time {
	at, err := time.Parse("2006-01-02 15:04:05", "2026-11-03 "+clock)
	if err != nil {
		panic(err)
	}
	return at
}

func counts(x placeResult) string {
	var out []string
	for _, c := range x.place.Counts {
		out = append(out, hunts.Count(c.Events, c.What))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

var mailTables = map[string]localworkspace.Grid{
	"EmailUrlInfo": {Columns: []string{"TimeGenerated", "NetworkMessageId", "Url"}, Rows: [][]any{
		{placeTime("10:00:00"), "m1", "https://evil.example/a"}, {placeTime("10:00:00"), "m1", "https://evil.example/a?x=1"},
		{placeTime("10:01:00"), "m2", "https://evil.example/b"}, {placeTime("10:02:00"), "m3", "http://www.evil.example:8080/"},
		{placeTime("10:03:00"), "m4", "https://notevil.example/a"}, {placeTime("10:04:00"), "m5", "https://evil.example/%61"},
	}},
	"EmailEvents": {Columns: []string{"TimeGenerated", "NetworkMessageId", "RecipientEmailAddress", "DeliveryAction", "DeliveryLocation"}, Rows: [][]any{
		{placeTime("10:00:01"), "m1", "ana@corp.example", "Delivered", "Inbox/folder"}, {placeTime("10:00:01"), "m1", "bo@corp.example", "Blocked", "Quarantine"},
		{placeTime("10:01:01"), "m2", "ana@corp.example", "Blocked", "Quarantine"}, {placeTime("10:02:01"), "m3", "ana@corp.example", "Junked", "JunkFolder"},
	}},
}

func TestMailIsCountedByWhoGotItAndAURLByItsPath(t *testing.T) {
	for request, want := range map[string]struct {
		counts   string
		hostOnly int64
	}{
		"dns=evil.example":             {"1 mail delivered, 1 mail delivered to junk, 1 mail received, 2 mail blockeds", 0},
		"https://evil.example/a":       {"1 mail blocked, 1 mail delivered, 1 mail received", 1}, // %61 can't be told from a
		"https://evil.example/b/":      {"1 mail blocked, 1 mail received", 1},
		"https://evil.example/a?x=1":   {"1 mail blocked, 1 mail delivered, 1 mail received", 1},
		"https://evil.example/a?x=2":   {"1 mail received", 1},
		"https://www.evil.example/c":   {"", 0},
		"https://www.evil.example/":    {"1 mail delivered to junk", 0},
		"https://evil.example:8443/a#": {"1 mail blocked, 1 mail delivered, 1 mail received", 1},
		"dns=*.evil.example":           {"1 mail delivered to junk", 0},
	} {
		x := madeIn(t, "place-mail-links", request, mailTables)
		if got := counts(x); got != want.counts || x.total.HostOnly != want.hostOnly {
			t.Errorf("%s: %q, by host only %d; want %q, %d", request, got, x.total.HostOnly, want.counts, want.hostOnly)
		}
		for _, s := range x.place.Steps {
			if s.Device != "" || s.Account != "" || s.Recipient != "" && !strings.HasSuffix(s.Recipient, "@corp.example") {
				t.Errorf("%s: a step of mail is %+v", request, s)
			}
		}
	}
}

func TestMailThatWasOnlyBlockedIsATry(t *testing.T) {
	x := madeIn(t, "place-mail-links", "https://evil.example/b", map[string]localworkspace.Grid{
		"EmailUrlInfo": {Columns: mailTables["EmailUrlInfo"].Columns, Rows: mailTables["EmailUrlInfo"].Rows[2:3]}, "EmailEvents": mailTables["EmailEvents"],
	})
	for _, line := range x.found() {
		if v := x.verdict(line); v != hunts.Tried {
			t.Errorf("a mail that was blocked is %s", v)
		}
	}
	if x.sentence() != "mail blocked to ana@corp.example, Nov 3 10:01 UTC" {
		t.Error(x.sentence())
	}
}

func TestAClickIsTiedToAPersonAndToTheDeviceThatConnected(t *testing.T) {
	tables := map[string]localworkspace.Grid{
		"UrlClickEvents": {Columns: []string{"TimeGenerated", "AccountUpn", "ActionType", "Url", "UrlChain", "IsClickedThrough"}, Rows: [][]any{
			{placeTime("10:00:00"), "ana@corp.example", "ClickAllowed", "https://evil.example/a", "", "false"},
			{placeTime("10:05:00"), "bo@corp.example", "ClickBlocked", "https://evil.example/a", "", "false"},
			{placeTime("10:06:00"), "cy@corp.example", "ClickBlocked", "https://evil.example/b", "", "true"},
			{placeTime("10:07:00"), "di@corp.example", "ClickAllowed", "https://short.example/x", `["https://short.example/x","https://evil.example/a"]`, "false"},
		}},
		"DeviceNetworkEvents": {Columns: []string{"TimeGenerated", "DeviceName", "DeviceId", "ActionType", "RemoteUrl", "InitiatingProcessAccountName", "InitiatingProcessAccountUpn"}, Rows: [][]any{
			{placeTime("10:00:20"), "ws-1", "d1", "ConnectionSuccess", "evil.example", "ana", "ana@corp.example"},
			{placeTime("10:30:00"), "ws-2", "d2", "ConnectionSuccess", "evil.example", "di", ""},
			{placeTime("10:06:20"), "ws-3", "d3", "ConnectionSuccess", "https://evil.example/b", "cy", ""},
		}},
	}
	x := madeIn(t, "place-url-clicks", "https://evil.example/a", tables)
	if got := counts(x); got != "1 click blocked, 1 clicked, 1 clicked and connected" {
		t.Error(got)
	}
	if got := x.place.Steps[0]; got.Device != "ws-1" || got.Account != "ana@corp.example" || x.total.Devices != 1 {
		t.Errorf("%+v on %d devices", got, x.total.Devices)
	}
	if got := counts(madeIn(t, "place-url-clicks", "dns=evil.example", tables)); got != "1 click blocked, 1 clicked, 1 clicked and connected, 1 clicked through a warning and connected" {
		t.Error(got)
	}
	if got := counts(madeIn(t, "place-url-clicks", "dns=evil.example device=ws-3", tables)); got != "1 clicked through a warning and connected" {
		t.Error(got)
	}
}

// perimeter is a firewall that saw a device, a printer, and a device whose sensor
// said nothing.
func perimeter(rows ...[]any) map[string]localworkspace.Grid {
	return map[string]localworkspace.Grid{
		"CommonSecurityLog": {Columns: []string{"TimeGenerated", "SourceIP", "DestinationIP", "DestinationHostName", "RequestURL", "DeviceAction", "DestinationTranslatedAddress", "DestinationDnsDomain"}, Rows: rows},
		"DeviceNetworkInfo": {Columns: []string{"TimeGenerated", "DeviceName", "DeviceId", "IPAddresses"}, Rows: [][]any{
			{placeTime("08:00:00"), "ws-1", "d1", `[{"IPAddress":"10.0.0.1"}]`}, {placeTime("08:00:00"), "ws-2", "d2", `[{"IPAddress":"10.0.0.2"}]`},
			{placeTime("12:00:00"), "ws-9", "d9", `[{"IPAddress":"10.0.0.1"}]`},
		}},
		"DeviceNetworkEvents": {Columns: []string{"TimeGenerated", "DeviceName", "ActionType"}, Rows: [][]any{{placeTime("09:00:40"), "ws-1", "ConnectionSuccess"}, {placeTime("09:02:00"), "ws-2", "ConnectionSuccess"}}},
	}
}

func TestTheFirewallNamesDevicesAddressesWithoutASensorAndSensorGaps(t *testing.T) {
	x := madeIn(t, "place-firewall", "ip=203.0.113.66 dns=evil.example", perimeter(
		[]any{placeTime("09:00:10"), "10.0.0.1", "203.0.113.66", "", "", "allow"},
		[]any{placeTime("09:10:00"), "10.0.0.2", "203.0.113.66", "", "", "Allow"},
		[]any{placeTime("11:59:00"), "10.0.0.1", "203.0.113.66", "", "", "Deny"},
		[]any{placeTime("09:20:00"), "10.0.9.9", "198.51.100.1", "", "https://evil.example/x", "Permitted"},
		[]any{placeTime("09:30:00"), "203.0.113.66", "10.0.0.7", "", "", "reset-both"},
		[]any{placeTime("09:40:00"), "10.0.0.1", "203.0.113.67", "notevil.example", "", "allow"},
	))
	if x.total.Events != 5 || x.total.Devices != 3 || x.total.Unmanaged != 2 || strings.Join(x.place.WithoutSensor, " ") != "10.0.9.9 10.0.0.7" {
		t.Errorf("%+v, without a sensor %v", x.total, x.place.WithoutSensor)
	}
	if got := counts(x); got != "1 blocked by the firewall, 1 blocked from outside by the firewall, 3 let through by the firewalls" {
		t.Error(got)
	}
	var gaps []string
	for _, g := range x.place.Gaps {
		gaps = append(gaps, g.Device+" "+g.At.Format("15:04"))
	}
	if strings.Join(gaps, ", ") != "ws-2 09:10, ws-9 11:59" {
		t.Errorf("sensor gaps %v", gaps)
	}
	if got := x.place.Steps[0]; got.Device != "ws-1" || got.DeviceID != "d1" || got.Address != "" {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(x.sentence(), "let through by the firewall on ws-1, Nov 3 09:00 UTC") {
		t.Error(x.sentence())
	}
}

func TestASensorGapRefusesCleanOfWhateverElseWasAskedFor(t *testing.T) {
	x := madeIn(t, "place-firewall", "ip=203.0.113.66,203.0.113.99", perimeter([]any{placeTime("09:10:00"), "10.0.0.2", "203.0.113.66", "", "", "Allow"}))
	a := hunts.Answer{Verdict: hunts.Clean, Coverage: hunts.Coverage{Complete: true, Slices: []hunts.Slice{{State: hunts.SliceDone}}}, ByIndicator: []hunts.IndicatorResult{
		{Indicator: "203.0.113.66", Type: "ip", Verdict: hunts.Clean}, {Indicator: "203.0.113.99", Type: "ip", Verdict: hunts.Clean},
	}}
	addPlaces(&a, []placeResult{x})
	if a.Verdict != hunts.Seen || a.ByIndicator[0].Verdict != hunts.Seen || a.ByIndicator[1].Verdict != hunts.CouldNotTell || a.Coverage.Complete {
		t.Errorf("%s, %+v", a.Verdict, a.ByIndicator)
	}
	if !strings.Contains(a.Reason, "sensor gap on ws-2") {
		t.Error(a.Reason)
	}
}

func TestDNSServersAndProxiesNameWhoAsked(t *testing.T) {
	tables := perimeter()
	tables["DnsEvents"] = localworkspace.Grid{Columns: []string{"TimeGenerated", "ClientIP", "Name"}, Rows: [][]any{
		{placeTime("09:00:00"), "10.0.0.1", "A.evil.example."}, {placeTime("09:00:00"), "10.0.9.9", "evil.example"}, {placeTime("09:00:00"), "10.0.9.9", "notevil.example"},
	}}
	tables["ASimWebSessionLogs"] = localworkspace.Grid{Columns: []string{"TimeGenerated", "SrcIpAddr", "SrcUsername", "Url", "DstHostname", "DstIpAddr", "DvcAction", "EventResult"}, Rows: [][]any{
		{placeTime("09:00:00"), "10.0.0.1", "ana", "https://evil.example/a", "", "203.0.113.5", "Allow", "Success"},
		{placeTime("09:01:00"), "10.0.0.1", "ana", "https://evil.example/b", "", "203.0.113.5", "Deny", "Failure"},
		{placeTime("09:01:00"), "10.0.0.1", "ana", "", "evil.example", "203.0.113.5", "Allow", "Success"},
	}}
	x := madeIn(t, "place-dns-servers", "dns=evil.example", tables)
	if x.total.Events != 2 || x.total.Devices != 1 || x.total.Unmanaged != 1 || x.def.Footprint.Place.Verdict != hunts.Tried {
		t.Errorf("DNS servers: %+v", x.total)
	}
	if got := madeIn(t, "place-dns-servers", "https://evil.example/a", tables); got.total.Events != 2 {
		t.Errorf("a URL at the DNS server: %+v", got.total)
	}
	if got := madeIn(t, "place-web-proxy", "https://evil.example/a", tables); counts(got) != "2 fetched by the proxies" || got.total.HostOnly != 1 {
		t.Errorf("a page at the proxy: %s, %+v", counts(got), got.total)
	}
	if got := madeIn(t, "place-web-proxy", "ip=203.0.113.5", tables); counts(got) != "1 refused by the proxy, 2 fetched by the proxies" {
		t.Errorf("an address at the proxy: %s", counts(got))
	}
}

func TestWhoSignedInFromAnAddressAndWithASecondFactor(t *testing.T) {
	x := madeIn(t, "place-sign-ins", "ip=203.0.113.66", map[string]localworkspace.Grid{
		"SigninLogs": {Columns: []string{"TimeGenerated", "UserPrincipalName", "IPAddress", "ResultType", "AuthenticationRequirement", "DeviceDetail"}, Rows: [][]any{
			{placeTime("09:00:00"), "ana@corp.example", "203.0.113.66", "50126", "singleFactorAuthentication", "{}"},
			{placeTime("09:01:00"), "ana@corp.example", "203.0.113.66", "50074", "multiFactorAuthentication", "{}"},
			{placeTime("09:02:00"), "bo@corp.example", "203.0.113.66", "0", "singleFactorAuthentication", `{"displayName":"ws-1"}`},
			{placeTime("09:03:00"), "cy@corp.example", "203.0.113.66", "0", "multiFactorAuthentication", "{}"},
			{placeTime("09:03:00"), "cy@corp.example", "203.0.113.67", "0", "multiFactorAuthentication", "{}"},
		}},
		"OfficeActivity": {Columns: []string{"TimeGenerated", "UserId", "ClientIP", "Operation", "OfficeWorkload"}, Rows: [][]any{{placeTime("09:05:00"), "bo@corp.example", "203.0.113.66:51000", "FileDownloaded", "SharePoint"}}},
	})
	if got := counts(x); got != "1 FileDownloaded in SharePoint, 1 sign-in failed, 1 sign-in stopped at MFA, 1 signed in with MFA, 1 signed in without MFA" {
		t.Error(got)
	}
	for i, line := range x.found() {
		if i.Kind != indicator.KindIP || x.verdict(line) != hunts.Seen {
			t.Errorf("%v: %s", i, x.verdict(line))
		}
	}
}

func TestAnAddressThatCouldNotBeReadSpoilsThePlaceOfSignIns(t *testing.T) {
	x := madeIn(t, "place-sign-ins", "ip=203.0.113.66", map[string]localworkspace.Grid{
		"SigninLogs": {Columns: []string{"TimeGenerated", "UserPrincipalName", "IPAddress", "ResultType"}, Rows: [][]any{{placeTime("09:00:00"), "ana@corp.example", "203.0.113.66x", "0"}}},
	})
	if len(unreadProblems(x.unread)) != 1 {
		t.Errorf("%+v", x.unread)
	}
}

func TestALoadedLibraryTellsWhatItsProcessConnectedTo(t *testing.T) {
	x := madeIn(t, "place-files-loaded", "file=sync.dll", map[string]localworkspace.Grid{
		"DeviceImageLoadEvents": {Columns: []string{"TimeGenerated", "DeviceName", "DeviceId", "FileName", "InitiatingProcessFileName", "InitiatingProcessId", "SHA1", "SHA256", "MD5", "InitiatingProcessAccountName", "InitiatingProcessCommandLine", "ActionType"}, Rows: [][]any{
			{placeTime("09:00:00"), "WS-FIN-031", "d1", "Sync.dll", "rundll32.exe", 3316, "", "", ""}, {placeTime("09:00:00"), "WS-FIN-032", "d2", "sync.dll", "rundll32.exe", 3316, "", "", ""},
		}},
		"DeviceNetworkEvents": {Columns: []string{"TimeGenerated", "DeviceName", "DeviceId", "ActionType", "RemoteUrl", "RemoteIP", "InitiatingProcessFileName", "InitiatingProcessId"}, Rows: [][]any{
			{placeTime("09:00:10"), "WS-FIN-031", "d1", "ConnectionSuccess", "https://evil.example/x", "203.0.113.66", "rundll32.exe", 3316},
			{placeTime("09:00:10"), "WS-FIN-031", "d1", "ConnectionSuccess", "good.example", "203.0.113.67", "rundll32.exe", 99},
		}},
	})
	if got := x.sentence(); got != "loaded on WS-FIN-031 by rundll32.exe, which connected to evil.example, Nov 3 09:00 UTC; loaded on WS-FIN-032 by rundll32.exe, Nov 3 09:00 UTC" {
		t.Error(got)
	}
}
