package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
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
		return b.update(ctx, parent, func(v message.View) message.Message { return message.Broken(id, e.Say, e.Hint, v) })
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
	err = b.show(ctx, h, answer, parent)
	if why := placeGone(err); why != "" {
		err = b.showDirectly(ctx, h, answer, why)
	}
	if err != nil {
		return fmt.Errorf("showing hunt %s: %w", h.ID, err)
	}
	h.State, h.Finished = hunts.Answered, b.cfg.Clock().UTC()
	if err := b.cfg.Store.SaveHunt(ctx, h); err != nil {
		return fmt.Errorf("closing hunt %s: %w", h.ID, err)
	}
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
	if err := b.paintAnswer(ctx, h, a, parent); err != nil && placeGone(err) == "" {
		return a, err
	}
	a.Notes = slices.DeleteFunc(slices.Clone(a.Notes), hunts.NotKept)
	return a, b.cfg.Store.SaveAnswer(ctx, "", a, 0)
}

// delayed says in the message of a hunt why nothing happens; it is a courtesy.
func (b *Bot) delayed(ctx context.Context, h hunts.Hunt, parent hunts.Post) {
	err := b.update(ctx, parent, func(v message.View) message.Message {
		v.ChannelNote = "Our store does not answer at the moment; this hunt goes on by itself when it does."
		return message.Started(h, v)
	})
	if err != nil {
		b.cfg.Log.InfoContext(ctx, "delay not shown", "hunt", h.ID, "error", err)
	}
}

// answer takes the stored answer of a hunt that a dead replica had finished,
// or runs it.
func (b *Bot) answer(ctx context.Context, h hunts.Hunt, parent hunts.Post) (hunts.Answer, error) {
	if held, ok := b.inHand.Load(h.ID); ok {
		return held.(hunts.Answer), nil
	}
	if a, ok, err := b.cfg.Store.Answer(ctx, h.ID); err == nil && ok {
		return a, nil
	}
	p := b.painter(ctx, h, parent)
	defer p.stop()
	within, done := b.cancellable(ctx, h.ID)
	defer done()
	return b.cfg.Runner.Run(within, h, p.paint)
}

// cancelPoll is how often the owner of a hunt looks whether somebody wants it
// stopped: the button may have reached another replica.
const cancelPoll = 500 * time.Millisecond

// cancellable is a context that ends when the hunt is cancelled, here or on
// another replica.
func (b *Bot) cancellable(ctx context.Context, id string) (context.Context, func()) {
	within, stop := context.WithCancel(ctx)
	b.mu.Lock()
	b.running[id] = stop
	b.mu.Unlock()
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(cancelPoll)
		defer tick.Stop()
		for {
			var by string // who may have pressed before anybody began to search
			if ok, err := b.cfg.Store.GetJSON(within, cancelKey(id), &by); err == nil && ok {
				stop()
			}
			select {
			case <-within.Done():
				return
			case <-tick.C:
			}
		}
	})
	return within, func() {
		stop()
		watch.Wait()
		b.mu.Lock()
		delete(b.running, id)
		b.mu.Unlock()
	}
}

// stopRunning cancels a hunt that runs in this process.
func (b *Bot) stopRunning(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if stop, ok := b.running[id]; ok {
		stop()
	}
}

// show writes the answer into the parent message and completes its thread.
func (b *Bot) show(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) error {
	if parent.TS == "" && parent.Extra["archived"] != "" {
		return b.showDirectly(ctx, h, a, "The channel is archived, so here is the answer.")
	}
	if parent.TS == "" {
		return b.showOutside(ctx, h, a, parent)
	}
	if err := b.paintAnswer(ctx, h, a, parent); err != nil {
		return err
	}
	if err := b.remember(ctx, h, a); err != nil {
		b.cfg.Log.InfoContext(ctx, "hunt not remembered", "hunt", h.ID, "error", err)
	}
	if !b.toldAlready(ctx, h, a) {
		if err := b.details(ctx, h, a, parent); err != nil {
			return err
		}
	}
	if h.Refreshes != "" {
		b.pointToNewer(ctx, h, a)
	}
	if err := b.callBack(ctx, h, a, target{channel: parent.Channel, thread: rootOf(h, parent)}); err != nil {
		return err
	}
	return b.auditShownTo(ctx, h, a, parent.Channel)
}

// courtesyFor bounds what is asked of the store for the sake of a line that an
// answer can do without: dozens of lookups at a store that is silent would hold
// the answer up for minutes.
const courtesyFor = time.Second

// paintAnswer writes the answer into the parent message, with what people
// judged and what is new since the hunt that it refreshes.
func (b *Bot) paintAnswer(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) error {
	url := ""
	if b.cfg.HuntURL != nil {
		url = b.cfg.HuntURL(h, a.KQL)
	}
	asking, stop := context.WithTimeout(ctx, courtesyFor)
	defer stop()
	known := b.known(asking, h)
	change := b.changed(asking, h, a, parent.Channel, known)
	a = b.visible(parent.Channel, b.marked(asking, a))
	a.Source.Shared = b.sharers(asking, h)
	var newer *message.Newer
	var n message.Newer
	if ok, err := b.cfg.Store.GetJSON(asking, newerKey(h.ID), &n); err == nil && ok {
		newer = &n
	}
	return b.update(ctx, parent, func(v message.View) message.Message {
		v.HuntURL, v.Buttons, v.Known, v.Earlier, v.Change, v.Newer = url, true, known.hunted, known.earlier, change, newer
		return message.Answered(h, a, v)
	})
}

// outsideNote stands in what only the asker sees.
const outsideNote = "I am not a member of this channel, so only you see this and there is no thread: /invite me here and ask again."

// showOutside answers where the bot is no member: one message by response_url,
// without a thread, and how to get the rest.
func (b *Bot) showOutside(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) error {
	state, _, err := b.cfg.Store.ClaimPost(ctx, "outside:"+h.ID, b.cfg.Replica, claimFor)
	if err != nil || state == hunts.PostDone {
		return err
	}
	a = b.visible(h.Asker.Channel, a)
	v := b.view()
	v.ChannelNote = outsideNote
	if err := b.whisper(ctx, h.Asker.Channel, h.Asker.User, parent.Extra["response_url"], message.Answered(h, a, v)); err != nil {
		return err
	}
	if err := b.auditShownTo(ctx, h, a, h.Asker.User); err != nil {
		return err
	}
	return b.cfg.Store.SavePost(ctx, "outside:"+h.ID, hunts.Post{Channel: h.Asker.Channel, TS: "response_url"}, b.cfg.Keep)
}

// archived is not empty where a channel takes nothing any more.
func archived(err error) string {
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) && answer.Err == "is_archived" {
		return "yes"
	}
	return ""
}

// placeGone tells, for the asker, why a message has no place any more; empty for
// any other error.
func placeGone(err error) string {
	var answer slack.SlackErrorResponse
	if !errors.As(err, &answer) {
		return ""
	}
	switch answer.Err {
	case "message_not_found", "thread_not_found", "cant_update_message":
		return "Its message in the channel was deleted, so here is the answer."
	case "is_archived":
		return "The channel was archived meanwhile, so here is the answer."
	case "not_in_channel", "channel_not_found":
		return "I am no longer a member of the channel, so here is the answer."
	}
	return ""
}

// showDirectly answers the asker alone, in a direct message without a thread,
// with what the channel would have been shown and no more.
func (b *Bot) showDirectly(ctx context.Context, h hunts.Hunt, a hunts.Answer, why string) error {
	a = b.visible(h.Asker.Channel, a)
	_, err := b.post(ctx, "direct:"+h.ID, target{channel: h.Asker.User}, func(v message.View) message.Message {
		v.ChannelNote = why + " Its table and files come when you hunt again in a channel."
		return message.Answered(h, a, v)
	})
	if err != nil {
		return err
	}
	return b.auditShownTo(ctx, h, a, h.Asker.User)
}

// details fills the thread: the table, the chart, and the files. Each part is
// claimed on its own, so that a crash between two of them repeats neither.
func (b *Bot) details(ctx context.Context, h hunts.Hunt, a hunts.Answer, parent hunts.Post) error {
	a = b.visible(parent.Channel, a)
	thread := target{channel: parent.Channel, thread: rootOf(h, parent), later: true}
	whole := b.view()
	whole.Buttons = true
	for i := range message.Details(h, a, whole) {
		key := detailsKey(h.ID, i)
		_, err := b.post(ctx, key, thread, func(v message.View) message.Message {
			v.Buttons = true
			all := message.Details(h, a, v)
			return all[min(i, len(all)-1)]
		})
		if err != nil {
			return err
		}
	}
	if a.Totals.Events > 0 && b.may(ctx, hunts.Asker{Channel: parent.Channel, User: h.Asker.User}, MayExport) == "" {
		if err := b.upload(ctx, h.ID, thread, h.ID+".csv", message.CSV(a)); err != nil {
			return err
		}
	}
	return b.upload(ctx, h.ID, thread, h.ID+".kql", message.KQLFile(a))
}

// maxDetails bounds the messages of one thread.
const maxDetails = 8

func detailsKey(huntID string, n int) string { return fmt.Sprintf("details:%s:%d", huntID, n) }
