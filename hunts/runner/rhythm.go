package runner

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// rhythm is when the fleet of one scope reports: the hours with an event, over the
// window of a hunt and the weeks before it. It tells an outage of the data from a
// fleet that sleeps.
//
// What surprises: the evidence is counted by hour against the same hour of other
// days, first of the same weekday, and an hour in which the fleet never reports
// says nothing.
type rhythm struct {
	// days maps a day since 1970 to the 24 bits of its hours, the first hour lowest.
	days map[int64]uint32
}

// dayBits are days with an event as queries give them: the day since 1970, and the
// bits of its hours.
type dayBits [][2]int64

func (b dayBits) rhythm() rhythm {
	r := rhythm{days: make(map[int64]uint32, len(b))}
	for _, d := range b {
		r.days[d[0]] = uint32(d[1])
	}
	return r
}

const (
	// chance is how likely a silence by chance may be in a whole window before it
	// is called an outage.
	chance = 0.01
	// staleChance is the same for the one silence that ends a window.
	staleChance = 0.02
	// unknownHour is the chance of an event in an hour that no other day tells
	// about.
	unknownHour = 0.75
	// fewDays is how many other days make a comparison.
	fewDays = 3
	// longSilence is how many hours of silence are no part of a rhythm, whatever
	// made them: several outages would explain each other.
	longSilence = 5 * 24
)

// silence is a time without any event.
type silence struct{ from, to time.Time }

func (s silence) length() time.Duration { return s.to.Sub(s.from) }

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

func startOf(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

func (r rhythm) active(hour int64) bool {
	return r.days[floorDiv(hour, 24)]>>(uint(mod(hour, 24)))&1 == 1
}

func floorDiv(a, b int64) int64 { return (a - mod(a, b)) / b }

func mod(a, b int64) int64 { return ((a % b) + b) % b }

// ends are the first and last hours with an event; false without any.
func (r rhythm) ends() (first, last int64, ok bool) {
	for d, hours := range r.days {
		if hours == 0 {
			continue
		}
		lo, hi := d*24+int64(bits.TrailingZeros32(hours)), d*24+int64(31-bits.LeadingZeros32(hours))
		if !ok {
			first, last, ok = lo, hi, true
		}
		first, last = min(first, lo), max(last, hi)
	}
	return first, last, ok
}

// silences are the runs of whole hours without an event that touch a window,
// oldest first. A run reaches beyond the window as far as it is silent, but not
// before the first event that is known.
func (r rhythm) silences(w hunts.Window) []silence {
	first, last, ok := r.ends()
	if !ok {
		return []silence{{w.From, w.To}}
	}
	var out []silence
	begin, end := hourOf(w.From), hourOf(w.To.Add(-time.Nanosecond))
	for h := max(begin, first); h <= min(end, last); h++ {
		if r.active(h) {
			continue
		}
		from := h
		for from > first && !r.active(from-1) {
			from--
		}
		for h < last && !r.active(h+1) {
			h++
		}
		out = append(out, silence{startOf(from), startOf(h + 1)})
	}
	if begin < first {
		out = append([]silence{{w.From, startOf(first)}}, out...)
	}
	if last < end {
		out = append(out, silence{startOf(last + 1), w.To})
	}
	return out
}

// outages are the silences of a window that the fleet's own rhythm does not
// explain. Those shorter than tolerated never count.
func (r rhythm) outages(w hunts.Window, tolerated time.Duration) []silence {
	limit := math.Log(chance / max(24, w.To.Sub(w.From).Hours()))
	c := r.counts(hourOf(w.To))
	var out []silence
	for _, s := range r.silences(w) {
		if sum, _ := c.likelihood(s); s.length() > tolerated && sum < limit {
			out = append(out, s)
		}
	}
	return out
}

// sleeps tells whether the fleet is usually silent from its newest event on: then
// an old newest event is no sign of an outage. Without other days to compare with
// nothing says so.
func (r rhythm) sleeps(newest, to time.Time) bool {
	s := silence{startOf(hourOf(newest) + 1), to}
	sum, compared := r.counts(hourOf(to)).likelihood(s)
	return s.length() > 0 && compared >= fewDays && sum >= math.Log(staleChance)
}

// hourTally counts, for one hour of the day, the days that are known and those
// with an event.
type hourTally struct{ days, active int }

// rhythmCounts is a rhythm by hour of each weekday.
type rhythmCounts struct {
	rhythm
	week  [7][24]hourTally
	night bool // the fleet sleeps on workdays: then a weekend may be silent too
	first int64
	until int64 // the hour in which the window ends is not whole
}

func (r rhythm) counts(until int64) rhythmCounts {
	c := rhythmCounts{rhythm: r, until: until}
	first, _, ok := r.ends()
	if !ok {
		return c
	}
	c.first = first
	for h := first; h < until; {
		end := h + 1
		for !r.active(h) && end < until && !r.active(end) {
			end++
		}
		for ; h < end; h++ {
			if end-h > longSilence && !r.active(h) {
				h = end // no rhythm
				break
			}
			t := &c.week[weekday(h)][mod(h, 24)]
			t.days++
			if r.active(h) {
				t.active++
			}
		}
	}
	c.night = c.sleepsAtNight()
	return c
}

// sleepsAtNight tells whether workdays have five hours in a row, across midnight
// too, in which the fleet hardly ever reports.
func (c rhythmCounts) sleepsAtNight() bool {
	run := 0
	for h := range 2 * 24 {
		if t := c.kind(false, h%24); t.days < 2 || t.active*5 > t.days {
			run = 0
			continue
		}
		if run++; run == 5 {
			return true
		}
	}
	return false
}

// weekday of an hour; January 1, 1970 was a Thursday.
func weekday(hour int64) time.Weekday { return time.Weekday(mod(floorDiv(hour, 24)+4, 7)) }

func weekend(d time.Weekday) bool { return d == time.Saturday || d == time.Sunday }

// kind adds up an hour over the workdays, or over the weekends.
func (c rhythmCounts) kind(ofWeekend bool, hour int) hourTally {
	var sum hourTally
	for d := range c.week {
		if weekend(time.Weekday(d)) == ofWeekend {
			sum.days, sum.active = sum.days+c.week[d][hour].days, sum.active+c.week[d][hour].active
		}
	}
	return sum
}

// likelihood is the logarithm of the chance that the fleet is silent as long as s
// by itself, and how many days each hour could be compared with at least. The days
// of s don't count among them.
func (c rhythmCounts) likelihood(s silence) (sum float64, compared int) {
	from, to := hourOf(s.from), hourOf(s.to)
	if !startOf(from).Equal(s.from) {
		from++
	}
	own := [7][24]int{}
	for h := max(from, c.first); to-from <= longSilence && h < min(to, c.until); h++ {
		own[weekday(h)][mod(h, 24)]++
	}
	compared = math.MaxInt
	for h := from; h < max(to, from+1); h++ { // at least the hour that the silence lies in
		p, days := c.expected(h, own)
		compared = min(compared, days)
		if h < to {
			sum += math.Log1p(-p)
		} else {
			sum += math.Log1p(-p) * s.length().Hours()
		}
	}
	return sum, compared
}

// expected is the chance of an event in an hour, by the same hour of other days,
// and how many of them there are.
func (c rhythmCounts) expected(h int64, own [7][24]int) (p float64, compared int) {
	d, hour := weekday(h), int(mod(h, 24))
	var same, kind, all hourTally
	for n := range 7 {
		t := c.week[n][hour]
		t.days -= own[n][hour]
		all = hourTally{all.days + t.days, all.active + t.active}
		if weekend(time.Weekday(n)) == weekend(d) {
			kind = hourTally{kind.days + t.days, kind.active + t.active}
		}
		if time.Weekday(n) == d {
			same = t
		}
	}
	switch {
	case same.days >= 2 && same.active == 0:
		return 0, max(kind.days, fewDays) // two such weekdays say more than all others
	case kind.days >= 2:
		return chanceOf(kind), kind.days
	case weekend(d) && c.night:
		return 0, fewDays
	case all.days > 0:
		return chanceOf(all), all.days
	}
	return unknownHour, 0
}

// chanceOf is the share of days with an event, with room for what a few days can't
// show.
func chanceOf(t hourTally) float64 {
	switch {
	case t.active > 0:
		return (float64(t.active) + 0.5) / (float64(t.days) + 1)
	case t.days >= fewDays:
		return 0
	}
	return 0.5
}

// longest is the longest of some silences.
func longest(list []silence) silence {
	return slices.MaxFunc(list, func(a, b silence) int { return cmp.Compare(a.length(), b.length()) })
}
