package bot

import (
	"cmp"
	"context"
	"reflect"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// follow is one step after an answer: who asked for it, and of which hunt.
type follow struct {
	bot         *Bot
	key         string // of the envelope: a repeated one does nothing twice
	hunt        hunts.Hunt
	asker       hunts.Asker
	responseURL string
}

// place is the thread of the hunt.
func (f follow) place(ctx context.Context) (outbox.Place, error) {
	parent, ok, err := f.bot.cfg.Store.LoadPost(ctx, parentKey(f.hunt.ID))
	if err != nil {
		return outbox.Place{}, err
	}
	if !ok || parent.TS == "" {
		return outbox.Place{Channel: f.asker.Channel, Thread: f.asker.ThreadTS, Hunt: f.hunt.ID}, nil
	}
	return outbox.Place{Channel: parent.Channel, Thread: rootOf(f.hunt, parent), Hunt: f.hunt.ID}, nil
}

// rootOf is the message that the thread of a hunt hangs on: its own, or the
// one in whose thread the hunt was asked for. Slack has no threads of replies.
func rootOf(h hunts.Hunt, parent hunts.Post) string {
	if h.Asker.ThreadTS != "" {
		return h.Asker.ThreadTS
	}
	return parent.TS
}

// whisper answers who acted: privately after a press, in the thread after a reply,
// where nobody would look for it elsewhere.
func (f follow) whisper(ctx context.Context, sentence string) error {
	told := func(v message.View) message.Message { return message.Refused(sentence, v) }
	if f.responseURL == "" && f.asker.ThreadTS != "" {
		return f.say(ctx, "told", told)
	}
	return f.bot.out.Whisper(ctx, f.asker.Channel, f.asker.User, f.responseURL, told(f.bot.view()))
}

// refused tells who acted what refused them, and passes on every other error.
func (f follow) refused(ctx context.Context, err error) error {
	return f.bot.out.Tell(err, func(m message.Message) error {
		if f.responseURL == "" && f.asker.ThreadTS != "" {
			return f.say(ctx, "told", func(message.View) message.Message { return m })
		}
		return f.bot.out.Whisper(ctx, f.asker.Channel, f.asker.User, f.responseURL, m)
	})
}

// say posts into the thread, once; where it has no place any more, directly to who
// asked.
func (f follow) say(ctx context.Context, what string, render func(message.View) message.Message) error {
	to, err := f.place(ctx)
	if err != nil {
		return err
	}
	if _, err = f.bot.out.Post(ctx, what+":"+f.key, to, render); outbox.WhyElsewhere(err) == "" {
		return err
	}
	_, err = f.bot.out.Post(ctx, what+":direct:"+f.key, outbox.Place{Channel: f.asker.User, Hunt: to.Hunt}, render)
	return err
}

// stored is the answer of the hunt, as its channel and the one of who asks may see
// it; without one nothing can be made of it.
func (f follow) stored(ctx context.Context) (hunts.Answer, bool, error) {
	a, ok, err := f.bot.cfg.Store.Answer(ctx, f.hunt.ID)
	if err != nil {
		return a, false, err
	}
	if !ok {
		return a, false, f.whisper(ctx, f.hunt.ID+" has no answer yet, or the answer has expired. Hunt again for a new one.")
	}
	_, a = f.bot.policy.Shown(f.hunt, f.asker.Channel, a)
	return a, true, nil
}

// narrow answers from the rows at hand, without a query.
func (f follow) narrow(ctx context.Context, filters []hunts.Filter) error {
	a, ok, err := f.stored(ctx)
	if err != nil || !ok {
		return err
	}
	n := a.Narrow(filters...)
	h, _ := f.bot.policy.Shown(f.hunt, f.asker.Channel, a)
	return f.say(ctx, "narrow", func(v message.View) message.Message { return message.Narrowed(h, a, n, v) })
}

// devices shows the devices of an answer as one table, from cached results.
func (f follow) devices(ctx context.Context) error {
	a, ok, err := f.stored(ctx)
	if err != nil || !ok {
		return err
	}
	h, a := f.bot.policy.Shown(f.hunt, f.asker.Channel, a)
	return f.say(ctx, "devices", func(v message.View) message.Message { return message.Devices(h, a, v) })
}

// goOn runs a hunt that goes on where this one ended.
func (f follow) goOn(ctx context.Context, req request.Request, shape func(*hunts.Hunt)) error {
	return f.ask(ctx, req, func(h *hunts.Hunt) {
		h.Refreshes, h.Asked = f.hunt.ID, f.hunt.FirstAsked() // what was allowed then was searched then
		shape(h)
	})
}

// ask runs another hunt in the thread of this one; shape, if any, changes its record.
func (f follow) ask(ctx context.Context, req request.Request, shape func(*hunts.Hunt)) error {
	to, err := f.place(ctx)
	if err != nil {
		return err
	}
	asker := f.asker
	asker.Channel, asker.ThreadTS = to.Channel, to.Thread
	h, err := f.bot.huntFor(ctx, f.key, req, asker, func(h *hunts.Hunt) error {
		if shape != nil {
			shape(h)
		}
		return f.bot.policy.Renew(ctx, f.hunt, *h)
	})
	if err != nil {
		return f.refused(ctx, err)
	}
	return f.bot.start(ctx, h, f.responseURL)
}

// widen asks the same within another window; the days that were searched
// already come from memory.
func (f follow) widen(ctx context.Context, window string) error {
	at, refusal := request.ParseWindow(window, f.bot.cfg.Clock())
	if refusal != nil {
		return f.whisper(ctx, refusal.Sentence)
	}
	if only := (request.Request{Since: at.Since, All: at.All, From: at.From, To: at.To}); !reflect.DeepEqual(at, only) {
		return f.whisper(ctx, "A reply can change the look-back and nothing else of the question: from=… to=…, or last 30d.")
	}
	req := f.hunt.Request
	req.Since, req.All, req.From, req.To, req.Fresh = at.Since, at.All, at.From, at.To, false
	return f.ask(ctx, req, func(h *hunts.Hunt) { h.Widens = f.hunt.ID })
}

// grownBy is how much longer than the look-back a window may become by being
// refreshed. Slices are kept no longer, so that then nothing is saved either.
const grownBy = 24 * time.Hour

// refresh goes on where the hunt ended: its window begins when it did, and of
// what was searched only the tail is asked again, and what came late.
func (f follow) refresh(ctx context.Context) error {
	a, ok, err := f.stored(ctx)
	if err != nil || !ok {
		return err
	}
	req := f.hunt.Request
	req.Fresh = false
	return f.goOn(ctx, req, func(h *hunts.Hunt) {
		if h.Window.All || h.Window.From.Sub(a.Request.From) <= grownBy {
			h.Window = hunts.Window{From: a.Request.From, To: h.Window.To}
		}
	})
}

// retry searches the slices that were not searched, and nothing else.
func (f follow) retry(ctx context.Context) error {
	a, ok, err := f.stored(ctx)
	if err != nil || !ok {
		return err
	}
	req := f.hunt.Request
	req.Fresh = false
	return f.goOn(ctx, req, func(h *hunts.Hunt) { h.Window = hunts.Window{From: a.Request.From, To: a.Request.To} })
}

// again asks everything anew.
func (f follow) again(ctx context.Context) error {
	req := f.hunt.Request
	req.Fresh = true
	return f.ask(ctx, req, nil)
}

// run hunts indicators that were held back, or that a button names.
func (f follow) run(ctx context.Context, text string) error {
	req, refusal := request.Parse(text, f.bot.cfg.Clock())
	if refusal != nil {
		return f.whisper(ctx, refusal.Sentence)
	}
	return f.ask(ctx, req, nil)
}

// show answers once more what an earlier hunt found, where it was asked for
// now, and as this channel may see it.
func (f follow) show(ctx context.Context) error {
	as := f.bot.huntAction(f.hunt)
	as.Search.Once = "" // it was paid for
	if _, err := f.bot.policy.Foresee(ctx, f.asker, as); err != nil {
		return f.refused(ctx, err)
	}
	a, ok, err := f.stored(ctx)
	if err != nil || !ok {
		return err
	}
	again := f.hunt
	again.Asker = f.asker
	if err := f.bot.policy.Note(ctx, again.Asker, again.ShownTo(a, f.asker.Channel)); err != nil {
		return err
	}
	h, _ := f.bot.policy.Shown(f.hunt, f.asker.Channel, a)
	_, err = f.bot.out.Post(ctx, "show:"+f.key, outbox.Place{Channel: f.asker.Channel, Thread: f.asker.ThreadTS, Hunt: f.hunt.ID}, func(v message.View) message.Message {
		return message.Answered(h, f.bot.marked(ctx, a), v)
	})
	return err
}

// cancel asks whoever runs the hunt to stop; what was found stays. Whoever may hunt in
// its channel may stop it.
func (f follow) cancel(ctx context.Context) error {
	if f.hunt.State == hunts.Answered {
		return f.whisper(ctx, f.hunt.ID+" is answered already.")
	}
	there := f.asker
	there.Channel = f.hunt.Asker.Channel
	if err := f.bot.policy.Authorize(ctx, there, hunts.Action{Name: "cancel", Right: hunts.MayHunt, HuntID: f.hunt.ID}); err != nil {
		return f.refused(ctx, err)
	}
	by := "@" + cmp.Or(f.asker.Name, f.asker.User)
	if err := f.bot.cfg.Documents.Cancels.Put(ctx, f.hunt.ID, by); err != nil {
		return err
	}
	f.bot.stopRunning(f.hunt.ID, by)
	return nil
}

// more does what the overflow menu offers.
func (f follow) more(ctx context.Context, do string) error {
	switch do {
	case message.DoWiden:
		return f.widen(ctx, "since=30d")
	case message.DoPortal:
		return nil // a link; Slack tells us that it was pressed
	case message.DoRemove:
		return f.unsay(ctx, false)
	}
	return f.file(ctx, do)
}
