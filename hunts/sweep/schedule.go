package sweep

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/robfig/cron/v3"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Schedule is one sweep that runs by itself.
type Schedule struct {
	Name    string        `json:"name"`
	Cron    string        `json:"cron"` // five fields, in Zone
	Zone    string        `json:"zone"` // IANA, such as Europe/Berlin
	Channel string        `json:"channel"`
	Look    time.Duration `json:"look,omitempty"` // how far back each sweep looks at least; 0 is since the last one, the first time 24 h
	Sources []string      `json:"sources,omitempty"`
	// Hunt is a hunt for behavior that runs instead of the watchlist.
	Hunt string `json:"hunt,omitempty"`
	// Workspaces are the configured names that are searched; empty is all that
	// the channel may hunt in.
	Workspaces []string  `json:"workspaces,omitempty"`
	Places     []string  `json:"places,omitempty"` // groups of places beside the endpoints; empty is all
	Owner      string    `json:"owner"`            // Slack user who hears of a sweep that did not post
	Paused     bool      `json:"paused,omitempty"`
	FromYML    bool      `json:"from_yml,omitempty"` // stands in the operator's file, and is changed there
	Added      time.Time `json:"added"`
}

// DefaultCron is half past eight on working days.
const DefaultCron = "30 8 * * 1-5"

// Check says what is wrong with a schedule, in a sentence.
func (s Schedule) Check() error {
	if !nameOf.MatchString(s.Name) {
		return fmt.Errorf("a sweep needs a short name made of letters, digits, - and _, not %.60q", s.Name)
	}
	for _, source := range s.Sources {
		if _, err := ParseFeed(source); err != nil {
			return err
		}
	}
	slots, err := s.parse()
	if err == nil && slots.next(someDay).IsZero() {
		return fmt.Errorf("%q never runs: there is no such day", s.Cron)
	}
	return err
}

var (
	nameOf = regexp.MustCompile(`^[\p{L}\p{N}_-]{1,40}$`)
	// someDay is where the search for a slot begins that never comes.
	someDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// ParseSchedules reads the operator's file of sweeps: a list under sweeps:, each
// with name, cron, zone, channel, owner, look_back, sources, hunt,
// workspaces and places.
func ParseSchedules(text []byte) ([]Schedule, error) {
	var file struct {
		Sweeps []struct {
			Name       string   `yaml:"name"`
			Cron       string   `yaml:"cron"`
			Zone       string   `yaml:"zone"`
			Channel    string   `yaml:"channel"`
			Owner      string   `yaml:"owner"`
			LookBack   string   `yaml:"look_back"`
			Sources    []string `yaml:"sources"`
			Hunt       string   `yaml:"hunt"`
			Workspaces []string `yaml:"workspaces"`
			Places     []string `yaml:"places"`
		} `yaml:"sweeps"`
	}
	if err := hunts.PlainYAML(text); err != nil {
		return nil, fmt.Errorf("reading the sweeps: %w", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&file); err != nil {
		return nil, fmt.Errorf("reading the sweeps: %w", err)
	}
	var out []Schedule
	for n, x := range file.Sweeps {
		s := Schedule{Name: x.Name, Cron: x.Cron, Zone: x.Zone, Channel: x.Channel, Owner: x.Owner, Sources: x.Sources, Hunt: strings.ToLower(x.Hunt), Workspaces: x.Workspaces, Places: x.Places, FromYML: true}
		if s.Cron == "" {
			s.Cron = DefaultCron
		}
		if x.LookBack != "" {
			d, refusal := request.ParseDuration(x.LookBack)
			if refusal != nil {
				return nil, fmt.Errorf("sweep %q: look_back: %s", x.Name, refusal.Sentence)
			}
			s.Look = d
		}
		err := s.Check()
		switch {
		case err != nil:
			return nil, fmt.Errorf("sweep %d (%q): %w", n+1, x.Name, err)
		case s.Channel == "":
			return nil, fmt.Errorf("sweep %q: channel is missing, the id of the channel that it posts to", x.Name)
		case slices.ContainsFunc(out, func(o Schedule) bool { return o.Name == s.Name }):
			return nil, fmt.Errorf("there are two sweeps %q", x.Name)
		}
		out = append(out, s)
	}
	return out, nil
}

// wall gives the slots of a schedule as the clock on the wall shows them. The
// library skips a day whose hour is not there, and takes an hour twice that is
// there twice; a daily sweep has to come once each day.
type wall struct {
	slots cron.Schedule
	zone  *time.Location
}

func (w wall) next(after time.Time) time.Time {
	local := after.In(w.zone)
	shown := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
	for {
		shown = w.slots.Next(shown)
		if shown.IsZero() {
			return shown
		}
		slot := time.Date(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute(), shown.Second(), 0, w.zone)
		if slot.After(after) {
			return slot
		}
	}
}

func (s Schedule) parse() (wall, error) {
	name := s.Zone
	if name == "" {
		name = "UTC"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return wall{}, fmt.Errorf("%q isn't a time zone: write one such as Europe/Berlin", name)
	}
	slots, err := cron.ParseStandard("CRON_TZ=UTC " + s.Cron)
	if err != nil || len(strings.Fields(s.Cron)) != 5 {
		return wall{}, fmt.Errorf("%q isn't a schedule: write minute, hour, day, month and weekday, such as %q", s.Cron, DefaultCron)
	}
	return wall{slots, zone}, nil
}

// Due is the latest slot that is not later than now and later than after. Slots
// in between are covered by it: one post after a downtime, not many.
func (s Schedule) Due(after, now time.Time) (slot time.Time, missed int, ok bool) {
	parsed, err := s.parse()
	if err != nil || s.Paused {
		return time.Time{}, 0, false
	}
	const most = 10_000 // of a schedule that runs every minute after a week of downtime
	for at := parsed.next(after); !at.IsZero() && !at.After(now) && missed < most; at = parsed.next(at) {
		slot, ok = at, true
		missed++
	}
	return slot, max(0, missed-1), ok
}

// Next is the slot after now.
func (s Schedule) Next(now time.Time) time.Time {
	parsed, err := s.parse()
	if err != nil {
		return time.Time{}
	}
	return parsed.next(now)
}

const (
	// overlap is how far before the end of the last sweep a new one looks again:
	// where a workspace does not tell when a row arrived, late ones are in there.
	overlap = 2 * time.Hour
	// arrivalOverlap is for rows that were on their way while the last sweep asked.
	arrivalOverlap = 15 * time.Minute
	firstLook      = 24 * time.Hour
)

// Window is what a sweep of a slot covers: from the end of the last one, however
// long ago, with the overlap. What happened before and arrived after arrived is
// the sweep's as well; zero where there was no sweep before.
func (s Schedule) Window(previous *Snapshot, slot time.Time) (from, to, arrived time.Time) {
	if previous == nil || previous.To.IsZero() {
		look := s.Look
		if look <= 0 {
			look = firstLook
		}
		return slot.Add(-look).UTC(), slot.UTC(), time.Time{}
	}
	from = previous.To.Add(-overlap)
	if back := slot.Add(-s.Look); s.Look > 0 && back.Before(from) {
		from = back
	}
	arrived = previous.Looked
	if arrived.IsZero() {
		arrived = previous.To
	}
	return from.UTC(), slot.UTC(), arrived.Add(-arrivalOverlap).UTC()
}
