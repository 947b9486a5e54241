package indicator

import (
	"strings"
	"unicode/utf8"
)

// fangedScheme reads what stands for http, https or ftp at the start of a URL
// (hxxp, h**p, hxtp, h[tt]p, http(s), ttp, fxp, meow) and returns the scheme
// that is meant and its length.
func fangedScheme(s string) (scheme string, n int) {
	lower := strings.ToLower(s[:min(len(s), 12)])
	switch {
	case strings.HasPrefix(lower, "fxp"):
		scheme, n = "ftp", 3
	case strings.HasPrefix(lower, "meow"):
		scheme, n = "http", 4
	default:
		if n = httpLike(lower); n == 0 {
			return "", 0
		}
		scheme = "http"
	}
	for _, secure := range [...]string{"s", "[s]", "(s)"} {
		if strings.HasPrefix(lower[n:], secure) {
			scheme, n = scheme+"s", n+len(secure)
			break
		}
	}
	if strings.HasPrefix(lower[:n], "http") && !strings.ContainsAny(lower[:n], "[(") && !strings.HasPrefix(s[n:], "__") {
		if hostBehindSlashes(s[n:]) {
			return scheme + "://", n + 2
		}
		return "", 0 // nothing was changed
	}
	rest := s[n:]
	if hostBehindSlashes(rest) {
		return scheme + "://", n + 2
	}
	if strings.HasPrefix(rest, "__") && wordAt(rest, 2) {
		return scheme + "://", n + 2 // hxxp__evil[.]example
	}
	if strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "[:") || strings.HasPrefix(rest, "(:)") {
		return scheme, n
	}
	return "", 0
}

// hostBehindSlashes tells whether a scheme lost its colon: http//evil.example.
func hostBehindSlashes(s string) bool {
	if !strings.HasPrefix(s, "//") {
		return false
	}
	label := labelAt(s[2:])
	return label != "" && strings.IndexByte(".[({", byteAt(s, 2+len(label))) >= 0
}

// httpLike measures what somebody made of "http": one to four of t, x and
// stars between the h and the p, perhaps in brackets, perhaps without the h.
func httpLike(lower string) int {
	i := 0
	if strings.HasPrefix(lower, "h") {
		i = 1
	}
	bracket := i < len(lower) && lower[i] == '['
	if bracket {
		i++
	}
	from := i
	for i < len(lower) && i-from < 4 && (lower[i] == 'x' || lower[i] == 't' || lower[i] == '*') {
		i++
	}
	if i == from || from == 0 && lower[:i] != "tt" {
		return 0
	}
	if bracket {
		if i == len(lower) || lower[i] != ']' {
			return 0
		}
		i++
	}
	if i == len(lower) || lower[i] != 'p' {
		return 0
	}
	return i + 1
}

// halfBracket handles a bracket that nobody closed: evil[.example, evil(.example.
func (r *refanger) halfBracket(i int) int {
	if !strings.HasPrefix(r.src[i+1:], ".") || !r.afterWord() {
		return 0
	}
	if r.src[i] == '[' && wordAt(r.src, i+2) || lowerAt(r.src, i+2) {
		r.mark(".", i)
		return 2
	}
	return 0
}

// strayBracket tells whether a bracket that nobody opened stands before the dot
// of a name or an address whose next part is src[i:], and not the index of an
// array in front of a field.
func (r *refanger) strayBracket(i int) bool {
	if !r.afterWord() {
		return false
	}
	k := len(r.out)
	for k > 0 && len(r.out)-k < maxNameBytes && (isWord(r.out[k-1]) || r.out[k-1] == '.' || r.out[k-1] == '-') {
		k--
	}
	if k > 0 && r.out[k-1] == '[' {
		return false
	}
	label := labelAt(r.src[i:])
	return isDigits(label) && isDigits(string(r.out[max(k, len(r.out)-1):])) || isTLD(strings.ToLower(label)) || byteAt(r.src, i+len(label)) == '.' && label != ""
}

// spelling is one way to spell a mark between blanks.
type spelling struct {
	written, text string
	sure          bool // nobody writes so but to make an indicator harmless
}

// spelled reads a dot or an "at" between blanks: " DOT ", " dot ", " . ",
// " AT ". In capitals it is meant; in small letters and as a mere full stop it
// counts only before a name that registries sell by the million.
func (r *refanger) spelled(i int) (spelling, bool) {
	rest := r.src[i:]
	if len(rest) < 4 || strings.IndexByte("Dd.A", rest[1]) < 0 || !r.afterWord() {
		return spelling{}, false
	}
	for _, m := range [...]spelling{{" DOT ", ".", true}, {" dot ", ".", false}, {" Dot ", ".", false}, {" . ", ".", false}, {" AT ", "@", true}} {
		if !strings.HasPrefix(rest, m.written) || !wordAt(rest, len(m.written)) {
			continue
		}
		next := rest[len(m.written):]
		label := labelAt(next)
		after := next[len(label):]
		dotted := strings.HasPrefix(after, " DOT ") || strings.HasPrefix(after, " dot ") || strings.HasPrefix(after, "[") || strings.HasPrefix(after, " [")
		switch {
		case m.text == "@":
			return m, dotted || strings.HasPrefix(after, ".")
		case r.dottedDigits(label, after):
			m.sure = true
			return m, true
		case m.written != " . " && dotted, m.sure && isTLD(strings.ToLower(label)):
			return m, true
		}
		return m, label == strings.ToLower(label) && isCommonTLD(label)
	}
	return spelling{}, false
}

// labelAt is the part of a name that a text begins with.
func labelAt(s string) string {
	end := 0
	for end < len(s) && end <= maxLabelBytes && (isAlnum(s[end]) || s[end] == '-') {
		end++
	}
	return s[:end]
}

// endsInScheme tells whether text ends in http, https or ftp.
func endsInScheme(text []byte) bool {
	tail := strings.ToLower(string(text[max(0, len(text)-6):]))
	for _, scheme := range [...]string{"http", "https", "ftp"} {
		if before, ok := strings.CutSuffix(tail, scheme); ok && (before == "" || !isAlnum(before[len(before)-1])) {
			return true
		}
	}
	return false
}

// dottedDigits is true inside "203 . 0 . 113 . 66".
func (r *refanger) dottedDigits(label, after string) bool {
	if label == "" || len(label) > 3 || !isDigits(label) {
		return false
	}
	k := len(r.out)
	before := k
	for before > 0 && k-before < 4 && r.out[before-1] >= '0' && r.out[before-1] <= '9' {
		before--
	}
	if before == k || k-before > 3 {
		return false
	}
	return strings.HasPrefix(after, " . ") || strings.HasPrefix(after, " dot ") || strings.HasPrefix(after, " DOT ") || before > 0 && r.out[before-1] == '.'
}

// spell writes a spelled mark and returns its length.
func (r *refanger) spell(i int, m spelling) int {
	if m.sure {
		r.mark(m.text, i)
	} else {
		r.spelt = append(r.spelt, int32(len(r.out)))
		r.put(m.text, i)
	}
	return len(m.written)
}

// isCommonTLD knows the top-level domains that stand behind a spelled dot in
// practice and are no English word.
func isCommonTLD(label string) bool {
	return label != "" && strings.Contains(commonTLDs, " "+label+" ")
}

const commonTLDs = " com net org info biz ru cn xyz top io co uk de fr eu nl pl br ir kp ua su cc tk ml ga cf gq icu onion example dev ca au jp kr tw hk vn tr za se ch cz ro hu gr pt es mx ar cl pe ws tv pw "

// entity undoes one character that JSON or HTML escapes: \u0026, &#46;, &quot;.
// It returns what it stands for and how long it is; zero when there is none.
func entity(s string) (text string, n int) {
	if strings.HasPrefix(s, `\u00`) && len(s) >= 6 && isHex(s[4:6]) {
		return asciiOf(s[4:6], 16, 6)
	}
	if strings.HasPrefix(s, "&#") {
		end := strings.IndexByte(s[:min(len(s), 8)], ';')
		switch {
		case end > 3 && (s[2] == 'x' || s[2] == 'X') && isHex(s[3:end]):
			return asciiOf(s[3:end], 16, end+1)
		case end > 2 && isDigits(s[2:end]):
			return asciiOf(s[2:end], 10, end+1)
		}
		return "", 0
	}
	for _, e := range [...]struct{ escaped, text string }{
		{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", `"`}, {"&apos;", "'"}, {"&nbsp;", " "}, {"&period;", "."}, {"&colon;", ":"}, {"&sol;", "/"},
	} {
		if strings.HasPrefix(s, e.escaped) {
			return e.text, len(e.escaped)
		}
	}
	return "", 0
}

// asciiOf is the printable character of a number written with a base.
func asciiOf(digits string, base, n int) (string, int) {
	code := 0
	for i := 0; i < len(digits); i++ {
		d := int(digits[i] - '0')
		if digits[i] > '9' {
			d = int(digits[i]|0x20-'a') + 10
		}
		code = code*base + d
	}
	if code <= ' ' || code >= utf8.RuneSelf {
		return "", 0
	}
	return string(rune(code)), n
}

// slackName measures Slack's own mark-up of people, channels and groups, whose
// label is no text: <@U012AB3CD>, <#C012AB3CD|general>, <!here>, <!subteam^S01|@soc>.
func slackName(s string) int {
	if len(s) < 4 || s[0] != '<' || strings.IndexByte("@#!", s[1]) < 0 {
		return 0
	}
	end := strings.IndexByte(s[:min(len(s), 256)], '>')
	if end < 0 {
		return 0
	}
	name, _, _ := strings.Cut(s[2:end], "|")
	if s[1] == '!' {
		kind, _, _ := strings.Cut(name, "^")
		switch kind {
		case "here", "channel", "everyone", "group", "subteam", "date":
			return end + 1
		}
		return 0
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return 0
		}
	}
	if len(name) < 2 {
		return 0
	}
	return end + 1
}

// escapedBreak measures a line break or tab that JSON escaped before a URL, as
// in "see\nhttps://evil.example".
func escapedBreak(s string) int {
	if len(s) < 3 || s[0] != '\\' || strings.IndexByte("nrt", s[1]) < 0 {
		return 0
	}
	if _, n := fangedScheme(s[2:]); n > 0 {
		return 2
	}
	lower := strings.ToLower(s[2:min(len(s), 10)])
	for _, scheme := range [...]string{"http:", "https:", "ftp:"} {
		if strings.HasPrefix(lower, scheme) {
			return 2
		}
	}
	return 0
}
