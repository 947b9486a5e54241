package builtin

import (
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func TestConversionFunctions(t *testing.T) {
	runFnCases(t, []fnCase{
		{"hexadecimal text is a number", "tolong", vArgs(vStr("0xff")), "255"},
		{"text with spaces is a number", "tolong", vArgs(vStr(" 12 ")), "12"},
		{"a fraction in text is no long", "tolong", vArgs(vStr("1.5")), fnNull},
		{"a real is cut", "tolong", vArgs(vReal(-1.9)), "-1"},
		{"what an int can't hold is null", "toint", vArgs(vLong(1 << 31)), fnNull},
		{"what a long can't hold is null", "tolong", vArgs(vReal(1e19)), fnNull},
		{"true is one", "tolong", vArgs(value.BoolValue(true)), "1"},
		{"a dynamic number converts", "toint", vArgs(vJSON(`"7"`)), "7"},
		{"an array does not", "tolong", vArgs(vJSON(`[1]`)), fnNull},
		{"underscores are no digits", "todouble", vArgs(vStr("1_000")), fnNull},
		{"an exponent is read", "toreal", vArgs(vStr("1e3")), "1000.0"},
		{"truth in capitals", "tobool", vArgs(vStr("TRUE")), "true"},
		{"two is true", "tobool", vArgs(vLong(2)), "true"},
		{"yes is nothing", "tobool", vArgs(vStr("yes")), fnNull},
		{"a GUID in braces", "toguid", vArgs(vStr("{70FC66F7-8279-44FC-9092-D364D70FCE44}")), "70fc66f7-8279-44fc-9092-d364d70fce44"},
		{"too short for a GUID", "toguid", vArgs(vStr("70fc66f7")), fnNull},
		{"a null is no text", "tostring", vArgs(value.Null(value.Long)), ""},
		{"a dynamic text has no quotes", "tostring", vArgs(vJSON(`"a"`)), "a"},
		{"text is parsed as JSON", "parse_json", vArgs(vStr(`{"a":[1,2]}`)), `{"a":[1,2]}`},
		{"text that is not JSON stays", "parse_json", vArgs(vStr(`{a:`)), `{a:`},
		{"nothing is null", "todynamic", vArgs(vStr("")), fnNull},
		{"a dynamic text is parsed too", "parse_json", vArgs(value.DynamicValue(`[1]`)), `[1]`},
		{"an int has 32 bits in hexadecimal", "tohex", vArgs(value.IntValue(-1)), "ffffffff"},
		{"a width pads", "tohex", vArgs(vLong(255), vLong(4)), "00ff"},
		{"the type of a bag", "gettype", vArgs(vJSON(`{}`)), "dictionary"},
		{"the type in a dynamic", "gettype", vArgs(vJSON(`1.5`)), "real"},
		{"a day in ticks", "totimespan", vArgs(vLong(864_000_000_000)), "1.00:00:00"},
		{"a size in the unit that fits", "format_bytes", vArgs(vLong(1536), vLong(1)), "1.5 KB"},
	})
}

func TestLogicFunctions(t *testing.T) {
	runFnCases(t, []fnCase{
		{"an unknown condition is not met", "iff", vArgs(value.Null(value.Bool), vStr("a"), vStr("b")), "b"},
		{"numbers widen", "iff", vArgs(value.BoolValue(true), vLong(1), vReal(2)), "1.0"},
		{"a dynamic beside a string becomes one", "iff", vArgs(value.BoolValue(true), vJSON(`"a"`), vStr("")), "a"},
		{"the first condition that holds", "case", vArgs(value.BoolValue(false), vLong(1), value.BoolValue(true), vLong(2), vLong(3)), "2"},
		{"none holds", "case", vArgs(value.Null(value.Bool), vLong(1), vLong(3)), "3"},
		{"the first that is something", "coalesce", vArgs(vStr(""), vStr("b")), "b"},
		{"nothing at all", "coalesce", vArgs(value.Null(value.Long), value.Null(value.Long)), fnNull},
		{"an empty text is not null", "isnull", vArgs(vStr("")), "false"},
		{"a null is null", "isnull", vArgs(value.Null(value.Long)), "true"},
		{"an empty text is empty", "isempty", vArgs(vStr("")), "true"},
		{"a null is empty", "isempty", vArgs(value.Null(value.Dynamic)), "true"},
		{"a space is not empty", "isnotempty", vArgs(vStr(" ")), "true"},
		{"not of unknown is unknown", "not", vArgs(value.Null(value.Bool)), fnNull},
		{"the greatest beside nulls", "max_of", vArgs(value.Null(value.Long), vLong(2), vLong(1)), "2"},
		{"the least of mixed numbers", "min_of", vArgs(vLong(2), vReal(1.5)), "1.5"},
	})
}

func TestMathFunctions(t *testing.T) {
	runFnCases(t, []fnCase{
		{"rounding keeps a long", "round", vArgs(vLong(1234), vLong(-2)), "1200"},
		{"halves go away from zero", "round", vArgs(vReal(-2.5)), "-3.0"},
		{"digits after the point", "round", vArgs(vReal(3.14159), vLong(2)), "3.14"},
		{"digits beyond measure change nothing", "round", vArgs(vReal(0.1), vLong(400)), "0.1"},
		{"ceiling", "ceiling", vArgs(vReal(-1.1)), "-1.0"},
		{"the size of a long", "abs", vArgs(vLong(-5)), "5"},
		{"the size of a timespan", "abs", vArgs(vSpan("-1h")), "01:00:00"},
		{"a root that there is not", "sqrt", vArgs(vLong(-1)), "NaN"},
		{"log of zero", "log", vArgs(vLong(0)), "-Infinity"},
		{"common bits", "binary_and", vArgs(vLong(12), vLong(10)), "8"},
		{"a shift keeps the sign", "binary_shift_right", vArgs(vLong(-8), vLong(1)), "-4"},
		{"nothing in, nothing out", "exp", vArgs(value.Null(value.Real)), fnNull},
	})
}

func TestParseFunctions(t *testing.T) {
	runFnCases(t, []fnCase{
		{"a URL in parts", "parse_url", vArgs(vStr("https://u:p@[::1]:8443/a/b?x=1%202&y#top")),
			`{"Scheme":"https","Host":"[::1]","Port":"8443","Path":"/a/b","Username":"u","Password":"p","Query Parameters":{"x":"1%202","y":""},"Fragment":"top"}`},
		{"without a scheme there are no parts", "parse_url", vArgs(vStr("example.com/a")),
			`{"Scheme":"","Host":"","Port":"","Path":"","Username":"","Password":"","Query Parameters":{},"Fragment":""}`},
		{"the query of a URL", "parse_urlquery", vArgs(vStr("?a=1&b=2")), `{"Query Parameters":{"a":"1","b":"2"}}`},
		{"a path of Windows", "parse_path", vArgs(vStr(`C:\Users\a\x.tar.gz:zone`)),
			`{"Scheme":"","RootPath":"C:","DirectoryPath":"C:\\Users\\a","DirectoryName":"a","Filename":"x.tar.gz","Extension":"gz","AlternateDataStreamName":"zone"}`},
		{"a letter before a colon is a drive", "parse_path", vArgs(vStr(`x:stream`)),
			`{"Scheme":"","RootPath":"x:","DirectoryPath":"x:","DirectoryName":"x:","Filename":"stream","Extension":"","AlternateDataStreamName":""}`},
		{"the first record of CSV", "parse_csv", vArgs(vStr("a,\"b \"\"c\"\", d\",\nnext")), `["a","b \"c\", d",""]`},
		{"XML as a bag", "parse_xml", vArgs(vStr(`<?xml version="1.0" encoding="utf-16"?><e><d n="a">x</d><d n="b"/><s>t &lt;</s><z/></e>`)),
			`{"e":{"d":[{"@n":"a","#text":"x"},{"@n":"b"}],"s":"t <","z":null}}`},
		{"XML that does not end is none", "parse_xml", vArgs(vStr("<a><b></a>")), fnNull},
		{"text is no XML", "parse_xml", vArgs(vStr("text")), fnNull},
		{"a version is not a fraction", "parse_version", vArgs(vStr("1.x")), fnNull},
		{"a value by its path", "extract_json", vArgs(vStr("$.a[1]['b c']"), vStr(`{"a":[0,{"b c":true}]}`)), "true"},
		{"a path that leads nowhere", "extract_json", vArgs(vStr("$.a.b"), vStr(`{"a":[0]}`)), ""},
		{"a command line with quotes", "parse_command_line", vArgs(vStr(`"C:\a b\x.exe" -c "say \"hi\"" C:\dir\ "d\\" e"f g"h`), vStr("windows")),
			`["C:\\a b\\x.exe","-c","say \"hi\"","C:\\dir\\","d\\","ef gh"]`},
		{"an empty command line", "parse_command_line", vArgs(vStr(" "), vStr("windows")), fnNull},
		{"a digest", "hash_sha256", vArgs(vStr("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"a digest of a null is none", "hash_md5", vArgs(value.Null(value.Long)), ""},
		{"a hash below its modulus", "hash", vArgs(vStr("anything"), vLong(1)), "0"},
	})
	f := Functions()["parse_version"].Eval
	older, _ := f(fnEnv(), vArgs(vStr("10.0.19045.3570")))
	newer, _ := f(fnEnv(), vArgs(vStr("10.0.19045.3571")))
	if c, ok := value.Compare(older, newer); !ok || c != -1 {
		t.Errorf("builds one apart compare as %d, %v", c, ok)
	}
}
