package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// hashColumns are where a sensor writes the hashes of a process.
var hashColumns = []string{"InitiatingProcessSHA1", "InitiatingProcessSHA256", "InitiatingProcessMD5"}

// valueFaults keep values that a hunt searches from being read.
func valueFaults() []fault {
	everywhere := func(kind string, strike func(w *world, s *scope)) fault {
		return fault{kind: kind, live: true, exports: true, strike: strike}
	}
	list := []fault{
		everywhere("rows without a process", func(_ *world, s *scope) {
			s.blank([]string{"InitiatingProcessFileName"}, func(int) bool { return true })
			s.trouble("", when(func(a ask) bool { return a.has("file") }))
		}),
		everywhere("hashes not recorded", func(_ *world, s *scope) {
			s.blank(hashColumns, func(int) bool { return true })
			s.trouble("", when(func(a ask) bool { return a.has("hash") }))
		}),
		// a remote side that nobody met was not met through a file either
		everywhere("some rows without a process", func(w *world, s *scope) {
			inside := s.blank([]string{"InitiatingProcessFileName"}, func(int) bool { return w.random.IntN(4) == 0 })
			s.trouble("", when(func(a ask) bool { return a.has("file") && (a.sweep || !a.hasRemote()) && inside(a) }))
		}),
		everywhere("some hashes not recorded", func(w *world, s *scope) {
			inside := s.blank(hashColumns, func(int) bool { return w.random.IntN(4) == 0 })
			s.trouble("", when(func(a ask) bool { return a.has("hash") && (a.sweep || !a.hasRemote()) && inside(a) }))
		}),
		everywhere("unreadable addresses", func(w *world, s *scope) {
			s.unreadable(w, "RemoteIP", []string{"203.0.113", "(redacted)", "203.0.113.6x", "::gggg"}, ask.hasAddress)
		}),
		everywhere("unreadable names", func(w *world, s *scope) {
			s.unreadable(w, "RemoteUrl", []string{"http://[::gggg]/", "(redacted)", "c2\u200b.example", "view-source:http://c2.example", "two words.example"}, ask.hasName)
		}),
		everywhere("rows without an address", func(w *world, s *scope) {
			s.unreadable(w, "RemoteIP", []string{""}, ask.hasAddress)
		}),
		everywhere("details cut", func(w *world, s *scope) { s.cutDetails(w, "DeviceNetworkEvents", "Inspected") }),
		{kind: "details of look-ups cut", live: true, strike: func(w *world, s *scope) { s.cutDetails(w, "DeviceEvents", "DnsQueryResponse") }},
		everywhere("no columns of hashes", func(_ *world, s *scope) {
			for _, c := range hashColumns {
				s.dropColumn(c)
			}
			s.trouble("", when(func(a ask) bool { return a.has("hash") }))
		}),
	}
	for _, c := range []struct {
		column string
		needs  func(ask) bool
	}{
		{"RemoteIP", ask.hasAddress}, {"RemoteUrl", ask.hasRemote}, {"AdditionalFields", ask.hasRemote}, {"LocalIP", func(ask) bool { return false }},
		{"InitiatingProcessFileName", func(a ask) bool { return a.has("file") }},
		{"ActionType", func(ask) bool { return true }}, {"DeviceName", func(a ask) bool { return len(a.devices) > 0 }},
	} {
		list = append(list, everywhere("no column "+c.column, func(_ *world, s *scope) {
			s.dropColumn(c.column)
			s.trouble("", when(c.needs))
		}))
	}
	return list
}

// blank empties columns of some network events, and takes from the facts what
// they told. It gives whether a window holds any such event.
func (s *scope) blank(columns []string, struck func(n int) bool) func(ask) bool {
	g, ok := s.grids["DeviceNetworkEvents"]
	if !ok {
		return func(ask) bool { return false }
	}
	var times []time.Time
	for n, row := range g.rows {
		if !struck(n) {
			continue
		}
		times = append(times, row[0].(time.Time))
		for _, c := range columns {
			if i := g.at(c); i >= 0 {
				row[i] = ""
			}
		}
		if f := s.factAt(row); f != nil {
			f.lose(columns[0])
		}
	}
	return func(a ask) bool {
		in := 0
		for _, at := range times {
			if a.holds(at) {
				in++
			}
		}
		return in*50 > s.inside(a) // some rows of every fleet lack them
	}
}

// inside counts the network events of a window.
func (s *scope) inside(a ask) int {
	n := 0
	for _, row := range s.grids["DeviceNetworkEvents"].rows {
		if a.holds(row[0].(time.Time)) {
			n++
		}
	}
	return n
}

// holds tells whether a time is in the window.
func (a ask) holds(at time.Time) bool {
	return (a.from.IsZero() || !at.Before(a.from)) && at.Before(a.to)
}

// factAt is the fact that a row tells of; nil for the background.
func (s *scope) factAt(row []any) *fact {
	for _, f := range s.facts {
		if f.row == &row[0] {
			return f
		}
	}
	return nil
}

// lose takes from a fact what a column told of it.
func (f *fact) lose(column string) {
	switch {
	case column == "InitiatingProcessFileName":
		f.file = ""
	case strings.HasPrefix(column, "InitiatingProcess"):
		f.hashes = [3]string{}
	case column == "ActionType":
		f.outcome = "open"
	case column == "DeviceName":
		f.device = device{id: f.device.id}
	default:
		f.dark = f.dark || f.column == column
	}
}

// dropColumn takes a column away, and from the facts what it told.
func (s *scope) dropColumn(column string) {
	g, ok := s.grids["DeviceNetworkEvents"]
	i := -1
	if ok {
		i = g.at(column)
	}
	if i < 0 {
		return
	}
	g.columns = slices.Delete(slices.Clone(g.columns), i, i+1)
	for n := range g.rows {
		g.rows[n] = slices.Delete(g.rows[n], i, i+1)
	}
	for _, f := range s.facts {
		if f.table == "DeviceNetworkEvents" {
			f.lose(column)
		}
	}
}

// unreadable overwrites some values of a column with what means nothing; now
// and then those of the facts. In a hunt that a file or a device narrows the events may
// be others' for certain.
func (s *scope) unreadable(w *world, column string, values []string, needs func(ask) bool) {
	g, ok := s.grids["DeviceNetworkEvents"]
	if !ok || g.at(column) < 0 {
		return
	}
	i, inside := g.at(column), false
	for n, row := range g.rows {
		if w.random.IntN(8) == 0 || n == len(g.rows)-1 {
			inside = inside || w.ask.holds(row[0].(time.Time))
			row[i] = values[w.random.IntN(len(values))]
			if f := s.factAt(row); f != nil {
				f.lose(column)
			}
		}
	}
	s.trouble("", when(func(a ask) bool { return needs(a) && inside && !a.narrowed() }))
}

// cutDetails shortens what was recorded beside an event, so that it is no JSON.
func (s *scope) cutDetails(w *world, table, action string) {
	g, ok := s.grids[table]
	if !ok || g.at("AdditionalFields") < 0 {
		return
	}
	i, actions, seen := g.at("AdditionalFields"), g.at("ActionType"), false
	for _, row := range g.rows {
		if text, ok := row[i].(string); ok && actions >= 0 && strings.HasSuffix(fmt.Sprint(row[actions]), action) && len(text) > 20 {
			row[i] = text[:18]
			seen = seen || w.ask.holds(row[0].(time.Time))
			if f := s.factAt(row); f != nil {
				f.lose("AdditionalFields")
			}
		}
	}
	s.trouble("", when(func(a ask) bool { return a.hasName() && seen && !a.narrowed() }))
}
