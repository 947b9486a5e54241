package indicator

import (
	"net/netip"
	"strings"
)

// Guard knows indicators that are not worth a hunt of their own when they are
// merely mentioned: what every device talks to, what belongs to the
// organisation, what is no public address at all. It is advice for automatic
// hunts; what a person asks for by name is hunted. The zero Guard holds only
// addresses that are not public.
type Guard struct {
	OwnDomains  []string       // the organisation's names; sub-domains are held as well
	OwnNetworks []netip.Prefix // the organisation's public networks
	Resolvers   []netip.Addr   // public DNS resolvers
	GoodDomains []string       // well-known good names, held with their sub-domains
	// OpenDomains are names below GoodDomains where anybody can put content or
	// register a name; they are not held, nor is what lies below them.
	OpenDomains []string
	Platforms   []string // that everybody uses and anybody can put content on: held as bare names, not in URLs
	FreeMail    []string // providers of free mail: held as bare names
	Files       []string // names of programs that run on every device, lower case
	Hashes      []string // hashes of nothing, such as the empty file, lower case
}

// DefaultGuard gives a Guard with the data below and nothing of the
// organisation's own. Each call returns a fresh copy to add to.
func DefaultGuard() Guard {
	g := Guard{
		GoodDomains: strings.Fields(goodDomains),
		OpenDomains: strings.Fields(openDomains),
		Platforms:   strings.Fields(platforms),
		FreeMail:    strings.Fields(freeMail),
		Files:       strings.Fields(ubiquitousFiles),
		Hashes:      strings.Fields(emptyHashes),
	}
	for _, r := range strings.Fields(publicResolvers) {
		g.Resolvers = append(g.Resolvers, netip.MustParseAddr(r))
	}
	return g
}

// Check tells whether an indicator is held back, and why, in words that
// complete "skipped: …". Values are canonical, as Type and Extract give them.
func (g Guard) Check(i Indicator) (reason string, held bool) {
	switch i.Kind {
	case KindIP:
		if a, ok := i.Addr(); ok {
			reason = g.address(a)
		}
	case KindCIDR:
		if p, ok := i.Prefix(); ok {
			reason = g.network(p)
		}
	case KindURL:
		if a, ok := i.Addr(); ok {
			reason = g.address(a)
		} else {
			reason = g.name(i.Host)
		}
	case KindDomain, KindSuffix:
		if reason = g.name(i.Host); reason == "" {
			reason = g.bareName(i.Host)
		}
	case KindFile:
		if contains(g.Files, i.Value) {
			reason = "runs on every device"
		}
	case KindMD5, KindSHA1, KindSHA256:
		if contains(g.Hashes, i.Value) {
			reason = "hash of an empty file"
		}
	}
	return reason, reason != ""
}

func contains(list []string, value string) bool {
	for _, v := range list {
		if strings.EqualFold(v, value) {
			return true
		}
	}
	return false
}

func (g Guard) address(a netip.Addr) string {
	for _, own := range g.OwnNetworks {
		if own.Contains(a) {
			return "own network"
		}
	}
	for _, r := range g.Resolvers {
		if r == a {
			return "public resolver"
		}
	}
	for _, r := range reserved() {
		if r.prefix.Contains(a) {
			return r.reason
		}
	}
	return ""
}

// network holds a network that lies wholly inside something held.
func (g Guard) network(p netip.Prefix) string {
	inside := func(outer netip.Prefix) bool { return outer.Bits() <= p.Bits() && outer.Contains(p.Addr()) }
	for _, own := range g.OwnNetworks {
		if inside(own) {
			return "own network"
		}
	}
	for _, r := range reserved() {
		if inside(r.prefix) {
			return r.reason
		}
	}
	return ""
}

// bareName holds the names of services that everybody uses; a name below one is
// somebody's own.
func (g Guard) bareName(host string) string {
	host = strings.TrimPrefix(host, "www.")
	switch {
	case contains(g.FreeMail, host):
		return "free mail"
	case contains(g.Platforms, host):
		return "platform everyone uses"
	}
	return ""
}

func (g Guard) name(host string) string {
	if d := covering(g.OwnDomains, host); d != "" {
		return "own domain"
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch last {
	case "local", "localhost", "internal", "intranet", "lan", "home", "corp", "localdomain", "arpa":
		return "internal name"
	}
	if covering(g.OpenDomains, host) != "" {
		return ""
	}
	if d := covering(g.GoodDomains, host); d != "" {
		return "well-known good domain"
	}
	return ""
}

// covering finds the domain of the list that is host or a parent of it.
func covering(domains []string, host string) string {
	for _, d := range domains {
		if rest, ok := strings.CutSuffix(host, strings.ToLower(d)); ok && (rest == "" || strings.HasSuffix(rest, ".")) {
			return d
		}
	}
	return ""
}

type reservedRange struct {
	prefix netip.Prefix
	reason string
}

// reserved lists the ranges of the IANA special-purpose registries that are
// no address of a public host. The documentation ranges (192.0.2.0/24,
// 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32) are left out on purpose:
// exercises and demonstrations use them as if they were public, and a hunt
// for one costs nothing.
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
func reserved() []reservedRange {
	v4 := func(a, b, c, d byte, bits int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c, d}), bits)
	}
	v6 := func(a, b byte, bits int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom16([16]byte{a, b}), bits)
	}
	return []reservedRange{
		{v4(10, 0, 0, 0, 8), "private"},
		{v4(172, 16, 0, 0, 12), "private"},
		{v4(192, 168, 0, 0, 16), "private"},
		{v4(168, 63, 129, 16, 32), "private"}, // every Azure machine's own WireServer, DNS and DHCP
		{v4(127, 0, 0, 0, 8), "loopback"},
		{v4(169, 254, 0, 0, 16), "link-local"},
		{v4(100, 64, 0, 0, 10), "shared by carriers (RFC 6598)"},
		{v4(0, 0, 0, 0, 8), "reserved"},
		{v4(192, 0, 0, 0, 24), "reserved"},
		{v4(198, 18, 0, 0, 15), "for benchmarks (RFC 2544)"},
		{v4(224, 0, 0, 0, 4), "multicast"},
		{v4(240, 0, 0, 0, 4), "reserved"},
		{netip.PrefixFrom(netip.IPv6Unspecified(), 128), "unspecified"},
		{netip.PrefixFrom(netip.IPv6Loopback(), 128), "loopback"},
		{v6(0xfc, 0x00, 7), "private"},
		{v6(0xfe, 0x80, 10), "link-local"},
		{v6(0xfe, 0xc0, 10), "private"},
		{v6(0xff, 0x00, 8), "multicast"},
	}
}
