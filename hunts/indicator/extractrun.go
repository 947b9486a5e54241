package indicator

import (
	"net"
	"net/netip"
	"strings"
)

// mails handles a run with an "@": an e-mail address gives its domain only
// when asked, an address behind "user@" is one in any case.
func (x *extractor) mails(a, b int) {
	for from := a; from < b; {
		at := strings.IndexByte(x.s[from:b], '@')
		if at < 0 {
			if from == a {
				x.slashed(from, b)
			}
			return
		}
		at += from
		hostEnd := at + 1
		for hostEnd < b && strings.IndexByte(`@:/\%+`, x.s[hostEnd]) < 0 {
			hostEnd++
		}
		nothingBefore := at == a
		host := strings.Trim(x.s[at+1:hostEnd], ".-_")
		if addr, err := netip.ParseAddr(host); err == nil {
			x.emit(Indicator{Kind: KindIP, Value: addr.Unmap().String()}, at+1, at+1+len(host), "")
		} else if x.opts.Emails || nothingBefore {
			x.atom(at+1, hostEnd)
		}
		from = hostEnd
		if from < b && x.s[from] != '@' {
			from++
		}
	}
}

// windowsPath handles a run with backslashes. Only the server of a UNC path
// and addresses are hosts there; names with dots are folders and files.
func (x *extractor) windowsPath(a, b int) {
	if x.escapedLines(a, b) {
		return
	}
	unc := strings.HasPrefix(x.s[a:b], `\\`)
	first := true
	for from := a; from <= b; {
		end := b
		if i := strings.IndexByte(x.s[from:b], '\\'); i >= 0 {
			end = from + i
		}
		segment := x.s[from:end]
		switch {
		case segment == "":
		case unc && first:
			// \\evil.example@SSL@443\share is WebDAV to a port
			host, _, _ := strings.Cut(segment, "@")
			x.slashed(from, from+len(host))
			first = false
		case x.escapedBreak(from, end):
		case isIPv4(segment):
			why := ""
			if from > a && !x.defanged(from, end) {
				why = "could be a version number: the name of a folder"
			}
			x.emitIPv4(from, end, why)
		case end == b:
			if !x.file(from, end) {
				x.hashes(from, end)
			}
		case first:
			x.slashed(from, end)
			first = false
		}
		from = end + 1
	}
}

// escapedLines handles text copied from JSON, where every backslash begins a
// line break or a tab: "evil.example\nevil.net\r\n203.0.113.66".
func (x *extractor) escapedLines(a, b int) bool {
	run := x.s[a:b]
	for i := 0; i < len(run); i++ {
		if run[i] == ':' && i < 2 || run[i] == '\\' && (i+1 == len(run) || strings.IndexByte("nrt", run[i+1]) < 0) {
			return false // a drive letter, or another kind of backslash
		}
	}
	for from := a; from < b; {
		end := b
		if i := strings.IndexByte(x.s[from:b], '\\'); i >= 0 {
			end = from + i
		}
		if end > from {
			x.slashed(from, end)
		}
		from = end + 2
	}
	return true
}

// escapedBreak handles an address behind a line break that was written \n, as
// in text copied from JSON.
func (x *extractor) escapedBreak(from, end int) bool {
	if strings.IndexByte("nrt", x.s[from]) < 0 || !isIPv4(x.s[from+1:end]) {
		return false
	}
	x.emitIPv4(from+1, end, "")
	return true
}

// slashed handles a run without backslash and "@": a host, a host with a path,
// a network, or something else with slashes in it.
func (x *extractor) slashed(a, b int) int {
	slash := strings.IndexByte(x.s[a:b], '/')
	if slash < 0 {
		x.colons(a, b)
		return b
	}
	slash += a
	if end, ok := x.network(a, slash, b); ok {
		return end
	}
	if isIPv4(x.s[a:slash]) && isIPv4(strings.TrimRight(x.s[slash+1:b], ".:")) {
		if end, ok := x.netmask(a, slash, b); ok {
			return end
		}
		// a list
		x.emitIPv4(a, slash, "")
		x.colons(slash+1, b)
		return b
	}
	host, why := x.hostOf(a, slash)
	if host != (Indicator{}) {
		if isIPv4(strings.TrimRight(x.s[slash+1:b], ".:-_")) && strings.IndexByte("?#=&", byteAt(x.s, b)) < 0 { // evil.example/203.0.113.66
			x.colons(a, slash)
			x.colons(slash+1, b)
			return b
		}
		end := x.pathEnd(slash, a)
		if path := strings.Trim(x.s[slash:end], "/"); path == "" || isTransport(path) { // 203.0.113.66:443/tcp
			x.colons(a, slash)
			return end
		}
		ind, no := typeURL("", x.s[a:end])
		if no != nil {
			x.colons(a, slash)
			return end
		}
		x.emit(ind, a, end, why)
		return end
	}
	x.colons(a, slash)
	x.segments(slash+1, b, x.s[a:slash])
	return b
}

// hostOf reads s[a:b] as the host of a URL without scheme.
func (x *extractor) hostOf(a, b int) (Indicator, string) {
	name, port, hasPort := strings.Cut(x.s[a:b], ":")
	if hasPort && !validPort(port) {
		return Indicator{}, ""
	}
	b = a + len(name)
	if isIPv4(name) {
		return Indicator{Kind: KindIP, Value: name}, x.versionDoubt(a, b)
	}
	ind, why, ok := x.domain(a, b, true)
	if !ok {
		return Indicator{}, ""
	}
	return ind, why
}

// network reads "203.0.113.0/24" and "2001:db8::/32".
func (x *extractor) network(a, slash, b int) (end int, ok bool) {
	end = slash + 1
	for end < b && end-slash < 4 && x.s[end] >= '0' && x.s[end] <= '9' {
		end++
	}
	if end == slash+1 || end < b && (isWord(x.s[end]) || x.s[end] == '/') {
		return 0, false
	}
	if end < b && x.s[end] == '.' && wordAt(x.s, end+1) {
		return 0, false
	}
	from := a
	if i := strings.LastIndexByte(x.s[a:slash], ':'); i >= 0 && isIPv4(x.s[a+i+1:slash]) && !strings.Contains(x.s[a:a+i], ":") {
		from = a + i + 1 // "net:203.0.113.0/24"
	}
	for from < slash && strings.IndexByte(".-_+%", x.s[from]) >= 0 {
		from++
	}
	p, err := netip.ParsePrefix(x.s[from:end])
	if err != nil {
		addr, errAddr := netip.ParseAddr(x.s[from:slash])
		if errAddr != nil {
			return 0, false
		}
		// No prefix length, so a port: 203.0.113.66/443.
		x.emit(Indicator{Kind: KindIP, Value: addr.Unmap().WithZone("").String()}, from, slash, "")
		return end, true
	}
	ind, no := typePrefix("", p)
	why := ""
	if no != nil {
		ind, why = Indicator{Kind: KindCIDR, Value: p.Masked().String()}, "too wide a network to hunt"
	}
	x.emit(ind, from, end, why)
	return end, true
}

// netmask reads "203.0.113.0/255.255.255.0".
func (x *extractor) netmask(a, slash, b int) (end int, ok bool) {
	mask := strings.TrimRight(x.s[slash+1:b], ".:")
	addr, err := netip.ParseAddr(mask)
	if err != nil || mask == "0.0.0.0" {
		return 0, false
	}
	m := addr.As4()
	bits, size := net.IPv4Mask(m[0], m[1], m[2], m[3]).Size()
	if size == 0 {
		return 0, false
	}
	network, err := netip.ParseAddr(x.s[a:slash])
	if err != nil {
		return 0, false
	}
	end = slash + 1 + len(mask)
	ind, no := typePrefix("", netip.PrefixFrom(network, bits))
	if no != nil {
		return 0, false
	}
	x.emit(ind, a, end, "")
	return end, true
}

// segments looks at what stands behind a slash when no host stands before it.
// Addresses count, because of /dev/tcp/203.0.113.66/443; names count only
// behind a protocol or when defanged, because of W64/BURNTCIGAR.CA!tr and of
// folders and files with dots in their names.
func (x *extractor) segments(a, b int, before string) {
	for from := a; from <= b; {
		end := b
		if i := strings.IndexByte(x.s[from:b], '/'); i >= 0 {
			end = from + i
		}
		segment := strings.TrimRight(x.s[from:end], ".:-_")
		name, _, _ := strings.Cut(segment, ":")
		protocol := isProtocol(before)
		switch {
		case isIPv4(name):
			why := ""
			if !protocol && before != "" && !isIPv4(before) && !isDigits(before) {
				why = "behind a slash, as version numbers are: " + Show(before+"/"+name)
			}
			x.emitIPv4(from, from+len(name), why)
		case protocol || x.defanged(from, end):
			x.colons(from, end)
		case end == b:
			if !x.file(from, end) {
				x.hashes(from, end)
			}
		default:
			x.hashes(from, end)
		}
		before = segment
		from = end + 1
	}
}

func isTransport(s string) bool {
	return strings.EqualFold(s, "tcp") || strings.EqualFold(s, "udp")
}

func isProtocol(s string) bool {
	switch strings.ToLower(s) {
	case "tcp", "udp", "http", "https", "ftp", "dns", "icmp", "ssh", "rdp", "smb", "ip", "host", "src", "dst", "tls", "ssl", "ipv4", "ipv6", "domain", "url":
		return true
	}
	return false
}

// colons handles a run without slashes: IPv6, host:port, label:value.
func (x *extractor) colons(a, b int) {
	if strings.Count(x.s[a:b], ":") > 1 {
		if next := x.ipv6(a, b); next > a {
			if next < b {
				x.colons(next, b)
			}
			return
		}
	}
	for from := a; from < b; {
		end := b
		if i := strings.IndexByte(x.s[from:b], ':'); i >= 0 {
			end = from + i
		}
		if end > from {
			x.atom(from, end)
		}
		from = end + 1
	}
}

// ipv6 finds the first IPv6 address in s[a:b] and returns its end; a when
// there is none. It looks at groups between colons, so that a label before
// the address ("src:2001:db8::1") is left out. An IPv6 address has at most
// eight groups, so each start looks only a little ahead.
func (x *extractor) ipv6(a, b int) int {
	for from := a; from < b; {
		end, colons := from, 0
		for end < b && end-from < 48 && (isHex(x.s[end:end+1]) || x.s[end] == ':' || x.s[end] == '.') {
			if x.s[end] == ':' {
				colons++
			}
			end++
		}
		atEdge := end == b || !isWord(x.s[end]) && x.s[end] != '_'
		text := strings.TrimRight(x.s[from:end], ".-")
		if strings.HasSuffix(text, ":") && !strings.HasSuffix(text, "::") {
			text = text[:len(text)-1]
		}
		if colons > 1 && atEdge && !strings.Contains(x.s[a:from], "::") {
			if addr, err := netip.ParseAddr(text); err == nil {
				if why, ok := ipv6Doubt(text); ok {
					x.emit(Indicator{Kind: KindIP, Value: addr.Unmap().String()}, from, from+len(text), why)
				}
				return from + len(text)
			}
		}
		next := strings.IndexByte(x.s[from:b], ':')
		if next < 0 {
			return a
		}
		if x.s[from] != ':' || next == 0 && !strings.HasPrefix(x.s[from:], "::") {
			from += next + 1
		} else {
			from++
		}
	}
	return a
}

// ipv6Doubt tells what else an IPv6 address could be; ok is false when it
// surely is something else.
func ipv6Doubt(text string) (why string, ok bool) {
	groups, digits, hex, pairs := 0, 0, 0, 0
	for _, g := range strings.Split(text, ":") {
		if g == "" {
			continue
		}
		groups++
		hex += len(g)
		if len(g) == 2 {
			pairs++
		}
		digits += strings.IndexFunc(g, func(c rune) bool { return c >= '0' && c <= '9' }) + 1
	}
	switch {
	case text == "::1":
		return "", true
	case hex == 0, digits == 0 && groups < 3, pairs == 8:
		return "", false // "::" of C++, names with hexadecimal letters, EUI-64 and fingerprints
	case digits == 0 || hex < 4:
		return "short for an IPv6 address", true
	}
	return "", true
}

func isIPv4(s string) bool {
	if len(s) < 7 || len(s) > 15 || s[0] < '0' || s[0] > '9' {
		return false
	}
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is4()
}

// emitIPv4 records the address s[start:end] unless why or the words around it
// make it doubtful.
func (x *extractor) emitIPv4(start, end int, why string) {
	if why == "" {
		why = x.versionDoubt(start, end)
	}
	x.emit(Indicator{Kind: KindIP, Value: x.s[start:end]}, start, end, why)
}
