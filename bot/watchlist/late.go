package watchlist

import (
	"context"
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// lateAfter is when a sweep that has not posted counts as stalled.
const lateAfter = 15 * time.Minute

// late is the slot of a sweep that should have posted long ago. A sweep that
// posted COULD NOT TELL has posted: it is tried again, and its channel knows.
func (w *Schedules) late(ctx context.Context, s sweep.Schedule, last *sweep.Snapshot, now time.Time) (time.Time, bool) {
	slot, _, ok := s.Due(lastSlot(s, last), now.Add(-lateAfter))
	if !ok {
		return slot, false
	}
	p, posted, err := w.Store.LoadPost(ctx, sweep.Job{Name: s.Name, Slot: slot}.Key())
	return slot, err != nil || !posted || p.TS == ""
}

// alarm tells the owner of a late sweep, once for each slot, and nobody else where
// there is one: the channel has other things to read.
func (w *Schedules) alarm(ctx context.Context, s sweep.Schedule, last *sweep.Snapshot, now time.Time) error {
	slot, late := w.late(ctx, s, last, now)
	if !late {
		return nil
	}
	to := s.Owner
	if to == "" {
		to = s.Channel // one of the operator's file that names nobody
	}
	text := fmt.Sprintf("⏰ Sweep %s, due %s, has not posted to its channel. It is still being tried. If this goes on, an operator should check /readyz and the log.", s.Name, slot.UTC().Format("Jan 2, 15:04 UTC"))
	_, err := w.Out.Post(ctx, "late:"+sweep.Job{Name: s.Name, Slot: slot}.Key(), outbox.Place{Channel: to}, func(v message.View) message.Message { return message.Said(text, v) })
	return err
}

// Late names the sweeps that should have posted and did not.
func (w *Schedules) Late(ctx context.Context) []string {
	var out []string
	_ = w.each(ctx, func(s sweep.Schedule, last *sweep.Snapshot) { // without the store readyz is not ready anyway
		if slot, late := w.late(ctx, s, last, w.Clock().UTC()); late {
			out = append(out, fmt.Sprintf("sweep %s of %s has not posted", s.Name, slot.UTC().Format("Jan 2, 15:04 UTC")))
		}
	})
	return out
}

// Ages is how long ago each sweep that runs was last completed; since it
// was set up where it never was.
func (w *Schedules) Ages(ctx context.Context) (map[string]time.Duration, error) {
	out := map[string]time.Duration{}
	err := w.each(ctx, func(s sweep.Schedule, last *sweep.Snapshot) {
		since := s.Added
		if last != nil && !last.To.IsZero() {
			since = last.To
		}
		if !s.Paused {
			out[s.Name] = w.Clock().Sub(since)
		}
	})
	return out, err
}

func (w *Schedules) each(ctx context.Context, do func(sweep.Schedule, *sweep.Snapshot)) error {
	all, err := w.all(ctx)
	if err != nil {
		return err
	}
	for name, s := range all {
		last, err := w.snapshot(ctx, name)
		if err != nil {
			return err
		}
		do(s, last)
	}
	return nil
}
