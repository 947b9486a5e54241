package runner

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// dip is a time in which far fewer sensors of a scope reported than at the same
// hours of other days: an outage of a part of the fleet, or one that is too short
// to show in a rhythm of hours with and without events.
type dip struct {
	silence
	most  int64 // sensors in any hour of it
	usual int64 // the least that other days have in one of these hours
}

const (
	// dipShare is the share of the usual sensors from which down an hour is part of
	// a dip: an afternoon off, or a holiday with its servers and a few people, is none.
	dipShare = 0.25
	// steadyShare is the same for an hour in which other days hardly differ, by less
	// than a tenth, as those of servers: there, half of them are missed.
	steadyShare = 0.6
	// dipSensors is how many sensors an hour must usually have to say anything.
	dipSensors = 5
	// dipHours is how long a dip is at least: an hour's shift of a working day, as
	// clocks are changed, is none.
	dipHours = 3
)

// busy is how many sensors had an event in each hour.
type busy map[int64]int64

func (s sensors) busy() busy {
	b := make(busy, len(s.Busy))
	for _, h := range s.Busy {
		b[h[0]] = h[1]
	}
	return b
}

// dips are those of a window, oldest first. Its first and last hours are not whole,
// and the newest ones may still come in.
func (b busy) dips(w hunts.Window, newest time.Time) []dip {
	if len(b) == 0 {
		return nil
	}
	first := int64(math.MaxInt64)
	for h := range b {
		first = min(first, h)
	}
	least := -math.Log(chance / max(24, w.To.Sub(w.From).Hours()))
	var out []dip
	var run dip
	weight, counted := 0.0, 0
	end := func() {
		if counted >= 2 && run.length() >= dipHours*time.Hour && weight > least {
			out = append(out, run)
		}
		run, weight, counted = dip{}, 0, 0
	}
	for h := max(hourOf(w.From), first) + 1; h < min(hourOf(newest), hourOf(w.To)); h++ {
		usual, share := b.usual(h, first, hourOf(newest))
		n := b[h]
		switch {
		case usual < dipSensors: // says nothing
		case float64(n) > share*float64(usual):
			end()
		default:
			if counted == 0 {
				run.from, run.usual = startOf(h), usual
			}
			run.to, run.most, run.usual = startOf(h+1), max(run.most, n), min(run.usual, usual)
			weight, counted = weight+surprise(n, usual), counted+1
		}
	}
	end()
	return out
}

// surprise is how unlikely so few sensors are where usual ones are expected, as the
// negative logarithm of the chance (Chernoff's bound).
func surprise(n, usual int64) float64 {
	if n == 0 {
		return float64(usual)
	}
	return float64(usual-n) + float64(n)*math.Log(float64(n)/float64(usual))
}

// usual is how many sensors the same hour has on other days at least, but for the
// worst quarter of them: on workdays or on weekends, and no more than on the same
// weekday, and the share of them from which down an hour is part of a dip. Without
// three such days it is nothing.
func (b busy) usual(h, first, last int64) (sensors int64, share float64) {
	var others []int64
	same := int64(math.MaxInt64)
	ofWeekend := weekend(weekday(h))
	for at := h - (h-first)/24*24; at < last; at += 24 {
		if at <= first || at == h || weekend(weekday(at)) != ofWeekend {
			continue
		}
		others = append(others, b[at])
		if weekday(at) == weekday(h) {
			same = min(same, b[at])
		}
	}
	if len(others) < fewDays {
		return 0, 0
	}
	slices.Sort(others)
	low, share := others[len(others)/4], dipShare
	if 10*low > 9*others[len(others)-1] {
		share = steadyShare
	}
	return min(low, same), share
}

// fewer names the times of a window in which only a part of the sensors reported.
func (s sensors) fewer(w hunts.Window, gaps []silence) []string {
	var out []dip
	for _, d := range s.busy().dips(w, s.Newest) {
		if !slices.ContainsFunc(gaps, func(g silence) bool { return g.from.Before(d.to) && d.from.Before(g.to) }) {
			out = append(out, d)
		}
	}
	if len(out) == 0 {
		return nil
	}
	d := slices.MaxFunc(out, func(a, b dip) int { return int(a.length() - b.length()) })
	text := fmt.Sprintf("only a part of the sensors reported from %s to %s UTC, at most %d, with %d or more at the same hours of other days", dayText(d.from, w), dayText(d.to, w), d.most, d.usual)
	if d.most == 0 {
		text = silentText(d.silence, w)
	}
	return []string{text + moreGaps(len(out)-1)}
}

func silentText(gap silence, w hunts.Window) string {
	return fmt.Sprintf("no events from %s to %s UTC, although the fleet reports at these hours on other days", dayText(gap.from, w), dayText(gap.to, w))
}

func moreGaps(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %s)", hunts.Count(int64(n), "more gap"))
}
