package hunts

import (
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
	ByUser      Facet = "user" // by the account's name, without its domain
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
	case ByUser:
		has = strings.EqualFold(r.Account[strings.LastIndexByte(r.Account, '\\')+1:], f.Value)
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
	Places    []int // of the rows within the answer's
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
	for place, r := range a.Rows {
		if r.Hidden || slices.ContainsFunc(filters, func(f Filter) bool { return !f.keeps(r) }) {
			continue
		}
		n.Rows, n.Places = append(n.Rows, r), append(n.Places, place)
		n.Events += r.Events
		n.Outcomes.add(r.Outcome, r.Events)
		if n.First.IsZero() || r.FirstSeen.Before(n.First) {
			n.First = r.FirstSeen
		}
		if r.LastSeen.After(n.Last) {
			n.Last = r.LastSeen
		}
		n.Processes = Union(n.Processes, []string{r.Process})
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
	if r.Outcome.Rank() > d.Outcome.Rank() {
		d.Outcome = r.Outcome
	}
	if r.FirstSeen.Before(d.FirstSeen) {
		d.FirstSeen = r.FirstSeen
	}
	if r.LastSeen.After(d.LastSeen) {
		d.LastSeen = r.LastSeen
	}
	d.Processes = Union(d.Processes, []string{r.Process})
	d.Accounts = Union(d.Accounts, []string{r.Account})
	remote := r.RemoteHost
	if remote == "" {
		remote = r.RemoteIP
	}
	d.Remotes = Union(d.Remotes, []string{remote})
	d.Matched = Union(d.Matched, r.Matched)
	d.Excluded = Union(d.Excluded, []string{r.Excluded})
}

// Rank orders outcomes, the strongest highest.
func (o Outcome) Rank() int {
	return slices.Index([]Outcome{OutcomeOther, OutcomeLookedUp, OutcomeFailed, OutcomeBlocked, OutcomeReached}, o)
}

// Union adds the names that have lacks, and keeps the first spelling of each name, compared without case, sorted.
func Union(have, more []string) []string {
	if have == nil {
		have = []string{}
	}
	for _, s := range more {
		if s != "" && !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, s) }) {
			have = append(have, s)
		}
	}
	slices.Sort(have)
	return have
}
