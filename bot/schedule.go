package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// schedules lists the sweeps that run by themselves.
func (b *Bot) schedules(ctx context.Context) (map[string]sweep.Schedule, error) {
	all, _, err := b.cfg.Sweeping.Schedules.All(ctx)
	return all, err
}

// syncSchedules makes the stored sweeps agree with the operator's file. When a
// sweep was first seen there stays, since its slots count from then on; so does
// a pause.
func (b *Bot) syncSchedules(ctx context.Context) error {
	stored, err := b.schedules(ctx)
	if err != nil {
		return err
	}
	for _, want := range b.cfg.Sweeps {
		have, ok := stored[want.Name]
		want.Added, want.Paused = b.cfg.Clock().UTC(), have.Paused
		if ok && have.FromYML {
			want.Added = have.Added
		}
		if ok && same(have, want) {
			continue
		}
		if err := b.putSchedule(ctx, want); err != nil {
			return err
		}
	}
	for name, have := range stored {
		if have.FromYML && !slices.ContainsFunc(b.cfg.Sweeps, func(s sweep.Schedule) bool { return s.Name == name }) {
			if err := b.cfg.Sweeping.Schedules.Drop(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func same(x, y sweep.Schedule) bool {
	a, errA := json.Marshal(x)
	b, errB := json.Marshal(y)
	return errA == nil && errB == nil && string(a) == string(b)
}

// inTheFile follows the name of a sweep that can't be changed from Slack.
const inTheFile = " comes from the operator's file and is changed there. It can be paused here."

// sweepCommand answers /footprint sweep …
func (b *Bot) sweepCommand(ctx context.Context, c inbound.Command, verb, rest string) (string, error) {
	words := strings.Fields(rest)
	name := "daily"
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		name = words[0]
	}
	all, err := b.schedules(ctx)
	if err != nil {
		return "", err
	}
	switch verb {
	case "add":
		return b.sweepAdd(ctx, c, name, rest)
	case "run", "remove", "pause", "resume":
		s, known := all[name]
		switch { // what is not known is refused by name
		case known:
		case verb == "run" && len(words) == 0 && len(all) == 0:
			// one for now, which runs by itself when somebody resumes it
			s = sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Zone: "UTC", Channel: c.Channel, Owner: c.User, Paused: true, Added: b.cfg.Clock().UTC()}
		default:
			return noSweep(name, all), nil
		}
		return b.sweepDo(ctx, c, verb, s, known)
	}
	if _, err := b.policy.Foresee(ctx, c.Asker(), hunts.Action{Name: "sweep", Right: hunts.MaySweep, What: "list"}); err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "No sweep is scheduled. Write `sweep add daily cron=\"30 8 * * 1-5\" zone=Europe/Berlin from=ti`, or `sweep run` for one now.", nil
	}
	var lines []string
	for name, s := range all {
		next := "paused"
		if !s.Paused {
			next = "next " + s.Next(b.cfg.Clock()).Format("Mon 2 Jan 15:04 MST")
		}
		text := fmt.Sprintf("%s · %s · %s · <#%s> · %s", name, s.Cron, s.Zone, s.Channel, next)
		if len(s.Workspaces) > 0 {
			text += " · " + strings.Join(s.Workspaces, ", ")
		}
		if s.Hunt != "" {
			text += " · hunt " + s.Hunt
		}
		for _, source := range s.Sources {
			text += " · " + indicator.Defang(source)
		}
		lines = append(lines, text)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}

// noSweep names the sweeps that there are.
func noSweep(name string, all map[string]sweep.Schedule) string {
	if len(all) == 0 {
		return fmt.Sprintf("There is no sweep named %q, and none is scheduled. Set one up with `sweep add %s`.", name, name)
	}
	return fmt.Sprintf("There is no sweep named %q. Scheduled: %s.", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
}

// sweepDo runs, pauses or removes a sweep, which belongs to its channel: that is where
// whoever asks needs the right.
func (b *Bot) sweepDo(ctx context.Context, c inbound.Command, verb string, s sweep.Schedule, known bool) (string, error) {
	if verb == "remove" && s.FromYML {
		return s.Name + inTheFile, nil
	}
	action := hunts.Action{Name: "sweep", Right: hunts.MaySweep, What: verb + " " + s.Name}
	if verb == "run" {
		last, err := b.snapshot(ctx, s.Name)
		if err != nil {
			return "", err
		}
		from, to, _ := s.Window(last, b.cfg.Clock().UTC())
		action.Workspaces, action.Search = b.sweepScopes(ctx, s), b.sweepSearch(ctx, s, from, to)
		action.Search.Once = "sweep " + s.Name + " " + to.Format(time.RFC3339)
	}
	if err := b.policy.Authorize(ctx, in(s.Channel, c), action); err != nil {
		return "", inChannel(err, s.Channel, c.Channel)
	}
	switch verb {
	case "run":
		if !known {
			if err := b.putSchedule(ctx, s); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("Running sweep %s. Results will post in <#%s>.", s.Name, s.Channel), b.queueSweep(ctx, sweep.Job{Name: s.Name, Slot: b.cfg.Clock().UTC().Truncate(time.Second)})
	case "remove":
		return fmt.Sprintf("The sweep %s is removed.", s.Name), b.cfg.Sweeping.Schedules.Drop(ctx, s.Name)
	}
	s.Paused = verb == "pause"
	return fmt.Sprintf("The sweep %s is %s.", s.Name, map[bool]string{true: "paused", false: "running again"}[s.Paused]), b.putSchedule(ctx, s)
}

// sweepSearch is what a sweep asks of the workspaces, for who has it done. What goes
// beyond its own look-back is cut to what is allowed when it is made.
func (b *Bot) sweepSearch(ctx context.Context, s sweep.Schedule, from, to time.Time) *hunts.Search {
	if bounds := b.policy.Bounds(ctx, hunts.Asker{Team: b.team, User: s.Owner, Channel: s.Channel}, true); bounds.Back > 0 && s.Look <= bounds.Back && to.Sub(from) > bounds.Back {
		from = to.Add(-bounds.Back)
	}
	return &hunts.Search{Window: hunts.Window{From: from, To: to}, Asked: to, Scheduled: true}
}

// sweepScopes are the workspaces that a sweep searches: those it names, else all
// that its channel may hunt in.
func (b *Bot) sweepScopes(ctx context.Context, s sweep.Schedule) []string {
	if len(s.Workspaces) > 0 {
		return s.Workspaces
	}
	bounds := b.policy.Bounds(ctx, hunts.Asker{Team: b.team, User: s.Owner, Channel: s.Channel}, true)
	var allowed []string
	for _, w := range b.cfg.Workspaces {
		if slices.ContainsFunc(bounds.Workspaces, func(name string) bool { return strings.EqualFold(name, w) }) {
			allowed = append(allowed, w)
		}
	}
	if len(allowed) > 0 {
		return allowed
	}
	return b.cfg.Workspaces
}

// scopesNamed reads workspace=us,eu of a sweep; all is every one.
func (b *Bot) scopesNamed(text string) (names []string, wrong string) {
	if strings.EqualFold(text, "all") {
		return nil, ""
	}
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		n := slices.IndexFunc(b.cfg.Workspaces, func(w string) bool { return strings.EqualFold(w, name) })
		switch {
		case n < 0 && len(b.cfg.Workspaces) == 0:
			return nil, "There is only one workspace here: leave out workspace=."
		case n < 0:
			return nil, fmt.Sprintf("There is no workspace %q. Known: %s. Write workspace=%s, or workspace=all.", inbound.PlainText(name, ""), strings.Join(b.cfg.Workspaces, ", "), b.cfg.Workspaces[0])
		}
		if !slices.Contains(names, b.cfg.Workspaces[n]) {
			names = append(names, b.cfg.Workspaces[n])
		}
	}
	return names, ""
}

// in is who typed a command, as if in another channel.
func in(channel string, c inbound.Command) hunts.Asker {
	who := c.Asker()
	who.Channel = channel
	return who
}

// inChannel says which channel refused, where it is not the one of who asks.
func inChannel(err error, channel, here string) error {
	var e *hunts.Error
	if channel == here || !errors.As(err, &e) || e.Kind != hunts.KindNotAllowed {
		return err
	}
	return &hunts.Error{Kind: e.Kind, Say: fmt.Sprintf("In <#%s>: %s", channel, e.Say)}
}

func (b *Bot) sweepAdd(ctx context.Context, c inbound.Command, name, rest string) (string, error) {
	all, err := b.schedules(ctx)
	if err != nil {
		return "", err
	}
	s, known := all[name]
	if s.FromYML {
		return name + inTheFile, nil
	}
	if !known {
		s = sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Zone: "UTC", Channel: c.Channel, Owner: c.User, Added: b.cfg.Clock().UTC()}
	}
	home := s.Channel // whose sweep it is so far
	s.Paused = false
	if v := option(rest, "channel"); v != "" {
		m := channelMention.FindStringSubmatch(v)
		if m == nil {
			return fmt.Sprintf("%q isn't a channel. Write channel=#name, or set the sweep up in that channel.", inbound.PlainText(v, "")), nil
		}
		s.Channel = m[1] + m[2]
	}
	if v := option(rest, "since"); v != "" {
		d, refusal := request.ParseDuration(v)
		if refusal != nil {
			return refusal.Sentence, nil
		}
		s.Look = d
	}
	if v := option(rest, "hunt"); v != "" {
		if s.Hunt = strings.ToLower(v); s.Hunt == "none" {
			s.Hunt = ""
		} else if wrong := b.checkHunt(s.Hunt, hunts.Asker{User: s.Owner, Channel: s.Channel}); wrong != "" {
			return "A sweep runs a hunt that needs no indicator: " + wrong + ".", nil
		}
	}
	if v := option(rest, "from"); v != "" {
		s.Sources = nil
		for _, text := range strings.Split(v, ",") {
			feed, err := sweep.ParseFeed(unlinked(text))
			if err != nil {
				return err.Error(), nil
			}
			s.Sources = append(s.Sources, feed.String())
		}
	}
	if v := option(rest, "workspace"); v != "" {
		var wrong string
		if s.Workspaces, wrong = b.scopesNamed(v); wrong != "" {
			return wrong, nil
		}
	}
	if v := option(rest, "places"); v != "" {
		var wrong string
		if s.Places, wrong = b.placesNamed(v); wrong != "" {
			return wrong, nil
		}
	}
	if v := option(rest, "cron"); v != "" {
		s.Cron = v
	}
	if v := option(rest, "zone"); v != "" {
		s.Zone = v
	}
	if err := s.Check(); err != nil {
		return err.Error(), nil
	}
	now := b.cfg.Clock().UTC()
	from, to, _ := s.Window(nil, now)
	action := hunts.Action{Name: "sweep", Right: hunts.MaySweep, What: "add " + s.Name, Workspaces: b.sweepScopes(ctx, s), Search: b.sweepSearch(ctx, s, from, to)}
	if home != s.Channel { // moved: its own channel must let it go
		if _, err := b.policy.Foresee(ctx, in(home, c), hunts.Action{Name: "sweep", Right: hunts.MaySweep, What: "move " + s.Name}); err != nil {
			return "", inChannel(err, home, c.Channel)
		}
	}
	if err := b.policy.Authorize(ctx, in(s.Channel, c), action); err != nil {
		return "", inChannel(err, s.Channel, c.Channel)
	}
	say := fmt.Sprintf("The sweep %s runs at %s (%s) and posts to <#%s>; next on %s.", s.Name, s.Cron, s.Zone, s.Channel, s.Next(b.cfg.Clock()).Format("Mon 2 Jan 15:04 MST"))
	if len(b.cfg.Workspaces) > 1 {
		say += " It searches " + strings.Join(b.sweepScopes(ctx, s), ", ") + "."
	}
	if len(s.Sources) > 0 {
		say += fmt.Sprintf(" Before each run, %d sources are read again.", len(s.Sources))
	}
	return say, b.putSchedule(ctx, s)
}

// channelMention is how Slack writes a channel in a command, or its bare id.
var channelMention = regexp.MustCompile(`^(?:<#([CG][A-Z0-9]{2,})(?:\|[^>]*)?>|([CG][A-Z0-9]{6,}))$`)

func (b *Bot) putSchedule(ctx context.Context, s sweep.Schedule) error {
	return b.cfg.Sweeping.Schedules.Put(ctx, map[string]sweep.Schedule{s.Name: s})
}

// unlinked undoes the link that Slack makes of an address that was typed.
func unlinked(text string) string {
	return inbound.PlainText(strings.TrimSpace(text), "")
}

// option reads key=value or key="a value" out of a line.
func option(line, key string) string {
	value, _ := takeOption(line, key)
	return value
}

// takeOption reads an option and gives the line without it.
func takeOption(line, key string) (value, rest string) {
	line = " " + strings.NewReplacer("“", `"`, "”", `"`).Replace(line)
	before, after, ok := strings.Cut(line, " "+key+"=")
	if !ok {
		return "", strings.TrimSpace(line)
	}
	if strings.HasPrefix(after, `"`) {
		value, after, _ = strings.Cut(after[1:], `"`)
	} else {
		value, after, _ = strings.Cut(after, " ")
	}
	return value, strings.TrimSpace(before + " " + after)
}
