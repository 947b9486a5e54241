package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
)

// handleHunt runs a hunt and shows it. It may be called again for the same
// hunt after a crash at any point.
func (b *Bot) handleHunt(ctx context.Context, id string) error {
	h, ok, err := b.cfg.Store.Hunt(ctx, id)
	if err != nil {
		return fmt.Errorf("reading hunt %s: %w", id, err)
	}
	if !ok {
		b.cfg.Log.ErrorContext(ctx, "hunt is gone, nothing to answer", "hunt", id)
		return nil
	}
	if h.State == hunts.Unsaid {
		return nil
	}
	if h.State == hunts.Held || h.State == hunts.Refused {
		b.cfg.Log.ErrorContext(ctx, "hunt without its approval is not run", "hunt", id, "state", string(h.State))
		return nil
	}
	parent, ok, err := b.cfg.Store.LoadPost(ctx, parentKey(id))
	if err != nil {
		return fmt.Errorf("reading the message of hunt %s: %w", id, err)
	}
	if !ok {
		// announced by a replica that died before it could remember the message
		if err := b.announce(ctx, h, ""); err != nil {
			return err
		}
		if parent, _, err = b.cfg.Store.LoadPost(ctx, parentKey(id)); err != nil {
			return fmt.Errorf("reading the message of hunt %s: %w", id, err)
		}
	}
	if parent.TS != "" {
		b.vigil.keep(h, parent, b.cfg.Clock())
	}
	answer, err := b.answer(ctx, h, parent)
	if err != nil {
		var e *hunts.Error
		if !errors.As(err, &e) || ctx.Err() != nil {
			return err
		}
		if e.Kind == hunts.KindUnavailable {
			b.delayed(ctx, h, parent)
			return err // nothing was searched; the job stays until it can be
		}
		return b.out.Edit(ctx, parent, func(v message.View) message.Message { return message.Broken(h, e.Say, e.Hint, v) })
	}
	if ctx.Err() != nil {
		return ctx.Err() // stopping: another replica answers in full
	}
	b.inHand.Store(id, answer)
	if err := b.finish(ctx, h, answer, parent); err != nil {
		if ctx.Err() != nil {
			b.inHand.Delete(id) // somebody else's from now on
		}
		return err
	}
	b.inHand.Delete(id)
	return nil
}

// finish shows an answer and closes its hunt.
func (b *Bot) finish(ctx context.Context, h hunts.Hunt, answer hunts.Answer, parent hunts.Post) error {
	answer, err := b.keptAnswer(ctx, h, answer, parent)
	if err != nil {
		return err
	}
	return b.close(ctx, h, answer, b.show(ctx, h, answer, parent))
}

// close ends a hunt whose answer was shown.
func (b *Bot) close(ctx context.Context, h hunts.Hunt, answer hunts.Answer, shown error) error {
	if shown != nil {
		return fmt.Errorf("showing hunt %s: %w", h.ID, shown)
	}
	if err := b.watch.Keep(ctx, h, answer); err != nil {
		return err
	}
	h.State, h.Finished = hunts.Answered, b.cfg.Clock().UTC()
	if err := b.cfg.Store.SaveHunt(ctx, h); err != nil {
		return fmt.Errorf("closing hunt %s: %w", h.ID, err)
	}
	b.vigil.forget(h.ID)
	b.cfg.Log.InfoContext(ctx, "hunt answered", "hunt", h.ID, "verdict", string(answer.Verdict), "queries", answer.Source.Queries, "took_ms", answer.Source.TookMS)
	return nil
}

// keptAnswer makes up for an answer that could not be kept when it was found,
// since Redis was away. It is shown at once, saying so; its thread is completed
// when it can be kept, and then it no longer says so.
func (b *Bot) keptAnswer(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) (hunts.Answer, error) {
	if !slices.ContainsFunc(a.Notes, hunts.NotKept) {
		return a, nil
	}
	if err := b.paintAnswer(ctx, h, a, parent); err != nil && outbox.Code(err) == "" {
		return a, err
	}
	a.Notes = slices.DeleteFunc(slices.Clone(a.Notes), hunts.NotKept)
	return a, b.cfg.Store.SaveAnswer(ctx, "", a, 0)
}

// delayed says in the message of a hunt why nothing happens; it is a courtesy.
func (b *Bot) delayed(ctx context.Context, h hunts.Hunt, parent hunts.Post) {
	err := b.out.Edit(ctx, parent, func(v message.View) message.Message {
		h, _ := b.policy.Shown(h, parent.Channel, hunts.Answer{})
		v.ChannelNote = "Our store doesn't answer right now. This hunt continues as soon as it does."
		return message.Started(h, v)
	})
	if err != nil {
		b.cfg.Log.InfoContext(ctx, "delay not shown", "hunt", h.ID, "error", err)
	}
}

// answer takes the stored answer of a hunt that a dead replica had finished,
// or runs it.
func (b *Bot) answer(ctx context.Context, h hunts.Hunt, parent hunts.Post) (hunts.Answer, error) {
	if a, ok, err := b.found(ctx, h.ID); err == nil && ok {
		return a, nil
	}
	p := b.painter(ctx, h, parent)
	defer p.stop()
	within, done := b.cancellable(ctx, h.ID)
	defer done()
	return b.cfg.Runner.Run(within, h, p.paint)
}

// found is the answer of a hunt, if it has one: in this process, or stored.
func (b *Bot) found(ctx context.Context, id string) (hunts.Answer, bool, error) {
	if held, ok := b.inHand.Load(id); ok {
		return held.(hunts.Answer), true, nil
	}
	return b.cfg.Store.Answer(ctx, id)
}

// cancelPoll is how often the owner of a hunt looks whether somebody wants it
// stopped: the button may have reached another replica.
const cancelPoll = 500 * time.Millisecond

// cancellable is a context that ends when the hunt is cancelled, here or on
// another replica.
func (b *Bot) cancellable(ctx context.Context, id string) (context.Context, func()) {
	within, stop := context.WithCancelCause(ctx)
	b.mu.Lock()
	b.running[id] = stop
	b.mu.Unlock()
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(cancelPoll)
		defer tick.Stop()
		for {
			// who may have pressed before anybody began to search
			if by, ok, err := b.cfg.Documents.Cancels.Get(within, id); err == nil && ok {
				stop(hunts.CancelledBy(by))
			}
			select {
			case <-within.Done():
				return
			case <-tick.C:
			}
		}
	})
	return within, func() {
		stop(nil)
		watch.Wait()
		b.mu.Lock()
		delete(b.running, id)
		b.mu.Unlock()
	}
}

// stopRunning cancels a hunt that runs in this process.
func (b *Bot) stopRunning(id, by string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if stop, ok := b.running[id]; ok {
		stop(hunts.CancelledBy(by))
	}
}

// show writes the answer into the parent message and completes its thread.
func (b *Bot) show(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) error {
	if here, err := b.showAnswer(ctx, h, a, parent); err != nil || !here {
		return err
	}
	if err := b.remember(ctx, h, a); err != nil {
		b.cfg.Log.InfoContext(ctx, "hunt not remembered", "hunt", h.ID, "error", err)
	}
	if !b.toldAlready(ctx, h, a) {
		if err := b.details(ctx, h, a, parent); outbox.Code(err) != "" {
			b.cfg.Log.WarnContext(ctx, "Slack refuses part of a thread; the answer stands", "hunt", h.ID, "error", err)
		} else if err != nil {
			return err
		}
	}
	b.pointToNewer(ctx, h, a)
	if err := b.callBack(ctx, h, a, outbox.Place{Channel: parent.Channel, Thread: rootOf(h, parent)}); err != nil && outbox.Code(err) == "" {
		return err
	}
	return b.policy.Note(ctx, h.Asker, h.ShownTo(a, parent.Channel))
}

// showAnswer writes the answer into the parent message. What Slack refuses for good
// goes the next way: below the message, by response_url, directly. here tells that
// the channel sees it.
func (b *Bot) showAnswer(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) (here bool, err error) {
	if parent.TS == "" {
		if note := parent.Extra[extraNote]; note != "" {
			return false, b.showElsewhere(ctx, h, a, outbox.ResponseURL(parent), note)
		}
		return false, b.showOutside(ctx, h, a, parent)
	}
	err = b.paintAnswer(ctx, h, a, parent)
	if code := outbox.Code(err); code != "" && !outbox.Gone(err) {
		err = b.replyAnswer(ctx, h, a, parent, code)
	}
	if outbox.Code(err) == "" {
		return true, err
	}
	url, note := elsewhere(parent, err)
	return false, b.showElsewhere(ctx, h, a, url, note)
}

// replyAnswer puts the answer below a message that Slack no longer lets be edited.
func (b *Bot) replyAnswer(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post, code string) error {
	seen, shown := b.policy.Shown(h, parent.Channel, a)
	_, err := b.out.Post(ctx, answerKey(h.ID), outbox.Place{Channel: parent.Channel, Thread: rootOf(h, parent)}, func(v message.View) message.Message {
		v.Buttons, v.ChannelNote = true, "Slack does not let me edit the message above ("+code+"), so here is the answer."
		return message.Answered(seen, shown, v)
	})
	return err
}

// answerKey is the key of an answer that stands below its message, not in it.
func answerKey(huntID string) string { return "answer:" + huntID }

// courtesyFor bounds what is asked of the store for the sake of a line that an
// answer can do without: dozens of lookups at a store that is silent would hold
// the answer up for minutes.
const courtesyFor = time.Second

// paintAnswer writes the answer into the parent message, with what people
// judged and what is new since the hunt that it refreshes.
func (b *Bot) paintAnswer(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) error {
	asking, stop := context.WithTimeout(ctx, courtesyFor)
	defer stop()
	known := b.known(asking, h)
	change := b.changed(asking, h, a, known)
	red := b.policy.Redaction(h.Asker.Channel, parent.Channel)
	seen, a := red.Answered(h, b.marked(asking, a))
	if change != nil {
		*change = policy.Redact(red, *change)
	}
	url := ""
	if b.cfg.HuntURL != nil {
		url = b.cfg.HuntURL(seen, a.KQL)
	}
	a.Source.Shared = b.sharers(asking, h)
	var newer *hunts.Newer
	if n, ok, err := b.cfg.Documents.Newer.Get(asking, h.ID); err == nil && ok {
		newer = &n
	}
	var recall *hunts.Recall
	if r, ok, err := b.cfg.Documents.Recalls.Get(asking, h.ID); err == nil && ok {
		recall = &r
	}
	return b.out.Edit(ctx, parent, func(v message.View) message.Message {
		v.HuntURL, v.Buttons, v.Known, v.Earlier, v.Change, v.Newer, v.Recall = url, true, known.hunted, known.earlier, change, newer, recall
		return message.Answered(seen, a, v)
	})
}

// outsideNote explains an answer that only the asker can see.
const outsideNote = "I'm not in this channel, so only you see this and there is no thread. Invite me with `/invite @Footprint` and ask again."

// showOutside answers where the bot is no member: one message that only the asker
// sees, without a thread, and how to get the rest.
func (b *Bot) showOutside(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) error {
	seen, shown := b.policy.Shown(h, h.Asker.Channel, a)
	err := b.out.WhisperOnce(ctx, "outside:"+h.ID, h.Asker.User, outbox.Place{Channel: h.Asker.Channel, ResponseURL: outbox.ResponseURL(parent)}, func(v message.View) message.Message {
		v.ChannelNote = outsideNote
		return message.Answered(seen, shown, v)
	})
	if err != nil {
		return err
	}
	return b.policy.Note(ctx, h.Asker, h.ShownTo(a, h.Asker.User))
}

// showElsewhere answers the asker alone, without a thread, with what the channel
// would have been shown and no more: by response_url as long as Slack takes that,
// else by a direct message.
func (b *Bot) showElsewhere(ctx context.Context, h hunts.Hunt, a hunts.Answer, url, note string) error {
	seen, shown := b.policy.Shown(h, h.Asker.Channel, a)
	render := func(v message.View) message.Message {
		v.ChannelNote = note
		return message.Answered(seen, shown, v)
	}
	var err error
	if url != "" {
		err = b.out.Respond(ctx, "outside:"+h.ID, outbox.Place{Channel: h.Asker.Channel, ResponseURL: url}, render)
	}
	if url == "" || outbox.Code(err) != "" {
		_, err = b.out.Post(ctx, "direct:"+h.ID, outbox.Place{Channel: h.Asker.User}, render)
	}
	if err != nil {
		return err
	}
	return b.policy.Note(ctx, h.Asker, h.ShownTo(a, h.Asker.User))
}

// elsewhere is the note of an answer that could not be shown where it was asked
// for; and the response_url that may carry it.
func elsewhere(parent hunts.Post, refused error) (url, note string) {
	if !outbox.Gone(refused) {
		url = outbox.ResponseURL(parent) // what was deleted or archived is answered where it can be found again
	}
	return url, outbox.WhyElsewhere(refused) + " Hunt again in a channel to get its table and files."
}

// details fills the thread: the table and the chart; files come on request. Each part is
// claimed on its own, so that a crash between two of them repeats neither.
func (b *Bot) details(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) error {
	seen, a := b.policy.Shown(h, parent.Channel, a)
	thread := outbox.Place{Channel: parent.Channel, Thread: rootOf(h, parent), Later: true}
	whole := b.view()
	whole.Buttons = true
	asking, stop := context.WithTimeout(ctx, courtesyFor)
	earlier := b.known(asking, h).earlier
	stop()
	for i := range message.Details(seen, a, whole) {
		key := detailsKey(h.ID, i)
		_, err := b.out.Post(ctx, key, thread, func(v message.View) message.Message {
			v.Buttons, v.Earlier = true, earlier
			all := message.Details(seen, a, v)
			return all[min(i, len(all)-1)]
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// maxDetails bounds the messages of one thread.
const maxDetails = 8

func detailsKey(huntID string, n int) string { return fmt.Sprintf("details:%s:%d", huntID, n) }
