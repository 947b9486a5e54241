package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/localworkspace/export"
)

// exports are the flags about exported events.
type exports struct {
	path  *string
	asOf  time.Time // what now() is; zero is the newest event
	zone  *time.Location
	dates export.Order
	moves bool // time goes on from there: people work with it for hours
}

// exports adds the flags to a subcommand.
func (f flagSet) exports() *exports {
	e := &exports{path: f.String("events", "", "folder or file of exported tables")}
	f.Func("as-of", "the time that counts as now", func(text string) error {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", time.DateTime, time.DateOnly} {
			if at, err := time.Parse(layout, text); err == nil {
				e.asOf = at.UTC()
				return nil
			}
		}
		return fmt.Errorf("it takes a time like 2026-11-30T18:00:00Z or a date, not %q", text)
	})
	f.Func("zone", "the time zone of exported times that have none", func(text string) (err error) {
		if e.zone, err = time.LoadLocation(text); err != nil || text == "" || text == "Local" {
			return fmt.Errorf("it takes the name of a time zone like Europe/Berlin or UTC, not %q", text)
		}
		return nil
	})
	f.Func("dates", "whether the day or the month comes first in exported dates", func(text string) error {
		switch text {
		case "day-first":
			e.dates = export.DayFirst
		case "month-first":
			e.dates = export.MonthFirst
		default:
			return fmt.Errorf("it takes day-first or month-first, not %q", text)
		}
		return nil
	})
	return e
}

// load opens the events that queries with these names read; nil reads all.
func (e *exports) load(ctx context.Context, names []string, progress io.Writer) (*localworkspace.Events, error) {
	began, last := time.Now(), time.Now()
	shown := false
	events, err := localworkspace.Load(ctx, *e.path, localworkspace.LoadOptions{Names: names, Zone: e.zone, Dates: e.dates, Progress: func(now localworkspace.Progress) {
		if !isTerminal(progress) || time.Since(began) < time.Second || time.Since(last) < 200*time.Millisecond {
			return
		}
		last, shown = time.Now(), true
		fmt.Fprintf(progress, "\rreading events: %v   ", now)
	}})
	if shown {
		fmt.Fprintln(progress)
	}
	return events, err
}

// now is the time at which an export stands still: what --as-of says, or the end
// of the second of its newest event; without an event, what clock says.
func (e *exports) now(events *localworkspace.Events, clock hunts.Clock) time.Time {
	if !e.asOf.IsZero() {
		return e.asOf
	}
	_, newest := events.Span()
	if newest.IsZero() {
		return clock().UTC()
	}
	return newest.Truncate(time.Second).Add(time.Second)
}

// standing is the clock of an export.
func standing(at time.Time) hunts.Clock { return func() time.Time { return at } }

// moving is a clock that goes on from a time of an export.
func moving(at time.Time) hunts.Clock {
	began := time.Now()
	return func() time.Time { return at.Add(time.Since(began)) }
}

// stands tells whether now is a time of the export. A window that somebody gave
// by its ends is meant by the calendar.
func (e *exports) stands(from, to time.Time) bool {
	return !e.asOf.IsZero() || from.IsZero() && to.IsZero()
}

// nowFor is the now that a request is read by. A request over an export is read
// before the export is: no window lies in its future yet.
func nowFor(events string, clock hunts.Clock) time.Time {
	if events != "" {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return clock().UTC()
}

// huntNamed is the hunt that a request means.
func huntNamed(name string) string {
	if name == "" {
		return hunts.DefaultHunt
	}
	return name
}
