package main

import (
	"fmt"
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
			if g, ok := s.grids["DeviceNetworkEvents"]; ok && g.at("ActionType") >= 0 {
				for _, row := range g.rows {
					if i := g.at("ActionType"); strings.HasPrefix(fmt.Sprint(row[i]), "ConnectionSuccess") {
						row[i] = "ConnectionFailed"
					}
				}
			}
			for _, f := range s.facts {
				f.outcome = "open"
			}
			s.trouble("", always(spoiled))
		}},
		{kind: "forward proxy", live: true, exports: true, strike: func(w *world, s *scope) { s.proxy(w) }},
	}
	list = slices.Concat(list, valueFaults(), serviceFaults(), exportFaults())
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

// proxy sends a part of the web through a forward proxy, facts with it.
func (s *scope) proxy(w *world) {
	g, ok := s.grids["DeviceNetworkEvents"]
	if !ok || g.at("RemoteIP") < 0 || g.at("ActionType") < 0 {
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
				f.lose("RemoteIP")
				f.silent = f.silent || f.column == "RemoteIP" // a proxy that carries little is not noticed
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
