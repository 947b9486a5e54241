package runner

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Triage answers many small hunts, each for one indicator, with few queries:
// what was answered a moment ago, by anybody's hunt or by another triage, is
// taken from memory, and the rest is asked for together. The answers stand in
// the order of the hunts, are kept under their ids, and are those of Run without
// events and timeline, which Truncated says. The hunts share window and
// workspaces; Request.Fresh leaves the memory out. progress may be nil and counts
// queries. The error is a *Error and means that nothing was searched.
func (r *Runner) Triage(ctx context.Context, batch []hunts.Hunt, progress func(hunts.Progress)) ([]hunts.Answer, error) {
	d, ok := r.cfg.Catalog.Get(hunts.DefaultHunt)
	if !ok {
		return nil, &hunts.Error{Kind: hunts.KindRefused, Say: "the hunt " + hunts.DefaultHunt + " is not in the catalogue"}
	}
	for n := range batch {
		batch[n].Name = d.Name
		asked := batch[n].Search() // the batch is one search
		asked.Size, asked.Once = len(batch), batch[0].ID
		within, err := r.gate.authorize(ctx, batch[n], hunts.Action{Name: "hunt", Right: hunts.MayHunt, KQLHash: hunts.KQLHash(r.textOf(batch[n], d)), Search: asked})
		if err != nil {
			return nil, err
		}
		ctx, batch[n] = within, r.gate.within(within, batch[n])
	}
	t := triage{runner: r, def: d, batch: batch, answers: make([]hunts.Answer, len(batch)), known: make([]bool, len(batch))}
	missing := t.recall(ctx)
	if len(missing) == 0 {
		return t.answers, nil
	}
	all := about(batch[0], missing...)
	if !all.Request.Fresh {
		// Two threads with the same list ask once.
		lock := "triage:" + digest(r.cacheKey(all, d))
		for {
			lease, _, ok, err := r.cfg.Record.Lease(ctx, lock, all.ID, triageLease)
			if err != nil {
				break // no memory: searched without it
			}
			if ok {
				defer func() { _ = lease.Release(context.WithoutCancel(ctx)) }() // ends by itself
				break
			}
			if err := r.cfg.Record.Await(ctx, lock); err != nil && hunts.KindOf(err) != hunts.KindUnavailable {
				return nil, &hunts.Error{Kind: hunts.KindCancelled, Say: "the hunt was stopped while it waited for an identical one", Err: err}
			}
			if missing = t.recall(ctx); len(missing) == 0 {
				return t.answers, nil
			}
		}
	}
	t.take(ctx, r.surveys(ctx, about(batch[0], missing...), d, false, missing, progress))
	return t.answers, nil
}

// triage is one run over a batch.
type triage struct {
	runner  *Runner
	def     Definition
	batch   []hunts.Hunt
	answers []hunts.Answer
	known   []bool
}

// recall takes what is remembered and gives what is not.
func (t *triage) recall(ctx context.Context) (missing []indicator.Indicator) {
	for n, h := range t.batch {
		if t.known[n] {
			continue
		}
		key := t.runner.cacheKey(h, t.def)
		for _, k := range []string{key, triageKey(key)} {
			if a, ok, err := t.runner.cfg.Record.CachedAnswer(ctx, k); err == nil && ok && !h.Request.Fresh {
				if t.answers[n], t.known[n] = t.runner.remembered(ctx, a, h); t.known[n] {
					break
				}
			}
		}
		if !t.known[n] {
			missing = append(missing, h.Request.Indicators()...)
		}
	}
	return missing
}

// take fills in what the surveys of all scopes found. Only what is worth repeating
// is kept for others.
func (t *triage) take(ctx context.Context, surveys []hunts.Survey) {
	for n, h := range t.batch {
		if t.known[n] {
			continue
		}
		var answers []hunts.Answer
		for _, s := range surveys {
			answers = append(answers, t.runner.ofSurvey(h, t.def, s))
		}
		a := join(answers)
		key := ""
		if a.Verdict != hunts.CouldNotTell {
			until := t.runner.cfg.Clock().UTC().Add(t.runner.cfg.CacheTTL)
			a.Source.ExpiresAt = &until
			key = triageKey(t.runner.cacheKey(h, t.def))
		}
		t.runner.store(ctx, key, &a)
		t.answers[n] = a
	}
}

// triageLease is how long a triage is waited for by others; beyond it they ask
// for themselves.
const triageLease = 60 * time.Second

func triageKey(key string) string { return "triage:" + key }

// about is the same hunt for some indicators.
func about(h hunts.Hunt, list ...indicator.Indicator) hunts.Hunt {
	h.Request.IPs, h.Request.Domains, h.Request.Files = nil, nil, nil
	for _, i := range list {
		h.Request.Add(i)
	}
	return h
}

// ofSurvey is what a survey says of the one indicator of a hunt.
func (r *Runner) ofSurvey(h hunts.Hunt, d Definition, s hunts.Survey) hunts.Answer {
	i := h.Request.Indicators()[0]
	a := emptyAnswer()
	a.HuntID, a.Hunt, a.Request, a.KQL, a.Source = h.ID, d.Name, answerRequest(h, s.Window), r.textOf(h, d), s.Source
	a.Coverage, a.Truncated = s.Coverage, hunts.Truncated{ByDevice: s.Truncated, Events: true, Rows: s.Truncated}
	a.Notes = []string{"This is a triage of many indicators at once: open the hunt for its events and timeline."}
	a.Source.Queries, a.Source.TookMS = s.Queries, s.TookMS
	for _, result := range s.Indicators {
		if result.Indicator == i.String() && result.Type == string(i.Kind) {
			a.Verdict = result.Verdict
			a.ByIndicator = append(a.ByIndicator, result)
			a.Totals = hunts.Totals{Events: result.Events, Devices: result.Devices, FirstSeen: result.FirstSeen, LastSeen: result.LastSeen}
		}
	}
	processes := map[string]bool{}
	var chain []string // of what showed elsewhere
	for _, hit := range s.Hits {
		if hit.Indicator != i.String() || hit.Type != string(i.Kind) {
			continue
		}
		if hit.Place != "" {
			chain = append(chain, stepText(stepOf(hit)))
			continue
		}
		a.ByDevice = append(a.ByDevice, hunts.DeviceResult{
			Device: hit.Device, DeviceID: hit.DeviceID, Events: hit.Events, Processes: hit.Processes, Accounts: []string{}, Remotes: []string{}, Outcome: hit.Outcome, FirstSeen: hit.FirstSeen, LastSeen: hit.LastSeen,
			Matched: []string{hit.Indicator}, Excluded: hit.Excluded,
		})
		a.Rows = append(a.Rows, hunts.Row{
			Device: hit.Device, DeviceID: hit.DeviceID, Process: strings.Join(hit.Processes, ", "), Outcome: hit.Outcome, Matched: []string{hit.Indicator}, Because: []string{hit.Because}, Excluded: strings.Join(hit.Excluded, ", "),
			Events: hit.Events, FirstSeen: hit.FirstSeen, LastSeen: hit.LastSeen,
		})
		for _, name := range hit.Processes {
			processes[strings.ToLower(name)] = true
		}
		c := hit.Counts
		a.Outcomes = hunts.Outcomes{
			Reached: a.Outcomes.Reached + c.Reached, Failed: a.Outcomes.Failed + c.Failed, Blocked: a.Outcomes.Blocked + c.Blocked, LookedUp: a.Outcomes.LookedUp + c.LookedUp, Other: a.Outcomes.Other + c.Other,
		}
	}
	a.Totals.Processes = int64(len(processes))
	slices.SortStableFunc(a.ByDevice, func(x, y hunts.DeviceResult) int { return strings.Compare(x.Device, y.Device) })
	if a.Verdict == hunts.Clean {
		a.Coverage.Problems = nil // those of other kinds of indicators
	}
	a.Reason = triageReason(a)
	if (a.Verdict == hunts.Seen || a.Verdict == hunts.Tried && a.Totals.Events == 0) && len(chain) > 0 {
		a.Reason = strings.Join(chain[:min(len(chain), 2*placeSteps)], "; ")
	}
	return a
}

// triageReason is the sentence of a verdict that a survey gave.
func triageReason(a hunts.Answer) string {
	switch a.Verdict {
	case hunts.Reached:
		return hunts.Count(reachedDevices(a), "device") + " completed a connection"
	case hunts.Tried:
		return triedText(a)
	case hunts.Clean:
		return "no sensor reported reaching or trying it"
	}
	if reason := strings.Join(saidOnce(a.Coverage.Problems), "; "); reason != "" {
		return reason
	}
	return "it was not searched in full"
}
