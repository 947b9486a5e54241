package hunts

import (
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

const day = 24 * time.Hour

// windowOf turns the look-back of a request into instants. A window that is
// asked as a look-back ends now.
func windowOf(r indicator.Request, now time.Time, byDefault time.Duration) Window {
	now = now.UTC().Truncate(time.Microsecond)
	switch {
	case r.All:
		return Window{To: now, All: true}
	case !r.From.IsZero() || !r.To.IsZero():
		w := Window{From: r.From.UTC(), To: r.To.UTC()}
		if r.To.IsZero() || w.To.After(now) {
			w.To = now
		}
		if r.From.IsZero() {
			w.From = w.To.Add(-byDefault)
		}
		return w
	case r.Since > 0:
		return Window{From: now.Add(-r.Since), To: now, Ago: r.Since}
	}
	return Window{From: now.Add(-byDefault), To: now, Ago: byDefault}
}

// Text is the window for people: "last 7 days", or both ends in UTC.
func (w Window) Text() string {
	switch {
	case w.All:
		return "everything the workspace keeps"
	case w.Ago > 0:
		return "last " + agoText(w.Ago)
	}
	return w.From.Format("2006-01-02 15:04") + " to " + w.To.Format("2006-01-02 15:04") + " UTC"
}

func agoText(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d%u.unit == 0 {
			n := d / u.unit
			if n == 1 {
				return u.name
			}
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return d.String()
}

// Limits of slicing: the newest days by UTC days, so that a wider hunt finds
// the days already searched; what is older in a few larger parts, since every
// slice takes one of the five query slots of the identity.
const (
	dailySlices = 6
	olderSlices = 5
)

// slicesOf cuts a window. The slices touch, do not overlap and cover it whole,
// oldest first.
func slicesOf(w Window) []Slice {
	if !w.From.Before(w.To) {
		return nil
	}
	if w.To.Sub(w.From) <= day {
		return []Slice{{From: w.From, To: w.To}}
	}
	var cuts []time.Time
	for at := w.To.Add(-time.Nanosecond).Truncate(day); at.After(w.From) && len(cuts) < dailySlices; at = at.Add(-day) {
		cuts = append(cuts, at)
	}
	if last := cuts[len(cuts)-1]; last.Sub(w.From) > day {
		step := (last.Sub(w.From)/olderSlices/day + 1) * day
		if step < dailySlices*day {
			step = dailySlices * day
		}
		for at := last.Add(-step); at.After(w.From); at = at.Add(-step) {
			cuts = append(cuts, at)
		}
	}
	slices := make([]Slice, 0, len(cuts)+1)
	from := w.From
	for i := len(cuts) - 1; i >= 0; i-- {
		slices = append(slices, Slice{From: from, To: cuts[i]})
		from = cuts[i]
	}
	return append(slices, Slice{From: from, To: w.To})
}

// timelineStep is the width of a bin of the timeline.
func timelineStep(w Window) time.Duration {
	if w.To.Sub(w.From) <= 2*day {
		return time.Hour
	}
	return day
}
