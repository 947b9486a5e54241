package sweep

import (
	"encoding/json"
	"fmt"
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
