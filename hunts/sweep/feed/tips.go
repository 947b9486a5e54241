package feed

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// FromTips makes a list of what the workspace itself keeps.
func FromTips(from sweep.Feed, tips []hunts.Tip, now time.Time) (sweep.List, error) {
	r := newReader(from.String(), now)
	if from.Tips.Watchlist != "" {
		header, rows := items(tips)
		if err := r.table(header, rows, nil); err != nil && len(tips) > 0 {
			return r.List, err
		}
		return r.done()
	}
	for _, t := range tips {
		r.tip(t)
	}
	return r.done()
}

// tip takes in one row of the threat intelligence. Tools that upload STIX leave
// key and value empty, and the pattern says what is meant.
func (r *reader) tip(t hunts.Tip) {
	e := sweep.Entry{Note: t.Note, Confidence: percent(float64(t.Confidence)), Tags: t.Tags, Added: t.Added, Expires: t.Until}
	object, property, _ := strings.Cut(t.Key, ":")
	kind := huntableProperty(object, property)
	name := cmp.Or(t.Value, t.Pattern)
	switch {
	case t.Revoked:
		r.leave(0, name, sweep.Withdrawn, "revoked by its source")
	case t.Key != "" && kind == unstated:
		r.leave(0, name, sweep.Unsearched, "network events show nothing of "+t.Key)
	case t.Added.After(r.now):
		r.leave(0, name, sweep.NotYet, "valid from "+t.Added.Format("2 Jan 2006")+" on")
	case t.Pattern != "" && t.Key == "":
		r.pattern(name, t.Pattern, e)
	case t.Value != "":
		r.add(0, kind, t.Value, e)
	default:
		r.leave(0, "", sweep.Malformed, "a row without key, value or pattern")
	}
}

// items are the items of a watchlist as a table: the search key first, then
// their other columns.
func items(tips []hunts.Tip) (header []string, rows []row) {
	names := map[string]bool{}
	for _, t := range tips {
		for name := range t.Fields {
			if name != "SearchKey" && !strings.HasPrefix(name, "_DT") {
				names[name] = true
			}
		}
	}
	header = append([]string{"indicator"}, slices.Sorted(maps.Keys(names))...)
	for _, t := range tips {
		cells := []string{t.Value}
		for _, name := range header[1:] {
			text := ""
			if v := t.Fields[name]; v != nil {
				text = strings.TrimSpace(fmt.Sprint(v))
			}
			cells = append(cells, text)
		}
		rows = append(rows, row{cells: cells})
	}
	return header, rows
}
