package watch

import (
	"context"
	"fmt"
	"slices"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

// recheck searches an answer again and tells what changed. still is true when nothing
// could be told of it, now as before.
func (k *Keeper) recheck(ctx context.Context, p warranty.Promise, s sight, found []hunts.Arrival, mark string) (still bool, err error) {
	h, ok, err := k.cfg.Hunts.Hunt(ctx, p.Hunt)
	if err != nil {
		return false, err
	}
	if !ok || h.State == hunts.Unsaid {
		return false, k.Drop(ctx, p.Hunt)
	}
	late := append(slices.Clone(p.Late), found...)
	again := h
	again.Window = hunts.Window{From: p.From, To: p.To}
	a, err := k.cfg.Runner.Recheck(ctx, again)
	switch kind := hunts.KindOf(err); {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case kind == hunts.KindNotAllowed: // a policy that changed may change back
		k.cfg.Log.InfoContext(ctx, "an answer may not be searched again in its channel", "hunt", p.Hunt, "error", err)
		return true, k.changePromise(ctx, p.Hunt, func(p *warranty.Promise) { p.Note(s.scope, mark); p.Retry(late, s.began) })
	case kind == hunts.KindRefused: // its hunt left the catalogue
		return false, k.Drop(ctx, p.Hunt)
	case err != nil:
		return false, err
	}
	change, changed, unsure := p.Judge(a, late, k.cfg.Clock())
	if !changed {
		still = unsure || p.Told.Verdict == hunts.CouldNotTell
		return still, k.changePromise(ctx, p.Hunt, func(p *warranty.Promise) {
			p.Note(s.scope, mark)
			if still {
				p.Retry(late, s.began)
			} else {
				p.Settled()
			}
		})
	}
	if err := k.cfg.Runner.Correct(ctx, h, a); err != nil {
		return false, err
	}
	err = k.changePromise(ctx, p.Hunt, func(p *warranty.Promise) {
		p.Note(s.scope, mark)
		p.Change = &change
	})
	if err != nil {
		return false, err
	}
	_, err = k.tell(ctx, p.Hunt)
	return false, err
}

// tell changes the message of an answer whose truth changed, and tells its asker. Each
// step may be done again. It gives the promise as it is then.
func (k *Keeper) tell(ctx context.Context, huntID string) (warranty.Promise, error) {
	var p warranty.Promise
	err := k.cfg.Book.ChangePromise(ctx, huntID, func(stored *warranty.Promise) error { p = *stored; return nil })
	if err != nil || p.Change == nil {
		return p, err
	}
	h, ok, err := k.cfg.Hunts.Hunt(ctx, huntID)
	if err != nil {
		return p, err
	}
	a, answered, err := k.cfg.Hunts.Answer(ctx, huntID)
	if err != nil {
		return p, err
	}
	if !ok || !answered || h.State == hunts.Unsaid {
		return warranty.Promise{}, k.Drop(ctx, huntID)
	}
	c := *p.Change
	r := hunts.Recall{Hunt: huntID, From: c.From, To: a.Verdict, Devices: c.Devices, Events: c.Events, First: c.First, Last: c.Last, Found: c.Found}
	to, note, err := k.cfg.Desk.Repaint(ctx, h, a, r)
	if err != nil {
		return p, fmt.Errorf("changing the message of %s: %w", huntID, err)
	}
	if c.Rings && !p.Quiet {
		if err := k.tellAsker(ctx, h, a, r, c.N, to, note); err != nil {
			return p, err
		}
	}
	err = k.changePromise(ctx, huntID, func(stored *warranty.Promise) {
		if stored.Change == nil || stored.Change.N != c.N {
			return // another replica was here
		}
		if stored.Settle(a) {
			*stored = warranty.Promise{}
		}
		p = *stored
	})
	if err == nil {
		k.cfg.Recalled(c)
		k.cfg.Log.InfoContext(ctx, "an answer changed", "hunt", huntID, "from", string(c.From), "to", string(a.Verdict), "late", c.Late().String())
	}
	return p, err
}

// tellAsker posts once that an answer changed: in the thread, or directly where that
// has no place any more.
func (k *Keeper) tellAsker(ctx context.Context, h hunts.Hunt, a hunts.Answer, r hunts.Recall, n int, to outbox.Place, note string) error {
	render := func(channel, note string) outbox.Render {
		seen, shown := k.cfg.Policy.Shown(h, channel, a)
		return func(v message.View) message.Message {
			v.ChannelNote = note
			return message.Recalled(seen, shown, r, v)
		}
	}
	to.Hunt = h.ID
	_, err := k.cfg.Out.Post(ctx, fmt.Sprintf("recall:%s:%d", h.ID, n), to, render(to.Channel, note))
	why := outbox.WhyElsewhere(err)
	if why == "" || to.Channel == h.Asker.User {
		return k.hopeless(ctx, h.ID, err)
	}
	_, err = k.cfg.Out.Post(ctx, fmt.Sprintf("recall:direct:%s:%d", h.ID, n), outbox.Place{Channel: h.Asker.User, Hunt: h.ID}, render(h.Asker.Channel, why))
	return k.hopeless(ctx, h.ID, err)
}

// hopeless passes an error on, unless Slack refused for good where nothing plainer is
// left: trying again changes nothing.
func (k *Keeper) hopeless(ctx context.Context, huntID string, err error) error {
	if code := outbox.Code(err); code != "" {
		k.cfg.Log.WarnContext(ctx, "nobody could be told of a change", "hunt", huntID, "error", code)
		return nil
	}
	return err
}
