// Package sweep is the watchlist and what a sweep over it says: where entries
// come from, when a sweep is due, and what is new since the last one.
//
// It posts nothing and asks no workspace: hunts.Runner surveys, the bot shows.
// What surprises: an entry lives for 30 days unless somebody says otherwise;
// and what can't be hunted is never dropped, but listed with its reason.
package sweep

import (
	"fmt"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// State is where an entry stands.
type State string

// The states of an entry.
const (
	Active  State = "active"
	Quiet   State = "quiet"   // hunted and counted, but it does not shout until QuietUntil
	Retired State = "retired" // kept for the record, no longer hunted
)

// DefaultLife is how long an entry lives when nobody says otherwise: nothing
// lives for ever.
const DefaultLife = 30 * 24 * time.Hour

// Entry is one line of a watchlist.
type Entry struct {
	Indicator  indicator.Indicator `json:"indicator"`
	Source     string              `json:"source"`
	Owner      string              `json:"owner,omitempty"`
	Note       string              `json:"note,omitempty"`
	Confidence int                 `json:"confidence,omitempty"` // 0 to 100; 0 is not given
	Tags       []string            `json:"tags,omitempty"`
	Added      time.Time           `json:"added"`
	Expires    time.Time           `json:"expires"`
	Renewed    bool                `json:"renewed,omitempty"` // its source gave no end: it lives on while the source names it
	State      State               `json:"state"`
	QuietUntil time.Time           `json:"quiet_until,omitzero"`
	Ticket     string              `json:"ticket,omitempty"` // of whoever handles it
	Hits       int64               `json:"hits,omitempty"`   // sweeps that met it
	Met        time.Time           `json:"met,omitzero"`     // slot of the last of them
	Hunted     time.Time           `json:"hunted,omitzero"`  // slot of the sweep that searched its history
}

// Key is the identity of an entry within its watchlist.
func (e Entry) Key() string { return string(e.Indicator.Kind) + ":" + e.Indicator.String() }

// Problem is a line that is not hunted, and why.
type Problem struct {
	Source string `json:"source"`
	Line   int    `json:"line,omitempty"` // 1 is the first; 0 where a format has no lines
	Value  string `json:"value"`          // as it was written: defang and escape it before it is shown
	Reason string `json:"reason"`
}

// List is what a source holds.
type List struct {
	Entries  []Entry   `json:"entries"`
	Problems []Problem `json:"problems"`
	Expired  int       `json:"expired"` // left out because their time is over
}

// add puts in one value, or says why not. Within one list an indicator is there
// once; a repeated one keeps the later end.
func (l *List) add(seen map[string]int, line int, value string, e Entry, now time.Time) {
	typed, refusal := indicator.Type(value)
	reason := ""
	switch {
	case refusal != nil && indicator.IsPublicSuffix(value):
		reason = "over-wide: a public suffix, under which everyone registers names"
	case refusal != nil:
		reason = refusal.Sentence
	default:
		reason = overWide(typed)
	}
	if reason != "" {
		l.Problems = append(l.Problems, Problem{Source: e.Source, Line: line, Value: value, Reason: reason})
		return
	}
	e.Indicator = typed
	if e.Added.IsZero() {
		e.Added = now
	}
	if e.Expires.IsZero() {
		e.Expires, e.Renewed = now.Add(DefaultLife), true
	}
	if e.State == "" {
		e.State = Active
	}
	if !e.Expires.After(now) {
		l.Expired++
		return
	}
	if k, ok := seen[e.Key()]; ok {
		if e.Expires.After(l.Entries[k].Expires) {
			l.Entries[k].Expires = e.Expires
		}
		return
	}
	seen[e.Key()] = len(l.Entries)
	l.Entries = append(l.Entries, e)
}

// The widest networks of a watchlist: what a provider is given, or one
// organisation. A hunt typed by a person may be wider.
const (
	widestV4 = 16
	widestV6 = 32
)

func overWide(i indicator.Indicator) string {
	p, ok := i.Prefix()
	if i.Kind != indicator.KindCIDR || !ok {
		return ""
	}
	widest := widestV6
	if p.Addr().Is4() {
		widest = widestV4
	}
	if p.Bits() >= widest {
		return ""
	}
	return fmt.Sprintf("over-wide: a sweep takes networks down to /%d; hunt this one by itself", widest)
}

// Hold moves what the guard holds from the entries to the problems.
func (l *List) Hold(g indicator.Guard) {
	l.Entries = slices.DeleteFunc(l.Entries, func(e Entry) bool {
		reason, held := g.Check(e.Indicator)
		if held {
			l.Problems = append(l.Problems, Problem{Source: e.Source, Value: e.Indicator.String(), Reason: "held back: " + reason})
		}
		return held
	})
}

// Indicators are what is hunted: everything that is not retired.
func (l List) Indicators() []indicator.Indicator {
	var out []indicator.Indicator
	for _, e := range l.Entries {
		if e.State != Retired {
			out = append(out, e.Indicator)
		}
	}
	return out
}

// MaxEntries is how many entries one watchlist holds.
const MaxEntries = 50_000

func (l List) tooLong() error {
	if len(l.Entries) > MaxEntries {
		return fmt.Errorf("the watchlist holds %d indicators, more than the %d that one sweep hunts: split it, or let old ones expire", len(l.Entries), MaxEntries)
	}
	return nil
}
