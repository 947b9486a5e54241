package bot

import (
	"context"
	"encoding/json"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
)

const (
	sayNotTaken = "I can't take this now: our store does not answer. Nothing was searched; please try again in a minute."
	sayGivenUp  = "something on our side failed again and again, so this hunt was given up"
	sayNotDone  = "Something on our side failed again and again, so this was given up; nothing was searched. The log of the bot tells why; please try again later."
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
		b.giveUpLedger(ctx, j.Payload, why)
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

func (b *Bot) giveUpHunt(ctx context.Context, id string) error {
	parent, ok, err := b.cfg.Store.LoadPost(ctx, parentKey(id))
	if err != nil {
		return err
	}
	if ok && parent.TS != "" {
		return b.update(ctx, parent, func(v message.View) message.Message {
			return message.Broken(id, sayGivenUp, "The log of the bot tells why; hunt again later.", v)
		})
	}
	h, known, err := b.cfg.Store.Hunt(ctx, id)
	if err != nil || !known {
		return err
	}
	return b.whisper(ctx, h.Asker.Channel, h.Asker.User, parent.Extra["response_url"], message.Broken(id, sayGivenUp, "The log of the bot tells why; hunt again later.", b.view()))
}

// apologise tells the person behind an envelope, alone, what became of it. Events
// have nobody who waits for an answer.
func (b *Bot) apologise(ctx context.Context, kind string, payload json.RawMessage, sentence string) error {
	switch kind {
	case "slash_commands":
		var c command
		if err := json.Unmarshal(payload, &c); err != nil {
			return err
		}
		return b.whisper(ctx, c.Channel, c.User, c.ResponseURL, message.Refused(sentence, b.view()))
	case "interactive":
		var i interaction
		if err := json.Unmarshal(payload, &i); err != nil {
			return err
		}
		who := i.asker()
		if who.Channel == "" {
			// a modal belongs to no channel
			_, _, err := b.api.PostMessageContext(ctx, who.User, options(message.Refused(sentence, b.view()))...)
			return err
		}
		return b.whisper(ctx, who.Channel, who.User, i.ResponseURL, message.Refused(sentence, b.view()))
	}
	return nil
}
