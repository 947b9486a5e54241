package hunts

import (
	"bytes"
	"encoding/json"
	"time"
)

// Verdict is the first word of every answer.
type Verdict string

// The verdicts of an answer; there is no other, and no empty one.
const (
	Reached      Verdict = "REACHED"
	Seen         Verdict = "SEEN" // found on a device or in a log, and no completed connection belongs to it
	CouldNotTell Verdict = "COULD_NOT_TELL"
	Tried        Verdict = "TRIED"
	Clean        Verdict = "CLEAN"
)

// NoMatch is the verdict of one indicator's line, never of an answer: the hunt
// was narrowed by file= or device=, and nothing matched both. It says nothing
// about the indicator alone.
const NoMatch Verdict = "NO_MATCH"

// Rank orders verdicts as the headline takes them: of several scopes the answer
// has the one with the lowest rank.
func (v Verdict) Rank() int {
	for n, o := range []Verdict{Reached, Seen, Found, CouldNotTell, Tried, Clean, NothingFound, NoMatch} {
		if v == o {
			return n
		}
	}
	return CouldNotTell.Rank() // what nobody decided is not known
}

// Answer is the result of a hunt, and the contract of --format json. Times are
// UTC with the precision of the data. Counts called events are rows of the
// table, never connections: one aggregated row stands for an hour of them.
type Answer struct {
	HuntID      string            `json:"hunt_id"`
	Hunt        string            `json:"hunt"`
	Verdict     Verdict           `json:"verdict"`
	Reason      string            `json:"reason"` // one sentence; for COULD_NOT_TELL what is missing
	Request     AnswerRequest     `json:"request"`
	Totals      Totals            `json:"totals"`
	Outcomes    Outcomes          `json:"outcomes"`
	ByIndicator []IndicatorResult `json:"by_indicator"`
	ByDevice    []DeviceResult    `json:"by_device"`
	ByProcess   []ProcessResult   `json:"by_process"`
	Timeline    []Bin             `json:"timeline"`
	Events      []Event           `json:"events"` // newest first, at most 100
	Excluded    []Exclusion       `json:"excluded"`
	Coverage    Coverage          `json:"coverage"`
	Truncated   Truncated         `json:"truncated"`
	Source      SourceInfo        `json:"source"`
	KQL         string            `json:"kql"`               // as it was sent: it counts on the server
	RowKQL      string            `json:"row_kql,omitempty"` // for a person: the rows, newest first
	ByScope     []ScopeResult     `json:"by_scope"`          // one entry for each workspace or source, the first asked for first
	Places      []Place           `json:"places"`            // where this hunt looked, and where it could not

	// Rows are the finest summary: device × process × remote × outcome. The
	// thread's table and the follow-ups are made from them without a query.
	Rows []Row `json:"rows,omitempty"`
	// Table is what a hunt for behavior found; nil for a hunt of indicators.
	Table *Table `json:"table,omitempty"`
	// Notes are sentences the reader must see beside the verdict ("12 more
	// events to the same address or name do not record the process (or its hash),
	// so file= can't be decided for them").
	Notes []string `json:"notes"`
	// Beacons are regular intervals found in the rows, empty when none is regular.
	Beacons []Beacon `json:"beacons,omitempty"`
	// Neighbours are looked for after a CLEAN only, most devices first, at most 5.
	Neighbours []Neighbour `json:"neighbours,omitempty"`
	// Unnamed counts the events whose rows don't say which indicator they
	// matched: then none of those without events is clean. It is not kept.
	Unnamed int64 `json:"-"`
}

// MarshalJSON writes notes as a list where there are none too: programs read it without
// asking whether it is there. Whether < is escaped, the encoder outside decides.
func (a Answer) MarshalJSON() ([]byte, error) {
	type answer Answer
	if a.Notes == nil {
		a.Notes = []string{}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(answer(a))
	return out.Bytes(), err
}

// AnswerRequest is the request as it was understood, in canonical form.
type AnswerRequest struct {
	IPs     []string  `json:"ips"`
	Domains []string  `json:"domains"`
	Files   []string  `json:"files"`
	Devices []string  `json:"devices"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Why     string    `json:"why"`
	AskedBy string    `json:"asked_by"`
}

// ScopeResult is the answer of one scope, judged alone: a scope is one workspace
// or one source.
type ScopeResult struct {
	Scope    string   `json:"scope"` // as people write it in workspace=
	Kind     string   `json:"kind"`  // SourceInfo.Kind
	Verdict  Verdict  `json:"verdict"`
	Reason   string   `json:"reason"`
	Events   int64    `json:"events"`
	Devices  int64    `json:"devices"`
	Coverage Coverage `json:"coverage"`
}

// Totals counts what matched, excluded events included.
type Totals struct {
	Events     int64      `json:"events"`
	Devices    int64      `json:"devices"`
	Processes  int64      `json:"processes"` // distinct names, case-insensitive, empty not counted
	FirstSeen  *time.Time `json:"first_seen"`
	LastSeen   *time.Time `json:"last_seen"`
	Aggregated int64      `json:"aggregated"` // events that are hourly aggregated reports
}

// Outcomes counts events by what came of them.
type Outcomes struct {
	Reached  int64 `json:"reached"`
	Failed   int64 `json:"failed"`
	Blocked  int64 `json:"blocked"`
	LookedUp int64 `json:"looked_up"`
	Other    int64 `json:"other"` // no contact at all: a listening port that matched file=
}

// Outcome is what came of one event.
type Outcome string

// The outcomes, strongest first: a device's outcome is the strongest of its
// events.
const (
	OutcomeReached  Outcome = "reached"
	OutcomeBlocked  Outcome = "blocked"
	OutcomeFailed   Outcome = "failed"
	OutcomeLookedUp Outcome = "looked_up"
	OutcomeOther    Outcome = "other"
)

// IndicatorResult is the line of one indicator; clean ones have one too.
type IndicatorResult struct {
	Indicator string     `json:"indicator"` // canonical, not defanged
	Type      string     `json:"type"`
	Verdict   Verdict    `json:"verdict"`
	Events    int64      `json:"events"`
	Devices   int64      `json:"devices"`
	FirstSeen *time.Time `json:"first_seen"`
	LastSeen  *time.Time `json:"last_seen"`
	Mark      string     `json:"mark,omitempty"` // a person's judgement, e.g. "malicious (INC-4711)"
}

// DeviceResult is the line of one device.
type DeviceResult struct {
	Device    string    `json:"device"`
	DeviceID  string    `json:"device_id,omitempty"`
	Scope     string    `json:"scope,omitempty"` // in an answer of several scopes: those that saw it, separated by commas
	Events    int64     `json:"events"`
	Processes []string  `json:"processes"`
	Accounts  []string  `json:"accounts"`
	Remotes   []string  `json:"remotes"`
	Outcome   Outcome   `json:"outcome"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Matched   []string  `json:"matched"`
	Excluded  []string  `json:"excluded,omitempty"` // profiles that cover some of its events
	Hidden    bool      `json:"hidden,omitempty"`   // all of its events are: left out of tables, counted everywhere
}

// ProcessResult is the line of one process name.
type ProcessResult struct {
	Process string   `json:"process"`
	Parents []string `json:"parents"`
	Events  int64    `json:"events"`
	Devices int64    `json:"devices"`
}

// Bin is one step of the timeline; empty steps are left out.
type Bin struct {
	Start  time.Time `json:"start"`
	Events int64     `json:"events"`
}

// Event is one row of the table, as recorded.
type Event struct {
	Time        time.Time `json:"time"`
	Device      string    `json:"device"`
	Action      string    `json:"action"`
	Outcome     Outcome   `json:"outcome"`
	RemoteIP    string    `json:"remote_ip"`
	RemotePort  int64     `json:"remote_port"`
	RemoteHost  string    `json:"remote_host"`
	Process     string    `json:"process"`
	CommandLine string    `json:"command_line"`
	Decoded     string    `json:"decoded,omitempty"` // the text of its -EncodedCommand
	Parent      string    `json:"parent"`
	Account     string    `json:"account"`
	Matched     []string  `json:"matched"`
	Excluded    string    `json:"excluded,omitempty"` // profile that covers it, told in files only
	Scope       string    `json:"scope,omitempty"`    // in an answer of several scopes
}

// Row is one line of the finest summary.
type Row struct {
	Device     string    `json:"device"`
	DeviceID   string    `json:"device_id,omitempty"`
	Scope      string    `json:"scope,omitempty"` // in an answer of several scopes
	Account    string    `json:"account"`
	Process    string    `json:"process"` // empty: not recorded by inspection
	Parent     string    `json:"parent"`
	RemoteIP   string    `json:"remote_ip"`
	RemoteHost string    `json:"remote_host"`
	Outcome    Outcome   `json:"outcome"`
	Matched    []string  `json:"matched"`
	Because    []string  `json:"because,omitempty"` // "exact address", "in 203.0.113.0/24", "sub-domain of evil.example", …
	Excluded   string    `json:"excluded,omitempty"`
	Hidden     bool      `json:"hidden,omitempty"` // covered by a profile in hide mode: left out of tables, counted everywhere
	Events     int64     `json:"events"`
	FirstSeen  time.Time `json:"first_seen"`
	LastSeen   time.Time `json:"last_seen"`
}

// Beacon is a regular interval of one device × process × remote.
type Beacon struct {
	Device   string        `json:"device"`
	Process  string        `json:"process"`
	Remote   string        `json:"remote"`
	Interval time.Duration `json:"interval"` // median
	Spread   time.Duration `json:"spread"`   // half the distance between the quartiles
	Events   int64         `json:"events"`
}

// Exclusion tells how many events a named profile covers.
type Exclusion struct {
	Profile string `json:"profile"`
	Events  int64  `json:"events"`
	Hidden  bool   `json:"hidden,omitempty"`
}

// Truncated says what was cut. A list that is cut is never presented as whole.
type Truncated struct {
	ByDevice bool `json:"by_device"`
	Events   bool `json:"events"`
	Rows     bool `json:"rows,omitempty"`
}

// EventList is every event of an answer, newest first.
type EventList struct {
	Events []Event
	// Cut is why there are more than these; empty when it is all of them.
	Cut string
}

// SliceState is where one slice of the window stands.
type SliceState string

// The states of a slice. Only SliceDone counts towards a complete coverage.
const (
	SliceDone    SliceState = "done"
	SlicePartial SliceState = "partial" // rows arrived with an error: shown, never trusted for CLEAN
	SliceFailed  SliceState = "failed"
	SliceSkipped SliceState = "not_searched"
	SliceRunning SliceState = "running"
)

// Slice is one part of the window, searched by one query.
type Slice struct {
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to"`
	State  SliceState `json:"state"`
	Reason string     `json:"reason,omitempty"`
	Scope  string     `json:"scope,omitempty"` // in the coverage of several scopes together
}

// Coverage is what the verdict rests on.
type Coverage struct {
	SensorsReporting int64      `json:"sensors_reporting"` // devices with a network event in the window
	SensorsKnown     int64      `json:"sensors_known"`
	NewestEvent      *time.Time `json:"newest_event"`
	OldestEvent      *time.Time `json:"oldest_event,omitempty"`
	Complete         bool       `json:"complete"` // known, fresh, every slice done, no bad line
	Slices           []Slice    `json:"slices"`
	BadLines         int64      `json:"bad_lines"`     // lines of an export that could not be read
	ControlFound     *bool      `json:"control_found"` // nil: no control was looked for
	Control          string     `json:"control,omitempty"`
	Proxy            string     `json:"proxy,omitempty"`    // address of a forward proxy that hides remote addresses
	Seam             string     `json:"seam,omitempty"`     // where an older part of the window was taken from
	Problems         []string   `json:"problems,omitempty"` // why it is not complete, one sentence each
}

// SourceInfo says where the answer comes from.
type SourceInfo struct {
	Kind      string     `json:"kind"` // "log-analytics", "defender-xdr" or "exported-events"
	Workspace string     `json:"workspace"`
	Queries   int        `json:"queries"`
	TookMS    int64      `json:"took_ms"`
	CPUMS     int64      `json:"cpu_ms,omitempty"`        // of all queries, where the service tells
	Scanned   int64      `json:"scanned_bytes,omitempty"` // likewise
	CachedAt  *time.Time `json:"cached_at"`               // nil: freshly queried
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Shared    []string   `json:"shared,omitempty"` // others whose identical question was answered by the same queries

	// What a source says of itself, and an answer does not repeat.
	Keeps     time.Duration `json:"-"` // how far back it holds events; 0 is as far as its retention goes
	NoArrival bool          `json:"-"` // it does not tell when an event arrived
}

// JoinSlices makes one slice of those that touch and share a reason.
func JoinSlices(slices []Slice) []Slice {
	var out []Slice
	for _, s := range slices {
		if n := len(out) - 1; n >= 0 && out[n].Reason == s.Reason && out[n].Scope == s.Scope && out[n].To.Equal(s.From) {
			out[n].To = s.To
			continue
		}
		out = append(out, s)
	}
	return out
}

// What an answer notes when memory was missing.
const (
	NoteNotKept   = "Our store doesn't answer: follow-ups on this hunt won't work until it does."
	NoteNotCached = "Our store doesn't answer: this was searched without the cache."
)

// NotKept tells whether a note of an answer says that memory was missing.
func NotKept(note string) bool { return note == NoteNotKept || note == NoteNotCached }

// AllDone tells that every slice was searched in full.
func AllDone(slices []Slice) bool {
	for _, s := range slices {
		if s.State != SliceDone {
			return false
		}
	}
	return len(slices) > 0
}
