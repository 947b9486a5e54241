package record

import "github.com/footprint-soc/footprint/hunts"

// sharers are the users who got the answer of a hunt as well.
func sharers(in JSON) hunts.Collection[string, []string] {
	return of[[]string](in, "sharers", keepThread)
}
