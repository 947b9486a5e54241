package builtin

import (
	"math"
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// castFunctions are the types called like functions, and the sizes of values.
func castFunctions() library {
	l := library{}
	for _, name := range []string{"long", "int", "real", "double", "bool", "datetime", "timespan"} {
		t := value.TypeByName[name]
		l.pure(name, 1, 1, t, func(a []value.Value) value.Value { return value.Convert(a[0], t) })
	}
	l.pure("estimate_data_size", 0, AnyNumber, value.Long, func(a []value.Value) value.Value {
		var n int64
		for _, v := range a {
			n += int64(len(v.Text()))
		}
		return value.LongValue(n)
	})
	l.pure("format_bytes", 1, 3, value.String, formatBytes)
	return l
}

// formatBytes prints a size with the largest binary unit that leaves a whole
// part, or with the one that was asked for.
func formatBytes(a []value.Value) value.Value {
	n, precision := value.Convert(a[0], value.Real), 0
	if !n.Valid {
		return value.Null(value.String)
	}
	if len(a) > 1 {
		precision = int(max(0, min(a[1].Num, 20)))
	}
	units := []string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"}
	at := 0
	size := n.Real
	for ; at < len(units)-1; at++ {
		if len(a) > 2 && units[at] == argText(a[2]) || len(a) < 3 && math.Abs(size) < 1024 {
			break
		}
		size /= 1024
	}
	scale := math.Pow(10, float64(precision))
	return value.StringValue(strconv.FormatFloat(math.Round(size*scale)/scale, 'f', -1, 64) + " " + units[at])
}

// conversionFunctions are the functions that are named after a type.
func conversionFunctions() []Function {
	list := []Function{
		pureFn("tohex", 1, 2, value.String, toHex),
		pureFn("gettype", 1, 1, value.String, func(a []value.Value) value.Value { return value.StringValue(value.DynamicTypeName(a[0])) }),
	}
	for _, c := range []struct {
		to    value.Type
		names []string
	}{
		{value.String, []string{"tostring"}},
		{value.Int, []string{"toint"}},
		{value.Long, []string{"tolong"}},
		{value.Real, []string{"toreal", "todouble"}},
		{value.Decimal, []string{"todecimal"}},
		{value.Bool, []string{"tobool", "toboolean"}},
		{value.Datetime, []string{"todatetime"}},
		{value.Timespan, []string{"totimespan"}},
		{value.Guid, []string{"toguid"}},
	} {
		for _, name := range c.names {
			list = append(list, pureFn(name, 1, 1, c.to, func(a []value.Value) value.Value { return value.Convert(a[0], c.to) }))
		}
	}
	for _, name := range []string{"todynamic", "parse_json", "parsejson"} {
		list = append(list, pureFn(name, 1, 1, value.Dynamic, toDynamicTree))
	}
	return list
}

// toDynamicTree parses strings; a dynamic that already is one passes.
func toDynamicTree(a []value.Value) value.Value {
	if a[0].Kind == value.Dynamic {
		if _, ok := a[0].Dyn.(string); !ok {
			return a[0]
		}
	}
	return value.Convert(a[0], value.Dynamic)
}

// toHex prints 64 bits of two's complement for a long and 32 for an int.
func toHex(a []value.Value) value.Value {
	v := value.Scalar(a[0])
	if v.Kind != value.Int {
		v = value.Convert(v, value.Long)
	}
	if !v.Valid {
		return value.StringValue("")
	}
	u := uint64(v.Num)
	if v.Kind == value.Int {
		u = uint64(uint32(v.Num))
	}
	s := strconv.FormatUint(u, 16)
	if len(a) > 1 {
		if width := int(min(value.Convert(a[1], value.Long).Num, 16)); len(s) < width {
			s = strings.Repeat("0", width-len(s)) + s
		}
	}
	return value.StringValue(s)
}
