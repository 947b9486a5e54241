package message

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts"
)

// maxPlaces bounds the places that one part of a line names.
const maxPlaces = 6

// placesLine says where else the indicators were found and, where nothing was,
// what the verdict speaks for and what it does not: "Also: mail received 12,
// clicked 3 · firewall: 1 address without a sensor · not searched: web proxy (no
// such data here)".
func placesLine(a hunts.Answer) line {
	found, searched, missing := sortPlaces(a)
	var l line
	for n, p := range found {
		part := placeText(p)
		switch {
		case n == maxPlaces:
			l = l.dot(ours("%s", count(int64(len(found)-n), "more place")))
		case n > maxPlaces:
		case n == 0:
			l = l.dot(ours("Also: %s", part))
		case p.Group != "" && p.Group == found[n-1].Group && p.Label != "" && found[n-1].Label != "":
			l = l.and(ours(", %s", part)) // of one subject
		default:
			l = l.dot(ours("%s", part))
		}
	}
	if a.Verdict == hunts.Clean && len(searched) > 0 {
		l = l.dot(ours("Searched: %s", listed(searched, maxPlaces)))
	}
	if len(missing) > 0 {
		l = l.dot(notSearched(missing))
	}
	return l
}

// sortPlaces adds up the places of all scopes, and tells those that found
// something from those that did not and those that were not searched.
func sortPlaces(a hunts.Answer) (found []hunts.Place, searched []string, missing []hunts.Place) {
	for _, p := range a.Places {
		same := func(o hunts.Place) bool { return o.Place == p.Place }
		switch {
		case p.Events > 0 && p.Table != "DeviceNetworkEvents":
			n := slices.IndexFunc(found, same)
			if n < 0 {
				found = append(found, p)
				continue
			}
			found[n].Events += p.Events
			found[n].Unmanaged += p.Unmanaged
			found[n].Gaps = append(slices.Clone(found[n].Gaps), p.Gaps...)
		case !p.Searched && !slices.ContainsFunc(missing, func(o hunts.Place) bool { return same(o) && o.Reason == p.Reason }):
			missing = append(missing, p)
		case p.Searched && !slices.Contains(searched, p.Place):
			searched = append(searched, shown(p.Place, maxShort))
		}
	}
	// places of one subject stand together, in the order in which they first come
	slices.SortStableFunc(found, func(x, y hunts.Place) int { return groupRank(x.Group) - groupRank(y.Group) })
	return found, searched, missing
}

// groupRank is the order in which a story is told: mail, then what devices did,
// then what others saw.
func groupRank(group string) int {
	order := []string{"mail", "", hunts.PlaceEndpoint, "network", "identity"}
	if n := slices.Index(order, group); n >= 0 {
		return n
	}
	return len(order)
}

// placeText is what one place found: "mail received 12", "firewall: 1 address
// without a sensor".
func placeText(p hunts.Place) string {
	name := p.Label
	if name == "" {
		name = p.Place
	}
	name = shown(name, maxShort)
	if p.Unmanaged == 0 && len(p.Gaps) == 0 {
		return name + " " + grouped(p.Events)
	}
	text := name + ": " + count(p.Events, "event")
	if p.Unmanaged > 0 {
		noun := "addresses"
		if p.Unmanaged == 1 {
			noun = "address"
		}
		text += ", " + grouped(p.Unmanaged) + " " + noun + " without a sensor"
	}
	if len(p.Gaps) > 0 {
		var names []string
		for _, g := range p.Gaps {
			names = append(names, shown(g.Device, maxShort))
		}
		text += ", sensor gap on " + listed(names, 2)
	}
	return text
}

// notSearched names the places that were not looked at, those of one reason
// together.
func notSearched(missing []hunts.Place) span {
	var reasons []string
	byReason := map[string][]string{}
	for _, p := range missing {
		if byReason[p.Reason] == nil {
			reasons = append(reasons, p.Reason)
		}
		byReason[p.Reason] = append(byReason[p.Reason], shown(p.Place, maxShort))
	}
	var parts []string
	for _, reason := range reasons {
		text := listed(byReason[reason], maxPlaces)
		if reason != "" {
			text += " (" + shown(reason, maxShort) + ")"
		}
		parts = append(parts, text)
	}
	return ours("not searched: %s", listed(parts, maxPlaces))
}
