package indicator

import (
	"encoding/binary"
	mathbits "math/bits"
	"net/netip"
	"strings"
)

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
	s := ASCIIForm(Tidy(RefangAll(raw)))
	if s == "" {
		return Indicator{}, Refuse("ip", raw, "ip= has no value: write an address or a CIDR, as in ip=203.0.113[.]66")
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
		return Indicator{}, Refuse("ip", raw, "%s is not a network: write ip=203.0.113.0/24 or ip=2001:db8::/32", Show(s))
	}
	if a, ok := parseAddress(s); ok {
		return Indicator{Kind: KindIP, Value: a.String()}, nil
	}
	if a, _, ok := numericHost(s); ok && surelyNumeric(s) {
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
		return Refuse("ip", raw, "%s isn't a network mask: write ip=203.0.113.0/24", Show(mask))
	}
	network := netip.PrefixFrom(a, ones).Masked()
	return Refuse("ip", raw, "%s has a mask: write ip=%s", Show(address+"/"+mask), network)
}

// parseAddress reads an address with or without port, brackets and zone.
// What carries an IPv4 address becomes that.
func parseAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		ap, errPort := netip.ParseAddrPort(s)
		if errPort != nil {
			return netip.Addr{}, false
		}
		a = ap.Addr()
	}
	return inner(a), true
}

// literalHost reads the host of a URL as an address. A host that only may be a
// number is one behind a scheme, where browsers read it so.
func literalHost(name string, scheme bool) (netip.Addr, bool) {
	name = ASCIIForm(name)
	if strings.HasPrefix(name, "[") != strings.HasSuffix(name, "]") {
		return netip.Addr{}, false
	}
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")); err == nil {
		return inner(a), true
	}
	if a, _, ok := numericHost(name); ok && (scheme || surelyNumeric(name)) {
		return a, true
	}
	return netip.Addr{}, false
}

func typeURLAddress(raw, s string) (Indicator, *Refusal) {
	ind, no := typeURL(raw, s)
	if no != nil {
		return ind, no
	}
	if _, ok := ind.Addr(); !ok {
		return Indicator{}, Refuse("ip", raw, "%s is a URL with a host name: write dns=%s", Show(s), Plain(s))
	}
	return ind, nil
}

func typePrefix(raw string, p netip.Prefix) (Indicator, *Refusal) {
	p = innerNetwork(p).Masked()
	if p.IsSingleIP() {
		return Indicator{Kind: KindIP, Value: p.Addr().String()}, nil
	}
	if p.Addr().Is4() && p.Bits() < minCIDRBitsV4 {
		return Indicator{}, Refuse("ip", raw, "%s is too wide to hunt: the widest IPv4 network is a /%d", Show(p.String()), minCIDRBitsV4)
	}
	if p.Addr().Is6() && p.Bits() < minCIDRBitsV6 {
		return Indicator{}, Refuse("ip", raw, "%s is too wide to hunt: the widest IPv6 network is a /%d", Show(p.String()), minCIDRBitsV6)
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
			return Refuse("ip", raw, "%s has a star: write the network instead, as in ip=%s%s/%d",
				Show(s), strings.Join(parts[:n], "."), strings.Repeat(".0", 4-n), 8*n)
		}
	}
	if from, to, ok := strings.Cut(s, "-"); ok && looksLikeAddress(from) && to != "" {
		return Refuse("ip", raw, "%s is a range: write the networks that cover it, as in ip=203.0.113.64/27", Show(s))
	}
	if host, port, ok := strings.Cut(s, ":"); ok && isDigits(port) && strings.Count(s, ":") == 1 {
		if _, good := parseAddress(host); good {
			return Refuse("ip", raw, "%s has no valid port: write the address alone, ip=%s", Show(s), Plain(host))
		}
	}
	numeric := looksLikeAddress(s) && !strings.Contains(s, ":")
	if numeric && len(parts) != 4 {
		return Refuse("ip", raw, "%s is not an IP address: it has %d numbers and needs four, as in ip=203.0.113[.]66", Show(s), len(parts))
	}
	if numeric {
		for _, p := range parts {
			if len(p) > 1 && p[0] == '0' {
				return Refuse("ip", raw, "%s is not an IP address: a number starts with 0, which some programs read as octal; write it without", Show(s))
			}
		}
		return Refuse("ip", raw, "%s is not an IP address: each of the four numbers goes from 0 to 255, as in ip=203.0.113[.]66", Show(s))
	}
	if strings.Count(s, ":") > 1 {
		return Refuse("ip", raw, "%s is not an IPv6 address: write it as ip=2001:db8::c", Show(s))
	}
	if kind := HashKind(s); kind != "" {
		return Refuse("ip", raw, "%s is a %s, not an address: write file=%s", Show(s), strings.ToUpper(string(kind)), Plain(s))
	}
	name, _, _ := strings.Cut(s, ":")
	if host, why := hostName(name); why == "" && strings.Contains(host, ".") {
		return Refuse("ip", raw, "%s is a name, not an address: write dns=%s", Show(s), Plain(host))
	}
	return Refuse("ip", raw, "%s is not an IP address: write ip=203.0.113[.]66, ip=2001:db8::c or ip=203.0.113.0/24", Show(s))
}
