package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// schedules lists the sweeps that run by themselves.
func (b *Bot) schedules(ctx context.Context) (map[string]sweep.Schedule, error) {
	raw, err := b.cfg.Store.Entries(ctx, "sweeps")
	if err != nil {
		return nil, err
	}
	out := map[string]sweep.Schedule{}
	for name, data := range raw {
		var s sweep.Schedule
		if json.Unmarshal(data, &s) == nil {
			out[name] = s
		}
	}
	return out, nil
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
			if err := b.cfg.Store.DropEntries(ctx, "sweeps", name); err != nil {
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
const inTheFile = " stands in the operator's file, and is changed there; it can be paused here."

// sweepCommand answers /footprint sweep …
func (b *Bot) sweepCommand(ctx context.Context, c command, rest string) (string, error) {
	words := strings.Fields(rest)
	verb := "list"
	if len(words) > 0 {
		verb = strings.ToLower(words[0])
	}
	name := "daily"
	if len(words) > 1 && !strings.Contains(words[1], "=") {
		name = words[1]
	}
	all, err := b.schedules(ctx)
	if err != nil {
		return "", err
	}
	s, known := all[name]
	switch verb {
	case "add":
		return b.sweepAdd(ctx, c, name, rest)
	case "run":
		if !known {
			s = sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Zone: "UTC", Channel: c.Channel, Owner: c.User, Paused: true, Added: b.cfg.Clock().UTC()}
			if err := b.putSchedule(ctx, s); err != nil {
				return "", err
			}
		}
		if err := b.auditSweep(ctx, c, "run "+name); err != nil {
			return "", err
		}
		return fmt.Sprintf("The sweep %s runs; its post comes to <#%s>.", name, s.Channel), b.queueSweep(ctx, sweepJob{Name: name, Slot: b.cfg.Clock().UTC().Truncate(time.Second)})
	case "remove":
		if !known {
			return fmt.Sprintf("There is no sweep %q.", name), nil
		}
		if s.FromYML {
			return name + inTheFile, nil
		}
		if err := b.auditSweep(ctx, c, "remove "+name); err != nil {
			return "", err
		}
		return fmt.Sprintf("The sweep %s is removed.", name), b.cfg.Store.DropEntries(ctx, "sweeps", name)
	case "pause", "resume":
		if !known {
			return fmt.Sprintf("There is no sweep %q.", name), nil
		}
		s.Paused = verb == "pause"
		if err := b.auditSweep(ctx, c, verb+" "+name); err != nil {
			return "", err
		}
		return fmt.Sprintf("The sweep %s is %s.", name, map[bool]string{true: "paused", false: "running again"}[s.Paused]), b.putSchedule(ctx, s)
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
		for _, source := range s.Sources {
			text += " · " + indicator.Defang(source)
		}
		lines = append(lines, text)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}

func (b *Bot) sweepAdd(ctx context.Context, c command, name, rest string) (string, error) {
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
	s.Paused = false
	if v := option(rest, "channel"); v != "" {
		to, say := b.otherChannel(ctx, c, v)
		if say != "" {
			return say, nil
		}
		s.Channel = to
	}
	if v := option(rest, "since"); v != "" {
		d, refusal := indicator.ParseDuration(v)
		if refusal != nil {
			return refusal.Sentence, nil
		}
		s.Look = d
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
	if v := option(rest, "cron"); v != "" {
		s.Cron = v
	}
	if v := option(rest, "zone"); v != "" {
		s.Zone = v
	}
	if err := s.Check(); err != nil {
		return err.Error(), nil
	}
	if err := b.auditSweep(ctx, c, "add "+s.Name); err != nil {
		return "", err
	}
	say := fmt.Sprintf("The sweep %s runs at %s (%s) and posts to <#%s>; next on %s.", s.Name, s.Cron, s.Zone, s.Channel, s.Next(b.cfg.Clock()).Format("Mon 2 Jan 15:04 MST"))
	if len(s.Sources) > 0 {
		say += fmt.Sprintf(" Before each, %d sources are read again.", len(s.Sources))
	}
	return say, b.putSchedule(ctx, s)
}

// channelMention is how Slack writes a channel in a command, or its bare id.
var channelMention = regexp.MustCompile(`^(?:<#([CG][A-Z0-9]{2,})(?:\|[^>]*)?>|([CG][A-Z0-9]{6,}))$`)

// otherChannel is where a sweep posts to instead of where it was set up. What is
// not allowed there is not allowed from here either.
func (b *Bot) otherChannel(ctx context.Context, c command, text string) (id, say string) {
	m := channelMention.FindStringSubmatch(text)
	if m == nil {
		return "", fmt.Sprintf("%q is no channel: write channel=#name, or set the sweep up in that channel.", said(text, ""))
	}
	id = m[1] + m[2]
	if say := b.may(ctx, hunts.Asker{Team: c.Team, User: c.User, Name: c.UserName, Channel: id}, MaySweep); say != "" {
		return "", fmt.Sprintf("In <#%s>: %s", id, say)
	}
	return id, ""
}

func (b *Bot) putSchedule(ctx context.Context, s sweep.Schedule) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding a schedule: %w", err)
	}
	return b.cfg.Store.PutEntries(ctx, "sweeps", map[string][]byte{s.Name: data})
}

func (b *Bot) auditSweep(ctx context.Context, c command, what string) error {
	return b.cfg.Store.Audit(ctx, hunts.AuditEntry{Time: b.cfg.Clock().UTC(), Action: "sweep", User: c.User, Team: c.Team, Channel: c.Channel, What: what})
}

// unlinked undoes the link that Slack makes of an address that was typed.
func unlinked(text string) string {
	return said(strings.TrimSpace(text), "")
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
