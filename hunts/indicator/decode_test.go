package indicator

import (
	"testing"
	"unicode/utf16"
)

func TestTextReadsWhatWindowsWrites(t *testing.T) {
	const want = "C2: 203.0.113[.]66\r\nпример.рф"
	units := utf16.Encode([]rune(want))
	little, big := []byte{}, []byte{}
	for _, u := range units {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	for name, data := range map[string][]byte{
		"UTF-8":                               []byte(want),
		"UTF-8 with a mark":                   append([]byte{0xef, 0xbb, 0xbf}, want...),
		"UTF-16 little endian with a mark":    append([]byte{0xff, 0xfe}, little...),
		"UTF-16 big endian with a mark":       append([]byte{0xfe, 0xff}, big...),
		"UTF-16 little endian without a mark": little,
		"UTF-16 big endian without a mark":    big,
	} {
		if got := Text(data); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, same := range []string{"", "a", "a\x00b", "\x00\x00\x00\x00", "203.0.113.66\x00evil.example", "\xff\xe9t\xe9"} {
		if got := Text([]byte(same)); got != same {
			t.Errorf("%q became %q", same, got)
		}
	}
}
