package builtin

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// inNetwork tells whether an address lies in a network; the second result is
// false when either is not one.
type inNetwork func(ip, network string) (in, ok bool)

func in4(ip, network string) (bool, bool) {
	x, _, ok := ipv4Net(ip)
	y, bits, also := ipv4Net(network)
	return ok && also && x&mask32(bits) == y&mask32(bits), ok && also
}

func in6(ip, network string) (bool, bool) {
	x, _, ok := ipv6Net(ip)
	y, bits, also := ipv6Net(network)
	return ok && also && maskedIPv6(x, bits) == maskedIPv6(y, bits), ok && also
}

// rangeIPFunctions adds those that give null for what is no address: a filter
// then drops the row, whatever stands beside it.
func rangeIPFunctions(l library) {
	for name, f := range map[string]inNetwork{"ipv4_is_in_range": in4, "ipv6_is_in_range": in6} {
		l.pure(name, 2, 2, value.Bool, func(a []value.Value) value.Value {
			in, ok := f(argText(a[0]), argText(a[1]))
			if !ok {
				return value.Null(value.Bool)
			}
			return value.BoolValue(in)
		})
	}
	l["ipv4_is_in_any_range"] = envFn("ipv4_is_in_any_range", 2, AnyNumber, value.Bool, func(env *Env, a []value.Value) (value.Value, error) {
		ip, _, ok := ipv4Net(argText(a[0]))
		if !ok {
			return value.Null(value.Bool), nil
		}
		set := networks(env, a[1:])
		for _, bits := range set.bits4 {
			if _, in := set.v4[network4{ip & mask32(bits), bits}]; in {
				return value.BoolValue(true), nil
			}
		}
		return value.BoolValue(false), nil
	})
	l["ipv6_is_in_any_range"] = envFn("ipv6_is_in_any_range", 2, AnyNumber, value.Bool, func(env *Env, a []value.Value) (value.Value, error) {
		ip, _, ok := ipv6Net(argText(a[0]))
		if !ok {
			return value.Null(value.Bool), nil
		}
		set := networks(env, a[1:])
		for _, bits := range set.bits6 {
			if _, in := set.v6[network6{maskedIPv6(ip, bits), bits}]; in {
				return value.BoolValue(true), nil
			}
		}
		return value.BoolValue(false), nil
	})
}

type network4 struct {
	addr uint32
	bits int
}

type network6 struct {
	addr netip.Addr
	bits int
}

// networkSet holds networks for one lookup per length of prefix that occurs.
type networkSet struct {
	bits4, bits6 []int
	v4           map[network4]struct{}
	v6           map[network6]struct{}
}

// networks reads texts and arrays of texts; what is no network matches nothing.
func networks(env *Env, args []value.Value) *networkSet {
	return cachedFor(env, 'n', args, func() *networkSet {
		var list []value.Value
		for _, v := range args {
			list = value.Flatten(list, v)
		}
		s := &networkSet{v4: make(map[network4]struct{}, len(list)), v6: make(map[network6]struct{}, len(list))}
		var seen4 [33]bool
		var seen6 [129]bool
		for _, v := range list {
			if addr, bits, ok := ipv4Net(argText(v)); ok {
				s.v4[network4{addr & mask32(bits), bits}] = struct{}{}
				seen4[bits] = true
			}
			if addr, bits, ok := ipv6Net(argText(v)); ok {
				s.v6[network6{maskedIPv6(addr, bits), bits}] = struct{}{}
				seen6[bits] = true
			}
		}
		for bits, seen := range seen4 {
			if seen {
				s.bits4 = append(s.bits4, bits)
			}
		}
		for bits, seen := range seen6 {
			if seen {
				s.bits6 = append(s.bits6, bits)
			}
		}
		return s
	})
}

// findIPFunctions adds the search for addresses in text.
func findIPFunctions(l library) {
	for name, prefix := range map[string]bool{"has_ipv4": false, "has_any_ipv4": false, "has_ipv4_prefix": true, "has_any_ipv4_prefix": true} {
		l[name] = envFn(name, 2, AnyNumber, value.Bool, func(env *Env, a []value.Value) (value.Value, error) {
			wanted := cachedFor(env, 'w', a[1:], func() *wantedAddresses { return newWantedAddresses(a[1:]) })
			return value.BoolValue(wanted.in(argText(a[0]), prefix)), nil
		})
	}
}

// wantedAddresses are whole addresses and prefixes; a prefix ends in a dot.
type wantedAddresses struct {
	whole    map[netip.Addr]struct{}
	prefixes map[string]struct{}
}

func newWantedAddresses(args []value.Value) *wantedAddresses {
	w := &wantedAddresses{whole: map[netip.Addr]struct{}{}, prefixes: map[string]struct{}{}}
	for _, arg := range args {
		for _, v := range value.Flatten(nil, arg) {
			s := argText(v)
			if addr, err := netip.ParseAddr(s); err == nil && addr.Is4() {
				w.whole[addr] = struct{}{}
			} else if strings.HasSuffix(s, ".") {
				w.prefixes[s] = struct{}{}
			}
		}
	}
	return w
}

// in looks at each whole address in the text that no letter, digit or dotted
// number touches.
func (w *wantedAddresses) in(s string, prefix bool) bool {
	for start := 0; start < len(s); {
		if s[start] < '0' || s[start] > '9' {
			start++
			continue
		}
		end := start
		for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.') {
			end++
		}
		before, _ := utf8.DecodeLastRuneInString(s[:start])
		after, _ := utf8.DecodeRuneInString(s[end:])
		run := strings.TrimRight(s[start:end], ".")
		if (start == 0 || !value.Alphanumeric(before)) && (end == len(s) || run != s[start:end] || !value.Alphanumeric(after)) {
			if addr, err := netip.ParseAddr(run); err == nil && addr.Is4() && w.has(addr, run, prefix) {
				return true
			}
		}
		start = end
	}
	return false
}

func (w *wantedAddresses) has(addr netip.Addr, text string, prefix bool) bool {
	if _, ok := w.whole[addr]; ok || !prefix {
		return ok
	}
	for i := range len(text) {
		if text[i] == '.' {
			if _, ok := w.prefixes[text[:i+1]]; ok {
				return true
			}
		}
	}
	return false
}
