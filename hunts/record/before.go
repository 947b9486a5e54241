package record

import "github.com/footprint-soc/footprint/hunts"

// before is what was known of its indicators when a hunt was asked for: later hunts
// take the place of what it was read from.
func before(in JSON) hunts.Collection[string, []hunts.Earlier] {
	return of[[]hunts.Earlier](in, "before", keepThread)
}
