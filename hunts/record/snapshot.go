package record

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// keepSnapshot outlives any schedule that still runs.
const keepSnapshot = 400 * 24 * time.Hour

// snapshots are what a sweep left for the next one.
func snapshots(in JSON) hunts.Collection[string, sweep.Snapshot] {
	return of[sweep.Snapshot](in, "snapshot", keepSnapshot)
}
