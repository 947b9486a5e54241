package feed

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// json tells a STIX bundle from MISP by what it holds. No library reads both for
// us: the Go ones for STIX (libstix2, TcM1911/stix2) and MISP (golang-misp) have
// seen no release for years, and none of them parses patterns, which is where
// the indicators are.
func (r *reader) json(data []byte) error {
	if data[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil {
			return fmt.Errorf("%s is not valid JSON: %w", r.source, err)
		}
		for _, item := range list {
			r.item(item)
		}
		return r.something()
	}
	var top struct {
		Type      string            `json:"type"`
		Objects   []json.RawMessage `json:"objects"`
		Event     json.RawMessage   `json:"Event"`
		Response  json.RawMessage   `json:"response"`
		Attribute json.RawMessage   `json:"Attribute"`
	}
	if err := json.Unmarshal(data, &top); err != nil {
		return fmt.Errorf("%s is not valid JSON: %w", r.source, err)
	}
	switch {
	case top.Type == "bundle":
		r.stix(top.Objects)
	case top.Type == "indicator":
		r.stix([]json.RawMessage{data})
	case top.Event != nil, top.Attribute != nil:
		r.misp(data)
	case top.Response != nil:
		r.misp(top.Response)
	case len(manifestEvents(data)) > 0:
		return fmt.Errorf("%s is the manifest of a MISP feed, which only names its events: let a sweep read its address, sweep add daily from=https://…/manifest.json", r.source)
	default:
		return fmt.Errorf("%s is JSON, but neither a STIX bundle nor a MISP event or feed", r.source)
	}
	return r.something()
}

// item is one of a list: an indicator as it is written, or a MISP event.
func (r *reader) item(raw json.RawMessage) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if text = strings.TrimSpace(text); text != "" {
			r.add(0, text, sweep.Entry{})
		}
		return
	}
	r.misp(raw)
}

func (r *reader) something() error {
	if len(r.Entries)+len(r.Problems) == 0 {
		return fmt.Errorf("%s holds no indicator", r.source)
	}
	return nil
}
