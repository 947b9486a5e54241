package indicator

import (
	"strings"
	"unicode"
)

// Limits of single values. URLs: what browsers and proxies carry in practice;
// file names: the longest component NTFS and ext4 keep.
const (
	maxURLBytes   = 4096
	maxFileRunes  = 255
	minCIDRBitsV4 = 8
	minCIDRBitsV6 = 16
)

// Type reads one bare value, refanged or not, and finds its kind. It refuses
// what could be two things ("backup.zip" is a file and a domain) and says how
// to write either.
func Type(s string) (Indicator, *Refusal) {
	return settle("", s, typeOnce)
}

// settle repeats a typing until its own output types to itself, so that
// nested defanging ("[[.]]") cannot make a canonical value that changes when
// it is read again.
func settle(key, s string, once func(string) (Indicator, *Refusal)) (Indicator, *Refusal) {
	if no := TooLong(key, s); no != nil {
		return Indicator{}, no
	}
	ind, no := once(s)
	for range 4 {
		if no != nil {
			no.Key, no.Token = key, s
			return Indicator{}, no
		}
		again, noAgain := once(ind.Value)
		if noAgain == nil && again == ind && Refang(ind.Value) == ind.Value {
			return ind, nil
		}
		ind, no = again, noAgain
	}
	return Indicator{}, Refuse(key, s, "%s is defanged more than once: write it plainly", Show(s))
}

// TooLong keeps what follows from working on megabytes.
func TooLong(key, s string) *Refusal {
	if len(s) <= 2*maxURLBytes {
		return nil
	}
	return Refuse(key, s, "the value that begins with %s is longer than any indicator (%d characters): shorten it", Show(strings.ToValidUTF8(s[:shownRunes], "")), maxURLBytes)
}

func typeOnce(raw string) (Indicator, *Refusal) {
	s := Tidy(RefangAll(raw))
	switch {
	case s == "":
		return Indicator{}, Refuse("", raw, "there is no indicator in %s: write an address, a domain, a URL, a file name or a hash", Show(raw))
	case strings.HasPrefix(s, "*"):
		return typeDNS(raw)
	case looksLikeAddress(s):
		return typeIP(raw)
	}
	if isHexDigest(s) {
		return typeFile(raw)
	}
	if a, _, ok := numericHost(s); ok && surelyNumeric(s) {
		if strings.Count(s, ".") > 0 && strings.Contains(strings.ToLower(s), "0x") {
			return Indicator{Kind: KindIP, Value: a.String()}, nil
		}
		return Indicator{}, Refuse("", raw, "%s may be the address %s written as a number: write ip=%s", Show(s), Plain(a.String()), Plain(a.String()))
	}
	switch {
	case strings.Contains(s, "://"), strings.HasPrefix(s, "//") && !strings.HasPrefix(s, "///"), s[0] != '/' && strings.ContainsAny(s, "/@") && !strings.Contains(s, `\`):
		return typeDNS(raw)
	case strings.Contains(s, `\`):
		return typeFile(raw)
	case isCutHash(s):
		return Indicator{}, Refuse("", raw, cutHash, Show(s), len(s))
	case !strings.Contains(s, "."), s[0] == '/':
		return Indicator{}, Refuse("", raw, "I can't tell what %s is: write ip=, dns=, file= or device= in front of it", Show(s))
	}
	ext := strings.ToLower(s[strings.LastIndexByte(s, '.')+1:])
	switch file, tld := IsFileExtension(ext), isTLD(ext); {
	case file && tld && ext != "com":
		return Indicator{}, Refuse("", raw, "%s can be a domain or a file: write dns=%s or file=%s", Show(s), Plain(s), Plain(s))
	case file && !tld:
		return typeFile(raw)
	}
	return typeDNS(raw)
}

// RefangAll also undoes defanging that was done twice.
func RefangAll(s string) string {
	for range 4 {
		before := s
		if s = Refang(s); s == before {
			break
		}
	}
	return s
}

// Plain is a token as an example to copy: defanged, without quotes.
func Plain(s string) string { return strings.Trim(Show(s), `"`) }

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// bullets are the marks of list entries that can begin no value.
const bullets = "•‣◦⁃∙●○▪■□►▶➤→·"

// Tidy cuts what sentences, lists and mark-up leave around a value.
func Tidy(s string) string {
	for {
		before := s
		s = strings.TrimFunc(s, func(c rune) bool {
			return unicode.IsSpace(c) || strings.ContainsRune("\"'`“”„‘’‚‹›«»<>|,;!–—"+bullets, c)
		})
		s = strings.TrimRight(s, ".?…")
		s = strings.TrimLeft(s, "({.…")
		if strings.HasSuffix(s, ")") && !strings.Contains(s, "(") || strings.HasSuffix(s, "}") && !strings.Contains(s, "{") {
			s = s[:len(s)-1]
		}
		if strings.HasSuffix(s, "]") && !strings.Contains(s, "[") || strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "::") {
			s = s[:len(s)-1]
		}
		if strings.HasPrefix(s, "[") && (!strings.Contains(s, ":") || strings.Count(s, "]") == 0) {
			s = s[1:]
		}
		// Italics and struck-out text of chat clients. Stars stay: they may mean
		// any name that holds what stands between them, and that can't be hunted.
		if n := len(s) - 1; n > 1 && s[0] == s[n] && (s[0] == '_' || s[0] == '~') && !strings.ContainsAny(s, `/\`) {
			s = s[1:n]
		}
		if s == before {
			return s
		}
	}
}

func TrimInvisible(s string) string {
	return strings.TrimFunc(s, func(c rune) bool { return Invisible(c) || unicode.IsSpace(c) })
}

// ASCIIForm maps full-width digits, letters and signs to ASCII, and
// typographic dashes to hyphens, as input methods and word processors leave
// them in addresses, times and numbers.
func ASCIIForm(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case IsDash(c):
			return '-'
		case c >= '！' && c <= '～':
			return c - '！' + '!'
		case isWideDot(c):
			return '.'
		}
		return c
	}, s)
}
