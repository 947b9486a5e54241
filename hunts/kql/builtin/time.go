package builtin

import (
	"fmt"
	"math"
	"strings"
	"time"
	_ "time/tzdata" // answers must not depend on the time zones of the machine

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func timeFunctions() library {
	l := library{}
	l.add([]string{"now"}, 0, 1, returns(value.Datetime), func(env *Env, a []value.Value) (value.Value, error) {
		v := value.DatetimeValue(env.Now)
		if len(a) == 1 {
			return datetimeAfter(v.Num, a[0].Num), nil
		}
		return v, nil
	})
	l.add([]string{"ago"}, 1, 1, returns(value.Datetime), func(env *Env, a []value.Value) (value.Value, error) {
		if !a[0].Valid {
			return value.Null(value.Datetime), nil
		}
		return datetimeAfter(value.DatetimeValue(env.Now).Num, -a[0].Num), nil
	})
	l.add([]string{"bin", "floor"}, 2, 2, binType, func(_ *Env, a []value.Value) (value.Value, error) { return Bin(a[0], a[1], value.Value{}), nil })
	l.add([]string{"bin_at"}, 3, 3, binType, func(_ *Env, a []value.Value) (value.Value, error) { return Bin(a[0], a[1], a[2]), nil })
	for _, unit := range []string{"day", "week", "month", "year"} {
		l.pure("startof"+unit, 1, 2, value.Datetime, func(a []value.Value) value.Value { return startOf(unit, a, 0) })
		l.pure("endof"+unit, 1, 2, value.Datetime, func(a []value.Value) value.Value { return startOf(unit, a, 1) })
	}
	part := func(t value.Type, f func(time.Time) int64, names ...string) {
		for _, name := range names {
			l.pure(name, 1, 1, t, func(a []value.Value) value.Value {
				v := value.Convert(a[0], value.Datetime)
				if !v.Valid {
					return value.Null(t)
				}
				return value.Value{Kind: t, Valid: true, Num: f(v.AsTime())}
			})
		}
	}
	part(value.Timespan, func(t time.Time) int64 { return int64(t.Weekday()) * value.TicksPerDay }, "dayofweek")
	part(value.Int, func(t time.Time) int64 { return int64(t.Day()) }, "dayofmonth")
	part(value.Int, func(t time.Time) int64 { return int64(t.YearDay()) }, "dayofyear")
	part(value.Int, func(t time.Time) int64 { _, w := t.ISOWeek(); return int64(w) }, "week_of_year")
	part(value.Int, func(t time.Time) int64 { return int64(weekByWednesday(t)) }, "weekofyear")
	part(value.Int, func(t time.Time) int64 { return int64(t.Month()) }, "monthofyear", "getmonth")
	part(value.Int, func(t time.Time) int64 { return int64(t.Year()) }, "getyear")
	part(value.Int, func(t time.Time) int64 { return int64(t.Hour()) }, "hourofday")
	for _, name := range []string{"datetime_part", "datepart"} {
		l.pure(name, 2, 2, value.Int, func(a []value.Value) value.Value { return value.Convert(datetimePart(a), value.Int) })
	}
	l.pure("datetime_add", 3, 3, value.Datetime, datetimeAdd)
	l.pure("datetime_diff", 3, 3, value.Long, datetimeDiff)
	l.pure("make_datetime", 1, 7, value.Datetime, makeDatetime)
	l.pure("make_timespan", 2, 4, value.Timespan, makeTimespan)
	l.pure("format_datetime", 2, 2, value.String, formatDatetime)
	l.pure("format_timespan", 2, 2, value.String, formatTimespan)
	for unit, ticks := range map[string]float64{"seconds": value.TicksPerSecond, "milliseconds": value.TicksPerMilli, "microseconds": 10, "nanoseconds": 0.01} {
		l.pure("unixtime_"+unit+"_todatetime", 1, 1, value.Datetime, func(a []value.Value) value.Value {
			v := value.Convert(a[0], value.Real)
			if !v.Valid || math.Abs(v.Real*ticks) > math.MaxInt64/2 {
				return value.Null(value.Datetime)
			}
			if a[0].Kind == value.Long || a[0].Kind == value.Int {
				if ticks >= 1 {
					return datetimeAfter(value.TicksAtUnix, a[0].Num*int64(ticks))
				}
				return datetimeAfter(value.TicksAtUnix, value.FloorDiv(a[0].Num, 100))
			}
			return datetimeAfter(value.TicksAtUnix, int64(math.Round(v.Real*ticks)))
		})
	}
	for name, sign := range map[string]int64{"datetime_utc_to_local": 1, "datetime_local_to_utc": -1} {
		l[name] = envFn(name, 2, 2, value.Datetime, func(env *Env, a []value.Value) (value.Value, error) { return shiftZone(env, a, sign) })
	}
	return l
}

// datetimeAfter is null beyond the years the language has.
func datetimeAfter(ticks, span int64) value.Value {
	sum := ticks + span
	if sum < 0 || sum > value.MaxTicks {
		return value.Null(value.Datetime)
	}
	return value.DatetimeTicks(sum)
}

func binType(t []value.Type) value.Type {
	switch {
	case t[0] == value.Datetime || t[0] == value.Timespan:
		return t[0]
	case t[0] == value.Decimal || t[1] == value.Decimal:
		return value.Decimal
	case t[0] == value.Real || t[1] == value.Real:
		return value.Real
	case t[0] == value.Dynamic || t[0] == value.Unknown:
		return t[1]
	case t[0] == value.Int && t[1] == value.Long:
		return value.Long
	}
	return t[0]
}

// Bin rounds down to a multiple of size, counted from the fixed point at if it
// is given.
func Bin(v, size, at value.Value) value.Value {
	t := binType([]value.Type{v.Kind, size.Kind})
	v = value.Plain(v)
	if !v.Valid || !size.Valid {
		return value.Null(t)
	}
	if t == value.Real || t == value.Decimal {
		s, from := size.AsReal(), 0.0
		if at.Valid {
			from = at.AsReal()
		}
		if s <= 0 {
			return value.Null(t)
		}
		return value.Value{Kind: t, Valid: true, Real: math.Floor((v.AsReal()-from)/s)*s + from}
	}
	if size.Num <= 0 {
		return value.Null(t)
	}
	return value.Value{Kind: t, Valid: true, Num: value.FloorDiv(v.Num-at.Num, size.Num)*size.Num + at.Num}
}

// startOf gives the begin of a period, offset periods on; end is its last
// 100 ns. A week begins on Sunday.
func startOf(unit string, a []value.Value, end int) value.Value {
	v := value.Convert(a[0], value.Datetime)
	if !v.Valid {
		return v
	}
	offset := 0
	if len(a) > 1 {
		offset = int(max(-4_000_000, min(argLong(a, 1, 0), 4_000_000))) // days of the calendar
	}
	if aDay := int64(24 * 3600 * value.TicksPerSecond); unit == "day" && offset == 0 && end == 0 && v.Num >= 0 {
		return value.DatetimeTicks(v.Num - v.Num%aDay)
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
	return datetimeAfter(value.DatetimeValue(day).Num, -int64(end))
}

func datetimePart(a []value.Value) value.Value {
	v := value.Convert(a[1], value.Datetime)
	if !v.Valid {
		return value.Null(value.Long)
	}
	t := v.AsTime()
	_, week := t.ISOWeek()
	sub := v.Num % value.TicksPerSecond
	switch unit := strings.ToLower(argText(a[0])); unit {
	case "year":
		return value.LongValue(int64(t.Year()))
	case "quarter":
		return value.LongValue(int64(t.Month()-1)/3 + 1)
	case "month":
		return value.LongValue(int64(t.Month()))
	case "week_of_year", "weekofyear":
		return value.LongValue(int64(week))
	case "day":
		return value.LongValue(int64(t.Day()))
	case "dayofyear":
		return value.LongValue(int64(t.YearDay()))
	case "hour":
		return value.LongValue(int64(t.Hour()))
	case "minute":
		return value.LongValue(int64(t.Minute()))
	case "second":
		return value.LongValue(int64(t.Second()))
	case "millisecond":
		return value.LongValue(sub / value.TicksPerMilli)
	case "microsecond":
		return value.LongValue(sub / 10)
	case "nanosecond":
		return value.LongValue(sub * 100)
	}
	return value.Null(value.Long)
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
		return 7 * value.TicksPerDay
	case "day":
		return value.TicksPerDay
	case "hour":
		return value.TicksPerHour
	case "minute":
		return value.TicksPerMinute
	case "second":
		return value.TicksPerSecond
	case "millisecond":
		return value.TicksPerMilli
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

func datetimeAdd(a []value.Value) value.Value {
	unit, v := strings.ToLower(argText(a[0])), value.Convert(a[2], value.Datetime)
	if !v.Valid || !a[1].Valid {
		return value.Null(value.Datetime)
	}
	n := argLong(a, 1, 0)
	if unit == "nanosecond" {
		return datetimeAfter(v.Num, value.FloorDiv(n, 100))
	}
	if ticks := periodTicks(unit); ticks > 0 {
		if n > value.MaxTicks/ticks || n < -value.MaxTicks/ticks {
			return value.Null(value.Datetime)
		}
		return datetimeAfter(v.Num, n*ticks)
	}
	months := periodMonths(unit) * n
	if periodMonths(unit) == 0 || n > 120_000 || n < -120_000 { // 10,000 years
		return value.Null(value.Datetime)
	}
	t := v.AsTime()
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	if y := first.Year(); y < 1 || y > 9999 {
		return value.Null(value.Datetime)
	}
	// 31 January plus a month is the end of February
	day := min(t.Day(), value.DaysInMonth(first.Year(), int(first.Month())))
	return value.DatetimeTicks(value.DatetimeValue(first).Num + int64(day-1)*value.TicksPerDay + value.FloorMod(v.Num, value.TicksPerDay))
}

// datetimeDiff counts the borders of the unit between two instants.
func datetimeDiff(a []value.Value) value.Value {
	x, y := value.Convert(a[1], value.Datetime), value.Convert(a[2], value.Datetime)
	if !x.Valid || !y.Valid {
		return value.Null(value.Long)
	}
	s, t := x.AsTime(), y.AsTime()
	unit := strings.ToLower(argText(a[0]))
	switch unit {
	case "year":
		return value.LongValue(int64(s.Year() - t.Year()))
	case "quarter":
		return value.LongValue(int64(s.Year()-t.Year())*4 + int64(s.Month()-1)/3 - int64(t.Month()-1)/3)
	case "month":
		return value.LongValue(int64(s.Year()-t.Year())*12 + int64(s.Month()) - int64(t.Month()))
	case "week":
		// weeks begin on Sunday; 0001-01-01 was a Monday
		week := func(v value.Value) int64 { return value.FloorDiv(v.Num+value.TicksPerDay, 7*value.TicksPerDay) }
		return value.LongValue(week(x) - week(y))
	case "nanosecond":
		return value.LongValue((x.Num - y.Num) * 100)
	}
	ticks := periodTicks(unit)
	if ticks == 0 {
		return value.Null(value.Long)
	}
	return value.LongValue(value.FloorDiv(x.Num, ticks) - value.FloorDiv(y.Num, ticks))
}

func makeDatetime(a []value.Value) value.Value {
	if len(a) == 1 {
		return value.Convert(a[0], value.Datetime)
	}
	var n [6]int
	n[1], n[2] = 1, 1
	for i := range min(len(a), 5) {
		if !a[i].Valid {
			return value.Null(value.Datetime)
		}
		n[i] = int(value.Convert(a[i], value.Long).Num)
	}
	seconds := 0.0
	if len(a) > 5 {
		seconds = value.Convert(a[5], value.Real).Real
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], 0, 0, time.UTC)
	if n[0] < 1 || n[0] > 9999 || t.Month() != time.Month(n[1]) || t.Day() != n[2] || t.Hour() != n[3] || t.Minute() != n[4] || seconds < 0 || seconds >= 60 {
		return value.Null(value.Datetime)
	}
	return value.DatetimeTicks(value.DatetimeValue(t).Num + int64(math.Round(seconds*value.TicksPerSecond)))
}

func makeTimespan(a []value.Value) value.Value {
	var days, h, m, s float64
	for i, v := range a {
		f := value.Convert(v, value.Real)
		if !f.Valid {
			return value.Null(value.Timespan)
		}
		switch {
		case len(a) == 4:
			*[]*float64{&days, &h, &m, &s}[i] = f.Real
		default:
			*[]*float64{&h, &m, &s}[i] = f.Real
		}
	}
	if h > 23 || m > 59 || s >= 60 {
		return value.Null(value.Timespan)
	}
	return value.TimespanTicks(int64(days)*value.TicksPerDay + int64(h)*value.TicksPerHour + int64(m)*value.TicksPerMinute + int64(math.Round(s*value.TicksPerSecond)))
}

// shiftZone turns UTC into the clock of a zone (sign 1) or back (-1).
func shiftZone(env *Env, a []value.Value, sign int64) (value.Value, error) {
	name := argText(a[1])
	zone, err := cached(env, "zone:"+name, func() (*time.Location, error) {
		if name == "" || strings.EqualFold(name, "local") {
			// to Go these are UTC and the zone of this machine
			return nil, fmt.Errorf("name a time zone, as Europe/London, instead of %q", name)
		}
		return time.LoadLocation(name)
	})
	if err != nil {
		return value.Value{}, err
	}
	v := value.Convert(a[0], value.Datetime)
	if !v.Valid {
		return v, nil
	}
	t := v.AsTime()
	if sign > 0 {
		_, offset := t.In(zone).Zone()
		return datetimeAfter(v.Num, int64(offset)*value.TicksPerSecond), nil
	}
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	return datetimeAfter(value.DatetimeValue(local).Num, 0), nil
}
