package watchlist

import (
	"strings"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

func (w *Sweeps) view(s sweep.Schedule, j sweep.Job, made sweep.Made) (message.SweepView, *policy.Redaction) {
	view := message.SweepView{
		Name: j.Name, Slot: j.Slot, Since: made.Since, Listed: made.Listed, Missed: j.Missed, Survey: made.Survey, Report: shownReport(made.Report), Warnings: made.Warnings,
		Again: made.Listed > 0 && !sweep.Whole(made.Survey) && j.Try < maxSweepTries,
	}
	red := w.Gate.Redaction(s.Channel)
	return policy.Redact(red, view), red
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
