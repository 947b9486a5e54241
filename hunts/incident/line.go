package incident

import (
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// State is where a line stands.
type State string

// The states of a line.
const (
	Waiting  State = "new"
	Running  State = "running"
	Done     State = "done"
	Skipped  State = "held"     // by the guard list
	OverCap  State = "over"     // by the cap of automatic hunts
	Doubtful State = "doubtful" // waits for a yes
)

// Line is one indicator of a thread.
type Line struct {
	Indicator indicator.Indicator `json:"indicator"`
	State     State               `json:"state"`
	Why       string              `json:"why,omitempty"`
	Asked     bool                `json:"asked,omitempty"` // by name: neither cap, pause nor cool-down hold it
	Fresh     bool                `json:"fresh,omitempty"` // again, at once and not from memory
	Verdict   hunts.Verdict       `json:"verdict,omitempty"`
	Devices   int64               `json:"devices,omitempty"`
	On        []string            `json:"on,omitempty"` // of those devices, the ones that matter most, as a message names them
	Hunt      string              `json:"hunt,omitempty"`
	Link      string              `json:"link,omitempty"` // to the message of the hunt, when somebody opened it
	Asker     hunts.Asker         `json:"asker"`
	Seen      []string            `json:"seen,omitempty"`    // messages that name it
	Told      []string            `json:"told,omitempty"`    // devices whose REACHED was told
	Reached   int                 `json:"reached,omitempty"` // how many devices that was told of, also beyond maxTold
	Free      bool                `json:"free,omitempty"`    // costs nothing: known already, or looked for anyway
}

// LeftOut tells that guard or cap left the line out.
func (x Line) LeftOut() bool { return x.State == Skipped || x.State == OverCap }

// named notes that another message names the line.
func (x *Line) named(who hunts.Asker, f indicator.Finding, t *Naming) {
	if t.At != "" && slices.Contains(x.Seen, t.At) {
		t.New = true // the same message once more: whoever read it before may not have lived to queue it
	} else if t.At != "" {
		t.Repeats = t.Repeats || x.State != Skipped
		if len(x.Seen) < maxSeen {
			x.Seen = append(x.Seen, t.At)
		}
	}
	if x.State == Doubtful && !f.Doubtful {
		x.State, x.Why, x.Asker, t.New = Waiting, "", who, true // it stands there plainly now
	}
	if t.Asked && !x.Asked {
		x.Asked, t.New = true, true
		if x.State == OverCap || x.State == Waiting {
			x.State, x.Why, x.Asker = Waiting, "", who
		}
	}
	if x.Why == WhyGone {
		x.Why, t.New = "", true
	}
}

// Answered notes what a hunt found, and gives what of it is new to the thread:
// devices that reached the indicator and were not told of.
func (x *Line) Answered(h hunts.Hunt, a hunts.Answer) (NewsLine, bool) {
	x.State, x.Verdict, x.Hunt, x.Link, x.Fresh = Done, a.Verdict, h.ID, "", false
	if x.Why != WhyGone {
		x.Why = ""
	}
	if a.Verdict == hunts.CouldNotTell {
		x.Why = a.Reason
	}
	x.Devices = 0
	known := max(x.Reached, len(x.Told)) // of a ledger that did not count them
	x.Reached = 0
	fresh := NewsLine{Indicator: x.Indicator, Hunt: h.ID, Asker: x.Asker.User}
	for _, d := range a.ByDevice {
		if a.Verdict != hunts.Reached || d.Outcome == hunts.OutcomeReached {
			x.Devices++
		}
		if d.Outcome != hunts.OutcomeReached {
			continue
		}
		x.Reached++
		name := strings.ToLower(d.Device)
		if !slices.Contains(x.Told, name) && len(x.Told) < maxTold {
			x.Told = append(x.Told, name)
			fresh.Devices = append(fresh.Devices, d.Device)
		}
	}
	fresh.Count = max(len(fresh.Devices), x.Reached-known)
	x.Reached = max(x.Reached, known)
	if x.Devices == 0 {
		x.Devices = a.Totals.Devices
	}
	return fresh, fresh.Count > 0
}
