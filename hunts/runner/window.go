package runner

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

const day = 24 * time.Hour

// windowOf turns the look-back of a request into instants. A window that is
// asked as a look-back ends now.
func windowOf(r request.Request, now time.Time, byDefault time.Duration) hunts.Window {
	now = now.UTC().Truncate(time.Microsecond)
	switch {
	case r.All:
		return hunts.Window{To: now, All: true}
	case !r.From.IsZero() || !r.To.IsZero():
		w := hunts.Window{From: r.From.UTC(), To: r.To.UTC()}
		if r.To.IsZero() || w.To.After(now) {
			w.To = now
		}
		if r.From.IsZero() {
			w.From = w.To.Add(-byDefault)
		}
		return w
	case r.Since > 0:
		return hunts.Window{From: now.Add(-r.Since), To: now, Ago: r.Since}
	}
	return hunts.Window{From: now.Add(-byDefault), To: now, Ago: byDefault}
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
func slicesOf(w hunts.Window) []hunts.Slice {
	if !w.From.Before(w.To) {
		return nil
	}
	if w.To.Sub(w.From) <= day {
		return []hunts.Slice{{From: w.From, To: w.To}}
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
	slices := make([]hunts.Slice, 0, len(cuts)+1)
	from := w.From
	for i := len(cuts) - 1; i >= 0; i-- {
		slices = append(slices, hunts.Slice{From: from, To: cuts[i]})
		from = cuts[i]
	}
	return append(slices, hunts.Slice{From: from, To: w.To})
}

// timelineStep is the width of a bin of the timeline.
func timelineStep(w hunts.Window) time.Duration {
	if w.To.Sub(w.From) <= 2*day {
		return time.Hour
	}
	return day
}
