package record

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// keepCancel outlives every hunt that still runs.
const keepCancel = time.Hour

// cancels are who wants a hunt stopped; empty for nobody with a name.
func cancels(in JSON) hunts.Collection[string, string] {
	return of[string](in, "cancel", keepCancel)
}
