package record

import (
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// marks are what people judged of indicators, whatever the case of their letters. Each
// lives until the day that its author chose.
func marks(in JSON, now hunts.Clock) hunts.Collection[string, hunts.Mark] {
	return collection[string, hunts.Mark]{
		in: in, kind: "mark", version: 1,
		name: func(indicator string) string { return sum(strings.ToLower(indicator)) },
		keep: func(m hunts.Mark) time.Duration { return max(time.Second, m.Until.Sub(now())) },
	}
}
