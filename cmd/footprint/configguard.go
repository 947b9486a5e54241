package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// guard is the guard list with the organisation's own names and networks.
func (c config) guard() indicator.Guard {
	g := indicator.DefaultGuard()
	g.OwnDomains, g.OwnNetworks = c.ownDomains, c.ownNetworks
	return g
}

func setOwnDomains(c *config, v string) error {
	for _, s := range strings.Split(v, ",") {
		i, refusal := indicator.Type(strings.TrimPrefix(strings.TrimSpace(s), "*."))
		if refusal != nil || i.Kind != indicator.KindDomain || !strings.Contains(i.Host, ".") {
			return fmt.Errorf("%q is not a domain such as contoso.com", strings.TrimSpace(s))
		}
		c.ownDomains = append(c.ownDomains, i.Host)
	}
	return nil
}

func setOwnNetworks(c *config, v string) error {
	for _, s := range strings.Split(v, ",") {
		s = strings.TrimSpace(s)
		prefix, err := netip.ParsePrefix(s)
		if addr, failed := netip.ParseAddr(s); failed == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || prefix.Bits() == 0 {
			return fmt.Errorf("%q is not a network such as 198.51.100.0/24", s)
		}
		c.ownNetworks = append(c.ownNetworks, prefix.Masked())
	}
	return nil
}

func setBots(c *config, v string) error {
	for _, id := range strings.Split(v, ",") {
		id = strings.TrimSpace(id)
		if len(id) < 3 || !strings.ContainsAny(id[:1], "BAUW") || id != strings.ToUpper(id) {
			return fmt.Errorf("%q is not the id of a bot or an app such as B0123ABCD", id)
		}
		c.bots = append(c.bots, id)
	}
	return nil
}

func setThreadCap(c *config, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > request.MaxIndicators {
		return fmt.Errorf("it is not a number from 1 to %d", request.MaxIndicators)
	}
	c.threadCap = n
	return nil
}
