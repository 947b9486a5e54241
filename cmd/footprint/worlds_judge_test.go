package main

import (
	"fmt"
	"slices"
	"strings"
)

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
	j.healthy = all.none && all.worst == harmless && w.ask.hasRemote() && (!w.ask.sweep || !w.ask.hasFile()) && w.plain() && !w.asleep()
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
	j.healthy = j.healthy && a.Verdict != "HISTORY" // what lies before the look-back of a sweep is told as well
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
// down, no file is torn, and no query fails for want of a column or a table.
func (w *world) reads() bool {
	return !slices.ContainsFunc(w.ask.scopes, func(n int) bool {
		s := w.scopes[n]
		return s.service.fails() || s.files.torn || slices.ContainsFunc(s.troubles, func(t trouble) bool { return strings.HasPrefix(t.kind, "no ") || strings.HasSuffix(t.kind, " only") })
	})
}

// asleep tells whether the device asked for is one that is off at night and on
// weekends: of it nobody can know.
func (w *world) asleep() bool {
	return slices.ContainsFunc(w.ask.scopes, func(n int) bool {
		s := w.scopes[n]
		return s.office && slices.ContainsFunc(s.devices, func(d device) bool { return len(w.ask.devices) > 0 && !d.server && w.ask.onDevice(d) })
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
