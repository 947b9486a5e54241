package hunts

// Newer tells of a later hunt that refreshes an earlier one.
type Newer struct {
	Hunt    string  `json:"hunt"`
	Verdict Verdict `json:"verdict"`
	Devices int64   `json:"devices"`
	Change  Change  `json:"change"`
}
