package kql

import (
	"fmt"
	"math"
	"strings"
	"time"
	_ "time/tzdata" // answers must not depend on the time zones of the machine
)

func timeFunctions() library {
	l := library{}
	l.add([]string{"now"}, 0, 1, returns(Datetime), func(env *callEnv, a []Value) (Value, error) {
		v := DatetimeValue(env.now)
		if len(a) == 1 {
			return datetimeAfter(v.num, a[0].num), nil
		}
		return v, nil
	})
	l.add([]string{"ago"}, 1, 1, returns(Datetime), func(env *callEnv, a []Value) (Value, error) {
		if !a[0].valid {
			return Null(Datetime), nil
		}
		return datetimeAfter(DatetimeValue(env.now).num, -a[0].num), nil
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
	part(Int, func(t time.Time) int64 { _, w := t.ISOWeek(); return int64(w) }, "week_of_year")
	part(Int, func(t time.Time) int64 { return int64(weekByWednesday(t)) }, "weekofyear")
	part(Int, func(t time.Time) int64 { return int64(t.Month()) }, "monthofyear", "getmonth")
	part(Int, func(t time.Time) int64 { return int64(t.Year()) }, "getyear")
	part(Int, func(t time.Time) int64 { return int64(t.Hour()) }, "hourofday")
	l.pure("datetime_part", 2, 2, Int, func(a []Value) Value { return convert(datetimePart(a), Int) })
	l.pure("datepart", 2, 2, Int, func(a []Value) Value { return convert(datetimePart(a), Int) })
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
					return datetimeAfter(ticksAtUnix, a[0].num*int64(ticks))
				}
				return datetimeAfter(ticksAtUnix, floorDiv(a[0].num, 100))
			}
			return datetimeAfter(ticksAtUnix, int64(math.Round(v.real*ticks)))
		})
	}
	for name, sign := range map[string]int64{"datetime_utc_to_local": 1, "datetime_local_to_utc": -1} {
		l[name] = envFn(name, 2, 2, Datetime, func(env *callEnv, a []Value) (Value, error) { return shiftZone(env, a, sign) })
	}
	return l
}

// datetimeAfter is null beyond the years the language has.
func datetimeAfter(ticks, span int64) Value {
	sum := ticks + span
	if sum < 0 || sum > maxTicks {
		return Null(Datetime)
	}
	return DatetimeTicks(sum)
}

func binType(t []Type) Type {
	switch {
	case t[0] == Datetime || t[0] == Timespan:
		return t[0]
	case t[0] == Decimal || t[1] == Decimal:
		return Decimal
	case t[0] == Real || t[1] == Real:
		return Real
	case t[0] == Dynamic || t[0] == Unknown:
		return t[1]
	case t[0] == Int && t[1] == Long:
		return Long
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
		offset = int(max(-4_000_000, min(argLong(a, 1, 0), 4_000_000))) // days of the calendar
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
	return datetimeAfter(DatetimeValue(day).num, -int64(end))
}

func datetimePart(a []Value) Value {
	v := convert(a[1], Datetime)
	if !v.valid {
		return Null(Long)
	}
	t := v.AsTime()
	_, week := t.ISOWeek()
	sub := v.num % TicksPerSecond
	switch unit := strings.ToLower(argText(a[0])); unit {
	case "year":
		return LongValue(int64(t.Year()))
	case "quarter":
		return LongValue(int64(t.Month()-1)/3 + 1)
	case "month":
		return LongValue(int64(t.Month()))
	case "week_of_year", "weekofyear":
		return LongValue(int64(week))
	case "day":
		return LongValue(int64(t.Day()))
	case "dayofyear":
		return LongValue(int64(t.YearDay()))
	case "hour":
		return LongValue(int64(t.Hour()))
	case "minute":
		return LongValue(int64(t.Minute()))
	case "second":
		return LongValue(int64(t.Second()))
	case "millisecond":
		return LongValue(sub / ticksPerMilli)
	case "microsecond":
		return LongValue(sub / 10)
	case "nanosecond":
		return LongValue(sub * 100)
	}
	return Null(Long)
}

// weekByWednesday is the older count: weeks begin on Sunday, and the first is
// the one with the first Wednesday of the year.
func weekByWednesday(t time.Time) int {
	wednesday := t.AddDate(0, 0, int(time.Wednesday-t.Weekday()))
	return (wednesday.YearDay()-1)/7 + 1
}

// periodTicks is the length of the periods that have one, and 0 for others.
func periodTicks(unit string) int64 {
	switch unit {
	case "week":
		return 7 * ticksPerDay
	case "day":
		return ticksPerDay
	case "hour":
		return ticksPerHour
	case "minute":
		return ticksPerMinute
	case "second":
		return TicksPerSecond
	case "millisecond":
		return ticksPerMilli
	case "microsecond":
		return 10
	}
	return 0
}

// periodMonths is the length of the periods that are counted in months.
func periodMonths(unit string) int64 {
	switch unit {
	case "month":
		return 1
	case "quarter":
		return 3
	case "year":
		return 12
	}
	return 0
}

func datetimeAdd(a []Value) Value {
	unit, v := strings.ToLower(argText(a[0])), convert(a[2], Datetime)
	if !v.valid || !a[1].valid {
		return Null(Datetime)
	}
	n := argLong(a, 1, 0)
	if unit == "nanosecond" {
		return datetimeAfter(v.num, floorDiv(n, 100))
	}
	if ticks := periodTicks(unit); ticks > 0 {
		if n > maxTicks/ticks || n < -maxTicks/ticks {
			return Null(Datetime)
		}
		return datetimeAfter(v.num, n*ticks)
	}
	months := periodMonths(unit) * n
	if periodMonths(unit) == 0 || n > 120_000 || n < -120_000 { // 10,000 years
		return Null(Datetime)
	}
	t := v.AsTime()
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	if y := first.Year(); y < 1 || y > 9999 {
		return Null(Datetime)
	}
	// 31 January plus a month is the end of February
	day := min(t.Day(), daysInMonth(first.Year(), int(first.Month())))
	return DatetimeTicks(DatetimeValue(first).num + int64(day-1)*ticksPerDay + floorMod(v.num, ticksPerDay))
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
	ticks := periodTicks(unit)
	if ticks == 0 {
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

// shiftZone turns UTC into the clock of a zone (sign 1) or back (-1).
func shiftZone(env *callEnv, a []Value, sign int64) (Value, error) {
	name := argText(a[1])
	zone, err := cached(env, "zone:"+name, func() (*time.Location, error) {
		if name == "" || strings.EqualFold(name, "local") {
			// to Go these are UTC and the zone of this machine
			return nil, fmt.Errorf("name a time zone, as Europe/London, instead of %q", name)
		}
		return time.LoadLocation(name)
	})
	if err != nil {
		return Value{}, err
	}
	v := convert(a[0], Datetime)
	if !v.valid {
		return v, nil
	}
	t := v.AsTime()
	if sign > 0 {
		_, offset := t.In(zone).Zone()
		return datetimeAfter(v.num, int64(offset)*TicksPerSecond), nil
	}
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	return datetimeAfter(DatetimeValue(local).num, 0), nil
}
