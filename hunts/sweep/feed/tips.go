package feed

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// observables are the left sides of STIX comparisons whose values can be
// hunted; a hash stands as file:hashes.'SHA-256'.
var observables = []string{"ipv4-addr:value", "ipv6-addr:value", "domain-name:value", "url:value", "file:name", "file:hashes."}

// FromTips makes a list of what the workspace itself keeps.
func FromTips(feed sweep.Feed, tips []hunts.Tip, now time.Time) (sweep.List, error) {
	r := newReader(feed.String(), now)
	for _, t := range tips {
		e := sweep.Entry{Note: t.Note, Confidence: percent(float64(t.Confidence)), Tags: t.Tags, Added: t.Added, Expires: t.Until}
		value := t.Value
		switch {
		case t.Revoked:
			r.leave(0, value, sweep.Withdrawn, "revoked by its source")
			continue
		case t.Key != "" && !huntable(t.Key):
			r.leave(0, value, sweep.Unsearched, "network events show nothing of "+t.Key)
			continue
		case t.Key != "" && t.Added.After(now):
			r.leave(0, value, sweep.NotYet, "valid from "+t.Added.Format("2 Jan 2006")+" on")
			continue
		case t.Fields != nil:
			var wrong string
			if value, wrong = fill(&e, value, t.Fields); wrong != "" {
				r.leave(0, value, sweep.Malformed, wrong)
				continue
			}
		}
		r.add(0, value, e)
	}
	return r.List, r.tooLong()
}

func huntable(key string) bool {
	for _, o := range observables {
		if key == o || strings.HasSuffix(o, ".") && strings.HasPrefix(key, o) {
			return true
		}
	}
	return false
}

// fill reads the columns of a watchlist's item as those of a CSV are read. Its
// indicator is the search key, or where that is none, what a column of the item
// holds.
func fill(e *sweep.Entry, key string, fields map[string]any) (value, wrong string) {
	names := make([]string, 0, len(fields))
	for name := range fields {
		if name != "SearchKey" && !strings.HasPrefix(name, "_DT") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	at := layoutOf(names)
	text := func(i int) string {
		if fields[names[i]] == nil {
			return ""
		}
		return strings.TrimSpace(fmt.Sprint(fields[names[i]]))
	}
	wrong = describe(e, func(field string) string {
		if i, ok := at.fields[field]; ok {
			return text(i)
		}
		return ""
	})
	if _, refusal := indicator.Type(key); refusal != nil {
		for _, i := range at.indicators {
			if v := text(i); v != "" {
				return v, wrong
			}
		}
	}
	return key, wrong
}
