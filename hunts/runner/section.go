package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// The query answers one table of two columns: the name of a section and a bag.
// These are the bags.
type (
	totalRow struct {
		Events     int64   `json:"events"`
		Aggregated int64   `json:"aggregated"`
		First      kqlTime `json:"first"`
		Last       kqlTime `json:"last"`
		Reached    int64   `json:"reached"`
		Failed     int64   `json:"failed"`
		Blocked    int64   `json:"blocked"`
		LookedUp   int64   `json:"looked_up"`
		Other      int64   `json:"other"`
		Devices    int64   `json:"devices"`
		Processes  int64   `json:"processes"`
		Rows       int64   `json:"rows"`
	}
	indicatorRow struct {
		Indicator string  `json:"indicator"`
		Events    int64   `json:"events"`
		First     kqlTime `json:"first"`
		Last      kqlTime `json:"last"`
		Reached   int64   `json:"reached"`
		Devices   int64   `json:"devices"`
	}
	deviceRow struct {
		Device    string   `json:"device"`
		DeviceID  string   `json:"device_id"`
		Events    int64    `json:"events"`
		First     kqlTime  `json:"first"`
		Last      kqlTime  `json:"last"`
		Reached   int64    `json:"reached"`
		Failed    int64    `json:"failed"`
		Blocked   int64    `json:"blocked"`
		LookedUp  int64    `json:"looked_up"`
		Processes []string `json:"processes"`
		Accounts  []string `json:"accounts"`
		Remotes   []string `json:"remotes"`
		Excluded  []string `json:"excluded"`
		Matches   []string `json:"matches"` // each a JSON array in text
	}
	processRow struct {
		Process string   `json:"process"`
		Events  int64    `json:"events"`
		Devices int64    `json:"devices"`
		Parents []string `json:"parents"`
	}
	finestRow struct {
		Device   string        `json:"device"`
		DeviceID string        `json:"device_id"`
		Account  string        `json:"account"`
		Process  string        `json:"process"`
		Parent   string        `json:"parent"`
		IP       string        `json:"ip"`
		Host     string        `json:"host"`
		Outcome  hunts.Outcome `json:"outcome"`
		Excluded string        `json:"excluded"`
		Matched  []string      `json:"matched"`
		Events   int64         `json:"events"`
		First    kqlTime       `json:"first"`
		Last     kqlTime       `json:"last"`
	}
	binRow struct {
		Start  kqlTime `json:"start"`
		Events int64   `json:"events"`
	}
	excludedRow struct {
		Profile string `json:"profile"`
		Events  int64  `json:"events"`
	}
	eventRow struct {
		Time    kqlTime       `json:"time"`
		Device  string        `json:"device"`
		Action  string        `json:"action"`
		Outcome hunts.Outcome `json:"outcome"`
		IP      string        `json:"ip"`
		Port    *int64        `json:"port"`
		Host    string        `json:"host"`
		Process string        `json:"process"`
		Command string        `json:"command"`
		Parent  string        `json:"parent"`
		Account string        `json:"account"`
		Matched []string      `json:"matched"`
	}
	unattributedRow struct {
		Events  int64    `json:"events"`
		Devices []string `json:"devices"`
	}
	gapRow struct {
		Device  string `json:"device"`
		Process string `json:"process"`
		Remote  string `json:"remote"`
		Points  int64  `json:"points"`
		P25     int64  `json:"p25"` // milliseconds
		P50     int64  `json:"p50"`
		P75     int64  `json:"p75"`
	}
)

// kqlTime is a datetime inside a bag: KQL prints 7 fractional digits, and null
// where there is none.
type kqlTime struct{ time.Time }

// UnmarshalJSON reads null, the empty text and RFC 3339 with any fraction.
func (t *kqlTime) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "" || s == "null" {
		return nil
	}
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return fmt.Errorf("a time in the result: %w", err)
	}
	t.Time = parsed.UTC()
	return nil
}

// part is what one slice found.
type part struct {
	total      totalRow
	indicators []indicatorRow
	devices    []deviceRow
	processes  []processRow
	rows       []finestRow
	bins       []binRow
	excluded   []excludedRow
	events     []eventRow
	gaps       []gapRow
	// unattributed are inspected events to the remote side without a process,
	// in a hunt that asks for a file.
	unattributed unattributedRow
	unread       []unreadRow
}

func readPart(rows [][]any) (part, error) {
	var p part
	sawTotal, whole := false, wholeRow{Events: -1}
	for _, r := range rows {
		if len(r) < 2 {
			return p, fmt.Errorf("a row of the result has %d columns instead of 2", len(r))
		}
		section, _ := r[0].(string)
		text, _ := r[1].(string)
		if section == "whole" {
			if err := json.Unmarshal([]byte(text), &whole); err != nil {
				return p, fmt.Errorf("the count of the whole: %w", err)
			}
			continue
		}
		if err := p.read(section, []byte(text)); err != nil {
			return p, fmt.Errorf("section %q of the result: %w", section, err)
		}
		sawTotal = sawTotal || section == "total"
	}
	if !sawTotal && whole.Events != 0 {
		// An empty answer is an answer only with its total of zero; without it we
		// would be reading silence as CLEAN.
		return p, fmt.Errorf("the result lacks its total")
	}
	if whole.Events >= 0 && whole.Events != p.total.Events {
		return p, fmt.Errorf("%w: %d events as a whole, %d in its total", errContradiction, whole.Events, p.total.Events)
	}
	return p, p.contradiction()
}

// wholeRow counts the events of all parts of an answer.
type wholeRow struct {
	Events int64 `json:"events"`
}

// splitParts gives each of n parts of an answer its own rows, with the whole that
// each of them needs, and what the answer says of all of them.
func splitParts(rows [][]any, n int) (parts [][][]any, unread []unreadRow, err error) {
	parts = make([][][]any, n)
	counts := make([]int64, n)
	whole := wholeRow{Events: -1}
	for _, r := range rows {
		if len(r) < 3 {
			return nil, nil, fmt.Errorf("a row of the result has %d columns instead of 3", len(r))
		}
		section, _ := r[0].(string)
		text, _ := r[1].(string)
		at := wholeNumber(r[2])
		switch {
		case section == "whole":
			err = json.Unmarshal([]byte(text), &whole)
		case section == "unread":
			err = appendRow(&unread, []byte(text))
		case at < 0 || at >= int64(n):
			err = fmt.Errorf("there is no part %d of %d", at, n)
		default:
			parts[at] = append(parts[at], r[:2:2])
			if section == "total" {
				var t totalRow
				err = json.Unmarshal([]byte(text), &t)
				counts[at] += t.Events
			}
		}
		if err != nil {
			return nil, nil, fmt.Errorf("section %q of the result: %w", section, err)
		}
	}
	sum := int64(0)
	for i, c := range counts {
		sum += c
		parts[i] = append(parts[i], []any{"whole", fmt.Sprintf(`{"events":%d}`, c)})
	}
	if whole.Events != sum {
		return nil, nil, fmt.Errorf("%w: %d events as a whole, %d in its parts", errContradiction, whole.Events, sum)
	}
	return parts, unread, nil
}

// contradiction refuses an answer whose counts can't all be true: silence in one
// of its sections would pass for CLEAN.
func (p part) contradiction() error {
	t := p.total
	var inRows int64
	for _, r := range p.rows {
		inRows += r.Events
	}
	lines := len(p.devices) + len(p.rows)
	switch {
	case t.Events < 0 || t.Reached+t.Failed+t.Blocked+t.LookedUp+t.Other != t.Events:
		return fmt.Errorf("%w: of %d events %d have an outcome", errContradiction, t.Events, t.Reached+t.Failed+t.Blocked+t.LookedUp+t.Other)
	case t.Devices > t.Events || t.Processes > t.Events || t.Rows > t.Events:
		return fmt.Errorf("%w: %d events on %d devices by %d processes in %d rows", errContradiction, t.Events, t.Devices, t.Processes, t.Rows)
	case t.Events > 0 && lines == 0, t.Events == 0 && lines+len(p.indicators)+len(p.events) > 0, inRows > t.Events:
		return fmt.Errorf("%w: %d events in total, %d in %d rows of %d devices", errContradiction, t.Events, inRows, len(p.rows), len(p.devices))
	}
	return nil
}

var errContradiction = errors.New("the answer contradicts itself")

func (p *part) read(section string, bag []byte) error {
	switch section {
	case "total":
		return json.Unmarshal(bag, &p.total)
	case "indicator":
		return appendRow(&p.indicators, bag)
	case "device":
		return appendRow(&p.devices, bag)
	case "process":
		return appendRow(&p.processes, bag)
	case "row":
		return appendRow(&p.rows, bag)
	case "bin":
		return appendRow(&p.bins, bag)
	case "excluded":
		return appendRow(&p.excluded, bag)
	case "event":
		return appendRow(&p.events, bag)
	case "unattributed":
		return json.Unmarshal(bag, &p.unattributed)
	case "unread":
		return appendRow(&p.unread, bag)
	case "gap":
		return appendRow(&p.gaps, bag)
	}
	return fmt.Errorf("unknown section")
}

func appendRow[T any](to *[]T, bag []byte) error {
	var row T
	if err := json.Unmarshal(bag, &row); err != nil {
		return err
	}
	*to = append(*to, row)
	return nil
}
