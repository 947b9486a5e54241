package watchlist

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

// all lists the sweeps that run by themselves.
func (w *Schedules) all(ctx context.Context) (map[string]sweep.Schedule, error) {
	all, _, err := w.Documents.Schedules.All(ctx)
	return all, err
}

// sync makes the stored sweeps agree with the operator's file. When a
// sweep was first seen there stays, since its slots count from then on; so does
// a pause.
func (w *Schedules) sync(ctx context.Context) error {
	stored, err := w.all(ctx)
	if err != nil {
		return err
	}
	for _, want := range w.File {
		have, ok := stored[want.Name]
		want.Added, want.Paused = w.Clock().UTC(), have.Paused
		if ok && have.FromYML {
			want.Added = have.Added
		}
		if ok && same(have, want) {
			continue
		}
		if err := w.put(ctx, want); err != nil {
			return err
		}
	}
	for name, have := range stored {
		if have.FromYML && !slices.ContainsFunc(w.File, func(s sweep.Schedule) bool { return s.Name == name }) {
			if err := w.Documents.Schedules.Drop(ctx, name); err != nil {
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

// Command answers /footprint sweep …
func (w *Schedules) Command(ctx context.Context, c inbound.Command, verb, rest string) (string, error) {
	words := strings.Fields(rest)
	name := "daily"
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		name = words[0]
	}
	all, err := w.all(ctx)
	if err != nil {
		return "", err
	}
	switch verb {
	case "add":
		return w.add(ctx, c, name, rest)
	case "run", "remove", "pause", "resume":
		s, known := all[name]
		switch { // what is not known is refused by name
		case known:
		case verb == "run" && len(words) == 0 && len(all) == 0:
			// one for now, which runs by itself when somebody resumes it
			s = sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Zone: "UTC", Channel: c.Channel, Owner: c.User, Paused: true, Added: w.Clock().UTC()}
		default:
			return noSweep(name, all), nil
		}
		return w.do(ctx, c, verb, s, known)
	}
	if _, err := w.Gate.Foresee(ctx, c.Asker(), hunts.Action{Name: "sweep", Right: hunts.MaySweep, What: "list"}); err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "No sweep is scheduled. Write `sweep add daily cron=\"30 8 * * 1-5\" zone=Europe/Berlin from=ti`, or `sweep run` for one now.", nil
	}
	var lines []string
	for name, s := range all {
		next := "paused"
		if !s.Paused {
			next = "next " + s.Next(w.Clock()).Format("Mon 2 Jan 15:04 MST")
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

// do runs, pauses or removes a sweep, which belongs to its channel: that is where
// whoever asks needs the right.
func (w *Schedules) do(ctx context.Context, c inbound.Command, verb string, s sweep.Schedule, known bool) (string, error) {
	if verb == "remove" && s.FromYML {
		return s.Name + inTheFile, nil
	}
	action := hunts.Action{Name: "sweep", Right: hunts.MaySweep, What: verb + " " + s.Name}
	if verb == "run" {
		last, err := w.snapshot(ctx, s.Name)
		if err != nil {
			return "", err
		}
		from, to, _ := s.Window(last, w.Clock().UTC())
		action.Workspaces, action.Search = w.scopes(ctx, s), w.search(ctx, s, from, to)
		action.Search.Once = "sweep " + s.Name + " " + to.Format(time.RFC3339)
	}
	if err := w.Gate.Authorize(ctx, in(s.Channel, c), action); err != nil {
		return "", InChannel(err, s.Channel, c.Channel)
	}
	switch verb {
	case "run":
		if !known {
			if err := w.put(ctx, s); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("Running sweep %s. Results will post in <#%s>.", s.Name, s.Channel), w.queue(ctx, sweep.Job{Name: s.Name, Slot: w.Clock().UTC().Truncate(time.Second)})
	case "remove":
		return fmt.Sprintf("The sweep %s is removed.", s.Name), w.Documents.Schedules.Drop(ctx, s.Name)
	}
	s.Paused = verb == "pause"
	return fmt.Sprintf("The sweep %s is %s.", s.Name, map[bool]string{true: "paused", false: "running again"}[s.Paused]), w.put(ctx, s)
}

// search is what a sweep asks of the workspaces, for who has it done. What goes
// beyond its own look-back is cut to what is allowed when it is made.
func (w *Schedules) search(ctx context.Context, s sweep.Schedule, from, to time.Time) *hunts.Search {
	if bounds := w.Gate.Bounds(ctx, hunts.Asker{Team: w.Team, User: s.Owner, Channel: s.Channel}, true); bounds.Back > 0 && s.Look <= bounds.Back && to.Sub(from) > bounds.Back {
		from = to.Add(-bounds.Back)
	}
	return &hunts.Search{Window: hunts.Window{From: from, To: to}, Asked: to, Scheduled: true}
}

// scopes are the workspaces that a sweep searches: those it names, else all
// that its channel may hunt in.
func (w *Schedules) scopes(ctx context.Context, s sweep.Schedule) []string {
	if len(s.Workspaces) > 0 {
		return s.Workspaces
	}
	bounds := w.Gate.Bounds(ctx, hunts.Asker{Team: w.Team, User: s.Owner, Channel: s.Channel}, true)
	var allowed []string
	for _, name := range w.Workspaces {
		if slices.ContainsFunc(bounds.Workspaces, func(x string) bool { return strings.EqualFold(x, name) }) {
			allowed = append(allowed, name)
		}
	}
	if len(allowed) > 0 {
		return allowed
	}
	return w.Workspaces
}

// scopesNamed reads workspace=us,eu of a sweep; all is every one.
func (w *Schedules) scopesNamed(text string) (names []string, wrong string) {
	if strings.EqualFold(text, "all") {
		return nil, ""
	}
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		n := slices.IndexFunc(w.Workspaces, func(x string) bool { return strings.EqualFold(x, name) })
		switch {
		case n < 0 && len(w.Workspaces) == 0:
			return nil, "There is only one workspace here: leave out workspace=."
		case n < 0:
			return nil, fmt.Sprintf("There is no workspace %q. Known: %s. Write workspace=%s, or workspace=all.", inbound.PlainText(name, ""), strings.Join(w.Workspaces, ", "), w.Workspaces[0])
		}
		if !slices.Contains(names, w.Workspaces[n]) {
			names = append(names, w.Workspaces[n])
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

// InChannel says which channel refused, where it is not the one of who asks.
func InChannel(err error, channel, here string) error {
	var e *hunts.Error
	if channel == here || !errors.As(err, &e) || e.Kind != hunts.KindNotAllowed {
		return err
	}
	return &hunts.Error{Kind: e.Kind, Say: fmt.Sprintf("In <#%s>: %s", channel, e.Say)}
}

func (w *Schedules) add(ctx context.Context, c inbound.Command, name, rest string) (string, error) {
	all, err := w.all(ctx)
	if err != nil {
		return "", err
	}
	s, known := all[name]
	if s.FromYML {
		return name + inTheFile, nil
	}
	if !known {
		s = sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Zone: "UTC", Channel: c.Channel, Owner: c.User, Added: w.Clock().UTC()}
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
		} else if wrong := w.checkHunt(s.Hunt, hunts.Asker{User: s.Owner, Channel: s.Channel}); wrong != "" {
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
		if s.Workspaces, wrong = w.scopesNamed(v); wrong != "" {
			return wrong, nil
		}
	}
	if v := option(rest, "places"); v != "" {
		var wrong string
		if s.Places, wrong = w.placesNamed(v); wrong != "" {
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
	now := w.Clock().UTC()
	from, to, _ := s.Window(nil, now)
	action := hunts.Action{Name: "sweep", Right: hunts.MaySweep, What: "add " + s.Name, Workspaces: w.scopes(ctx, s), Search: w.search(ctx, s, from, to)}
	if home != s.Channel { // moved: its own channel must let it go
		if _, err := w.Gate.Foresee(ctx, in(home, c), hunts.Action{Name: "sweep", Right: hunts.MaySweep, What: "move " + s.Name}); err != nil {
			return "", InChannel(err, home, c.Channel)
		}
	}
	if err := w.Gate.Authorize(ctx, in(s.Channel, c), action); err != nil {
		return "", InChannel(err, s.Channel, c.Channel)
	}
	say := fmt.Sprintf("The sweep %s runs at %s (%s) and posts to <#%s>; next on %s.", s.Name, s.Cron, s.Zone, s.Channel, s.Next(w.Clock()).Format("Mon 2 Jan 15:04 MST"))
	if len(w.Workspaces) > 1 {
		say += " It searches " + strings.Join(w.scopes(ctx, s), ", ") + "."
	}
	if len(s.Sources) > 0 {
		say += fmt.Sprintf(" Before each run, %d sources are read again.", len(s.Sources))
	}
	return say, w.put(ctx, s)
}

// channelMention is how Slack writes a channel in a command, or its bare id.
var channelMention = regexp.MustCompile(`^(?:<#([CG][A-Z0-9]{2,})(?:\|[^>]*)?>|([CG][A-Z0-9]{6,}))$`)

func (w *Schedules) put(ctx context.Context, s sweep.Schedule) error {
	return w.Documents.Schedules.Put(ctx, map[string]sweep.Schedule{s.Name: s})
}

// lastSlot is the slot after which the next one is due.
func lastSlot(s sweep.Schedule, last *sweep.Snapshot) time.Time {
	if last != nil && last.Slot.After(s.Added) {
		return last.Slot
	}
	return s.Added
}

func (w *Schedules) queue(ctx context.Context, j sweep.Job) error {
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encoding a sweep: %w", err)
	}
	return w.Queue(ctx, j.TryKey(), data)
}

func (w *Schedules) snapshot(ctx context.Context, name string) (*sweep.Snapshot, error) {
	s, ok, err := w.Documents.Snapshots.Get(ctx, name)
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// noneRuns says that nobody hunts the watchlist, where no sweep runs by itself.
func (w *Schedules) noneRuns(ctx context.Context) (string, error) {
	all, err := w.all(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range all {
		if !s.Paused {
			return "", nil
		}
	}
	if len(all) > 0 {
		return " Every sweep is paused, so nothing looks for it yet: `sweep resume " + slices.Sorted(maps.Keys(all))[0] + "`.", nil
	}
	return " No sweep is scheduled, so nothing looks for it yet: `sweep add daily`.", nil
}
