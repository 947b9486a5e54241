package hunts

import (
	"time"
)

// Tip is one indicator that the workspace itself keeps, as it is written there.
type Tip struct {
	Value      string
	Key        string // left side of the STIX comparison, such as ipv4-addr:value; empty in a watchlist
	Pattern    string // the STIX pattern, where key and value may be empty
	Revoked    bool   // revoked, deleted or no longer active
	Until      time.Time
	Added      time.Time
	Confidence int
	Note       string
	Tags       []string
	Fields     map[string]any // the columns of a watchlist's item
}

// TipSource says where in the workspace tips stand.
type TipSource struct {
	Watchlist string // alias of a Sentinel watchlist; empty is the threat intelligence
}
