package bot

import (
	"context"
	"encoding/json"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/hunts"
)

func (b *Bot) handleEnvelope(ctx context.Context, j hunts.Job) error {
	var e stored
	if err := json.Unmarshal(j.Payload, &e); err != nil {
		b.cfg.Log.ErrorContext(ctx, "stored envelope dropped, it is not ours", "key", j.Key, "error", err)
		return nil
	}
	switch e.Type {
	case "slash_commands":
		var c inbound.Command
		if err := json.Unmarshal(e.Payload, &c); err != nil {
			return b.unread(ctx, j, e, err)
		}
		return b.handleCommand(ctx, j.Key, c)
	case "interactive":
		var call inbound.Interaction
		if err := json.Unmarshal(e.Payload, &call); err != nil {
			return b.unread(ctx, j, e, err)
		}
		return b.handleInteraction(ctx, j.Key, call)
	case "events_api":
		return b.handleEvent(ctx, j.Key, e.Payload)
	}
	return nil
}

// unread ends a job whose payload can't be read: it will not read better the next
// time. What could be read of it may tell whom to answer.
func (b *Bot) unread(ctx context.Context, j hunts.Job, e stored, why error) error {
	b.cfg.Log.ErrorContext(ctx, "payload not understood", "key", j.Key, "type", e.Type, "error", why)
	if err := b.apologise(ctx, e.Type, e.Payload, "I couldn't read what Slack sent, so nothing was done. Try again, or type it as text: /footprint help."); err != nil {
		b.cfg.Log.ErrorContext(ctx, "nobody could be told of it", "key", j.Key, "error", err)
	}
	return nil
}
