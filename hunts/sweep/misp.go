package sweep

import (
	"encoding/json"
	"strings"
	"time"
)

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
		m.list.Problems = append(m.list.Problems, Problem{Source: m.source, Reason: "an event can't be read: " + err.Error()})
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
