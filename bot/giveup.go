package bot

import (
	"context"
	"encoding/json"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

const (
	sayNotTaken = "I can't take this now: our store doesn't answer. Nothing was searched. Try again in a minute."
	sayGivenUp  = "something on our side kept failing, so this hunt was given up"
	sayNotDone  = "Something on our side kept failing, so this was given up; nothing was searched. The bot's log says why. Try again later."
)

// GiveUp tells the asker of what failed too often: silence would read as clean.
func (b *Bot) GiveUp(j hunts.Job, why error) {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	var err error
	switch j.Kind {
	case JobHunt:
		err = b.giveUpHunt(ctx, string(j.Payload))
	case JobLedger:
		b.ledger.GiveUp(ctx, j.Payload, why)
	case JobEnvelope:
		var e stored
		if err = json.Unmarshal(j.Payload, &e); err == nil {
			err = b.apologise(ctx, e.Type, e.Payload, sayNotDone)
		}
	}
	if err != nil {
		b.cfg.Log.Error("a job was given up, and nobody could be told", "kind", j.Kind, "key", j.Key, "why", why, "error", err)
	}
}

// giveUpHunt ends a hunt that failed too often. An answer that was found stays the
// answer: only what has none is called broken.
func (b *Bot) giveUpHunt(ctx context.Context, id string) error {
	h, known, err := b.cfg.Store.Hunt(ctx, id)
	if err != nil || !known {
		return err
	}
	parent, _, err := b.cfg.Store.LoadPost(ctx, parentKey(id))
	if err != nil {
		return err
	}
	a, found, err := b.found(ctx, id)
	switch {
	case err != nil:
		return err
	case h.State == hunts.Answered:
		return nil
	case found:
		_, err := b.showAnswer(ctx, h, a, parent)
		return b.close(ctx, h, a, err)
	}
	broken := func(v message.View) message.Message {
		return message.Broken(h, sayGivenUp, "The bot's log says why. Hunt again later.", v)
	}
	if parent.TS != "" {
		if err := b.out.Edit(ctx, parent, broken); outbox.Code(err) == "" {
			return err
		}
	}
	return b.out.Whisper(ctx, h.Asker.Channel, h.Asker.User, outbox.ResponseURL(parent), broken(b.view()))
}

// apologise tells the person behind an envelope, alone, what became of it. Of the
// events only a mention has somebody who waits for an answer.
func (b *Bot) apologise(ctx context.Context, kind string, payload json.RawMessage, sentence string) error {
	m := message.Refused(sentence, b.view())
	whisper := func(channel, user, url string) error {
		if user == "" {
			return nil // the payload is unreadable, so nobody is known to tell
		}
		return b.out.Whisper(ctx, channel, user, url, m)
	}
	switch kind {
	case "slash_commands":
		var c inbound.Command
		_ = json.Unmarshal(payload, &c) // what could be read of it may be enough
		return whisper(c.Channel, c.User, c.ResponseURL)
	case "interactive":
		var i inbound.Interaction
		_ = json.Unmarshal(payload, &i) // as above
		who := i.Asker()
		return whisper(who.Channel, who.User, i.ResponseURL)
	case "events_api":
		who, ok := b.mentioner(payload)
		if !ok {
			return nil
		}
		return whisper(who.Channel, who.User, "")
	}
	return nil
}

// refused ends a job of which Slack refused a message for good: trying again
// changes nothing, so that who asked is told by whatever way is left.
func (b *Bot) refused(ctx context.Context, j hunts.Job, why error) {
	b.cfg.Log.ErrorContext(ctx, "Slack refuses a message for good", "kind", j.Kind, "key", j.Key, "error", why)
	var e stored
	if j.Kind != JobEnvelope || json.Unmarshal(j.Payload, &e) != nil {
		return
	}
	sentence := "Slack refuses my answer in this channel (" + outbox.Code(why) + "). Ask in another channel, or have an admin check this channel's settings."
	if err := b.apologise(ctx, e.Type, e.Payload, sentence); err != nil {
		b.cfg.Log.ErrorContext(ctx, "nobody could be told of it", "key", j.Key, "error", err)
	}
}
