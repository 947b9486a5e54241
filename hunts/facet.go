package hunts

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Facet is one property that an answer can be narrowed by.
type Facet string

// The facets.
const (
	ByProcess   Facet = "process"
	ByDevice    Facet = "device"
	ByOutcome   Facet = "outcome"
	ByIndicator Facet = "indicator"
)

// Filter narrows an answer to the rows that have, or lack, one value.
type Filter struct {
	Facet   Facet  `json:"f"`
	Value   string `json:"v"` // compared without case; empty process is "not recorded by inspection"
	Without bool   `json:"w,omitempty"`
}

// Text is the filter as the grammar of replies writes it.
func (f Filter) Text() string {
	word := "only"
	if f.Without {
		word = "without"
	}
	value := f.Value
	if value == "" {
		value = "(not recorded)"
	}
	return word + " " + value
}

func (f Filter) keeps(r Row) bool {
	has := false
	switch f.Facet {
	case ByProcess:
		has = strings.EqualFold(r.Process, f.Value)
	case ByDevice:
		short, _, _ := strings.Cut(r.Device, ".")
		has = strings.EqualFold(r.Device, f.Value) || strings.EqualFold(short, f.Value)
	case ByOutcome:
		has = strings.EqualFold(string(r.Outcome), f.Value)
	case ByIndicator:
		has = slices.ContainsFunc(r.Matched, func(m string) bool { return strings.EqualFold(m, f.Value) })
	}
	return has != f.Without
}

// Narrowed is an answer seen through filters: made from the rows at hand,
// without a query. It has no verdict: narrowing can hide, but not acquit.
type Narrowed struct {
	Filters   []Filter
	Rows      []Row
	Devices   []DeviceResult
	Processes []string
	Outcomes  Outcomes
	Events    int64
	First     time.Time
	Last      time.Time
	Cut       bool // the answer did not hold all its rows, so this is a part
}

// Narrow keeps the rows that all filters keep.
func (a Answer) Narrow(filters ...Filter) Narrowed {
	n := Narrowed{Filters: filters, Cut: a.Truncated.Rows}
	devices := map[string]*DeviceResult{}
	for _, r := range a.Rows {
		if r.Hidden || slices.ContainsFunc(filters, func(f Filter) bool { return !f.keeps(r) }) {
			continue
		}
		n.Rows = append(n.Rows, r)
		n.Events += r.Events
		n.Outcomes.add(r.Outcome, r.Events)
		if n.First.IsZero() || r.FirstSeen.Before(n.First) {
			n.First = r.FirstSeen
		}
		if r.LastSeen.After(n.Last) {
			n.Last = r.LastSeen
		}
		n.Processes = union(n.Processes, []string{r.Process})
		key := strings.ToLower(r.Device)
		d := devices[key]
		if d == nil {
			d = &DeviceResult{Device: r.Device, Outcome: r.Outcome, FirstSeen: r.FirstSeen, LastSeen: r.LastSeen}
			devices[key] = d
		}
		d.take(r)
	}
	for _, d := range devices {
		n.Devices = append(n.Devices, *d)
	}
	sort.Slice(n.Devices, func(i, j int) bool {
		a, b := n.Devices[i], n.Devices[j]
		if !a.LastSeen.Equal(b.LastSeen) {
			return a.LastSeen.After(b.LastSeen)
		}
		return a.Device < b.Device
	})
	return n
}

func (o *Outcomes) add(kind Outcome, events int64) {
	switch kind {
	case OutcomeReached:
		o.Reached += events
	case OutcomeFailed:
		o.Failed += events
	case OutcomeBlocked:
		o.Blocked += events
	case OutcomeLookedUp:
		o.LookedUp += events
	default:
		o.Other += events
	}
}

func (d *DeviceResult) take(r Row) {
	d.Events += r.Events
	if outcomeRank(r.Outcome) > outcomeRank(d.Outcome) {
		d.Outcome = r.Outcome
	}
	if r.FirstSeen.Before(d.FirstSeen) {
		d.FirstSeen = r.FirstSeen
	}
	if r.LastSeen.After(d.LastSeen) {
		d.LastSeen = r.LastSeen
	}
	d.Processes = union(d.Processes, []string{r.Process})
	d.Accounts = union(d.Accounts, []string{r.Account})
	remote := r.RemoteHost
	if remote == "" {
		remote = r.RemoteIP
	}
	d.Remotes = union(d.Remotes, []string{remote})
	d.Matched = union(d.Matched, r.Matched)
	d.Excluded = union(d.Excluded, []string{r.Excluded})
}

func outcomeRank(o Outcome) int {
	return slices.Index([]Outcome{OutcomeOther, OutcomeLookedUp, OutcomeFailed, OutcomeBlocked, OutcomeReached}, o)
}

// Suggestion is a filter worth a button, with the devices it would leave.
type Suggestion struct {
	Filter  Filter
	Devices int
	Label   string // "Only powershell.exe 2"
}

// Facets are the filters that split the answer best: those whose rows cover
// closest to half of the devices. What covers all or none is no choice.
func (a Answer) Facets(most int) []Suggestion {
	total := map[string]bool{}
	byFilter := map[Filter]map[string]bool{}
	note := func(f Filter, device string) {
		if byFilter[f] == nil {
			byFilter[f] = map[string]bool{}
		}
		byFilter[f][device] = true
	}
	for _, r := range a.Rows {
		if r.Hidden {
			continue
		}
		device := strings.ToLower(r.Device)
		total[device] = true
		if r.Process != "" {
			note(Filter{Facet: ByProcess, Value: strings.ToLower(r.Process)}, device)
		}
		note(Filter{Facet: ByOutcome, Value: string(r.Outcome)}, device)
		for _, m := range r.Matched {
			note(Filter{Facet: ByIndicator, Value: m}, device)
		}
	}
	var out []Suggestion
	for f, devices := range byFilter {
		if len(devices) < len(total) {
			out = append(out, Suggestion{Filter: f, Devices: len(devices), Label: fmt.Sprintf("%s %d", capital(f.Text()), len(devices))})
		}
	}
	half := len(total)
	sort.Slice(out, func(i, j int) bool {
		x, y := abs(2*out[i].Devices-half), abs(2*out[j].Devices-half)
		if x != y {
			return x < y
		}
		return out[i].Label < out[j].Label
	})
	return out[:min(most, len(out))]
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
