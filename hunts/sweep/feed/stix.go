package feed

import (
	"encoding/json"
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
}

func newer(a, b text) bool {
	x, _ := instant(string(a))
	y, _ := instant(string(b))
	return x.After(y)
}

func (r *reader) indicator(o stixIndicator) {
	from, fromOK := instant(string(o.ValidFrom))
	until, untilOK := instant(string(o.ValidUntil))
	switch {
	case bool(o.Revoked):
		r.leave(0, o.ID, sweep.Withdrawn, "revoked by its source")
		return
	case o.PatternType != "" && o.PatternType != "stix":
		r.leave(0, o.ID, sweep.Unsearched, "its pattern is of type "+cut(string(o.PatternType), 40))
		return
	case !fromOK || !untilOK:
		r.leave(0, o.ID, sweep.Malformed, "its valid_from or valid_until is no time")
		return
	case from.After(r.now):
		r.leave(0, o.ID, sweep.NotYet, "valid from "+from.Format("2 Jan 2006")+" on")
		return
	}
	found, err := parsePattern(o.Pattern)
	if err != nil {
		r.leave(0, o.ID, sweep.Malformed, "its pattern can't be read: "+err.Error())
		return
	}
	for _, reason := range found.unsuited {
		r.leave(0, o.ID, sweep.Unsearched, reason)
	}
	note := string(o.Name)
	if note == "" {
		note = string(o.Description)
	}
	tags := o.Labels
	if len(tags) == 0 {
		tags = o.Types
	}
	for _, value := range found.values {
		r.add(0, value, sweep.Entry{Note: strings.TrimSpace(note), Confidence: percent(float64(o.Confidence)), Tags: tags, Added: from, Expires: until})
	}
}
