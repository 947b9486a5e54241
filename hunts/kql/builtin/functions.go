package builtin

import (
	"maps"
	"sync"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Functions has every scalar function by name, once for all queries. What depends on the
// table at hand (row numbers, pack_all, materialize, …) is not among them.
var Functions = sync.OnceValue(func() map[string]Function {
	all := map[string]Function{}
	for _, part := range []library{
		castFunctions(), ipFunctions(), timeFunctions(), dynamicFunctions(), mathFunctions(), parseFunctions(), hashFunctions(),
	} {
		maps.Copy(all, part)
	}
	for _, group := range [][]Function{
		conversionFunctions(),
		logicFunctions(),
		stringFunctions(),
		encodingFunctions(),
		textFunctions(),
		regexFunctions(),
	} {
		for _, f := range group {
			all[f.Name] = f
		}
	}
	for alias, name := range map[string]string{
		"extractall": "extract_all",
	} {
		f := all[name]
		f.Name = alias
		all[alias] = f
	}
	return all
})

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
