package message

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// bundleInfo says who made a bundle, when, and of what.
type bundleInfo struct {
	Hunt     string         `json:"hunt_id"`
	Verdict  hunts.Verdict  `json:"verdict"`
	Reason   string         `json:"reason"`
	AskedBy  hunts.Asker    `json:"asked_by"`
	Asked    time.Time      `json:"asked"`
	Exported time.Time      `json:"exported"`
	By       hunts.Asker    `json:"exported_by"`
	Coverage hunts.Coverage `json:"coverage"`
	Events   int            `json:"events"`               // lines of events.csv
	Cut      string         `json:"events_cut,omitempty"` // why there are more
}

// BundleFiles are the evidence of one hunt by file name: the answer, its tables, the
// query, the coverage, who and when.
func BundleFiles(h hunts.Hunt, a hunts.Answer, events hunts.EventList, by hunts.Asker, now time.Time) (map[string][]byte, error) {
	answer, err := JSON(a)
	if err != nil {
		return nil, err
	}
	info, err := json.MarshalIndent(bundleInfo{h.ID, a.Verdict, a.Reason, h.Asker, h.Created.UTC(), now.UTC(), by, a.Coverage, len(events.Events), events.Cut}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the bundle: %w", err)
	}
	return map[string][]byte{"answer.json": answer, "events.csv": EventsCSV(events.Events), "summary.csv": CSV(a), "indicators.csv": IndicatorsCSV(a), "query.kql": []byte(a.KQL + "\n"), "hunt.json": append(info, '\n')}, nil
}

// newestOnly are the events that an answer carries itself.
func newestOnly(a hunts.Answer) hunts.EventList {
	l := hunts.EventList{Events: a.Events}
	if a.Truncated.Events {
		l.Cut = fmt.Sprintf("these are the newest %d of %s", len(a.Events), count(a.Totals.Events, "event"))
	}
	return l
}
