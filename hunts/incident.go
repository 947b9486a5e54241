package hunts

import (
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// IncidentNumber is the number of an incident in either portal: "4711", or
// "sentinel:4711" and "defender:4711" where two incidents have one.
type IncidentNumber string

// Incident is a Sentinel incident with what its alerts name.
type Incident struct {
	Number     int64                 `json:"number"`             // Sentinel's
	Provider   string                `json:"provider,omitempty"` // Defender's number; the same as Sentinel's where Defender has none
	ByProvider bool                  `json:"by_provider,omitempty"`
	Title      string                `json:"title"`
	Severity   string                `json:"severity"`
	Status     string                `json:"status"`
	Owner      string                `json:"owner"`
	Alerts     []string              `json:"alerts"`
	Indicators []indicator.Indicator `json:"indicators"`
	Hosts      []string              `json:"hosts"`
}
