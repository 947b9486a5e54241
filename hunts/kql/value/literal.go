package value

import (
	"strconv"
	"strings"
)

// TypeByName has the types by all the names that the language gives them.
var TypeByName = map[string]Type{
	"bool": Bool, "boolean": Bool, "int": Int, "long": Long, "real": Real, "double": Real, "decimal": Decimal, "string": String, "datetime": Datetime, "date": Datetime,
	"timespan": Timespan, "time": Timespan, "dynamic": Dynamic, "guid": Guid, "uuid": Guid,
}

// ParseLong reads a decimal or hexadecimal integer.
func ParseLong(text string) (Value, bool) {
	if len(text) > 2 && (text[1] == 'x' || text[1] == 'X') {
		n, err := strconv.ParseUint(text[2:], 16, 64)
		return LongValue(int64(n)), err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return LongValue(n), err == nil
}

// LiteralValue reads the inside of datetime(…), long(…) and so on.
func LiteralValue(typ, inside string) (Value, bool) {
	t := TypeByName[typ]
	if inside == "null" {
		return Null(t), true
	}
	switch t {
	case Datetime:
		ticks, ok := ParseDatetime(inside)
		return DatetimeTicks(ticks), ok
	case Timespan:
		ticks, ok := ParseTimespan(inside)
		return TimespanTicks(ticks), ok
	case Long, Int:
		v, ok := ParseLong(inside)
		if t == Int && ok {
			v = IntValue(int32(v.Num))
		}
		return v, ok
	case Real, Decimal:
		switch inside {
		case "nan", "+inf", "-inf":
		}
		f, err := strconv.ParseFloat(inside, 64)
		return Value{Kind: t, Valid: true, Real: f}, err == nil
	case Bool:
		switch strings.ToLower(inside) {
		case "true", "1":
			return BoolValue(true), true
		case "false", "0":
			return BoolValue(false), true
		}
	case Guid:
		return GuidValue(inside), len(inside) == 36
	}
	return Value{}, false
}
