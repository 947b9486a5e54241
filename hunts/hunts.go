// Package hunts is the language of the product: a hunt, its answer, the
// verdict, the coverage it rests on, and the interfaces to a source of events
// and to what remembers. The hunts themselves are data, below catalog/.
//
// It knows nothing of Slack, Redis or Azure: those implement the interfaces
// declared here and are passed in by cmd/footprint. The one rule that
// everything else serves: no path leads to CLEAN after an error, a truncation
// or unknown coverage.
package hunts

import (
	"time"

	"github.com/footprint-soc/footprint/hunts/request"
)

// DefaultHunt is the hunt that a request without a name runs.
const DefaultHunt = "network-footprint"

// DeviceHunt is what a request runs that names devices and no indicator: whatever
// they talked to.
const DeviceHunt = "device-footprint"

// LateBy is how late rows may come and still be seen by a sweep: a device that
// was off the network reports what it did when it is back.
const LateBy = 7 * 24 * time.Hour

// Hunt is the durable record of one asked question. Slack messages are views
// of it.
type Hunt struct {
	ID         string          `json:"id"`   // F- and four to six of 2-9A-Z without look-alikes
	Name       string          `json:"name"` // catalogue name, e.g. network-footprint
	Request    request.Request `json:"request"`
	Window     Window          `json:"window"`
	Workspaces []string        `json:"workspaces,omitempty"` // configured names; empty is the default workspace
	Asker      Asker           `json:"asker"`
	State      State           `json:"state"`
	Created    time.Time       `json:"created"`
	Finished   time.Time       `json:"finished,omitzero"`
	// Asked is when the question was put first; a refresh or a retry goes on from
	// there. Zero is Created.
	Asked     time.Time `json:"asked,omitzero"`
	Refreshes string    `json:"refreshes,omitempty"` // the hunt whose tail, or whose slices that failed, are asked for: the cached answer is passed by, its slices are not
	Widens    string    `json:"widens,omitempty"`    // the hunt whose question this one asks of another look-back
	Followers []Asker   `json:"followers,omitempty"` // others who asked for the same while it ran
	// Places are the groups of places that the policy lets this hunt look at; nil is
	// all of them.
	Places []string `json:"places,omitempty"`
	// Arrived makes a sweep take in what happened before its window, up to LateBy,
	// and came into the workspace after this time. Zero takes the window only.
	Arrived time.Time `json:"arrived,omitzero"`
	// Scheduled is a sweep that nobody waits for: all its queries let people pass.
	Scheduled bool `json:"scheduled,omitempty"`
	// Control makes a sweep prove itself by a host that is known to be present.
	Control bool `json:"control,omitempty"`
}

// State is where a hunt stands.
type State string

// The states of a hunt.
const (
	Queued    State = "queued"
	Held      State = "held"    // waits for the approval of a second person; nobody may run it
	Refused   State = "refused" // not approved; nobody may run it
	Running   State = "running"
	Answered  State = "answered"
	Cancelled State = "cancelled"
	Failed    State = "failed"
	Unsaid    State = "unsaid" // its messages and rows were taken back; nobody may show it again
)

// Asker is who asked, and where.
type Asker struct {
	Team     string `json:"team,omitempty"`
	User     string `json:"user"`           // Slack user id, or the login name in the terminal
	Name     string `json:"name,omitempty"` // for people to read
	Channel  string `json:"channel,omitempty"`
	ThreadTS string `json:"thread_ts,omitempty"`
}

// Window is the look-back: From inclusive, To exclusive, both UTC. All means
// everything the workspace keeps; From is then zero until the coverage is
// known.
type Window struct {
	From time.Time     `json:"from"`
	To   time.Time     `json:"to"`
	All  bool          `json:"all,omitempty"`
	Ago  time.Duration `json:"ago,omitempty"` // set when asked as a look-back (since=7d) or by default
}

// Clock tells the time; tests inject their own.
type Clock func() time.Time
