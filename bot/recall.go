package bot

import (
	"context"
	"fmt"

	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

// Thread is where a hunt is spoken of: below its message, or in the thread whose ledger
// it belongs to, or with who asked.
func (d desk) Thread(ctx context.Context, h hunts.Hunt) (outbox.Place, error) {
	parent, ok, err := d.cfg.Store.LoadPost(ctx, parentKey(h.ID))
	switch {
	case err != nil:
		return outbox.Place{}, err
	case ok && parent.TS != "":
		return outbox.Place{Channel: parent.Channel, Thread: rootOf(h, parent)}, nil
	case !ok && h.Asker.ThreadTS != "":
		return outbox.Place{Channel: h.Asker.Channel, Thread: h.Asker.ThreadTS}, nil
	}
	return outbox.Place{Channel: h.Asker.User}, nil
}

// Repaint writes a changed answer into its message, and into ledger, memory and audit.
func (d desk) Repaint(ctx context.Context, h hunts.Hunt, a hunts.Answer, r hunts.Recall) (outbox.Place, string, error) {
	b := d.Bot
	if err := b.cfg.Documents.Recalls.Put(ctx, h.ID, r); err != nil {
		return outbox.Place{}, "", err
	}
	if err := b.ledger.Recall(ctx, h, a, r); err != nil {
		return outbox.Place{}, "", err
	}
	if err := b.recallEarlier(ctx, h, a); err != nil {
		return outbox.Place{}, "", err
	}
	to, err := d.Thread(ctx, h)
	if err != nil {
		return to, "", err
	}
	note := ""
	parent, posted, err := b.cfg.Store.LoadPost(ctx, parentKey(h.ID))
	if err != nil {
		return to, "", err
	}
	if posted && parent.TS != "" {
		err := b.paintAnswer(ctx, h, a, parent)
		switch {
		case outbox.Gone(err):
			to, note = outbox.Place{Channel: h.Asker.User}, outbox.WhyElsewhere(err)
		case err != nil && outbox.Code(err) == "":
			return to, "", err
		}
	}
	change := fmt.Sprintf("%s, was %s", r.To, r.From)
	return to, note, b.policy.Note(ctx, h.Asker, hunts.Action{Name: "recall", HuntID: h.ID, What: change, Outcome: string(a.Verdict), Rows: r.Events, ShownTo: to.Channel})
}

// recallEarlier corrects what is remembered of a hunt, unless a later one took its
// place.
func (b *Bot) recallEarlier(ctx context.Context, h hunts.Hunt, a hunts.Answer) error {
	known, err := b.cfg.Documents.Earlier.All(ctx, h.EarlierKeys()...)
	if err != nil {
		return err
	}
	fresh := h.Remembered(a, b.cfg.Clock())
	for key, e := range fresh {
		had, ok := known[key]
		if !ok || had.Hunt != h.ID {
			delete(fresh, key)
			continue
		}
		e.At = had.At
		fresh[key] = e
	}
	if len(fresh) == 0 {
		return nil
	}
	return b.cfg.Documents.Earlier.PutAll(ctx, fresh)
}
