package value

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// RealText prints the shortest text that reads back as the same number, with
// at least one fractional digit so that it does not pass for a long.
func RealText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return string(appendReal(nil, f))
}

func appendReal(b []byte, f float64) []byte {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-5 || abs >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	for _, c := range b[start:] {
		if c == '.' {
			return b
		}
	}
	return append(b, '.', '0')
}

// Lengths of timespan units in ticks of 100 ns.
const (
	TicksPerMilli  = TicksPerSecond / 1000
	TicksPerMinute = 60 * TicksPerSecond
	TicksPerHour   = 60 * TicksPerMinute
	TicksPerDay    = 24 * TicksPerHour
)

// TimespanText prints [-][d.]hh:mm:ss[.fffffff]; days and fraction only when
// they are not zero.
func TimespanText(ticks int64) string {
	var b []byte
	u := uint64(ticks)
	if ticks < 0 {
		b = append(b, '-')
		u = -u
	}
	if d := u / TicksPerDay; d > 0 {
		b = strconv.AppendUint(b, d, 10)
		b = append(b, '.')
	}
	b = appendPadded(b, u/TicksPerHour%24, 2)
	b = append(b, ':')
	b = appendPadded(b, u/TicksPerMinute%60, 2)
	b = append(b, ':')
	b = appendPadded(b, u/TicksPerSecond%60, 2)
	if f := u % TicksPerSecond; f > 0 {
		b = append(b, '.')
		b = appendPadded(b, f, 7)
	}
	return string(b)
}

func appendPadded(b []byte, n uint64, width int) []byte {
	for w, limit := 1, uint64(10); w < width; w, limit = w+1, limit*10 {
		if n < limit {
			b = append(b, '0')
		}
	}
	return strconv.AppendUint(b, n, 10)
}

// DynamicText prints a dynamic as tostring() does: compact JSON for arrays and
// bags, but a scalar as itself, so that a string stands without quotes.
func DynamicText(d any) string {
	switch x := d.(type) {
	case nil:
		return ""
	case string:
		return x
	case []any, *Bag:
		return string(AppendJSON(nil, x))
	}
	return FromDynamic(d).Text()
}

// AppendJSON writes compact JSON. JSON has no instants, durations and no
// infinities; they become strings.
func AppendJSON(b []byte, d any) []byte {
	switch x := d.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, x)
	case int64:
		return strconv.AppendInt(b, x, 10)
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return AppendJSONString(b, RealText(x))
		}
		return appendReal(b, x)
	case string:
		return AppendJSONString(b, x)
	case []any:
		b = append(b, '[')
		for i, e := range x {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSON(b, e)
		}
		return append(b, ']')
	case *Bag:
		b = append(b, '{')
		for i, k := range x.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSONString(b, k)
			b = append(b, ':')
			b = AppendJSON(b, x.vals[k])
		}
		return append(b, '}')
	}
	return AppendJSONString(b, FromDynamic(d).Text())
}

// AppendJSONString writes a text as JSON does.
func AppendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\f':
			b = append(b, '\\', 'f')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			// RuneError of one byte is what is not UTF-8; it leaves as U+FFFD
			b = utf8.AppendRune(b, r)
			i += n - 1
		}
	}
	return append(b, '"')
}

// ToDynamic gives the tree of any value; nulls become nil.
func ToDynamic(v Value) any {
	if !v.Valid {
		return nil
	}
	switch v.Kind {
	case Bool:
		return v.Num != 0
	case Int, Long:
		return v.Num
	case Real, Decimal:
		return v.Real
	case String, Guid:
		return v.Str
	case Datetime:
		return v.AsTime()
	case Timespan:
		return ticksDuration(v.Num)
	}
	return v.Dyn
}

// ticksDuration saturates: a Duration holds 292 years, a timespan 29,000.
func ticksDuration(ticks int64) time.Duration {
	return time.Duration(min(max(ticks, math.MinInt64/100), math.MaxInt64/100) * 100)
}

// FromDynamic unwraps a scalar to a Value of its own type; arrays, bags and
// nil stay dynamic.
func FromDynamic(d any) Value {
	switch x := d.(type) {
	case bool:
		return BoolValue(x)
	case int64:
		return LongValue(x)
	case float64:
		return RealValue(x)
	case string:
		return StringValue(x)
	case time.Time:
		return DatetimeValue(x)
	case time.Duration:
		return TimespanTicks(int64(x / 100))
	}
	return DynamicValue(d)
}

// Scalar unwraps a dynamic that holds a scalar; all else passes.
func Scalar(v Value) Value {
	if v.Kind != Dynamic {
		return v
	}
	return FromDynamic(v.Dyn)
}

// Compare orders two values; false when the language does not compare
// them (a null, a string with a number, arrays).
func Compare(a, b Value) (int, bool) {
	if a.Kind == Dynamic {
		a = FromDynamic(a.Dyn)
	}
	if b.Kind == Dynamic {
		b = FromDynamic(b.Dyn)
	}
	if !a.Valid || !b.Valid {
		return 0, false
	}
	at, bt := a.Kind, b.Kind
	switch {
	case at == String && bt == String:
		return strings.Compare(a.Str, b.Str), true
	case (at == Guid || at == String) && (bt == Guid || bt == String):
		return strings.Compare(strings.ToLower(a.Str), strings.ToLower(b.Str)), true
	case at == Decimal && bt == Decimal && a.Str != "" && b.Str != "":
		// of parse_version(): both have the same number of digits
		return strings.Compare(a.Str, b.Str), true
	case at.Numeric() && bt.Numeric() && (at == Real || at == Decimal || bt == Real || bt == Decimal):
		return compareReals(a.AsReal(), b.AsReal())
	case at.Numeric() && bt.Numeric(), at == bt && (at == Bool || at == Datetime || at == Timespan),
		at == Bool && bt.Numeric() && bt != Real && bt != Decimal,
		bt == Bool && at.Numeric() && at != Real && at != Decimal:
		return CompareLongs(a.Num, b.Num), true
	}
	return 0, false
}

// CompareLongs orders two integers.
func CompareLongs(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareReals(a, b float64) (int, bool) {
	switch {
	case a < b:
		return -1, true
	case a > b:
		return 1, true
	case a == b:
		return 0, true
	}
	return 0, false
}

// Flatten appends the elements of an array, or the one value that is none.
func Flatten(to []Value, v Value) []Value {
	if v.Kind != Dynamic {
		return append(to, v)
	}
	list, ok := v.Dyn.([]any)
	if !ok {
		return append(to, FromDynamic(v.Dyn))
	}
	for _, item := range list {
		to = append(to, FromDynamic(item))
	}
	return to
}

// Plain takes a scalar out of a dynamic.
func Plain(v Value) Value {
	if v.Kind == Dynamic {
		return FromDynamic(v.Dyn)
	}
	return v
}
