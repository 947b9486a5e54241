package value

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// MaxTicks is 9999-12-31T23:59:59.9999999, the last instant of the language.
const MaxTicks = 3_155_378_975_999_999_999

func ticksOf(t time.Time) (int64, bool) {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return 0, false
	}
	return DatetimeValue(t).Num, true
}

// datetimeLayouts are the spellings beside ISO 8601 that the language reads
// (Kusto reference, "The datetime data type": RFC 822 and RFC 850).
var datetimeLayouts = [...]string{
	"Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 06 15:04:05 MST", "Mon, 2 Jan 06 15:04 MST", "Mon, 2 Jan 2006 15:04 MST",
	"2 Jan 2006 15:04:05 MST", "2 Jan 06 15:04:05 MST", "2 Jan 06 15:04 MST", "2 Jan 2006 15:04 MST",
	"Mon, 2 Jan 2006 15:04:05", "Mon, 2 Jan 06 15:04:05", "2 Jan 2006 15:04:05", "2 Jan 06 15:04:05", "2 Jan 2006",
	"Mon, 2 Jan 06 15:04", "Mon, 2 Jan 2006 15:04", "2 Jan 06 15:04", "2 Jan 2006 15:04",
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"Monday, 02-Jan-06 15:04:05", "Monday, 02-Jan-06 15:04", "02-Jan-06 15:04:05", "02-Jan-06 15:04",
	"Monday, 02-Jan-06 15:04:05 MST", "Monday, 02-Jan-06 15:04 MST", "Mon, 02-Jan-06 15:04:05 MST",
	"02-Jan-06 15:04:05 MST", "02-Jan-06 15:04 MST",
	"1/2/2006 15:04:05", "1/2/2006 3:04:05 PM", "1/2/2006 15:04", "1/2/2006 3:04 PM", "1/2/2006",
	"1-2-2006 15:04:05", "1-2-2006 15:04", "1-2-2006",
	"Jan 2 2006", "Jan 2, 2006", "January 2, 2006", "2 January 2006",
}

// ParseDatetime reads every spelling of an instant the language takes; without
// an offset it is UTC.
func ParseDatetime(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, false
	}
	if ticks, ok := parseISO(s); ok {
		return ticks, true
	}
	if len(s) < 8 || len(s) > 64 {
		return 0, false
	}
	// time.Parse takes any three capitals for a zone and guesses offset 0
	zone := s[strings.LastIndexByte(s, ' ')+1:]
	if isUpperWord(zone) && zone != "GMT" && zone != "UTC" && zone != "UT" && zone != "AM" && zone != "PM" && zone != "Z" {
		return 0, false
	}
	for _, layout := range datetimeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return ticksOf(t)
		}
	}
	return 0, false
}

func isUpperWord(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return s != ""
}

// dateDigits reads between lo and hi digits.
func dateDigits(s string, lo, hi int) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < hi && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= lo
}

// parseISO reads YYYY[-MM[-DD[(T| )hh[:mm[:ss[.f]]]]]][ ][Z|GMT|±hh[:]mm].
func parseISO(s string) (int64, bool) {
	year, s, ok := dateDigits(s, 4, 4)
	if !ok || year < 1 {
		return 0, false
	}
	month, day := 1, 1
	if s != "" && s[0] == '-' {
		if month, s, ok = dateDigits(s[1:], 1, 2); !ok {
			return 0, false
		}
		if s != "" && s[0] == '-' {
			if day, s, ok = dateDigits(s[1:], 1, 2); !ok {
				return 0, false
			}
		}
	}
	if month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month) {
		return 0, false
	}
	var clock, offset int64
	if len(s) > 1 && (s[0] == 'T' || s[0] == 't' || s[0] == ' ') && s[1] >= '0' && s[1] <= '9' {
		if clock, s, ok = parseClock(s[1:]); !ok {
			return 0, false
		}
	}
	if offset, ok = parseOffset(strings.TrimLeft(s, " ")); !ok {
		return 0, false
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix()*TicksPerSecond + TicksAtUnix
	ticks := date + clock - offset
	return ticks, ticks >= 0 && ticks <= MaxTicks
}

// DaysInMonth counts the days of a month of a year.
func DaysInMonth(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// parseClock reads hh[:mm[:ss[.f]]]; digits past the seventh are dropped.
func parseClock(s string) (ticks int64, rest string, ok bool) {
	h, s, ok := dateDigits(s, 1, 2)
	if !ok || h > 24 {
		return 0, s, false
	}
	ticks = int64(h) * TicksPerHour
	if s == "" || s[0] != ':' {
		return ticks, s, h < 24
	}
	m, s, ok := dateDigits(s[1:], 1, 2)
	if !ok || m > 59 {
		return 0, s, false
	}
	ticks += int64(m) * TicksPerMinute
	if s != "" && s[0] == ':' {
		var sec int
		if sec, s, ok = dateDigits(s[1:], 1, 2); !ok || sec > 59 {
			return 0, s, false
		}
		ticks += int64(sec) * TicksPerSecond
		if len(s) > 1 && (s[0] == '.' || s[0] == ',') {
			var frac int64
			if frac, s, ok = fractionTicks(s[1:]); !ok {
				return 0, s, false
			}
			ticks += frac
		}
	}
	return ticks, s, ticks <= TicksPerDay
}

// fractionTicks reads digits after the point as ticks.
func fractionTicks(s string) (ticks int64, rest string, ok bool) {
	unit, i := int64(TicksPerSecond/10), 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		ticks += int64(s[i]-'0') * unit
		unit /= 10
		i++
	}
	return ticks, s[i:], i > 0
}

func parseOffset(s string) (int64, bool) {
	switch s {
	case "", "Z", "z", "GMT", "UTC":
		return 0, true
	}
	sign := int64(1)
	switch s[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, false
	}
	h, rest, ok := dateDigits(s[1:], 1, 2)
	if !ok || h > 14 {
		return 0, false
	}
	m := 0
	if rest != "" {
		if m, rest, ok = dateDigits(strings.TrimPrefix(rest, ":"), 2, 2); !ok || m > 59 || rest != "" {
			return 0, false
		}
	}
	return sign * (int64(h)*TicksPerHour + int64(m)*TicksPerMinute), true
}

// unitTicks gives the ticks of a timespan unit as it stands in a literal.
func unitTicks(unit string) (float64, bool) {
	switch unit {
	case "d", "day", "days":
		return TicksPerDay, true
	case "h", "hr", "hrs", "hour", "hours":
		return TicksPerHour, true
	case "m", "min", "mins", "minute", "minutes":
		return TicksPerMinute, true
	case "s", "sec", "secs", "second", "seconds":
		return TicksPerSecond, true
	case "ms", "milli", "millis", "millisec", "millisecs", "millisecond", "milliseconds":
		return TicksPerMilli, true
	case "micro", "micros", "microsec", "microsecs", "microsecond", "microseconds":
		return 10, true
	case "nano", "nanos", "nanosec", "nanosecs", "nanosecond", "nanoseconds":
		return 0.01, true
	case "tick", "ticks":
		return 1, true
	}
	return 0, false
}

// ParseTimespan reads [-][d.]hh:mm[:ss[.f]], [-]d:hh:mm:ss, a number with a
// unit ("1.5h", "15 seconds") and a bare number of days.
func ParseTimespan(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	var ticks int64
	var ok bool
	if strings.IndexByte(s, ':') > 0 {
		ticks, ok = parseClockSpan(s)
	} else {
		ticks, ok = parseUnitSpan(s)
	}
	if negative {
		ticks = -ticks
	}
	return ticks, ok
}

func parseClockSpan(s string) (int64, bool) {
	colons := strings.Count(s, ":")
	var days int64
	first := s[:strings.IndexByte(s, ':')]
	cut := strings.IndexByte(first, '.')
	if cut < 0 && colons == 3 {
		cut = len(first)
	}
	if cut >= 0 {
		n, err := strconv.ParseInt(s[:cut], 10, 64)
		if err != nil || n > 10_675_199 { // the days of an int64 of ticks
			return 0, false
		}
		days, s = n, s[cut+1:]
	}
	clock, rest, ok := parseClock(s)
	if !ok || rest != "" || clock == TicksPerDay {
		return 0, false
	}
	ticks := days*TicksPerDay + clock
	return ticks, ticks >= 0
}

func parseUnitSpan(s string) (int64, bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	unit := 1.0 * TicksPerDay
	if name := strings.TrimLeft(s[i:], " "); name != "" {
		var ok bool
		if unit, ok = unitTicks(strings.ToLower(name)); !ok {
			return 0, false
		}
	}
	if n, err := strconv.ParseInt(s[:i], 10, 64); err == nil && unit >= 1 {
		if n > math.MaxInt64/int64(unit) {
			return 0, false
		}
		return n * int64(unit), true
	}
	f, err := strconv.ParseFloat(s[:i], 64)
	if f *= unit; err != nil || f >= math.MaxInt64 {
		return 0, false
	}
	return int64(math.Round(f)), true
}
