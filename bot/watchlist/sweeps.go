package watchlist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// Handle makes and posts one sweep. It may be called again after a crash
// at any point.
func (w *Sweeps) Handle(ctx context.Context, payload []byte) error {
	var j sweep.Job
	if err := json.Unmarshal(payload, &j); err != nil {
		w.Log.ErrorContext(ctx, "sweep dropped, it is not ours", "error", err)
		return nil
	}
	all, err := w.schedules.all(ctx)
	if err != nil {
		return err
	}
	s, ok := all[j.Name]
	if !ok {
		return nil // removed meanwhile
	}
	return hunts.WithLock(ctx, w.Store, w.Replica, "sweep:"+j.Name, func(ctx context.Context) error {
		if s.Hunt != "" {
			return w.sweepRows(ctx, s, j)
		}
		return w.sweep(ctx, s, j)
	})
}

// SweepJob is the key and the payload of the job of one slot.
func SweepJob(name string, slot time.Time) (key string, payload []byte, err error) {
	j := sweep.Job{Name: name, Slot: slot.UTC()}
	payload, err = json.Marshal(j)
	return j.TryKey(), payload, err
}

// sweep makes and posts what is due. Each step may be done again. The state is
// settled as soon as the news was told: what a thread holds is worth less than
// news that is told twice.
func (w *Sweeps) sweep(ctx context.Context, s sweep.Schedule, j sweep.Job) error {
	previous, over, err := w.base(ctx, j)
	if err != nil {
		return err
	}
	if over {
		return w.complete(ctx, s, j)
	}
	made, err := w.make(ctx, s, j, previous)
	if err != nil {
		return err
	}
	view, red := w.view(s, j, made)
	post, err := w.post(ctx, s, j, view)
	if err != nil {
		return fmt.Errorf("posting sweep %s: %w", j.Name, err)
	}
	if err := w.settle(ctx, j, previous, made, view.Again); err != nil {
		return err
	}
	return w.thread(ctx, j, view, post, red)
}

// complete fills the thread of a sweep whose job came back after its state
// was settled.
func (w *Sweeps) complete(ctx context.Context, s sweep.Schedule, j sweep.Job) error {
	post, posted, err := w.Store.LoadPost(ctx, j.Key())
	if err != nil || !posted {
		return err
	}
	made, ok, err := w.Documents.Made.Get(ctx, j.TryKey())
	if err != nil || !ok {
		return err
	}
	view, red := w.view(s, j, made)
	return w.thread(ctx, j, view, post, red)
}

// post posts the news, or edits the post of an earlier try. Where the channel
// takes none, the owner gets it.
func (w *Sweeps) post(ctx context.Context, s sweep.Schedule, j sweep.Job, view message.SweepView) (hunts.Post, error) {
	render := func(v message.View) message.Message { return message.Sweep(view, v) }
	post, err := w.Out.Post(ctx, j.Key(), outbox.Place{Channel: s.Channel}, render)
	if code := outbox.Code(err); code != "" && s.Owner != "" {
		w.Log.WarnContext(ctx, "the channel takes no post of a sweep, its owner gets it", "sweep", j.Name, "error", code)
		view.Warnings = append(slices.Clone(view.Warnings), "Slack refuses this post in its channel ("+code+"), so you get it.")
		post, err = w.Out.Post(ctx, j.Key(), outbox.Place{Channel: s.Owner}, render)
	}
	if err != nil || j.Try == 0 {
		return post, err
	}
	if err := w.Out.Edit(ctx, post, render); err != nil && outbox.Code(err) == "" {
		return post, err
	}
	return post, nil
}

func (w *Sweeps) make(ctx context.Context, s sweep.Schedule, j sweep.Job, previous *sweep.Snapshot) (sweep.Made, error) {
	made, ok, err := w.Documents.Made.Get(ctx, j.TryKey())
	if err != nil || ok {
		return made, err
	}
	list, warnings, err := w.sources.refreshed(ctx, s)
	if err != nil {
		return made, err
	}
	list.Hold(*w.Guard)
	looked := w.Clock().UTC()
	from, to, arrived := s.Window(previous, j.Slot)
	if to.After(looked) {
		to = looked
	}
	owner := hunts.Asker{Team: w.Team, User: s.Owner, Name: "sweep " + j.Name, Channel: s.Channel}
	bounds := w.Gate.Bounds(ctx, owner, true)
	if bounds.Back > 0 && s.Look <= bounds.Back && to.Sub(from) > bounds.Back { // one that was set up to look further is refused
		from = to.Add(-bounds.Back)
		if previous != nil && previous.To.Before(from) {
			warnings = append(warnings, fmt.Sprintf("Not searched: anything before %s, because this channel may look back only %s.", from.Format("Jan 2, 15:04 UTC"), hunts.Spell(bounds.Back)))
		}
	}
	if bounds.Back > 0 && bounds.Back < hunts.LateBy {
		arrived = time.Time{} // what came late happened before that
	}
	id, err := w.Store.NewHuntID(ctx, "")
	if err != nil {
		return made, err
	}
	h := hunts.Hunt{
		ID: id, Name: hunts.DefaultHunt, Window: hunts.Window{From: from, To: to}, Arrived: arrived, State: hunts.Running, Created: looked, Asked: to, Scheduled: true, Control: true, Workspaces: w.schedules.scopes(ctx, s),
		Request: request.Request{Why: "sweep " + j.Name, Places: s.Places}, Asker: owner,
	}
	if made.Survey, err = w.Runner.Survey(ctx, h, list.Indicators(), nil); err != nil {
		var e *hunts.Error
		if !errors.As(err, &e) || e.Kind == hunts.KindUnavailable || ctx.Err() != nil {
			return made, err
		}
		made.Survey = hunts.Survey{Verdict: hunts.CouldNotTell, Reason: e.Say, Window: h.Window}
	}
	if ctx.Err() != nil {
		return made, ctx.Err() // stopping: another replica sweeps in full
	}
	past, hunted, warning := w.history(ctx, h, list, made.Survey)
	if warning != "" {
		warnings = append(warnings, warning)
	}
	w.judged(ctx, &list, made.Survey.Hits)
	made.Report, made.Next = sweep.Compare(previous, made.Survey, past, list, j.Slot, looked)
	made.Listed, made.Since, made.Warnings, made.Hunted = len(list.Entries), from, warnings, hunted
	if previous != nil && !previous.To.IsZero() {
		made.Since = previous.To // what is before it is the overlap
	}
	return made, w.Documents.Made.Put(ctx, j.TryKey(), made)
}

// history hunts the entries that no sweep has hunted yet as far back as the
// deployment allows, so that what happened weeks ago is not today's news. What
// fails is done by the next sweep.
func (w *Sweeps) history(ctx context.Context, h hunts.Hunt, list sweep.List, now hunts.Survey) (past []hunts.Hit, hunted []string, warning string) {
	if now.Verdict == hunts.CouldNotTell {
		return nil, nil, ""
	}
	var fresh []indicator.Indicator
	for _, e := range list.Entries {
		if e.Hunted.IsZero() && e.State != sweep.Retired {
			fresh, hunted = append(fresh, e.Indicator), append(hunted, e.Key())
		}
	}
	if len(fresh) == 0 {
		return nil, nil, ""
	}
	back := w.Gate.Bounds(ctx, h.Asker, true).Within(w.History)
	h.Window, h.Arrived, h.Control = hunts.Window{From: h.Created.Add(-back), To: h.Window.From}, time.Time{}, false
	if !h.Window.From.Before(h.Window.To) {
		return nil, hunted, ""
	}
	s, err := w.Runner.Survey(ctx, h, fresh, nil)
	incomplete := fmt.Sprintf("The history of %d new indicators couldn't be searched. The next sweep tries again.", len(fresh))
	if hunts.KindOf(err) == hunts.KindNotAllowed {
		return nil, hunted, fmt.Sprintf("The history of %d new indicators wasn't searched: %s", len(fresh), hunts.Sentence(err))
	}
	if err != nil {
		w.Log.WarnContext(ctx, "history of new indicators not searched", "hunt", h.ID, "error", err)
		return nil, nil, incomplete
	}
	if sweep.Partial(s) || s.Truncated {
		return s.Hits, nil, incomplete
	}
	return s.Hits, hunted, ""
}

// judged keeps entries still that somebody has marked as benign or known. One
// that is marked malicious is news whatever else was said of it.
func (w *Sweeps) judged(ctx context.Context, list *sweep.List, hits []hunts.Hit) {
	found := map[string]bool{}
	for _, h := range hits {
		found[h.Type+":"+h.Indicator] = true
	}
	var values []string
	for _, e := range list.Entries {
		if found[e.Key()] {
			values = append(values, e.Indicator.String())
		}
	}
	marks := hunts.MarksOf(ctx, w.Marks, values, w.Clock())
	for n, e := range list.Entries {
		m, ok := marks[e.Indicator.String()]
		ok = ok && found[e.Key()]
		if ok && m.Verdict == hunts.Malicious && e.State == sweep.Quiet {
			list.Entries[n].State = sweep.Active
		}
		if ok && m.Verdict != hunts.Malicious && m.Until.After(e.QuietUntil) {
			what := m.Ticket
			if what == "" {
				what = m.Verdict
			}
			list.Entries[n].State, list.Entries[n].QuietUntil, list.Entries[n].Ticket = sweep.Quiet, m.Until, what
		}
	}
}
