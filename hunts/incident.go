package hunts

import (
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Incident is a Sentinel incident with what its alerts name.
type Incident struct {
	Number     int64                 `json:"number"`
	Title      string                `json:"title"`
	Severity   string                `json:"severity"`
	Status     string                `json:"status"`
	Owner      string                `json:"owner"`
	Alerts     []string              `json:"alerts"`
	Indicators []indicator.Indicator `json:"indicators"`
	Hosts      []string              `json:"hosts"`
}
