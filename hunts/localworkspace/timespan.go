package localworkspace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// errTimespan is what the service says to a timespan it can't read.
var errTimespan = errors.New("the timespan is not an ISO 8601 duration like P7D, or an interval like 2026-01-01T00:00:00Z/2026-01-02T00:00:00Z")

// parseTimespan reads the API's timespan: a duration back from now, start/end,
// start/duration or duration/end. Empty is unbounded.
func parseTimespan(text string, now time.Time) (from, to time.Time, err error) {
	if text == "" {
		return time.Time{}, time.Time{}, nil
	}
	first, second, interval := strings.Cut(text, "/")
	if !interval {
		back, err := parseISODuration(first)
		if err != nil {
			return time.Time{}, time.Time{}, err
		}
		// an event of this very instant is inside
		return now.Add(-back), now.Add(time.Microsecond), nil
	}
	switch {
	case strings.HasPrefix(first, "P"):
		back, derr := parseISODuration(first)
		end, ok := parseTime(second)
		if derr != nil || !ok {
			return time.Time{}, time.Time{}, fmt.Errorf("timespan %q: %w", clip(text), errTimespan)
		}
		return end.Add(-back), end, nil
	case strings.HasPrefix(second, "P"):
		length, derr := parseISODuration(second)
		start, ok := parseTime(first)
		if derr != nil || !ok {
			return time.Time{}, time.Time{}, fmt.Errorf("timespan %q: %w", clip(text), errTimespan)
		}
		return start, start.Add(length), nil
	}
	start, ok1 := parseTime(first)
	end, ok2 := parseTime(second)
	if !ok1 || !ok2 {
		return time.Time{}, time.Time{}, fmt.Errorf("timespan %q: %w", clip(text), errTimespan)
	}
	if end.Before(start) {
		return time.Time{}, time.Time{}, fmt.Errorf("timespan %q ends before it starts", clip(text))
	}
	return start, end, nil
}

// parseTime reads an instant of a timespan; without a zone it is UTC.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// parseISODuration reads P[nW][nD][T[nH][nM][n.nS]]. Years and months have no
// fixed length; the service takes them as 365 and 30 days.
func parseISODuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("timespan %q: %w", clip(text), errTimespan)
	rest, ok := strings.CutPrefix(text, "P")
	if !ok || rest == "" || strings.HasSuffix(rest, "T") {
		return 0, bad
	}
	const day = 24 * time.Hour
	units := map[byte]time.Duration{'Y': 365 * day, 'M': 30 * day, 'W': 7 * day, 'D': day}
	var sum time.Duration
	for rest != "" {
		if rest[0] == 'T' {
			units = map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
			rest = rest[1:]
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if end <= 0 {
			return 0, bad
		}
		n, err := strconv.ParseFloat(rest[:end], 64)
		unit, known := units[rest[end]]
		// a span of centuries would overflow; no workspace keeps more than 12 years
		if err != nil || !known || n*float64(unit) > float64(200*365*day) {
			return 0, bad
		}
		sum += time.Duration(n * float64(unit))
		rest = rest[end+1:]
	}
	if sum > 200*365*day {
		return 0, bad
	}
	return sum, nil
}

// clip shortens a caller's text for a message.
func clip(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}
