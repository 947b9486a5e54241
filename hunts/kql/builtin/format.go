package builtin

import (
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// pattern prints runs of one letter with f, and everything else as it stands.
func pattern(layout string, f func(letter byte, n int) (string, bool)) string {
	var b strings.Builder
	for i := 0; i < len(layout); {
		n := 1
		for i+n < len(layout) && layout[i+n] == layout[i] {
			n++
		}
		if s, ok := f(layout[i], n); ok {
			b.WriteString(s)
		} else {
			b.WriteString(layout[i : i+n])
		}
		i += n
	}
	return b.String()
}

func formatDatetime(a []value.Value) value.Value {
	v := value.Convert(a[0], value.Datetime)
	if !v.Valid {
		return value.Null(value.String)
	}
	t := v.AsTime()
	sub := fmt.Sprintf("%07d", value.FloorMod(v.Num, value.TicksPerSecond))
	return value.StringValue(pattern(argText(a[1]), func(c byte, n int) (string, bool) {
		number := func(x int) (string, bool) { return fmt.Sprintf("%0*d", n, x), true }
		switch c {
		case 'y':
			if n <= 2 {
				return number(t.Year() % 100)
			}
			return number(t.Year())
		case 'M':
			switch {
			case n == 3:
				return t.Format("Jan"), true
			case n > 3:
				return t.Format("January"), true
			}
			return number(int(t.Month()))
		case 'd':
			switch {
			case n == 3:
				return t.Format("Mon"), true
			case n > 3:
				return t.Format("Monday"), true
			}
			return number(t.Day())
		case 'h':
			return number((t.Hour()+11)%12 + 1)
		case 'H':
			return number(t.Hour())
		case 'm':
			return number(t.Minute())
		case 's':
			return number(t.Second())
		case 'f':
			return sub[:min(n, 7)], true
		case 'F':
			return strings.TrimRight(sub[:min(n, 7)], "0"), true
		case 't':
			return t.Format("PM")[:min(n, 2)], true
		}
		return "", false
	}))
}

func formatTimespan(a []value.Value) value.Value {
	v := value.Convert(a[0], value.Timespan)
	if !v.Valid {
		return value.Null(value.String)
	}
	n := v.Num
	if n < 0 {
		n = -n
	}
	sub := fmt.Sprintf("%07d", n%value.TicksPerSecond)
	out := pattern(argText(a[1]), func(c byte, width int) (string, bool) {
		number := func(x int64) (string, bool) { return fmt.Sprintf("%0*d", width, x), true }
		switch c {
		case 'd':
			return number(n / value.TicksPerDay)
		case 'h', 'H':
			return number(n / value.TicksPerHour % 24)
		case 'm':
			return number(n / value.TicksPerMinute % 60)
		case 's':
			return number(n / value.TicksPerSecond % 60)
		case 'f':
			return sub[:min(width, 7)], true
		case 'F':
			return strings.TrimRight(sub[:min(width, 7)], "0"), true
		}
		return "", false
	})
	if v.Num < 0 {
		out = "-" + out
	}
	return value.StringValue(out)
}
