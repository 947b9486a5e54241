package bot

import (
	"context"
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
)

// hold shows a hunt that waits for a second person.
func (b *Bot) hold(ctx context.Context, h hunts.Hunt) error {
	state, err := b.policy.Settle(ctx, h.ID, policy.Pending{Until: b.policy.Expires(), State: policy.Waiting})
	if err != nil || state.State != policy.Waiting {
		return err
	}
	if err := b.cfg.Documents.Waiting.Put(ctx, map[string]time.Time{h.ID: state.Until}); err != nil {
		return err
	}
	why := b.policy.Beyond(b.huntAction(h))
	if err := b.noteHeld(ctx, h, h.Asker, "held", why); err != nil {
		return err
	}
	seen, _ := b.policy.Shown(h, h.Asker.Channel, hunts.Answer{})
	post, err := b.out.Post(ctx, parentKey(h.ID), outbox.Place{Channel: h.Asker.Channel, Thread: h.Asker.ThreadTS}, func(v message.View) message.Message {
		return message.Held(seen, why, state.Until, v)
	})
	if outbox.WhyElsewhere(err) != "" {
		if _, err := b.policy.Settle(ctx, h.ID, policy.Pending{State: policy.Refused}); err != nil {
			return err
		}
		return b.endHeld(ctx, h, h.Asker, "", "there was nowhere to ask for an approval")
	}
	if err != nil {
		return fmt.Errorf("asking for the approval of hunt %s: %w", h.ID, err)
	}
	b.vigil.keep(h, post, b.cfg.Clock())
	if h.Asker.ThreadTS != "" {
		return nil
	}
	return b.cfg.Store.SaveThreadHunt(ctx, post.Channel, post.TS, h.ID, b.cfg.Keep)
}

// noteHeld audits what became of a hunt that waited, in the channel where it did.
func (b *Bot) noteHeld(ctx context.Context, h hunts.Hunt, by hunts.Asker, name, outcome string) error {
	by.Channel = h.Asker.Channel
	a := b.huntAction(h)
	a.Name, a.Search, a.Outcome = name, nil, outcome
	return b.policy.Note(ctx, by, a)
}

// decide is a press on Approve or Refuse. Who asked may take the question back,
// never approve it.
func (f follow) decide(ctx context.Context, approve bool) error {
	b, own := f.bot, f.asker.User == f.hunt.Asker.User
	if err := b.policy.MayDecide(ctx, f.asker, f.hunt, approve); err != nil {
		return f.refused(ctx, err)
	}
	want := policy.Pending{State: policy.Refused, By: f.asker.User}
	if approve {
		want.State = policy.Approved
	}
	now := b.cfg.Clock()
	current, err := b.policy.Settle(ctx, f.hunt.ID, policy.Pending{Until: now, State: policy.Waiting})
	if err != nil {
		return err
	}
	if current.State == policy.Waiting && !current.Until.After(now) {
		return f.whisper(ctx, f.hunt.ID+" expired while waiting for approval. Ask again.")
	}
	state, err := b.policy.Settle(ctx, f.hunt.ID, want)
	if err != nil {
		return err
	}
	if state.State != want.State || state.By != want.By {
		return f.whisper(ctx, f.hunt.ID+" is "+string(state.State)+" already.")
	}
	if !approve {
		say := "was refused by " + f.asker.Name
		if own {
			say = "was withdrawn by the person who asked"
		}
		return b.endHeld(ctx, f.hunt, f.asker, say, "not approved")
	}
	return f.release(ctx)
}

// release lets an approved hunt run. Each step may be done again.
func (f follow) release(ctx context.Context) error {
	b, h := f.bot, f.hunt
	if h.State == hunts.Held {
		if err := b.noteHeld(ctx, h, f.asker, "approved", "approved for "+h.Asker.User); err != nil {
			return err
		}
		parent, _, err := b.cfg.Store.LoadPost(ctx, parentKey(h.ID))
		if err != nil {
			return err
		}
		note := "Approved by " + f.asker.Name + "."
		seen, _ := b.policy.Shown(h, parent.Channel, hunts.Answer{})
		if err := b.out.Edit(ctx, parent, func(v message.View) message.Message {
			v.Buttons, v.ChannelNote = true, note
			return message.Started(seen, v)
		}); err != nil {
			return err
		}
		h.State = hunts.Queued
		if err := b.cfg.Store.SaveHunt(ctx, h); err != nil {
			return err
		}
	}
	if h.State != hunts.Queued {
		return nil
	}
	if err := b.cfg.Documents.Waiting.Drop(ctx, h.ID); err != nil {
		return err
	}
	return b.start(ctx, h, "")
}

// endHeld closes a hunt that was not approved. say is why, empty where the
// question could not even be put; outcome is for the audit. Each step may be
// done again.
func (b *Bot) endHeld(ctx context.Context, h hunts.Hunt, by hunts.Asker, say, outcome string) error {
	parent, ok, err := b.cfg.Store.LoadPost(ctx, parentKey(h.ID))
	if err != nil {
		return err
	}
	if !ok && say != "" {
		return outbox.ErrBusy // its message was sent a moment ago and is not remembered yet
	}
	if h.State != hunts.Refused {
		if err := b.noteHeld(ctx, h, by, "refused", outcome); err != nil {
			return err
		}
		h.State, h.Finished = hunts.Refused, b.cfg.Clock().UTC()
		if err := b.cfg.Store.SaveHunt(ctx, h); err != nil {
			return err
		}
	}
	if ok {
		err = b.out.Edit(ctx, parent, func(v message.View) message.Message {
			v.Buttons = by.User == h.Asker.User
			return message.Broken(h, "this hunt "+say+"; nothing was searched", "", v)
		})
	} else {
		err = b.out.Whisper(ctx, h.Asker.Channel, h.Asker.User, "", message.Refused("A hunt of this size needs a second person's approval, and I'm not in this channel. Invite me with `/invite @Footprint`, or ask in a channel I'm in.", b.view()))
	}
	if err != nil {
		return err
	}
	return b.cfg.Documents.Waiting.Drop(ctx, h.ID)
}

// JobExpire ends a hunt that nobody approved.
const JobExpire = "expire"

// expireHeld queues the end of the hunts that nobody approved in time. Every
// replica looks; a job is stored once.
func (b *Bot) expireHeld(ctx context.Context) error {
	waiting, over, err := b.cfg.Documents.Waiting.All(ctx)
	if err != nil {
		return err
	}
	for id, until := range waiting {
		if !until.After(b.cfg.Clock()) {
			over = append(over, id)
		}
	}
	for _, id := range over {
		if _, err := b.cfg.Store.Push(ctx, LaneInteractive, JobExpire, "expire:"+id, []byte(id)); err != nil {
			return err
		}
	}
	return nil
}

// handleExpired may be called again after a crash at any point.
func (b *Bot) handleExpired(ctx context.Context, id string) error {
	h, ok, err := b.cfg.Store.Hunt(ctx, id)
	if err != nil {
		return err
	}
	state := policy.Pending{}
	if ok {
		if state, err = b.policy.Settle(ctx, id, policy.Pending{State: policy.Expired}); err != nil {
			return err
		}
	}
	if state.State != policy.Expired {
		return b.cfg.Documents.Waiting.Drop(ctx, id) // whoever decided goes on with it
	}
	return b.endHeld(ctx, h, h.Asker, "was not approved in time", "nobody approved it in time")
}
