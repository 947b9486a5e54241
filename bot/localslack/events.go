package localslack

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// say posts what a person typed and tells the bot where it listens.
func (w *Workspace) say(u *User, c *Channel, thread, text string, files ...File) *Message {
	w.mu.Lock()
	m := &Message{User: u.ID, Team: u.Team, Text: mangled(text), Blocks: []json.RawMessage{typedBlock(w.id("b"), text)}, ThreadTS: thread}
	if u.bot != "" {
		m.BotID, m.AppID = u.bot, otherApp
	}
	kind := answer{"type": "message"}
	for _, f := range files {
		f.ID, f.Size = w.id("F0"), len(f.Data)
		f.URL = w.base + "/files/" + f.ID + "/" + f.Name
		f.Download = f.URL
		if f.MIME == "" {
			f.MIME = "text/plain"
		}
		if f.Mode == "" {
			f.Mode = "hosted"
		}
		w.files[f.ID] = &f
		m.Files, m.Subtype = append(m.Files, f), "file_share"
	}
	w.add(c, m)
	w.mu.Unlock()
	w.announce(u, c, m, kind)
	return m
}

// announce sends the events of a message: a mention, and the message itself
// where the bot may read history.
func (w *Workspace) announce(u *User, c *Channel, m *Message, kind answer) {
	w.mu.Lock()
	member := slices.Contains(c.members, botUser)
	history := w.scoped(c.scope("history"))
	mentioned := strings.Contains(m.Text, "<@"+botUser+">") && w.scoped("app_mentions:read") && kind["subtype"] == nil
	event := w.wire(m)
	w.mu.Unlock()
	if !member {
		return
	}
	for k, v := range kind {
		event[k] = v
	}
	event["channel"], event["event_ts"], event["user_team"], event["source_team"], event["channel_type"] = c.ID, m.TS, u.Team, u.Team, c.kind()
	if mentioned {
		mention := answer{}
		for k, v := range event {
			mention[k] = v
		}
		delete(mention, "subtype") // a mention has none, whatever its message is
		mention["type"] = "app_mention"
		w.event(c, mention)
	}
	if history {
		w.event(c, event)
	}
}

// echo tells the bot what it wrote itself. The caller holds mu.
func (w *Workspace) echo(c *Channel, kind answer, m *Message) {
	if !w.cfg.Echo || !w.scoped(c.scope("history")) || m.Ephemeral != "" {
		return
	}
	event := answer{"type": "message", "channel": c.ID, "event_ts": m.TS, "channel_type": c.kind()}
	if len(kind) == 0 {
		for k, v := range w.wire(m) {
			event[k] = v
		}
	}
	for k, v := range kind {
		event[k] = v
	}
	w.running.Go(func() { w.event(c, event) }) // event takes mu
}

// event sends an Events API payload, again when nobody acknowledges it.
func (w *Workspace) event(c *Channel, event answer) {
	w.mu.Lock()
	id := w.id("Ev")
	w.mu.Unlock()
	e, err := w.envelope("events_api", answer{
		"token": "local", "team_id": teamID, "api_app_id": appID, "type": "event_callback", "event_id": id, "event_time": w.cfg.Clock().Unix(), "is_ext_shared_channel": c.shared,
		"authorizations": []any{answer{"enterprise_id": nil, "team_id": teamID, "user_id": botUser, "is_bot": true, "is_enterprise_install": false}}, "event": event,
	}, false)
	if err != nil {
		return
	}
	w.running.Go(func() {
		for attempt := 0; ; attempt++ {
			if _, err := w.deliver(w.life, e); err == nil || attempt >= len(w.cfg.RetryEvents) {
				return
			}
			if !pause(w.life, w.cfg.RetryEvents[attempt]) {
				return
			}
			w.mu.Lock()
			e.ID = w.id("env-")
			w.mu.Unlock()
			e.RetryAttempt, e.RetryReason = attempt+1, "timeout"
		}
	})
}

// Raw sends an event as it is given, such as one that no library understands.
func (w *Workspace) Raw(c *Channel, event map[string]any) { w.event(c, event) }

// interactive sends an interaction; the body of the acknowledgement comes back
// where one is read.
func (w *Workspace) interactive(ctx context.Context, payload answer, accepts bool) ([]byte, error) {
	e, err := w.envelope("interactive", payload, accepts)
	if err != nil {
		return nil, err
	}
	return w.deliver(ctx, e)
}
