package watch

import (
	"context"
	"fmt"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

// watched does what a look means for one watch: it searches when something came in,
// rings for a new device, and ends what is over with a word. failed says why the look
// was not whole.
func (k *Keeper) watched(ctx context.Context, s sight, w warranty.Watch, failed string) error {
	found, mark, news := w.Touched(s.scope, s.came, s.began)
	if news || w.Doubt {
		gone, err := k.searchWatch(ctx, s, w, found, mark)
		if err != nil || gone {
			return err
		}
	} else if _, taken := w.Seen[s.scope]; s.whole && !taken {
		if err := k.changeWatch(ctx, w.Hunt, func(w *warranty.Watch) { w.Note(s.scope, mark) }); err != nil {
			return err
		}
	}
	if w.Over(s.began) {
		return k.endWatch(ctx, w.Hunt, failed)
	}
	return nil
}

func (k *Keeper) changeWatch(ctx context.Context, huntID string, change func(*warranty.Watch)) error {
	return k.cfg.Book.ChangeWatch(ctx, huntID, func(w *warranty.Watch) error {
		if w.Hunt != "" {
			change(w)
		}
		return nil
	})
}

// searchWatch finds out whether what came in is a new device. gone tells that the
// watch has no hunt any more.
func (k *Keeper) searchWatch(ctx context.Context, s sight, w warranty.Watch, found []hunts.Arrival, mark string) (gone bool, err error) {
	h, ok, err := k.cfg.Hunts.Hunt(ctx, w.Hunt)
	if err != nil {
		return false, err
	}
	if !ok || h.State == hunts.Unsaid {
		return true, k.Drop(ctx, w.Hunt)
	}
	h.Window = hunts.Window{From: w.From, To: s.began}
	h.Asker.User, h.Asker.Name, h.Asker.Team = w.By.User, w.By.Name, w.By.Team // in whose name it is looked for
	a, err := k.cfg.Runner.Recheck(ctx, h)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case hunts.KindOf(err) == hunts.KindNotAllowed, hunts.KindOf(err) == hunts.KindRefused:
		k.cfg.Log.InfoContext(ctx, "a watch may not be looked at in its channel", "hunt", w.Hunt, "error", err)
		return false, k.changeWatch(ctx, w.Hunt, func(w *warranty.Watch) { w.Note(s.scope, mark); w.Doubt = true })
	case err != nil:
		return false, err
	}
	fresh := 0
	err = k.changeWatch(ctx, w.Hunt, func(w *warranty.Watch) {
		fresh = w.Take(a, found)
		w.Note(s.scope, mark)
		w.Doubt = fresh == 0 && a.Verdict == hunts.CouldNotTell && !hunts.AllDone(a.Coverage.Slices)
	})
	if err != nil || fresh == 0 {
		return false, err
	}
	return false, k.ring(ctx, w.Hunt)
}

// ring tells of the new devices of a watch: of the first by a message that pings, of
// all others by changing it.
func (k *Keeper) ring(ctx context.Context, huntID string) error {
	w, h, ok, err := k.watchOf(ctx, huntID)
	if err != nil || !ok || w.Rang == nil || w.Told >= len(w.Fresh) {
		return err
	}
	r := message.Ring{
		Hunt: huntID, Indicator: w.Rang.Indicator, Type: w.Rang.Type, Device: w.Rang.Device, Account: w.Rang.Account, Process: w.Rang.Process, Parent: w.Rang.Parent,
		Outcome: w.Rang.Outcome, At: w.Rang.At, Devices: w.Fresh, Asker: hunts.Asker{User: w.By.User, Name: w.By.Name}, Until: w.Until,
	}
	post, err := k.post(ctx, fmt.Sprintf("ring:%s:%d", huntID, w.Began.Unix()), h, w, func(channel string) outbox.Render {
		shown := policy.Redact(k.cfg.Policy.Redaction(h.Asker.Channel, channel), r)
		shown.Asker = r.Asker
		return func(v message.View) message.Message { return message.Rang(shown, v) }
	})
	if err != nil {
		return err
	}
	if len(w.Fresh) > 1 && post.TS != "" {
		shown := policy.Redact(k.cfg.Policy.Redaction(h.Asker.Channel, post.Channel), r)
		shown.Asker = r.Asker
		if err := k.cfg.Out.Edit(ctx, post, func(v message.View) message.Message { return message.Rang(shown, v) }); err != nil && outbox.Code(err) == "" {
			return err
		}
	}
	return k.changeWatch(ctx, huntID, func(stored *warranty.Watch) { stored.Told = max(stored.Told, len(w.Fresh)) })
}

// endWatch says what came of a watch, once, and forgets it.
func (k *Keeper) endWatch(ctx context.Context, huntID, failed string) error {
	w, h, ok, err := k.watchOf(ctx, huntID)
	if err != nil || !ok {
		return err
	}
	o := message.WatchOver{Hunt: huntID, Length: w.Until.Sub(w.Began), Devices: w.Fresh, EndedBy: w.Ended, Unlooked: failed}
	_, err = k.post(ctx, fmt.Sprintf("watch-over:%s:%d", huntID, w.Began.Unix()), h, w, func(channel string) outbox.Render {
		shown := policy.Redact(k.cfg.Policy.Redaction(h.Asker.Channel, channel), o)
		shown.EndedBy = o.EndedBy
		return func(v message.View) message.Message { return message.WatchEnded(shown, v) }
	})
	if err != nil {
		return err
	}
	return k.cfg.Book.ChangeWatch(ctx, huntID, func(stored *warranty.Watch) error {
		if stored.Began.Equal(w.Began) {
			*stored = warranty.Watch{}
		}
		return nil
	})
}

// watchOf reads a watch and its hunt; false when nobody may be told any more.
func (k *Keeper) watchOf(ctx context.Context, huntID string) (w warranty.Watch, h hunts.Hunt, ok bool, err error) {
	err = k.cfg.Book.ChangeWatch(ctx, huntID, func(stored *warranty.Watch) error { w = *stored; return nil })
	if err != nil || w.Hunt == "" {
		return w, h, false, err
	}
	if h, ok, err = k.cfg.Hunts.Hunt(ctx, huntID); err != nil {
		return w, h, false, err
	}
	if !ok || h.State == hunts.Unsaid {
		return w, h, false, k.Drop(ctx, huntID)
	}
	return w, h, true, nil
}

// post puts something into the thread of a watched hunt, once; where it has no place
// any more, directly to who watches.
func (k *Keeper) post(ctx context.Context, key string, h hunts.Hunt, w warranty.Watch, render func(channel string) outbox.Render) (hunts.Post, error) {
	to, err := k.cfg.Desk.Thread(ctx, h)
	if err != nil {
		return hunts.Post{}, err
	}
	to.Hunt = h.ID
	p, err := k.cfg.Out.Post(ctx, key, to, render(to.Channel))
	if outbox.WhyElsewhere(err) == "" {
		return p, err
	}
	p, err = k.cfg.Out.Post(ctx, key+":direct", outbox.Place{Channel: w.By.User, Hunt: h.ID}, render(h.Asker.Channel))
	return p, k.hopeless(ctx, h.ID, err)
}
