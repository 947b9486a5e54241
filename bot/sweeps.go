package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// JobSweep is a job of the sweep lane.
const JobSweep = "sweep"

// Tick reads the policy again, ends what waited too long for an approval, wakes
// ledgers whose cool-down is over, and looks for slots that are due and puts them into the queue. Every
// replica does so; a slot is queued once, since its key is remembered.
func (b *Bot) Tick(ctx context.Context) error {
	if err := b.policy.Reload(); err != nil {
		b.cfg.Log.ErrorContext(ctx, "the policy is not changed, the last good one holds", "error", err)
	}
	if err := b.tellLost(ctx); err != nil {
		return err
	}
	if err := b.expireHeld(ctx); err != nil {
		return err
	}
	if err := b.wakeLedgers(ctx); err != nil {
		return err
	}
	if err := b.watch.Tick(ctx); err != nil {
		return err
	}
	if err := b.syncSchedules(ctx); err != nil {
		return err
	}
	all, err := b.schedules(ctx)
	if err != nil {
		return err
	}
	now := b.cfg.Clock().UTC()
	for name, s := range all {
		last, err := b.snapshot(ctx, name)
		if err != nil {
			return err
		}
		if slot, missed, ok := s.Due(lastSlot(s, last), now); ok {
			if err := b.queueSweep(ctx, sweep.Job{Name: name, Slot: slot, Missed: missed}); err != nil {
				return err
			}
		}
		if again, ok, err := b.cfg.Sweeping.Again.Get(ctx, name); err == nil && ok && !again.At.After(now) {
			if err := b.queueSweep(ctx, again.Job); err != nil {
				return err
			}
		}
		if err := b.alarm(ctx, s, last, now); err != nil {
			b.cfg.Log.WarnContext(ctx, "the owner of a late sweep was not told", "sweep", name, "error", err)
		}
	}
	return nil
}

// lastSlot is the slot after which the next one is due.
func lastSlot(s sweep.Schedule, last *sweep.Snapshot) time.Time {
	if last != nil && last.Slot.After(s.Added) {
		return last.Slot
	}
	return s.Added
}

func (b *Bot) queueSweep(ctx context.Context, j sweep.Job) error {
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encoding a sweep: %w", err)
	}
	_, err = b.cfg.Store.Push(ctx, LaneSweep, JobSweep, j.TryKey(), data)
	return err
}

func (b *Bot) snapshot(ctx context.Context, name string) (*sweep.Snapshot, error) {
	s, ok, err := b.cfg.Sweeping.Snapshots.Get(ctx, name)
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// handleSweep makes and posts one sweep. It may be called again after a crash
// at any point.
func (b *Bot) handleSweep(ctx context.Context, payload []byte) error {
	var j sweep.Job
	if err := json.Unmarshal(payload, &j); err != nil {
		b.cfg.Log.ErrorContext(ctx, "sweep dropped, it is not ours", "error", err)
		return nil
	}
	all, err := b.schedules(ctx)
	if err != nil {
		return err
	}
	s, ok := all[j.Name]
	if !ok {
		return nil // removed meanwhile
	}
	return hunts.WithLock(ctx, b.cfg.Store, b.cfg.Replica, "sweep:"+j.Name, func(ctx context.Context) error {
		if s.Hunt != "" {
			return b.sweepRows(ctx, s, j)
		}
		return b.sweep(ctx, s, j)
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
func (b *Bot) sweep(ctx context.Context, s sweep.Schedule, j sweep.Job) error {
	previous, over, err := b.base(ctx, j)
	if err != nil {
		return err
	}
	if over {
		return b.completeSweep(ctx, s, j)
	}
	made, err := b.makeSweep(ctx, s, j, previous)
	if err != nil {
		return err
	}
	view, red := b.sweepView(s, j, made)
	post, err := b.postSweep(ctx, s, j, view)
	if err != nil {
		return fmt.Errorf("posting sweep %s: %w", j.Name, err)
	}
	if err := b.settleSweep(ctx, j, previous, made, view.Again); err != nil {
		return err
	}
	return b.sweepThread(ctx, j, view, post, red)
}

// completeSweep fills the thread of a sweep whose job came back after its state
// was settled.
func (b *Bot) completeSweep(ctx context.Context, s sweep.Schedule, j sweep.Job) error {
	post, posted, err := b.cfg.Store.LoadPost(ctx, j.Key())
	if err != nil || !posted {
		return err
	}
	made, ok, err := b.cfg.Sweeping.Made.Get(ctx, j.TryKey())
	if err != nil || !ok {
		return err
	}
	view, red := b.sweepView(s, j, made)
	return b.sweepThread(ctx, j, view, post, red)
}

func (b *Bot) sweepView(s sweep.Schedule, j sweep.Job, made sweep.Made) (message.SweepView, *policy.Redaction) {
	view := message.SweepView{
		Name: j.Name, Slot: j.Slot, Since: made.Since, Listed: made.Listed, Missed: j.Missed, Survey: made.Survey, Report: shownReport(made.Report), Warnings: made.Warnings,
		Again: made.Listed > 0 && !sweep.Whole(made.Survey) && j.Try < maxSweepTries,
	}
	red := b.policy.Redaction(s.Channel)
	return policy.Redact(red, view), red
}

// postSweep posts the news, or edits the post of an earlier try. Where the channel
// takes none, the owner gets it.
func (b *Bot) postSweep(ctx context.Context, s sweep.Schedule, j sweep.Job, view message.SweepView) (hunts.Post, error) {
	render := func(v message.View) message.Message { return message.Sweep(view, v) }
	post, err := b.out.Post(ctx, j.Key(), outbox.Place{Channel: s.Channel}, render)
	if code := outbox.Code(err); code != "" && s.Owner != "" {
		b.cfg.Log.WarnContext(ctx, "the channel takes no post of a sweep, its owner gets it", "sweep", j.Name, "error", code)
		view.Warnings = append(slices.Clone(view.Warnings), "Slack refuses this post in its channel ("+code+"), so you get it.")
		post, err = b.out.Post(ctx, j.Key(), outbox.Place{Channel: s.Owner}, render)
	}
	if err != nil || j.Try == 0 {
		return post, err
	}
	if err := b.out.Edit(ctx, post, render); err != nil && outbox.Code(err) == "" {
		return post, err
	}
	return post, nil
}

// settleSweep notes what was told, so that the next sweep compares with it.
func (b *Bot) settleSweep(ctx context.Context, j sweep.Job, previous *sweep.Snapshot, made sweep.Made, again bool) error {
	if !sweep.Whole(made.Survey) {
		return b.unfinished(ctx, j, previous, made, again)
	}
	if err := b.settleEntries(ctx, made, j.Slot); err != nil {
		return err
	}
	if err := b.cfg.Sweeping.Again.Drop(ctx, j.Name); err != nil {
		return err
	}
	return b.cfg.Sweeping.Snapshots.Put(ctx, j.Name, made.Next)
}

func (b *Bot) makeSweep(ctx context.Context, s sweep.Schedule, j sweep.Job, previous *sweep.Snapshot) (sweep.Made, error) {
	made, ok, err := b.cfg.Sweeping.Made.Get(ctx, j.TryKey())
	if err != nil || ok {
		return made, err
	}
	list, warnings, err := b.refreshed(ctx, s)
	if err != nil {
		return made, err
	}
	list.Hold(*b.cfg.Guard)
	looked := b.cfg.Clock().UTC()
	from, to, arrived := s.Window(previous, j.Slot)
	if to.After(looked) {
		to = looked
	}
	owner := hunts.Asker{Team: b.team, User: s.Owner, Name: "sweep " + j.Name, Channel: s.Channel}
	bounds := b.policy.Bounds(ctx, owner, true)
	if bounds.Back > 0 && s.Look <= bounds.Back && to.Sub(from) > bounds.Back { // one that was set up to look further is refused
		from = to.Add(-bounds.Back)
		if previous != nil && previous.To.Before(from) {
			warnings = append(warnings, fmt.Sprintf("Not searched: anything before %s, because this channel may look back only %s.", from.Format("Jan 2, 15:04 UTC"), hunts.Spell(bounds.Back)))
		}
	}
	if bounds.Back > 0 && bounds.Back < hunts.LateBy {
		arrived = time.Time{} // what came late happened before that
	}
	id, err := b.cfg.Store.NewHuntID(ctx)
	if err != nil {
		return made, err
	}
	h := hunts.Hunt{
		ID: id, Name: hunts.DefaultHunt, Window: hunts.Window{From: from, To: to}, Arrived: arrived, State: hunts.Running, Created: looked, Asked: to, Scheduled: true, Control: true, Workspaces: b.sweepScopes(ctx, s),
		Request: request.Request{Why: "sweep " + j.Name, Places: s.Places}, Asker: owner,
	}
	if made.Survey, err = b.cfg.Runner.Survey(ctx, h, list.Indicators(), nil); err != nil {
		var e *hunts.Error
		if !errors.As(err, &e) || e.Kind == hunts.KindUnavailable || ctx.Err() != nil {
			return made, err
		}
		made.Survey = hunts.Survey{Verdict: hunts.CouldNotTell, Reason: e.Say, Window: h.Window}
	}
	if ctx.Err() != nil {
		return made, ctx.Err() // stopping: another replica sweeps in full
	}
	past, hunted, warning := b.history(ctx, h, list, made.Survey)
	if warning != "" {
		warnings = append(warnings, warning)
	}
	b.judged(ctx, &list, made.Survey.Hits)
	made.Report, made.Next = sweep.Compare(previous, made.Survey, past, list, j.Slot, looked)
	made.Listed, made.Since, made.Warnings, made.Hunted = len(list.Entries), from, warnings, hunted
	if previous != nil && !previous.To.IsZero() {
		made.Since = previous.To // what is before it is the overlap
	}
	return made, b.cfg.Sweeping.Made.Put(ctx, j.TryKey(), made)
}

// history hunts the entries that no sweep has hunted yet as far back as the
// deployment allows, so that what happened weeks ago is not today's news. What
// fails is done by the next sweep.
func (b *Bot) history(ctx context.Context, h hunts.Hunt, list sweep.List, now hunts.Survey) (past []hunts.Hit, hunted []string, warning string) {
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
	back := b.policy.Bounds(ctx, h.Asker, true).Within(b.cfg.History)
	h.Window, h.Arrived, h.Control = hunts.Window{From: h.Created.Add(-back), To: h.Window.From}, time.Time{}, false
	if !h.Window.From.Before(h.Window.To) {
		return nil, hunted, ""
	}
	s, err := b.cfg.Runner.Survey(ctx, h, fresh, nil)
	incomplete := fmt.Sprintf("The history of %d new indicators couldn't be searched. The next sweep tries again.", len(fresh))
	if hunts.KindOf(err) == hunts.KindNotAllowed {
		return nil, hunted, fmt.Sprintf("The history of %d new indicators wasn't searched: %s", len(fresh), hunts.Sentence(err))
	}
	if err != nil {
		b.cfg.Log.WarnContext(ctx, "history of new indicators not searched", "hunt", h.ID, "error", err)
		return nil, nil, incomplete
	}
	if sweep.Partial(s) || s.Truncated {
		return s.Hits, nil, incomplete
	}
	return s.Hits, hunted, ""
}

// judged keeps entries still that somebody has marked as benign or known. One
// that is marked malicious is news whatever else was said of it.
func (b *Bot) judged(ctx context.Context, list *sweep.List, hits []hunts.Hit) {
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
	marks := hunts.MarksOf(ctx, b.cfg.Documents.Marks, values, b.cfg.Clock())
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

// shownReport turns what is new into what is shown of it.
func shownReport(r sweep.Report) message.SweepReport {
	lines := func(list []sweep.Found) []message.SweepLine {
		var out []message.SweepLine
		for _, f := range list {
			out = append(out, message.SweepLine{Indicator: f.Entry.Indicator, Note: f.Entry.Note, Confidence: f.Entry.Confidence, Ticket: f.Entry.Ticket, QuietUntil: f.Entry.QuietUntil, Hits: f.Hits, Fresh: f.Fresh})
		}
		return out
	}
	out := message.SweepReport{New: lines(r.New), Still: lines(r.Still), Old: lines(r.Old), Quiet: lines(r.Quiet), Left: map[string]int{}}
	for _, key := range r.Gone {
		name, device := sweep.SplitKey(key)
		kind, value, _ := strings.Cut(name, ":")
		out.Gone = append(out.Gone, message.GonePair{Indicator: value, Type: kind, Device: device})
	}
	out.NotEvaluated, out.Left = leftOut(r.NotEvaluated, r.Left)
	out.Notes = r.Notes
	return out
}

// leftOut turns what is not hunted into what is shown of it.
func leftOut(problems []sweep.Problem, left map[sweep.Kind]int) ([]message.NotEvaluated, map[string]int) {
	var list []message.NotEvaluated
	for _, p := range problems {
		list = append(list, message.NotEvaluated{Source: p.Source, Line: p.Line, Value: p.Value, Kind: string(p.Kind), Reason: p.Reason})
	}
	counts := map[string]int{}
	for kind, n := range left {
		counts[string(kind)] = n
	}
	return list, counts
}
