package builtin

import (
	"sync"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Tuple is a function that gives several columns at once; as a part of a larger
// expression it gives the first. Its columns are named by the function, its
// argument and themselves: series_fit_line_x_slope.
type Tuple struct {
	Columns []value.Column
	MinArgs int
	MaxArgs int
	Eval    func(args []value.Value) ([]value.Value, error)
}

// Tuples are the functions of several columns by name.
var Tuples = sync.OnceValue(func() map[string]Tuple {
	of := func(t value.Type, names ...string) []value.Column {
		out := make([]value.Column, len(names))
		for i, n := range names {
			out[i] = value.Column{Name: n, Type: t}
		}
		return out
	}
	line := append(of(value.Real, "rsquare", "slope", "variance", "rvariance", "interception"), of(value.Dynamic, "line_fit")...)
	lines := append(of(value.Real, "rsquare", "split_idx", "variance", "rvariance"), of(value.Dynamic, "line_fit")...)
	lines[1].Type = value.Long
	for _, side := range []string{"right_", "left_"} {
		lines = append(lines, of(value.Real, side+"rsquare", side+"slope", side+"interception", side+"variance", side+"rvariance")...)
	}
	stats := of(value.Real, "min", "min_idx", "max", "max_idx", "avg", "stdev", "variance")
	stats[1].Type, stats[3].Type = value.Long, value.Long
	parts := of(value.Dynamic, "baseline", "seasonal", "trend", "residual")
	return map[string]Tuple{
		"series_fit_line":            {line, 1, 1, fitLine},
		"series_fit_2lines":          {lines, 1, 1, fitTwoLines},
		"series_stats":               {stats, 1, 2, statsTuple},
		"series_decompose":           {parts, 1, 5, decompose},
		"series_decompose_forecast":  {parts, 2, 5, forecast},
		"series_decompose_anomalies": {of(value.Dynamic, "ad_flag", "ad_score", "baseline"), 1, 7, anomalies},
	}
})

// numbersOf is a series without gaps: an element that is no number counts as 0.
func numbersOf(v value.Value) ([]float64, bool) {
	list, ok := argArray(v)
	if !ok {
		return nil, false
	}
	out := make([]float64, len(list))
	for i, item := range list {
		out[i], _ = seriesNumber(item)
	}
	return out, true
}

func seriesOf(list []float64) value.Value {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = x
	}
	return value.DynamicValue(out)
}
