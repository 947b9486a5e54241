package hunts

import (
	"time"
)

// Start is how a process came to run: who started it, and who started that.
// Starts of the same process by the same parents are one, with the newest
// command lines.
type Start struct {
	Device            string    `json:"device"`
	Account           string    `json:"account"`
	Process           string    `json:"process"`
	Parent            string    `json:"parent"`
	Grandparent       string    `json:"grandparent"`
	CommandLine       string    `json:"command_line"`
	Decoded           string    `json:"decoded,omitempty"` // the text of its -EncodedCommand
	ParentCommandLine string    `json:"parent_command_line"`
	Events            int64     `json:"events"`
	First             time.Time `json:"first"`
	Last              time.Time `json:"last"`
}

// Lineage tells where processes came from.
type Lineage struct {
	Starts []Start `json:"starts"` // newest first, at most 25
	Window Window  `json:"window"`
	// Partial is why there may be more; empty when this is all that was recorded.
	Partial string `json:"partial,omitempty"`
}
