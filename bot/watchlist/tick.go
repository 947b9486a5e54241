package watchlist

import (
	"context"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// Tick looks for slots that are due and puts them into the queue. Every replica does
// so; a slot is queued once, since its key is remembered.
func (w *Schedules) Tick(ctx context.Context) error {
	if err := w.sync(ctx); err != nil {
		return err
	}
	all, err := w.all(ctx)
	if err != nil {
		return err
	}
	now := w.Clock().UTC()
	for name, s := range all {
		last, err := w.snapshot(ctx, name)
		if err != nil {
			return err
		}
		if slot, missed, ok := s.Due(lastSlot(s, last), now); ok {
			if err := w.queue(ctx, sweep.Job{Name: name, Slot: slot, Missed: missed}); err != nil {
				return err
			}
		}
		if again, ok, err := w.Documents.Again.Get(ctx, name); err == nil && ok && !again.At.After(now) {
			if err := w.queue(ctx, again.Job); err != nil {
				return err
			}
		}
		if err := w.alarm(ctx, s, last, now); err != nil {
			w.Log.WarnContext(ctx, "the owner of a late sweep was not told", "sweep", name, "error", err)
		}
	}
	return nil
}
