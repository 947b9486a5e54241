package feed

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

type stixIndicator struct {
	Type        string   `json:"type"`
	ID          string   `json:"id"`
	Modified    text     `json:"modified"`
	Name        text     `json:"name"`
	Description text     `json:"description"`
	Pattern     string   `json:"pattern"`
	PatternType text     `json:"pattern_type"`
	ValidFrom   text     `json:"valid_from"`
	ValidUntil  text     `json:"valid_until"`
	Revoked     truth    `json:"revoked"`
	Confidence  number   `json:"confidence"`
	Labels      []string `json:"labels"`
	Types       []string `json:"indicator_types"`
}

// number is a JSON number; anything else is none.
type number float64

func (n *number) UnmarshalJSON(data []byte) error {
	var f float64
	if json.Unmarshal(data, &f) == nil {
		*n = number(f)
	}
	return nil
}

// stix takes the indicators out of a bundle, of several versions of one the
// latest (docs.oasis-open.org/cti/stix/v2.1, 3.6). What is no plain equality of
// an address, a name, a URL, a file name or a hash is listed, not guessed.
func (r *reader) stix(objects []json.RawMessage) {
	latest := map[string]int{}
	var list []stixIndicator
	for _, raw := range objects {
		var kind struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		}
		if json.Unmarshal(raw, &kind) != nil {
			r.leave(0, cut(string(raw), 60), sweep.Malformed, "an object that can't be read")
			continue
		}
		if kind.Type != "indicator" {
			continue
		}
		var o stixIndicator
		if err := json.Unmarshal(raw, &o); err != nil {
			r.leave(0, kind.ID, sweep.Malformed, "an indicator that can't be read: "+err.Error())
			continue
		}
		k, again := latest[o.ID]
		switch {
		case o.ID == "" || !again:
			latest[o.ID] = len(list)
			list = append(list, o)
		case newer(o.Modified, list[k].Modified):
			list[k] = o
		}
	}
	for _, o := range list {
		if r.full() {
			return
		}
		r.indicator(o)
	}
	if len(list) == 0 {
		for _, raw := range objects {
			r.observable(raw)
		}
	}
}

func newer(a, b text) bool {
	x, _ := dateOrder(0).instant(string(a))
	y, _ := dateOrder(0).instant(string(b))
	return x.After(y)
}

func (r *reader) indicator(o stixIndicator) {
	from, fromWrong := dateOrder(0).instant(string(o.ValidFrom))
	until, untilWrong := dateOrder(0).instant(string(o.ValidUntil))
	switch {
	case bool(o.Revoked):
		r.leave(0, o.ID, sweep.Withdrawn, "revoked by its source")
		r.revoke(o.Pattern)
		return
	case o.PatternType != "" && o.PatternType != "stix":
		r.leave(0, o.ID, sweep.Unsearched, "its pattern is of type "+cut(string(o.PatternType), 40))
		return
	case fromWrong != "" || untilWrong != "":
		r.leave(0, o.ID, sweep.Malformed, "its valid_from or valid_until is no time")
		return
	case from.After(r.now):
		r.leave(0, o.ID, sweep.NotYet, "valid from "+from.Format("2 Jan 2006")+" on")
		return
	}
	note := string(o.Name)
	if note == "" {
		note = string(o.Description)
	}
	tags := o.Labels
	if len(tags) == 0 {
		tags = o.Types
	}
	r.pattern(o.ID, o.Pattern, sweep.Entry{Note: strings.TrimSpace(note), Confidence: percent(float64(o.Confidence)), Tags: tags, Added: from, Expires: until})
}

// revoke notes the values of an indicator that is revoked, for a list that only
// says what changed.
func (r *reader) revoke(text string) {
	if !r.Delta {
		return
	}
	found, _ := parsePattern(text) // what can't be read was not taken in either
	for _, v := range found.values {
		if typed, refusal := typeAs(v.kind, v.text); refusal == nil {
			r.Revoked = append(r.Revoked, sweep.Entry{Indicator: typed}.Key())
		}
	}
}

// pattern takes in the values of a pattern. What it says beside them, such as a
// port, is not checked, and the note says so.
func (r *reader) pattern(id, text string, e sweep.Entry) {
	found, err := parsePattern(text)
	if err != nil {
		r.leave(0, id, sweep.Malformed, "its pattern can't be read: "+err.Error())
		return
	}
	for _, reason := range found.unsuited {
		r.leave(0, id, sweep.Unsearched, reason)
	}
	if len(found.values) > 0 && len(found.unchecked) > 0 {
		said := "not checked: " + strings.Join(found.unchecked, ", ")
		if e.Note != "" {
			said = e.Note + " (" + said + ")"
		}
		e.Note = said
		r.unchecked++
	}
	for _, v := range found.values {
		r.add(0, v.kind, v.text, e)
	}
}

// observable takes in an object that somebody saw, of a source that has no
// indicators: nobody says that it is malicious, and the notes of the list say so.
func (r *reader) observable(raw json.RawMessage) {
	var o struct {
		Type   string            `json:"type"`
		Value  text              `json:"value"`
		Name   text              `json:"name"`
		Hashes map[string]string `json:"hashes"`
	}
	if json.Unmarshal(raw, &o) != nil {
		return
	}
	if kind := huntableProperty(o.Type, "value"); kind != unstated && o.Value != "" {
		r.observed++
		r.add(0, kind, string(o.Value), sweep.Entry{})
		return
	}
	if o.Type != "file" {
		return
	}
	if len(o.Hashes) == 0 && o.Name != "" {
		r.observed++
		r.add(0, isFile, string(o.Name), sweep.Entry{})
	}
	for _, name := range slices.Sorted(maps.Keys(o.Hashes)) {
		if kind := huntableProperty("file", "hashes."+name); kind == isHash {
			r.observed++
			r.add(0, isHash, o.Hashes[name], sweep.Entry{})
		}
	}
}
