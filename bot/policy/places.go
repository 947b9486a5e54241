package policy

import (
	"context"

	"github.com/footprint-soc/footprint/hunts"
)

// PlacesOf are the groups of places that somebody may look at beside the endpoints;
// nil is all of them. It makes the gate a hunts.PlaceLimiter.
func (g *Gate) PlacesOf(ctx context.Context, who hunts.Asker) []string {
	l, refused := g.limits(ctx, who, who.User == "")
	switch {
	case refused != "":
		return []string{hunts.PlaceEndpoint} // whoever may not hunt at all
	case len(l.Places) == 0:
		return nil
	}
	return l.Places
}
