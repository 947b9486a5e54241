package indicator

import (
	"strings"
	"unicode/utf8"
)

// versionDoubt looks at the words around an address: "version 1.2.3.4",
// "build: 1.2.3.4", "1.2.3.4 and earlier", and the others of a list of versions.
func (x *extractor) versionDoubt(start, end int) string {
	if x.defanged(start, end) {
		return ""
	}
	if why := x.versionBefore(start); why != "" {
		x.versionEnd, x.versionWhy = end, why
		return why
	}
	if strings.HasSuffix(x.s[start:end], ".0.0.0") && x.s[start] != '0' {
		return "could be a version number: no host has an address that ends in .0.0.0"
	}
	if x.versionEnd > 0 && start > x.versionEnd && listed(x.s[x.versionEnd:min(start, x.versionEnd+maxListed+1)]) {
		x.versionEnd = end
		return x.versionWhy
	}
	if word := followsVersion(x.s[end:min(len(x.s), end+24)]); word != "" {
		return "could be a version number, before " + Show("and "+word)
	}
	return ""
}

func (x *extractor) versionBefore(start int) string {
	word := x.wordBefore(start)
	switch word {
	case "number", "is", "to", "of", "from", "through", "before", "below":
		if two := x.wordBefore(start - len(word) - 1); strings.HasPrefix(two, "version") || word == "to" && (two == "prior") {
			return "could be a version number, behind " + Show(two+" "+word)
		}
		return ""
	}
	switch word {
	case "v", "ver", "vers", "release", "released", "rel", "build", "rev", "revision", "firmware", "fw", "sdk", "section", "chapter",
		"clause", "paragraph", "oid", "kb", "update", "patch", "upgrade", "driver", "engine", "signature", "bios",
		"apache", "tomcat", "os", "macos", "ios", "android", "windows", "assembly",
		"chrome", "firefox", "safari", "opera", "java", "jre", "jdk", "flash", "acrobat", "openssl", "openssh", "nginx", "php", "python", "wordpress":
	default:
		if !strings.HasSuffix(word, "version") && !strings.HasSuffix(word, "versions") {
			return ""
		}
	}
	return "could be a version number, behind " + Show(word)
}

// maxListed is the longest text between two of a list: ", and through ".
const maxListed = 16

// listed tells whether a text does no more than join the parts of a list.
func listed(between string) bool {
	if len(between) > maxListed || strings.ContainsAny(between, "\n\t") {
		return false
	}
	for _, word := range strings.FieldsFunc(strings.ToLower(between), func(r rune) bool { return strings.ContainsRune(" ,;/&-()", r) }) {
		switch word {
		case "and", "or", "to", "through", "thru", "until", "till", "v", "via", "up":
		default:
			return false
		}
	}
	return true
}

// followsVersion gives the word of "and earlier" and the like, which only stand
// behind a version.
func followsVersion(after string) string {
	after = strings.ToLower(strings.TrimLeft(after, " ,("))
	for _, joint := range [...]string{"and ", "or ", "& "} {
		rest, ok := strings.CutPrefix(after, joint)
		if !ok {
			continue
		}
		for _, word := range [...]string{"earlier", "later", "below", "prior", "older", "newer", "higher", "lower", "above", "previous"} {
			if strings.HasPrefix(rest, word) {
				return word
			}
		}
	}
	return ""
}

// wordBefore gives the word that ends shortly before s[i], in lower case.
func (x *extractor) wordBefore(i int) string {
	low := max(0, i-32)
	end := i
	for end > low && i-end < 6 && !isAlnum(x.s[end-1]) {
		if x.s[end-1] == '\n' || x.s[end-1] == ',' || x.s[end-1] == ';' {
			return ""
		}
		end--
	}
	start := end
	for start > low && (isAlnum(x.s[start-1]) || x.s[start-1] >= utf8.RuneSelf) {
		start--
	}
	return strings.ToLower(x.s[start:end])
}
