package hunts

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// encodedFlag finds what PowerShell reads as -EncodedCommand, which may be shortened to
// one letter and begin with any dash or a slash, and its value.
var encodedFlag = regexp.MustCompile(`(?i)(?:^|[\s"'])[-/–—―](?:e|ec|en[a-z]{0,12})["']?[\s:]+["']?([A-Za-z0-9+/]{12,}={0,2})`)

// maxDecoded bounds the text of a decoded command, in characters.
const maxDecoded = 600

// DecodedCommand is the text of a command line's -EncodedCommand: base64 of UTF-16.
// It is read and never run. Empty when there is none, or when it is no text. A value
// that the data cut short is decoded as far as it goes.
func DecodedCommand(commandLine string) string {
	m := encodedFlag.FindStringSubmatch(commandLine)
	if m == nil {
		return ""
	}
	value := strings.TrimRight(m[1], "=")
	if len(value)%4 == 1 {
		value = value[:len(value)-1]
	}
	raw, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil { // bits left over where it was cut
		if raw, err = base64.RawStdEncoding.DecodeString(value[:len(value)/4*4]); err != nil {
			return ""
		}
	}
	units := make([]uint16, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])|uint16(raw[i+1])<<8)
	}
	text := strings.TrimSpace(string(utf16.Decode(units)))
	readable := 0
	for _, r := range text {
		if r < utf8.RuneSelf && (unicode.IsPrint(r) || unicode.IsSpace(r)) {
			readable++
		}
	}
	if readable == 0 || readable*10 < utf8.RuneCountInString(text)*9 {
		return ""
	}
	if runes := []rune(text); len(runes) > maxDecoded {
		text = string(runes[:maxDecoded-1]) + "…"
	}
	return text
}
