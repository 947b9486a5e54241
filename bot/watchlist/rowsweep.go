package watchlist

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// A scheduled hunt for behavior runs by itself like a sweep of the watchlist, and its
// post says which rows are new, which go on and which are no longer seen.

// sweepRows makes and posts one run. Each step may be done again.
func (w *Sweeps) sweepRows(ctx context.Context, s sweep.Schedule, j sweep.Job) error {
	previous, over, err := w.base(ctx, j)
	if err != nil || over {
		return err
	}
	made, h, a, err := w.makeRows(ctx, s, j, previous)
	if err != nil {
		return err
	}
	red := w.Gate.Redaction(s.Channel)
	view := message.RowSweepView{Name: j.Name, Hunt: s.Hunt, Slot: j.Slot, Missed: j.Missed, Window: h.Window, Answer: a, First: made.Rows.First, New: made.Rows.New, Still: made.Rows.Ongoing, Gone: len(made.Rows.Gone)}
	if red.None() { // redaction learns names from the answer, and rows that are gone are not in it
		view.Named = made.Rows.Gone
	}
	view = policy.Redact(red, view)
	post, err := w.Out.Post(ctx, j.Key(), outbox.Place{Channel: s.Channel}, func(v message.View) message.Message { return message.RowSweep(view, v) })
	if code := outbox.Code(err); code != "" && s.Owner != "" {
		w.Log.WarnContext(ctx, "the channel takes no post of a sweep, its owner gets it", "sweep", j.Name, "error", code)
		post, err = w.Out.Post(ctx, j.Key(), outbox.Place{Channel: s.Owner}, func(v message.View) message.Message { return message.RowSweep(view, v) })
	}
	if err != nil {
		return fmt.Errorf("posting sweep %s: %w", j.Name, err)
	}
	if err := w.Documents.Again.Drop(ctx, j.Name); err != nil {
		return err
	}
	if err := w.Documents.Snapshots.Put(ctx, j.Name, made.Next); err != nil {
		return err
	}
	if a.Table == nil || post.TS == "" {
		return nil
	}
	return w.Adopt(ctx, h, a, post)
}

// makeRows runs the hunt of a schedule, or takes what an earlier try found.
func (w *Sweeps) makeRows(ctx context.Context, s sweep.Schedule, j sweep.Job, previous *sweep.Snapshot) (sweep.Made, hunts.Hunt, hunts.Answer, error) {
	made, ok, err := w.Documents.Made.Get(ctx, j.TryKey())
	if err != nil {
		return made, hunts.Hunt{}, hunts.Answer{}, err
	}
	if ok && made.Rows != nil {
		h, known, err := w.Store.Hunt(ctx, made.Rows.HuntID)
		if err != nil {
			return made, h, hunts.Answer{}, err
		}
		if a, kept, err := w.Store.Answer(ctx, made.Rows.HuntID); err != nil || known && kept {
			return made, h, a, err
		}
	}
	looked := w.Clock().UTC()
	id, err := w.Store.NewHuntID(ctx, "")
	if err != nil {
		return made, hunts.Hunt{}, hunts.Answer{}, err
	}
	owner := hunts.Asker{Team: w.Team, User: s.Owner, Name: "sweep " + j.Name, Channel: s.Channel}
	h, a, err := w.runRows(ctx, s, j, previous, id, owner)
	if err != nil {
		return made, h, a, err
	}
	report, next := sweep.CompareRows(previous, a, j.Slot, looked)
	made.Rows, made.Next = &report, next
	if err := w.Store.SaveHunt(ctx, h); err != nil {
		return made, h, a, err
	}
	return made, h, a, w.Documents.Made.Put(ctx, j.TryKey(), made)
}

// runRows runs it once. What refuses the hunt is an answer that could not tell.
func (w *Sweeps) runRows(ctx context.Context, s sweep.Schedule, j sweep.Job, previous *sweep.Snapshot, id string, owner hunts.Asker) (hunts.Hunt, hunts.Answer, error) {
	req := request.Request{Hunt: s.Hunt, Why: "sweep " + j.Name, Since: s.Look}
	h, err := w.Runner.Prepare(id, req, owner)
	if err == nil {
		h.Workspaces, h.Scheduled, h.State = w.schedules.scopes(ctx, s), true, hunts.Answered
		if !h.Window.All && previous != nil && !previous.To.IsZero() && previous.To.Before(h.Window.From) { // after a downtime
			h.Window = hunts.Window{From: previous.To, To: h.Window.To}
		}
		var a hunts.Answer
		a, err = w.Runner.Run(ctx, h, nil)
		if err == nil && ctx.Err() == nil {
			h.Window.From, h.Window.To = a.Request.From, a.Request.To
			h.Finished = w.Clock().UTC()
			return h, a, nil
		}
	}
	var e *hunts.Error
	if !errors.As(err, &e) || e.Kind == hunts.KindUnavailable || ctx.Err() != nil {
		return h, hunts.Answer{}, errors.Join(err, ctx.Err())
	}
	h.ID, h.Name, h.Request, h.Asker, h.State = id, s.Hunt, req, owner, hunts.Failed
	return h, hunts.Answer{HuntID: id, Hunt: s.Hunt, Verdict: hunts.CouldNotTell, Reason: e.Say}, nil
}

// checkHunt says in a sentence why a hunt can't be scheduled by itself.
func (w *Schedules) checkHunt(name string, owner hunts.Asker) string {
	if _, err := w.Runner.Prepare("F-CHECK", request.Request{Hunt: name, Since: time.Hour}, owner); err != nil {
		return hunts.Sentence(err)
	}
	return ""
}
