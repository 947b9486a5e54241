package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// actions are what comes of an event; an inspected one keeps its own.
var actions = []struct{ name, outcome string }{
	{"ConnectionSuccess", "reached"}, {"ConnectionSuccess", "reached"}, {"ConnectionSuccess", "reached"}, {"ConnectionSuccessAggregatedReport", "reached"}, {"ConnectionAcknowledged", "open"},
	{"ConnectionFailed", "tried"}, {"ConnectionFailed", "tried"}, {"ConnectionAttempt", "tried"}, {"ConnectionFailedAggregatedReport", "tried"},
}

// inspectedOutcome is what comes of an inspected event.
func inspectedOutcome(action string) string {
	switch action {
	case "DnsConnectionInspected", "DnsQueryResponse":
		return "tried"
	case "NetworkSignatureInspected":
		return "open"
	}
	return "reached"
}

// plant puts facts into the scopes that were asked: what is meant, and what
// only looks like it.
func (w *world) plant(hits, near int) {
	for range hits {
		w.plantOne(w.scopes[w.ask.scopes[w.random.IntN(len(w.ask.scopes))]], false)
	}
	for range near {
		w.plantOne(w.scopes[w.random.IntN(len(w.scopes))], true)
	}
}

func (w *world) plantOne(s *scope, near bool) {
	f := &fact{table: "DeviceNetworkEvents", delivered: true, device: s.devices[w.random.IntN(len(s.devices))], at: w.momentIn(), file: "powershell.exe", hashes: backgroundHash(9)}
	var remotes, files []want
	for _, x := range w.ask.wants {
		if x.kind == "file" || x.kind == "hash" {
			files = append(files, x)
		} else {
			remotes = append(remotes, x)
		}
	}
	if len(w.ask.devices) > 0 {
		for _, d := range s.devices {
			if w.ask.onDevice(d) {
				f.device = d
			}
		}
	}
	if len(files) > 0 {
		f.asFile(files[w.random.IntN(len(files))])
	}
	miss := -1
	if near {
		miss = w.random.IntN(4)
	}
	var addr netip.Addr
	var host string
	if len(remotes) > 0 {
		addr, host = w.side(remotes[w.random.IntN(len(remotes))], miss == 0 || miss == 1)
	} else {
		addr = netip.MustParseAddr("192.0.2.99")
	}
	switch {
	case miss == 2:
		f.at = w.momentOutside()
	case miss == 3 && len(files) > 0:
		f.file, f.hashes = "x"+f.file, [3]string{"1" + f.hashes[0][1:], "1" + f.hashes[1][1:], "1" + f.hashes[2][1:]}
	case miss == 3 && len(w.ask.devices) > 0:
		f.device = s.devices[(w.random.IntN(len(s.devices)))]
	case miss == 3 && len(remotes) > 0:
		addr, host = w.side(remotes[0], true)
	case miss == 0 && len(remotes) == 0:
		f.file, f.hashes = "x"+f.file, backgroundHash(8)
	}
	f.arrived = f.at.Add(4 * time.Minute)
	s.write(w, f, addr, host)
}

func (f *fact) asFile(x want) {
	if x.kind == "file" {
		f.file = strings.ToUpper(x.file[:2]) + x.file[2:]
		return
	}
	i := map[int]int{40: 0, 64: 1, 32: 2}[len(x.hash)]
	f.hashes[i] = x.hash
}

// side draws a remote side that an indicator means, or one that only looks
// like it.
func (w *world) side(x want, near bool) (netip.Addr, string) {
	if x.host != "" {
		return netip.Addr{}, w.hostLike(x, near)
	}
	a := x.network.Addr()
	if !near {
		if x.network.Bits() < a.BitLen() && w.random.IntN(2) == 0 {
			a = a.Next()
		}
		return a, ""
	}
	last := x.network.Addr()
	for range 1 << min(10, a.BitLen()-x.network.Bits()) {
		last = last.Next()
	}
	if w.random.IntN(2) == 0 && x.network.Addr().Prev().IsValid() {
		return x.network.Addr().Prev(), ""
	}
	if x.network.Contains(last) {
		return netip.MustParseAddr("192.0.2.98"), ""
	}
	return last, ""
}

func (w *world) hostLike(x want, near bool) string {
	same, sub, glued := x.host, "a1."+x.host, "not"+x.host
	if !near {
		switch x.kind {
		case "subdomains":
			return sub
		case "suffix":
			return []string{same, sub, glued}[w.random.IntN(3)]
		}
		return []string{same, same, sub}[w.random.IntN(3)]
	}
	others := []string{x.host + ".good.test", "a" + x.host[1:] + "x.test", strings.Replace(x.host, ".", "-", 1)}
	if x.kind != "suffix" {
		others = append(others, glued, glued)
	}
	if x.kind == "subdomains" {
		others = append(others, same)
	}
	return others[w.random.IntN(len(others))]
}

// momentIn is a time in the window; now and then just at one of its ends.
func (w *world) momentIn() time.Time {
	from, to := w.ask.from, minTime(w.ask.to, w.now)
	if oldest := w.scopes[0].from; from.Before(oldest) {
		from = oldest
	}
	switch w.random.IntN(8) {
	case 0:
		return from
	case 1:
		return to.Add(-time.Microsecond)
	}
	return from.Add(time.Duration(w.random.Int64N(int64(to.Sub(from))))).Truncate(time.Microsecond)
}

// momentOutside is a time shortly before or after the window.
func (w *world) momentOutside() time.Time {
	before := []time.Duration{time.Microsecond, time.Millisecond, 500 * time.Millisecond, time.Hour, aDay}[w.random.IntN(5)]
	if w.ask.from.IsZero() {
		return w.momentIn()
	}
	if w.random.IntN(3) == 0 {
		return w.ask.to.Add(before - time.Microsecond)
	}
	return w.ask.from.Add(-before)
}

// write makes the event of a fact, in one of the ways a sensor writes it.
func (s *scope) write(w *world, f *fact, addr netip.Addr, host string) {
	d := 0
	for i, have := range s.devices {
		if have.id == f.device.id {
			d = i
		}
	}
	c := s.process(d, f.file, f.hashes)
	act := actions[w.random.IntN(len(actions))]
	for k, v := range (cells{"TimeGenerated": f.at, "ActionType": act.name, "RemoteIPType": "Public", "RemotePort": 443, "RemoteUrl": "", "LocalIP": fmt.Sprintf("10.1.0.%d", d+1), "LocalPort": 51000, "Protocol": "Tcp", "AdditionalFields": "{}", "_IngestionTime": f.arrived}) {
		c[k] = v
	}
	ways := fourWays()
	switch {
	case host != "":
		ways = hostWays()
	case addr.Is6():
		ways = sixWays()
	}
	way := ways[0]
	if w.random.IntN(3) > 0 {
		way = ways[w.random.IntN(len(ways))]
	}
	shown := host
	if host != "" && unicodeOf(host) != host && w.random.IntN(2) == 0 {
		shown = unicodeOf(host)
	}
	way.write(s, c, addr, shown)
	f.spellings, f.outcome = []string{way.kind}, act.outcome
	if shown != host {
		f.spellings = append(f.spellings, "name: Unicode")
	}
	f.column = "RemoteIP"
	if c["RemoteUrl"] != "" {
		f.column = "RemoteUrl"
	}
	if c["ActionType"] != act.name {
		f.outcome = inspectedOutcome(c["ActionType"].(string))
		f.file, f.hashes = "", [3]string{}
		f.column = map[bool]string{true: "LocalIP", false: "AdditionalFields"}[addr.IsValid() && c["LocalIP"] == addr.String()]
	}
	f.signs = append(f.signs, sign{addr: addr, host: host, sure: way.sure})
	if host != "" && w.scopes[0].live && w.random.IntN(12) == 0 { // the look-up alone, where another table has it
		s.lookUp(f, c, shown)
	}
	if f.file != "" && f.table == "DeviceNetworkEvents" && w.random.IntN(6) == 0 {
		c["InitiatingProcessFileName"] = `C:\Users\ana\` + f.file
		f.spellings = append(f.spellings, "file: full path")
	}
	s.facts = append(s.facts, f)
	g := s.grids[f.table]
	g.add(c)
	f.row = &g.rows[len(g.rows)-1][0]
}

// lookUp makes a fact one of the look-ups that only DeviceEvents has.
func (s *scope) lookUp(f *fact, c cells, host string) {
	f.table, f.column, f.outcome = "DeviceEvents", "AdditionalFields", "tried"
	f.spellings = append(f.spellings[1:], "name: look-up in DeviceEvents")
	f.signs[len(f.signs)-1].sure = true
	c["ActionType"], c["AdditionalFields"], c["RemoteIP"], c["RemoteUrl"] = "DnsQueryResponse", bag("DnsQueryString", host, "DnsQueryResult", "[]"), "", ""
	if f.file == "" {
		f.file, f.hashes = "svchost.exe", backgroundHash(2)
		c["InitiatingProcessFileName"], c["InitiatingProcessSHA1"], c["InitiatingProcessSHA256"], c["InitiatingProcessMD5"] = f.file, f.hashes[0], f.hashes[1], f.hashes[2]
	}
}
