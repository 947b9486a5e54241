package hunts

import "time"

// Recall is a change of the truth after an answer was given, as its message says it.
type Recall struct {
	Hunt    string    `json:"hunt"`
	From    Verdict   `json:"from"`
	To      Verdict   `json:"to"`
	Devices []string  `json:"devices,omitempty"` // new ones
	Events  int64     `json:"events"`            // that came late
	First   time.Time `json:"first,omitzero"`    // when they happened
	Last    time.Time `json:"last,omitzero"`
	Found   time.Time `json:"found"`
}
