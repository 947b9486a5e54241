package feed

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

type mispEvent struct {
	Info      string          `json:"info"`
	Attribute []mispAttribute `json:"Attribute"`
	Object    []struct {
		Name      string          `json:"name"`
		Attribute []mispAttribute `json:"Attribute"`
		Deleted   truth           `json:"deleted"`
	} `json:"Object"`
}

type mispAttribute struct {
	Type      string `json:"type"`
	Value     text   `json:"value"`
	Comment   text   `json:"comment"`
	ToIDs     truth  `json:"to_ids"`
	Deleted   truth  `json:"deleted"`
	Timestamp text   `json:"timestamp"`
	Tag       []struct {
		Name string `json:"name"`
	} `json:"Tag"`
}

// truth is true, 1 or "1": MISP writes all three.
type truth bool

func (f *truth) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.Trim(string(data), `"`)) {
	case "true", "1":
		*f = true
	}
	return nil
}

// text is a string, or a number where a string is meant.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = text(s)
	} else if len(data) > 0 && data[0] != '{' && data[0] != '[' {
		*t = text(data)
	}
	return nil
}

// misp takes in an event, what a search or a feed wraps events in, or a list of
// either.
func (r *reader) misp(raw json.RawMessage) {
	var many []json.RawMessage
	if json.Unmarshal(raw, &many) == nil {
		for _, one := range many {
			r.misp(one)
		}
		return
	}
	var one struct {
		Event     *mispEvent      `json:"Event"`
		Attribute []mispAttribute `json:"Attribute"`
	}
	if err := json.Unmarshal(raw, &one); err != nil {
		r.leave(0, cut(string(raw), 60), sweep.Malformed, "an event that can't be read: "+err.Error())
		return
	}
	r.attributes(one.Attribute, "")
	if one.Event == nil {
		return
	}
	r.attributes(one.Event.Attribute, one.Event.Info)
	for _, o := range one.Event.Object {
		if o.Deleted {
			r.leave(0, cut("object "+o.Name, 60), sweep.Withdrawn, "deleted by its source")
			continue
		}
		r.attributes(o.Attribute, one.Event.Info)
	}
}

// attributes takes those that are meant for detection (to_ids); the others are
// listed as context.
func (r *reader) attributes(list []mispAttribute, note string) {
	for _, a := range list {
		value := string(a.Value)
		switch {
		case bool(a.Deleted):
			r.leave(0, value, sweep.Withdrawn, "deleted by its source")
			continue
		case !bool(a.ToIDs):
			r.leave(0, cut(value, 200), sweep.Context, "context, not meant for detection (to_ids is off)")
			continue
		case !isKind(a.Type) || a.Type == "malware-sample" && !strings.Contains(value, "|"):
			r.leave(0, value, sweep.Unsearched, notHuntable(a.Type))
			continue
		}
		e := sweep.Entry{Note: cmp.Or(string(a.Comment), note)}
		e.Added, _ = dateOrder(0).instant(string(a.Timestamp))
		for _, tag := range a.Tag {
			e.Tags = append(e.Tags, tag.Name)
		}
		r.composite(0, a.Type, value, e)
	}
}

// A feed of MISP (misp-project.org/datamodels, "MISP feed format") is a folder:
// manifest.json names the events by their UUIDs, <uuid>.json holds each.
const (
	manifestName = "manifest.json"
	// maxManifest bounds how many events of a feed are read, the newest first.
	maxManifest = 200
	// manifestBack is how old an event may be: its indicators would be over.
	manifestBack = sweep.DefaultLife
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// mispEntry is what a manifest says of an event.
type mispEntry struct {
	UUID    string
	Changed time.Time
}

// manifestEvents are the events that a manifest names, the newest first; none
// when it is no manifest.
func manifestEvents(data []byte) []mispEntry {
	var all map[string]struct {
		Timestamp text `json:"timestamp"`
	}
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	var out []mispEntry
	for id, e := range all {
		at, why := dateOrder(0).instant(string(e.Timestamp))
		if !uuid.MatchString(id) || why != "" {
			return nil
		}
		out = append(out, mispEntry{id, at})
	}
	slices.SortFunc(out, func(a, b mispEntry) int { return cmp.Or(b.Changed.Compare(a.Changed), strings.Compare(a.UUID, b.UUID)) })
	return out
}
