package bot

import (
	"context"
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// handleCommand answers /footprint. key is the envelope's, and makes a second
// delivery find the first one's hunt.
func (b *Bot) handleCommand(ctx context.Context, key string, c inbound.Command) error {
	whisper := func(m message.Message) error { return b.out.Whisper(ctx, c.Channel, c.User, c.ResponseURL, m) }
	if err := b.admit(ctx, c.Asker(), "command", c.Text); err != nil {
		return b.out.Tell(err, whisper)
	}
	text := strings.TrimSpace(c.Text)
	if text == "" {
		return opener{b, c.TriggerID, whisper}.hunt(ctx, message.FormPlace{Channel: c.Channel}, "")
	}
	if answer, done, err := b.verbDone(ctx, key, c, text); err != nil {
		return b.out.Tell(err, whisper)
	} else if done {
		return whisper(answer)
	}
	if done, err := b.shownAgain(ctx, key, c.Asker(), text, c.ResponseURL); done || err != nil {
		return err
	}
	req, refusal := request.Parse(text, b.cfg.Clock())
	if refusal != nil {
		return whisper(message.Refused(refusal.Sentence, b.view()))
	}
	asker := c.Asker()
	if req.Incident != "" && len(req.Indicators()) == 0 {
		return b.out.Tell(b.ledger.Incident(ctx, key, req.Incident, asker, req.Workspaces), whisper)
	}
	h, err := b.huntFor(ctx, key, req, asker, nil)
	if err != nil {
		return b.out.Tell(err, whisper)
	}
	return b.start(ctx, h, c.ResponseURL)
}

// start paints the first message of a hunt and puts it into the queue, or lets
// it wait for a second person.
func (b *Bot) start(ctx context.Context, h hunts.Hunt, responseURL string) error {
	switch h.State {
	case hunts.Held:
		return b.hold(ctx, h)
	case hunts.Refused:
		return nil // a command that was delivered again
	}
	ctx = about(ctx, h.ID)
	if err := b.announce(ctx, h, responseURL); err != nil {
		return err
	}
	if _, err := b.cfg.Store.Push(ctx, LaneInteractive, JobHunt, "hunt:"+h.ID, []byte(h.ID)); err != nil {
		return fmt.Errorf("queueing hunt %s: %w", h.ID, err)
	}
	return nil
}

// admit refuses strangers: guests, members of other companies, and everybody where
// hunting is not meant to be. The refusal is audited.
func (b *Bot) admit(ctx context.Context, who hunts.Asker, name, what string) error {
	sentence, err := b.policy.Stranger(ctx, who)
	if err != nil || sentence == "" {
		return err
	}
	return b.policy.Refuse(ctx, who, hunts.Action{Name: name, What: what}, sentence)
}

// huntFor makes the hunt of an envelope, once. shape, where it is not nil, makes it
// go on where another one ended.
func (b *Bot) huntFor(ctx context.Context, key string, req request.Request, asker hunts.Asker, shape func(*hunts.Hunt) error) (hunts.Hunt, error) {
	id, err := b.cfg.Store.NewHuntID(ctx, key)
	if err != nil {
		return hunts.Hunt{}, err
	}
	if h, ok, err := b.cfg.Store.Hunt(ctx, id); err != nil || ok {
		return h, err
	}
	h, err := b.cfg.Runner.Prepare(id, req, asker)
	if err != nil {
		return hunts.Hunt{}, err
	}
	if shape != nil {
		if err := shape(&h); err != nil {
			return hunts.Hunt{}, err
		}
	}
	approval, err := b.policy.Foresee(ctx, asker, b.huntAction(h))
	switch {
	case err != nil:
		return hunts.Hunt{}, err
	case approval != "" && strings.HasPrefix(asker.Channel, "D"):
		return hunts.Hunt{}, b.policy.Refuse(ctx, asker, b.huntAction(h), "a hunt of this size needs a second person's approval, which a direct message can't give. Ask in a channel.")
	case approval != "":
		h.State = hunts.Held
	}
	b.home.Note(ctx, h)
	return h, b.cfg.Store.SaveHunt(ctx, h)
}

// announce paints the first message of a hunt and ties its thread to it.
// Where the bot is no member the answer will travel by response_url.
func (b *Bot) announce(ctx context.Context, h hunts.Hunt, responseURL string) error {
	known := b.known(ctx, h)
	seen, _ := b.policy.Shown(h, h.Asker.Channel, hunts.Answer{})
	post, err := b.out.Post(ctx, parentKey(h.ID), outbox.Place{Channel: h.Asker.Channel, Thread: h.Asker.ThreadTS, ResponseURL: responseURL}, func(v message.View) message.Message {
		v.Known, v.Earlier, v.First, v.Buttons = known.all, known.earlier, known.first, true
		return message.Started(seen, v)
	})
	if err == nil {
		b.vigil.keep(h, post, b.cfg.Clock())
		if h.Asker.ThreadTS != "" {
			// a hunt in somebody's thread: replies there go on belonging to the first
			return nil
		}
		return b.cfg.Store.SaveThreadHunt(ctx, post.Channel, post.TS, h.ID, b.cfg.Keep)
	}
	code := outbox.Code(err)
	if code == "" {
		return fmt.Errorf("announcing hunt %s: %w", h.ID, err)
	}
	outside := outbox.WithResponseURL(h.Asker.Channel, responseURL)
	note := outsideNote
	if !outbox.Gone(err) {
		note = "Slack refuses my messages in this channel (" + code + "), so only you see this and there is no thread."
		outside.Extra[extraNote] = note
	}
	if outbox.Archived(err) { // a response_url leads into the same channel
		_, note = elsewhere(outside, err)
		outside = hunts.Post{Channel: h.Asker.Channel, Extra: map[string]string{extraNote: note}}
	}
	if responseURL != "" {
		v := b.view()
		v.ChannelNote, v.Known, v.Earlier, v.First = note, known.all, known.earlier, known.first
		if err := b.out.Whisper(ctx, h.Asker.Channel, h.Asker.User, responseURL, message.Started(seen, v)); err != nil {
			b.cfg.Log.InfoContext(ctx, "first sign of life not shown to who asked", "hunt", h.ID, "error", err)
		}
	}
	return b.cfg.Store.SavePost(ctx, parentKey(h.ID), outside, b.cfg.Keep)
}

// extraNote is where the post of a hunt without a message keeps why it has none.
const extraNote = "note"

func parentKey(huntID string) string { return "parent:" + huntID }

func (b *Bot) view() message.View { return message.View{Now: b.cfg.Clock()} }
