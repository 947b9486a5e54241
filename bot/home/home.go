// Package home is the App Home tab: what one person asked for, what waits for that
// person's approval, what the watchlist and its sweeps do next, and what may be done
// where.
//
// What surprises: nothing in it is pressed. A tab belongs to no channel, and every
// right belongs to one, so the tab leads to the message where the buttons are. And it
// shows less when it isn't sure: approvals of a channel are left out when Slack doesn't
// list the channel's members.
package home

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// Hunts are the hunts, their answers, and where these stand.
type Hunts interface {
	Hunt(ctx context.Context, id string) (hunts.Hunt, bool, error)
	Answer(ctx context.Context, huntID string) (hunts.Answer, bool, error)
}

// Gate judges what is shown; *policy.Gate is one.
type Gate interface {
	// Allowed are the rights of somebody in a channel.
	Allowed(ctx context.Context, who hunts.Asker) []hunts.Right
	MayApprove(ctx context.Context, who hunts.Asker, h hunts.Hunt) bool
	Shown(h hunts.Hunt, channel string, a hunts.Answer) (hunts.Hunt, hunts.Answer)
}

// Slack is what is asked of Slack.
type Slack interface {
	Publish(ctx context.Context, user string, render func(message.View) message.Message) error
	// Link leads to the message of a hunt; empty where there is none.
	Link(ctx context.Context, huntID string) string
	// Reads tells whether a person is a member of a channel. When Slack doesn't tell,
	// it is false.
	Reads(ctx context.Context, user, channel string) bool
}

// Config is what the tab is made of.
type Config struct {
	Hunts     Hunts
	Mine      hunts.Collection[string, []string]
	Waiting   hunts.Entries[time.Time]
	Watchlist hunts.Entries[sweep.Entry]
	Schedules hunts.Entries[sweep.Schedule]
	// Standing counts watches and warranties.
	Standing func(context.Context) (message.HomeStanding, error)
	Gate     Gate
	Slack    Slack
	Topics   []message.Topic
	Clock    hunts.Clock
	Log      *slog.Logger
}

// Tab is the Home tab.
type Tab struct{ Config }

const (
	// kept bounds the hunts that are remembered of a person, and shown those of them
	// that the tab has.
	kept, shown = 30, 8
	// approvals and sweeps bound the other lists.
	approvals, sweeps = 8, 8
	// places bounds the channels whose rights are told.
	places = 4
	// soon is how far ahead entries that run out are counted.
	soon = 7 * 24 * time.Hour
)

// Note remembers a hunt as its asker's. Without it the hunt is as good, so it never
// fails one.
func (t *Tab) Note(ctx context.Context, h hunts.Hunt) {
	_, err := t.Mine.Change(ctx, h.Asker.User, func(ids *[]string) error {
		if !slices.Contains(*ids, h.ID) {
			*ids = append([]string{h.ID}, (*ids)[:min(len(*ids), kept-1)]...)
		}
		return nil
	})
	if err != nil {
		t.Log.InfoContext(ctx, "hunt not noted for the Home tab", "hunt", h.ID, "error", err)
	}
}

// Open publishes the tab of somebody who opened it. who.Channel is that person's
// direct channel.
func (t *Tab) Open(ctx context.Context, who hunts.Asker) error {
	tab, err := t.read(ctx, who)
	if err != nil {
		return err
	}
	return t.Slack.Publish(ctx, who.User, func(v message.View) message.Message { return message.Home(tab, v) })
}

// Refuse tells somebody who may not hunt why.
func (t *Tab) Refuse(ctx context.Context, who hunts.Asker, sentence string) error {
	return t.Slack.Publish(ctx, who.User, func(v message.View) message.Message { return message.HomeRefused(sentence, v) })
}

func (t *Tab) read(ctx context.Context, who hunts.Asker) (message.HomeTab, error) {
	tab := message.HomeTab{Topics: t.Topics}
	mine, err := t.mine(ctx, who)
	if err != nil {
		return tab, err
	}
	for _, x := range mine[:min(len(mine), shown)] {
		line, err := t.line(ctx, x)
		if err != nil {
			return tab, err
		}
		tab.Hunts = append(tab.Hunts, line)
	}
	if tab.Approvals, err = t.waiting(ctx, who); err != nil {
		return tab, err
	}
	tab.Places = t.places(ctx, who, mine)
	may := func(r hunts.Right) bool {
		return slices.ContainsFunc(tab.Places, func(p message.HomePlace) bool { return slices.Contains(p.Rights, r) })
	}
	if may(hunts.MayWatch) {
		if err := t.watched(ctx, &tab); err != nil {
			return tab, err
		}
	}
	if may(hunts.MaySweep) {
		return tab, t.scheduled(ctx, &tab)
	}
	return tab, nil
}

// mine are the person's own hunts that may still be shown, newest first.
func (t *Tab) mine(ctx context.Context, who hunts.Asker) ([]hunts.Hunt, error) {
	ids, _, err := t.Mine.Get(ctx, who.User)
	if err != nil {
		return nil, err
	}
	var out []hunts.Hunt
	for _, id := range ids {
		h, ok, err := t.Hunts.Hunt(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok && h.Asker.User == who.User && h.State != hunts.Unsaid {
			out = append(out, h)
		}
	}
	return out, nil
}

// line is one of the person's hunts, as the channel where it was asked may see it.
func (t *Tab) line(ctx context.Context, h hunts.Hunt) (message.HomeHunt, error) {
	a, ok, err := t.Hunts.Answer(ctx, h.ID)
	if err != nil {
		return message.HomeHunt{}, err
	}
	found := ok && (h.State == hunts.Answered || h.State == hunts.Running || h.State == hunts.Queued) // it is kept before it is shown
	link := t.Slack.Link(ctx, h.ID)
	h, a = t.Gate.Shown(h, h.Asker.Channel, a)
	return message.HomeHunt{Hunt: h, Link: link, Found: found, Verdict: a.Verdict, Devices: a.VerdictDevices()}, nil
}

// waiting are the hunts that the person may approve, in channels that the person
// reads; those that end first come first.
func (t *Tab) waiting(ctx context.Context, who hunts.Asker) ([]message.HomeHunt, error) {
	all, _, err := t.Waiting.All(ctx)
	if err != nil {
		return nil, err
	}
	var out []message.HomeHunt
	for id, until := range all {
		h, ok, err := t.Hunts.Hunt(ctx, id)
		if err != nil {
			return nil, err
		}
		if !ok || h.State != hunts.Held || !until.After(t.Clock()) || !t.Gate.MayApprove(ctx, who, h) || !t.Slack.Reads(ctx, who.User, h.Asker.Channel) {
			continue
		}
		link := t.Slack.Link(ctx, id)
		h, _ = t.Gate.Shown(h, h.Asker.Channel, hunts.Answer{})
		out = append(out, message.HomeHunt{Hunt: h, Link: link, Until: until})
	}
	slices.SortFunc(out, func(x, y message.HomeHunt) int {
		if d := x.Until.Compare(y.Until); d != 0 {
			return d
		}
		return strings.Compare(x.Hunt.ID, y.Hunt.ID)
	})
	return out[:min(len(out), approvals)], nil
}

// places are the direct channel, and those that the person hunted in last and still
// reads.
func (t *Tab) places(ctx context.Context, who hunts.Asker, mine []hunts.Hunt) []message.HomePlace {
	out := []message.HomePlace{{Rights: t.Gate.Allowed(ctx, who)}}
	seen := map[string]bool{}
	for _, h := range mine {
		channel := h.Asker.Channel
		if seen[channel] || channel == "" || strings.HasPrefix(channel, "D") || len(seen) == places {
			continue
		}
		seen[channel] = true
		if t.Slack.Reads(ctx, who.User, channel) {
			there := who
			there.Channel = channel
			out = append(out, message.HomePlace{Channel: channel, Rights: t.Gate.Allowed(ctx, there)})
		}
	}
	return out
}

// watched counts the watchlist, and what is looked after between hunts.
func (t *Tab) watched(ctx context.Context, tab *message.HomeTab) error {
	all, unreadable, err := t.Watchlist.All(ctx)
	if err != nil {
		return err
	}
	now := t.Clock()
	list := message.HomeList{}
	for _, e := range all {
		switch {
		case e.Removed || e.State == sweep.Retired || !e.Expires.After(now):
			continue
		case e.Handled(now):
			list.Muted++
		default:
			list.Active++
		}
		if e.Expires.Before(now.Add(soon)) && !e.Renewed {
			list.Ending++
			if list.Ends.IsZero() || e.Expires.Before(list.Ends) {
				list.Ends = e.Expires
			}
		}
	}
	tab.Watchlist = &list
	if n := len(unreadable); n > 0 {
		tab.Lacking = append(tab.Lacking, hunts.Count(int64(n), "entry")+" of the watchlist can't be read by this version.")
	}
	standing, err := t.Standing(ctx)
	tab.Standing = &standing
	return err
}

// scheduled are the sweeps, the next one first and those that are paused last.
func (t *Tab) scheduled(ctx context.Context, tab *message.HomeTab) error {
	all, _, err := t.Schedules.All(ctx)
	if err != nil {
		return err
	}
	list := []message.HomeSweep{}
	for name, s := range all {
		x := message.HomeSweep{Name: name, Channel: s.Channel, Paused: s.Paused}
		if !s.Paused {
			x.Next = s.Next(t.Clock())
		}
		list = append(list, x)
	}
	slices.SortFunc(list, func(x, y message.HomeSweep) int {
		switch {
		case x.Paused != y.Paused && y.Paused:
			return -1
		case x.Paused != y.Paused:
			return 1
		}
		if d := x.Next.Compare(y.Next); d != 0 {
			return d
		}
		return strings.Compare(x.Name, y.Name)
	})
	list = list[:min(len(list), sweeps)]
	tab.Sweeps = &list
	return nil
}
