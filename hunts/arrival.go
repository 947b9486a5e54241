package hunts

import (
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Lookout is what somebody has looked for after their hunt was answered.
type Lookout struct {
	// Hunt is in whose name the look is made: its asker and channel are judged.
	Hunt Hunt
	// Names are the hunts of the catalogue whose tables are read.
	Names      []string
	Indicators []indicator.Indicator
	// From is where the earliest of the windows begins.
	From time.Time
}

// Arrival is what came into a scope of one indicator on one device since a look.
// Device is empty where more came than is named.
type Arrival struct {
	Indicator string    `json:"indicator"`
	Type      string    `json:"type"`
	Hunt      string    `json:"hunt,omitempty"` // whose table it stands in
	Device    string    `json:"device,omitempty"`
	Events    int64     `json:"events"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

// Arrivals is what one look at a scope found.
type Arrivals struct {
	Found   []Arrival
	Queries int
	// Refused are the hunts in whose name nothing may be looked for any more.
	Refused []string
	// Reason says why the look is not whole; empty when it is.
	Reason string
}
