package sweep

import "time"

// Stamp is what a server says of the version that it sent, so that the same is
// not sent again.
type Stamp struct {
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"` // Last-Modified as it was sent
	Fetched  time.Time `json:"fetched"`
}

// Reading is what is remembered of a feed: its version, and what of it is not
// hunted, which an unchanged feed does not tell again.
type Reading struct {
	Stamp    Stamp        `json:"stamp"`
	Problems []Problem    `json:"problems"`
	More     map[Kind]int `json:"more,omitempty"` // further problems
	Notes    []string     `json:"notes,omitempty"`
}
