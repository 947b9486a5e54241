package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// enriched tells whether a channel opted in. A store that does not answer is a
// no: nothing is read unasked.
func (b *Bot) enriched(ctx context.Context, channel string) bool {
	o, _, err := b.cfg.Threads.OptIns.Get(ctx, channel)
	return err == nil && o.On
}

// enrich puts what one message names into the ledger and queues its hunts. A
// message that only repeats gets a reaction.
func (b *Bot) enrich(ctx context.Context, key string, who hunts.Asker, t taken) error {
	found, err := b.take(ctx, who, &t)
	if err != nil {
		return err
	}
	if t.edit && found == 0 {
		if _, known, err := b.ledgerOf(ctx, who.Channel, t.At); err != nil || !known {
			return err // it never named anything
		}
	}
	switch {
	case t.New || t.edit || len(t.notes) > 0 && t.Asked:
		return b.queueLedger(ctx, key, who.Channel, who.ThreadTS)
	case t.Repeats && !t.edit:
		err := b.out.Call(ctx, outbox.Reactions, func() error {
			return b.api.AddReactionContext(ctx, "eyes", slack.NewRefToMessage(who.Channel, t.At))
		})
		var answer slack.SlackErrorResponse
		if err != nil && !(errors.As(err, &answer) && answer.Err == "already_reacted") {
			b.cfg.Log.InfoContext(ctx, "no reaction to a repeated indicator", "error", err)
		}
	}
	return nil
}

// withdraw takes a deleted message out of its thread's ledger.
func (b *Bot) withdraw(ctx context.Context, key, channel, thread, ts string) error {
	_, err := b.change(ctx, channel, thread, func(l *incident.Ledger) error {
		l.Unnamed(ts, nil)
		return nil
	})
	if err != nil {
		return err
	}
	return b.queueLedger(ctx, key, channel, thread)
}

// leave ends what a channel opted into: the bot was removed from it, and comes
// back as a stranger.
func (b *Bot) leave(ctx context.Context, channel string) error {
	o, _, err := b.cfg.Threads.OptIns.Get(ctx, channel)
	if err != nil || !o.On {
		return err
	}
	if err := b.cfg.Threads.OptIns.Drop(ctx, channel); err != nil {
		return err
	}
	b.cfg.Log.InfoContext(ctx, "removed from a channel, its enrichment ends", "channel", channel)
	return b.policy.Note(ctx, hunts.Asker{User: b.self, Team: b.team, Channel: channel}, hunts.Action{Name: "enrich-off", Why: "removed from the channel"})
}

// enrichOn has a channel's messages read.
func (b *Bot) enrichOn(ctx context.Context, c inbound.Command) (string, error) {
	if say, err := b.canEnrich(ctx, c.Channel); say != "" || err != nil {
		return say, err
	}
	return fmt.Sprintf("Indicators posted here are hunted automatically, up to %d per thread, and kept in one message. I store the indicators, never the text. Turn it off with /footprint here enrich off.", b.cfg.ThreadCap),
		b.setEnrich(ctx, c, true)
}

// canEnrich says why a channel can't be enriched; empty when it can. Slack is
// asked for the scopes each time: the app may have been installed again.
func (b *Bot) canEnrich(ctx context.Context, channel string) (string, error) {
	if strings.HasPrefix(channel, "D") {
		return "Direct messages have no incident threads. Type the indicators after /footprint.", nil
	}
	var who *slack.AuthTestResponse
	err := b.out.Call(ctx, outbox.Unpaced, func() (err error) {
		who, err = b.api.AuthTestContext(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("asking Slack for the scopes: %w", err)
	}
	scopes := strings.FieldsFunc(who.Header.Get("X-Oauth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	reads := func(s string) bool { return s == "channels:history" || s == "groups:history" }
	if len(scopes) > 0 && !slices.ContainsFunc(scopes, reads) {
		return "I can't: the app isn't allowed to read messages. An operator has to reinstall it from docs/manifest-enrichment.yml, which asks for channels:history.", nil
	}
	return "", nil
}

func (b *Bot) setEnrich(ctx context.Context, c inbound.Command, on bool) error {
	name := "enrich-off"
	if on {
		name = "enrich-on"
	}
	if err := b.policy.Authorize(ctx, c.Asker(), hunts.Action{Name: name, Right: hunts.MayIncident}); err != nil {
		return err
	}
	return b.cfg.Threads.OptIns.Put(ctx, c.Channel, incident.OptIn{On: on, By: c.UserName, When: b.cfg.Clock().UTC()})
}

// here says what holds in a channel.
func (b *Bot) here(ctx context.Context, c inbound.Command) (string, error) {
	r, listed := b.policy.Rule(c.Channel)
	if !listed || len(r.Allow) == 0 {
		return "The policy allows nothing in this channel.", nil
	}
	allowed := "Allowed in this channel: " + r.Allowed()
	if len(r.Groups) > 0 {
		allowed += ", for the policy's user groups"
	}
	if r.MaxLookBack != "" {
		allowed += ", up to " + r.MaxLookBack + " back"
	}
	if len(r.Redact) > 0 {
		allowed += "; redacted: " + strings.Join(r.Redact, ", ")
	}
	o, _, err := b.cfg.Threads.OptIns.Get(ctx, c.Channel)
	if err != nil {
		return "", err
	}
	enrich := "Enrichment is off (/footprint here enrich on)."
	switch {
	case !slices.Contains(r.Allow, hunts.MayIncident):
		enrich = "Enrichment is not allowed."
	case o.On:
		enrich = fmt.Sprintf("Enrichment is on since %s, turned on by %s: up to %d indicators per thread are hunted automatically, at most one round every %s (/footprint here enrich off).",
			o.When.Format("Jan 2, 2006"), o.By, b.cfg.ThreadCap, b.cfg.ThreadPause.Round(time.Second))
	}
	return allowed + ".\n" + enrich + "\nSlash commands don't work in threads: mention me there, or use the message shortcut.", nil
}

// maxSnippet bounds a shared file that is read for a ledger.
const maxSnippet = 1 << 20

// readShared reads a shared text. Anything but text is passed over in silence,
// a text that can't be read with a note.
func (b *Bot) readShared(ctx context.Context, f inbound.File) (text, note string, err error) {
	if !f.IsText() {
		return "", "", nil
	}
	data, err := b.files.Download(ctx, f, maxSnippet)
	var refused *hunts.Error
	if errors.As(err, &refused) && refused.Kind == hunts.KindRefused {
		return "", refused.Say, nil
	}
	return indicator.Text(data), "", err
}
