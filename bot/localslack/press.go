package localslack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// act sends a press of a button or a choice of a menu.
func (w *Workspace) act(ctx context.Context, u *User, c *Channel, ts string, element map[string]any) error {
	w.mu.Lock()
	m := c.find(ts)
	if m == nil {
		w.mu.Unlock()
		return fmt.Errorf("the message is gone")
	}
	block := blockOf(m.Blocks, element["action_id"])
	action := answer{"action_ts": w.ts(), "block_id": block}
	for k, v := range element {
		action[k] = v
	}
	changed := map[string]any{}
	if option := element["selected_option"]; option != nil && element["type"] != "overflow" {
		id, _ := element["action_id"].(string)
		changed[block] = map[string]any{id: map[string]any{"type": element["type"], "selected_option": option}}
	}
	container := answer{"type": "message", "message_ts": ts, "channel_id": c.ID, "is_ephemeral": m.Ephemeral != ""}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	payload := answer{
		"type": "block_actions", "team": answer{"id": teamID, "domain": "local"}, "user": userWire(u), "api_app_id": appID, "token": "local", "container": container, "trigger_id": w.newTrigger(u.ID),
		"channel": answer{"id": c.ID, "name": c.Name}, "state": answer{"values": stateOf(m.Blocks, changed)}, "response_url": w.newHook(hook{channel: c.ID, user: u.ID, message: ts}), "actions": []any{action}, "is_enterprise_install": false,
	}
	if m.Ephemeral == "" {
		payload["message"] = w.wire(m)
	}
	w.mu.Unlock()
	_, err := w.interactive(ctx, payload, false)
	return err
}

// shortcut sends a message shortcut.
func (w *Workspace) shortcut(ctx context.Context, u *User, c *Channel, ts, callback string) error {
	w.mu.Lock()
	m := c.find(ts)
	if m == nil {
		w.mu.Unlock()
		return fmt.Errorf("the message is gone")
	}
	payload := answer{
		"type": "message_action", "callback_id": callback, "trigger_id": w.newTrigger(u.ID), "action_ts": w.ts(), "token": "local", "team": answer{"id": teamID, "domain": "local"}, "is_enterprise_install": false,
		"user": userWire(u), "channel": answer{"id": c.ID, "name": c.Name}, "message_ts": ts, "message": w.wire(m), "response_url": w.newHook(hook{channel: c.ID, user: u.ID}),
	}
	w.mu.Unlock()
	_, err := w.interactive(ctx, payload, false)
	return err
}

// elements are the buttons and menus of a message, wherever they stand.
func elements(blocks []json.RawMessage) []map[string]any {
	var out []map[string]any
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, item := range x {
				walk(item)
			}
		case map[string]any:
			if x["action_id"] != nil {
				out = append(out, x)
			}
			for _, item := range x {
				walk(item)
			}
		}
	}
	for _, b := range blocks {
		var v any
		if json.Unmarshal(b, &v) == nil {
			walk(v)
		}
	}
	return out
}

func label(e map[string]any) string {
	t, _ := e["text"].(map[string]any)
	s, _ := t["text"].(string)
	return s
}

// choicesOf are the options of a menu, grouped or not.
func choicesOf(e map[string]any) []any {
	out, _ := e["options"].([]any)
	groups, _ := e["option_groups"].([]any)
	for _, g := range groups {
		group, _ := g.(map[string]any)
		options, _ := group["options"].([]any)
		out = append(out, options...)
	}
	return out
}

// chosen finds an element by its label or action id, or an option of a menu by
// its label; "menu/option" names both.
func chosen(m Message, want string) (map[string]any, bool) {
	for _, e := range elements(m.Blocks) {
		id, _ := e["action_id"].(string)
		if label(e) == want || id == want || strings.HasPrefix(label(e), want) {
			out := map[string]any{"action_id": id, "type": e["type"], "value": e["value"], "text": e["text"]}
			return out, true
		}
		menu, wanted, both := strings.Cut(want, "/")
		for _, o := range choicesOf(e) {
			option, _ := o.(map[string]any)
			if label(option) == want || both && id == menu && strings.HasPrefix(label(option), wanted) {
				return map[string]any{"action_id": id, "type": e["type"], "selected_option": option}, true
			}
		}
	}
	return nil, false
}
