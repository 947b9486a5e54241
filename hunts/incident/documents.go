package incident

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Thread names a thread: its channel, and the timestamp of its first message.
type Thread struct {
	Channel string `json:"c"`
	TS      string `json:"t"`
}

// Wake is a ledger whose cool-down ends.
type Wake struct {
	Channel string    `json:"c"`
	Thread  string    `json:"t"`
	At      time.Time `json:"at"`
}

// OptIn is who had a channel's messages read, and when.
type OptIn struct {
	On   bool      `json:"on"`
	By   string    `json:"by"`
	When time.Time `json:"when"`
}

// Documents are the stored documents of incident threads.
type Documents struct {
	Ledgers hunts.Collection[Thread, Ledger]
	// Of is, by a message, the thread whose ledger reads it.
	Of     hunts.Collection[Thread, string]
	OptIns hunts.Collection[string, OptIn] // by channel
	Wakes  hunts.Entries[Wake]             // by channel and thread
}
