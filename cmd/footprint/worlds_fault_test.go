package main

import (
	"slices"
	"strings"
	"time"
)

// fault is one way in which a scope is not as it should be.
type fault struct {
	kind          string
	live, exports bool // where it can happen
	rare          bool // costs too much to be drawn often
	strike        func(w *world, s *scope)
}

func always(e effect) func(ask) effect { return func(ask) effect { return e } }

// when spoils CLEAN for questions that need what is lost, and leaves others open.
func when(needs func(ask) bool) func(ask) effect {
	return func(a ask) effect {
		if needs(a) {
			return spoiled
		}
		return either
	}
}

func (s *scope) trouble(kind string, spoils func(ask) effect) {
	s.troubles = append(s.troubles, trouble{kind, spoils})
}

// quiet is the effect of a time without events: what a window holds of it can't
// be known, unless it is no longer than the fleet's own pauses.
func (s *scope) quiet(w *world, from, to time.Time) func(ask) effect {
	return func(a ask) effect {
		begin, end := from, minTime(to, w.now)
		if a.from.After(begin) {
			begin = a.from
		}
		end = minTime(end, a.to)
		overlap := end.Sub(begin)
		pause := max(8*s.step, 12*time.Hour)
		short := a.to.Sub(a.from) <= pause && !a.from.IsZero()
		switch {
		case overlap <= 0:
			return either // the day before the window tells which sensors report
		case short && overlap >= a.to.Sub(a.from) && overlap > 2*s.step+time.Hour, overlap > pause:
			return spoiled
		}
		return either
	}
}

// faults are the kinds. A world draws one of them, or several.
func faults() []fault {
	list := []fault{
		{kind: "stale for 4 days", live: true, strike: func(w *world, s *scope) { s.outage(w, w.now.Add(-4*aDay), w.now.AddDate(2, 0, 0)) }},
		{kind: "60 days old", live: true, strike: func(w *world, s *scope) {
			s.outage(w, w.now.Add(-60*aDay), w.now.AddDate(2, 0, 0))
		}},
		{kind: "network stale for a day, the rest is not", live: true, strike: func(w *world, s *scope) {
			s.silence(w.now.Add(-aDay), w.now.AddDate(2, 0, 0), "DeviceNetworkEvents")
			s.trouble("", s.quiet(w, w.now.Add(-aDay), w.now))
		}},
		{kind: "DeviceInfo only", live: true, strike: func(w *world, s *scope) { s.lose(w, "DeviceNetworkEvents", "DeviceEvents") }},
		{kind: "no network table", live: true, strike: func(w *world, s *scope) { s.lose(w, "DeviceNetworkEvents") }},
		{kind: "tables empty", live: true, strike: func(w *world, s *scope) {
			s.silence(time.Time{}, w.now.AddDate(2, 0, 0))
			s.trouble("", always(spoiled))
		}},
		{kind: "outage in the window", live: true, exports: true, strike: func(w *world, s *scope) {
			back := w.now.Sub(maxTime(w.ask.from, s.from))
			end := w.now.Add(-back/10 - time.Duration(w.random.Int64N(int64(back/4)+1)))
			length := max(min(back/2, 47*time.Hour), 10*s.step)
			s.outage(w, end.Add(-length), end)
		}},
		{kind: "events only in the last minutes", live: true, strike: func(w *world, s *scope) {
			s.outage(w, time.Time{}, w.now.Add(-9*time.Minute))
		}},
		{kind: "young workspace", live: true, strike: func(w *world, s *scope) {
			age := time.Duration(30+w.random.IntN(130)) * time.Hour
			s.silence(time.Time{}, w.now.Add(-age))
			s.trouble("", func(a ask) effect {
				if !a.from.IsZero() && w.now.Add(-age).Sub(a.from) > aDay+2*s.step {
					return spoiled
				}
				return either
			})
		}},
		{kind: "half of the sensors silent", live: true, strike: func(w *world, s *scope) { s.mute(w) }},
		{kind: "nothing says how many sensors there are", live: true, strike: func(_ *world, s *scope) {
			delete(s.grids, "DeviceInfo")
			delete(s.grids, "DeviceEvents")
			for _, f := range s.facts {
				f.delivered = f.delivered && f.table == "DeviceNetworkEvents"
			}
			s.trouble("", func(a ask) effect {
				if len(a.devices) > 0 {
					return either
				}
				return spoiled
			})
		}},
		{kind: "nothing to control the search by", live: true, strike: func(_ *world, s *scope) {
			s.each("ActionType", func(v any) any {
				if strings.HasPrefix(v.(string), "ConnectionSuccess") {
					return "ConnectionFailed"
				}
				return v
			})
			for _, f := range s.facts {
				f.outcome = "open"
			}
			s.trouble("", always(spoiled))
		}},
		{kind: "forward proxy", live: true, exports: true, strike: func(w *world, s *scope) { s.proxy(w) }},
		{kind: "rows without a process", live: true, exports: true, strike: func(_ *world, s *scope) {
			s.each("InitiatingProcessFileName", func(any) any { return "" })
			for _, f := range s.facts {
				if f.table == "DeviceNetworkEvents" {
					f.file = ""
				}
			}
			s.trouble("", when(func(a ask) bool { return a.has("file") }))
		}},
		{kind: "hashes not recorded", live: true, exports: true, strike: func(w *world, s *scope) {
			for _, c := range []string{"InitiatingProcessSHA1", "InitiatingProcessSHA256", "InitiatingProcessMD5"} {
				s.each(c, func(any) any { return "" })
			}
			for _, f := range s.facts {
				f.hashes = [3]string{}
			}
			s.trouble("", when(func(a ask) bool { return a.has("hash") }))
		}},
		{kind: "unreadable addresses", live: true, exports: true, strike: func(w *world, s *scope) {
			s.unreadable(w, "RemoteIP", []string{"203.0.113", "(redacted)", "203.0.113.6x", "::gggg"}, ask.hasAddress)
		}},
		{kind: "details cut", live: true, exports: true, strike: func(w *world, s *scope) { s.cutDetails(w) }},
	}
	for _, c := range []struct {
		column string
		needs  func(ask) bool
	}{
		{"RemoteIP", ask.hasAddress}, {"RemoteUrl", ask.hasName}, {"AdditionalFields", ask.hasName},
		{"InitiatingProcessFileName", func(a ask) bool { return a.has("file") }},
	} {
		list = append(list, fault{kind: "no column " + c.column, live: true, exports: true, strike: func(_ *world, s *scope) {
			s.dropColumn(c.column)
			s.trouble("", when(c.needs))
		}})
	}
	list = append(list, fault{kind: "no columns of hashes", live: true, exports: true, strike: func(_ *world, s *scope) {
		for _, c := range []string{"InitiatingProcessSHA1", "InitiatingProcessSHA256", "InitiatingProcessMD5"} {
			s.dropColumn(c)
		}
		s.trouble("", when(func(a ask) bool { return a.has("hash") }))
	}})
	list = append(append(list, serviceFaults()...), exportFaults()...)
	for i, f := range list { // what is wrong bears the name of its fault
		list[i].strike = func(w *world, s *scope) {
			before := len(s.troubles)
			f.strike(w, s)
			for n := range s.troubles[before:] {
				s.troubles[before+n].kind = f.kind
			}
		}
	}
	return list
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *scope) outage(w *world, from, to time.Time) {
	s.silence(from, to)
	s.trouble("", s.quiet(w, from, to))
}

// lose takes tables away as a whole.
func (s *scope) lose(_ *world, tables ...string) {
	for _, t := range tables {
		delete(s.grids, t)
	}
	for _, f := range s.facts {
		f.delivered = f.delivered && !slices.Contains(tables, f.table)
	}
	s.trouble("", always(spoiled))
}

// mute keeps a part of the sensors from reporting for weeks, so that four of
// five no longer do; DeviceInfo knew them before.
func (s *scope) mute(w *world) {
	report := len(s.devices) * (45 + w.random.IntN(30)) / 100
	silent := map[any]bool{}
	for _, d := range s.devices[max(1, report):] {
		silent[d.name] = true
	}
	days := 3*aDay + time.Duration(w.random.IntN(20))*aDay
	since := w.now.Add(-days)
	for _, g := range s.grids {
		name := g.at("DeviceName")
		g.rows = slices.DeleteFunc(g.rows, func(row []any) bool { return silent[row[name]] && row[0].(time.Time).After(since) })
	}
	for _, f := range s.facts {
		if silent[f.device.name] && f.at.After(since) {
			f.delivered, f.silent = false, true
		}
	}
	s.trouble("", func(a ask) effect {
		if len(a.devices) > 0 {
			for _, d := range s.devices {
				if a.onDevice(d) && silent[d.name] && maxTime(a.from, s.from).After(since) {
					return spoiled
				}
			}
			return either
		}
		if a.to.Add(-aDay).After(since) && s.knows(silent, a.to) {
			return spoiled
		}
		return either
	})
}

// knows tells whether DeviceInfo named the silent devices in the month before.
func (s *scope) knows(silent map[any]bool, to time.Time) bool {
	g, ok := s.grids["DeviceInfo"]
	if !ok {
		return false
	}
	seen := map[any]bool{}
	name := g.at("DeviceName")
	for _, row := range g.rows {
		if at := row[0].(time.Time); silent[row[name]] && at.After(to.Add(-29*aDay)) {
			seen[row[name]] = true
		}
	}
	return len(seen) == len(silent)
}

// each rewrites a column of the network events, those of facts as well.
func (s *scope) each(column string, f func(any) any) {
	g, ok := s.grids["DeviceNetworkEvents"]
	if !ok || g.at(column) < 0 {
		return
	}
	i := g.at(column)
	for _, row := range g.rows {
		if row[i] != nil {
			row[i] = f(row[i])
		}
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
		if f.table != "DeviceNetworkEvents" {
			continue
		}
		switch {
		case column == "InitiatingProcessFileName":
			f.file = ""
		case strings.HasPrefix(column, "InitiatingProcess"):
			f.hashes = [3]string{}
		default:
			f.dark = f.dark || f.shownIn(column)
		}
	}
}

// shownIn tells whether the remote side of a fact stands in a column.
func (f *fact) shownIn(column string) bool { return f.column == column }

// unreadable overwrites some values of a column with what means nothing; now
// and then those of the facts.
func (s *scope) unreadable(w *world, column string, values []string, needs func(ask) bool) {
	g, ok := s.grids["DeviceNetworkEvents"]
	if !ok {
		return
	}
	i, at := g.at(column), g.at("TimeGenerated")
	if i < 0 {
		return
	}
	inside := false
	for n, row := range g.rows {
		if w.random.IntN(8) == 0 || n == len(g.rows)-1 {
			when, _ := row[at].(time.Time)
			inside = inside || (w.ask.from.IsZero() || !when.Before(w.ask.from)) && when.Before(w.ask.to)
			row[i] = values[w.random.IntN(len(values))]
			for _, f := range s.facts {
				if f.row == &row[0] {
					f.dark = f.dark || f.shownIn(column)
				}
			}
		}
	}
	s.trouble("", when(func(a ask) bool { return needs(a) && inside && len(a.devices) == 0 }))
}

// cutDetails shortens what inspection recorded, so that it is no JSON.
func (s *scope) cutDetails(w *world) {
	g, ok := s.grids["DeviceNetworkEvents"]
	if !ok || g.at("AdditionalFields") < 0 {
		return
	}
	i, action, at, seen := g.at("AdditionalFields"), g.at("ActionType"), g.at("TimeGenerated"), false
	for _, row := range g.rows {
		if text, ok := row[i].(string); ok && strings.HasSuffix(row[action].(string), "Inspected") && len(text) > 20 {
			row[i] = text[:18]
			when, _ := row[at].(time.Time)
			seen = seen || (w.ask.from.IsZero() || !when.Before(w.ask.from)) && when.Before(w.ask.to)
			for _, f := range s.facts {
				if f.row == &row[0] {
					f.dark = f.dark || f.shownIn("AdditionalFields")
				}
			}
		}
	}
	s.trouble("", when(func(a ask) bool { return a.hasName() && seen && len(a.devices) == 0 }))
}

// proxy sends a part of the web through a forward proxy, facts with it.
func (s *scope) proxy(w *world) {
	g, ok := s.grids["DeviceNetworkEvents"]
	if !ok || g.at("RemoteIP") < 0 {
		return
	}
	ip, port := g.at("RemoteIP"), g.at("RemotePort")
	through := []int{8080, 3128, 8888}[w.random.IntN(3)]
	all := w.random.IntN(2) == 0
	for _, row := range g.rows {
		if row[port] != 443 || !all && w.random.IntN(3) > 0 {
			continue
		}
		row[ip], row[port] = "10.0.0.80", through
		for _, f := range s.facts {
			if f.row == &row[0] {
				f.dark = f.dark || f.shownIn("RemoteIP")
				f.silent = f.silent || f.shownIn("RemoteIP") // a proxy that carries little is not noticed
			}
		}
	}
	web, carried := 0, 0
	for _, row := range g.rows { // of the day that is looked at
		if at, _ := row[0].(time.Time); row[g.at("ActionType")] == "ConnectionSuccess" && at.After(minTime(w.ask.to, w.now).Add(-20*time.Hour)) && at.Before(w.ask.to) {
			web++
			if row[port] == through {
				carried++
			}
		}
	}
	s.trouble("", when(func(ask) bool {
		return carried*5 > web && w.ask.hasAddress() && !w.ask.hasName() && len(w.ask.devices) == 0
	}))
}
