package main

import (
	"fmt"
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
	delivered bool     // false once a fault took it away
	arrived   time.Time
	row       int // in the grid of its table
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
		t.none = false
		if !f.delivered {
			continue
		}
		t.mayReach = t.mayReach || f.outcome != "tried"
		t.mayTry = t.mayTry || f.outcome != "reached"
		if m == sure && (a.limit.IsZero() || f.at.After(a.limit)) {
			t.reached = t.reached || f.outcome == "reached"
			t.tried = t.tried || f.outcome == "tried"
		}
		t.events++
		t.devices[f.device.id] = true
	}
	t.worst = harmless
	for _, x := range s.troubles {
		t.worst = max(t.worst, x.spoils(a.about(only)))
	}
	return t
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

// said is an answer as its contract has it, read without the product's types.
type said struct {
	Verdict     string `json:"verdict"`
	Reason      string `json:"reason"`
	ByIndicator []line `json:"by_indicator"`
	Indicators  []line `json:"indicators"` // a sweep's
	ByScope     []struct {
		Scope   string `json:"scope"`
		Verdict string `json:"verdict"`
		Reason  string `json:"reason"`
	} `json:"by_scope"`
	Totals struct {
		Events  int `json:"events"`
		Devices int `json:"devices"`
	} `json:"totals"`
	refused string // the question was not taken, and why
	sweep   bool
}

type line struct {
	Indicator string `json:"indicator"`
	Type      string `json:"type"`
	Verdict   string `json:"verdict"`
	Events    int    `json:"events"`
	Devices   int    `json:"devices"`
}

// judgement is what the oracle finds wrong with an answer.
type judgement struct {
	falseClean, falseReached, falseTried, missed, wrongCount string
	healthy, clean, refused                                  bool
}

// judge compares an answer with the truth.
func (w *world) judge(a said) judgement {
	var j judgement
	all := w.truth(nil)
	j.healthy = all.none && all.worst == harmless && w.ask.hasRemote() && (!w.ask.sweep || !w.ask.hasFile()) && w.plain()
	if a.refused != "" {
		j.refused = true
		return j
	}
	j.clean = a.Verdict == "CLEAN"
	if a.Verdict == "" { // a ledger has lines alone
		j.clean = !slices.ContainsFunc(a.Indicators, func(l line) bool { return l.Verdict != "CLEAN" })
	} else {
		w.one(&j, "the verdict", a.Verdict, all)
	}
	if !j.clean && j.healthy && a.Verdict == "COULD_NOT_TELL" {
		return j
	}
	healthyHit := all.worst == harmless && !all.none && !a.sweep && w.allSure()
	if healthyHit && (a.Totals.Events != all.events && !w.twice() || a.Totals.Devices != len(all.devices)) {
		j.wrongCount = "it counts " + fmt.Sprintf("%d events on %d devices", a.Totals.Events, a.Totals.Devices) + " where there are " + fmt.Sprintf("%d on %d", all.events, len(all.devices))
	}
	w.lines(&j, a)
	for _, s := range a.ByScope {
		for _, n := range w.ask.scopes {
			if w.scopes[n].name == s.Scope {
				w.one(&j, "the line of scope "+s.Scope, s.Verdict, w.ask.truthOf(w.scopes[n], nil))
			}
		}
	}
	return j
}

// twice tells whether one device did what was asked for in two scopes: its
// events may be the same ones, and are not added up.
func (w *world) twice() bool {
	in := map[string]int{}
	for _, n := range w.ask.scopes {
		for _, f := range w.scopes[n].facts {
			if w.ask.meets(f, nil) != no {
				if other, ok := in[f.device.id]; ok && other != n {
					return true
				}
				in[f.device.id] = n
			}
		}
	}
	return false
}

// lines judges the line of each indicator.
func (w *world) lines(j *judgement, a said) {
	for _, l := range append(a.ByIndicator, a.Indicators...) {
		for i := range w.ask.wants {
			x := &w.ask.wants[i]
			if !x.is(l) {
				continue
			}
			t := w.truth(x)
			if !a.sweep && w.ask.narrowed() && l.Verdict == "CLEAN" {
				j.falseClean = "the line of " + l.Indicator + " is CLEAN in a hunt that a file or a device narrows"
				continue
			}
			w.one(j, "the line of "+l.Indicator, l.Verdict, t)
		}
	}
}

// is tells whether a line is that of an indicator; that of a URL has its host.
func (w want) is(l line) bool {
	said := strings.ToLower(l.Indicator)
	if _, after, ok := strings.Cut(said, "://"); ok {
		said, _, _ = strings.Cut(after, "/")
		if !strings.HasSuffix(said, "]") {
			said = strings.TrimSuffix(said, ":8443")
		}
		said = strings.Trim(said, "[]")
	}
	return said == w.plain
}

func (w *world) one(j *judgement, what, verdict string, t truth) {
	switch verdict {
	case "CLEAN":
		switch {
		case !t.none:
			j.falseClean = what + " is CLEAN, and it happened"
		case t.worst == spoiled:
			j.falseClean = what + " is CLEAN, and it can't be known"
		}
	case "REACHED":
		if !t.mayReach {
			j.falseReached = what + " is REACHED, and nothing was reached"
		}
		return
	case "TRIED":
		if !t.mayTry {
			j.falseTried = what + " is TRIED, and nothing was tried only"
		}
	}
	if t.reached && verdict != "SEEN" && w.reads() {
		j.missed = what + " is " + verdict + ", and it was reached"
	}
}

// reads tells whether what was delivered can be read at all: no service is
// down, and no query fails for want of a column or a table.
func (w *world) reads() bool {
	return !slices.ContainsFunc(w.ask.scopes, func(n int) bool {
		s := w.scopes[n]
		return s.service.fails() || slices.ContainsFunc(s.troubles, func(t trouble) bool { return strings.HasPrefix(t.kind, "no ") || strings.HasSuffix(t.kind, " only") })
	})
}

// plain tells whether no event is written in a way that may count as unread.
func (w *world) plain() bool {
	for _, n := range w.ask.scopes {
		for _, f := range w.scopes[n].facts {
			if slices.ContainsFunc(f.signs, func(s sign) bool { return !s.sure }) {
				return false
			}
		}
	}
	return true
}

// allSure tells whether every fact that was asked for is written plainly.
func (w *world) allSure() bool {
	for _, n := range w.ask.scopes {
		for _, f := range w.scopes[n].facts {
			if w.ask.meets(f, nil) == maybe || !f.delivered {
				return false
			}
		}
	}
	return true
}
