package sweep

import "time"

// Again is the next try of a sweep that could not tell everything.
type Again struct {
	At  time.Time
	Job Job
	// Base is what the first try compared with: the news of a slot stays its news
	// however often it is tried.
	Base *Snapshot
}
