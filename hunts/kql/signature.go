package kql

import (
	"slices"
	"strings"
)

// signatures are the types that functions take, as Microsoft's analyser has
// them: a letter for each argument, the last one for all that follow. A
// function that is not here takes any, or looks at its arguments itself.
var signatures = signatureOf(map[string]string{
	"I": `make_string unicode_codepoints_to_string`,
	"N": `series_add series_divide series_dot_product series_equals series_greater series_greater_equals series_less series_less_equals series_multiply
		series_not_equals series_pow series_subtract`,
	"T": `abs`,
	"a": `array_concat array_length array_reverse array_sort_asc array_sort_desc array_sum arraylength bag_keys bag_merge bag_remove_keys bag_zip
		base64_encode_fromarray jaccard_index series_abs series_acos series_asin series_atan series_ceiling series_cos series_exp series_floor series_log
		series_magnitude series_product series_sign series_sin series_stats_dynamic series_sum series_tan set_difference set_equals set_intersect set_union
		treepath zip`,
	"b": `not`,
	"d": `dayofmonth dayofweek dayofyear getmonth getyear hourofday monthofyear week_of_year weekofyear`,
	"g": `base64_encode_fromguid`,
	"h": `hash_md5 hash_sha1 hash_sha256`,
	"i": `binary_and binary_not binary_or binary_shift_left binary_shift_right binary_xor bitset_count_ones rand tohex`,
	"n": `acos asin atan atan2 ceiling cos cot degrees erf erfc exp exp10 exp2 format_bytes gamma log log10 log2 loggamma make_datetime make_timespan pow radians sign
		sin sqrt tan unixtime_microseconds_todatetime unixtime_milliseconds_todatetime unixtime_nanoseconds_todatetime unixtime_seconds_todatetime`,
	"r": `isfinite isinf isnan`,
	"s": `base64_decode_toarray base64_decode_toguid base64_decode_tostring base64_decodestring base64_encode_tostring base64_encodestring countof
		gzip_compress_to_base64_string gzip_decompress_from_base64_string has_any_ipv4 has_any_ipv4_prefix has_ipv4 has_ipv4_prefix ipv4_is_in_any_range
		ipv4_is_in_range ipv4_is_private ipv4_netmask_suffix ipv4_range_to_cidr_list ipv6_is_in_any_range ipv6_is_in_range parse_csv parse_ipv4 parse_ipv6
		parse_json parse_path parse_url parse_urlquery parse_version parse_xml parsejson parseurl parseurlquery punycode_domain_from_string
		punycode_domain_to_string punycode_from_string punycode_to_string replace_string string_size strlen todynamic toguid toobject translate url_decode
		url_encode url_encode_component zlib_compress_to_base64_string zlib_decompress_from_base64_string`,
	"*i":  `format_ipv4 format_ipv4_mask repeat substring`,
	"*s":  `parse_command_line`,
	"a*":  `array_iff array_iif array_strcat set_has_element strcat_array`,
	"aI":  `array_split`,
	"ai":  `array_rotate_left array_rotate_right array_slice`,
	"as":  `bag_has_key`,
	"di":  `endofday endofmonth endofweek endofyear startofday startofmonth startofweek startofyear`,
	"ds":  `datetime_local_to_utc datetime_utc_to_local format_datetime`,
	"hi":  `hash hash_xxhash64`,
	"s*":  `bag_pack extract_all extractall pack pack_dictionary replace trim trim_end trim_start`,
	"sa":  `has_any_index replace_strings`,
	"si":  `parse_ipv4_mask parse_ipv6_mask`,
	"**i": `indexof`,
	"*i*": `strrep`,
	"*si": `split`,
	"a*i": `array_index_of`,
	"aar": `series_cosine_similarity`,
	"ai*": `array_shift_left array_shift_right`,
	"p":   `ago now`,
	"ps":  `format_timespan`,
	"sd":  `datepart datetime_part`,
	"sdd": `datetime_diff`,
	"sid": `datetime_add`,
	"bs":  `assert`,
	"ni":  `round`,
	"R":   `range`,
	"ss*": `extract_json extractjson`,
	"si*": `extract`,
	"as*": `bag_set_key`,
	"ssi": `ipv4_compare ipv4_is_match ipv6_compare ipv6_is_match`,
})

// argumentKinds are the letters of a signature.
var argumentKinds = map[byte]struct {
	name  string
	types []Type
}{
	'*': {"anything", nil},
	's': {"string", []Type{String, Dynamic}},
	'a': {"dynamic", []Type{Dynamic}},
	'i': {"int or long", []Type{Int, Long}},
	'I': {"int, long or dynamic", []Type{Int, Long, Dynamic}},
	'r': {"int, long or real", []Type{Int, Long, Real}},
	'n': {"number", []Type{Int, Long, Real, Decimal}},
	'N': {"number or dynamic", []Type{Int, Long, Real, Decimal, Dynamic}},
	'T': {"number or timespan", []Type{Int, Long, Real, Decimal, Timespan}},
	'p': {"timespan", []Type{Timespan}},
	'R': {"number, datetime or timespan", []Type{Int, Long, Real, Decimal, Datetime, Timespan}},
	'd': {"datetime", []Type{Datetime}},
	'b': {"bool", []Type{Bool}},
	'g': {"guid", []Type{Guid}},
	'h': {"anything but dynamic", []Type{Bool, Int, Long, Real, Decimal, String, Datetime, Timespan, Guid}},
}

func signatureOf(groups map[string]string) map[string]string {
	out := map[string]string{}
	for kinds, names := range groups {
		for _, name := range strings.Fields(names) {
			out[name] = kinds
		}
	}
	return out
}

// checkTypes refuses an argument of a type that the function does not take; a
// null without a type is taken everywhere.
func (x *execution) checkTypes(e *callExpr, nodes []*node) error {
	switch e.name {
	case "coalesce", "max_of", "min_of":
		return x.checkCommon(e, nodes)
	case "iff", "iif", "case":
		return x.checkConditions(e, nodes)
	case "bin", "floor", "bin_at":
		return x.checkBins(e, nodes)
	case "make_datetime":
		switch len(nodes) {
		case 1:
			return nil
		case 3, 5, 6:
		default:
			return x.error(e.at(), SemanticError, "make_datetime() takes year, month and day, hour and minute too, and seconds, not %d arguments", len(nodes))
		}
	}
	kinds, ok := signatures[e.name]
	if !ok {
		return nil
	}
	if kinds == "N" && !slices.ContainsFunc(nodes, func(n *node) bool { return n.typ == Dynamic || n.typ == Unknown }) {
		return x.error(e.at(), SemanticError, "%s() takes a series", e.name)
	}
	for i, n := range nodes {
		kind := argumentKinds[kinds[min(i, len(kinds)-1)]]
		if n.typ == Unknown || kind.types == nil {
			continue
		}
		if !slices.Contains(kind.types, n.typ) {
			return x.error(e.args[i].at(), SemanticError, "%s(): argument %d is %s, not %s", e.name, i+1, kind.name, n.typ)
		}
	}
	return nil
}

// checkConditions: the first argument of iff() is a bool, and every other one
// of case() but the last.
func (x *execution) checkConditions(e *callExpr, nodes []*node) error {
	for i := 0; i+1 < len(nodes); i += 2 {
		if t := nodes[i].typ; t != Bool && t != Unknown && (e.name == "case" || i == 0) {
			return x.error(e.args[i].at(), SemanticError, "%s(): argument %d is bool, not %s", e.name, i+1, t)
		}
	}
	return nil
}

// checkBins: instants and durations are cut by durations, numbers by numbers.
func (x *execution) checkBins(e *callExpr, nodes []*node) error {
	of := nodes[0].typ
	for i, n := range nodes {
		ok := n.typ == Unknown || n.typ.Numeric()
		if of == Datetime || of == Timespan {
			ok = n.typ == Timespan && i == 1 || n.typ == of && i != 1 || n.typ == Unknown
		}
		if !ok {
			return x.error(e.args[i].at(), SemanticError, "%s(): argument %d can't be %s where the first is %s", e.name, i+1, n.typ, of)
		}
	}
	return nil
}

// checkCommon: what stands beside each other has one type, or is a number.
func (x *execution) checkCommon(e *callExpr, nodes []*node) error {
	first := Unknown
	for i, n := range nodes {
		switch {
		case n.typ == Unknown:
		case first == Unknown:
			first = n.typ
		case n.typ != first && !(n.typ.Numeric() && first.Numeric()):
			return x.error(e.args[i].at(), SemanticError, "%s(): argument %d is %s, while another is %s; convert one", e.name, i+1, n.typ, first)
		}
	}
	return nil
}
