package request

import (
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// maxLookBack is the longest a Log Analytics table can keep data, in days:
// 12 years (https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure).
const maxLookBack = 4383 * 24 * time.Hour

// ParseDuration reads a look-back: a number and m, h, d or w.
func ParseDuration(s string) (time.Duration, *Refusal) {
	t := strings.TrimSpace(indicator.ASCIIForm(s))
	const forms = "write since=30m, since=24h, since=7d, since=4w or since=all"
	no := func(why string) (time.Duration, *Refusal) {
		return 0, indicator.Refuse("since", s, "since=%s %s: %s", indicator.Plain(t), why, forms)
	}
	digits := 0
	for digits < len(t) && t[digits] >= '0' && t[digits] <= '9' {
		digits++
	}
	number, unit := t[:digits], t[digits:]
	switch {
	case t == "":
		return 0, indicator.Refuse("since", s, "since= has no value: %s", forms)
	case strings.HasPrefix(t, "-"):
		return no("is negative; a look-back already counts back from now")
	case digits == 0:
		return no("isn't a length of time")
	case unit == "":
		return no("has no unit")
	case unit == "M" || strings.HasPrefix(strings.ToLower(unit), "mo"):
		return no("may mean months, which have no fixed length; count days or weeks")
	case strings.HasPrefix(strings.ToLower(unit), "y"):
		return no("means years, which have no fixed length; count days or weeks")
	case strings.HasPrefix(unit, ".") || strings.HasPrefix(unit, ","):
		return no("is not a whole number")
	}
	var one time.Duration
	switch unit {
	case "m":
		one = time.Minute
	case "h", "H":
		one = time.Hour
	case "d", "D":
		one = 24 * time.Hour
	case "w", "W":
		one = 7 * 24 * time.Hour
	default:
		return no("is not one number and one of m, h, d, w")
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > int64(maxLookBack/one) {
		return no("is longer than any workspace keeps its data")
	}
	if n == 0 {
		return no("must be more than zero")
	}
	return time.Duration(n) * one, nil
}

// formatDuration is the inverse of ParseDuration, in the largest of d, h and m
// that is exact.
func formatDuration(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
	case d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	default:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	}
}

// earliest is before any endpoint sensor; an earlier year is a slip.
var earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

// parseTime reads from= and to=: RFC 3339, or a date in UTC. A date given to
// to= means the end of that day, that is the next midnight.
func parseTime(key, s string) (time.Time, *Refusal) {
	t := strings.ToUpper(strings.TrimSpace(indicator.ASCIIForm(s)))
	if t == "" {
		return time.Time{}, indicator.Refuse(key, s, "%s= has no value: write a date as in %s=2026-05-30, or a time as in %s=2026-05-30T14:00:00Z", key, key, key)
	}
	at, err := time.Parse(time.DateOnly, t)
	if err == nil && key == "to" {
		at = at.AddDate(0, 0, 1)
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if err != nil {
			at, err = time.Parse(layout, t)
		}
	}
	if err != nil {
		for _, layout := range [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
			if zoneless, e := time.Parse(layout, t); e == nil {
				return time.Time{}, indicator.Refuse(key, s, "%s=%s has no time zone: write %s=%s for UTC", key, indicator.Plain(s), key, zoneless.Format(time.RFC3339))
			}
		}
		return time.Time{}, indicator.Refuse(key, s, "%s=%s isn't a time: write a date as in %s=2026-05-30, or a time as in %s=2026-05-30T14:00:00Z", key, indicator.Plain(s), key, key)
	}
	at = at.UTC()
	if at.Before(earliest) || at.Year() > 9999 {
		return time.Time{}, indicator.Refuse(key, s, "%s=%s is outside any record: write a date as in %s=2026-05-30", key, indicator.Plain(s), key)
	}
	return at, nil
}

// checkWindow refuses windows that cannot hold an event. to= may reach to the
// end of the current day in UTC, so that to=<today> works.
func checkWindow(r Request, now time.Time) *Refusal {
	now = now.UTC()
	stamp := now.Format("2006-01-02 15:04")
	counted := r.Since > 0 || r.All
	switch midnight := now.Truncate(24 * time.Hour).Add(24 * time.Hour); {
	case counted && (!r.From.IsZero() || !r.To.IsZero()):
		return indicator.Refuse("since", "", "since= counts back from now, so it can't be combined with from= or to=: write since=7d, or from=2026-05-23 to=2026-05-30")
	case !r.From.IsZero() && !r.From.Before(now):
		return indicator.Refuse("from", "", "from=%s lies in the future (now is %s UTC): write an earlier time", r.From.Format(time.RFC3339), stamp)
	case r.To.After(midnight):
		return indicator.Refuse("to", "", "to=%s lies in the future (now is %s UTC): leave to= out to search until now", r.To.Format(time.RFC3339), stamp)
	case !r.From.IsZero() && !r.To.IsZero() && !r.From.Before(r.To):
		return indicator.Refuse("to", "", "the look-back is reversed or empty, from=%s is not before to=%s: swap them", r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))
	}
	return nil
}
