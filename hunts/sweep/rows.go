package sweep

import (
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// RowReport is what changed in the rows of a scheduled hunt since its last run.
type RowReport struct {
	HuntID  string   `json:"hunt_id"`
	First   bool     `json:"first,omitempty"` // nothing to compare with: every row is new
	New     []int    `json:"new"`             // rows of the table that were not there
	Ongoing int      `json:"ongoing"`
	Gone    []string `json:"gone"` // the key of each, its parts separated by " · "
	// Known is false when the answer does not allow to say what is no longer seen.
	Known bool `json:"known"`
}

// CompareRows finds what is new in an answer since the previous run, nil for none, by
// the key of each row. A row that is not listed, of an answer that was cut or did not
// search everything, is not gone.
func CompareRows(previous *Snapshot, a hunts.Answer, slot, looked time.Time) (RowReport, Snapshot) {
	r := RowReport{HuntID: a.HuntID, First: previous == nil || previous.To.IsZero(), New: []int{}, Gone: []string{}}
	next := Snapshot{Slot: slot, Looked: looked, Keys: map[string]Seen{}, From: a.Request.From, To: a.Request.To}
	r.Known = a.Coverage.Complete && a.Table != nil && !a.Table.Cut
	if a.Table == nil || a.Verdict == hunts.CouldNotTell {
		if previous != nil {
			next.Keys, next.From, next.To, next.Looked = previous.Keys, previous.From, previous.To, previous.Looked
		}
		return r, next
	}
	known := map[string]Seen{}
	if previous != nil {
		known = previous.Keys
	}
	for n := range a.Table.Rows {
		key := a.Table.KeyOf(n)
		if _, again := next.Keys[key]; again {
			continue // two rows about the same
		}
		old, was := known[key]
		first := old.First
		if !was || old.Gone {
			r.New = append(r.New, n)
			first = looked
		} else {
			r.Ongoing++
		}
		next.Keys[key] = Seen{First: first, Last: looked}
	}
	for key, old := range known {
		if _, met := next.Keys[key]; met || old.Gone {
			continue
		}
		if !r.Known { // not seen is not gone while we could not look
			next.Keys[key] = old
			continue
		}
		r.Gone = append(r.Gone, strings.ReplaceAll(key, hunts.KeySeparator, " · "))
	}
	slices.Sort(r.Gone)
	return r, next
}
