package sweep

import (
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// observables are the left sides of STIX comparisons whose values can be
// hunted; a hash stands as file:hashes.'SHA-256'.
var observables = []string{"ipv4-addr:value", "ipv6-addr:value", "domain-name:value", "url:value", "file:name", "file:hashes."}

// FromTips makes a list of what the workspace itself keeps.
func FromTips(feed Feed, tips []hunts.Tip, now time.Time) (List, error) {
	var l List
	seen := map[string]int{}
	for _, t := range tips {
		e := Entry{Source: feed.String(), Note: t.Note, Confidence: max(0, min(t.Confidence, 100)), Tags: t.Tags, Added: t.Added, Expires: t.Until}
		switch {
		case t.Revoked:
			l.Problems = append(l.Problems, Problem{Source: e.Source, Value: t.Value, Reason: "revoked by its source"})
			continue
		case t.Key != "" && !huntable(t.Key):
			l.Problems = append(l.Problems, Problem{Source: e.Source, Value: t.Value, Reason: t.Key + " can't be hunted in network events"})
			continue
		case t.Fields != nil:
			e.fill(t.Fields)
		}
		l.add(seen, 0, t.Value, e, now)
	}
	return l, l.tooLong()
}

func huntable(key string) bool {
	for _, o := range observables {
		if key == o || strings.HasSuffix(o, ".") && strings.HasPrefix(key, o) {
			return true
		}
	}
	return false
}

// fill reads the columns of a watchlist's item as those of a CSV are read.
func (e *Entry) fill(fields map[string]any) {
	names := make([]string, 0, len(fields))
	for name := range fields {
		if name != "SearchKey" && !strings.HasPrefix(name, "_DT") {
			names = append(names, name)
		}
	}
	at := mapping(names)
	cell := func(field string) string {
		if i, ok := at[field]; ok && fields[names[i]] != nil {
			return strings.TrimSpace(fmt.Sprint(fields[names[i]]))
		}
		return ""
	}
	e.describe(cell)
}
