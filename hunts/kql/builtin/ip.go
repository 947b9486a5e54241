package builtin

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// ipv4Net reads a.b.c.d[/n]; n is 32 without a suffix.
func ipv4Net(s string) (addr uint32, bits int, ok bool) {
	host, mask, masked := strings.Cut(strings.TrimSpace(s), "/")
	a, err := netip.ParseAddr(host)
	if err != nil || !a.Is4() {
		return 0, 0, false
	}
	bits = 32
	if masked {
		if bits, err = strconv.Atoi(mask); err != nil || bits < 0 || bits > 32 {
			return 0, 0, false
		}
	}
	b := a.As4()
	return binary.BigEndian.Uint32(b[:]), bits, true
}

func mask32(bits int) uint32 {
	if bits <= 0 {
		return 0
	}
	return ^uint32(0) << (32 - min(bits, 32))
}

// IPv4Network reads a.b.c.d[/n] as the network that it lies in.
func IPv4Network(s string) (addr uint32, bits int, ok bool) {
	addr, bits, ok = ipv4Net(s)
	return addr & mask32(bits), bits, ok
}

// MaskIPv4 keeps the first bits of an address.
func MaskIPv4(addr uint32, bits int) uint32 { return addr & mask32(bits) }

// ipv6Net reads an IPv6 or IPv4 address with an optional prefix length. An
// IPv4 address is taken in its mapped form, and its prefix then counts from 96.
func ipv6Net(s string) (netip.Addr, int, bool) {
	host, mask, masked := strings.Cut(strings.TrimSpace(s), "/")
	if v4, ok := strings.CutPrefix(host, "::"); ok && strings.Contains(v4, ".") && !strings.Contains(v4, ":") {
		host = v4 // ::1.2.3.4 is the address 1.2.3.4
	}
	a, err := netip.ParseAddr(host)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, 0, false
	}
	bits, limit, shift := 128, 128, 0
	if a.Is4() {
		limit, shift = 32, 96
	}
	if masked {
		n, err := strconv.Atoi(mask)
		if err != nil || n < 0 || n > limit {
			return netip.Addr{}, 0, false
		}
		bits = n + shift
	}
	return netip.AddrFrom16(a.As16()), bits, true
}

// fullIPv6 prints eight groups of four digits.
func fullIPv6(a netip.Addr) string { return a.StringExpanded() }

func maskedIPv6(a netip.Addr, bits int) netip.Addr {
	p, err := a.Prefix(max(0, min(bits, 128)))
	if err != nil {
		return a
	}
	return p.Addr()
}

func ipFunctions() library {
	l := library{}
	l.pure("parse_ipv4", 1, 1, value.Long, func(a []value.Value) value.Value {
		n, bits, ok := ipv4Net(argText(a[0]))
		if !ok {
			return value.Null(value.Long)
		}
		return value.LongValue(int64(n & mask32(bits)))
	})
	l.pure("parse_ipv4_mask", 2, 2, value.Long, func(a []value.Value) value.Value {
		n, bits, ok := ipv4Net(argText(a[0]))
		if !ok || a[1].Num < 0 || a[1].Num > 32 {
			return value.Null(value.Long)
		}
		return value.LongValue(int64(n & mask32(min(bits, int(a[1].Num)))))
	})
	l.pure("parse_ipv6", 1, 1, value.String, func(a []value.Value) value.Value {
		addr, bits, ok := ipv6Net(argText(a[0]))
		if !ok {
			return value.Null(value.String)
		}
		return value.StringValue(fullIPv6(maskedIPv6(addr, bits)))
	})
	l.pure("parse_ipv6_mask", 2, 2, value.String, func(a []value.Value) value.Value {
		addr, bits, ok := ipv6Net(argText(a[0]))
		if !ok || a[1].Num < 0 || a[1].Num > 128 {
			return value.Null(value.String)
		}
		return value.StringValue(fullIPv6(maskedIPv6(addr, min(bits, int(a[1].Num)))))
	})
	compareIPFunctions(l)
	rangeIPFunctions(l)
	textIPFunctions(l)
	findIPFunctions(l)
	return l
}

// compareIPFunctions adds those that compare two addresses under the shortest
// of their prefixes.
func compareIPFunctions(l library) {
	compare4 := func(a []value.Value) (int64, bool) {
		x, xb, ok := ipv4Net(argText(a[0]))
		y, yb, also := ipv4Net(argText(a[1]))
		if !ok || !also {
			return 0, false
		}
		bits := min(xb, yb)
		if len(a) > 2 {
			n := argLong(a, 2, -1)
			if n < 0 || n > 32 {
				return 0, false
			}
			bits = min(bits, int(n))
		}
		return int64(value.CompareLongs(int64(x&mask32(bits)), int64(y&mask32(bits)))), true
	}
	compare6 := func(a []value.Value) (int64, bool) {
		x, xb, ok := ipv6Net(argText(a[0]))
		y, yb, also := ipv6Net(argText(a[1]))
		if !ok || !also {
			return 0, false
		}
		bits := min(xb, yb)
		if len(a) > 2 {
			n := argLong(a, 2, -1)
			if n < 0 || n > 128 {
				return 0, false
			}
			// between two IPv4 addresses the prefix counts their own bits
			if n <= 32 && x.Is4In6() && y.Is4In6() {
				n += 96
			}
			bits = min(bits, int(n))
		}
		return int64(maskedIPv6(x, bits).Compare(maskedIPv6(y, bits))), true
	}
	for name, f := range map[string]func([]value.Value) (int64, bool){"ipv4_compare": compare4, "ipv6_compare": compare6} {
		l.pure(name, 2, 3, value.Long, func(a []value.Value) value.Value {
			c, ok := f(a)
			if !ok {
				return value.Null(value.Long)
			}
			return value.LongValue(c)
		})
	}
	for name, f := range map[string]func([]value.Value) (int64, bool){"ipv4_is_match": compare4, "ipv6_is_match": compare6} {
		l.pure(name, 2, 3, value.Bool, func(a []value.Value) value.Value {
			c, ok := f(a)
			if !ok {
				return value.Null(value.Bool)
			}
			return value.BoolValue(c == 0)
		})
	}
}

func textIPFunctions(l library) {
	l.pure("ipv4_is_private", 1, 1, value.Bool, func(a []value.Value) value.Value {
		n, bits, ok := ipv4Net(argText(a[0]))
		if !ok {
			return value.Null(value.Bool)
		}
		for _, p := range []struct {
			net  uint32
			bits int
		}{{10 << 24, 8}, {172<<24 | 16<<16, 12}, {192<<24 | 168<<16, 16}} {
			if bits >= p.bits && n&mask32(p.bits) == p.net {
				return value.BoolValue(true)
			}
		}
		return value.BoolValue(false)
	})
	l.pure("ipv4_netmask_suffix", 1, 1, value.Long, func(a []value.Value) value.Value {
		_, bits, ok := ipv4Net(argText(a[0]))
		if !ok {
			return value.Null(value.Long)
		}
		return value.LongValue(int64(bits))
	})
	format := func(a []value.Value) (string, int, bool) {
		var n uint32
		bits := 32
		if a[0].Kind == value.String {
			var ok bool
			if n, bits, ok = ipv4Net(a[0].Str); !ok {
				return "", 0, false
			}
		} else {
			if !a[0].Valid || a[0].Num < 0 || a[0].Num > 1<<32-1 {
				return "", 0, false
			}
			n = uint32(a[0].Num)
		}
		if len(a) > 1 {
			if a[1].Num < 0 || a[1].Num > 32 {
				return "", 0, false
			}
			bits = min(bits, int(a[1].Num))
		}
		n &= mask32(bits)
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String(), bits, true
	}
	l.pure("format_ipv4", 1, 2, value.String, func(a []value.Value) value.Value {
		s, _, _ := format(a)
		return value.StringValue(s)
	})
	l.pure("format_ipv4_mask", 1, 2, value.String, func(a []value.Value) value.Value {
		s, bits, ok := format(a)
		if !ok {
			return value.Null(value.String)
		}
		return value.StringValue(s + "/" + strconv.Itoa(bits))
	})
}
