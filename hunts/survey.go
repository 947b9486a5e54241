package hunts

import (
	"time"
)

// Hit is one indicator met on one device: the natural key of a sweep.
type Hit struct {
	Indicator string    `json:"indicator"`
	Type      string    `json:"type"`
	Device    string    `json:"device"`
	DeviceID  string    `json:"device_id,omitempty"`
	Account   string    `json:"account,omitempty"`   // of a place that names one
	Recipient string    `json:"recipient,omitempty"` // of a mail
	Address   string    `json:"address,omitempty"`   // of a place where no device with a sensor had it
	Scope     string    `json:"scope,omitempty"`     // in a sweep of several scopes
	Outcome   Outcome   `json:"outcome"`
	Events    int64     `json:"events"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Processes []string  `json:"processes"`
	Because   string    `json:"because"`
	Place     string    `json:"place,omitempty"`    // where it showed, when that is not the table of the hunt
	Excluded  []string  `json:"excluded,omitempty"` // profiles that cover some of its events

	Counts Outcomes `json:"-"` // events by what came of them
}

// Survey is what a hunt for a whole watchlist found: one line per indicator,
// clean ones too, and one per indicator and device.
type Survey struct {
	Verdict    Verdict           `json:"verdict"`
	Reason     string            `json:"reason"`
	Window     Window            `json:"window"`
	Indicators []IndicatorResult `json:"indicators"`
	Hits       []Hit             `json:"hits"` // newest first
	Truncated  bool              `json:"truncated"`
	Coverage   Coverage          `json:"coverage"` // its slices are the packs
	Queries    int               `json:"queries"`
	Bytes      int               `json:"query_bytes"` // text of all queries
	TookMS     int64             `json:"took_ms"`
	Source     SourceInfo        `json:"source"`
	ByScope    []ScopeResult     `json:"by_scope"` // one entry for each workspace or source
}
