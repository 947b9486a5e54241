package sweep

import (
	"fmt"
	"time"
)

// Job says which slot of which schedule; Try counts the hourly repeats of
// a sweep that could not tell.
type Job struct {
	Name   string    `json:"name"`
	Slot   time.Time `json:"slot"`
	Missed int       `json:"missed,omitempty"`
	Try    int       `json:"try,omitempty"`
}

// Key is the slot: each is posted once, whatever the number of tries.
func (j Job) Key() string { return "sweep:" + j.Name + ":" + j.Slot.UTC().Format(time.RFC3339) }

// TryKey is one try of the slot.
func (j Job) TryKey() string { return fmt.Sprintf("%s:%d", j.Key(), j.Try) }
