package feed

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// reader takes values in and remembers which it has.
type reader struct {
	sweep.List
	source string
	now    time.Time
	seen   map[string]int // where an entry stands, by its key
	dates  dateOrder      // of the column of ends
	// counted for the notes of the list
	unchecked, observed int
}

func newReader(source string, now time.Time) *reader {
	return &reader{source: source, now: now, seen: map[string]int{}}
}

// maxProblems bounds how many values that are not hunted a source is listed with;
// the others are counted.
const maxProblems = 10_000

// leave lists a value that is not hunted.
func (r *reader) leave(line int, value string, kind sweep.Kind, reason string) {
	if len(r.Problems) >= maxProblems {
		r.Join(nil, map[sweep.Kind]int{kind: 1})
		return
	}
	r.Problems = append(r.Problems, sweep.Problem{Source: r.source, Line: line, Value: value, Kind: kind, Reason: reason})
}

// take puts in what was typed already.
func (r *reader) take(value string, e sweep.Entry) {
	e.Source = r.source
	line := e.Line
	if reason := sweep.TooWide(e.Indicator); reason != "" {
		r.leave(line, value, sweep.OverWide, reason)
		return
	}
	if e.Added.IsZero() {
		e.Added = r.now
	}
	if e.Expires.IsZero() {
		e.Expires, e.Renewed = r.now.Add(sweep.DefaultLife), true
	}
	if e.State == "" {
		e.State = sweep.Active
	}
	if !e.Expires.After(r.now) {
		r.leave(line, value, sweep.Expired, "it expired on "+e.Expires.Format("2 Jan 2006"))
		return
	}
	if k, ok := r.seen[e.Key()]; ok {
		if e.Expires.After(r.Entries[k].Expires) {
			r.Entries[k].Expires = e.Expires
		}
		return
	}
	r.seen[e.Key()] = len(r.Entries)
	r.Entries = append(r.Entries, e)
}

// refused lists what is no indicator. The sentence of a refusal is kept where it
// names the mistake, and not where it explains how to type.
func (r *reader) refused(line int, value string, refusal *indicator.Refusal) {
	plain := strings.TrimSpace(indicator.Refang(value))
	_, notPrefix := netip.ParsePrefix(plain)
	switch {
	case notPrefix == nil:
		r.leave(line, value, sweep.OverWide, refusal.Sentence)
	case indicator.IsPublicSuffix(strings.TrimPrefix(plain, "*")):
		r.leave(line, value, sweep.OverWide, "a public suffix, under which everyone registers names")
	case strings.ContainsAny(value, ".:/"), strings.Contains(refusal.Sentence, "written as a number"):
		r.leave(line, value, sweep.Malformed, refusal.Sentence)
	default:
		r.leave(line, value, sweep.Malformed, "neither an address, a name, a URL, a file name nor a hash")
	}
}

// full tells that there is more than one sweep hunts; there is no use in reading on.
func (r *reader) full() bool { return len(r.Entries) > sweep.MaxEntries }

// tooLong refuses a source that names more than one sweep hunts.
func (r *reader) tooLong() error {
	if len(r.Entries) > sweep.MaxEntries {
		return fmt.Errorf("the watchlist holds more than the %d indicators that one sweep hunts: split it, or let old ones expire", sweep.MaxEntries)
	}
	return nil
}
