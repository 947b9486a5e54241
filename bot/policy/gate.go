package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Store is what the gate remembers things in. Its errors are *hunts.Error of kind
// unavailable.
type Store interface {
	hunts.AuditLog
	GetJSON(ctx context.Context, name string, v any) (bool, error)
	SetJSON(ctx context.Context, name string, v any, ttl time.Duration) error
	ChangeJSON(ctx context.Context, name string, ttl time.Duration, change func(stored json.RawMessage) (json.RawMessage, error)) error
	// Allow counts one use of key, and each once of it only one time; false when
	// there were limit of them within per.
	Allow(ctx context.Context, key, once string, limit int, per time.Duration) (ok bool, retryAfter time.Duration, err error)
}

// Config is what a Gate is made of.
type Config struct {
	// File is the policy; empty allows every member everything. It is read again
	// when it changes.
	File  string
	Store Store
	Clock hunts.Clock
	Log   *slog.Logger
	// Channels are the ids that may hunt; empty allows every channel of the
	// workspace.
	Channels []string
	// Bots are the ids of bots that are judged as members in every group.
	Bots []string
	// Keep is how long approvals are remembered; 14 days.
	Keep time.Duration
}

// Gate judges what people do. It is a hunts.Authorizer.
type Gate struct {
	cfg    Config
	file   file
	joined atomic.Pointer[membership]
}

// membership is the team that a gate judges for, and whom it asks who is who.
type membership struct {
	team string
	dir  Directory
}

// New reads the policy; one that can't be read is an error. Until Join nobody is
// known to be a member of anything.
func New(cfg Config) (*Gate, error) {
	if cfg.Keep <= 0 {
		cfg.Keep = 14 * 24 * time.Hour
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gate{cfg: cfg}
	g.joined.Store(&membership{dir: nobody{}})
	g.file.path, g.file.read = cfg.File, os.ReadFile
	return g, g.file.load()
}

// Join tells the gate which team it judges for, and whom to ask who is who. It is
// called before anybody is judged, by each bot that shares the gate.
func (g *Gate) Join(team string, dir Directory) { g.joined.Store(&membership{team, dir}) }

// Reload reads the policy again when its file changed. The error is for the log:
// the last good policy stays in force.
func (g *Gate) Reload() error { return g.file.load() }

// Rule is what holds in a channel for everybody; false where nothing is allowed.
func (g *Gate) Rule(channel string) (Rule, bool) { return g.file.rule(channel) }

// Authorize judges an action and writes the audit of both outcomes. The error is a
// *hunts.Error: of kind not_allowed with a sentence for the asker, or unavailable
// when the audit can't be written; then nothing may be done either.
func (g *Gate) Authorize(ctx context.Context, who hunts.Asker, a hunts.Action) error {
	say, approval, err := g.judge(ctx, who, a)
	if err != nil {
		return err
	}
	if approval != "" {
		say = "a hunt of this size needs a second person's approval (" + approval + "): ask for it with /footprint."
	}
	return hunts.Noted(ctx, g.cfg.Store, a.Entry(who, g.cfg.Clock(), say), refusal(say))
}

// Foresee tells what Authorize will say, so that people are refused before a
// message stands in the channel. Only a refusal is audited: what is allowed will be
// when it is done. approval is not empty when a second person must approve first,
// and says why.
func (g *Gate) Foresee(ctx context.Context, who hunts.Asker, a hunts.Action) (approval string, err error) {
	say, approval, err := g.judge(ctx, who, a)
	if err != nil || say == "" {
		return approval, err
	}
	return "", g.Refuse(ctx, who, a, say)
}

// Beyond says why an action needs a second person, approved or not; empty when it
// needs none.
func (g *Gate) Beyond(a hunts.Action) string {
	if a.Search == nil {
		return ""
	}
	return g.file.approval().beyond(*a.Search, g.back(*a.Search))
}

// Refuse audits a refusal whose reason is not the policy's, and gives it back as an
// error.
func (g *Gate) Refuse(ctx context.Context, who hunts.Asker, a hunts.Action, say string) error {
	return hunts.Noted(ctx, g.cfg.Store, a.Entry(who, g.cfg.Clock(), say), refusal(say))
}

// Note audits something that happened, which nobody judges.
func (g *Gate) Note(ctx context.Context, who hunts.Asker, a hunts.Action) error {
	return g.cfg.Store.Audit(ctx, a.Entry(who, g.cfg.Clock(), ""))
}

// May tells whether somebody has a right, without a trace: for what is offered, not
// for what is done.
func (g *Gate) May(ctx context.Context, who hunts.Asker, what hunts.Right) bool {
	say, _ := g.right(ctx, who, what, false)
	return say == ""
}

// Allowed are the rights of somebody in a channel, without a trace.
func (g *Gate) Allowed(ctx context.Context, who hunts.Asker) []hunts.Right {
	return slices.DeleteFunc(slices.Clone(allowable), func(r hunts.Right) bool { return !g.May(ctx, who, r) })
}

func refusal(say string) error {
	if say == "" {
		return nil
	}
	return &hunts.Error{Kind: hunts.KindNotAllowed, Say: say}
}

func (g *Gate) judge(ctx context.Context, who hunts.Asker, a hunts.Action) (say, approval string, err error) {
	scheduled := a.Search != nil && a.Search.Scheduled
	say, l := g.right(ctx, who, a.Right, scheduled)
	if say != "" || a.Search == nil {
		return say, "", nil
	}
	return g.search(ctx, who, a, l)
}

// right judges what an action is, and gives the limits that hold for who does it.
func (g *Gate) right(ctx context.Context, who hunts.Asker, what hunts.Right, scheduled bool) (string, Limits) {
	if what == "" {
		return "", Limits{}
	}
	l, outside := g.limits(ctx, who, scheduled)
	switch {
	case outside != "":
		return fmt.Sprintf("%s isn't open to everyone: %s.", what, outside), l
	case slices.Contains(l.Allow, what):
		return "", l
	}
	say := fmt.Sprintf("%s is not allowed in this channel%s.", what, g.file.allowing(what))
	if what == hunts.MayAudit {
		say += " Your admin can turn this on in the policy, with allow: [audit]."
	}
	if len(l.Allow) > 0 {
		say += " Allowed in this channel: " + names(l.Allow) + "."
	}
	return say, l
}

// limits are what holds for somebody in a channel. The sentence is not empty when
// they are in none of the groups that the channel is for. What an operator
// scheduled, and nobody owns, is in every group.
func (g *Gate) limits(ctx context.Context, who hunts.Asker, scheduled bool) (Limits, string) {
	r, _ := g.file.rule(who.Channel)
	for _, x := range r.For {
		if g.inGroups(ctx, who.User, []string{x.Group}) {
			return x.Limits, ""
		}
	}
	trusted := slices.Contains(g.cfg.Bots, who.User) || scheduled && who.User == ""
	if len(r.Groups) > 0 && !trusted && !g.inGroups(ctx, who.User, r.Groups) {
		return Limits{}, "in this channel it's for members of the user group " + strings.Join(r.Groups, " or ") + " only"
	}
	return r.Limits, ""
}

// search judges how much an action asks of a source. The quota comes last, since it
// is spent by being judged.
func (g *Gate) search(ctx context.Context, who hunts.Asker, a hunts.Action, l Limits) (say, approval string, err error) {
	s := *a.Search
	back := g.back(s)
	if l.maxBack > 0 && (s.Window.All || back > l.maxBack+slack) {
		return fmt.Sprintf("this channel may hunt up to %s; you asked for %s.", l.MaxLookBack, s.Window.Text()), "", nil
	}
	for _, w := range a.Workspaces {
		if len(l.Workspaces) > 0 && !slices.ContainsFunc(l.Workspaces, func(name string) bool { return strings.EqualFold(name, w) }) {
			return fmt.Sprintf("this channel may hunt in %s only; write workspace=%s.", strings.Join(l.Workspaces, ", "), l.Workspaces[0]), "", nil
		}
	}
	if say := g.namesHidden(who.Channel, s); say != "" {
		return say, "", nil
	}
	approval = g.file.approval().beyond(s, back)
	switch {
	case approval == "":
	case s.Scheduled:
		return "a sweep can't wait for approval, and this one " + approval + ".", "", nil
	default:
		p, err := g.Pending(ctx, a.HuntID)
		if err != nil {
			return "", "", err
		}
		if p.State == Approved {
			approval = ""
		}
	}
	if s.Once == "" || l.HuntsPerHour <= 0 || approval != "" {
		return "", approval, nil
	}
	ok, wait, err := g.cfg.Store.Allow(ctx, "hunts:"+who.User, s.Once, l.HuntsPerHour, time.Hour)
	if err != nil || ok {
		return "", "", err
	}
	return fmt.Sprintf("you have used your %d hunts for this hour. The next one is free in %s.", l.HuntsPerHour, hunts.Spell(wait)), "", nil
}

// back is how far a search looks back from when it was asked.
func (g *Gate) back(s hunts.Search) time.Duration {
	asked := s.Asked
	if asked.IsZero() {
		asked = g.cfg.Clock()
	}
	if s.Window.From.IsZero() {
		return 0
	}
	return asked.Sub(s.Window.From)
}

// namesHidden refuses what is asked of a device or a user by name where the names
// are hidden: that there is an answer at all would tell who it is about.
func (g *Gate) namesHidden(channel string, s hunts.Search) string {
	r, _ := g.file.rule(channel)
	switch {
	case len(s.Devices) > 0 && slices.Contains(r.Redact, RedactDevices):
		return "device names are redacted in this channel, so it can't ask about a device. Hunt in a channel that sees them."
	case len(s.Accounts) > 0 && slices.Contains(r.Redact, RedactUsers):
		return "user names are redacted in this channel, so it can't ask about a user. Hunt in a channel that sees them."
	}
	return ""
}

// Bounds are what somebody may search without asking anybody.
type Bounds struct {
	Back       time.Duration // 0 is no limit
	Workspaces []string      // empty is all
}

// Bounds are for what chooses its own window: a ledger, the history of a sweep.
func (g *Gate) Bounds(ctx context.Context, who hunts.Asker, scheduled bool) Bounds {
	l, _ := g.limits(ctx, who, scheduled)
	b := Bounds{Back: l.maxBack, Workspaces: l.Workspaces}
	if a := g.file.approval(); a != nil && a.back > 0 && (b.Back == 0 || a.back < b.Back) {
		b.Back = a.back
	}
	return b
}

// Within shortens a look-back to what is allowed.
func (b Bounds) Within(back time.Duration) time.Duration {
	if b.Back > 0 {
		return min(b.Back, back)
	}
	return back
}
