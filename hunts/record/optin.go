package record

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// optIns are the channels whose messages are read. One ends when the bot leaves.
func optIns(in JSON) hunts.Collection[string, incident.OptIn] {
	return of[incident.OptIn](in, "enrich", forever)
}
