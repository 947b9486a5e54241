package bot

import (
	"context"
	"encoding/json"

	"github.com/slack-go/slack"
)

// handleInteraction answers buttons, menus, modals and shortcuts.
func (b *Bot) handleInteraction(_ context.Context, key string, call slack.InteractionCallback) error {
	b.cfg.Log.Info("interaction without a handler", "key", key, "type", string(call.Type))
	return nil
}

// handleEvent answers mentions and messages.
func (b *Bot) handleEvent(_ context.Context, key string, _ json.RawMessage) error {
	b.cfg.Log.Info("event without a handler", "key", key)
	return nil
}
