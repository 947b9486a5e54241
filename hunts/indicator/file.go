package indicator

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func typeFile(raw string) (Indicator, *Refusal) {
	s := strings.TrimFunc(raw, unicode.IsSpace)
	if i := strings.IndexByte(s, ':'); i > 0 && HashKind(s[i+1:]) != "" {
		switch strings.ToLower(s[:i]) {
		case "md5", "sha1", "sha-1", "sha256", "sha-256":
			s = s[i+1:]
		}
	}
	if strings.Contains(s, "://") {
		return Indicator{}, Refuse("file", raw, "%s is a URL, not a file name: write dns=%s", Show(s), Plain(s))
	}
	if i := strings.LastIndexAny(s, `\/`); i >= 0 && !strings.HasPrefix(s[i:], `\.`) {
		s = s[i+1:] // DeviceNetworkEvents holds the name apart from its folder
	} else if i > 0 && !wordAt(s, i-1) {
		s = s[i+1:]
	}
	s = TrimInvisible(s)
	for _, c := range s {
		if (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069') {
			return Indicator{}, Refuse("file", raw, "%s holds a hidden character that turns the writing direction (U+%04X): hunt that file by its hash", Show(s), c)
		}
	}
	// Windows drops blanks and dots at the end of a name.
	s = strings.TrimRight(strings.ToLower(strings.TrimFunc(RefangAll(s), unicode.IsSpace)), ". ")
	if kind := HashKind(s); kind != "" {
		return Indicator{Kind: kind, Value: s}, nil
	}
	if isHexDigest(s) || isCutHash(s) {
		return Indicator{}, Refuse("file", raw, cutHash, Show(s), len(s))
	}
	if head, tail, cut := strings.Cut(strings.ReplaceAll(s, "...", "…"), "…"); cut && (isHex(head) || isHex(tail)) {
		return Indicator{}, Refuse("file", raw, "%s is a shortened hash: write all of its digits", Show(s))
	}
	for _, c := range s {
		switch {
		case c == '*' || c == '?':
			return Indicator{}, Refuse("file", raw, "%s has a wildcard: file= takes an exact name, as in file=powershell.exe, or a hash", Show(s))
		case unicode.IsControl(c) || c == utf8.RuneError || strings.ContainsRune(`<>:"|`, c):
			return Indicator{}, Refuse("file", raw, "%s is not a file name: it holds a character that no file name can have", Show(s))
		}
	}
	if _, isAddr := parseAddress(s); isAddr {
		return Indicator{}, Refuse("file", raw, "%s is an address, not a file name: write ip=%s", Show(s), Plain(s))
	}
	if s == "" {
		return Indicator{}, Refuse("file", raw, "%s names no file: write file=powershell.exe or a hash", Show(raw))
	}
	if utf8.RuneCountInString(s) > maxFileRunes {
		return Indicator{}, Refuse("file", raw, "%s is longer than a file name can be (%d characters)", Show(s), maxFileRunes)
	}
	return Indicator{Kind: KindFile, Value: s}, nil
}

const cutHash = "%s has %d hexadecimal digits: an MD5 has 32, a SHA1 40, a SHA256 64; write the whole hash, or the file name with its ending"

// isCutHash tells whether the beginning of a hash was meant, as tools show it:
// at least six hexadecimal digits, some of them numbers unless there are many,
// which leaves out short names such as "dd" and "decade".
func isCutHash(s string) bool {
	return isHex(s) && (len(s) >= 8 || len(s) >= 6 && strings.ContainsAny(s, "0123456789"))
}

// HashKind tells a hash by its length; empty for anything else.
func HashKind(s string) Kind {
	if !isHex(s) {
		return ""
	}
	switch len(s) {
	case 32:
		return KindMD5
	case 40:
		return KindSHA1
	case 64:
		return KindSHA256
	}
	return ""
}

// isHexDigest tells whether a hash was meant: long, and nothing but
// hexadecimal digits.
func isHexDigest(s string) bool { return len(s) >= 28 && isHex(s) }

func isHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; !(s[i] >= '0' && s[i] <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return s != ""
}
