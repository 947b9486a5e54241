package indicator

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// atom classifies s[a:b], which holds letters, digits, dots, hyphens,
// underscores, plus and percent signs: an address, a name, a file, hashes.
func (x *extractor) atom(a, b int) {
	if i := strings.LastIndexAny(x.s[a:b], "%+"); i >= 0 {
		for from := a; from < b; { // %2F and + separate, as in encoded queries
			end := b
			if i := strings.IndexAny(x.s[from:b], "%+"); i >= 0 {
				end = from + i
			}
			x.atom(from, end)
			from = end + 1
			if end < b && x.s[end] == '%' && end+3 <= b && isHex(x.s[end+1:end+3]) {
				from = end + 3
			}
		}
		return
	}
	for a < b && (x.s[a] == '.' || x.s[a] == '-' || x.s[a] == '_' && a+1 < b && x.s[a+1] <= '9') {
		a++
	}
	for b > a && strings.IndexByte(".-_", x.s[b-1]) >= 0 {
		b--
	}
	if a == b || b-a > 4*maxNameBytes {
		x.hashes(a, b)
		return
	}
	if x.addresses(a, b) {
		return
	}
	if ind, why, ok := x.domain(a, b, false); ok {
		if ind != (Indicator{}) {
			x.emit(ind, a, b, why)
		}
		return
	}
	if !isASCII(x.s[a:b]) && x.asciiParts(a, b) {
		return
	}
	if !x.file(a, b) {
		x.hashes(a, b)
	}
}

// asciiParts looks for names glued to text in another script, which has no
// blanks: "访问evil.example下载".
func (x *extractor) asciiParts(a, b int) bool {
	found := false
	for i := a; i < b; {
		if x.s[i] >= utf8.RuneSelf {
			i++
			continue
		}
		end := i
		for end < b && x.s[end] < utf8.RuneSelf {
			end++
		}
		before := len(x.found)
		x.atom(i, end)
		found = found || len(x.found) > before
		i = end
	}
	return found
}

// addresses handles atoms that begin like an IPv4 address; true means that
// there is nothing else to find.
func (x *extractor) addresses(a, b int) bool {
	text := x.s[a:b]
	if isIPv4(text) {
		x.emitIPv4(a, b, "")
		return true
	}
	if len(text) > 7 && (text[0]|0x20) == 'v' && isIPv4(text[1:]) {
		why := ""
		if !x.defanged(a, b) {
			why = "could be a version number: " + Show(text)
		}
		x.emit(Indicator{Kind: KindIP, Value: text[1:]}, a+1, b, why)
		return true
	}
	n := 0
	for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] == '.') {
		n++
	}
	if n == len(text) {
		return n > 0 && strings.Contains(text, ".") // a number, a date, an OID
	}
	if text[n] != '-' && text[n] != '_' || !isIPv4(text[:n]) {
		return false
	}
	switch rest := text[n+1:]; {
	case isIPv4(rest):
		x.emitIPv4(a, a+n, "")
		x.emitIPv4(a+n+1, b, "")
	case isDigits(rest) && text[n] == '-' && len(rest) <= 3: // 203.0.113.1-20
		x.emitIPv4(a, a+n, "")
	default:
		if _, err := netip.ParseAddr(rest); err != nil && strings.Contains(rest, ".") {
			return false // 203.0.113.66-static.isp.example
		}
		x.emitIPv4(a, a+n, "could be a version number: "+Show(text))
	}
	return true
}

// domain reads s[a:b] as a name. ok is true when it is one, or surely nothing
// (then with a zero Indicator). inURL is set when a path follows.
func (x *extractor) domain(a, b int, inURL bool) (ind Indicator, why string, ok bool) {
	text := x.s[a:b]
	dot := strings.LastIndexByte(text, '.')
	if dot <= 0 || dot == len(text)-1 || len(text) > 4*maxNameBytes || !couldBeTLD(text[dot+1:]) {
		return Indicator{}, "", false
	}
	defanged := x.defanged(a, b)
	host, problem := hostName(text)
	if problem != "" {
		return Indicator{}, "", false
	}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	public := isTLD(tld)
	if gluedScripts(text) {
		return Indicator{}, "", false
	}
	if !public && !isReservedTLD(tld) {
		if !defanged || IsFileExtension(tld) || !isASCII(text) {
			return Indicator{}, "", false
		}
		why = "no public name: it only means something inside one network"
	}
	if publicSuffix(host) || tld == "arpa" || placeholder(host) {
		return Indicator{}, "", true
	}
	if defanged {
		return Indicator{Kind: KindDomain, Value: host, Host: host}, why, true
	}
	what, nothing, isFile := x.nameDoubt(a, b, host, inURL)
	if isFile {
		return Indicator{}, "", false
	}
	if nothing {
		return Indicator{}, "", true
	}
	return Indicator{Kind: KindDomain, Value: host, Host: host}, what, true
}

// gluedScripts tells whether ASCII and a script that is written without blanks
// touch each other: a sentence around a name, rather than a name.
func gluedScripts(s string) bool {
	ascii := false
	for i, c := range s {
		if c < utf8.RuneSelf {
			if ascii = isAlnum(byte(c)); ascii && i > 0 {
				if prev, _ := utf8.DecodeLastRuneInString(s[:i]); unblanked(prev) {
					return true
				}
			}
			continue
		}
		if ascii && unblanked(c) {
			return true
		}
		ascii = false
	}
	return false
}

func unblanked(c rune) bool {
	return c >= utf8.RuneSelf && unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer)
}

// couldBeTLD is a quick look before the public suffix list is asked.
func couldBeTLD(label string) bool {
	if len(label) < 2 || len(label) > maxLabelBytes {
		return false
	}
	if strings.HasPrefix(strings.ToLower(label[:min(4, len(label))]), "xn--") {
		return true
	}
	for i := 0; i < len(label); i++ {
		if c := label[i]; c < utf8.RuneSelf && (!isAlnum(c) || c <= '9') {
			return false
		}
	}
	return true
}

// file records s[a:b] as a file name when files are wanted and its extension
// is known; true when it did.
func (x *extractor) file(a, b int) bool {
	if !x.opts.Files {
		return false
	}
	text := strings.Trim(x.s[a:b], ".-_:+%")
	dot := strings.LastIndexByte(text, '.')
	if dot <= 0 || !IsFileExtension(strings.ToLower(text[dot+1:])) {
		return false
	}
	ind, no := typeFile(text)
	if no != nil {
		return false
	}
	start := a + strings.Index(x.s[a:b], text)
	x.emit(ind, start, start+len(text), "")
	return true
}

// hashes finds hashes in s[a:b]: words of 32, 40 or 64 hexadecimal digits.
func (x *extractor) hashes(a, b int) {
	for i := a; i < b; {
		end := i
		for end < b && isWord(x.s[end]) {
			end++
		}
		if kind := HashKind(x.s[i:end]); kind != "" {
			if why, ok := x.hashDoubt(i, end); ok {
				x.emit(Indicator{Kind: kind, Value: strings.ToLower(x.s[i:end])}, i, end, why)
			}
		}
		i = end + 1
	}
}

// hashDoubt tells what else a hexadecimal word could be; ok is false when it
// is a mere filler such as 000…0.
func (x *extractor) hashDoubt(a, b int) (why string, ok bool) {
	text := x.s[a:b]
	if strings.Count(text, text[:1]) == len(text) {
		return "", false
	}
	if isDigits(text) {
		return "only decimal digits, so it could be a number", true
	}
	if before, after := byteAt(x.s, a-1), byteAt(x.s, b); before == '\\' || after == '_' || after == '~' {
		return "could be the name of a cached file", true
	}
	switch word := x.wordBefore(a); word {
	case "imphash", "ja3", "ja3s", "ja4", "hassh", "jarm", "richhash", "telfhash", "commit", "etag", "uuid", "guid", "nonce", "thumbprint",
		"fingerprint", "serial", "token", "key", "secret", "apikey", "session", "cookie", "revision", "tree", "parent":
		return "could be another kind of value, behind " + Show(word), true
	}
	return "", true
}
