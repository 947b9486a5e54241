package export

import (
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

func (w *worker) readTime(f *field) (ticks int64, entry uint32, ok bool) {
	zoned := false
	if w.scan.zoneSet {
		zoned = len(f.raw) > 0 && f.raw[len(f.raw)-1] != 'Z'
	}
	if !zoned {
		if ticks, ok := quickTime(f.raw); ok {
			return ticks, 0, true
		}
	}
	id, fresh := w.times.id(f.raw, f.kind)
	if fresh {
		w.read = append(w.read, readTime(cellString(w.times.texts[id], f.kind), w.scan.zoneOf(f.key.name)))
	}
	r := w.read[id]
	return 0, id, r.either()
}

// quickTime reads 2006-01-02T15:04:05[.fraction][Z], which nearly all exports
// write, without making a time of it.
func quickTime(s []byte) (ticks int64, ok bool) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	two := func(i int) int {
		a, b := s[i]-'0', s[i+1]-'0'
		if a > 9 || b > 9 {
			return -1 << 20
		}
		return int(a)*10 + int(b)
	}
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17) // the year 1 is how .NET writes that there is no time
	if year < 2 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	if day > 28 && !isDate(year, month, day) {
		return 0, false
	}
	part, scale, i := int64(0), int64(ticksPerSecond), 19
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && s[i]-'0' <= 9; i++ {
			scale /= 10
			part += int64(s[i]-'0') * scale
		}
		if i == 20 || i > 29 {
			return 0, false
		}
	}
	if i < len(s) && (s[i] != 'Z' || i+1 != len(s)) {
		return 0, false
	}
	return (daysBefore(year, month, day)*86400+int64(hour)*3600+int64(minute)*60+int64(second))*ticksPerSecond + part, true
}

// daysBefore counts the days from 0001-01-01 to a date.
func daysBefore(year, month, day int) int64 {
	y, m := int64(year), int64(month)
	if m <= 2 { // years that begin in March have the leap day at their end
		y, m = y-1, m+12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int64(day) - 307
}

// ticksOf is an instant in ticks.
func ticksOf(at time.Time) int64 { return kql.DatetimeValue(at).AsLong() }

// ticksPerSecond is the resolution of a datetime.
const ticksPerSecond = 10_000_000
