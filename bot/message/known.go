package message

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// maxKnown bounds the earlier hunts that one line tells of.
const maxKnown = 3

// Known is one thing on record about a hunt's indicators: an earlier hunt, or what
// a person marked one of them as. Its words come from outside.
type Known struct {
	// Indicator is what it is about; empty when an earlier hunt asked the very same.
	Indicator string
	// Mark is a person's verdict, such as "marked benign by ana until Nov 15, 2026".
	// It is empty for an earlier hunt, which the other fields describe.
	Mark    string
	At      time.Time
	By      string
	Verdict hunts.Verdict
	Devices int64
	Window  string
	Hunt    string
}

// knownLine is one line of all that is known; nil when that is nothing. Times are in
// the reader's zone, since a message is read long after it was written.
func knownLine(all []Known) line {
	var l line
	hunted, more := 0, 0
	for _, k := range all {
		if k.Mark == "" {
			if hunted++; hunted > maxKnown {
				more++
				continue
			}
		}
		if len(l) > 0 {
			l = l.and(ours("; "))
		}
		l = l.and(k.line()...)
	}
	if more > 0 {
		l = l.and(ours("; and %s", count(int64(more), "more earlier hunt")))
	}
	return l
}

func (k Known) line() line {
	var l line
	if k.Indicator != "" {
		l = l.and(sentence(indicator.Defang(k.Indicator)), ours(" "))
	}
	if k.Mark != "" {
		return l.and(sentence(k.Mark))
	}
	return l.and(ours("hunted "), at(k.At), ours(" by "), sentence(k.By), ours(": %s (", foundText(k.Verdict, k.Devices)), sentence(k.Window), ours(", "), sentence(k.Hunt), ours(")"))
}
