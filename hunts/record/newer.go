package record

import "github.com/footprint-soc/footprint/hunts"

// newer points from a hunt to the one that refreshes it.
func newer(in JSON) hunts.Collection[string, hunts.Newer] {
	return of[hunts.Newer](in, "newer", keepThread)
}
