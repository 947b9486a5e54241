package indicator

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// numericHost reads a host as the WHATWG URL standard reads IPv4 addresses
// (https://url.spec.whatwg.org/#concept-ipv4-parser): one to four numbers,
// each decimal, octal behind a 0 or hexadecimal behind 0x, of which the last
// fills the bytes that are left. numeric tells that the host ends in a number,
// so that it can be nothing but an address.
func numericHost(s string) (a netip.Addr, numeric, ok bool) {
	parts := strings.Split(strings.TrimSuffix(strings.ToLower(s), "."), ".")
	last := parts[len(parts)-1]
	if _, number := hostNumber(last); !number && !isDigits(last) {
		return netip.Addr{}, false, false
	}
	if len(parts) > 4 {
		return netip.Addr{}, true, false
	}
	var whole uint64
	for n, part := range parts {
		v, number := hostNumber(part)
		room := 8 // bits
		if n == len(parts)-1 {
			room = 8 * (5 - len(parts))
		}
		if !number || v >= 1<<room {
			return netip.Addr{}, true, false
		}
		whole = whole<<room | v
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(whole)) // each part was checked to fit
	return netip.AddrFrom4(b), true, true
}

// hostNumber reads one number of a host.
func hostNumber(s string) (uint64, bool) {
	base := 10
	switch {
	case strings.HasPrefix(s, "0x"):
		if s, base = s[2:], 16; s == "" {
			return 0, true
		}
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	if !isHex(s) {
		return 0, false // ParseUint takes signs and underscores
	}
	v, err := strconv.ParseUint(s, base, 64)
	return v, err == nil
}

// surelyNumeric tells whether a numeric host was written as one on purpose: it
// has a hexadecimal number, or one that no byte holds. "10.5" and "1.2.3" are
// more likely versions or unfinished addresses, and "443" is a port.
func surelyNumeric(s string) bool {
	if v, ok := hostNumber(s); ok && v < 1<<24 {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if v, ok := hostNumber(strings.ToLower(part)); ok && (v > 255 || strings.HasPrefix(strings.ToLower(part), "0x")) {
			return true
		}
	}
	return false
}

// The prefixes whose addresses carry an IPv4 address: RFC 6052 section 2.1, RFC
// 3056 section 2, RFC 4291 section 2.5.5, and RFC 2765 section 2.1. In the
// compatible form of RFC 4291 lie ::1 and other short addresses too, which carry
// none.
var (
	nat64       = netip.MustParsePrefix("64:ff9b::/96")
	sixTo4      = netip.MustParsePrefix("2002::/16")
	mapped4     = netip.MustParsePrefix("::ffff:0:0/96")
	translated4 = netip.MustParsePrefix("::ffff:0:0:0/96")
	compatible4 = netip.MustParsePrefix("::/96")
)

// inner gives the IPv4 address that an IPv6 address carries: mapped, translated,
// in the old compatible form, behind NAT64 or 6to4. Any other address is itself,
// without its zone, which names an interface of one machine that no other
// machine's record can hold.
func inner(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	b := a.As16()
	switch {
	case nat64.Contains(a), translated4.Contains(a), compatible4.Contains(a) && b[12]|b[13] != 0:
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixTo4.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}

// innerNetwork gives the IPv4 network that an IPv6 network carries.
func innerNetwork(p netip.Prefix) netip.Prefix {
	first, bits := p.Addr(), 0
	switch {
	case first.Is4():
		return p
	case (mapped4.Contains(first) || nat64.Contains(first)) && p.Bits() >= 96:
		bits = p.Bits() - 96
	case sixTo4.Contains(first) && p.Bits() >= 16:
		bits = min(p.Bits()-16, 32) // one IPv4 address has a whole site behind it
	default:
		return p
	}
	return netip.PrefixFrom(inner(first), bits)
}
