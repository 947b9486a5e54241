package sweep

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// readJSON tells a STIX bundle from MISP by what it holds.
func readJSON(source string, data []byte, now time.Time) (List, error) {
	var top struct {
		Type      string            `json:"type"`
		Objects   []json.RawMessage `json:"objects"`
		Event     *mispEvent        `json:"Event"`
		Response  json.RawMessage   `json:"response"`
		Attribute []mispAttribute   `json:"Attribute"`
	}
	var list []json.RawMessage
	switch {
	case data[0] == '[':
		if err := json.Unmarshal(data, &list); err != nil {
			return List{}, fmt.Errorf("%s is not valid JSON: %w", source, err)
		}
	default:
		if err := json.Unmarshal(data, &top); err != nil {
			return List{}, fmt.Errorf("%s is not valid JSON: %w", source, err)
		}
	}
	m := &mispReader{source: source, now: now, seen: map[string]int{}}
	switch {
	case top.Type == "bundle":
		return readSTIX(source, top.Objects, now), nil
	case top.Event != nil:
		m.event(*top.Event)
	case len(top.Attribute) > 0:
		m.attributes(top.Attribute)
	case len(top.Response) > 0:
		m.response(top.Response)
	case list != nil:
		for _, item := range list {
			m.response(item)
		}
	default:
		return List{}, fmt.Errorf("%s is JSON, but neither a STIX bundle nor a MISP event or feed", source)
	}
	if len(m.list.Entries)+len(m.list.Problems)+m.list.Expired == 0 {
		return List{}, fmt.Errorf("%s holds no indicator", source)
	}
	return m.list, nil
}

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

// comparison is one equality of a STIX pattern, such as
// [ipv4-addr:value = '203.0.113.66'] (docs.oasis-open.org/cti/stix/v2.1, 9).
var comparison = regexp.MustCompile(`([a-z0-9-]+):([A-Za-z0-9_.'"-]+)\s*=\s*'((?:[^'\\]|\\.)*)'`)

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
		case strings.Contains(o.Pattern, " AND ") || strings.Contains(o.Pattern, "FOLLOWEDBY"):
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
			taken++
			value := strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(m[3])
			l.add(seen, 0, value, Entry{Source: source, Note: note, Confidence: o.Confidence, Tags: o.Labels, Added: o.ValidFrom, Expires: o.ValidUntil}, now)
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

type mispEvent struct {
	Info      string          `json:"info"`
	Attribute []mispAttribute `json:"Attribute"`
	Object    []struct {
		Attribute []mispAttribute `json:"Attribute"`
		Deleted   bool            `json:"deleted"`
	} `json:"Object"`
}

type mispAttribute struct {
	Type      string          `json:"type"`
	Value     string          `json:"value"`
	Comment   string          `json:"comment"`
	ToIDs     bool            `json:"to_ids"`
	Deleted   bool            `json:"deleted"`
	Timestamp json.RawMessage `json:"timestamp"`
}

// mispParts says which parts of a composite value (a|b) are indicators.
var mispParts = map[string][]int{
	"ip-src": {0}, "ip-dst": {0}, "ip-src|port": {0}, "ip-dst|port": {0}, "domain": {0}, "hostname": {0}, "domain|ip": {0, 1}, "hostname|port": {0}, "url": {0}, "uri": {0}, "md5": {0}, "sha1": {0}, "sha256": {0},
	"filename": {0}, "filename|md5": {1}, "filename|sha1": {1}, "filename|sha256": {1},
}

type mispReader struct {
	source string
	now    time.Time
	list   List
	seen   map[string]int
	note   string
}

// response is what a search or a feed file wraps its events in.
func (m *mispReader) response(raw json.RawMessage) {
	var many []json.RawMessage
	if json.Unmarshal(raw, &many) == nil {
		for _, one := range many {
			m.response(one)
		}
		return
	}
	var one struct {
		Event     *mispEvent      `json:"Event"`
		Attribute []mispAttribute `json:"Attribute"`
	}
	if err := json.Unmarshal(raw, &one); err != nil {
		m.list.Problems = append(m.list.Problems, Problem{Source: m.source, Reason: "an event can't be read: " + errors.Unwrap(fmt.Errorf("%w", err)).Error()})
		return
	}
	if one.Event != nil {
		m.event(*one.Event)
	}
	m.attributes(one.Attribute)
}

func (m *mispReader) event(e mispEvent) {
	m.note = e.Info
	m.attributes(e.Attribute)
	for _, o := range e.Object {
		if !o.Deleted {
			m.attributes(o.Attribute)
		}
	}
}

// attributes takes those that are meant for detection (to_ids); the others are
// context, and are not even counted as problems.
func (m *mispReader) attributes(list []mispAttribute) {
	for _, a := range list {
		parts, known := mispParts[a.Type]
		if !a.ToIDs || !known {
			continue
		}
		if a.Deleted {
			m.list.Problems = append(m.list.Problems, Problem{Source: m.source, Value: a.Value, Reason: "deleted by its source"})
			continue
		}
		note := a.Comment
		if note == "" {
			note = m.note
		}
		values := strings.Split(a.Value, "|")
		for _, p := range parts {
			if p < len(values) {
				m.list.add(m.seen, 0, values[p], Entry{Source: m.source, Note: note, Added: instant(strings.Trim(string(a.Timestamp), `"`))}, m.now)
			}
		}
	}
}
