package hunts

// Newer tells of a later hunt that refreshes an earlier one.
type Newer struct {
	Hunt    string  `json:"hunt"`
	Verdict Verdict `json:"verdict"`
	Devices int64   `json:"devices"`
	Window  string  `json:"window,omitempty"` // of a hunt that asked the same of another look-back
	Change  Change  `json:"change"`
}
