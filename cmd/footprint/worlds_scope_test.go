package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// A world is one made-up company and one question to it. The worlds_*_test.go
// files make it, plant the truth in it, break it, ask on one of the roads, and
// let an oracle judge the answer: the oracle knows the truth from what was
// planted, and shares no code with the product.
type world struct {
	seed, number uint64
	random       *rand.Rand
	now          time.Time
	scopes       []*scope
	ask          ask
	before       *ask // what somebody asked a moment ago; nil for nothing
	road         string
	bound        int    // of ownBounds
	profile      string // why the world was drawn as it was: healthy, faulty, …
}

// scope is one workspace, or one export.
type scope struct {
	name, id string
	live     bool
	xdr      bool          // asked as Defender XDR, not as a workspace
	step     time.Duration // between two events of a device
	from     time.Time     // of the oldest event
	devices  []device
	grids    map[string]*grid
	facts    []*fact
	troubles []trouble // what went wrong, and what it keeps from being known
	service  service   // what the cloud does to its queries
	files    exportFault
	office   bool      // clients sleep
	usual    [][][]any // rows that the events of each device are made of
}

type device struct {
	name, id, user string
	server         bool
}

// trouble is one fault of a scope.
type trouble struct {
	kind string
	// spoils tells what it does to an answer that finds nothing.
	spoils func(a ask) effect
}

// effect is what a trouble does to CLEAN.
type effect int

const (
	harmless effect = iota // CLEAN is right
	either                 // CLEAN and doubt are both right
	spoiled                // CLEAN is false
)

// grid is a table before it takes the shape of a workspace or of a file.
type grid struct {
	columns []string
	rows    [][]any
}

func (g *grid) at(column string) int { return slices.Index(g.columns, column) }

// networkColumns are what a sensor's network events have, as far as a hunt
// reads them.
var networkColumns = []string{
	"TimeGenerated", "DeviceName", "DeviceId", "ActionType", "RemoteIP", "RemoteIPType", "RemotePort", "RemoteUrl", "LocalIP", "LocalPort", "Protocol",
	"InitiatingProcessFileName", "InitiatingProcessFolderPath", "InitiatingProcessCommandLine", "InitiatingProcessParentFileName", "InitiatingProcessAccountName",
	"InitiatingProcessSHA1", "InitiatingProcessSHA256", "InitiatingProcessMD5", "AdditionalFields", "ReportId", "_IngestionTime",
}

// cells is one row of a grid by column name.
type cells map[string]any

func (g *grid) add(c cells) {
	row := make([]any, len(g.columns))
	for i, name := range g.columns {
		row[i] = c[name]
	}
	g.rows = append(g.rows, row)
}

// rhythm is when a fleet talks.
type rhythm struct {
	devices, servers int
	back             time.Duration // how far the events go back
	step             time.Duration
	office           bool // clients are quiet at night and on weekends
}

var clientNames = []string{"ws", "lt", "pc"}

// newScope makes a healthy fleet that reported until now.
func (w *world) newScope(n int, live bool, r rhythm) *scope {
	names := []string{"prod-eu", "prod-us", "lab-ap"}
	s := &scope{name: names[n], id: fmt.Sprintf("00000000-0000-4000-8000-%012d", n+1), live: live, step: r.step, from: w.now.Add(-r.back), grids: map[string]*grid{}}
	for d := range r.devices + r.servers {
		name := fmt.Sprintf("%s-%s-%02d", clientNames[(n+d)%len(clientNames)], s.name[len(s.name)-2:], d)
		if d%5 == 4 {
			name += ".corp.example"
		}
		s.devices = append(s.devices, device{name: name, id: fmt.Sprintf("%08x%032x", n+1, d+1), user: fmt.Sprintf("user%d", d), server: d >= r.devices})
	}
	if n > 0 && w.random.IntN(2) == 0 { // names come twice in a company, and a device may report to two workspaces
		same := w.random.IntN(2) == 0
		for d := range min(len(s.devices), len(w.scopes[0].devices)) {
			s.devices[d].name = w.scopes[0].devices[d].name
			if same {
				s.devices[d].id = w.scopes[0].devices[d].id
			}
		}
	}
	s.office = r.office
	s.network(w, r)
	if live {
		s.otherTables(w, r)
	}
	return s
}

var (
	backgroundFiles     = []string{"msedge.exe", "chrome.exe", "svchost.exe", "outlook.exe", "teams.exe"}
	backgroundAddresses = []string{"192.0.2.11", "192.0.2.23", "192.0.2.42", "192.0.2.57", "198.51.100.20", "198.51.100.77"}
	backgroundHosts     = []string{"mail.good.example", "www.intranet.test", "cdn.updates.example", "tele.metrics.example", "static.assets.test"}
)

// network fills DeviceNetworkEvents: each device talks once a step, one after
// the other, and once shortly before now.
func (s *scope) network(w *world, r rhythm) {
	g := &grid{columns: networkColumns}
	for d, dev := range s.devices {
		s.usual = append(s.usual, s.usualRows(d))
		phase := r.step * time.Duration(d) / time.Duration(len(s.devices))
		for at := w.now.Add(-r.back); at.Before(w.now); at = at.Add(r.step) {
			when := at.Add(phase + time.Duration(w.random.IntN(300))*time.Second)
			if r.office && !dev.server && !atWork(when) || !when.Before(w.now) {
				continue
			}
			g.rows = append(g.rows, s.background(w, d, when))
		}
		if !r.office || dev.server || atWork(w.now) {
			g.rows = append(g.rows, s.background(w, d, w.now.Add(-time.Duration(90+w.random.IntN(400))*time.Second)))
		}
	}
	s.grids["DeviceNetworkEvents"] = g
}

func atWork(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && t.Hour() >= 7 && t.Hour() < 19
}

// background is an event that no request means.
func (s *scope) background(w *world, d int, at time.Time) []any {
	row := slices.Clone(s.usual[d][w.random.IntN(len(backgroundFiles))])
	set := func(c cells) {
		for name, v := range c {
			row[slices.Index(networkColumns, name)] = v
		}
	}
	host := backgroundHosts[w.random.IntN(len(backgroundHosts))]
	row[0], row[len(row)-1], row[remoteURL] = at, at.Add(4*time.Minute), host
	if w.random.IntN(2) == 0 { // the others talk to the address that everybody talks to
		row[remoteIP] = backgroundAddresses[w.random.IntN(len(backgroundAddresses))]
	}
	inspected := func(action, details string) {
		c := cells{}
		s.inspect(c, action, details)
		set(c)
	}
	switch w.random.IntN(20) {
	case 0:
		set(cells{"ActionType": "ConnectionFailed"})
	case 1:
		inspected("SslConnectionInspected", `{"direction":"Out","server_name":"mail.good.example"}`)
	case 2:
		inspected("DnsConnectionInspected", `{"direction":"Out","query":"www.intranet.test","qtype_name":"A"}`)
		set(cells{"RemoteIP": "10.0.0.53", "RemotePort": 53})
	case 3:
		inspected("HttpConnectionInspected", `{"direction":"Out","host":"cdn.updates.example","method":"GET"}`)
	case 4:
		row[remoteURL] = "https://" + host + "/a?b=1"
	case 5:
		row[remoteURL] = ""
	}
	return row
}

var (
	remoteIP  = slices.Index(networkColumns, "RemoteIP")
	remoteURL = slices.Index(networkColumns, "RemoteUrl")
)

// usualRows are what a device's events have in common, one for each process.
func (s *scope) usualRows(d int) [][]any {
	g := &grid{columns: networkColumns}
	for k, file := range backgroundFiles {
		c := s.process(d, file, backgroundHash(k))
		for name, v := range (cells{"ActionType": "ConnectionSuccess", "RemoteIP": "192.0.2.7", "RemoteIPType": "Public", "RemotePort": 443, "LocalIP": fmt.Sprintf("10.1.0.%d", d+1), "LocalPort": 50000 + d, "Protocol": "Tcp", "AdditionalFields": "{}"}) {
			c[name] = v
		}
		g.add(c)
	}
	return g.rows
}

// process is the part of an event that tells who talked.
func (s *scope) process(d int, file string, hash [3]string) cells {
	dev := s.devices[d]
	return cells{
		"DeviceName": dev.name, "DeviceId": dev.id, "InitiatingProcessFileName": file, "InitiatingProcessFolderPath": `c:\windows\` + file, "InitiatingProcessCommandLine": file + " -x",
		"InitiatingProcessParentFileName": "explorer.exe", "InitiatingProcessAccountName": dev.user,
		"InitiatingProcessSHA1": hash[0], "InitiatingProcessSHA256": hash[1], "InitiatingProcessMD5": hash[2], "ReportId": d + 1,
	}
}

// inspect turns an event into one of network inspection, which records no
// process and keeps the name elsewhere.
func (s *scope) inspect(c cells, action, details string) {
	for _, name := range networkColumns {
		if len(name) > 17 && name[:17] == "InitiatingProcess" {
			c[name] = ""
		}
	}
	c["ActionType"], c["AdditionalFields"], c["RemoteUrl"] = action, details, ""
}

func backgroundHash(k int) [3]string {
	return [3]string{fmt.Sprintf("%040x", 0xa000+k), fmt.Sprintf("%064x", 0xb000+k), fmt.Sprintf("%032x", 0xc000+k)}
}

// otherTables are what a live workspace has beside network events.
func (s *scope) otherTables(w *world, r rhythm) {
	info := &grid{columns: []string{"TimeGenerated", "DeviceName", "DeviceId", "OSPlatform", "OnboardingStatus", "SensorHealthState"}}
	events := &grid{columns: networkColumns}
	back := min(r.back, 30*24*time.Hour)
	for d, dev := range s.devices {
		phase := time.Duration(w.random.IntN(20*60)) * time.Minute
		for at := w.now.Add(-back); at.Before(w.now); at = at.Add(24 * time.Hour) {
			info.add(cells{"TimeGenerated": minTime(at.Add(phase), w.now.Add(-10*time.Minute)), "DeviceName": dev.name, "DeviceId": dev.id, "OSPlatform": "Windows11", "OnboardingStatus": "Onboarded", "SensorHealthState": "Active"})
		}
		for at := w.now.Add(-r.back); at.Before(w.now); at = at.Add(2 * r.step) {
			c := s.process(d, "svchost.exe", backgroundHash(2))
			c["TimeGenerated"], c["ActionType"], c["AdditionalFields"] = minTime(at.Add(phase/12), w.now.Add(-5*time.Minute)), "ScheduledTaskCreated", "{}"
			if w.random.IntN(3) == 0 {
				c["ActionType"], c["AdditionalFields"] = "DnsQueryResponse", fmt.Sprintf(`{"DnsQueryString":%q,"DnsQueryResult":"[]"}`, backgroundHosts[3])
			}
			events.add(c)
		}
	}
	s.grids["DeviceInfo"], s.grids["DeviceEvents"] = info, events
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// events is the scope as a workspace serves it.
func (s *scope) events() *localworkspace.Events {
	tables := map[string]localworkspace.Grid{}
	for name, g := range s.grids {
		tables[name] = localworkspace.Grid{Columns: g.columns, Rows: g.rows}
	}
	return localworkspace.Made(tables)
}

// silence takes away what was reported between two times, facts with it.
func (s *scope) silence(from, to time.Time, tables ...string) {
	for name, g := range s.grids {
		if len(tables) > 0 && !slices.Contains(tables, name) {
			continue
		}
		g.rows = slices.DeleteFunc(g.rows, func(row []any) bool {
			at, _ := row[0].(time.Time)
			return !at.Before(from) && at.Before(to)
		})
	}
	for _, f := range s.facts {
		if (len(tables) == 0 || slices.Contains(tables, f.table)) && !f.at.Before(from) && f.at.Before(to) {
			f.delivered, f.silent = false, true
		}
	}
}
