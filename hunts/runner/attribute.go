package runner

import (
	"net/netip"
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// asked gives the indicators that a matched value is: by the spelling of the
// lists that the query read, or else as a sensor spells it. A hunt of one's own
// may say no more than the column that it compared.
func (p params) asked(value string) []indicator.Indicator {
	if list, ok := p.names[value]; ok {
		return list
	}
	value = strings.ToLower(strings.TrimSpace(value))
	if list, ok := p.names[value]; ok || value == "" {
		return list
	}
	if addr, err := netip.ParseAddr(value); err == nil {
		return p.covering(addr.Unmap().WithZone(""))
	}
	var out []indicator.Indicator
	host := strings.TrimSuffix(value, ".")
	out = append(out, p.names[host]...)
	out = append(out, p.suffixed(host)...)
	for name := host; ; {
		dot := strings.IndexByte(name, '.')
		if dot < 0 {
			return out
		}
		name = name[dot+1:]
		out = append(append(out, p.names["*."+name]...), p.parents(name)...)
	}
}

// parents are the domains of that name: a domain stands for those below it.
func (p params) parents(name string) []indicator.Indicator {
	for _, d := range p.domains {
		if d == name {
			return p.names[name]
		}
	}
	return nil
}

// suffixed are the suffixes that the host ends in.
func (p params) suffixed(host string) []indicator.Indicator {
	var out []indicator.Indicator
	for _, s := range p.suffixes {
		if strings.HasSuffix(host, s) {
			out = append(out, p.names["*"+s]...)
		}
	}
	return out
}

// covering are the addresses and ranges that an address belongs to.
func (p params) covering(addr netip.Addr) []indicator.Indicator {
	var out []indicator.Indicator
	for _, key := range p.nets {
		for _, i := range p.names[key] {
			text := i.Value
			if i.Kind == indicator.KindURL {
				text = i.Host
			}
			network, err := netip.ParsePrefix(text)
			if err != nil {
				one, err := netip.ParseAddr(text)
				if err != nil {
					continue
				}
				network = netip.PrefixFrom(one, one.BitLen())
			}
			if network.Contains(addr) {
				out = append(out, i)
			}
		}
	}
	return out
}
