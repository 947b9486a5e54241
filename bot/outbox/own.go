package outbox

import (
	"context"

	"github.com/slack-go/slack"
)

// findOwn looks for a message of ours by its metadata, before it is sent a
// second time.
func (o *Outbox) findOwn(ctx context.Context, to Place, key string) (string, bool, error) {
	messages, err := o.recent(ctx, to)
	for _, m := range messages {
		if m.Metadata.EventType == metadataType && m.Metadata.EventPayload["key"] == key {
			return m.Timestamp, true, nil
		}
	}
	return "", false, err
}

// findOwnFile looks for a file of ours by its name, which has the hunt's id in
// it: a file carries no metadata.
func (o *Outbox) findOwnFile(ctx context.Context, to Place, name string) (string, bool, error) {
	messages, err := o.recent(ctx, to)
	for _, m := range messages {
		for _, f := range m.Files {
			if f.Name == name && m.User == o.cfg.Self {
				return f.ID, true, nil
			}
		}
	}
	return "", false, err
}

// recent reads where a message of ours would be. Without the scope to read
// history it gives nothing, and then twice is better than lost; any other failure
// is an error, and worth a try.
func (o *Outbox) recent(ctx context.Context, to Place) ([]slack.Message, error) {
	var messages []slack.Message
	var err error
	if to.Thread != "" {
		messages, _, _, err = o.cfg.API.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: to.Channel, Timestamp: to.Thread, Limit: 200, IncludeAllMetadata: true})
	} else {
		var history *slack.GetConversationHistoryResponse
		history, err = o.cfg.API.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: to.Channel, Limit: 100, IncludeAllMetadata: true})
		if err == nil {
			messages = history.Messages
		}
	}
	if code := Code(err); code != "" {
		o.cfg.Log.InfoContext(ctx, "own messages can't be looked for, sending again", "channel", to.Channel, "error", code)
		return nil, nil
	}
	return messages, err
}
