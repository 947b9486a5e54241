package kql

import (
	"fmt"
	"math"
	"strings"
	"time"
)

func timeFunctions() library {
	l := library{}
	l.add([]string{"now"}, 0, 1, returns(Datetime), func(env *callEnv, a []Value) (Value, error) {
		v := DatetimeValue(env.now)
		if len(a) == 1 {
			v.num += a[0].num
		}
		return v, nil
	})
	l.add([]string{"ago"}, 1, 1, returns(Datetime), func(env *callEnv, a []Value) (Value, error) {
		if !a[0].valid {
			return Null(Datetime), nil
		}
		return DatetimeTicks(DatetimeValue(env.now).num - a[0].num), nil
	})
	l.add([]string{"bin", "floor"}, 2, 2, binType, func(_ *callEnv, a []Value) (Value, error) { return bin(a[0], a[1], Value{}), nil })
	l.add([]string{"bin_at"}, 3, 3, binType, func(_ *callEnv, a []Value) (Value, error) { return bin(a[0], a[1], a[2]), nil })
	for _, unit := range []string{"day", "week", "month", "year"} {
		l.pure("startof"+unit, 1, 2, Datetime, func(a []Value) Value { return startOf(unit, a, 0) })
		l.pure("endof"+unit, 1, 2, Datetime, func(a []Value) Value { return startOf(unit, a, 1) })
	}
	part := func(t Type, f func(time.Time) int64, names ...string) {
		for _, name := range names {
			l.pure(name, 1, 1, t, func(a []Value) Value {
				v := convert(a[0], Datetime)
				if !v.valid {
					return Null(t)
				}
				return Value{typ: t, valid: true, num: f(v.AsTime())}
			})
		}
	}
	part(Timespan, func(t time.Time) int64 { return int64(t.Weekday()) * ticksPerDay }, "dayofweek")
	part(Int, func(t time.Time) int64 { return int64(t.Day()) }, "dayofmonth")
	part(Int, func(t time.Time) int64 { return int64(t.YearDay()) }, "dayofyear")
	part(Int, func(t time.Time) int64 { _, w := t.ISOWeek(); return int64(w) }, "weekofyear", "week_of_year")
	part(Int, func(t time.Time) int64 { return int64(t.Month()) }, "monthofyear", "getmonth")
	part(Int, func(t time.Time) int64 { return int64(t.Year()) }, "getyear")
	part(Int, func(t time.Time) int64 { return int64(t.Hour()) }, "hourofday")
	l.pure("datetime_part", 2, 2, Long, datetimePart)
	l.pure("datetime_add", 3, 3, Datetime, datetimeAdd)
	l.pure("datetime_diff", 3, 3, Long, datetimeDiff)
	l.pure("make_datetime", 1, 7, Datetime, makeDatetime)
	l.pure("make_timespan", 2, 4, Timespan, makeTimespan)
	l.pure("format_datetime", 2, 2, String, formatDatetime)
	l.pure("format_timespan", 2, 2, String, formatTimespan)
	for unit, ticks := range map[string]float64{"seconds": TicksPerSecond, "milliseconds": ticksPerMilli, "microseconds": 10, "nanoseconds": 0.01} {
		l.pure("unixtime_"+unit+"_todatetime", 1, 1, Datetime, func(a []Value) Value {
			v := convert(a[0], Real)
			if !v.valid || math.Abs(v.real*ticks) > math.MaxInt64/2 {
				return Null(Datetime)
			}
			if a[0].typ == Long || a[0].typ == Int {
				if ticks >= 1 {
					return DatetimeTicks(ticksAtUnix + a[0].num*int64(ticks))
				}
				return DatetimeTicks(ticksAtUnix + a[0].num/100)
			}
			return DatetimeTicks(ticksAtUnix + int64(math.Round(v.real*ticks)))
		})
	}
	for name, sign := range map[string]int64{"datetime_utc_to_local": 1, "datetime_local_to_utc": -1} {
		l.pure(name, 2, 2, Datetime, func(a []Value) Value { return shiftZone(a, sign) })
	}
	return l
}

func binType(t []Type) Type {
	switch {
	case t[0] == Datetime || t[0] == Timespan:
		return t[0]
	case t[0] == Real || t[1] == Real:
		return Real
	case t[0] == Dynamic || t[0] == Unknown:
		return t[1]
	}
	return t[0]
}

// bin rounds down to a multiple of size, counted from the fixed point at if it
// is given.
func bin(v, size, at Value) Value {
	t := binType([]Type{v.typ, size.typ})
	v = plain(v)
	if !v.valid || !size.valid {
		return Null(t)
	}
	if t == Real || t == Decimal {
		s, from := size.AsReal(), 0.0
		if at.valid {
			from = at.AsReal()
		}
		if s <= 0 {
			return Null(t)
		}
		return Value{typ: t, valid: true, real: math.Floor((v.AsReal()-from)/s)*s + from}
	}
	if size.num <= 0 {
		return Null(t)
	}
	return Value{typ: t, valid: true, num: floorDiv(v.num-at.num, size.num)*size.num + at.num}
}

// startOf gives the begin of a period, offset periods on; end is its last
// 100 ns. A week begins on Sunday.
func startOf(unit string, a []Value, end int) Value {
	v := convert(a[0], Datetime)
	if !v.valid {
		return v
	}
	offset := 0
	if len(a) > 1 {
		offset = int(a[1].num)
	}
	t := v.AsTime()
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	n := offset + end
	switch unit {
	case "day":
		day = day.AddDate(0, 0, n)
	case "week":
		day = day.AddDate(0, 0, -int(t.Weekday())+7*n)
	case "month":
		day = time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	case "year":
		day = time.Date(t.Year()+n, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return DatetimeTicks(DatetimeValue(day).num - int64(end))
}

func datetimePart(a []Value) Value {
	v := convert(a[1], Datetime)
	if !v.valid {
		return Null(Long)
	}
	t := v.AsTime()
	_, week := t.ISOWeek()
	sub := v.num % TicksPerSecond
	parts := map[string]int64{
		"year": int64(t.Year()), "quarter": int64(t.Month()-1)/3 + 1, "month": int64(t.Month()), "week_of_year": int64(week), "weekofyear": int64(week), "day": int64(t.Day()), "dayofyear": int64(t.YearDay()),
		"hour": int64(t.Hour()), "minute": int64(t.Minute()), "second": int64(t.Second()), "millisecond": sub / ticksPerMilli, "microsecond": sub / 10, "nanosecond": sub * 100,
	}
	n, ok := parts[strings.ToLower(argText(a[0]))]
	if !ok {
		return Null(Long)
	}
	return LongValue(n)
}

// fixedUnits are the periods that have one length.
var fixedUnits = map[string]int64{"week": 7 * ticksPerDay, "day": ticksPerDay, "hour": ticksPerHour, "minute": ticksPerMinute, "second": TicksPerSecond, "millisecond": ticksPerMilli, "microsecond": 10}

func datetimeAdd(a []Value) Value {
	unit, v := strings.ToLower(argText(a[0])), convert(a[2], Datetime)
	if !v.valid || !a[1].valid {
		return Null(Datetime)
	}
	n := a[1].num
	if ticks, ok := fixedUnits[unit]; ok {
		return DatetimeTicks(v.num + n*ticks)
	}
	months := map[string]int64{"month": 1, "quarter": 3, "year": 12}[unit]
	if unit == "nanosecond" {
		return DatetimeTicks(v.num + n/100)
	}
	if months == 0 {
		return Null(Datetime)
	}
	t := v.AsTime()
	first := time.Date(t.Year(), t.Month()+time.Month(n*months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day() // 31 January plus a month is the end of February
	day := time.Date(first.Year(), first.Month(), min(t.Day(), last), 0, 0, 0, 0, time.UTC)
	return DatetimeTicks(DatetimeValue(day).num + floorMod(v.num, ticksPerDay))
}

// datetimeDiff counts the borders of the unit between two instants.
func datetimeDiff(a []Value) Value {
	x, y := convert(a[1], Datetime), convert(a[2], Datetime)
	if !x.valid || !y.valid {
		return Null(Long)
	}
	s, t := x.AsTime(), y.AsTime()
	unit := strings.ToLower(argText(a[0]))
	switch unit {
	case "year":
		return LongValue(int64(s.Year() - t.Year()))
	case "quarter":
		return LongValue(int64(s.Year()-t.Year())*4 + int64(s.Month()-1)/3 - int64(t.Month()-1)/3)
	case "month":
		return LongValue(int64(s.Year()-t.Year())*12 + int64(s.Month()) - int64(t.Month()))
	case "week":
		// weeks begin on Sunday; 0001-01-01 was a Monday
		week := func(v Value) int64 { return floorDiv(v.num+ticksPerDay, 7*ticksPerDay) }
		return LongValue(week(x) - week(y))
	case "nanosecond":
		return LongValue((x.num - y.num) * 100)
	}
	ticks, ok := fixedUnits[unit]
	if !ok {
		return Null(Long)
	}
	return LongValue(floorDiv(x.num, ticks) - floorDiv(y.num, ticks))
}

func makeDatetime(a []Value) Value {
	if len(a) == 1 {
		return convert(a[0], Datetime)
	}
	var n [6]int
	n[1], n[2] = 1, 1
	for i := range min(len(a), 5) {
		if !a[i].valid {
			return Null(Datetime)
		}
		n[i] = int(convert(a[i], Long).num)
	}
	seconds := 0.0
	if len(a) > 5 {
		seconds = convert(a[5], Real).real
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], 0, 0, time.UTC)
	if n[0] < 1 || n[0] > 9999 || t.Month() != time.Month(n[1]) || t.Day() != n[2] || t.Hour() != n[3] || t.Minute() != n[4] || seconds < 0 || seconds >= 60 {
		return Null(Datetime)
	}
	return DatetimeTicks(DatetimeValue(t).num + int64(math.Round(seconds*TicksPerSecond)))
}

func makeTimespan(a []Value) Value {
	var days, h, m, s float64
	for i, v := range a {
		f := convert(v, Real)
		if !f.valid {
			return Null(Timespan)
		}
		switch {
		case len(a) == 4:
			*[]*float64{&days, &h, &m, &s}[i] = f.real
		default:
			*[]*float64{&h, &m, &s}[i] = f.real
		}
	}
	if h > 23 || m > 59 || s >= 60 {
		return Null(Timespan)
	}
	return TimespanTicks(int64(days)*ticksPerDay + int64(h)*ticksPerHour + int64(m)*ticksPerMinute + int64(math.Round(s*TicksPerSecond)))
}

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

func formatDatetime(a []Value) Value {
	v := convert(a[0], Datetime)
	if !v.valid {
		return Null(String)
	}
	t := v.AsTime()
	sub := fmt.Sprintf("%07d", floorMod(v.num, TicksPerSecond))
	return StringValue(pattern(argText(a[1]), func(c byte, n int) (string, bool) {
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

func formatTimespan(a []Value) Value {
	v := convert(a[0], Timespan)
	if !v.valid {
		return Null(String)
	}
	n := v.num
	if n < 0 {
		n = -n
	}
	sub := fmt.Sprintf("%07d", n%TicksPerSecond)
	out := pattern(argText(a[1]), func(c byte, width int) (string, bool) {
		number := func(x int64) (string, bool) { return fmt.Sprintf("%0*d", width, x), true }
		switch c {
		case 'd':
			return number(n / ticksPerDay)
		case 'h', 'H':
			return number(n / ticksPerHour % 24)
		case 'm':
			return number(n / ticksPerMinute % 60)
		case 's':
			return number(n / TicksPerSecond % 60)
		case 'f':
			return sub[:min(width, 7)], true
		case 'F':
			return strings.TrimRight(sub[:min(width, 7)], "0"), true
		}
		return "", false
	})
	if v.num < 0 {
		out = "-" + out
	}
	return StringValue(out)
}

func shiftZone(a []Value, sign int64) Value {
	v := convert(a[0], Datetime)
	zone, err := time.LoadLocation(argText(a[1]))
	if !v.valid || err != nil {
		return Null(Datetime)
	}
	t := v.AsTime()
	if sign > 0 {
		_, offset := t.In(zone).Zone()
		return DatetimeTicks(v.num + int64(offset)*TicksPerSecond)
	}
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	return DatetimeValue(local)
}
