package runner

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

const (
	// neighbourWait bounds what a CLEAN may take longer for its neighbours.
	neighbourWait = 20 * time.Second
	// neighboursAsked bounds the indicators whose neighbours are looked for.
	neighboursAsked = 10
	neighboursKept  = 5
)

// neighbourhood is the request for everything around what r asks for. False
// when there is nothing around it.
func neighbourhood(r request.Request) (request.Request, bool) {
	around := r
	around.IPs, around.Domains = nil, nil
	if len(r.IPs)+len(r.Domains) > neighboursAsked {
		return around, false
	}
	for _, i := range r.IPs {
		if network, ok := networkOf(i); ok {
			if wide, refusal := indicator.Type(network.String()); refusal == nil {
				around.Add(wide)
			}
		}
	}
	for _, i := range r.Domains {
		if parent, ok := parentOf(i); ok {
			if wide, refusal := indicator.Type(parent); refusal == nil {
				around.Add(wide)
			}
		}
	}
	return around, len(around.IPs)+len(around.Domains) > 0
}

// networkOf is the network that one tenant often owns as a whole: a /24, in
// IPv6 a /64. Of a private address everything is a neighbour, which says nothing.
func networkOf(i indicator.Indicator) (netip.Prefix, bool) {
	addr, err := netip.ParseAddr(i.Value)
	if err != nil || addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() {
		return netip.Prefix{}, false
	}
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	network, err := addr.Prefix(bits)
	return network, err == nil
}

// parentOf is the registered domain above a host. The public suffix list also
// knows the domains under which everybody can have a name of their own.
func parentOf(i indicator.Indicator) (string, bool) {
	if i.Kind != indicator.KindDomain && i.Kind != indicator.KindURL || i.Host == "" {
		return "", false
	}
	parent, err := publicsuffix.EffectiveTLDPlusOne(i.Host)
	return parent, err == nil && parent != i.Host
}

// neighbours asks, after a CLEAN, what was reached around the indicators. It is
// a remark beside the verdict: an error or a timeout leaves it out.
func (s *searcher) neighbours(ctx context.Context) []hunts.Neighbour {
	around, ok := neighbourhood(s.hunt.Request)
	if !ok || !slices.Contains(s.def.Footprint.Parameters, "nets") {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, neighbourWait)
	defer stop()
	r := s.runner
	p := newParams(around, s.window.From, s.window.To, timelineStep(s.window))
	s.queries++
	res, err := r.query(ctx, hunts.Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Sweep: s.hunt.Scheduled, Text: s.def.kql(p, comment(s.hunt)+" neighbours", s.profiles, r.cfg.Catalog.summary),
		From: s.window.From.Truncate(time.Second), To: s.window.To.Add(time.Second), Workspaces: s.hunt.Workspaces,
	})
	if err != nil {
		r.cfg.Log.Info("neighbours not looked for", "hunt", s.hunt.ID, "error", err)
		return nil
	}
	s.spent(res.Stats)
	found, err := readPart(res.Rows)
	if err != nil {
		r.cfg.Log.Error("neighbours not understood", "hunt", s.hunt.ID, "error", err)
		return nil
	}
	return neighboursIn(found.rows, s.hunt.Request)
}

// neighboursIn finds, for each indicator, the remote sides around it that were
// reached, those of most devices first.
func neighboursIn(rows []finestRow, r request.Request) []hunts.Neighbour {
	type place struct{ of, remote string }
	found := map[place]*hunts.Neighbour{}
	devices := map[place]map[string]bool{}
	for _, row := range rows {
		if row.Outcome != hunts.OutcomeReached {
			continue
		}
		for _, n := range around(row, r) {
			at := place{n.Of, n.Remote}
			if found[at] == nil {
				found[at], devices[at] = &n, map[string]bool{}
			}
			found[at].Events += row.Events
			devices[at][strings.ToLower(row.Device)] = true
		}
	}
	var out []hunts.Neighbour
	for at, n := range found {
		n.Devices = int64(len(devices[at]))
		out = append(out, *n)
	}
	slices.SortFunc(out, func(a, b hunts.Neighbour) int {
		return cmp.Or(cmp.Compare(b.Devices, a.Devices), cmp.Compare(b.Events, a.Events), strings.Compare(a.Remote, b.Remote), strings.Compare(a.Of, b.Of))
	})
	return out[:min(len(out), neighboursKept)]
}

// around tells which indicators a row is a neighbour of.
func around(row finestRow, r request.Request) []hunts.Neighbour {
	var out []hunts.Neighbour
	if addr, err := netip.ParseAddr(row.IP); err == nil {
		addr = addr.Unmap()
		for _, i := range r.IPs {
			network, ok := networkOf(i)
			if ok && network.Contains(addr) && addr.String() != i.Value {
				kind := "same /24"
				if addr.Is6() {
					kind = "same /64"
				}
				out = append(out, hunts.Neighbour{Of: i.String(), Remote: addr.String(), Kind: kind})
			}
		}
	}
	for _, i := range r.Domains {
		parent, ok := parentOf(i)
		if ok && (row.Host == parent || strings.HasSuffix(row.Host, "."+parent)) && row.Host != i.Host && !strings.HasSuffix(row.Host, "."+i.Host) {
			out = append(out, hunts.Neighbour{Of: i.String(), Remote: row.Host, Kind: "under " + parent})
		}
	}
	return out
}
