package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

// memberFor is how long it is remembered whether somebody is a full member.
const memberFor = time.Hour

// barred denies by default: members of other companies, guests, and, where
// channels are listed, everybody elsewhere. "" lets somebody pass.
func (b *Bot) barred(ctx context.Context, who hunts.Asker) (string, error) {
	switch {
	case who.Team != b.team:
		return "Hunts are for members of this workspace only.", nil
	case who.Channel != "" && len(b.cfg.Channels) > 0 && !slices.Contains(b.cfg.Channels, who.Channel):
		links := make([]string, len(b.cfg.Channels))
		for i, c := range b.cfg.Channels {
			links[i] = "<#" + c + ">"
		}
		return "Hunts are not allowed in this channel; ask in " + strings.Join(links, " or ") + ".", nil
	}
	if !slices.Contains(b.cfg.Bots, who.User) { // those are listed by the operator
		if say, err := b.notMember(ctx, who.User); err != nil || say != "" {
			return say, err
		}
	}
	return b.sharedOutside(ctx, who.Channel)
}

// sharedFor is how long it is remembered whether a channel is shared.
const sharedFor = 10 * time.Minute

// sharedOutside refuses a channel that people of another company read: an answer
// there is an answer to them. No payload says so of a command
// (docs.slack.dev/apis/slack-connect), so Slack is asked. A channel that the
// operator lists, in the configuration or by an own rule of the policy, is the
// operator's to judge; one that Slack does not show us gets answers that only the
// asker sees.
func (b *Bot) sharedOutside(ctx context.Context, channel string) (string, error) {
	if channel == "" || strings.HasPrefix(channel, "D") || slices.Contains(b.cfg.Channels, channel) || b.policy.names(channel) {
		return "", nil
	}
	var say string
	if ok, err := b.cfg.Store.GetJSON(ctx, "shared:"+channel, &say); err != nil || ok {
		return say, err
	}
	var c *slack.Channel
	err := b.out.Call(ctx, outbox.Lookups, func() (err error) {
		c, err = b.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		return err
	})
	var answer slack.SlackErrorResponse
	switch {
	case errors.As(err, &answer) && answer.Err == "missing_scope":
		return "I can't tell whether another company reads this channel: the app needs the scopes channels:read and groups:read. Whoever runs it adds them, as in manifest.yml, and installs the app again.", nil
	case errors.As(err, &answer) && answer.Err == "channel_not_found":
		return "", nil
	case errors.As(err, &answer):
		return "Slack does not tell me who reads this channel (" + answer.Err + "), so I can't answer here.", nil
	case err != nil:
		return "", fmt.Errorf("asking Slack about channel %s: %w", channel, err)
	case c.IsExtShared || c.IsPendingExtShared:
		say = "This channel is shared with another company, which would read the answer; ask in one of your own. Whoever runs me may list it in FOOTPRINT_CHANNELS or in the policy."
	}
	return say, b.cfg.Store.SetJSON(ctx, "shared:"+channel, say, sharedFor)
}

// notMember refuses guests. Whom Slack does not describe is none of ours: when the
// scope for it is missing nobody is let in, and everybody is told which it is.
func (b *Bot) notMember(ctx context.Context, user string) (string, error) {
	var say string
	if ok, err := b.cfg.Store.GetJSON(ctx, "member:"+user, &say); err != nil || ok {
		return say, err
	}
	var u *slack.User
	err := b.out.Call(ctx, outbox.Lookups, func() (err error) {
		u, err = b.api.GetUserInfoContext(ctx, user)
		return err
	})
	var answer slack.SlackErrorResponse
	switch {
	case errors.As(err, &answer) && answer.Err == "missing_scope":
		return "I can't tell members from guests: the app needs the scope users:read. Whoever runs it adds it, as in manifest.yml, and installs the app again.", nil
	case errors.As(err, &answer):
		say = "Slack does not tell me who you are (" + answer.Err + "), so I can't hunt for you."
		return say, nil
	case err != nil:
		return "", fmt.Errorf("asking Slack who %s is: %w", user, err)
	case u.IsRestricted || u.IsUltraRestricted || u.IsStranger || u.Deleted:
		say = "Hunts are for full members of this workspace; guests may not hunt."
	}
	if u != nil {
		if err := b.cfg.Store.SetJSON(ctx, nameKey(user), u.Name, memberFor); err != nil {
			return "", err
		}
	}
	return say, b.cfg.Store.SetJSON(ctx, "member:"+user, say, memberFor)
}

func nameKey(user string) string { return "name:" + user }

// named is an asker with the name that Slack gave when they were judged; events
// carry ids only.
func (b *Bot) named(ctx context.Context, who hunts.Asker) hunts.Asker {
	var name string
	if ok, err := b.cfg.Store.GetJSON(ctx, nameKey(who.User), &name); err == nil && ok && name != "" {
		who.Name = name
	}
	return who
}

// limits are what holds for somebody in a channel. The sentence is not empty when
// they are in none of the groups that the channel is for.
func (b *Bot) limits(ctx context.Context, who hunts.Asker) (Limits, string) {
	r, _ := b.policy.rule(who.Channel)
	for _, g := range r.For {
		if b.inGroups(ctx, who.User, []string{g.Group}) {
			return g.Limits, ""
		}
	}
	if len(r.Groups) > 0 && !slices.Contains(b.cfg.Bots, who.User) && !b.inGroups(ctx, who.User, r.Groups) {
		return Limits{}, "in this channel it is for members of the user group " + strings.Join(r.Groups, " or ") + " only"
	}
	return r.Limits, ""
}

// may refuses with a sentence that says what is allowed, and where; "" lets it
// pass.
func (b *Bot) may(ctx context.Context, who hunts.Asker, what string) string {
	l, outside := b.limits(ctx, who)
	switch {
	case outside != "":
		return fmt.Sprintf("%s is not for everybody: %s.", what, outside)
	case slices.Contains(l.Allow, what):
		return ""
	}
	say := fmt.Sprintf("%s is not allowed in this channel%s.", what, b.policy.allowing(what))
	if what == MayAudit {
		say += " Whoever runs me allows it in the policy, with allow: [audit]."
	}
	if len(l.Allow) > 0 {
		say += " Allowed here: " + strings.Join(l.Allow, ", ") + "."
	}
	return say
}

// mayHunt judges one request: look-back and workspaces. It counts nothing.
func (b *Bot) mayHunt(ctx context.Context, who hunts.Asker, h hunts.Hunt) string {
	if say := b.may(ctx, who, MayHunt); say != "" {
		return say
	}
	l, _ := b.limits(ctx, who)
	if l.maxBack > 0 && (h.Window.All || b.cfg.Clock().Sub(h.Window.From) > l.maxBack+time.Minute) {
		return fmt.Sprintf("this channel may hunt up to %s; you asked for %s.", l.MaxLookBack, h.Window.Text())
	}
	asked := h.Workspaces
	if len(asked) == 0 && len(b.cfg.Workspaces) > 0 {
		asked = b.cfg.Workspaces[:1] // the default one is one as well
	}
	for _, w := range asked {
		if len(l.Workspaces) > 0 && !slices.ContainsFunc(l.Workspaces, func(name string) bool { return strings.EqualFold(name, w) }) {
			return fmt.Sprintf("this channel may hunt in %s only; write workspace=%s.", strings.Join(l.Workspaces, ", "), l.Workspaces[0])
		}
	}
	return ""
}

// quota counts one hunt of a person, and refuses with a sentence when they had
// their share of the hour.
func (b *Bot) quota(ctx context.Context, who hunts.Asker) (string, error) {
	l, _ := b.limits(ctx, who)
	if l.HuntsPerHour <= 0 {
		return "", nil
	}
	ok, wait, err := b.cfg.Store.Allow(ctx, "hunts:"+who.User, l.HuntsPerHour, time.Hour)
	if err != nil || ok {
		return "", err
	}
	return fmt.Sprintf("you have used the %d hunts of this hour; the next is free in %s.", l.HuntsPerHour, spell(wait)), nil
}

// groupsFor is how long the members of a group are remembered.
const groupsFor = 5 * time.Minute

func (b *Bot) inGroups(ctx context.Context, user string, groups []string) bool {
	for _, g := range groups {
		var members []string
		ok, err := b.cfg.Store.GetJSON(ctx, "group:"+g, &members)
		if err != nil || !ok {
			if members, err = b.api.GetUserGroupMembersContext(ctx, g); err != nil {
				b.cfg.Log.WarnContext(ctx, "members of a user group not known, nobody of it is let in", "group", g, "error", err)
				continue
			}
			if err := b.cfg.Store.SetJSON(ctx, "group:"+g, members, groupsFor); err != nil {
				b.cfg.Log.InfoContext(ctx, "members of a user group not kept", "error", err)
			}
		}
		if slices.Contains(members, user) {
			return true
		}
	}
	return false
}
