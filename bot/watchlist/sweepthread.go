package watchlist

import (
	"context"
	"slices"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// thread puts the hits and the list of all indicators into the thread: once
// when a sweep is whole, and once before when it met something and was not.
func (w *Sweeps) thread(ctx context.Context, j sweep.Job, view message.SweepView, post hunts.Post, red *policy.Redaction) error {
	if !view.Told() && view.Again {
		return nil
	}
	thread, key := outbox.Place{Channel: post.Channel, Thread: post.TS}, j.Key()
	if view.Again {
		key += ":first"
	}
	if view.Told() || len(view.Report.NotEvaluated) > 0 {
		if _, err := w.Out.Post(ctx, "details:"+key, thread, func(v message.View) message.Message { return message.SweepDetails(view, v) }); err != nil {
			return err
		}
	}
	if r, _ := w.Gate.Rule(post.Channel); len(view.Survey.Indicators) == 0 || !slices.Contains(r.Allow, hunts.MayExport) {
		return nil
	}
	list, err := w.lists.Entries(ctx)
	if err != nil {
		return err
	}
	entries := make(map[string]sweep.Entry, len(list.Entries))
	for _, e := range list.Entries {
		entries[e.Key()] = e
	}
	rows := make([]message.SweepRow, 0, len(view.Survey.Indicators))
	for _, r := range view.Survey.Indicators {
		e := entries[r.Type+":"+r.Indicator]
		rows = append(rows, message.SweepRow{Result: r, Source: e.Source, Owner: e.Owner, Note: e.Note, Confidence: e.Confidence, Tags: e.Tags, Expires: e.Expires})
	}
	name := "sweep-" + j.Name + "-" + j.Slot.UTC().Format("2006-01-02") + ".csv"
	return w.Out.Files(ctx, key, thread, outbox.File{Name: name, Data: message.SweepCSV(view, policy.Redact(red, rows))})
}
