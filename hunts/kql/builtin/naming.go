package builtin

import (
	"strings"
)

// Words is a set of names written as one text.
func Words(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

// The names of columns without a name of their own, as Microsoft's analyser
// gives them (kusto_test.go compares). A call is named by its first argument:
// bin(Time, 1h) is Time; or by a word and that argument: make_set(x) is set_x;
// every other call has no name, and what is built from others has none either.
var (
	NamedByArgument = Words(`split tostring tohex todynamic toobject tolong toint toreal todouble todatetime totimespan totime tobool toboolean todecimal toguid
		parse_csv parsejson parse_json parse_xml format_datetime format_timespan startofday bin floor bin_at bin_auto binary_and binary_or binary_xor binary_not
		binary_shift_right binary_shift_left bitset_count_ones series_fir series_outliers series_iir series_fill_backward series_fill_forward series_fill_const
		series_fill_linear round ceiling pow sqrt log log2 log10 exp exp2 exp10 cos sin tan acos asin atan atan2 abs rand gamma loggamma erf erfc format_bytes
		take_anyif binary_all_or binary_all_and binary_all_xor make_datetime make_timespan`)
	NamePrefix = map[string]string{
		"strlen": "strlen", "string_size": "string_size", "percentile_tdigest": "percentile_tdigest", "dcount_hll": "dcount_hll", "gettype": "type", "treepath": "tree", "repeat": "repeat",
		"percentiles_array_tdigest": "percentile_tdigest", "make_list": "list", "makelist": "list", "make_list_if": "list", "make_list_with_nulls": "list", "make_set": "set", "makeset": "set",
		"make_set_if": "set", "make_bag": "bag", "make_bag_if": "bag", "buildschema": "schema", "tdigest_merge": "merge_tdigests", "merge_tdigest": "merge_tdigests",
	}
)
