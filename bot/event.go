package bot

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/footprint-soc/footprint/hunts"
)

// command is a typed slash command. Of Slack's fields only these are promised
// to be there in every delivery.
type command struct {
	Command     string `json:"command"`
	Text        string `json:"text"`
	User        string `json:"user_id"`
	UserName    string `json:"user_name"`
	Team        string `json:"team_id"`
	Channel     string `json:"channel_id"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
	Enterprise  string `json:"enterprise_id"`
}

func (b *Bot) handleEnvelope(ctx context.Context, j hunts.Job) error {
	var e stored
	if err := json.Unmarshal(j.Payload, &e); err != nil {
		b.cfg.Log.ErrorContext(ctx, "stored envelope dropped, it is not ours", "key", j.Key, "error", err)
		return nil
	}
	switch e.Type {
	case "slash_commands":
		var c command
		if err := json.Unmarshal(e.Payload, &c); err != nil {
			return fmt.Errorf("reading a slash command: %w", err)
		}
		return b.handleCommand(ctx, j.Key, c)
	case "interactive":
		var call interaction
		if err := json.Unmarshal(e.Payload, &call); err != nil {
			b.cfg.Log.ErrorContext(ctx, "interaction not understood", "key", j.Key, "error", err)
			return nil
		}
		return b.handleInteraction(ctx, j.Key, call)
	case "events_api":
		return b.handleEvent(ctx, j.Key, e.Payload)
	}
	return nil
}
