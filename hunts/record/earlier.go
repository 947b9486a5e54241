package record

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// keepEarlier is how long a hunt is remembered for who asks the same.
const keepEarlier = 90 * 24 * time.Hour

// earlier is the last hunt of an indicator.
func earlier(in JSON) hunts.Collection[string, hunts.Earlier] {
	return of[hunts.Earlier](in, "met", keepEarlier)
}
