package sweep

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule is one sweep that runs by itself.
type Schedule struct {
	Name    string        `json:"name"`
	Cron    string        `json:"cron"` // five fields, in Zone
	Zone    string        `json:"zone"` // IANA, such as Europe/Berlin
	Channel string        `json:"channel"`
	Look    time.Duration `json:"look"` // look-back when there is no sweep before; 24 h
	Owner   string        `json:"owner"`
	Paused  bool          `json:"paused,omitempty"`
	Added   time.Time     `json:"added"`
}

// DefaultCron is half past eight on working days.
const DefaultCron = "30 8 * * 1-5"

// Check says what is wrong with a schedule, in a sentence.
func (s Schedule) Check() error {
	if strings.TrimSpace(s.Name) == "" || len(s.Name) > 40 {
		return fmt.Errorf("a sweep needs a short name")
	}
	if _, err := s.parse(); err != nil {
		return err
	}
	return nil
}

func (s Schedule) parse() (cron.Schedule, error) {
	zone := s.Zone
	if zone == "" {
		zone = "UTC"
	}
	if _, err := time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("%q is no time zone: write one such as Europe/Berlin", zone)
	}
	parsed, err := cron.ParseStandard("CRON_TZ=" + zone + " " + s.Cron)
	if err != nil {
		return nil, fmt.Errorf("%q is no schedule: write minute, hour, day, month and weekday, such as %q", s.Cron, DefaultCron)
	}
	return parsed, nil
}

// Due is the latest slot that is not later than now and later than after. Slots
// in between are covered by it: one post after a downtime, not many.
func (s Schedule) Due(after, now time.Time) (slot time.Time, missed int, ok bool) {
	parsed, err := s.parse()
	if err != nil || s.Paused {
		return time.Time{}, 0, false
	}
	const most = 10_000 // of a schedule that runs every minute after a week of downtime
	for at := parsed.Next(after); !at.IsZero() && !at.After(now) && missed < most; at = parsed.Next(at) {
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
	return parsed.Next(now)
}

// Overlap is how far before the last sweep a new one looks again: rows arrive
// late, and what was reported is not reported twice because its key is known.
const Overlap = 2 * time.Hour

// Window is what a sweep of a slot covers: from the end of the last one, with
// the overlap, or the look-back of the first.
func (s Schedule) Window(previous *Snapshot, slot time.Time) (from, to time.Time) {
	look := s.Look
	if look <= 0 {
		look = 24 * time.Hour
	}
	from = slot.Add(-look)
	if previous != nil && !previous.To.IsZero() {
		if since := previous.To.Add(-Overlap); since.Before(from) {
			from = since // a gap: cover it
		}
	}
	return from.UTC(), slot.UTC()
}
