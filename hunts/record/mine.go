package record

import "github.com/footprint-soc/footprint/hunts"

// mine are the hunts that a user asked for, newest first, for the Home tab.
func mine(in JSON) hunts.Collection[string, []string] {
	return of[[]string](in, "mine", keepThread)
}
