package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// JobLedger hunts what a thread's ledger has not hunted yet, and keeps its one
// message right.
const JobLedger = "ledger"

func (b *Bot) queueLedger(ctx context.Context, key, channel, thread string) error {
	data, err := json.Marshal(modalPlace{Channel: channel, Thread: thread})
	if err != nil {
		return fmt.Errorf("encoding a ledger job: %w", err)
	}
	_, err = b.cfg.Store.Push(ctx, LaneInteractive, JobLedger, "ledger:"+channel+":"+thread+":"+key, data)
	return err
}

// handleLedger does one round of a ledger. It may be called again after a crash
// at any point; rounds of one thread follow each other.
func (b *Bot) handleLedger(ctx context.Context, payload []byte) error {
	var at modalPlace
	if err := json.Unmarshal(payload, &at); err != nil {
		b.cfg.Log.ErrorContext(ctx, "ledger job dropped, it is not ours", "error", err)
		return nil
	}
	err := hunts.WithLock(ctx, b.cfg.Store, b.cfg.Replica, ledgerKey(at.Channel, at.Thread), func(ctx context.Context) error { return b.round(ctx, at.Channel, at.Thread) })
	if outbox.WhyElsewhere(err) == "" {
		return err
	}
	// the thread, the channel or our place in it is gone: nobody waits any more
	b.cfg.Log.InfoContext(ctx, "ledger ends, its place is gone", "channel", at.Channel, "thread", at.Thread, "error", err)
	if outbox.NoMember(err) {
		if err := b.leave(ctx, at.Channel); err != nil {
			return err
		}
	}
	_, err = b.change(ctx, at.Channel, at.Thread, func(l *incident.Ledger) error {
		l.Abandon()
		return nil
	})
	return err
}

// round hunts what waits, paints, and tells the news.
func (b *Bot) round(ctx context.Context, channel, thread string) error {
	now := b.cfg.Clock().UTC()
	var batch []hunts.Hunt
	l, err := b.change(ctx, channel, thread, func(l *incident.Ledger) error {
		batch = l.Due(b.rules(), now)
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.paintLedger(ctx, l); err != nil {
		return err
	}
	if at := l.Next(b.rules()); at.After(now) {
		if err := b.wakeLedger(ctx, channel, thread, at); err != nil {
			return err
		}
	}
	if len(batch) == 0 {
		return b.tellNews(ctx, l)
	}
	if l, err = b.huntLedger(ctx, l, batch); err != nil {
		return err
	}
	if err := b.paintLedger(ctx, l); err != nil {
		return err
	}
	if err := b.foldLedger(ctx, l); err != nil {
		return err
	}
	return b.tellNews(ctx, l)
}

// huntLedger hunts a batch by one triage, and notes what came of it.
func (b *Bot) huntLedger(ctx context.Context, l incident.Ledger, batch []hunts.Hunt) (incident.Ledger, error) {
	prepared, refused, err := b.prepareBatch(ctx, l, batch)
	if err != nil {
		return l, err
	}
	var answers []hunts.Answer
	if len(prepared) > 0 {
		answers, err = b.cfg.Runner.Triage(ctx, prepared, nil)
		var e *hunts.Error
		if errors.As(err, &e) && ctx.Err() == nil && e.Kind != hunts.KindUnavailable {
			for _, h := range prepared {
				refused[h.Request.Indicators()[0]] = e.Say
			}
			prepared, answers = nil, nil
		} else if err != nil {
			return l, err
		}
	}
	if ctx.Err() != nil {
		return l, ctx.Err() // stopping: another replica takes over
	}
	for n := range prepared {
		prepared[n].State, prepared[n].Finished = hunts.Answered, b.cfg.Clock().UTC()
		if err := b.cfg.Store.SaveHunt(ctx, prepared[n]); err != nil {
			return l, err
		}
		if err := b.watch.Keep(ctx, prepared[n], answers[n]); err != nil {
			return l, err
		}
		if err := b.policy.Note(ctx, prepared[n].Asker, prepared[n].ShownTo(answers[n], l.Channel)); err != nil {
			return l, err
		}
		if err := b.remember(ctx, prepared[n], answers[n]); err != nil {
			b.cfg.Log.InfoContext(ctx, "hunt not remembered", "hunt", prepared[n].ID, "error", err)
		}
	}
	return b.change(ctx, l.Channel, l.Thread, func(l *incident.Ledger) error {
		var fresh []incident.NewsLine
		for n := range l.Lines {
			x := &l.Lines[n]
			if say, ok := refused[x.Indicator]; ok && x.State == incident.Running {
				x.State, x.Verdict, x.Why, x.Fresh = incident.Done, hunts.CouldNotTell, say, false
				continue
			}
			k := slices.IndexFunc(prepared, func(h hunts.Hunt) bool { return h.Request.Indicators()[0] == x.Indicator })
			if k < 0 || k >= len(answers) {
				continue
			}
			l.Covered, l.LookBack, l.Source = answers[k].Coverage, prepared[k].Window.Text(), answers[k].Source.Workspace
			x.On = message.LeadDevices(answers[k])
			if line, ok := x.Answered(prepared[k], answers[k]); ok {
				fresh = append(fresh, line)
			}
		}
		if len(fresh) > 0 {
			l.News = append(l.News, incident.News{ID: l.Rounds, Lines: fresh})
		}
		return nil
	})
}

// prepareBatch makes the records of the hunts, as policy lets them be. A round is one
// search of each who named something in it.
func (b *Bot) prepareBatch(ctx context.Context, l incident.Ledger, batch []hunts.Hunt) ([]hunts.Hunt, map[indicator.Indicator]string, error) {
	var out []hunts.Hunt
	refused := map[indicator.Indicator]string{}
	once := ""
	for _, h := range batch {
		id, err := b.cfg.Store.NewHuntID(ctx)
		if err != nil {
			return nil, nil, err
		}
		bounds := b.policy.Bounds(ctx, h.Asker, false)
		if len(h.Request.Workspaces) == 0 && len(bounds.Workspaces) > 0 {
			h.Request.Workspaces = bounds.Workspaces[:1]
		}
		made, err := b.cfg.Runner.Prepare(id, h.Request, h.Asker)
		if err == nil && bounds.Back > 0 && made.Window.Ago > bounds.Back {
			h.Request.Since = bounds.Back
			made, err = b.cfg.Runner.Prepare(id, h.Request, h.Asker)
		}
		if err != nil {
			return nil, nil, err
		}
		if once == "" {
			once = id
		}
		action := b.huntAction(made)
		action.Search.Size, action.Search.Once = len(batch), once
		approval, err := b.policy.Foresee(ctx, made.Asker, action)
		say := ""
		switch {
		case hunts.KindOf(err) == hunts.KindNotAllowed:
			say = hunts.Sentence(err)
		case err != nil:
			return nil, nil, err
		case approval != "":
			say = "a hunt of this size needs a second person's approval: ask for it with /footprint"
		}
		if say != "" {
			refused[h.Request.Indicators()[0]] = say
			if len(out) == 0 {
				once = "" // the round is counted by the first hunt that is made
			}
			continue
		}
		out = append(out, made)
	}
	return out, refused, nil
}

// paintLedger posts the ledger once, and edits it from then on. One that
// somebody deleted is posted again.
func (b *Bot) paintLedger(ctx context.Context, l incident.Ledger) error {
	if l.Unremarkable() {
		if _, posted, err := b.cfg.Store.LoadPost(ctx, ledgerKey(l.Channel, l.Thread)); err != nil || !posted {
			return err
		}
	}
	view := b.ledgerView(ctx, l)
	render := func(v message.View) message.Message { return message.Ledger(view, v) }
	key, to := ledgerKey(l.Channel, l.Thread), outbox.Place{Channel: l.Channel, Thread: l.Thread}
	p, err := b.out.Post(ctx, key, to, render)
	if err != nil {
		return fmt.Errorf("posting a ledger: %w", err)
	}
	err = b.out.Edit(ctx, p, render)
	if !outbox.MessageGone(err) {
		return err
	}
	if err := b.cfg.Store.DropPost(ctx, key); err != nil {
		return err
	}
	_, err = b.out.Post(ctx, key, to, render)
	return err
}

// wakeLedger has a ledger looked at again when its cool-down is over.
func (b *Bot) wakeLedger(ctx context.Context, channel, thread string, at time.Time) error {
	return b.cfg.Threads.Wakes.Put(ctx, map[string]incident.Wake{channel + ":" + thread: {Channel: channel, Thread: thread, At: at}})
}

// wakeLedgers queues the rounds whose cool-down is over. Every replica does so;
// a round is queued once, since its key is remembered.
func (b *Bot) wakeLedgers(ctx context.Context) error {
	list, over, err := b.cfg.Threads.Wakes.All(ctx)
	if err != nil {
		return err
	}
	now := b.cfg.Clock()
	for key, w := range list {
		if w.At.After(now) {
			continue
		}
		if err := b.queueLedger(ctx, "wake:"+w.At.UTC().Format(time.RFC3339Nano), w.Channel, w.Thread); err != nil {
			return err
		}
		over = append(over, key)
	}
	return b.cfg.Threads.Wakes.Drop(ctx, over...)
}
