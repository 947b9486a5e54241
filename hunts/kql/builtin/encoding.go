package builtin

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func encodingFunctions() []Function {
	list := []Function{
		pureFn("url_encode", 1, 1, value.String, func(a []value.Value) value.Value {
			return value.StringValue(percentEncode(argText(a[0]), "-_.!*()", true))
		}),
		pureFn("url_encode_component", 1, 1, value.String, func(a []value.Value) value.Value {
			return value.StringValue(percentEncode(argText(a[0]), "-_.~!*()", false))
		}),
		pureFn("url_decode", 1, 1, value.String, func(a []value.Value) value.Value { return value.StringValue(percentDecode(argText(a[0]))) }),
		pureFn("base64_decode_toarray", 1, 1, value.Dynamic, base64ToArray),
		envFn("gzip_decompress_from_base64_string", 1, 1, value.String, decompressor(func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })),
		envFn("zlib_decompress_from_base64_string", 1, 1, value.String, decompressor(func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })),
	}
	for _, name := range []string{"base64_encode_tostring", "base64_encodestring"} {
		list = append(list, pureFn(name, 1, 1, value.String, func(a []value.Value) value.Value {
			return value.StringValue(base64.StdEncoding.EncodeToString([]byte(argText(a[0]))))
		}))
	}
	for _, name := range []string{"base64_decode_tostring", "base64_decodestring"} {
		list = append(list, pureFn(name, 1, 1, value.String, func(a []value.Value) value.Value {
			b, ok := base64Bytes(argText(a[0]))
			if !ok || !utf8.Valid(b) {
				return value.StringValue("")
			}
			return value.StringValue(string(b))
		}))
	}
	for _, name := range []string{"unicode_codepoints_from_string", "to_utf8"} {
		list = append(list, pureFn(name, 1, 1, value.Dynamic, func(a []value.Value) value.Value {
			out := []any{}
			for _, r := range argText(a[0]) {
				out = append(out, int64(r))
			}
			return value.DynamicValue(out)
		}))
	}
	for _, name := range []string{"unicode_codepoints_to_string", "make_string"} {
		list = append(list, pureFn(name, 1, -1, value.String, fromCodePoints))
	}
	return list
}

// percentEncode keeps letters, digits and what is named, and writes the rest
// in lower-case hexadecimal, as the service does.
func percentEncode(s, keep string, plus bool) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(keep, c) >= 0:
			b = append(b, c)
		case c == ' ' && plus:
			b = append(b, '+')
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

// percentDecode leaves a percent sign that no two hexadecimal digits follow.
func percentDecode(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && value.IsHexByte(s[i+1]) && value.IsHexByte(s[i+2]):
			b = append(b, hexNibble(s[i+1])<<4|hexNibble(s[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return strings.ToValidUTF8(string(b), "\ufffd")
}

func hexNibble(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// base64Bytes also reads text that lost its padding, as command lines often
// have it.
func base64Bytes(s string) ([]byte, bool) {
	s = strings.TrimRight(strings.TrimSpace(s), "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil
}

func base64ToArray(a []value.Value) value.Value {
	b, ok := base64Bytes(argText(a[0]))
	if !ok {
		return value.Null(value.Dynamic)
	}
	out := make([]any, len(b))
	for i, c := range b {
		out[i] = int64(c)
	}
	return value.DynamicValue(out)
}

// fromCodePoints joins code points and surrogate pairs.
func fromCodePoints(a []value.Value) value.Value {
	var b []byte
	var high rune
	for _, v := range a {
		for _, n := range value.Flatten(nil, v) {
			r := rune(max(0, min(value.Convert(n, value.Long).Num, utf8.MaxRune+1)))
			if pair := utf16.DecodeRune(high, r); pair != utf8.RuneError {
				// the half that stands there is U+FFFD, three bytes long
				b = utf8.AppendRune(b[:len(b)-3], pair)
			} else {
				b = utf8.AppendRune(b, r)
			}
			high = r
		}
	}
	return value.StringValue(string(b))
}

// maxInflated bounds what a few compressed bytes can become; a string of the
// service has at most a megabyte (Kusto reference, "The string data type").
const maxInflated = 1 << 20

func decompressor(open func(io.Reader) (io.Reader, error)) func(*Env, []value.Value) (value.Value, error) {
	return func(env *Env, a []value.Value) (value.Value, error) {
		packed, ok := base64Bytes(argText(a[0]))
		if !ok {
			return value.StringValue(""), nil
		}
		r, err := open(bytes.NewReader(packed))
		if err != nil {
			return value.StringValue(""), nil
		}
		b, err := io.ReadAll(io.LimitReader(r, maxInflated))
		if err != nil || !utf8.Valid(b) {
			return value.StringValue(""), nil
		}
		return value.StringValue(string(b)), env.charge(len(b))
	}
}
