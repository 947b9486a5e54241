package value

import (
	"math"
	"strconv"
	"strings"
)

// Convert gives v as type t, or the null of t when it does not convert.
func Convert(v Value, t Type) Value {
	v = Scalar(v)
	if v.Kind == t && v.Valid {
		return v
	}
	if t == String {
		return StringValue(v.Text())
	}
	if !v.Valid || v.Kind == Dynamic {
		return Null(t)
	}
	switch t {
	case Bool:
		return convertBool(v)
	case Int, Long:
		return convertInteger(v, t)
	case Real, Decimal:
		return convertReal(v, t)
	case Datetime:
		return convertDatetime(v)
	case Timespan:
		return convertTimespan(v)
	case Guid:
		if s, ok := ParseGuid(v.Str); ok && v.Kind == String {
			return GuidValue(s)
		}
	case Dynamic:
		return ConvertDynamic(v)
	case Unknown:
		return v
	}
	return Null(t)
}

// ConvertDynamic reads a string as JSON; one that is not JSON stays a string.
func ConvertDynamic(v Value) Value {
	if v.Kind != String {
		return DynamicValue(ToDynamic(v))
	}
	if d, ok := ParseJSON(v.Str); ok {
		return DynamicValue(d)
	}
	if v.Str == "" {
		return Null(Dynamic)
	}
	return DynamicValue(v.Str)
}

func convertBool(v Value) Value {
	switch v.Kind {
	case Int, Long:
		return BoolValue(v.Num != 0)
	case Real, Decimal:
		return BoolValue(v.Real != 0)
	case String:
		s := strings.TrimSpace(v.Str)
		switch {
		case s == "1" || strings.EqualFold(s, "true"):
			return BoolValue(true)
		case s == "0" || strings.EqualFold(s, "false"):
			return BoolValue(false)
		}
	}
	return Null(Bool)
}

func convertInteger(v Value, t Type) Value {
	n := v.Num
	switch v.Kind {
	case Real, Decimal:
		// 2^63 itself does not fit
		if math.IsNaN(v.Real) || v.Real < math.MinInt64 || v.Real >= -math.MinInt64 {
			return Null(t)
		}
		n = int64(v.Real)
	case String:
		var ok bool
		if n, ok = parseLongText(v.Str); !ok {
			return Null(t)
		}
	case Bool, Int, Long, Datetime, Timespan:
	default:
		return Null(t)
	}
	if t == Long {
		return LongValue(n)
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return Null(t)
	}
	return IntValue(int32(n))
}

// parseLongText reads decimal and 0x-hexadecimal text; unlike Go it takes no
// underscores and no octal.
func parseLongText(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	body, negative := strings.CutPrefix(s, "-")
	if len(body) > 2 && body[0] == '0' && (body[1] == 'x' || body[1] == 'X') {
		n, err := strconv.ParseUint(body[2:], 16, 64)
		if negative {
			return -int64(n), err == nil
		}
		return int64(n), err == nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func convertReal(v Value, t Type) Value {
	var f float64
	switch v.Kind {
	case Bool, Int, Long, Datetime, Timespan:
		f = float64(v.Num)
	case Real, Decimal:
		f = v.Real
	case String:
		var ok bool
		if f, ok = parseRealText(v.Str); !ok {
			return Null(t)
		}
	default:
		return Null(t)
	}
	return Value{Kind: t, Valid: true, Real: f}
}

func parseRealText(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "_pPxX") {
		n, ok := parseLongText(s)
		return float64(n), ok
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || math.IsInf(f, 0)
}

func convertDatetime(v Value) Value {
	ticks := v.Num
	switch v.Kind {
	case Int, Long:
	case Real, Decimal:
		n := convertInteger(v, Long)
		if !n.Valid {
			return Null(Datetime)
		}
		ticks = n.Num
	case String:
		n, ok := ParseDatetime(v.Str)
		if !ok {
			return Null(Datetime)
		}
		ticks = n
	default:
		return Null(Datetime)
	}
	if ticks < 0 || ticks > MaxTicks {
		return Null(Datetime)
	}
	return DatetimeTicks(ticks)
}

func convertTimespan(v Value) Value {
	switch v.Kind {
	case Int, Long:
		return TimespanTicks(v.Num)
	case Real, Decimal:
		if n := convertInteger(v, Long); n.Valid {
			return TimespanTicks(n.Num)
		}
	case String:
		if n, ok := ParseTimespan(v.Str); ok {
			return TimespanTicks(n)
		}
	}
	return Null(Timespan)
}

// ParseGuid reads 32 hexadecimal digits with or without hyphens and braces
// and gives them lower-case with hyphens.
func ParseGuid(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) == 38 && (s[0] == '{' && s[37] == '}' || s[0] == '(' && s[37] == ')') {
		s = s[1:37]
	}
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return "", false
	}
	for i := range len(s) {
		if !IsHexByte(s[i]) {
			return "", false
		}
	}
	s = strings.ToLower(s)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], true
}

// IsHexByte tells a hexadecimal digit.
func IsHexByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// DynamicTypeName is the answer of gettype().
func DynamicTypeName(v Value) string {
	v = Scalar(v)
	switch v.Dyn.(type) {
	case []any:
		return "array"
	case *Bag:
		return "dictionary"
	}
	if !v.Valid {
		return "null"
	}
	return v.Kind.String()
}
