package localslack

import (
	"encoding/json"
	"maps"
)

// identified gives every block an id that has none, as Slack does when it takes
// blocks. The caller holds mu.
func (w *Workspace) identified(blocks []json.RawMessage) []json.RawMessage {
	out := make([]json.RawMessage, len(blocks))
	for i, raw := range blocks {
		var b map[string]any
		out[i] = raw
		if json.Unmarshal(raw, &b) != nil || b["block_id"] != nil && b["block_id"] != "" {
			continue
		}
		b["block_id"] = w.id("b")
		if data, err := json.Marshal(b); err == nil {
			out[i] = data
		}
	}
	return out
}

// blockOf is the id of the block that an element with an action id stands in.
func blockOf(blocks []json.RawMessage, action any) string {
	for _, raw := range blocks {
		var b map[string]any
		if json.Unmarshal(raw, &b) != nil {
			continue
		}
		for _, e := range elements([]json.RawMessage{raw}) {
			if e["action_id"] == action {
				id, _ := b["block_id"].(string)
				return id
			}
		}
	}
	return ""
}

// initial is the state of an element that nobody has touched; nil for one that has
// no state, such as a button.
func initial(e map[string]any) map[string]any {
	kind, _ := e["type"].(string)
	for suffix, keys := range map[string][2]string{
		"plain_text_input": {"value", "initial_value"}, "static_select": {"selected_option", "initial_option"}, "radio_buttons": {"selected_option", "initial_option"},
		"checkboxes": {"selected_options", "initial_options"}, "multi_static_select": {"selected_options", "initial_options"}, "datepicker": {"selected_date", "initial_date"},
	} {
		if kind != suffix {
			continue
		}
		value := e[keys[1]]
		if list := keys[0] == "selected_options"; list && value == nil {
			value = []any{}
		}
		return map[string]any{"type": kind, keys[0]: value}
	}
	return nil
}

// stateOf are the values of all fields, by block and action: as they began, but
// for what was changed.
func stateOf(blocks []json.RawMessage, changed map[string]any) map[string]any {
	out := map[string]any{}
	for _, raw := range blocks {
		var b map[string]any
		if json.Unmarshal(raw, &b) != nil {
			continue
		}
		id, _ := b["block_id"].(string)
		fields := map[string]any{}
		for _, e := range elements([]json.RawMessage{raw}) {
			action, _ := e["action_id"].(string)
			if s := initial(e); s != nil {
				fields[action] = s
			}
		}
		if now, ok := changed[id].(map[string]any); ok {
			maps.Copy(fields, now)
		}
		if len(fields) > 0 {
			out[id] = fields
		}
	}
	return out
}

// viewBlocks are the blocks of a view, one by one.
func viewBlocks(body map[string]any) []json.RawMessage {
	var out []json.RawMessage
	list, _ := body["blocks"].([]any)
	for _, b := range list {
		if data, err := json.Marshal(b); err == nil {
			out = append(out, data)
		}
	}
	return out
}

// identify gives every block of a view an id. The caller holds mu.
func (w *Workspace) identify(body map[string]any) {
	list, _ := body["blocks"].([]any)
	for _, b := range list {
		if block, ok := b.(map[string]any); ok && (block["block_id"] == nil || block["block_id"] == "") {
			block["block_id"] = w.id("b")
		}
	}
}
