package hunts

import (
	"strings"
	"time"
)

// Change is what an answer has that an earlier one to the same question had not.
type Change struct {
	Hunt    string    // the earlier one
	Since   time.Time // where its window ended
	Devices []string  // new ones, newest contact first
	Events  int64
	AtLeast bool // there may be more events
	Rest    bool // both have the same window, and the earlier one left parts of it out
	Whole   bool // all of the window was searched now
}

// None tells that nothing came.
func (c Change) None() bool { return len(c.Devices) == 0 && c.Events <= 0 }

// Since compares a with an earlier answer to the same question. Where the windows
// begin at the same time, as those of a refresh do, the number of events is
// exact; otherwise it counts what happened after the earlier window, as far as
// the answer names it.
func (a Answer) Since(before Answer) Change {
	c := Change{Hunt: before.HuntID, Since: before.Request.To, Rest: a.Request.To.Equal(before.Request.To), Whole: AllDone(a.Coverage.Slices)}
	had := map[string]bool{}
	for _, d := range before.ByDevice {
		had[strings.ToLower(d.Device)] = true
	}
	for _, d := range a.ByDevice {
		if !had[strings.ToLower(d.Device)] {
			c.Devices = append(c.Devices, d.Device)
		}
	}
	if a.Request.From.Equal(before.Request.From) {
		c.Events = max(0, a.Totals.Events-before.Totals.Events)
		return c
	}
	for _, e := range a.Events {
		if !e.Time.Before(before.Request.To) {
			c.Events++
		}
	}
	c.AtLeast = a.Truncated.Events && c.Events == int64(len(a.Events))
	return c
}
