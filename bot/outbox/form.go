package outbox

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
)

// forms are tried in this order: what a workspace or client refuses falls back
// to the next plainer one.
var forms = []message.Form{message.DataTable, message.Table, message.PlainText}

// options are what every message of ours is sent with: nothing is linked,
// nothing unfurls.
func options(m message.Message) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), // escaped by the renderer
		slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
}

// inForms falls back to a plainer form when Slack refuses the blocks. When it
// refuses every form, its beginning is sent, and cut is the whole text, for a file.
func (o *Outbox) inForms(ctx context.Context, l Lane, render Render, send func(message.Message) error) (cut string, err error) {
	var m message.Message
	for _, form := range forms {
		m = render(message.View{Now: o.cfg.Clock(), Form: form})
		err = o.Call(ctx, l, func() error { return send(m) })
		if !blocksRefused(err) {
			return "", err
		}
		var answer slack.SlackErrorResponse
		errors.As(err, &answer)
		o.cfg.Log.WarnContext(ctx, "message refused, falling back to a plainer form", "error", answer.Err, "detail", answer.ResponseMetadata.Messages, "form", int(form))
	}
	if err = o.Call(ctx, l, func() error { return send(message.Beginning(m)) }); err != nil {
		return "", err
	}
	return m.Text, nil
}

func blocksRefused(err error) bool {
	switch Code(err) {
	case "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "msg_blocks_too_many":
		return true
	}
	return false
}
