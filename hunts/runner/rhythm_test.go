package runner

import (
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// rhythmFrom is a rhythm with an event in every hour for which reports says so.
func rhythmFrom(from, to time.Time, reports func(time.Time) bool) rhythm {
	r := rhythm{days: map[int64]uint32{}}
	for at := from.Truncate(time.Hour); at.Before(to); at = at.Add(time.Hour) {
		if reports(at) {
			r.days[floorDiv(hourOf(at), 24)] |= 1 << mod(hourOf(at), 24)
		}
	}
	return r
}

var rhythmEnd = time.Date(2026, 11, 30, 21, 53, 2, 0, time.UTC) // a Monday

func allHours(time.Time) bool { return true }

// inOffice is a small fleet that sleeps at night and on weekends.
func inOffice(at time.Time) bool {
	return !weekend(at.Weekday()) && at.Hour() >= 7 && at.Hour() < 19
}

func except(reports func(time.Time) bool, from, to string) func(time.Time) bool {
	read := func(s string) time.Time { at, _ := time.Parse("2006-01-02T15", s); return at }
	return func(at time.Time) bool { return reports(at) && !(!at.Before(read(from)) && at.Before(read(to))) }
}

func TestTheRhythmOfAFleetTellsAnOutageFromSleep(t *testing.T) {
	everyOther := func(at time.Time) bool { return at.Hour()%2 == 1 }
	fridays := func(at time.Time) bool {
		return at.Weekday() != time.Friday && at.Weekday() != time.Saturday && at.Hour() >= 7 && at.Hour() < 19
	}
	for _, c := range []struct {
		name    string
		history time.Duration // before the end
		window  time.Duration
		reports func(time.Time) bool
		want    string // the outage, empty for none
	}{
		{"a fleet that never sleeps", 22 * day, 7 * day, allHours, ""},
		{"one week of it and nothing before", 7 * day, 7 * day, allHours, ""},
		{"every other hour", 7 * day, 7 * day, everyOther, ""},
		{"silent for two days", 7 * day, 7 * day, except(everyOther, "2026-11-26T02", "2026-11-27T20"), "Nov 26 02:00 to Nov 27 21:00"},
		{"silent for 47 hours", 22 * day, 7 * day, except(allHours, "2026-11-25T03", "2026-11-27T02"), "Nov 25 03:00 to Nov 27 02:00"},
		{"silent for six hours", 22 * day, 7 * day, except(allHours, "2026-11-25T03", "2026-11-25T09"), "Nov 25 03:00 to Nov 25 09:00"},
		{"silent before the window only", 22 * day, 7 * day, except(allHours, "2026-11-15T03", "2026-11-18T09"), ""},
		{"silent into the window", 22 * day, day, except(allHours, "2026-11-27T03", "2026-11-30T05"), "Nov 27 03:00 to Nov 30 05:00"},
		{"an hour is nothing", 22 * day, 7 * day, except(allHours, "2026-11-25T03", "2026-11-25T04"), ""},
		{"an office", 22 * day, 7 * day, inOffice, ""},
		{"an office of which one week is known", 7 * day, 7 * day, inOffice, ""},
		{"an office that is silent on a Wednesday", 22 * day, 7 * day, except(inOffice, "2026-11-25T00", "2026-11-26T00"), "Nov 24 19:00 to Nov 26 07:00"},
		{"an office that is silent on a Wednesday, of which one week is known", 7 * day, 7 * day, except(inOffice, "2026-11-25T00", "2026-11-26T00"), "Nov 24 19:00 to Nov 26 07:00"},
		{"an office whose weekend is on Friday and Saturday", 22 * day, 7 * day, fridays, ""},
		{"a fleet that never sleeps, silent on a weekend", 22 * day, 7 * day, except(allHours, "2026-11-28T00", "2026-11-30T00"), "Nov 28 00:00 to Nov 30 00:00"},
		{"the same of which one week is known", 7 * day, 7 * day, except(allHours, "2026-11-28T00", "2026-11-30T00"), "Nov 28 00:00 to Nov 30 00:00"},
		{"events in the last hour only", time.Hour, day, allHours, "Nov 29 21:53 to Nov 30 20:00"},
		{"one day of three months", 90 * day, 90 * day, except(allHours, "2026-10-10T00", "2026-10-11T00"), "Oct 10 00:00 to Oct 11 00:00"},
		{"three months of an office", 112 * day, 90 * day, inOffice, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := rhythmEnd.Add(-c.history)
			r := rhythmFrom(from, rhythmEnd, c.reports)
			w := hunts.Window{From: rhythmEnd.Add(-c.window), To: rhythmEnd}
			got := r.outages(w, 2*time.Hour)
			switch {
			case c.want == "" && len(got) == 0:
			case len(got) == 1 && got[0].from.Format("Jan 2 15:04")+" to "+got[0].to.Format("Jan 2 15:04") == c.want:
			default:
				t.Errorf("outages %v, want %q", got, c.want)
			}
		})
	}
}

func TestYearsWithoutAnEventAreAnOutage(t *testing.T) {
	from := time.Date(2019, 12, 5, 8, 0, 0, 0, time.UTC)
	to := time.Date(2023, 7, 18, 17, 0, 0, 0, time.UTC)
	r := rhythmFrom(from, to, func(at time.Time) bool {
		return at.Hour() >= 8 && at.Hour() < 17 && (at.Before(from.Add(3*day)) || at.After(to.Add(-3*day)))
	})
	if got := r.outages(hunts.Window{From: from, To: to}, 2*time.Hour); len(got) != 1 || got[0].length() < 1300*day {
		t.Errorf("outages %v", got)
	}
}

func TestSeveralLongSilencesDoNotExplainEachOther(t *testing.T) {
	from := time.Date(2019, 12, 5, 8, 0, 0, 0, time.UTC)
	to := time.Date(2023, 7, 18, 17, 0, 0, 0, time.UTC)
	r := rhythmFrom(from, to, func(at time.Time) bool {
		for _, start := range []time.Time{from, from.Add(150 * day), from.Add(290 * day), to.Add(-day)} {
			if !at.Before(start) && at.Before(start.Add(5*time.Hour)) {
				return true
			}
		}
		return false
	})
	if got := r.outages(hunts.Window{From: from, To: to}, 2*time.Hour); len(got) < 3 {
		t.Errorf("outages %v", got)
	}
}

func TestAnOldNewestEventIsNoSignOfAnOutageWhileTheFleetSleeps(t *testing.T) {
	at := func(s string) time.Time { x, _ := time.Parse("2006-01-02T15:04", s); return x }
	for _, c := range []struct {
		name       string
		history    time.Duration
		reports    func(time.Time) bool
		newest, to string
		want       bool
	}{
		{"at night", 22 * day, inOffice, "2026-11-26T18:50", "2026-11-27T03:00", true},
		{"on a Sunday", 22 * day, inOffice, "2026-11-27T18:50", "2026-11-29T12:00", true},
		{"on a workday", 22 * day, inOffice, "2026-11-26T09:50", "2026-11-26T15:00", false},
		{"after four days", 22 * day, inOffice, "2026-11-26T18:50", "2026-11-30T21:00", false},
		{"a fleet that never sleeps", 22 * day, allHours, "2026-11-27T00:50", "2026-11-27T04:00", false},
		{"nothing to compare with", 3 * time.Hour, allHours, "2026-11-27T00:50", "2026-11-27T04:00", false},
		{"within one hour", 22 * day, allHours, "2026-11-27T00:10", "2026-11-27T00:50", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			newest := at(c.newest)
			r := rhythmFrom(newest.Add(-c.history), newest.Add(time.Minute), c.reports)
			if got := r.sleeps(newest, at(c.to)); got != c.want {
				t.Errorf("sleeps is %v", got)
			}
		})
	}
}
