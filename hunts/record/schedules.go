package record

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// schedules are the sweeps that run by themselves, by name.
func schedules(in JSON) hunts.Entries[sweep.Schedule] { return listOf[sweep.Schedule](in, "sweeps") }
