package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/watchlist"
	"github.com/footprint-soc/footprint/hunts"
)

// ringing begins a watch on a hunt and says so; empty where nothing rings.
func (b *Bot) ringing(ctx context.Context, f follow, forHow time.Duration) (string, error) {
	if !message.Rings(f.hunt) {
		return "", nil
	}
	a, ok, err := b.cfg.Store.Answer(ctx, f.hunt.ID)
	if err != nil || !ok {
		return "", err
	}
	_, every, err := b.watch.Watch(ctx, f.hunt, a, f.asker, forHow)
	if err != nil || every == 0 {
		return "", err
	}
	return fmt.Sprintf(" I look every %s as well, and ping you here at the first new device.", hunts.Spell(every)), nil
}

// watchActive lists the watches of a channel.
func (b *Bot) watchActive(ctx context.Context, c inbound.Command) (string, error) {
	list, every, err := b.watch.Active(ctx, c.Channel)
	if err != nil {
		return "", err
	}
	return message.Watches(list, every), nil
}

// watchEnd ends a watch, as whoever may watch in its channel can.
func (b *Bot) watchEnd(ctx context.Context, c inbound.Command, text string) (string, error) {
	id := strings.ToUpper(strings.Trim(strings.TrimSpace(text), "`*"))
	w, ok, err := b.watch.Of(ctx, id)
	if err != nil {
		return "", err
	}
	none := "There is no watch on that hunt; `watch active` lists them."
	if !ok {
		return none, nil
	}
	who := c.Asker()
	who.Channel = w.Place
	if err := b.policy.Authorize(ctx, who, hunts.Action{Name: "watch-end", Right: hunts.MayWatch, HuntID: id, What: "end " + id}); err != nil {
		return "", watchlist.InChannel(err, w.Place, c.Channel)
	}
	if ok, err = b.watch.End(ctx, id, c.User); err != nil || !ok {
		return none, err
	}
	return "The watch on " + id + " is ended.", nil
}
