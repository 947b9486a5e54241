package indicator

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Limits of RFC 1035 section 2.3.4, in bytes of the ASCII form.
const (
	maxNameBytes  = 253
	maxLabelBytes = 63
)

func typeDNS(raw string) (Indicator, *Refusal) {
	s := Tidy(RefangAll(raw))
	if s == "" {
		return Indicator{}, Refuse("dns", raw, "dns= has no value: write a domain or a URL, as in dns=evil[.]example")
	}
	if strings.HasPrefix(s, "*") {
		return typeWildcard(raw, s)
	}
	s = asURL(s)
	if rest, relative := strings.CutPrefix(s, "//"); relative && !strings.HasPrefix(rest, "/") {
		s = rest // a link of a page, relative to the scheme
	}
	if strings.Contains(s, "://") || strings.Contains(s, `:\\`) {
		return typeURL(raw, s)
	}
	if i := strings.IndexAny(s, `/?#\`); i > 0 {
		if looksLikeAddress(s) {
			return Indicator{}, Refuse("dns", raw, "%s is a network, not a name: write ip=%s", Show(s), Plain(s))
		}
		if strings.Trim(s[i:], `/\`) != "" {
			return typeURL(raw, s)
		}
		s = s[:i]
	}
	if local, domain, ok := strings.Cut(s, "@"); ok {
		if local == "" {
			domain = strings.TrimLeft(domain, "@")
		}
		key := "dns"
		if _, isAddr := parseAddress(domain); isAddr {
			key = "ip"
		}
		return Indicator{}, Refuse("dns", raw, "%s is an e-mail address: to hunt its domain write %s=%s", Show(s), key, Plain(domain))
	}
	if looksLikeAddress(ASCIIForm(s)) {
		if _, ok := parseAddress(ASCIIForm(s)); ok {
			return Indicator{}, Refuse("dns", raw, "%s is an address, not a name: write ip=%s", Show(s), Plain(s))
		}
		return Indicator{}, refuseAddress(raw, ASCIIForm(s))
	}
	if a, _, ok := numericHost(s); ok {
		return Indicator{}, Refuse("dns", raw, "%s is an address written as a number, not a name: write ip=%s", Show(s), Plain(a.String()))
	}
	name, port, hasPort := strings.Cut(s, ":")
	if hasPort && !validPort(port) {
		return Indicator{}, Refuse("dns", raw, "%s is not a domain: what follows the colon is no port; write dns=%s", Show(s), Plain(name))
	}
	host, why := hostName(name)
	if why != "" {
		return Indicator{}, Refuse("dns", raw, "%s is not a domain: %s; write dns=evil[.]example", Show(s), why)
	}
	if publicSuffix(host) {
		return Indicator{}, refusePublicSuffix(raw, host)
	}
	return Indicator{Kind: KindDomain, Value: host, Host: host}, nil
}

// asURL gives what follows the name of a scheme of the web its two slashes, as
// browsers do: http:/host, http:host and http:\\host are http://host.
func asURL(s string) string {
	scheme, rest, found := strings.Cut(s, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "ws", "wss":
		if bare := strings.TrimLeft(rest, `/\`); found && bare != "" && !isDigits(bare) {
			return scheme + "://" + bare
		}
	}
	return s
}

// Spellings are other names that may mean the same host: of a Greek sigma capital
// letters don't tell whether it ends its word, and programs disagree on it.
func Spellings(host string) []string {
	text, err := idna.ToUnicode(host)
	if err != nil || !strings.ContainsAny(text, "σς") {
		return nil
	}
	medial := strings.ReplaceAll(text, "ς", "σ")
	labels := strings.Split(medial, ".")
	for n, label := range labels {
		if stem, ends := strings.CutSuffix(label, "σ"); ends {
			labels[n] = stem + "ς"
		}
	}
	var out []string
	for _, spelling := range []string{medial, strings.Join(labels, ".")} {
		if ascii, err := names.ToASCII(spelling); err == nil && ascii != host && !slices.Contains(out, ascii) {
			out = append(out, ascii)
		}
	}
	return out
}

func refusePublicSuffix(raw, host string) *Refusal {
	return Refuse("dns", raw, "%s is a public suffix under which everyone registers names: write the registered domain, as in dns=evil[.]%s", Show(host), Plain(host))
}

// typeWildcard reads "*.domain" and "*suffix".
func typeWildcard(raw, s string) (Indicator, *Refusal) {
	bare := strings.TrimLeft(s, "*")
	subOnly := strings.HasPrefix(bare, ".")
	if strings.ContainsAny(bare, "*?/") {
		return Indicator{}, Refuse("dns", raw, "%s has a star or a path that can't be matched: one star at the start only, as in dns=*.evil[.]example or dns=*evil[.]example", Show(s))
	}
	if looksLikeAddress(bare) {
		return Indicator{}, Refuse("dns", raw, "%s is part of an address: write a network, as in ip=203.0.113.0/24", Show(s))
	}
	host, why := hostName(strings.TrimLeft(bare, "."))
	if why != "" {
		return Indicator{}, Refuse("dns", raw, "%s is not a domain: %s; write dns=*.evil[.]example", Show(s), why)
	}
	if publicSuffix(host) {
		return Indicator{}, refusePublicSuffix(raw, host)
	}
	if subOnly {
		return Indicator{Kind: KindDomain, Value: "*." + host, Host: host, SubOnly: true}, nil
	}
	if tooShortSuffix(host) {
		return Indicator{}, Refuse("dns", raw, "%s would match almost every name: write more of it, as in dns=*evil[.]example", Show(s))
	}
	return Indicator{Kind: KindSuffix, Value: "*" + host, Host: host}, nil
}

// tooShortSuffix finds suffixes that end whole registries: the tail of a
// top-level domain ("*om") or of a registry's second level ("*o.uk").
func tooShortSuffix(host string) bool {
	first, rest, dotted := strings.Cut(host, ".")
	if !dotted {
		return len(host) < 4
	}
	for _, second := range [...]string{"co", "com", "org", "net", "gov", "ac", "edu", "or", "ne", "go"} {
		if strings.HasSuffix(second, first) && publicSuffix(second+"."+rest) {
			return true
		}
	}
	return false
}

// IsPublicSuffix tells whether everyone may register names below a name, as
// below "com" and "co.uk"; hunting it would meet half of the internet.
func IsPublicSuffix(name string) bool {
	return publicSuffix(strings.ToLower(strings.Trim(name, ".")))
}

// publicSuffix tells whether a name is a suffix of a public registry, such as
// "com" or "co.uk". Suffixes of companies ("amazonaws.com", "github.io") are
// not: they belong to somebody and can be hunted.
func publicSuffix(host string) bool {
	// The list knows some suffixes only by what lies below them ("*.ck").
	for _, name := range [...]string{host, "any." + host} {
		if suffix, icann := publicsuffix.PublicSuffix(name); icann && suffix == name {
			return true
		}
	}
	return false
}

// names maps Unicode names to punycode as browsers do (UTS 46,
// non-transitional). Underscores stay legal: DNS carries them.
var names = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

// hostName gives the canonical form of a name: lower case, punycode, no dot at
// the end. why says what is wrong with it, empty when nothing is.
func hostName(s string) (host, why string) {
	s = strings.TrimSuffix(ASCIIDashes(s), ".")
	if len(s) > 4*maxNameBytes {
		return "", "it is longer than a name can be (253 characters)"
	}
	if !isASCII(s) {
		ascii, err := names.ToASCII(s)
		if err != nil {
			return "", "it holds a character that no domain can have"
		}
		s = strings.TrimSuffix(ascii, ".")
	}
	s = strings.ToLower(s)
	if s == "" {
		return "", "there is no name in it"
	}
	if len(s) > maxNameBytes {
		return "", "it is longer than a name can be (253 characters)"
	}
	labels := strings.Split(s, ".")
	for _, label := range labels {
		switch {
		case label == "":
			return "", "two dots follow each other"
		case len(label) > maxLabelBytes:
			return "", "a part between two dots is longer than 63 characters"
		}
		for i := 0; i < len(label); i++ {
			if c := label[i]; !isAlnum(c) && c != '-' && c != '_' {
				return "", "it holds the character " + Show(label[i:i+1])
			}
		}
	}
	if strings.Trim(s, "-_.") == "" {
		return "", "there is no name in it"
	}
	last := labels[len(labels)-1]
	if isDigits(last) || len(labels) > 1 && strings.HasPrefix(last, "0x") && (last == "0x" || isHex(last[2:])) {
		return "", "it ends in a number, as only addresses do"
	}
	return s, ""
}

func ASCIIDashes(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(c rune) rune {
		if IsDash(c) {
			return '-'
		}
		return c
	}, s)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// typeURL reads a URL with or without scheme. Scheme and host become lower
// case, the host punycode; everything after them is kept as given.
func typeURL(raw, s string) (Indicator, *Refusal) {
	scheme, rest, hasScheme := cutScheme(s)
	if hasScheme && !validScheme(scheme) {
		return Indicator{}, Refuse("dns", raw, "%s is not a URL: %s is no scheme; write dns=hxxps://evil[.]example/path", Show(s), Show(scheme))
	}
	if len(s) > maxURLBytes {
		return Indicator{}, Refuse("dns", raw, "%s is longer than %d characters: hunt its domain instead", Show(s), maxURLBytes)
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, `/?#\`); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	for _, c := range path {
		if unicode.IsSpace(c) || unicode.IsControl(c) || c == utf8.RuneError || strings.ContainsRune("\"<>`", c) {
			return Indicator{}, Refuse("dns", raw, "%s holds a character that no URL can have: write it percent-encoded, or only the domain", Show(s))
		}
	}
	user := ""
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, authority = authority[:i+1], authority[i+1:]
		if strings.ContainsFunc(user, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"<>`", c) }) {
			return Indicator{}, Refuse("dns", raw, "%s holds a character that no URL can have: write only the domain", Show(s))
		}
	}
	name, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") && strings.Count(authority, ":") == 1 || i > 0 && authority[i-1] == ']' {
		name, port = authority[:i], authority[i+1:]
		if port != "" && !validPort(port) {
			return Indicator{}, Refuse("dns", raw, "%s has no valid port: write dns=%s", Show(s), Plain(name))
		}
	}
	ind := Indicator{Kind: KindURL}
	written := ""
	if a, ok := literalHost(name, hasScheme); ok {
		ind.Host = a.String()
		written = ind.Host
		if a.Is6() {
			written = "[" + ind.Host + "]"
		}
	} else {
		host, why := hostName(name)
		if why != "" {
			return Indicator{}, Refuse("dns", raw, "%s is not a URL: in its host, %s; write dns=hxxps://evil[.]example/path", Show(s), why)
		}
		if publicSuffix(host) {
			return Indicator{}, refusePublicSuffix(raw, host)
		}
		ind.Host, written = host, host
	}
	if port != "" {
		written += ":" + port
	}
	ind.Value = user + written + path
	if hasScheme {
		ind.Value = strings.ToLower(scheme) + "://" + ind.Value
	}
	return ind, nil
}

// cutScheme splits a URL at "://", or at the backslashes that Windows users
// type and browsers accept.
func cutScheme(s string) (scheme, rest string, found bool) {
	if scheme, rest, found = strings.Cut(s, "://"); found && strings.ContainsAny(scheme, "/?#") {
		return "", s, false // a URL inside the path or query of one without scheme
	} else if found {
		return scheme, strings.TrimLeft(rest, "/"), true
	}
	if scheme, rest, found = strings.Cut(s, `:\\`); found {
		return scheme, strings.TrimLeft(rest, `\`), true
	}
	return "", s, false
}

// validScheme follows RFC 3986 section 3.1; 32 is longer than any registered.
func validScheme(s string) bool {
	if s == "" || len(s) > 32 || !isAlnum(s[0]) || s[0] <= '9' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isAlnum(s[i]) && !strings.ContainsRune("+-.", rune(s[i])) {
			return false
		}
	}
	return true
}
