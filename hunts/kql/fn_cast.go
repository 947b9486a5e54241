package kql

import (
	"math"
	"strconv"
)

// castFunctions are the types called like functions, and the sizes of values.
func castFunctions() library {
	l := library{}
	for _, name := range []string{"long", "int", "real", "double", "bool", "datetime", "timespan"} {
		t := typeByName[name]
		l.pure(name, 1, 1, t, func(a []Value) Value { return convert(a[0], t) })
	}
	l.pure("estimate_data_size", 0, anyNumber, Long, func(a []Value) Value {
		var n int64
		for _, v := range a {
			n += int64(len(v.Text()))
		}
		return LongValue(n)
	})
	l.pure("format_bytes", 1, 3, String, formatBytes)
	return l
}

// formatBytes prints a size with the largest binary unit that leaves a whole
// part, or with the one that was asked for.
func formatBytes(a []Value) Value {
	n, precision := convert(a[0], Real), 0
	if !n.valid {
		return Null(String)
	}
	if len(a) > 1 {
		precision = int(max(0, min(a[1].num, 20)))
	}
	units := []string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"}
	at := 0
	size := n.real
	for ; at < len(units)-1; at++ {
		if len(a) > 2 && units[at] == argText(a[2]) || len(a) < 3 && math.Abs(size) < 1024 {
			break
		}
		size /= 1024
	}
	scale := math.Pow(10, float64(precision))
	return StringValue(strconv.FormatFloat(math.Round(size*scale)/scale, 'f', -1, 64) + " " + units[at])
}
