package record

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// watchlist is the one list of this deployment, by the keys of its entries.
func watchlist(in JSON) hunts.Entries[sweep.Entry] { return listOf[sweep.Entry](in, "watchlist") }
