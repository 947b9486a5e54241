package sweep

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
)

type stixIndicator struct {
	Type        string    `json:"type"`
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Pattern     string    `json:"pattern"`
	PatternType string    `json:"pattern_type"`
	ValidFrom   time.Time `json:"valid_from"`
	ValidUntil  time.Time `json:"valid_until"`
	Revoked     bool      `json:"revoked"`
	Confidence  int       `json:"confidence"`
	Labels      []string  `json:"labels"`
}

// The parts of a STIX pattern (docs.oasis-open.org/cti/stix/v2.1, 9): one
// comparison that names values, such as [ipv4-addr:value = '203.0.113.66'], IN a
// set, or ISSUBSET of a range; and what joins conditions to more than a list.
var (
	comparison = regexp.MustCompile(`([a-z0-9-]+):([A-Za-z0-9_.'"-]+)\s*(?:=|ISSUBSET|IN\s*\()\s*((?:'(?:[^'\\]|\\.)*'\s*,?\s*)+)`)
	literal    = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`)
	joined     = regexp.MustCompile(`\b(?:AND|NOT|FOLLOWEDBY|WITHIN|REPEATS)\b`)
)

// readSTIX takes the indicators out of a bundle. What is no plain equality of
// an address, a name, a URL, a file name or a hash is listed, not guessed.
func readSTIX(source string, objects []json.RawMessage, now time.Time) List {
	var l List
	seen := map[string]int{}
	for _, raw := range objects {
		var o stixIndicator
		if json.Unmarshal(raw, &o) != nil || o.Type != "indicator" {
			continue
		}
		switch {
		case o.Revoked:
			l.Problems = append(l.Problems, Problem{Source: source, Value: o.ID, Reason: "revoked by its source"})
			continue
		case o.PatternType != "" && o.PatternType != "stix":
			l.Problems = append(l.Problems, Problem{Source: source, Value: o.ID, Reason: "its pattern is of type " + o.PatternType})
			continue
		case joined.MatchString(literal.ReplaceAllString(o.Pattern, "''")):
			l.Problems = append(l.Problems, Problem{Source: source, Value: o.ID, Reason: "its pattern joins conditions, which a watchlist can't"})
			continue
		}
		note := o.Name
		if note == "" {
			note = o.Description
		}
		found := comparison.FindAllStringSubmatch(o.Pattern, -1)
		taken := 0
		for _, m := range found {
			if !stixValue(m[1], m[2]) {
				continue
			}
			for _, text := range literal.FindAllStringSubmatch(m[3], -1) {
				taken++
				value := strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(text[1])
				l.add(seen, 0, value, Entry{Source: source, Note: note, Confidence: o.Confidence, Tags: o.Labels, Added: o.ValidFrom, Expires: o.ValidUntil}, now)
			}
		}
		if taken == 0 {
			l.Problems = append(l.Problems, Problem{Source: source, Value: o.ID, Reason: "its pattern holds no address, name, URL, file name or hash"})
		}
	}
	return l
}

func stixValue(object, property string) bool {
	switch object {
	case "ipv4-addr", "ipv6-addr", "domain-name", "url":
		return property == "value"
	case "file":
		return property == "name" || strings.HasPrefix(property, "hashes.")
	}
	return false
}
