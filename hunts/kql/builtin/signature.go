package builtin

import (
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Signatures are the types that functions take, as Microsoft's analyser has
// them: a letter for each argument, the last one for all that follow. A
// function that is not here takes any, or looks at its arguments itself.
var Signatures = signatureOf(map[string]string{
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
	"n": `acos asin atan atan2 ceiling cos cot degrees erf erfc exp exp10 exp2 gamma log log10 log2 loggamma make_datetime make_timespan pow radians sign
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
	"nis": `format_bytes`,
	"R":   `range`,
	"ss*": `extract_json extractjson`,
	"si*": `extract`,
	"as*": `bag_set_key`,
	"ssi": `ipv4_compare ipv4_is_match ipv6_compare ipv6_is_match`,
})

// ArgumentKinds are the letters of a signature.
var ArgumentKinds = map[byte]struct {
	Name  string
	Types []value.Type
}{
	'*': {"anything", nil},
	's': {"string", []value.Type{value.String, value.Dynamic}},
	'a': {"dynamic", []value.Type{value.Dynamic}},
	'i': {"int or long", []value.Type{value.Int, value.Long}},
	'I': {"int, long or dynamic", []value.Type{value.Int, value.Long, value.Dynamic}},
	'r': {"int, long or real", []value.Type{value.Int, value.Long, value.Real}},
	'n': {"number", []value.Type{value.Int, value.Long, value.Real, value.Decimal}},
	'N': {"number or dynamic", []value.Type{value.Int, value.Long, value.Real, value.Decimal, value.Dynamic}},
	'T': {"number or timespan", []value.Type{value.Int, value.Long, value.Real, value.Decimal, value.Timespan}},
	'p': {"timespan", []value.Type{value.Timespan}},
	'R': {"number, datetime or timespan", []value.Type{value.Int, value.Long, value.Real, value.Decimal, value.Datetime, value.Timespan}},
	'd': {"datetime", []value.Type{value.Datetime}},
	'b': {"bool", []value.Type{value.Bool}},
	'g': {"guid", []value.Type{value.Guid}},
	'h': {"anything but dynamic", []value.Type{value.Bool, value.Int, value.Long, value.Real, value.Decimal, value.String, value.Datetime, value.Timespan, value.Guid}},
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
