package builtin

import (
	"errors"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func TestStringFunctions(t *testing.T) {
	long := strings.Repeat("x", 200)
	runFnCases(t, []fnCase{
		{"length counts code points", "strlen", vArgs(vStr("añ😀")), "3"},
		{"size counts bytes", "string_size", vArgs(vStr("añ😀")), "7"},
		{"a null has no characters", "strlen", vArgs(value.Null(value.Long)), "0"},
		{"substring from the middle", "substring", vArgs(vStr("footprint"), vLong(4), vLong(3)), "pri"},
		{"substring from the end", "substring", vArgs(vStr("footprint"), vLong(-5), vLong(2)), "pr"},
		{"substring beyond the end is empty", "substring", vArgs(vStr("abc"), vLong(9), vLong(1)), ""},
		{"substring counts code points", "substring", vArgs(vStr("é→x"), vLong(1)), "→x"},
		{"reverse keeps code points whole", "reverse", vArgs(vStr("ab→")), "→ba"},
		{"strcat prints other types", "strcat", vArgs(vStr("a"), vLong(1), vReal(2), value.BoolValue(true), value.Null(value.Long)), "a12.0true"},
		{"a delimiter stands between parts", "strcat_delim", vArgs(vStr("-"), vStr("a"), vStr(""), vStr("c")), "a--c"},
		{"an array is joined", "strcat_array", vArgs(vJSON(`[1,"b",[2]]`), vStr(";")), "1;b;[2]"},
		{"what is no array joins to nothing", "strcat_array", vArgs(vJSON(`{"a":1}`), vStr(";")), ""},
		{"split gives all parts", "split", vArgs(vStr("a,b,,c"), vStr(",")), `["a","b","","c"]`},
		{"split gives one part as an array", "split", vArgs(vStr("a,b,c"), vStr(","), vLong(1)), `["b"]`},
		{"split without that part gives none", "split", vArgs(vStr("a,b,c"), vStr(","), vLong(7)), `[]`},
		{"order of strings is by code point", "strcmp", vArgs(vStr("B"), vStr("a")), "-1"},
		{"translate repeats its last character", "translate", vArgs(vStr("abc"), vStr("xy"), vStr("aabbcc-")), "xxyyyy-"},
		{"translate to nothing deletes", "translate", vArgs(vStr("-."), vStr(""), vStr("a-b.c")), "abc"},
		{"replacements do not touch each other", "replace_strings", vArgs(vStr("a b"), vJSON(`["a","b"]`), vJSON(`["b","a"]`)), "b a"},
		{"replace nothing leaves the text", "replace_string", vArgs(vStr("aaa"), vStr(""), vStr("x")), "aaa"},
		{"replace every occurrence", "replace_string", vArgs(vStr("a.b.c"), vStr("."), vStr("[.]")), "a[.]b[.]c"},
		{"repeat with a delimiter", "strrep", vArgs(vStr("ab"), vLong(3), vStr("/")), "ab/ab/ab"},
		{"repeat never is empty", "strrep", vArgs(vStr("ab"), vLong(-1)), ""},
		{"the first listed term that occurs", "has_any_index", vArgs(vStr("cmd /c whoami"), vJSON(`["who","CMD","whoami"]`)), "1"},
		{"a part of a word is no term", "has_any_index", vArgs(vStr("cmd /c whoami"), vJSON(`["who"]`)), "-1"},
		{"spaces become plus signs", "url_encode", vArgs(vStr("a b&c=é/~")), "a+b%26c%3d%c3%a9%2f%7e"},
		{"spaces in a component become %20", "url_encode_component", vArgs(vStr("a b")), "a%20b"},
		{"percent signs are decoded", "url_decode", vArgs(vStr("a%20b%2Fc%zz+")), "a b/c%zz "},
		{"base64 there", "base64_encode_tostring", vArgs(vStr("Kusto")), "S3VzdG8="},
		{"base64 and back", "base64_decode_tostring", vArgs(vStr("S3VzdG8=")), "Kusto"},
		{"base64 without padding is read", "base64_decode_tostring", vArgs(vStr("S3VzdG8")), "Kusto"},
		{"base64 of bytes that are no text is empty", "base64_decode_tostring", vArgs(vStr("//79")), ""},
		{"base64 of bytes is an array", "base64_decode_toarray", vArgs(vStr("/wA=")), "[255,0]"},
		{"what is not base64 has no bytes", "base64_decode_toarray", vArgs(vStr("?")), fnNull},
		{"code points of a text", "unicode_codepoints_from_string", vArgs(vStr("a😀")), "[97,128512]"},
		{"code points become a text", "unicode_codepoints_to_string", vArgs(vJSON("[97,55357,56832]"), vLong(98)), "a😀b"},
		{"punycode of a domain", "punycode_domain_from_string", vArgs(vStr("münchen.de")), "xn--mnchen-3ya.de"},
		{"a domain out of punycode", "punycode_domain_to_string", vArgs(vStr("xn--mnchen-3ya.de")), "münchen.de"},
		{"a long text is not cut", "tolower", vArgs(vStr(strings.ToUpper(long))), long},
	})
}

func TestPackedTextComesBack(t *testing.T) {
	all := Functions()
	for kind, packed := range map[string]string{"gzip": "H4sIAAAAAAACAyvIL08tKs5IzclR0E3NSwYAzRVQeQ8AAAA=", "zlib": "eJwryC9PLSrOSM3JUdBNzUsGADDqBck="} {
		back, err := all[kind+"_decompress_from_base64_string"].Eval(fnEnv(), vArgs(vStr(packed)))
		if err != nil || back.AsString() != "powershell -enc" {
			t.Errorf("%s gives back %q, %v", kind, back.AsString(), err)
		}
	}
	for _, bad := range []string{"", "AAAA", "?"} {
		if v, err := all["gzip_decompress_from_base64_string"].Eval(fnEnv(), vArgs(vStr(bad))); err != nil || v.AsString() != "" {
			t.Errorf("%q unpacks to %q, %v", bad, v.AsString(), err)
		}
	}
}

func TestRegexFunctions(t *testing.T) {
	runFnCases(t, []fnCase{
		{"a group is extracted", "extract", vArgs(vStr(`user=(\w+)`), vLong(1), vStr("id=1 user=ann;")), "ann"},
		{"no match extracts nothing", "extract", vArgs(vStr(`x(\d)`), vLong(1), vStr("y1")), ""},
		{"a group that took no part is empty", "extract", vArgs(vStr(`a(b)?`), vLong(1), vStr("ac")), ""},
		{"a type filters what is extracted", "extract", vArgs(vStr(`=(.*)`), vLong(1), vStr("=x"), vStr("long")), ""},
		{"all matches of one group", "extract_all", vArgs(vStr(`(\d+)`), vStr("1 22 x 3")), `["1","22","3"]`},
		{"all matches of chosen groups", "extract_all", vArgs(vStr(`(?P<k>\w)=(\w)`), vJSON(`["k",2]`), vStr("a=1 b=2")), `[["a","1"],["b","2"]]`},
		{"no match at all is null", "extract_all", vArgs(vStr(`(\d+)`), vStr("x")), fnNull},
		{"the rewrite knows groups and dollars", "replace_regex", vArgs(vStr("ab ab"), vStr(`(a)(b)`), vStr(`\2\1$1\0\\`)), `ba$1ab\ ba$1ab\`},
		{"the old order of arguments", "replace", vArgs(vStr(`\d`), vStr("#"), vStr("a1b2")), "a#b#"},
		{"trim takes both ends", "trim", vArgs(vStr(`[^\w]+`), vStr("--a-b--")), "a-b"},
		{"trim of the start only", "trim_start", vArgs(vStr(`-`), vStr("--a-")), "-a-"},
		{"trim of the end only", "trim_end", vArgs(vStr(`\s+`), vStr(" a ")), " a"},
		{"plain matches overlap", "countof", vArgs(vStr("aaaa"), vStr("aa")), "3"},
		{"regular expressions do not overlap", "countof", vArgs(vStr("aaaa"), vStr("aa"), vStr("regex")), "2"},
		{"quoting escapes what has a meaning", "regex_quote", vArgs(vStr("a.b\\c_1é")), `a\.b\\c_1é`},
		{"position in code points", "indexof", vArgs(vStr("→→a"), vStr("a")), "2"},
		{"position from the end", "indexof", vArgs(vStr("abcabc"), vStr("b"), vLong(-3)), "4"},
		{"position of the second", "indexof", vArgs(vStr("abcabc"), vStr("b"), vLong(0), vLong(-1), vLong(2)), "4"},
		{"no third one", "indexof", vArgs(vStr("abcabc"), vStr("b"), vLong(0), vLong(-1), vLong(3)), "-1"},
		{"an impossible length is null", "indexof", vArgs(vStr("abc"), vStr("b"), vLong(0), vLong(-2)), fnNull},
	})
}

func TestConstantsThatCannotWorkStopTheQuery(t *testing.T) {
	all := Functions()
	for name, args := range map[string][]value.Value{
		"extract":            vArgs(vStr("("), vLong(0), vStr("")),
		"extract_all":        vArgs(vStr("(a)"), vJSON("[3]"), vStr("")),
		"replace_regex":      vArgs(vStr(""), vStr("["), vStr("")),
		"countof":            vArgs(vStr(""), vStr(""), vStr("fuzzy")),
		"strrep":             vArgs(vStr("a"), vLong(1025)),
		"replace_strings":    vArgs(vStr("a"), vJSON(`["a"]`), vJSON(`[]`)),
		"case":               vArgs(value.BoolValue(true), vLong(1), value.BoolValue(true), vLong(2)),
		"bag_pack":           vArgs(vStr("a"), vLong(1), vStr("b")),
		"parse_command_line": vArgs(vStr("a"), vStr("posix")),
		"hash":               vArgs(vStr("a"), vLong(0)),
	} {
		if _, err := all[name].Eval(fnEnv(), args); err == nil {
			t.Errorf("%s() accepts what it can't compute", name)
		}
	}
}

func TestLargeTextIsBilledAndRefused(t *testing.T) {
	refused := errors.New("over the budget")
	env := fnEnv()
	env.Grow = func(int) error { return refused }
	all := Functions()
	big := vStr(strings.Repeat("a", 10_000))
	for name, args := range map[string][]value.Value{
		"strrep":         vArgs(big, vLong(1000)),
		"replace_string": vArgs(big, vStr("a"), vStr("0123456789")),
		"replace_regex":  vArgs(big, vStr("a"), vStr("0123456789")),
		"range":          vArgs(vLong(1), vLong(100_000)),
	} {
		if _, err := all[name].Eval(env, args); !errors.Is(err, refused) {
			t.Errorf("%s() goes on without budget: %v", name, err)
		}
	}
}
