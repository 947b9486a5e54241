package sweep

import "github.com/footprint-soc/footprint/hunts"

// Documents are the stored documents of sweeps.
type Documents struct {
	Watchlist hunts.Entries[Entry]    // by the key of the entry
	Schedules hunts.Entries[Schedule] // by name

	Snapshots hunts.Collection[string, Snapshot] // by the name of the sweep
	Again     hunts.Collection[string, Again]    // by the name of the sweep
	Made      hunts.Collection[string, Made]     // by Job.TryKey
	Readings  hunts.Collection[string, Reading]  // by Feed.ID
}
