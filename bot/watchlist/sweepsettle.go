package watchlist

import (
	"context"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// settleEntries notes on the watchlist what a sweep met, and whose history is
// known. It may be done again.
func (w *Sweeps) settleEntries(ctx context.Context, made sweep.Made, slot time.Time) error {
	found := map[string]bool{}
	for _, h := range made.Survey.Hits {
		found[h.Type+":"+h.Indicator] = true
	}
	if len(found)+len(made.Hunted) == 0 {
		return nil
	}
	now, err := w.lists.Entries(ctx)
	if err != nil {
		return err
	}
	hunted := map[string]bool{}
	for _, key := range made.Hunted {
		hunted[key] = true
	}
	var changed []sweep.Entry
	for _, e := range now.Entries {
		is := false
		if hunted[e.Key()] && e.Hunted.IsZero() {
			e.Hunted, is = slot, true
		}
		if found[e.Key()] && e.Met.Before(slot) {
			e.Met, e.Hits, is = slot, e.Hits+1, true
		}
		if is {
			changed = append(changed, e)
		}
	}
	return w.lists.putEntries(ctx, changed)
}

// settle notes what was told, so that the next sweep compares with it.
func (w *Sweeps) settle(ctx context.Context, j sweep.Job, previous *sweep.Snapshot, made sweep.Made, again bool) error {
	if !sweep.Whole(made.Survey) {
		return w.unfinished(ctx, j, previous, made, again)
	}
	if err := w.settleEntries(ctx, made, j.Slot); err != nil {
		return err
	}
	if err := w.Documents.Again.Drop(ctx, j.Name); err != nil {
		return err
	}
	return w.Documents.Snapshots.Put(ctx, j.Name, made.Next)
}
