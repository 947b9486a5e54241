package feed

import (
	"strconv"
	"strings"
	"time"
)

// dateOrder says which of two numbers of a date is the day, where a source
// shows it; the zero value does not know.
type dateOrder byte

const (
	dayFirst   dateOrder = 'd'
	monthFirst dateOrder = 'm'
	mixedOrder dateOrder = '?'
)

// dateLayouts are the dates that can't be mistaken.
var dateLayouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05.999999", "2006-01-02 15:04:05.999999 MST", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006/01/02",
	"20060102", "02.01.2006", "02.01.2006 15:04:05", "02.01.2006 15:04", "2 Jan 2006", "02-Jan-2006", "Jan 2, 2006", "January 2, 2006", "2 January 2006", time.RFC1123, time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 MST",
}

// slashLayouts begin with two numbers of which either may be the day.
var slashLayouts = []string{"1/2/2006", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006 3:04:05 PM", "1/2/2006, 3:04:05 PM", "1-2-2006", "1-2-2006 15:04:05"}

const askDate = "can't be read: write 2026-12-31"

// instant reads a date; nothing, and words for never, are no date. why says what
// is wrong with it and what to write.
func (o dateOrder) instant(s string) (at time.Time, why string) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "", "-", "0", "n/a", "na", "none", "null", "never", "unknown", "permanent":
		return time.Time{}, ""
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			// Parse takes any abbreviation and calls it UTC
			if zone, offset := t.Zone(); zone != "" && zone != "UTC" && zone != "GMT" && zone != "Z" && offset == 0 && strings.HasSuffix(layout, "MST") {
				return time.Time{}, "names a zone with more than one meaning: write the offset, as in 2026-12-31T18:00:00-05:00"
			}
			return t.UTC(), ""
		}
	}
	if t, sure, ok := slashed(s); ok {
		if sure == 0 {
			sure = o
		}
		switch sure {
		case monthFirst:
			return t, ""
		case dayFirst:
			return swapped(t), ""
		}
		return time.Time{}, "can be " + t.Format("January 2") + " or " + swapped(t).Format("January 2") + ": write " + t.Format("2006-01-02") + " or " + swapped(t).Format("2006-01-02")
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 1_000_000_000 {
		if n > 100_000_000_000 { // milliseconds
			return time.UnixMilli(n).UTC(), ""
		}
		return time.Unix(n, 0).UTC(), ""
	}
	return time.Time{}, askDate
}

// slashed reads a date such as 12/31/2026 with the month first. sure says which
// number is the day when only one of them can be.
func slashed(s string) (t time.Time, sure dateOrder, ok bool) {
	for _, layout := range slashLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Day() > 12 {
				return t, monthFirst, true
			}
			if t.Day() == int(t.Month()) {
				return t, monthFirst, true
			}
			return t, 0, true
		}
		day := strings.Replace(layout, "1/2", "2/1", 1)
		if day = strings.Replace(day, "1-2", "2-1", 1); day != layout {
			if t, err := time.Parse(day, s); err == nil {
				return swapped(t), dayFirst, true
			}
		}
	}
	return time.Time{}, 0, false
}

// swapped exchanges day and month.
func swapped(t time.Time) time.Time {
	return time.Date(t.Year(), time.Month(t.Day()), int(t.Month()), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// orderOf finds the one order that the dates of a column are written in; none
// when no date shows it, or two contradict each other.
func orderOf(rows []row, at int) dateOrder {
	var order dateOrder
	for _, x := range rows {
		t, sure, ok := slashed(x.at(at))
		if !ok || sure == 0 || t.Day() == int(t.Month()) {
			continue
		}
		if order != 0 && order != sure {
			return mixedOrder
		}
		order = sure
	}
	return order
}
