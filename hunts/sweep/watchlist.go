// Package sweep is the watchlist and what a sweep over it says: where entries
// come from, when a sweep is due, and what is new since the last one.
//
// It posts nothing and asks no workspace: the Runner surveys, the bot shows.
// What surprises: an entry lives for 30 days unless somebody says otherwise;
// and what can't be hunted is never dropped, but listed with its reason.
package sweep

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	Ticket     string              `json:"ticket,omitempty"`  // of whoever handles it
	Hits       int64               `json:"hits,omitempty"`    // sweeps that met it
	Met        time.Time           `json:"met,omitzero"`      // slot of the last of them
	Hunted     time.Time           `json:"hunted,omitzero"`   // slot of the sweep that searched its history
	Removed    bool                `json:"removed,omitempty"` // retired by a person, whatever its source says

	Line int `json:"-"` // of its source, while that is read
}

// Key is the identity of an entry within its watchlist.
func (e Entry) Key() string { return string(e.Indicator.Kind) + ":" + e.Indicator.String() }

// Kind is why a value is not hunted, in a word that a post counts by.
type Kind string

// The reasons for which a value is not hunted.
const (
	Malformed  Kind = "malformed"
	OverWide   Kind = "over-wide"
	Guarded    Kind = "skipped"
	Expired    Kind = "expired"
	NotYet     Kind = "not yet valid"
	Withdrawn  Kind = "withdrawn"    // revoked or deleted by its source
	Unsearched Kind = "not huntable" // nothing that network events could show
	Allowed    Kind = "allowed"      // its source lets it pass on purpose
	Context    Kind = "context"      // its source does not mean it for detection
)

// Problem is a line that is not hunted, and why.
type Problem struct {
	Source string `json:"source"`
	Line   int    `json:"line,omitempty"` // 1 is the first; 0 where a format has no lines
	Value  string `json:"value"`          // as it was written: defang and escape it before it is shown
	Kind   Kind   `json:"kind"`
	Reason string `json:"reason"` // a sentence about this one
}

// List is what a source holds.
type List struct {
	Entries  []Entry      `json:"entries"`
	Problems []Problem    `json:"problems"`       // those whose time is over among them
	More     map[Kind]int `json:"more,omitempty"` // further problems, only counted
	// Notes are sentences about the source as a whole: how many of its values are
	// hunted, and what of them is not checked.
	Notes []string `json:"notes,omitempty"`
	// Delta tells that a source only says what changed since it was read last:
	// what it does not name stays, but for the keys in Revoked.
	Delta   bool     `json:"delta,omitempty"`
	Revoked []string `json:"revoked,omitempty"`
}

// Left counts what is not hunted, by the reason.
func (l List) Left() map[Kind]int {
	out := map[Kind]int{}
	for kind, n := range l.More {
		out[kind] += n
	}
	for _, p := range l.Problems {
		out[p.Kind]++
	}
	return out
}

// Summary says how many of the values are hunted, and why the others are not.
func (l List) Summary() string {
	left := l.Left()
	total := len(l.Entries)
	var why []string
	for _, kind := range slices.Sorted(maps.Keys(left)) {
		total += left[kind]
		why = append(why, fmt.Sprintf("%d %s", left[kind], kind))
	}
	said := fmt.Sprintf("%d of %d indicators taken", len(l.Entries), total)
	if len(why) > 0 {
		said += "; left out: " + strings.Join(why, ", ")
	}
	return said
}

// Join takes in what another source leaves out.
func (l *List) Join(problems []Problem, more map[Kind]int) {
	l.Problems = append(l.Problems, problems...)
	for kind, n := range more {
		if l.More == nil {
			l.More = map[Kind]int{}
		}
		l.More[kind] += n
	}
}

// Trim keeps no more problems than most, those that are over last; the others
// are only counted.
func (l *List) Trim(most int) {
	if len(l.Problems) <= most {
		return
	}
	slices.SortStableFunc(l.Problems, func(a, b Problem) int { return expiredLast(a.Kind) - expiredLast(b.Kind) })
	over := map[Kind]int{}
	for _, p := range l.Problems[most:] {
		over[p.Kind]++
	}
	l.Problems = slices.Clone(l.Problems[:most])
	l.Join(nil, over)
}

func expiredLast(k Kind) int {
	if k == Expired {
		return 1
	}
	return 0
}

// The widest networks of a watchlist: what a provider is given, or one
// organisation. A hunt typed by a person may be wider.
const (
	widestV4 = 16
	widestV6 = 32
)

// TooWide says why a network is too wide for a watchlist; empty when it is not.
func TooWide(i indicator.Indicator) string {
	if i.Kind == indicator.KindSuffix && (!strings.Contains(strings.Trim(i.Host, "."), ".") || indicator.IsPublicSuffix(i.Host)) {
		return "it matches too many names: a sweep takes suffixes of a registered name"
	}
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
	return fmt.Sprintf("a sweep takes networks down to /%d; hunt this one on its own", widest)
}

// Hold moves what the guard holds from the entries to the problems.
func (l *List) Hold(g indicator.Guard) {
	l.Entries = slices.DeleteFunc(l.Entries, func(e Entry) bool {
		reason, held := g.Check(e.Indicator)
		if held {
			l.Problems = append(l.Problems, Problem{Source: e.Source, Line: e.Line, Value: e.Indicator.String(), Kind: Guarded, Reason: reason})
		}
		return held
	})
	slices.SortStableFunc(l.Problems, func(a, b Problem) int { return cmp.Or(strings.Compare(a.Source, b.Source), a.Line-b.Line) })
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
