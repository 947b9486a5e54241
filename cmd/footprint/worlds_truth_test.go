package main

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// sign is one address or name that an event shows of its remote side.
type sign struct {
	addr netip.Addr
	host string
	// sure tells that the way it is written has one meaning, so that a hunt must
	// find it; otherwise it may count as unread, and is never CLEAN.
	sure bool
}

// fact is one planted event: what happened, and whether anybody can know.
type fact struct {
	signs     []sign
	file      string // of the process; empty when it was not recorded
	hashes    [3]string
	device    device
	at        time.Time
	outcome   string // reached, tried, or open: a reading may make it either
	table     string
	column    string   // where the remote side stands
	spellings []string // how it is written: the kinds of the fact
	silent    bool     // it was lost in a pause, which shows only where it is long: the fault says whether
	dark      bool     // its remote side was lost, the rest is there
	delivered bool     // false once a fault took it away
	arrived   time.Time
	row       *any // the first cell of its row, which faults move and never copy
}

// want is one indicator of the request, as it is meant.
type want struct {
	kind    string // address, network, domain, subdomains, suffix, file, hash
	network netip.Prefix
	host    string
	file    string
	hash    string
	text    string // as it is typed, without a key
	plain   string // canonical
}

// ask is the question.
type ask struct {
	wants    []want
	devices  []string
	scopes   []int
	from, to time.Time // what the window means; from is zero for everything
	window   []string  // words that say so
	late     time.Time // a sweep takes in what arrived after this time
	limit    time.Time // a hunt that bounds its own time looks at nothing older
	sweep    bool      // every indicator by itself
}

func (a ask) has(kinds ...string) bool {
	return slices.ContainsFunc(a.wants, func(w want) bool { return slices.Contains(kinds, w.kind) })
}

func (a ask) hasAddress() bool { return a.has("address", "network") }
func (a ask) hasName() bool    { return a.has("domain", "subdomains", "suffix") }
func (a ask) hasRemote() bool  { return a.hasAddress() || a.hasName() }
func (a ask) hasFile() bool    { return a.has("file", "hash") }
func (a ask) narrowed() bool {
	return !a.sweep && (len(a.devices) > 0 || a.hasRemote() && a.hasFile())
}

// about is the question for one indicator alone.
func (a ask) about(only *want) ask {
	if only != nil && !a.narrowed() {
		a.wants = []want{*only}
	}
	return a
}

// match is how far a fact is what was asked for.
type match int

const (
	no    match = iota
	maybe       // it is, and the hunt may not be able to read that
	sure
)

func (w want) meets(f *fact) match {
	best := no
	for _, s := range f.signs {
		met := false
		switch w.kind {
		case "address", "network":
			met = s.addr.IsValid() && w.network.Contains(s.addr)
		case "domain":
			met = s.host != "" && (s.host == w.host || strings.HasSuffix(s.host, "."+w.host))
		case "subdomains":
			met = strings.HasSuffix(s.host, "."+w.host)
		case "suffix":
			met = s.host != "" && strings.HasSuffix(s.host, w.host)
		}
		switch {
		case met && s.sure:
			return sure
		case met:
			best = maybe
		}
	}
	switch w.kind {
	case "file":
		if f.file == "" && f.table == "DeviceNetworkEvents" {
			return maybe
		}
		if strings.EqualFold(f.file, w.file) {
			return sure
		}
	case "hash":
		if f.hashes[0]+f.hashes[1]+f.hashes[2] == "" {
			return maybe
		}
		if slices.Contains(f.hashes[:], w.hash) {
			return sure
		}
	}
	return best
}

// meets tells whether a fact answers the whole question; only is the one
// indicator meant, or nil for any.
func (a ask) meets(f *fact, only *want) match {
	if !a.inWindow(f) || !a.onDevice(f.device) {
		return no
	}
	if a.sweep {
		return a.eachAlone(f, only)
	}
	remote, file := no, no
	for i := range a.wants {
		w := &a.wants[i]
		m := w.meets(f)
		if w.kind == "file" || w.kind == "hash" {
			file = max(file, m)
		} else {
			remote = max(remote, m)
		}
	}
	if !a.hasRemote() {
		remote = sure
		if file == maybe { // without a remote side, a row without a process is nothing to go by
			file = no
		}
	}
	if !a.hasFile() {
		file = sure
	}
	all := min(remote, file)
	if only != nil {
		all = min(all, only.meets(f))
	}
	return all
}

// eachAlone is how far a fact is any of the indicators, which don't narrow
// each other; a row without a process is nothing to go by.
func (a ask) eachAlone(f *fact, only *want) match {
	best := no
	for _, w := range a.wants {
		if only != nil && w.plain != only.plain {
			continue
		}
		if m := w.meets(f); m == sure || w.file+w.hash == "" {
			best = max(best, m)
		}
	}
	return best
}

func (a ask) inWindow(f *fact) bool {
	if !a.late.IsZero() && f.at.Before(a.from) && !f.arrived.Before(a.late) {
		return true
	}
	return (a.from.IsZero() || !f.at.Before(a.from)) && f.at.Before(a.to)
}

func (a ask) onDevice(d device) bool {
	short, _, _ := strings.Cut(d.name, ".")
	return len(a.devices) == 0 || slices.ContainsFunc(a.devices, func(n string) bool { return strings.EqualFold(n, d.name) || strings.EqualFold(n, short) })
}

// truth is what the oracle knows of one scope, or of all that were asked.
type truth struct {
	reached, tried bool // must be found
	mayReach       bool // REACHED is no lie
	mayTry         bool // TRIED is no lie
	none           bool // nothing happened that was asked for, found or not
	worst          effect
	events         int
	devices        map[string]bool
}

func (a ask) truthOf(s *scope, only *want) truth {
	t := truth{none: true, devices: map[string]bool{}}
	for _, f := range s.facts {
		m := a.meets(f, only)
		if m == no {
			continue
		}
		gone := !f.delivered || f.dark && !a.fileAlone(f, only)
		t.none = t.none && gone && f.silent
		if gone {
			continue
		}
		t.mayReach = t.mayReach || f.outcome != "tried"
		t.mayTry = t.mayTry || f.outcome != "reached"
		if m == sure && (a.limit.IsZero() || f.at.After(a.limit)) {
			t.reached = t.reached || f.outcome == "reached"
			t.tried = t.tried || f.outcome == "tried"
		}
		if f.table == "DeviceNetworkEvents" { // totals are rows of the hunt's own table
			t.events++
			t.devices[f.device.id] = true
		}
	}
	t.worst = harmless
	for _, x := range s.troubles {
		t.worst = max(t.worst, x.spoils(a.about(only)))
	}
	return t
}

// fileAlone tells whether a fact is met by its file, whatever its remote side.
func (a ask) fileAlone(f *fact, only *want) bool {
	if !a.sweep && a.hasRemote() {
		return false
	}
	return slices.ContainsFunc(a.wants, func(w want) bool {
		return w.file+w.hash != "" && (only == nil || w.plain == only.plain) && w.meets(f) == sure
	})
}

func (w *world) truth(only *want) truth {
	all := truth{none: true, devices: map[string]bool{}}
	for _, n := range w.ask.scopes {
		t := w.ask.truthOf(w.scopes[n], only)
		all.reached, all.tried, all.mayReach, all.mayTry = all.reached || t.reached, all.tried || t.tried, all.mayReach || t.mayReach, all.mayTry || t.mayTry
		all.none, all.worst, all.events = all.none && t.none, max(all.worst, t.worst), all.events+t.events
		for d := range t.devices {
			all.devices[d] = true
		}
	}
	return all
}
