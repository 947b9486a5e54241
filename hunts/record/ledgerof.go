package record

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// ledgerOf is, by a message, the thread whose ledger reads it.
func ledgerOf(in JSON) hunts.Collection[incident.Thread, string] {
	return collection[incident.Thread, string]{in, "ledger-of", 1, threadName, func(string) time.Duration { return keepLedger }}
}
