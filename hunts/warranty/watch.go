package warranty

import (
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Watch looks for what is new of a hunt until its time is over.
type Watch struct {
	Hunt       string                `json:"hunt"`
	Name       string                `json:"name"`
	Indicators []indicator.Indicator `json:"indicators"`
	Scopes     []string              `json:"scopes"`
	From       time.Time             `json:"from"` // of the hunt's window: what happened there and comes late is new as well
	Began      time.Time             `json:"began"`
	Until      time.Time             `json:"until"`
	By         hunts.Asker           `json:"by"`
	Place      string                `json:"place,omitempty"`
	Known      []string              `json:"known,omitempty"` // devices that were there, or were told
	Seen       map[string]string     `json:"seen,omitempty"`
	// Rang is the first new device, and Fresh are all of them.
	Rang  *Sighting `json:"rang,omitempty"`
	Fresh []string  `json:"fresh,omitempty"`
	// Told counts the new devices that people were told of.
	Told int `json:"told,omitempty"`
	// Doubt tells that what came in could not be searched yet.
	Doubt bool `json:"doubt,omitempty"`
	// Ended is who ended it before its time.
	Ended string `json:"ended,omitempty"`
}

// Sighting is a new device, what it did and through what.
type Sighting struct {
	Device    string        `json:"device"`
	Account   string        `json:"account,omitempty"`
	Process   string        `json:"process,omitempty"`
	Parent    string        `json:"parent,omitempty"`
	Outcome   hunts.Outcome `json:"outcome"`
	Indicator string        `json:"indicator"`
	Type      string        `json:"type"`
	At        time.Time     `json:"at"`
}

// WatchOf begins a watch on an answered hunt.
func WatchOf(h hunts.Hunt, a hunts.Answer, by hunts.Asker, life time.Duration, now time.Time) Watch {
	p := Of(h, a, life, now)
	return Watch{
		Hunt: h.ID, Name: h.Name, Indicators: p.Indicators, Scopes: p.Scopes, From: p.From, Began: now.UTC(), Until: p.Until, By: by, Place: h.Asker.Channel,
		Known: p.Told.Devices,
	}
}

// Note keeps what was found in a scope.
func (w *Watch) Note(scope, mark string) { w.Seen = noted(w.Seen, scope, mark) }

// Over tells that a watch has come to its end.
func (w Watch) Over(now time.Time) bool { return w.Ended != "" || !now.Before(w.Until) }

// Touched gives what came in for a watch in a scope, whenever it happened.
func (w Watch) Touched(scope string, came []hunts.Arrival, now time.Time) (found []hunts.Arrival, mark string, news bool) {
	found = within(w.Indicators, w.From, now.Add(time.Hour), came)
	if len(found) == 0 {
		return nil, w.Seen[scope], false
	}
	mark = markOf(found)
	return found, mark, mark != w.Seen[scope]
}

// Take notes the devices of a search that are new to the watch, the newest contact
// first, and tells how many there are. came are the rows that led to the search:
// what shows in another place than the table of the hunt is named by them only.
func (w *Watch) Take(a hunts.Answer, came []hunts.Arrival) int {
	fresh := 0
	note := func(mark string, s Sighting) {
		if slices.Contains(w.Known, mark) || !strings.HasPrefix(mark, "!") && slices.Contains(w.Known, "!"+mark) || len(w.Known) >= 2*maxKept {
			return
		}
		w.Known, w.Fresh = append(w.Known, mark), append(w.Fresh, s.Device)
		fresh++
		if w.Rang == nil {
			w.Rang = &s
		}
	}
	for _, d := range a.ByDevice {
		if !d.Hidden {
			note(deviceMark(d), sightingOf(a, d))
		}
	}
	if FactsOf(a).ElsewhereEvents <= 0 {
		return fresh
	}
	for _, x := range came {
		if x.Hunt != a.Hunt && x.Device != "" {
			note(strings.ToLower(x.Device), Sighting{Device: x.Device, Indicator: x.Indicator, Type: x.Type, At: x.First})
		}
	}
	return fresh
}

// sightingOf is what a device did, by the row of it that says most.
func sightingOf(a hunts.Answer, d hunts.DeviceResult) Sighting {
	s := Sighting{Device: d.Device, Outcome: d.Outcome, At: d.FirstSeen}
	if len(d.Processes) > 0 {
		s.Process = d.Processes[0]
	}
	if len(d.Accounts) > 0 {
		s.Account = d.Accounts[0]
	}
	if len(d.Matched) > 0 {
		s.Indicator = d.Matched[0]
	}
	for _, r := range a.Rows {
		if !strings.EqualFold(r.Device, d.Device) || r.Outcome != d.Outcome || r.Hidden {
			continue
		}
		s.At = r.FirstSeen
		if r.Process != "" || s.Process == "" {
			s.Account, s.Process, s.Parent = r.Account, r.Process, r.Parent
		}
		if len(r.Matched) > 0 {
			s.Indicator = r.Matched[0]
		}
		if r.Process != "" {
			break
		}
	}
	for _, line := range a.ByIndicator {
		if line.Indicator == s.Indicator {
			s.Type = line.Type
		}
	}
	return s
}
