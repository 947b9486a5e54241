package record

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// keepTries is longer than a sweep is tried again.
const keepTries = 48 * time.Hour

// made are the sweeps that were made and perhaps not posted yet.
func made(in JSON) hunts.Collection[string, sweep.Made] {
	return of[sweep.Made](in, "swept", keepTries)
}
