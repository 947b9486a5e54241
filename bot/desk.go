package bot

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// desk is what ledgers and watches have done with one hunt.
type desk struct{ *Bot }

// Ask begins a hunt where it is asked for.
func (d desk) Ask(ctx context.Context, key string, req request.Request, who hunts.Asker) (hunts.Hunt, hunts.Post, error) {
	h, err := d.Bot.huntFor(ctx, key, req, who, nil)
	if err != nil {
		return h, hunts.Post{}, err
	}
	if err := d.Bot.start(ctx, h, ""); err != nil {
		return h, hunts.Post{}, err
	}
	p, _, err := d.Bot.cfg.Store.LoadPost(ctx, parentKey(h.ID))
	return h, p, err
}

// Events are all that an answer counts.
func (d desk) Events(ctx context.Context, h hunts.Hunt, who hunts.Asker, a hunts.Answer) (hunts.EventList, error) {
	return follow{bot: d.Bot, hunt: h, asker: who}.events(ctx, a)
}

// ShowForm opens a form for who acts.
func (d desk) ShowForm(ctx context.Context, i inbound.Interaction, form slack.ModalViewRequest) error {
	return d.Bot.opener(ctx, i).open(ctx, form)
}
