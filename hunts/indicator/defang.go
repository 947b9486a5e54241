package indicator

import (
	"net/netip"
	"strings"
)

// Defang makes one value harmless to show: addresses get "[.]" or "[:]" in one
// place, names and URLs for every dot, "http" becomes "hxxp". Hashes and file
// names that no client takes for a link stay as they are. For an Indicator,
// Defanged is exact; Defang has to tell the kind from the text.
func Defang(s string) string {
	if strings.Contains(s, "://") {
		return defangURL(s)
	}
	if isAddress(s) {
		return defangAddress(s)
	}
	if !strings.Contains(s, ".") {
		return s
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	if isTLD(last) || !IsFileExtension(strings.ToLower(last)) {
		if strings.ContainsAny(s, " \t\n") {
			return defangFile(s)
		}
		return strings.ReplaceAll(s, ".", "[.]")
	}
	return defangFile(s)
}

func isAddress(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// defangAddress marks the last dot of an IPv4 address and the first colon of
// an IPv6 one: enough to stop linking, and still readable.
func defangAddress(s string) string {
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		return s[:i] + "[.]" + s[i+1:]
	}
	return strings.Replace(s, ":", "[:]", 1)
}

// defangURL marks the dots and schemes of the whole URL: those in path and
// query are links to a chat client as well.
func defangURL(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); i++ {
		if s[i] == '.' {
			b.WriteString("[.]")
			continue
		}
		if i == 0 || !isAlnum(s[i-1]) {
			if from, to := schemeAt(s[i:]); from != "" {
				b.WriteString(to)
				i += len(from) - 1
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// schemeAt finds a scheme that clients link, and how it is written defanged.
func schemeAt(s string) (from, to string) {
	for _, p := range [...][2]string{{"https", "hxxps"}, {"http", "hxxp"}, {"ftps", "fxps"}, {"ftp", "fxp"}} {
		if strings.HasPrefix(s, p[0]) && strings.HasPrefix(s[len(p[0]):], "://") {
			return p[0], p[1]
		}
	}
	return "", ""
}

// defangFile marks the dots of a file name in which a chat client would see a
// link: "invoice.zip", "evil.com.exe".
func defangFile(s string) string {
	linkable := false
	for i, label := range strings.Split(s, ".") {
		word, _, _ := strings.Cut(label, " ")
		linkable = linkable || i > 0 && isTLD(word)
	}
	if !linkable {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '.' && i > 0 && s[i-1] != ' ' && wordAt(s, i+1) {
			b.WriteString("[.]")
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isTLD tells whether a label is a top-level domain of the public list.
func isTLD(label string) bool {
	if label == "" || len(label) > maxLabelBytes || strings.ContainsAny(label, ". ") {
		return false
	}
	return publicSuffix(strings.ToLower(label))
}

// isReservedTLD knows the top-level names that no registry sells and that
// reports, tests and company networks use all the same (RFC 2606, RFC 6761,
// RFC 8375, ICANN's .internal).
func isReservedTLD(label string) bool {
	switch strings.ToLower(label) {
	case "example", "test", "invalid", "localhost", "onion", "i2p", "local", "internal", "intranet", "lan", "corp", "home", "localdomain":
		return true
	}
	return false
}

// DefangText defangs every indicator inside free text, such as a command line
// shown in a message: schemes, addresses, and each dotted name with a
// top-level domain somewhere in it. It would rather mark a dot too many than
// leave a link; the rest of the text is not touched.
func DefangText(s string) string {
	if !strings.ContainsAny(s, ".:") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		if !isWord(s[i]) && s[i] != ':' {
			b.WriteByte(s[i])
			i++
			continue
		}
		end := i + 1
		for end < len(s) {
			if strings.HasPrefix(s[end:], "[:]") {
				end += len("[:]")
				continue
			}
			if !isWord(s[end]) && s[end] != '.' && s[end] != '-' && s[end] != '_' && s[end] != ':' {
				break
			}
			end++
		}
		defangRun(&b, s[i:end], strings.HasPrefix(s[end:], "//"))
		i = end
	}
	return b.String()
}

// defangRun writes one run of word characters, dots, hyphens and colons.
func defangRun(b *strings.Builder, run string, beforeSlashes bool) {
	if strings.Contains(run, "[:]") && isAddress(strings.Trim(strings.ReplaceAll(run, "[:]", ":"), ".-_")) {
		b.WriteString(run) // defanged already
		return
	}
	if strings.Count(run, ":") > 1 && strings.ContainsAny(run, "0123456789") && isAddress(strings.Trim(run, ".-_")) {
		b.WriteString(strings.Replace(run, ":", "[:]", 1))
		return
	}
	for first := true; run != ""; first = false {
		part, rest, more := strings.Cut(run, ":")
		if more && rest == "" && beforeSlashes {
			if _, to := schemeAt(strings.ToLower(part) + "://"); to != "" {
				part = to
			}
		} else if strings.Contains(part, ".") {
			part = defangDotted(part)
		}
		if !first {
			b.WriteByte(':')
		}
		b.WriteString(part)
		if more && rest == "" {
			b.WriteByte(':')
		}
		run = rest
	}
}

func defangDotted(s string) string {
	if core := strings.Trim(s, ".-_"); isAddress(core) {
		return strings.Replace(s, core, defangAddress(core), 1)
	}
	body := strings.TrimRight(s, ".")
	for i, label := range strings.Split(body, ".") {
		if i > 0 && label != "" && (!isASCII(label) || isTLD(label) || isReservedTLD(label)) {
			return strings.ReplaceAll(body, ".", "[.]") + s[len(body):]
		}
	}
	return s
}
