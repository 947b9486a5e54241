package runner

import (
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/upstream"
)

// comparing are the calls whose result changes when a window is searched in parts: a
// clock of the query's own, rows that are compared with each other, the first of them.
var comparing = []string{"ago", "now", "join", "top", "top-nested", "top-hitters", "dcount", "dcountif", "count_distinct", "count_distinctif", "make-series", "summarize", "distinct", "take", "limit", "sample", "prev", "next", "row_cumsum"}

// unknownBack is how far a query is taken to look back whose text does not tell: a
// month is compared with the month before it, and the service keeps 90 days.
const unknownBack = 90 * day

// whole tells whether the body runs once over its whole window, and why. A hunt for
// behavior always does: nobody but its query knows what its rows mean together.
func (d Definition) whole() (why string, whole bool) {
	switch {
	case d.Footprint.Whole != nil:
		return "whole_window", *d.Footprint.Whole
	case d.behavior():
		return "its rows are its own", true
	}
	for _, name := range comparing {
		if d.calls.Line(name) > 0 {
			return name, true
		}
	}
	if d.lookback() > 0 {
		return "lookback", true
	}
	return "", false
}

// lookback is how far before its window the body reads.
func (d Definition) lookback() time.Duration {
	back, _ := request.ParseDuration(d.Footprint.Lookback) // checked when the file is read
	return max(back, d.clock.Before)
}

// ownBack is how far a hunt for behavior looks back by a clock of its own; zero for one
// that searches the window it is given.
func (d Definition) ownBack() time.Duration {
	switch {
	case !d.behavior() || d.clock.Reads == "":
		return 0
	case d.clock.Back > 0:
		stated, _ := request.ParseDuration(d.Footprint.Lookback)
		return max(d.clock.Back, stated)
	case d.lookback() > 0:
		return d.lookback()
	}
	return unknownBack
}

// ownWindow is the window that a hunt for behavior searches when it was asked for w:
// whole seconds, since its query carries no bounds and the service's timespan knows no
// fractions.
func (d Definition) ownWindow(w hunts.Window) hunts.Window {
	w.To = w.To.Add(time.Second - 1).Truncate(time.Second)
	if back := d.ownBack(); back > 0 {
		return hunts.Window{From: w.To.Add(-back), To: w.To, Ago: back}
	}
	if !w.All {
		w.From = w.From.Truncate(time.Second)
	}
	return w
}

// ownWindowIf is the window that a hunt of any kind is asked for.
func (d Definition) ownWindowIf(w hunts.Window) hunts.Window {
	if d.behavior() {
		return d.ownWindow(w)
	}
	return w
}

// byDefault is the look-back of a hunt that nobody gave one.
func (d Definition) byDefault(other time.Duration) time.Duration {
	if d.behavior() && d.upstream.Period > 0 {
		return d.upstream.Period
	}
	return other
}

// fixedEnd refuses a window that ends before now for a hunt that looks back from now.
func (d Definition) fixedEnd(r request.Request) *hunts.Error {
	if d.ownBack() == 0 || r.From.IsZero() && r.To.IsZero() {
		return nil
	}
	return &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("the hunt %s looks back %s from now by itself (%s): leave from= and to= out", d.Name, longText(d.ownBack()), d.clock.Reads)}
}

func longText(d time.Duration) string {
	switch {
	case d >= day && d%day == 0:
		return hunts.Count(int64(d/day), "day")
	case d >= time.Hour && d%time.Hour == 0:
		return hunts.Count(int64(d/time.Hour), "hour")
	}
	return hunts.Count(int64(d/time.Minute), "minute")
}

// noteTime says what was inferred of the times that a hunt for behavior reads.
func (d *Definition) noteTime() {
	switch {
	case d.clock.Reads != "" && d.clock.Back == 0 && d.lookback() == 0:
		d.note(d.line(d.clock.Line), "looks back by itself (%s), and its text does not tell how far: up to %s are searched; say lookback: in a footprint: block", d.clock.Reads, longText(unknownBack))
	case d.clock.Reads != "":
		d.note(d.line(d.clock.Line), "looks back %s by itself (%s), whatever since= says", longText(d.ownBack()), d.clock.Reads)
	case d.lookback() > 0:
		d.note(0, "reads %s before its window as well", longText(d.lookback()))
	}
	if d.clock.Fixed > 0 {
		d.note(d.line(d.clock.Fixed), "has a filter on a date of its own: it never says that nothing was found")
	}
	if d.clock.Odd > 0 {
		d.note(d.line(d.clock.Odd), "handles the clock so that its text does not tell what it searches: it never says that nothing was found")
	}
	if name, line := upstream.Elsewhere(d.Query); line > 0 {
		d.note(d.line(line), "reads beyond its scope (%s): it never says that nothing was found", name)
	}
	for _, name := range []string{"take", "limit", "sample"} {
		if line := d.calls.Line(name); line > 0 {
			d.note(d.line(line), "leaves rows out itself (%s)", name)
			break
		}
	}
}
