package record

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// readings are what is remembered of feeds, by their ids.
func readings(in JSON) hunts.Collection[string, sweep.Reading] {
	return of[sweep.Reading](in, "feed", keepSnapshot)
}
