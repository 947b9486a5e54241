package bot

import (
	"context"
	"fmt"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

// sent are the keys of everything that a hunt and its follow-ups may have put
// into Slack; its own message comes last, so that a removal that is cut short can
// be pressed again.
func (b *Bot) sent(ctx context.Context, huntID string) ([]string, error) {
	keys, err := b.cfg.Store.Shown(ctx, huntID)
	if err != nil {
		return nil, err
	}
	keys = append(keys, outbox.FileKey(huntID, huntID+".csv"), outbox.FileKey(huntID, huntID+".kql"), "ping:"+huntID, "direct:"+huntID, answerKey(huntID))
	for i := range maxDetails {
		keys = append(keys, detailsKey(huntID, i))
	}
	return append(keys, parentKey(huntID)), nil
}

// unsay takes back what a hunt showed: messages, files, and every row that is
// kept of it. That it was shown stays in the audit. Each step may be done again. Who is
// not sure yet is asked first.
func (f follow) unsay(ctx context.Context, sure bool) error {
	b, h := f.bot, f.hunt
	switch {
	case f.asker.User != h.Asker.User:
		return f.whisper(ctx, "Only the person who asked for a hunt may remove it.")
	case h.State != hunts.Answered && h.State != hunts.Unsaid:
		return f.whisper(ctx, h.ID+" is still being answered. Remove it when its thread is complete.")
	}
	if !sure {
		return b.out.Whisper(ctx, f.asker.Channel, f.asker.User, f.responseURL, message.ConfirmRemoval(h, b.view()))
	}
	if h.State != hunts.Unsaid {
		if err := b.policy.Note(ctx, f.asker, hunts.Action{Name: "unsay", HuntID: h.ID}); err != nil {
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
		if err := b.out.Withdraw(ctx, key); err != nil {
			return fmt.Errorf("removing %s: %w", key, err)
		}
	}
	return b.out.Whisper(ctx, f.asker.Channel, f.asker.User, f.responseURL, message.Said(h.ID+" is withdrawn: its messages, files and rows are gone. The audit log keeps a record that it was shown.", b.view()))
}

// forget drops what is kept of a hunt, and what is told to whoever asks the same.
func (b *Bot) forget(ctx context.Context, h hunts.Hunt) error {
	a, ok, err := b.cfg.Store.Answer(ctx, h.ID)
	if err != nil {
		return err
	}
	if err := b.watch.Drop(ctx, h.ID); err != nil {
		return err
	}
	if err := b.forgetMet(ctx, h); err != nil {
		return err
	}
	if !ok {
		return nil
	}
	return b.cfg.Runner.Forget(ctx, h, a)
}
