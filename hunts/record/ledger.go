package record

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// keepLedger is how long the ledger of a thread lives after its last change.
const keepLedger = 30 * 24 * time.Hour

func threadName(t incident.Thread) string { return t.Channel + ":" + t.TS }

// ledgers are the ledgers of incident threads.
func ledgers(in JSON) hunts.Collection[incident.Thread, incident.Ledger] {
	return collection[incident.Thread, incident.Ledger]{in, "ledger", 1, threadName, func(incident.Ledger) time.Duration { return keepLedger }}
}
