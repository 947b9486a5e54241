package export

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// guess collects what kinds of values a column that is not documented was seen
// with.
type guess uint16

const (
	sawBool guess = 1 << iota
	sawWhole
	sawReal
	sawText
	sawTime
	sawTree
	sawTreeText // a tree that was written as a string
)

// columnType is the narrowest type that loses nothing.
func (g guess) columnType() kql.Type {
	switch {
	case g&sawTree != 0, g == sawTreeText:
		return kql.Dynamic
	case g == sawTime:
		return kql.Datetime
	case g == sawBool:
		return kql.Bool
	case g == sawWhole:
		return kql.Long
	case g != 0 && g&^(sawWhole|sawReal) == 0:
		return kql.Real
	}
	return kql.String
}

// typeOf is the type of a column that no schema of ours has, by its cells.
func (b *builder) typeOf(name string, zone *time.Location) kql.Type {
	var g guess
	for _, seg := range b.segments {
		if c := seg.byName[name]; c != nil {
			for id := 1; id < len(c.dict); id++ {
				g |= guessOf(c.dict[id], c.bare[id], seg.listed, zone)
			}
		}
	}
	return g.columnType()
}

func guessOf(text string, bare, listed bool, zone *time.Location) guess {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return 0
	case bare && (text[0] == '{' || text[0] == '['):
		return sawTree
	case bare || listed && isPlainNumber(text):
		switch {
		case text == "true" || text == "false":
			return sawBool
		case len(text) > 18 || strings.ContainsAny(text, ".eE"):
			return sawReal
		}
		return sawWhole
	case listed && (text == "true" || text == "false" || text == "True" || text == "False"):
		return sawBool
	case isTree(text):
		return sawTreeText
	}
	if _, _, ok := parseISO(text, zone); ok {
		return sawTime
	}
	return sawText
}

// isPlainNumber tells a number of a CSV file from an identifier of digits.
func isPlainNumber(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if len(digits) > 18 || len(digits) > 1 && digits[0] == '0' && digits[1] != '.' || strings.ContainsAny(digits, "eExXiInN+_") {
		return false
	}
	_, err := strconv.ParseFloat(digits, 64)
	return err == nil && digits[0] >= '0' && digits[0] <= '9'
}

// tableByColumns is the one documented table that columns fit; "" when none or
// several do.
func tableByColumns(names []string) string {
	best, most, several := "", 3, false
	for table, known := range foldedColumns() {
		hits := 0
		for _, name := range names {
			base, _ := splitZone(name)
			folded := fold(base)
			if other, ok := otherNames[folded]; ok {
				folded = fold(other)
			}
			if _, ok := known[folded]; ok {
				hits++
			} else if _, isTime := timeRank(folded); isTime {
				hits++
			}
		}
		if hits*5 < len(names)*4 {
			continue
		}
		switch {
		case hits > most:
			best, most, several = table, hits, false
		case hits == most:
			several = true
		}
	}
	if several {
		return ""
	}
	return best
}

// dedupe drops events that two files of a table both hold: exports of
// overlapping times. The same event has one device, one ReportId and one time.
func (s *Set) dedupe() error {
	byTable := map[string][]*segment{}
	for _, f := range s.files {
		if f.content == nil {
			continue
		}
		for table, seg := range f.content.segments {
			byTable[table] = append(byTable[table], seg)
		}
	}
	for _, segments := range byTable {
		if len(segments) > 1 {
			dropRepeated(segments)
		}
	}
	return nil
}

// event is what tells one event from all others.
type event struct {
	device, report string
	number, ticks  int64
}

func dropRepeated(segments []*segment) {
	seen := map[event]int{}
	for i, seg := range segments {
		low, high := seg.shared(segments)
		report, device := seg.byName["ReportId"], seg.byName["DeviceId"]
		if device == nil {
			device = seg.byName["DeviceName"]
		}
		if report == nil || low > high {
			continue
		}
		for row, at := range seg.ticks {
			if at < low || at > high || seg.dropped != nil && seg.dropped[row] {
				continue
			}
			e := event{ticks: at}
			if report.numbers != nil {
				e.number = report.numbers[row]
			} else if id := report.id(row); id != 0 {
				e.report = report.dict[id]
			}
			if e.report == "" && (e.number == 0 || e.number == noNumber) {
				continue
			}
			if device != nil {
				e.device = strings.ToLower(device.dict[device.id(row)])
			}
			if first, ok := seen[e]; ok && first != i {
				seg.drop(row)
			} else if !ok {
				seen[e] = i
			}
		}
	}
}

// shared is the time that a segment has in common with others.
func (seg *segment) shared(all []*segment) (low, high int64) {
	low, high = 1, 0
	if seg.rows == 0 {
		return low, high
	}
	from, to := slices.Min(seg.ticks), slices.Max(seg.ticks)
	first := true
	for _, other := range all {
		if other == seg || other.rows == 0 {
			continue
		}
		a, b := max(from, slices.Min(other.ticks)), min(to, slices.Max(other.ticks))
		if a > b {
			continue
		}
		if first {
			low, high, first = a, b, false
		}
		low, high = min(low, a), max(high, b)
	}
	return low, high
}
