package ledger

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

// Queue has a round of a thread's ledger done.
func (k *Keeper) Queue(ctx context.Context, key, channel, thread string) error {
	data, err := json.Marshal(incident.Thread{Channel: channel, TS: thread})
	if err != nil {
		return fmt.Errorf("encoding a ledger job: %w", err)
	}
	return k.Jobs(ctx, "ledger:"+channel+":"+thread+":"+key, data)
}

// Handle does one round of a ledger. It may be called again after a crash
// at any point; rounds of one thread follow each other.
func (k *Keeper) Handle(ctx context.Context, payload []byte) error {
	var at incident.Thread
	if err := json.Unmarshal(payload, &at); err != nil {
		k.Log.ErrorContext(ctx, "ledger job dropped, it is not ours", "error", err)
		return nil
	}
	err := hunts.WithLock(ctx, k.Store, k.Replica, postKey(at.Channel, at.TS), func(ctx context.Context) error { return k.round(ctx, at.Channel, at.TS) })
	if outbox.WhyElsewhere(err) == "" {
		return err
	}
	// the thread, the channel or our place in it is gone: nobody waits any more
	k.Log.InfoContext(ctx, "ledger ends, its place is gone", "channel", at.Channel, "thread", at.TS, "error", err)
	if outbox.NoMember(err) {
		if err := k.channels.Leave(ctx, at.Channel); err != nil {
			return err
		}
	}
	_, err = k.change(ctx, at.Channel, at.TS, func(l *incident.Ledger) error {
		l.Abandon()
		return nil
	})
	return err
}

// round hunts what waits, paints, and tells the news.
func (k *Keeper) round(ctx context.Context, channel, thread string) error {
	now := k.Clock().UTC()
	var batch []hunts.Hunt
	l, err := k.change(ctx, channel, thread, func(l *incident.Ledger) error {
		batch = l.Due(k.Rules, now)
		return nil
	})
	if err != nil {
		return err
	}
	if err := k.paint(ctx, l); err != nil {
		return err
	}
	if at := l.Next(k.Rules); at.After(now) {
		if err := k.wakeAt(ctx, channel, thread, at); err != nil {
			return err
		}
	}
	if len(batch) == 0 {
		return k.tellNews(ctx, l)
	}
	if l, err = k.hunt(ctx, l, batch); err != nil {
		return err
	}
	if err := k.paint(ctx, l); err != nil {
		return err
	}
	if err := k.fold(ctx, l); err != nil {
		return err
	}
	return k.tellNews(ctx, l)
}

// hunt hunts a batch by one triage, and notes what came of it.
func (k *Keeper) hunt(ctx context.Context, l incident.Ledger, batch []hunts.Hunt) (incident.Ledger, error) {
	prepared, refused, err := k.prepareBatch(ctx, l, batch)
	if err != nil {
		return l, err
	}
	var answers []hunts.Answer
	if len(prepared) > 0 {
		answers, err = k.Runner.Triage(ctx, prepared, nil)
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
		prepared[n].State, prepared[n].Finished = hunts.Answered, k.Clock().UTC()
		if err := k.Store.SaveHunt(ctx, prepared[n]); err != nil {
			return l, err
		}
		if err := k.Warrant(ctx, prepared[n], answers[n]); err != nil {
			return l, err
		}
		if err := k.Gate.Note(ctx, prepared[n].Asker, prepared[n].ShownTo(answers[n], l.Channel)); err != nil {
			return l, err
		}
		if err := k.Earlier.PutAll(ctx, prepared[n].Remembered(answers[n], k.Clock())); err != nil {
			k.Log.InfoContext(ctx, "hunt not remembered", "hunt", prepared[n].ID, "error", err)
		}
	}
	return k.change(ctx, l.Channel, l.Thread, func(l *incident.Ledger) error {
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
func (k *Keeper) prepareBatch(ctx context.Context, l incident.Ledger, batch []hunts.Hunt) ([]hunts.Hunt, map[indicator.Indicator]string, error) {
	var out []hunts.Hunt
	refused := map[indicator.Indicator]string{}
	once := ""
	for _, h := range batch {
		id, err := k.Store.NewHuntID(ctx, "")
		if err != nil {
			return nil, nil, err
		}
		bounds := k.Gate.Bounds(ctx, h.Asker, false)
		if len(h.Request.Workspaces) == 0 && len(bounds.Workspaces) > 0 {
			h.Request.Workspaces = bounds.Workspaces[:1]
		}
		made, err := k.Runner.Prepare(id, h.Request, h.Asker)
		if err == nil && bounds.Back > 0 && made.Window.Ago > bounds.Back {
			h.Request.Since = bounds.Back
			made, err = k.Runner.Prepare(id, h.Request, h.Asker)
		}
		if err != nil {
			return nil, nil, err
		}
		if once == "" {
			once = id
		}
		action := made.Action(hunts.AskedOf(made.Workspaces, k.Workspaces))
		action.Search.Size, action.Search.Once = len(batch), once
		approval, err := k.Gate.Foresee(ctx, made.Asker, action)
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

// paint posts the ledger once, and edits it from then on. One that
// somebody deleted is posted again.
func (k *Keeper) paint(ctx context.Context, l incident.Ledger) error {
	if l.Unremarkable() {
		if _, posted, err := k.Store.LoadPost(ctx, postKey(l.Channel, l.Thread)); err != nil || !posted {
			return err
		}
	}
	view := k.view(ctx, l)
	render := func(v message.View) message.Message { return message.Ledger(view, v) }
	key, to := postKey(l.Channel, l.Thread), outbox.Place{Channel: l.Channel, Thread: l.Thread}
	p, err := k.Out.Post(ctx, key, to, render)
	if err != nil {
		return fmt.Errorf("posting a ledger: %w", err)
	}
	err = k.Out.Edit(ctx, p, render)
	if !outbox.MessageGone(err) {
		return err
	}
	if err := k.Store.DropPost(ctx, key); err != nil {
		return err
	}
	_, err = k.Out.Post(ctx, key, to, render)
	return err
}

// wakeAt has a ledger looked at again when its cool-down is over.
func (k *Keeper) wakeAt(ctx context.Context, channel, thread string, at time.Time) error {
	return k.Documents.Wakes.Put(ctx, map[string]incident.Wake{channel + ":" + thread: {Channel: channel, Thread: thread, At: at}})
}

// Wake queues the rounds whose cool-down is over. Every replica does so;
// a round is queued once, since its key is remembered.
func (k *Keeper) Wake(ctx context.Context) error {
	list, over, err := k.Documents.Wakes.All(ctx)
	if err != nil {
		return err
	}
	now := k.Clock()
	for key, w := range list {
		if w.At.After(now) {
			continue
		}
		if err := k.Queue(ctx, "wake:"+w.At.UTC().Format(time.RFC3339Nano), w.Channel, w.Thread); err != nil {
			return err
		}
		over = append(over, key)
	}
	return k.Documents.Wakes.Drop(ctx, over...)
}
