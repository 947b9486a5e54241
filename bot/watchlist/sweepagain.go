package watchlist

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// A sweep that could not tell everything is tried again every hour for a day, and
// its post is edited.
const (
	sweepAgainAfter = time.Hour
	maxSweepTries   = 24
)

// base is what a try of a slot compares with; over when the job came back after
// its last step, or a later slot took over.
func (w *Sweeps) base(ctx context.Context, j sweep.Job) (previous *sweep.Snapshot, over bool, err error) {
	last, err := w.schedules.snapshot(ctx, j.Name)
	if err != nil {
		return nil, false, err
	}
	if j.Try == 0 {
		return last, last != nil && !last.Slot.Before(j.Slot), nil
	}
	again, ok, err := w.Documents.Again.Get(ctx, j.Name)
	return again.Base, !ok || again.Job.Try != j.Try || !again.Job.Slot.Equal(j.Slot), err
}

// unfinished ends a try of a slot that could not tell everything. What was told
// is known from now on; what was not covered is the next one's as well.
func (w *Sweeps) unfinished(ctx context.Context, j sweep.Job, previous *sweep.Snapshot, made sweep.Made, again bool) error {
	next := sweep.Snapshot{Slot: j.Slot, Keys: map[string]sweep.Seen{}}
	if previous != nil {
		next.From, next.To, next.Looked = previous.From, previous.To, previous.Looked
		maps.Copy(next.Keys, previous.Keys)
	}
	maps.Copy(next.Keys, made.Next.Keys)
	snapshot := func() error { return w.Documents.Snapshots.Put(ctx, j.Name, next) }
	if !again {
		if err := w.settleEntries(ctx, made, j.Slot); err != nil {
			return err
		}
		if err := w.Documents.Again.Drop(ctx, j.Name); err != nil {
			return err
		}
		return snapshot()
	}
	job := j
	job.Try++
	retry := func() error {
		return w.Documents.Again.Put(ctx, j.Name, sweep.Again{At: made.Next.Looked.Add(sweepAgainAfter), Job: job, Base: previous})
	}
	// Whichever is written last ends the try, for a replica that takes over: the
	// first try is known to be over by its snapshot, the others by the next try.
	steps := []func() error{retry, snapshot}
	if j.Try > 0 {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
