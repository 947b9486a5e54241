package bot

import (
	"context"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

const (
	// pingAfter is how long an asker surely still looks at the channel; whose
	// answer takes longer is called back, once.
	pingAfter = 20 * time.Second
	// sharersKept bounds the names that are kept of one shared answer.
	sharersKept = 20
)

// share notes that two hunts get one answer, so that both messages name both
// askers. It is a courtesy: without it the answers are the same.
func (b *Bot) share(ctx context.Context, h hunts.Hunt, with string) {
	other, ok, err := b.cfg.Store.Hunt(ctx, with)
	if err != nil || !ok {
		return // a hunt of the terminal, or one that is no longer kept
	}
	for _, pair := range [][2]hunts.Hunt{{h, other}, {other, h}} {
		if err := b.addSharer(ctx, pair[0].ID, pair[1].Asker.User); err != nil {
			b.cfg.Log.InfoContext(ctx, "sharing not noted", "hunt", pair[0].ID, "error", err)
		}
	}
}

func (b *Bot) addSharer(ctx context.Context, huntID, user string) error {
	_, err := b.cfg.Documents.Sharers.Change(ctx, huntID, func(users *[]string) error {
		if !slices.Contains(*users, user) && len(*users) < sharersKept {
			*users = append(*users, user)
		}
		return nil
	})
	return err
}

// sharers are the others who got the answer of this hunt.
func (b *Bot) sharers(ctx context.Context, h hunts.Hunt) []string {
	users, _, err := b.cfg.Documents.Sharers.Get(ctx, h.ID)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(users, func(u string) bool { return u == h.Asker.User })
}

// callBack mentions the asker when the answer took so long that nobody waits in
// front of it any more, and each of those who shared one search: an edit rings no
// bell.
func (b *Bot) callBack(ctx context.Context, h hunts.Hunt, a hunts.Answer, thread outbox.Place) error {
	if b.cfg.Clock().Sub(h.Created) < pingAfter && len(b.sharers(ctx, h)) == 0 {
		return nil
	}
	h, a = b.policy.Shown(h, thread.Channel, a)
	_, err := b.out.Post(ctx, "ping:"+h.ID, thread, func(v message.View) message.Message { return message.Called(h, a, v) })
	return err
}
