package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Enriched tells whether a channel opted in. A store that does not answer is a
// no: nothing is read unasked.
func (k *Channels) Enriched(ctx context.Context, channel string) bool {
	o, _, err := k.Documents.OptIns.Get(ctx, channel)
	return err == nil && o.On
}

// Enrich puts what one message names into the ledger and queues its hunts. A
// message that only repeats gets a reaction.
func (k *Keeper) Enrich(ctx context.Context, key string, who hunts.Asker, t Taken) error {
	found, err := k.Take(ctx, who, &t)
	if err != nil {
		return err
	}
	if t.Edit && found == 0 {
		if _, known, err := k.Of(ctx, who.Channel, t.At); err != nil || !known {
			return err // it never named anything
		}
	}
	switch {
	case t.New || t.Edit || len(t.Notes) > 0 && t.Asked:
		return k.Queue(ctx, key, who.Channel, who.ThreadTS)
	case t.Repeats && !t.Edit:
		err := k.Out.Call(ctx, outbox.Reactions, func() error {
			return k.API.AddReactionContext(ctx, "eyes", slack.NewRefToMessage(who.Channel, t.At))
		})
		var answer slack.SlackErrorResponse
		if err != nil && !(errors.As(err, &answer) && answer.Err == "already_reacted") {
			k.Log.InfoContext(ctx, "no reaction to a repeated indicator", "error", err)
		}
	}
	return nil
}

// Withdraw takes a deleted message out of its thread's ledger.
func (k *Keeper) Withdraw(ctx context.Context, key, channel, thread, ts string) error {
	_, err := k.change(ctx, channel, thread, func(l *incident.Ledger) error {
		l.Unnamed(ts, nil)
		return nil
	})
	if err != nil {
		return err
	}
	return k.Queue(ctx, key, channel, thread)
}

// Leave ends what a channel opted into: the bot was removed from it, and comes
// back as a stranger.
func (k *Channels) Leave(ctx context.Context, channel string) error {
	o, _, err := k.Documents.OptIns.Get(ctx, channel)
	if err != nil || !o.On {
		return err
	}
	if err := k.Documents.OptIns.Drop(ctx, channel); err != nil {
		return err
	}
	k.Log.InfoContext(ctx, "removed from a channel, its enrichment ends", "channel", channel)
	return k.Gate.Note(ctx, hunts.Asker{User: k.Self, Team: k.Team, Channel: channel}, hunts.Action{Name: "enrich-off", Why: "removed from the channel"})
}

// EnrichOn has a channel's messages read.
func (k *Channels) EnrichOn(ctx context.Context, c inbound.Command) (string, error) {
	if say, err := k.canEnrich(ctx, c.Channel); say != "" || err != nil {
		return say, err
	}
	return fmt.Sprintf("Indicators posted here are hunted automatically, up to %d per thread, and kept in one message. I store the indicators, never the text. Turn it off with /footprint here enrich off.", k.Rules.Cap),
		k.SetEnrich(ctx, c, true)
}

// canEnrich says why a channel can't be enriched; empty when it can. Slack is
// asked for the scopes each time: the app may have been installed again.
func (k *Channels) canEnrich(ctx context.Context, channel string) (string, error) {
	if strings.HasPrefix(channel, "D") {
		return "Direct messages have no incident threads. Type the indicators after /footprint.", nil
	}
	var who *slack.AuthTestResponse
	err := k.Out.Call(ctx, outbox.Unpaced, func() (err error) {
		who, err = k.API.AuthTestContext(ctx)
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

// SetEnrich turns the reading of a channel on or off.
func (k *Channels) SetEnrich(ctx context.Context, c inbound.Command, on bool) error {
	name := "enrich-off"
	if on {
		name = "enrich-on"
	}
	if err := k.Gate.Authorize(ctx, c.Asker(), hunts.Action{Name: name, Right: hunts.MayIncident}); err != nil {
		return err
	}
	return k.Documents.OptIns.Put(ctx, c.Channel, incident.OptIn{On: on, By: c.UserName, When: k.Clock().UTC()})
}

// maxSnippet bounds a shared file that is read for a ledger.
const maxSnippet = 1 << 20

// readShared reads a shared text. Anything but text is passed over in silence,
// a text that can't be read with a note.
func (k *Keeper) readShared(ctx context.Context, f inbound.File) (text, note string, err error) {
	if !f.IsText() {
		return "", "", nil
	}
	data, err := k.Files.Download(ctx, f, maxSnippet)
	var refused *hunts.Error
	if errors.As(err, &refused) && refused.Kind == hunts.KindRefused {
		return "", refused.Say, nil
	}
	return indicator.Text(data), "", err
}
