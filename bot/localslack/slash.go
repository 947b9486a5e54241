package localslack

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// trigger opens one view within three seconds
// (docs.slack.dev/interactivity/handling-user-interaction).
type trigger struct {
	user string
	till time.Time
	used bool
}

const triggerLives = 3 * time.Second

// hook is a response_url: five uses within thirty minutes
// (docs.slack.dev/interactivity/handling-user-interaction#message_responses).
type hook struct {
	channel, user string
	message       string // the message a button stood on
	uses          int
	till          time.Time
}

const (
	hookUses  = 5
	hookLives = 30 * time.Minute
)

// newTrigger makes a trigger id. The caller holds mu.
func (w *Workspace) newTrigger(user string) string {
	id := w.id("trigger-")
	w.triggers[id] = trigger{user: user, till: w.cfg.Clock().Add(triggerLives)}
	return id
}

// newHook makes a response_url. The caller holds mu.
func (w *Workspace) newHook(h hook) string {
	token := w.id("hook-")
	h.till = w.cfg.Clock().Add(hookLives)
	w.hooks[token] = &h
	return w.base + "/response/" + token
}

// slash sends a command as the composer does. The error is what the user sees.
func (w *Workspace) slash(ctx context.Context, u *User, c *Channel, text string) error {
	command, rest, _ := strings.Cut(text, " ")
	w.mu.Lock()
	payload := answer{
		"token": "local", "team_id": u.Team, "team_domain": "local", "channel_id": c.ID, "channel_name": c.Name, "user_id": u.ID, "user_name": u.Name, "command": command, "text": rest, "api_app_id": appID,
		"is_enterprise_install": "false", "response_url": w.newHook(hook{channel: c.ID, user: u.ID}), "trigger_id": w.newTrigger(u.ID),
	}
	w.mu.Unlock()
	e, err := w.envelope("slash_commands", payload, true)
	if err != nil {
		return err
	}
	body, err := w.deliver(ctx, e)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if failed := w.respond(c, u.ID, body); failed != nil {
		return failed
	}
	return nil
}

// respond shows what came in an acknowledgement or by response_url. The caller
// holds mu.
func (w *Workspace) respond(c *Channel, user string, body json.RawMessage) *failure {
	var r struct {
		Text         string          `json:"text"`
		Blocks       json.RawMessage `json:"blocks"`
		ResponseType string          `json:"response_type"`
		ThreadTS     string          `json:"thread_ts"`
	}
	if len(body) == 0 || json.Unmarshal(body, &r) != nil || r.Text == "" && len(r.Blocks) == 0 {
		return nil
	}
	text, blocks, failed := content(args{"text": r.Text, "blocks": string(r.Blocks)}, 0)
	if failed != nil {
		return failed
	}
	m := &Message{User: botUser, BotID: botID, Text: text, Blocks: w.identified(blocks)}
	if r.ResponseType == "in_channel" {
		m.ThreadTS = r.ThreadTS
	} else {
		m.Ephemeral = user
	}
	w.add(c, m)
	return nil
}

func (w *Workspace) serveResponse(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCall))
	if err != nil {
		http.Error(rw, "broken", http.StatusBadRequest)
		return
	}
	fault := w.takeFault("response_url")
	if fault.broken() && !fault.AfterEffect {
		fault.answer(rw)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.hooks[r.PathValue("token")]
	w.calls = append(w.calls, Call{Method: "response_url", Args: args{"body": string(body)}, Time: w.cfg.Clock(), Status: http.StatusOK})
	if h != nil {
		if code := w.refused("response_url", h.channel); code != "" {
			reply(rw, http.StatusNotFound, answer{"ok": false, "error": code})
			return
		}
	}
	if h == nil || h.uses >= hookUses || w.cfg.Clock().After(h.till) {
		reply(rw, http.StatusNotFound, answer{"ok": false, "error": "expired_url"})
		return
	}
	h.uses++
	c := w.channel(h.channel)
	var change struct {
		Replace bool            `json:"replace_original"`
		Delete  bool            `json:"delete_original"`
		Text    string          `json:"text"`
		Blocks  json.RawMessage `json:"blocks"`
	}
	_ = json.Unmarshal(body, &change)
	m := c.find(h.message)
	switch {
	case change.Delete && m != nil:
		w.remove(c, m)
	case change.Replace && m != nil:
		text, blocks, failed := content(args{"text": change.Text, "blocks": string(change.Blocks)}, 0)
		if failed != nil {
			reply(rw, http.StatusBadRequest, answer{"ok": false, "error": failed.code})
			return
		}
		m.Text, m.Blocks, m.Edited = text, w.identified(blocks), m.Edited+1
		w.feed.send("update", w.shownMessage(c, m))
		w.signal()
	default:
		if failed := w.respond(c, h.user, body); failed != nil {
			reply(rw, http.StatusBadRequest, answer{"ok": false, "error": failed.code})
			return
		}
	}
	_, _ = io.WriteString(rw, "ok") // as text: clients read JSON only when it is called that
}
