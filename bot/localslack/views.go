package localslack

import (
	"context"
	"encoding/json"
	"fmt"
)

// view is one open modal.
type view struct {
	id, root string
	user     string
	body     map[string]any
	hash     string
}

// viewBytes is the size from which Slack refuses a view
// (docs.slack.dev/reference/methods/views.publish, error view_too_large).
const viewBytes = 250_000

func (w *Workspace) useTrigger(id string) (string, *failure) {
	t, ok := w.triggers[id]
	switch {
	case !ok:
		return "", fail("invalid_trigger_id")
	case t.used:
		return "", fail("trigger_exchanged")
	case w.cfg.Clock().After(t.till):
		return "", fail("trigger_expired")
	}
	t.used = true
	w.triggers[id] = t
	return t.user, nil
}

// readView reads a view of one type, "modal" or "home", which the method asks for.
func readView(raw, kind string) (map[string]any, *failure) {
	var body map[string]any
	if json.Unmarshal([]byte(raw), &body) != nil || body["type"] != kind {
		return nil, fail("invalid_arguments")
	}
	if len(raw) > viewBytes {
		return nil, fail("view_too_large")
	}
	if problems := validateView(body); len(problems) > 0 {
		f := refusedBlocks(problems)
		f.code = "invalid_arguments"
		return nil, f
	}
	return body, nil
}

func (w *Workspace) openView(a args) (answer, *failure) {
	user, failed := w.useTrigger(a["trigger_id"])
	if failed != nil {
		return nil, failed
	}
	body, failed := readView(a["view"], "modal")
	if failed != nil {
		return nil, failed
	}
	v := &view{id: w.id("V0"), user: user, body: body}
	v.root = v.id
	return w.showView(v), nil
}

func (w *Workspace) pushView(a args) (answer, *failure) { return w.openView(a) }

// showView keeps a view and shows it. The caller holds mu.
func (w *Workspace) showView(v *view) answer {
	v.hash = w.id("hash-")
	w.identify(v.body)
	w.views[v.id] = v
	w.feed.send("modal", answer{"view_id": v.id, "user": v.user, "view": v.body})
	w.signal()
	return answer{"view": w.viewWire(v, nil)}
}

func (w *Workspace) viewWire(v *view, values map[string]any) answer {
	out := answer{}
	for k, x := range v.body {
		out[k] = x
	}
	out["id"], out["team_id"], out["hash"], out["root_view_id"], out["app_id"], out["bot_id"] = v.id, teamID, v.hash, v.root, appID, botID
	out["state"] = answer{"values": stateOf(viewBlocks(v.body), values)}
	return out
}

func (w *Workspace) updateView(a args) (answer, *failure) {
	v := w.views[a["view_id"]]
	if v == nil {
		return nil, fail("not_found")
	}
	if a["hash"] != "" && a["hash"] != v.hash {
		return nil, fail("hash_conflict")
	}
	body, failed := readView(a["view"], "modal")
	if failed != nil {
		return nil, failed
	}
	v.body = body
	return w.showView(v), nil
}

// submitView sends what a person filled in. Errors belong to their fields; nil
// closes the modal.
func (w *Workspace) submitView(ctx context.Context, u *User, id string, values map[string]any) (map[string]string, error) {
	w.mu.Lock()
	v := w.views[id]
	if v == nil {
		w.mu.Unlock()
		return nil, fmt.Errorf("the modal is closed")
	}
	payload := answer{
		"type": "view_submission", "team": answer{"id": teamID, "domain": "local"}, "user": userWire(u), "api_app_id": appID, "token": "local", "trigger_id": w.newTrigger(u.ID), "response_urls": []any{},
		"is_enterprise_install": false, "view": w.viewWire(v, values),
	}
	w.mu.Unlock()
	body, err := w.interactive(ctx, payload, true)
	if err != nil {
		return nil, err
	}
	var r struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   map[string]any    `json:"view"`
	}
	_ = json.Unmarshal(body, &r) // no body closes the modal
	w.mu.Lock()
	defer w.mu.Unlock()
	switch r.Action {
	case "errors":
		w.feed.send("modal_errors", answer{"view_id": id, "errors": r.Errors})
		return r.Errors, nil
	case "update", "push":
		if problems := validateView(r.View); len(problems) > 0 {
			return nil, fmt.Errorf("slack refuses the view: %v", problems)
		}
		next := v
		if r.Action == "push" {
			next = &view{id: w.id("V0"), root: v.root, user: v.user}
		}
		next.body = r.View
		w.showView(next)
		return nil, nil
	}
	w.closeView(v)
	return nil, nil
}

// dismiss closes a modal as a person does, and tells the app where it asked to be
// told (docs.slack.dev/reference/interaction-payloads/view-interactions-payload).
func (w *Workspace) dismiss(ctx context.Context, u *User, id string) error {
	w.mu.Lock()
	v := w.views[id]
	if v == nil {
		w.mu.Unlock()
		return fmt.Errorf("the modal is closed")
	}
	w.closeView(v)
	payload := answer{
		"type": "view_closed", "team": answer{"id": teamID, "domain": "local"}, "user": userWire(u), "api_app_id": appID, "token": "local", "is_cleared": false, "is_enterprise_install": false, "view": w.viewWire(v, nil),
	}
	told, _ := v.body["notify_on_close"].(bool)
	w.mu.Unlock()
	if !told {
		return nil
	}
	_, err := w.interactive(ctx, payload, false)
	return err
}

// closeView ends a modal. The caller holds mu.
func (w *Workspace) closeView(v *view) {
	delete(w.views, v.id)
	w.feed.send("modal_close", answer{"view_id": v.id})
	w.signal()
}

func userWire(u *User) answer {
	return answer{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team}
}
