package kql

import (
	"math"
	"strconv"
	"strings"
)

// convert gives v as type t, or the null of t when it does not convert.
func convert(v Value, t Type) Value {
	v = dynamicScalar(v)
	if v.typ == t && v.valid {
		return v
	}
	if t == String {
		return StringValue(v.Text())
	}
	if !v.valid || v.typ == Dynamic {
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
		if s, ok := parseGuid(v.str); ok && v.typ == String {
			return GuidValue(s)
		}
	case Dynamic:
		return convertDynamic(v)
	case Unknown:
		return v
	}
	return Null(t)
}

// convertDynamic reads a string as JSON; one that is not JSON stays a string.
func convertDynamic(v Value) Value {
	if v.typ != String {
		return DynamicValue(toDynamic(v))
	}
	if d, ok := parseDynamic(v.str); ok {
		return DynamicValue(d)
	}
	if v.str == "" {
		return Null(Dynamic)
	}
	return DynamicValue(v.str)
}

func convertBool(v Value) Value {
	switch v.typ {
	case Int, Long:
		return BoolValue(v.num != 0)
	case Real, Decimal:
		return BoolValue(v.real != 0)
	case String:
		s := strings.TrimSpace(v.str)
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
	n := v.num
	switch v.typ {
	case Real, Decimal:
		// 2^63 itself does not fit
		if math.IsNaN(v.real) || v.real < math.MinInt64 || v.real >= -math.MinInt64 {
			return Null(t)
		}
		n = int64(v.real)
	case String:
		var ok bool
		if n, ok = parseLongText(v.str); !ok {
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
	switch v.typ {
	case Bool, Int, Long, Datetime, Timespan:
		f = float64(v.num)
	case Real, Decimal:
		f = v.real
	case String:
		var ok bool
		if f, ok = parseRealText(v.str); !ok {
			return Null(t)
		}
	default:
		return Null(t)
	}
	return Value{typ: t, valid: true, real: f}
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
	ticks := v.num
	switch v.typ {
	case Int, Long:
	case Real, Decimal:
		n := convertInteger(v, Long)
		if !n.valid {
			return Null(Datetime)
		}
		ticks = n.num
	case String:
		n, ok := parseDatetime(v.str)
		if !ok {
			return Null(Datetime)
		}
		ticks = n
	default:
		return Null(Datetime)
	}
	if ticks < 0 || ticks > maxTicks {
		return Null(Datetime)
	}
	return DatetimeTicks(ticks)
}

func convertTimespan(v Value) Value {
	switch v.typ {
	case Int, Long:
		return TimespanTicks(v.num)
	case Real, Decimal:
		if n := convertInteger(v, Long); n.valid {
			return TimespanTicks(n.num)
		}
	case String:
		if n, ok := parseTimespan(v.str); ok {
			return TimespanTicks(n)
		}
	}
	return Null(Timespan)
}

// parseGuid reads 32 hexadecimal digits with or without hyphens and braces
// and gives them lower-case with hyphens.
func parseGuid(s string) (string, bool) {
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
		if !isHexByte(s[i]) {
			return "", false
		}
	}
	s = strings.ToLower(s)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], true
}

func isHexByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// conversionFunctions are the functions that are named after a type.
func conversionFunctions() []function {
	list := []function{
		pureFn("tohex", 1, 2, String, toHex),
		pureFn("gettype", 1, 1, String, func(a []Value) Value { return StringValue(dynamicTypeName(a[0])) }),
	}
	for _, c := range []struct {
		to    Type
		names []string
	}{
		{String, []string{"tostring"}},
		{Int, []string{"toint"}},
		{Long, []string{"tolong"}},
		{Real, []string{"toreal", "todouble"}},
		{Decimal, []string{"todecimal"}},
		{Bool, []string{"tobool", "toboolean"}},
		{Datetime, []string{"todatetime"}},
		{Timespan, []string{"totimespan", "totime"}},
		{Guid, []string{"toguid"}},
	} {
		for _, name := range c.names {
			list = append(list, pureFn(name, 1, 1, c.to, func(a []Value) Value { return convert(a[0], c.to) }))
		}
	}
	for _, name := range []string{"todynamic", "parse_json", "parsejson", "toobject"} {
		list = append(list, pureFn(name, 1, 1, Dynamic, toDynamicTree))
	}
	return list
}

// toDynamicTree parses strings; a dynamic that already is one passes.
func toDynamicTree(a []Value) Value {
	if a[0].typ == Dynamic {
		if _, ok := a[0].dyn.(string); !ok {
			return a[0]
		}
	}
	return convert(a[0], Dynamic)
}

// toHex prints 64 bits of two's complement for a long and 32 for an int.
func toHex(a []Value) Value {
	v := dynamicScalar(a[0])
	if v.typ != Int {
		v = convert(v, Long)
	}
	if !v.valid {
		return StringValue("")
	}
	u := uint64(v.num)
	if v.typ == Int {
		u = uint64(uint32(v.num))
	}
	s := strconv.FormatUint(u, 16)
	if len(a) > 1 {
		if width := int(min(convert(a[1], Long).num, 16)); len(s) < width {
			s = strings.Repeat("0", width-len(s)) + s
		}
	}
	return StringValue(s)
}

// dynamicTypeName is the answer of gettype().
func dynamicTypeName(v Value) string {
	v = dynamicScalar(v)
	switch v.dyn.(type) {
	case []any:
		return "array"
	case *Bag:
		return "dictionary"
	}
	if !v.valid {
		return "null"
	}
	return v.typ.String()
}
