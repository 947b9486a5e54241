package record

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// waiting are the hunts that wait for a second person, each with its end. It is
// written as plain text.
func waiting(in JSON) hunts.Entries[time.Time] {
	return entries[time.Time]{
		in: in, list: "held",
		encode: func(t time.Time) ([]byte, error) { return []byte(t.Format(time.RFC3339)), nil },
		decode: func(data []byte, into *time.Time) (err error) {
			*into, err = time.Parse(time.RFC3339, string(data))
			return err
		},
	}
}
