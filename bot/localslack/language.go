package localslack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Seat is a person in a channel.
type Seat struct {
	user    *User
	channel *Channel
}

// In sits a person down in a channel.
func (u *User) In(c *Channel) Seat { return Seat{u, c} }

// Slash types a slash command. The error is what the person sees, such as
// operation_timeout.
func (s Seat) Slash(ctx context.Context, text string) error {
	return s.user.workspace.slash(ctx, s.user, s.channel, text)
}

// Say posts a message.
func (s Seat) Say(text string) Message {
	return s.user.workspace.say(s.user, s.channel, "", text).copy()
}

// Share posts a message with files.
func (s Seat) Share(text string, files ...File) Message {
	return s.user.workspace.say(s.user, s.channel, "", text, files...).copy()
}

// Reply posts into the thread of a message.
func (s Seat) Reply(to Message, text string) Message {
	thread := to.TS
	if to.ThreadTS != "" {
		thread = to.ThreadTS
	}
	return s.user.workspace.say(s.user, s.channel, thread, text).copy()
}

// Edit changes a message of one's own.
func (s Seat) Edit(m Message, text string) error {
	w := s.user.workspace
	w.mu.Lock()
	have := s.channel.find(m.TS)
	if have == nil {
		w.mu.Unlock()
		return errors.New("the message is gone")
	}
	before := w.wire(have)
	have.Text, have.Blocks, have.Edited = mangled(text), []json.RawMessage{typedBlock(w.id("b"), text)}, have.Edited+1
	inner := w.wire(have)
	inner["edited"] = answer{"user": s.user.ID, "ts": have.TS}
	member := slices.Contains(s.channel.members, botUser)
	w.mu.Unlock()
	if member {
		w.event(s.channel, answer{
			"type": "message", "subtype": "message_changed", "hidden": true, "channel": s.channel.ID, "message": inner, "previous_message": before, "event_ts": m.TS, "ts": m.TS, "channel_type": s.channel.kind(),
		})
	}
	return nil
}

// Post posts a message of any content, as a client or another app makes it: its
// text is taken as it stands, mark-up and all.
func (s Seat) Post(m Message) Message {
	w := s.user.workspace
	w.mu.Lock()
	m.User, m.Team = s.user.ID, s.user.Team
	if s.user.bot != "" {
		m.BotID, m.AppID = s.user.bot, otherApp
	}
	kept := m.copy()
	w.add(s.channel, &kept)
	w.mu.Unlock()
	kind := answer{"type": "message"}
	w.announce(s.user, s.channel, &kept, kind)
	return kept.copy()
}

// Delete removes a message: one's own, or anybody's as an admin may.
func (s Seat) Delete(m Message) {
	w := s.user.workspace
	w.mu.Lock()
	event := answer{"type": "message", "subtype": "message_deleted", "hidden": true, "channel": s.channel.ID, "deleted_ts": m.TS, "event_ts": m.TS, "ts": m.TS, "channel_type": s.channel.kind()}
	if have := s.channel.find(m.TS); have != nil {
		event["previous_message"] = w.wire(have)
		w.remove(s.channel, have)
	}
	member := slices.Contains(s.channel.members, botUser)
	w.mu.Unlock()
	if member {
		w.event(s.channel, event)
	}
}

// Press presses a button, or chooses an option, by its label or action id.
func (s Seat) Press(ctx context.Context, m Message, what string) error {
	w := s.user.workspace
	w.mu.Lock()
	if now := s.channel.find(m.TS); now != nil {
		m = now.copy()
	}
	w.mu.Unlock()
	element, ok := chosen(m, what)
	if !ok {
		var labels []string
		for _, e := range elements(m.Blocks) {
			labels = append(labels, label(e))
		}
		return fmt.Errorf("the message has no %q, only %q", what, labels)
	}
	return w.act(ctx, s.user, s.channel, m.TS, element)
}

// Shortcut runs a message shortcut.
func (s Seat) Shortcut(ctx context.Context, m Message, callback string) error {
	return s.user.workspace.shortcut(ctx, s.user, s.channel, m.TS, callback)
}

// Modal is an open modal.
type Modal struct {
	ID     string
	Body   map[string]any
	w      *Workspace
	user   *User
	values map[string]any
}

// WaitModal waits for a modal that is shown to a person.
func (w *Workspace) WaitModal(ctx context.Context, u *User) (*Modal, error) {
	var found *Modal
	err := w.until(ctx, func() bool {
		for _, v := range w.views {
			if v.user == u.ID {
				found = &Modal{ID: v.id, Body: v.body, w: w, user: u, values: map[string]any{}}
				return true
			}
		}
		return false
	})
	return found, err
}

// Fill enters a text, or chooses an option by its value.
func (m *Modal) Fill(block, action, value string) *Modal {
	state := map[string]any{"type": "plain_text_input", "value": value}
	for _, e := range m.inputs() {
		if e["action_id"] != action {
			continue
		}
		if kind, _ := e["type"].(string); strings.HasSuffix(kind, "_select") || kind == "radio_buttons" {
			state = map[string]any{"type": kind, "selected_option": map[string]any{"value": value, "text": map[string]any{"type": "plain_text", "text": value}}}
		} else if kind == "datepicker" {
			state = map[string]any{"type": kind, "selected_date": value}
		} else if kind == "checkboxes" {
			state = map[string]any{"type": kind, "selected_options": []any{map[string]any{"value": value, "text": map[string]any{"type": "plain_text", "text": value}}}}
		}
	}
	m.values[block] = map[string]any{action: state}
	return m
}

func (m *Modal) inputs() []map[string]any {
	var out []map[string]any
	blocks, _ := m.Body["blocks"].([]any)
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		if e, ok := block["element"].(map[string]any); ok {
			out = append(out, e)
		}
	}
	return out
}

// Submit sends the modal; errors by block id stay on it.
func (m *Modal) Submit(ctx context.Context) (map[string]string, error) {
	return m.w.submitView(ctx, m.user, m.ID, m.values)
}

// until waits for something to become true; it is asked with mu held.
func (w *Workspace) until(ctx context.Context, true_ func() bool) error {
	for {
		w.mu.Lock()
		done := true_()
		changed := w.changed
		w.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// Until waits for something to become true. It is asked again whenever anything
// happens in the workspace, and twenty times a second for what happens
// elsewhere.
func (w *Workspace) Until(ctx context.Context, is func() bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if is() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-tick.C:
		}
	}
}

// WaitMessage waits for a message in a channel or its threads.
func (w *Workspace) WaitMessage(ctx context.Context, c *Channel, want func(Message) bool) (Message, error) {
	var found Message
	err := w.until(ctx, func() bool {
		k := slices.IndexFunc(c.messages, func(m *Message) bool { return want(m.copy()) })
		if k >= 0 {
			found = c.messages[k].copy()
		}
		return k >= 0
	})
	if err != nil {
		return found, fmt.Errorf("waiting for a message in #%s: %w", c.Name, err)
	}
	return found, nil
}

// WaitConnected waits until n sockets are open.
func (w *Workspace) WaitConnected(ctx context.Context, n int) error {
	return w.until(ctx, func() bool { return len(w.links) >= n })
}

// Initial is what a field of the modal is filled with when it opens.
func (m *Modal) Initial(block string) string {
	blocks, _ := m.Body["blocks"].([]any)
	for _, b := range blocks {
		input, _ := b.(map[string]any)
		element, _ := input["element"].(map[string]any)
		if s, ok := element["initial_value"].(string); ok && input["block_id"] == block {
			return s
		}
	}
	return ""
}

// Close closes the modal without sending it.
func (m *Modal) Close(ctx context.Context) error { return m.w.dismiss(ctx, m.user, m.ID) }
