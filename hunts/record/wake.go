package record

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// wakes are the ledgers whose cool-down ends.
func wakes(in JSON) hunts.Entries[incident.Wake] { return listOf[incident.Wake](in, "ledger-wake") }
