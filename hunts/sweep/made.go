package sweep

import (
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Made is a sweep that was made, kept until its post is there: a replica that
// takes over posts what was found, and compares nothing with itself.
type Made struct {
	Survey   hunts.Survey `json:"survey"`
	Report   Report       `json:"report"`
	Next     Snapshot     `json:"next"`
	Listed   int          `json:"listed"`
	Since    time.Time    `json:"since"`
	Warnings []string     `json:"warnings,omitempty"`
	Hunted   []string     `json:"hunted,omitempty"` // keys of entries whose history is known now
	Rows     *RowReport   `json:"rows,omitempty"`   // of a scheduled hunt for behavior
}

// Whole tells that a sweep needs no further try: all was looked for, and what was
// not met was not there.
func Whole(s hunts.Survey) bool {
	return s.Verdict != hunts.CouldNotTell && s.Coverage.Complete && !Partial(s)
}

// Partial tells that some of the list was not looked for.
func Partial(s hunts.Survey) bool {
	return slices.ContainsFunc(s.Coverage.Slices, func(part hunts.Slice) bool { return part.State != hunts.SliceDone })
}
