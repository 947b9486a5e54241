package hunts

// Neighbour is something that was reached beside an indicator that was not: in
// the same small network, or under the same registered domain. It is no hit.
type Neighbour struct {
	Of      string `json:"of"`     // the indicator asked for
	Remote  string `json:"remote"` // what was reached instead
	Kind    string `json:"kind"`   // "same /24", "same /64", "under evil.example"
	Devices int64  `json:"devices"`
	Events  int64  `json:"events"`
}
