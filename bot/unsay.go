package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
)

func shownKey(huntID string) string { return "shown:" + huntID }

// noteShown remembers, before a follow-up is sent, that it belongs to a hunt. What
// every hunt sends needs no note: its keys are known.
func (b *Bot) noteShown(ctx context.Context, huntID, key string) error {
	if huntID == "" {
		return nil
	}
	return b.cfg.Store.ChangeJSON(ctx, shownKey(huntID), b.cfg.Keep, func(stored json.RawMessage) (json.RawMessage, error) {
		var keys []string
		if stored != nil {
			if err := json.Unmarshal(stored, &keys); err != nil {
				return nil, fmt.Errorf("the follow-ups of %s: %w", huntID, err)
			}
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		return json.Marshal(keys)
	})
}

// sent are the keys of everything that a hunt and its follow-ups may have put
// into Slack; its own message comes last, so that a removal that is cut short can
// be pressed again.
func (b *Bot) sent(ctx context.Context, huntID string) ([]string, error) {
	var keys []string
	if _, err := b.cfg.Store.GetJSON(ctx, shownKey(huntID), &keys); err != nil {
		return nil, err
	}
	keys = append(keys, fileKey(huntID, huntID+".csv"), fileKey(huntID, huntID+".kql"), "ping:"+huntID, "direct:"+huntID)
	for i := range maxDetails {
		keys = append(keys, detailsKey(huntID, i))
	}
	return append(keys, parentKey(huntID)), nil
}

// unsay takes back what a hunt showed: messages, files, and every row that is
// kept of it. That it was shown stays in the audit. Each step may be done again.
func (f follow) unsay(ctx context.Context) error {
	b, h := f.bot, f.hunt
	switch {
	case f.asker.User != h.Asker.User:
		return f.whisper(ctx, "Only who asked for a hunt may remove it.")
	case h.State != hunts.Answered && h.State != hunts.Unsaid:
		return f.whisper(ctx, h.ID+" is still being answered; remove it when its thread is complete.")
	}
	if h.State != hunts.Unsaid {
		entry := hunts.AuditEntry{Time: b.cfg.Clock().UTC(), Action: "unsay", HuntID: h.ID, User: f.asker.User, Team: f.asker.Team, Channel: f.asker.Channel}
		if err := b.cfg.Store.Audit(ctx, entry); err != nil {
			return err
		}
		h.State = hunts.Unsaid // a job that comes again must not show it again
		if err := b.cfg.Store.SaveHunt(ctx, h); err != nil {
			return err
		}
	}
	if err := b.forget(ctx, h); err != nil {
		return err
	}
	keys, err := b.sent(ctx, h.ID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := b.takeBack(ctx, key); err != nil {
			return fmt.Errorf("removing %s: %w", key, err)
		}
	}
	return b.whisper(ctx, f.asker.Channel, f.asker.User, f.responseURL, message.Said(h.ID+" is removed: its messages, its files and its rows. The audit keeps that it was shown.", b.view()))
}

// forget drops what is kept of a hunt, and what is told to whoever asks the same.
func (b *Bot) forget(ctx context.Context, h hunts.Hunt) error {
	a, ok, err := b.cfg.Store.Answer(ctx, h.ID)
	if err != nil {
		return err
	}
	var m met
	if last, err := b.cfg.Store.GetJSON(ctx, metKey(h.Request), &m); err != nil {
		return err
	} else if last && m.Hunt == h.ID {
		if err := b.cfg.Store.Delete(ctx, metKey(h.Request)); err != nil {
			return err
		}
	}
	if !ok {
		return nil
	}
	return b.cfg.Runner.Forget(ctx, h, a)
}

// takeBack removes one message or file, if it was sent.
func (b *Bot) takeBack(ctx context.Context, key string) error {
	p, ok, err := b.cfg.Store.LoadPost(ctx, key)
	if err != nil || !ok || p.TS == "" {
		return err
	}
	err = b.call(ctx, removals, func() error {
		if strings.HasPrefix(key, fileKeys) {
			return b.api.DeleteFileContext(ctx, p.TS)
		}
		_, _, err := b.api.DeleteMessageContext(ctx, p.Channel, p.TS)
		return err
	})
	if missing(err) {
		return nil
	}
	return err
}

// missing tells that what should be removed is gone already.
func missing(err error) bool {
	var answer slack.SlackErrorResponse
	return errors.As(err, &answer) && (answer.Err == "message_not_found" || answer.Err == "file_not_found" || answer.Err == "file_deleted" || answer.Err == "channel_not_found")
}
