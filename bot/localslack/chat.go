package localslack

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Limits of chat.* (docs.slack.dev/reference/methods/chat.postMessage and
// chat.update): text is cut above 40,000 characters when posted, refused above
// 4,000 when updated or ephemeral.
const (
	postedText  = 40_000
	updatedText = 4_000
	maxMetadata = 16_000 // bytes; the number is not documented, the error is
)

// content checks what a message says. tooLong is the length of text from which
// it is refused; 0 cuts instead.
func content(a args, tooLong int) (string, []json.RawMessage, *failure) {
	text := a["text"]
	if n := utf8.RuneCountInString(text); tooLong > 0 && n > tooLong {
		return "", nil, fail("msg_too_long")
	} else if n > postedText {
		text = string([]rune(text)[:postedText])
	}
	raw := a["blocks"]
	if raw == "" || raw == "null" {
		return text, nil, nil
	}
	var blocks []json.RawMessage
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
		return "", nil, fail("invalid_blocks_format")
	}
	if problems := validateBlocks(json.RawMessage(raw), inMessage); len(problems) > 0 {
		return "", nil, refusedBlocks(problems)
	}
	return text, blocks, nil
}

// refusedBlocks carries the details where Slack puts them.
func refusedBlocks(problems []Problem) *failure {
	var errors, messages []string
	for _, p := range problems {
		line := fmt.Sprintf("%s [json-pointer:%s]", p.Message, p.Pointer)
		errors = append(errors, line)
		messages = append(messages, "[ERROR] "+line)
	}
	return &failure{"invalid_blocks", map[string]any{"errors": errors, "response_metadata": map[string]any{"messages": messages}}}
}

func metadata(a args) (json.RawMessage, *failure) {
	raw := a["metadata"]
	if raw == "" || raw == "null" {
		return nil, nil
	}
	var m struct {
		EventType    string         `json:"event_type"`
		EventPayload map[string]any `json:"event_payload"`
	}
	switch {
	case json.Unmarshal([]byte(raw), &m) != nil:
		return nil, fail("invalid_metadata_format")
	case len(raw) > maxMetadata:
		return nil, fail("metadata_too_large")
	case m.EventType == "":
		return nil, nil
	}
	return json.RawMessage(raw), nil
}

func (w *Workspace) postMessage(a args) (answer, *failure) {
	c, failed := w.reachable(a["channel"])
	if failed != nil {
		return nil, failed
	}
	text, blocks, failed := content(a, 0)
	if failed != nil {
		return nil, failed
	}
	if text == "" && len(blocks) == 0 {
		return nil, fail("no_text")
	}
	meta, failed := metadata(a)
	if failed != nil {
		return nil, failed
	}
	thread := a["thread_ts"]
	if thread != "" {
		parent := c.find(thread)
		if parent == nil {
			return nil, fail("thread_not_found")
		}
		if parent.ThreadTS != "" {
			thread = parent.ThreadTS
		}
	}
	m := &Message{
		User: botUser, BotID: botID, Team: teamID, Text: text, Blocks: w.identified(blocks), ThreadTS: thread, Metadata: meta, Parse: a["parse"],
		Unfurls: a["unfurl_links"] != "false" || a["unfurl_media"] != "false",
	}
	w.add(c, m)
	w.echo(c, answer{}, m)
	return answer{"channel": c.ID, "ts": m.TS, "message": w.wire(m)}, nil
}

func (w *Workspace) updateMessage(a args) (answer, *failure) {
	c, failed := w.reachable(a["channel"])
	if failed != nil {
		return nil, failed
	}
	m := c.find(a["ts"])
	if m == nil || m.Ephemeral != "" {
		return nil, fail("message_not_found")
	}
	if m.User != botUser {
		return nil, fail("cant_update_message")
	}
	text, blocks, failed := content(a, updatedText)
	if failed != nil {
		return nil, failed
	}
	meta, failed := metadata(a)
	if failed != nil {
		return nil, failed
	}
	m.Text, m.Edited, m.Parse = text, m.Edited+1, a["parse"]
	if a["blocks"] != "" {
		m.Blocks = w.identified(blocks)
	}
	if meta != nil {
		m.Metadata = meta
	}
	w.feed.send("update", w.shownMessage(c, m))
	w.signal()
	w.echo(c, answer{"subtype": "message_changed", "hidden": true, "ts": m.TS, "message": w.wire(m)}, m)
	return answer{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": w.wire(m)}, nil
}

func (w *Workspace) deleteMessage(a args) (answer, *failure) {
	c := w.channel(a["channel"])
	if c == nil {
		return nil, fail("channel_not_found")
	}
	m := c.find(a["ts"])
	switch {
	case m == nil:
		return nil, fail("message_not_found")
	case m.User != botUser:
		return nil, fail("cant_delete_message")
	}
	w.remove(c, m)
	return answer{"channel": c.ID, "ts": m.TS}, nil
}

// remove takes a message away. The caller holds mu.
func (w *Workspace) remove(c *Channel, m *Message) {
	for i, x := range c.messages {
		if x == m {
			c.messages = append(c.messages[:i], c.messages[i+1:]...)
			break
		}
	}
	w.feed.send("delete", answer{"channel": c.ID, "ts": m.TS, "thread_ts": m.ThreadTS})
	w.signal()
}

func (w *Workspace) postEphemeral(a args) (answer, *failure) {
	c, failed := w.reachable(a["channel"])
	if failed != nil {
		return nil, failed
	}
	u := w.user(a["user"])
	if u == nil {
		return nil, fail("user_not_in_channel")
	}
	text, blocks, failed := content(a, updatedText)
	if failed != nil {
		return nil, failed
	}
	m := &Message{User: botUser, BotID: botID, Text: text, Blocks: w.identified(blocks), ThreadTS: a["thread_ts"], Ephemeral: u.ID}
	w.add(c, m)
	return answer{"message_ts": m.TS}, nil
}

func (w *Workspace) permalink(a args) (answer, *failure) {
	c := w.channel(a["channel"])
	if c == nil {
		return nil, fail("channel_not_found")
	}
	if c.find(a["message_ts"]) == nil {
		return nil, fail("message_not_found")
	}
	return answer{"channel": c.ID, "permalink": w.base + "/#/" + c.ID + "/" + a["message_ts"]}, nil
}

func (w *Workspace) history(a args) (answer, *failure) {
	return w.page(a, func(c *Channel, m *Message) bool { return m.ThreadTS == "" || m.ThreadTS == m.TS }, true)
}

func (w *Workspace) replies(a args) (answer, *failure) {
	return w.page(a, func(c *Channel, m *Message) bool { return m.TS == a["ts"] || m.ThreadTS == a["ts"] }, false)
}

// page lists messages; ephemeral ones are nobody's history.
func (w *Workspace) page(a args, want func(*Channel, *Message) bool, newestFirst bool) (answer, *failure) {
	c, failed := w.reachable(a["channel"])
	if failed != nil {
		return nil, failed
	}
	var out []any
	for _, m := range c.messages {
		if m.Ephemeral == "" && want(c, m) {
			wire := w.wire(m)
			if !a.bool("include_all_metadata") || !w.scoped("metadata.message:read") {
				delete(wire, "metadata")
			}
			out = append(out, wire)
		}
	}
	if newestFirst {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	if n := a.int("limit", 1000); len(out) > n {
		if newestFirst {
			out = out[:n]
		} else {
			out = append(out[:1:1], out[len(out)-n+1:]...)
		}
	}
	if out == nil && !newestFirst {
		return nil, fail("thread_not_found")
	}
	return answer{"messages": out, "has_more": false}, nil
}

// wire is a message as the API shows it.
func (w *Workspace) wire(m *Message) answer {
	team, app := m.Team, m.AppID
	if team == "" {
		team = teamID
	}
	if app == "" {
		app = appID
	}
	out := answer{"type": "message", "ts": m.TS, "user": m.User, "text": m.Text, "team": team}
	if m.BotID != "" {
		out["bot_id"], out["app_id"] = m.BotID, app
	}
	if len(m.Attachments) > 0 {
		out["attachments"] = m.Attachments
	}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if len(m.Files) > 0 {
		out["files"] = m.Files
	}
	if m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	if m.Subtype != "" {
		out["subtype"] = m.Subtype
	}
	return out
}

func (w *Workspace) addReaction(a args) (answer, *failure) {
	m, failed := w.reacted(a)
	if failed != nil {
		return nil, failed
	}
	for _, u := range m.Reactions[a["name"]] {
		if u == botUser {
			return nil, fail("already_reacted")
		}
	}
	if m.Reactions == nil {
		m.Reactions = map[string][]string{}
	}
	m.Reactions[a["name"]] = append(m.Reactions[a["name"]], botUser)
	w.feed.send("update", w.shownMessage(w.channel(m.Channel), m))
	w.signal()
	return answer{}, nil
}

func (w *Workspace) reacted(a args) (*Message, *failure) {
	c := w.channel(a["channel"])
	if c == nil {
		return nil, fail("channel_not_found")
	}
	m := c.find(a["timestamp"])
	if m == nil {
		return nil, fail("message_not_found")
	}
	if a["name"] == "" {
		return nil, fail("invalid_name")
	}
	return m, nil
}

func (w *Workspace) removeReaction(a args) (answer, *failure) {
	m, failed := w.reacted(a)
	if failed != nil {
		return nil, failed
	}
	for i, u := range m.Reactions[a["name"]] {
		if u == botUser {
			m.Reactions[a["name"]] = append(m.Reactions[a["name"]][:i], m.Reactions[a["name"]][i+1:]...)
			w.feed.send("update", w.shownMessage(w.channel(m.Channel), m))
			w.signal()
			return answer{}, nil
		}
	}
	return nil, fail("no_reaction")
}

func (w *Workspace) getReactions(a args) (answer, *failure) {
	a["name"] = "any"
	m, failed := w.reacted(a)
	if failed != nil {
		return nil, failed
	}
	var list []any
	for name, users := range m.Reactions {
		list = append(list, answer{"name": name, "users": users, "count": len(users)})
	}
	return answer{"type": "message", "message": answer{"reactions": list}}, nil
}
