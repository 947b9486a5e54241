package bot

import (
	"context"
	"errors"
	"slices"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/home"
	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

func (b *Bot) homeTab() *home.Tab {
	return &home.Tab{Config: home.Config{
		Hunts: b.cfg.Store, Mine: b.cfg.Documents.Mine, Waiting: b.cfg.Documents.Waiting, Watchlist: b.cfg.Sweeping.Watchlist, Schedules: b.cfg.Sweeping.Schedules,
		Standing: b.standing, Gate: b.policy, Slack: pages{b}, Topics: firstTopics(), Clock: b.cfg.Clock, Log: b.cfg.Log,
	}}
}

// homeOpened publishes the Home tab of whoever opened it. The event has the person's
// direct channel.
func (b *Bot) homeOpened(ctx context.Context, e inbound.Event, team string) error {
	if e.Tab != "home" {
		return nil
	}
	who := hunts.Asker{Team: team, User: e.User, Name: e.User, Channel: e.Channel}
	err := b.admit(ctx, who, "home", "")
	var refused *hunts.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == hunts.KindNotAllowed:
		err = b.home.Refuse(ctx, who, refused.Say)
	case err == nil:
		err = b.home.Open(ctx, who)
	}
	if code := outbox.Code(err); code != "" { // the next time it is opened is soon enough
		b.cfg.Log.WarnContext(ctx, "Home tab not published", "error", code)
		return nil
	}
	return err
}

// standing is what is looked after between hunts.
func (b *Bot) standing(ctx context.Context) (message.HomeStanding, error) {
	s, err := b.watch.Status(ctx)
	out := message.HomeStanding{Watches: s.Watches, Warranties: s.Warranties, WatchesOff: s.WatchesOff, WarrantiesOff: s.WarrantiesOff, Oldest: s.Oldest()}
	for _, x := range s.Scopes {
		if x.Failed != "" {
			out.Failed = append(out.Failed, x.Scope)
		}
	}
	return out, err
}

// firstTopics are the commands that begin a group, which is what there is to do.
func firstTopics() []message.Topic {
	var out []message.Topic
	var groups []string
	for _, v := range verbs() {
		if !slices.Contains(groups, v.group()) {
			groups, out = append(groups, v.group()), append(out, v.topic())
		}
	}
	return out
}

// pages is Slack as the Home tab sees it.
type pages struct{ bot *Bot }

// Publish puts a Home tab in the place of the one that a person has.
func (p pages) Publish(ctx context.Context, user string, render func(message.View) message.Message) error {
	m := render(p.bot.view())
	return p.bot.out.Call(ctx, outbox.Lookups, func() error {
		_, err := p.bot.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: user, View: slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: m.Blocks}}})
		return err
	})
}

// Link leads to the message of a hunt.
func (p pages) Link(ctx context.Context, huntID string) string {
	post, ok, err := p.bot.cfg.Store.LoadPost(ctx, parentKey(huntID))
	if err != nil || !ok || post.TS == "" {
		return ""
	}
	link := ""
	err = p.bot.out.Call(ctx, outbox.Permalinks, func() (err error) {
		link, err = p.bot.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: post.Channel, Ts: post.TS})
		return err
	})
	if err != nil {
		p.bot.cfg.Log.InfoContext(ctx, "no link to a hunt", "hunt", huntID, "error", err)
	}
	return link
}

// maxMemberPages bounds how many pages of a channel's members are read: who is not
// among the first thousands of a channel finds the approval there.
const maxMemberPages = 5

// Reads tells whether a person is a member of a channel.
func (p pages) Reads(ctx context.Context, user, channel string) bool {
	cursor := ""
	for range maxMemberPages {
		var members []string
		err := p.bot.out.Call(ctx, outbox.Lookups, func() (err error) {
			members, cursor, err = p.bot.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: channel, Cursor: cursor, Limit: 1000})
			return err
		})
		if err != nil {
			p.bot.cfg.Log.InfoContext(ctx, "members of a channel not known", "channel", channel, "error", err)
			return false
		}
		if slices.Contains(members, user) {
			return true
		}
		if cursor == "" {
			return false
		}
	}
	return false
}
