package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// JobSweep is a job of the sweep lane.
const JobSweep = "sweep"

// sweepJob says which slot of which schedule; Try counts the hourly repeats of
// a sweep that could not tell.
type sweepJob struct {
	Name   string    `json:"name"`
	Slot   time.Time `json:"slot"`
	Missed int       `json:"missed,omitempty"`
	Try    int       `json:"try,omitempty"`
}

func (j sweepJob) key() string { return "sweep:" + j.Name + ":" + j.Slot.UTC().Format(time.RFC3339) }

// schedules lists the sweeps that run by themselves.
func (b *Bot) schedules(ctx context.Context) (map[string]sweep.Schedule, error) {
	raw, err := b.cfg.Store.Entries(ctx, "sweeps")
	if err != nil {
		return nil, err
	}
	out := map[string]sweep.Schedule{}
	for name, data := range raw {
		var s sweep.Schedule
		if json.Unmarshal(data, &s) == nil {
			out[name] = s
		}
	}
	return out, nil
}

// Tick reads the policy again, ends what waited too long for an approval, and
// looks for slots that are due and puts them into the queue. Every
// replica does so; a slot is queued once, since its key is remembered.
func (b *Bot) Tick(ctx context.Context) error {
	if err := b.policy.load(); err != nil {
		b.cfg.Log.Error("the policy is not changed, the last good one holds", "error", err)
	}
	if err := b.expireHeld(ctx); err != nil {
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
		after := s.Added
		if last != nil && last.Slot.After(after) {
			after = last.Slot
		}
		if slot, missed, ok := s.Due(after, now); ok {
			if err := b.queueSweep(ctx, sweepJob{Name: name, Slot: slot, Missed: missed}); err != nil {
				return err
			}
		}
		var again sweepJob
		var at time.Time
		retry := struct {
			At  *time.Time
			Job *sweepJob
		}{&at, &again}
		if ok, err := b.cfg.Store.GetJSON(ctx, "sweep-again:"+name, &retry); err == nil && ok && !at.After(now) {
			if err := b.queueSweep(ctx, again); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Bot) queueSweep(ctx context.Context, j sweepJob) error {
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encoding a sweep: %w", err)
	}
	_, err = b.cfg.Store.Push(ctx, LaneSweep, JobSweep, fmt.Sprintf("%s:%d", j.key(), j.Try), data)
	return err
}

func snapshotKey(name string) string { return "snapshot:" + name }

func (b *Bot) snapshot(ctx context.Context, name string) (*sweep.Snapshot, error) {
	var s sweep.Snapshot
	ok, err := b.cfg.Store.GetJSON(ctx, snapshotKey(name), &s)
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// swept is a sweep that was made, kept until its post is there: a replica that
// takes over posts what was found, and compares nothing with itself.
type swept struct {
	Survey hunts.Survey   `json:"survey"`
	Report sweep.Report   `json:"report"`
	Next   sweep.Snapshot `json:"next"`
	Listed int            `json:"listed"`
	Since  time.Time      `json:"since"`
}

// handleSweep makes and posts one sweep. It may be called again after a crash
// at any point.
func (b *Bot) handleSweep(ctx context.Context, payload []byte) error {
	var j sweepJob
	if err := json.Unmarshal(payload, &j); err != nil {
		b.cfg.Log.Error("sweep dropped, it is not ours", "error", err)
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
	made, err := b.makeSweep(ctx, s, j)
	if err != nil {
		return err
	}
	view := message.SweepView{Name: j.Name, Slot: j.Slot, Since: made.Since, Listed: made.Listed, Missed: j.Missed, Survey: made.Survey, Report: shownReport(made.Report)}
	render := func(v message.View) message.Message { return message.Sweep(view, v) }
	post, err := b.post(ctx, j.key(), target{channel: s.Channel}, render)
	if err != nil {
		return fmt.Errorf("posting sweep %s: %w", j.Name, err)
	}
	if j.Try > 0 {
		if err := b.update(ctx, post, render); err != nil {
			return err
		}
	}
	if made.Survey.Verdict == hunts.CouldNotTell && j.Try < 24 {
		next := j
		next.Try++
		again := struct {
			At  time.Time
			Job sweepJob
		}{b.cfg.Clock().UTC().Add(time.Hour), next}
		return b.cfg.Store.SetJSON(ctx, "sweep-again:"+j.Name, again, 48*time.Hour)
	}
	if err := b.sweepThread(ctx, j, view, post); err != nil {
		return err
	}
	if err := b.cfg.Store.Delete(ctx, "sweep-again:"+j.Name); err != nil {
		return err
	}
	return b.cfg.Store.SetJSON(ctx, snapshotKey(j.Name), made.Next, 400*24*time.Hour)
}

func (b *Bot) makeSweep(ctx context.Context, s sweep.Schedule, j sweepJob) (swept, error) {
	var made swept
	kept := fmt.Sprintf("swept:%s:%d", j.key(), j.Try)
	if ok, err := b.cfg.Store.GetJSON(ctx, kept, &made); err != nil || ok {
		return made, err
	}
	list, err := b.entries(ctx)
	if err != nil {
		return made, err
	}
	list.Hold(indicator.DefaultGuard())
	previous, err := b.snapshot(ctx, j.Name)
	if err != nil {
		return made, err
	}
	from, to := s.Window(previous, j.Slot)
	if now := b.cfg.Clock().UTC(); to.After(now) {
		to = now
	}
	id, err := b.cfg.Store.NewHuntID(ctx)
	if err != nil {
		return made, err
	}
	h := hunts.Hunt{
		ID: id, Name: "network-footprint", Window: hunts.Window{From: from, To: to}, State: hunts.Running, Created: b.cfg.Clock().UTC(),
		Request: indicator.Request{Why: "sweep " + j.Name}, Asker: hunts.Asker{Team: b.team, User: s.Owner, Name: "sweep " + j.Name, Channel: s.Channel},
	}
	if made.Survey, err = b.cfg.Runner.Survey(ctx, h, list.Indicators()); err != nil {
		var e *hunts.Error
		if !errors.As(err, &e) || e.Kind == hunts.KindUnavailable {
			return made, err
		}
		made.Survey = hunts.Survey{Verdict: hunts.CouldNotTell, Reason: e.Say, Window: h.Window}
	}
	made.Report, made.Next = sweep.Compare(previous, made.Survey, list, j.Slot)
	made.Listed, made.Since = len(list.Entries), from
	return made, b.cfg.Store.SetJSON(ctx, kept, made, 48*time.Hour)
}

// shownReport turns what is new into what is shown of it.
func shownReport(r sweep.Report) message.SweepReport {
	lines := func(list []sweep.Found) []message.SweepLine {
		var out []message.SweepLine
		for _, f := range list {
			out = append(out, message.SweepLine{Indicator: f.Entry.Indicator, Note: f.Entry.Note, Confidence: f.Entry.Confidence, Ticket: f.Entry.Ticket, QuietUntil: f.Entry.QuietUntil, Hits: f.Hits})
		}
		return out
	}
	out := message.SweepReport{New: lines(r.New), Still: lines(r.Still), Old: lines(r.Old), Quiet: lines(r.Quiet), Gone: len(r.Gone), Expired: r.Expired}
	for _, p := range r.NotEvaluated {
		out.NotEvaluated = append(out.NotEvaluated, message.NotEvaluated{Line: p.Line, Value: p.Value, Reason: p.Reason})
	}
	return out
}

// sweepThread puts the hits and the list of all indicators into the thread.
func (b *Bot) sweepThread(ctx context.Context, j sweepJob, view message.SweepView, post hunts.Post) error {
	thread := target{channel: post.Channel, thread: post.TS}
	if len(view.Survey.Hits) > 0 || len(view.Report.NotEvaluated) > 0 {
		if _, err := b.post(ctx, "details:"+j.key(), thread, func(v message.View) message.Message { return message.SweepDetails(view, v) }); err != nil {
			return err
		}
	}
	if len(view.Survey.Indicators) == 0 {
		return nil
	}
	name := "sweep-" + j.Name + "-" + j.Slot.UTC().Format("2006-01-02") + ".csv"
	return b.upload(ctx, j.key(), thread, name, message.IndicatorsCSV(hunts.Answer{ByIndicator: view.Survey.Indicators}))
}

// sweepCommand answers /footprint sweep …
func (b *Bot) sweepCommand(ctx context.Context, c command, rest string) (string, error) {
	words := strings.Fields(rest)
	verb := "list"
	if len(words) > 0 {
		verb = strings.ToLower(words[0])
	}
	name := "daily"
	if len(words) > 1 && !strings.Contains(words[1], "=") {
		name = words[1]
	}
	all, err := b.schedules(ctx)
	if err != nil {
		return "", err
	}
	s, known := all[name]
	switch verb {
	case "add":
		return b.sweepAdd(ctx, c, name, rest)
	case "run":
		if !known {
			s = sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Zone: "UTC", Channel: c.Channel, Owner: c.User, Paused: true, Added: b.cfg.Clock().UTC()}
			if err := b.putSchedule(ctx, s); err != nil {
				return "", err
			}
		}
		return "The sweep runs; its post comes here.", b.queueSweep(ctx, sweepJob{Name: name, Slot: b.cfg.Clock().UTC().Truncate(time.Second)})
	case "remove":
		if !known {
			return fmt.Sprintf("There is no sweep %q.", name), nil
		}
		return fmt.Sprintf("The sweep %s is removed.", name), b.cfg.Store.DropEntries(ctx, "sweeps", name)
	case "pause", "resume":
		if !known {
			return fmt.Sprintf("There is no sweep %q.", name), nil
		}
		s.Paused = verb == "pause"
		return fmt.Sprintf("The sweep %s is %sd.", name, verb), b.putSchedule(ctx, s)
	}
	if len(all) == 0 {
		return "No sweep is scheduled. Write `sweep add daily cron=\"30 8 * * 1-5\" zone=Europe/Berlin`, or `sweep run` for one now.", nil
	}
	var lines []string
	for name, s := range all {
		next := "paused"
		if !s.Paused {
			next = "next " + s.Next(b.cfg.Clock()).Format("Mon 2 Jan 15:04 MST")
		}
		lines = append(lines, fmt.Sprintf("%s · %s %s · <#%s> · %s", name, s.Cron, s.Zone, s.Channel, next))
	}
	return strings.Join(lines, "\n"), nil
}

func (b *Bot) sweepAdd(ctx context.Context, c command, name, rest string) (string, error) {
	s := sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Zone: "UTC", Channel: c.Channel, Owner: c.User, Look: 24 * time.Hour, Added: b.cfg.Clock().UTC()}
	if v := option(rest, "cron"); v != "" {
		s.Cron = v
	}
	if v := option(rest, "zone"); v != "" {
		s.Zone = v
	}
	if err := s.Check(); err != nil {
		return err.Error(), nil
	}
	return fmt.Sprintf("The sweep %s runs at %s (%s) and posts here; next on %s.", s.Name, s.Cron, s.Zone, s.Next(b.cfg.Clock()).Format("Mon 2 Jan 15:04 MST")), b.putSchedule(ctx, s)
}

func (b *Bot) putSchedule(ctx context.Context, s sweep.Schedule) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding a schedule: %w", err)
	}
	return b.cfg.Store.PutEntries(ctx, "sweeps", map[string][]byte{s.Name: data})
}

// option reads key=value or key="a value" out of a line.
func option(line, key string) string {
	_, rest, ok := strings.Cut(line, key+"=")
	if !ok {
		return ""
	}
	rest = strings.NewReplacer("“", `"`, "”", `"`).Replace(rest)
	if strings.HasPrefix(rest, `"`) {
		value, _, _ := strings.Cut(rest[1:], `"`)
		return value
	}
	value, _, _ := strings.Cut(rest, " ")
	return value
}

// lateAfter is when a sweep that has not posted counts as stalled.
const lateAfter = 15 * time.Minute

// LateSweeps names the sweeps that should have posted and did not.
func (b *Bot) LateSweeps(ctx context.Context) []string {
	all, err := b.schedules(ctx)
	if err != nil {
		return nil
	}
	var out []string
	for name, s := range all {
		last, err := b.snapshot(ctx, name)
		if err != nil {
			continue
		}
		after := s.Added
		if last != nil && last.Slot.After(after) {
			after = last.Slot
		}
		if slot, _, ok := s.Due(after, b.cfg.Clock().UTC().Add(-lateAfter)); ok {
			out = append(out, fmt.Sprintf("sweep %s of %s has not posted", name, slot.UTC().Format("2 Jan 15:04 UTC")))
		}
	}
	return out
}
