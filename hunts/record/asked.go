package record

import "github.com/footprint-soc/footprint/hunts"

// keepAsked is as long as an envelope may come again.
const keepAsked = keepSeen

// asked is the hunt that an envelope asked for: a repeated envelope asks for the same.
func asked(in JSON) hunts.Collection[string, string] {
	return of[string](in, "hunt-of", keepAsked)
}
