package record

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// again is the next try of a sweep that could not tell everything.
func again(in JSON) hunts.Collection[string, sweep.Again] {
	return of[sweep.Again](in, "sweep-again", keepTries)
}
