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
	"N": `series_dot_product 
		`,
	"T": `abs`,
	"a": `array_concat array_length array_reverse array_sort_asc array_sort_desc array_sum bag_keys bag_merge bag_remove_keys bag_zip
		jaccard_index 
		set_difference set_intersect set_union
		zip`,
	"b": `not`,
	"d": `dayofmonth dayofweek dayofyear getmonth getyear hourofday monthofyear week_of_year weekofyear`,
	"h": `hash_md5 hash_sha1 hash_sha256`,
	"i": `binary_and binary_or binary_shift_left binary_shift_right binary_xor rand tohex`,
	"n": `ceiling cos cot exp log log10 log2 make_datetime make_timespan pow sign
		sin sqrt tan unixtime_microseconds_todatetime unixtime_milliseconds_todatetime unixtime_nanoseconds_todatetime unixtime_seconds_todatetime`,
	"r": `isfinite isinf isnan`,
	"s": `base64_decode_toarray base64_decode_tostring base64_decodestring base64_encode_tostring base64_encodestring countof
		gzip_decompress_from_base64_string has_any_ipv4 has_any_ipv4_prefix has_ipv4 has_ipv4_prefix ipv4_is_in_any_range
		ipv4_is_in_range ipv4_is_private ipv4_netmask_suffix ipv6_is_in_any_range ipv6_is_in_range parse_csv parse_ipv4 parse_ipv6
		parse_json parse_path parse_url parse_urlquery parse_version parse_xml parsejson punycode_domain_from_string
		punycode_domain_to_string replace_string string_size strlen todynamic toguid translate url_decode
		url_encode url_encode_component zlib_decompress_from_base64_string`,
	"*i":  `format_ipv4 format_ipv4_mask substring`,
	"*s":  `parse_command_line`,
	"a*":  `set_has_element strcat_array`,
	"aI":  `array_split`,
	"ai":  `array_slice`,
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
	"p":   `ago now`,
	"ps":  `format_timespan`,
	"sd":  `datepart datetime_part`,
	"sdd": `datetime_diff`,
	"sid": `datetime_add`,
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
