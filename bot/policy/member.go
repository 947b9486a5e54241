package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Directory tells who is who. problem is a sentence for the asker when it does not
// tell; then nobody is let in.
type Directory interface {
	// Person gives the name of a user, and whether they are a full member.
	Person(ctx context.Context, user string) (name string, member bool, problem string, err error)
	// Shared tells whether another company reads a channel. A channel that can't be
	// seen is not shared: answers there are shown to the asker alone.
	Shared(ctx context.Context, channel string) (shared bool, problem string, err error)
	// Members are the users in a group; ErrNoGroup where there is no such group.
	Members(ctx context.Context, group string) ([]string, error)
}

// ErrNoGroup means that Slack knows no such user group.
var ErrNoGroup = errors.New("no such user group in Slack")

// UnknownGroups refuses a policy that names a user group which the workspace does
// not have: nobody would ever be let in by it. A group that can't be read says
// nothing.
func (g *Gate) UnknownGroups(ctx context.Context) error {
	for _, id := range g.file.groups() {
		if _, err := g.joined.Load().dir.Members(ctx, id); errors.Is(err, ErrNoGroup) {
			return UnknownGroup(id)
		}
	}
	return nil
}

// UnknownGroup says what to do about a group that is not there.
func UnknownGroup(id string) error {
	return fmt.Errorf("the policy names the user group %s, which this Slack workspace does not have: copy the id from the group's page in Slack, under ⋯", id)
}

// nobody is the directory of a gate that has not joined yet.
type nobody struct{}

const notYet = "I don't know who you are yet. Try again in a moment."

func (nobody) Person(context.Context, string) (string, bool, string, error) {
	return "", false, notYet, nil
}
func (nobody) Shared(context.Context, string) (bool, string, error) { return false, notYet, nil }
func (nobody) Members(context.Context, string) ([]string, error) {
	return nil, errors.New("not signed in")
}

const (
	// memberFor is how long it is remembered whether somebody is a full member.
	memberFor = time.Hour
	// sharedFor is how long it is remembered whether a channel is shared.
	sharedFor = 10 * time.Minute
	// groupsFor is how long the members of a group are remembered.
	groupsFor = 5 * time.Minute
)

// Stranger denies by default: members of other companies, guests, and, where
// channels are listed, everybody elsewhere. An empty sentence lets somebody pass to
// what the policy says.
func (g *Gate) Stranger(ctx context.Context, who hunts.Asker) (string, error) {
	switch {
	case who.Team != g.joined.Load().team:
		return "Hunts are for members of this workspace only.", nil
	case who.Channel != "" && len(g.cfg.Channels) > 0 && !slices.Contains(g.cfg.Channels, who.Channel):
		links := make([]string, len(g.cfg.Channels))
		for i, c := range g.cfg.Channels {
			links[i] = "<#" + c + ">"
		}
		return "Hunts are not allowed in this channel. Ask in " + strings.Join(links, " or ") + ".", nil
	}
	if !slices.Contains(g.cfg.Bots, who.User) { // those are listed by the operator
		if say, err := g.notMember(ctx, who.User); err != nil || say != "" {
			return say, err
		}
	}
	return g.sharedOutside(ctx, who.Channel)
}

// sharedOutside refuses a channel that people of another company read: an answer
// there is an answer to them. No payload says so of a command
// (docs.slack.dev/apis/slack-connect), so Slack is asked. A channel that the
// operator lists, in the configuration or by an own rule of the policy, is the
// operator's to judge.
func (g *Gate) sharedOutside(ctx context.Context, channel string) (string, error) {
	if channel == "" || strings.HasPrefix(channel, "D") || slices.Contains(g.cfg.Channels, channel) || g.file.names(channel) {
		return "", nil
	}
	var say string
	if ok, err := g.cfg.Store.GetJSON(ctx, "shared:"+channel, &say); err != nil || ok {
		return say, err
	}
	shared, problem, err := g.joined.Load().dir.Shared(ctx, channel)
	if err != nil || problem != "" {
		return problem, err
	}
	if shared {
		say = "This channel is shared with another company, which would read the answer. Ask in one of your own channels. Your admin can allow this one in FOOTPRINT_CHANNELS or in the policy."
	}
	return say, g.cfg.Store.SetJSON(ctx, "shared:"+channel, say, sharedFor)
}

// notMember refuses guests, and whoever Slack does not describe.
func (g *Gate) notMember(ctx context.Context, user string) (string, error) {
	var say string
	if ok, err := g.cfg.Store.GetJSON(ctx, "member:"+user, &say); err != nil || ok {
		return say, err
	}
	name, member, problem, err := g.joined.Load().dir.Person(ctx, user)
	if err != nil || problem != "" {
		return problem, err
	}
	if !member {
		say = "Hunts are for full members of this workspace; guests may not hunt."
	}
	if err := g.cfg.Store.SetJSON(ctx, nameKey(user), name, memberFor); err != nil {
		return "", err
	}
	return say, g.cfg.Store.SetJSON(ctx, "member:"+user, say, memberFor)
}

func nameKey(user string) string { return "name:" + user }

// Named is an asker with the name that Slack gave when they were judged; events
// carry ids only.
func (g *Gate) Named(ctx context.Context, who hunts.Asker) hunts.Asker {
	var name string
	if ok, err := g.cfg.Store.GetJSON(ctx, nameKey(who.User), &name); err == nil && ok && name != "" {
		who.Name = name
	}
	return who
}

func (g *Gate) inGroups(ctx context.Context, user string, groups []string) bool {
	if user == "" {
		return false
	}
	for _, id := range groups {
		var members []string
		ok, err := g.cfg.Store.GetJSON(ctx, "group:"+id, &members)
		if err != nil || !ok {
			if members, err = g.joined.Load().dir.Members(ctx, id); err != nil {
				g.cfg.Log.WarnContext(ctx, "members of a user group not known, nobody of it is let in", "group", id, "error", err)
				continue
			}
			if err := g.cfg.Store.SetJSON(ctx, "group:"+id, members, groupsFor); err != nil {
				g.cfg.Log.InfoContext(ctx, "members of a user group not kept", "error", err)
			}
		}
		if slices.Contains(members, user) {
			return true
		}
	}
	return false
}
