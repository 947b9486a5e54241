package indicator

import (
	"encoding/binary"
	mathbits "math/bits"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
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
	if no := tooLong(key, s); no != nil {
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
	return Indicator{}, refuse(key, s, "%s is defanged several times over: write it plainly", show(s))
}

// tooLong keeps what follows from working on megabytes.
func tooLong(key, s string) *Refusal {
	if len(s) <= 2*maxURLBytes {
		return nil
	}
	return refuse(key, s, "the value that begins with %s is longer than any indicator (%d characters): shorten it", show(strings.ToValidUTF8(s[:shownRunes], "")), maxURLBytes)
}

func typeOnce(raw string) (Indicator, *Refusal) {
	s := tidy(refangAll(raw))
	switch {
	case s == "":
		return Indicator{}, refuse("", raw, "there is no indicator in %s: write an address, a domain, a URL, a file name or a hash", show(raw))
	case strings.HasPrefix(s, "*"):
		return typeDNS(raw)
	case looksLikeAddress(s):
		return typeIP(raw)
	}
	if isHexDigest(s) {
		return typeFile(raw)
	}
	switch {
	case strings.Contains(s, "://"), s[0] != '/' && strings.ContainsAny(s, "/@") && !strings.Contains(s, `\`):
		return typeDNS(raw)
	case strings.Contains(s, `\`):
		return typeFile(raw)
	case !strings.Contains(s, "."), s[0] == '/':
		return Indicator{}, refuse("", raw, "I can't tell what %s is: write ip=, dns=, file= or device= in front of it", show(s))
	}
	ext := strings.ToLower(s[strings.LastIndexByte(s, '.')+1:])
	switch file, tld := isFileExtension(ext), isTLD(ext); {
	case file && tld && ext != "com":
		return Indicator{}, refuse("", raw, "%s can be a domain or a file: write dns=%s or file=%s", show(s), plain(s), plain(s))
	case file && !tld:
		return typeFile(raw)
	}
	return typeDNS(raw)
}

// refangAll also undoes defanging that was done twice.
func refangAll(s string) string {
	for range 4 {
		before := s
		if s = Refang(s); s == before {
			break
		}
	}
	return s
}

// plain is a token as an example to copy: defanged, without quotes.
func plain(s string) string { return strings.Trim(show(s), `"`) }

// looksLikeAddress tells whether an address was meant, well written or not.
func looksLikeAddress(s string) bool {
	if strings.Contains(s, "://") {
		return false
	}
	host, _, _ := strings.Cut(s, "/")
	if len(host) < len(s) {
		tail := s[len(host)+1:]
		_, noMask := netip.ParseAddr(tail)
		if _, err := netip.ParsePrefix(s); err != nil && strings.Contains(host, ".") && tail != "" && !isDigits(tail) && noMask != nil {
			return false // 203.0.113.66/gate.php is a URL
		}
	}
	if strings.HasPrefix(host, "[") || strings.Count(host, ":") > 1 {
		return true
	}
	host, _, _ = strings.Cut(host, ":")
	digits, dots := 0, 0
	for _, c := range host {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
		case c != '*' && c != '-':
			return false
		}
	}
	return digits > 0 && dots >= 2
}

func typeIP(raw string) (Indicator, *Refusal) {
	s := asciiForm(tidy(refangAll(raw)))
	if s == "" {
		return Indicator{}, refuse("ip", raw, "ip= has no value: write an address or a CIDR, as in ip=203.0.113[.]66")
	}
	if strings.Contains(s, "://") {
		return typeURLAddress(raw, s)
	}
	if i := strings.IndexAny(s, `/?#\`); i >= 0 {
		p, err := netip.ParsePrefix(s)
		if err == nil {
			return typePrefix(raw, p)
		}
		if a, ok := parseAddress(s[:i]); ok && s[i:] == "/" {
			return Indicator{Kind: KindIP, Value: a.String()}, nil
		}
		if no := refuseMask(raw, s[:i], s[i+1:]); no != nil {
			return Indicator{}, no
		}
		if _, ok := parseAddress(s[:i]); ok && !(s[i] == '/' && isDigits(s[i+1:])) {
			return typeURLAddress(raw, s)
		}
		return Indicator{}, refuse("ip", raw, "%s is not a network: write ip=203.0.113.0/24 or ip=2001:db8::/32", show(s))
	}
	if a, ok := parseAddress(s); ok {
		return Indicator{Kind: KindIP, Value: a.String()}, nil
	}
	return Indicator{}, refuseAddress(raw, s)
}

// refuseMask teaches the prefix for a network that is written with a mask, which
// would otherwise pass for a URL's path and hunt one address of it.
func refuseMask(raw, address, mask string) *Refusal {
	a, err := netip.ParseAddr(address)
	m, errMask := netip.ParseAddr(mask)
	if err != nil || errMask != nil || !a.Is4() || !m.Is4() {
		return nil
	}
	b := m.As4()
	bits := binary.BigEndian.Uint32(b[:])
	ones := mathbits.LeadingZeros32(^bits)
	if bits<<ones != 0 {
		return refuse("ip", raw, "%s is no mask of a network: write ip=203.0.113.0/24", show(mask))
	}
	network := netip.PrefixFrom(a, ones).Masked()
	return refuse("ip", raw, "%s has a mask: write ip=%s", show(address+"/"+mask), network)
}

// parseAddress reads an address with or without port, brackets and zone.
// IPv4-mapped addresses become IPv4; a zone names an interface of one machine,
// which no other machine's record can hold, so it is dropped.
func parseAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		ap, errPort := netip.ParseAddrPort(s)
		if errPort != nil {
			return netip.Addr{}, false
		}
		a = ap.Addr()
	}
	return a.Unmap().WithZone(""), true
}

func typeURLAddress(raw, s string) (Indicator, *Refusal) {
	ind, no := typeURL(raw, s)
	if no != nil {
		return ind, no
	}
	if _, ok := ind.Addr(); !ok {
		return Indicator{}, refuse("ip", raw, "%s is a URL with a host name: write dns=%s", show(s), plain(s))
	}
	return ind, nil
}

func typePrefix(raw string, p netip.Prefix) (Indicator, *Refusal) {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	p = p.Masked()
	if p.IsSingleIP() {
		return Indicator{Kind: KindIP, Value: p.Addr().String()}, nil
	}
	if p.Addr().Is4() && p.Bits() < minCIDRBitsV4 {
		return Indicator{}, refuse("ip", raw, "%s is too wide to hunt: the widest IPv4 network is a /%d", show(p.String()), minCIDRBitsV4)
	}
	if p.Addr().Is6() && p.Bits() < minCIDRBitsV6 {
		return Indicator{}, refuse("ip", raw, "%s is too wide to hunt: the widest IPv6 network is a /%d", show(p.String()), minCIDRBitsV6)
	}
	return Indicator{Kind: KindCIDR, Value: p.String()}, nil
}

// refuseAddress finds the sentence that helps most with a malformed address.
func refuseAddress(raw, s string) *Refusal {
	parts := strings.Split(s, ".")
	if i := strings.IndexByte(s, '*'); i > 0 {
		n := 0
		for n < len(parts) && isDigits(parts[n]) {
			n++
		}
		if n >= 1 && n <= 3 {
			return refuse("ip", raw, "%s has a star: write the network instead, as in ip=%s%s/%d",
				show(s), strings.Join(parts[:n], "."), strings.Repeat(".0", 4-n), 8*n)
		}
	}
	if from, to, ok := strings.Cut(s, "-"); ok && looksLikeAddress(from) && to != "" {
		return refuse("ip", raw, "%s is a range: write the networks that cover it, as in ip=203.0.113.64/27", show(s))
	}
	if host, port, ok := strings.Cut(s, ":"); ok && isDigits(port) && strings.Count(s, ":") == 1 {
		if _, good := parseAddress(host); good {
			return refuse("ip", raw, "%s has no valid port: write the address alone, ip=%s", show(s), plain(host))
		}
	}
	numeric := looksLikeAddress(s) && !strings.Contains(s, ":")
	if numeric && len(parts) != 4 {
		return refuse("ip", raw, "%s is not an IP address: it has %d numbers and needs four, as in ip=203.0.113[.]66", show(s), len(parts))
	}
	if numeric {
		for _, p := range parts {
			if len(p) > 1 && p[0] == '0' {
				return refuse("ip", raw, "%s is not an IP address: a number starts with 0, which some programs read as octal; write it without", show(s))
			}
		}
		return refuse("ip", raw, "%s is not an IP address: each of the four numbers goes from 0 to 255, as in ip=203.0.113[.]66", show(s))
	}
	if strings.Count(s, ":") > 1 {
		return refuse("ip", raw, "%s is not an IPv6 address: write it as ip=2001:db8::c", show(s))
	}
	if kind := hashKind(s); kind != "" {
		return refuse("ip", raw, "%s is a %s, not an address: write file=%s", show(s), strings.ToUpper(string(kind)), plain(s))
	}
	name, _, _ := strings.Cut(s, ":")
	if host, why := hostName(name); why == "" && strings.Contains(host, ".") {
		return refuse("ip", raw, "%s is a name, not an address: write dns=%s", show(s), plain(host))
	}
	return refuse("ip", raw, "%s is not an IP address: write ip=203.0.113[.]66, ip=2001:db8::c or ip=203.0.113.0/24", show(s))
}

func typeFile(raw string) (Indicator, *Refusal) {
	s := strings.TrimFunc(raw, unicode.IsSpace)
	if i := strings.IndexByte(s, ':'); i > 0 && hashKind(s[i+1:]) != "" {
		switch strings.ToLower(s[:i]) {
		case "md5", "sha1", "sha-1", "sha256", "sha-256":
			s = s[i+1:]
		}
	}
	if strings.Contains(s, "://") {
		return Indicator{}, refuse("file", raw, "%s is a URL, not a file name: write dns=%s", show(s), plain(s))
	}
	if i := strings.LastIndexAny(s, `\/`); i >= 0 && !strings.HasPrefix(s[i:], `\.`) {
		s = s[i+1:] // DeviceNetworkEvents holds the name apart from its folder
	} else if i > 0 && !wordAt(s, i-1) {
		s = s[i+1:]
	}
	s = trimInvisible(s)
	for _, c := range s {
		if (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069') {
			return Indicator{}, refuse("file", raw, "%s holds a hidden character that turns the writing direction (U+%04X): hunt that file by its hash", show(s), c)
		}
	}
	// Windows drops blanks and dots at the end of a name.
	s = strings.TrimRight(strings.ToLower(strings.TrimFunc(refangAll(s), unicode.IsSpace)), ". ")
	if kind := hashKind(s); kind != "" {
		return Indicator{Kind: kind, Value: s}, nil
	}
	if isHexDigest(s) {
		return Indicator{}, refuse("file", raw, "%s has %d hexadecimal digits: an MD5 has 32, a SHA1 40, a SHA256 64", show(s), len(s))
	}
	for _, c := range s {
		switch {
		case c == '*' || c == '?':
			return Indicator{}, refuse("file", raw, "%s has a wildcard: file= takes an exact name, as in file=powershell.exe, or a hash", show(s))
		case unicode.IsControl(c) || c == utf8.RuneError || strings.ContainsRune(`<>:"|`, c):
			return Indicator{}, refuse("file", raw, "%s is not a file name: it holds a character that no file name can have", show(s))
		}
	}
	if _, isAddr := parseAddress(s); isAddr {
		return Indicator{}, refuse("file", raw, "%s is an address, not a file name: write ip=%s", show(s), plain(s))
	}
	if s == "" {
		return Indicator{}, refuse("file", raw, "%s names no file: write file=powershell.exe or a hash", show(raw))
	}
	if utf8.RuneCountInString(s) > maxFileRunes {
		return Indicator{}, refuse("file", raw, "%s is longer than a file name can be (%d characters)", show(s), maxFileRunes)
	}
	return Indicator{Kind: KindFile, Value: s}, nil
}

// hashKind tells a hash by its length; empty for anything else.
func hashKind(s string) Kind {
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

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// tidy cuts what sentences, lists and mark-up leave around a value.
func tidy(s string) string {
	for {
		before := s
		s = strings.TrimFunc(s, func(c rune) bool {
			return unicode.IsSpace(c) || strings.ContainsRune("\"'`“”„‘’‚‹›«»<>|,;!–—", c)
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

func trimInvisible(s string) string {
	return strings.TrimFunc(s, func(c rune) bool { return invisible(c) || unicode.IsSpace(c) })
}

// asciiForm maps full-width digits, letters and signs to ASCII, and
// typographic dashes to hyphens, as input methods and word processors leave
// them in addresses, times and numbers.
func asciiForm(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case isDash(c):
			return '-'
		case c >= '！' && c <= '～':
			return c - '！' + '!'
		case isWideDot(c):
			return '.'
		}
		return c
	}, s)
}
