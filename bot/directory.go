package bot

import (
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
)

// directory is what Slack tells the policy of people and channels.
type directory struct{ bot *Bot }

// Person describes a user. Whoever Slack does not describe is no member; when the
// scope for it is missing nobody is let in, and everybody is told which it is.
func (d directory) Person(ctx context.Context, user string) (name string, member bool, problem string, err error) {
	var u *slack.User
	err = d.bot.out.Call(ctx, outbox.Lookups, func() (err error) {
		u, err = d.bot.api.GetUserInfoContext(ctx, user)
		return err
	})
	var answer slack.SlackErrorResponse
	switch {
	case errors.As(err, &answer) && answer.Err == "missing_scope":
		return "", false, "I can't tell members from guests: the app needs the users:read scope. Ask your admin to add it (see manifest.yml) and reinstall the app.", nil
	case errors.As(err, &answer):
		return "", false, "Slack doesn't tell me who you are (" + answer.Err + "), so I can't hunt for you.", nil
	case err != nil:
		return "", false, "", fmt.Errorf("asking Slack who %s is: %w", user, err)
	}
	return u.Name, !u.IsRestricted && !u.IsUltraRestricted && !u.IsStranger && !u.Deleted, "", nil
}

// Shared tells whether another company reads a channel.
func (d directory) Shared(ctx context.Context, channel string) (shared bool, problem string, err error) {
	var c *slack.Channel
	err = d.bot.out.Call(ctx, outbox.Lookups, func() (err error) {
		c, err = d.bot.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		return err
	})
	var answer slack.SlackErrorResponse
	switch {
	case errors.As(err, &answer) && answer.Err == "missing_scope":
		return false, "I can't tell whether another company reads this channel: the app needs the channels:read and groups:read scopes. Ask your admin to add them (see manifest.yml) and reinstall the app.", nil
	case errors.As(err, &answer) && answer.Err == "channel_not_found":
		return false, "", nil
	case errors.As(err, &answer):
		return false, "Slack doesn't tell me who reads this channel (" + answer.Err + "), so I can't answer here.", nil
	case err != nil:
		return false, "", fmt.Errorf("asking Slack about channel %s: %w", channel, err)
	}
	return c.IsExtShared || c.IsPendingExtShared, "", nil
}

// Members are the users in a group.
func (d directory) Members(ctx context.Context, group string) (members []string, err error) {
	err = d.bot.out.Call(ctx, outbox.Lookups, func() (err error) {
		members, err = d.bot.api.GetUserGroupMembersContext(ctx, group)
		return err
	})
	if outbox.Code(err) == "no_such_subteam" {
		err = fmt.Errorf("%w: %s", policy.ErrNoGroup, group)
	}
	return members, err
}

// huntAction is a hunt as policy and audit see it.
func (b *Bot) huntAction(h hunts.Hunt) hunts.Action {
	return h.Action(hunts.AskedOf(h.Workspaces, b.cfg.Workspaces))
}
