package runner

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// join makes one answer of those of several scopes, each judged already. What a
// device did is counted once where two scopes hold the same device; devices that
// share no more than a name are two.
func join(answers []hunts.Answer) hunts.Answer {
	var scopes []hunts.ScopeResult
	for _, a := range answers {
		scopes = append(scopes, hunts.ScopeResult{
			Scope: a.Source.Workspace, Kind: a.Source.Kind, Verdict: a.Verdict, Reason: a.Reason, Events: a.Totals.Events, Devices: a.Totals.Devices, Coverage: a.Coverage,
		})
	}
	if len(answers) == 1 {
		answers[0].ByScope = scopes
		return answers[0]
	}
	for n := range answers {
		tag(&answers[n])
	}
	if answers[0].Table != nil {
		return joinRows(answers, scopes)
	}
	shared := dropDoubles(answers)
	out := emptyAnswer()
	first := answers[0]
	out.HuntID, out.Hunt, out.Request, out.KQL, out.RowKQL, out.ByScope = first.HuntID, first.Hunt, first.Request, first.KQL, first.RowKQL, scopes
	for _, a := range answers {
		addAnswer(&out, a)
	}
	out.Timeline = joinTimelines(answers, shared)
	out.ByProcess = joinProcesses(out, answers)
	out.ByIndicator = joinIndicators(out, answers)
	sort.SliceStable(out.ByDevice, func(i, j int) bool { return out.ByDevice[i].LastSeen.After(out.ByDevice[j].LastSeen) })
	sort.SliceStable(out.Rows, func(i, j int) bool { return out.Rows[i].LastSeen.After(out.Rows[j].LastSeen) })
	sort.SliceStable(out.Events, func(i, j int) bool { return out.Events[i].Time.After(out.Events[j].Time) })
	out.Events = out.Events[:min(len(out.Events), maxEvents)]
	out.Truncated.Events = int64(len(out.Events)) < out.Totals.Events
	out.Neighbours = out.Neighbours[:min(len(out.Neighbours), neighboursKept)]
	out.Coverage = joinCoverage(scopes)
	judgeScopes(&out)
	return out
}

// tag writes the scope into every line of an answer.
func tag(a *hunts.Answer) {
	scope := a.Source.Workspace
	a.ByDevice, a.Rows, a.Events, a.Places = slices.Clone(a.ByDevice), slices.Clone(a.Rows), slices.Clone(a.Events), slices.Clone(a.Places)
	for i := range a.ByDevice {
		a.ByDevice[i].Scope = scope
	}
	for i := range a.Rows {
		a.Rows[i].Scope = scope
	}
	for i := range a.Events {
		a.Events[i].Scope = scope
	}
	for i := range a.Places {
		a.Places[i].Scope = scope
	}
}

// dropDoubles keeps a device that several scopes hold in the scope that has most
// of its events, and takes it out of the others: the events there are the same
// ones. It tells whether there was such a device.
func dropDoubles(answers []hunts.Answer) bool {
	type keeper struct {
		scope  int
		events int64
		held   []string
	}
	keepers := map[string]*keeper{}
	for n, a := range answers {
		for _, d := range a.ByDevice {
			id := strings.ToLower(d.DeviceID)
			if id == "" {
				continue
			}
			k := keepers[id]
			if k == nil {
				k = &keeper{scope: n}
				keepers[id] = k
			}
			k.held = append(k.held, a.Source.Workspace)
			if d.Events > k.events {
				k.scope, k.events = n, d.Events
			}
		}
	}
	shared := false
	for n := range answers {
		names := map[string]bool{}
		a := &answers[n]
		for i, d := range a.ByDevice {
			if k := keepers[strings.ToLower(d.DeviceID)]; k != nil && len(k.held) > 1 {
				shared = true
				if k.scope != n {
					names[strings.ToLower(d.Device)] = true
				}
				a.ByDevice[i].Scope = strings.Join(k.held, ", ")
			}
		}
		dropDevices(a, names)
	}
	return shared
}

// dropDevices takes devices and what they did out of an answer.
func dropDevices(a *hunts.Answer, names map[string]bool) {
	if len(names) == 0 {
		return
	}
	gone := func(device string) bool { return names[strings.ToLower(device)] }
	a.ByIndicator, a.ByProcess = slices.Clone(a.ByIndicator), slices.Clone(a.ByProcess)
	for _, d := range a.ByDevice {
		if gone(d.Device) {
			a.Totals.Events -= d.Events
			a.Totals.Devices--
		}
	}
	for _, r := range a.Rows {
		if !gone(r.Device) {
			continue
		}
		*outcomeCount(&a.Outcomes, r.Outcome) -= r.Events
		for i := range a.ByIndicator {
			if slices.Contains(r.Matched, a.ByIndicator[i].Indicator) {
				a.ByIndicator[i].Events -= r.Events
			}
		}
		for i := range a.ByProcess {
			if strings.EqualFold(a.ByProcess[i].Process, r.Process) {
				a.ByProcess[i].Events -= r.Events
			}
		}
	}
	a.ByDevice = slices.DeleteFunc(a.ByDevice, func(d hunts.DeviceResult) bool { return gone(d.Device) })
	a.Rows = slices.DeleteFunc(a.Rows, func(r hunts.Row) bool { return gone(r.Device) })
	a.Events = slices.DeleteFunc(a.Events, func(e hunts.Event) bool { return gone(e.Device) })
}

func outcomeCount(o *hunts.Outcomes, of hunts.Outcome) *int64 {
	switch of {
	case hunts.OutcomeReached:
		return &o.Reached
	case hunts.OutcomeBlocked:
		return &o.Blocked
	case hunts.OutcomeFailed:
		return &o.Failed
	case hunts.OutcomeLookedUp:
		return &o.LookedUp
	}
	return &o.Other
}

func addAnswer(out *hunts.Answer, a hunts.Answer) {
	t := a.Totals
	out.Totals.Events += t.Events
	out.Totals.Devices += t.Devices
	out.Totals.Aggregated += t.Aggregated
	if t.FirstSeen != nil {
		out.Totals.FirstSeen, out.Totals.LastSeen = earlier(out.Totals.FirstSeen, *t.FirstSeen), later(out.Totals.LastSeen, *t.LastSeen)
	}
	for _, o := range []hunts.Outcome{hunts.OutcomeReached, hunts.OutcomeBlocked, hunts.OutcomeFailed, hunts.OutcomeLookedUp, hunts.OutcomeOther} {
		*outcomeCount(&out.Outcomes, o) += *outcomeCount(&a.Outcomes, o)
	}
	out.Unnamed += a.Unnamed
	out.ByDevice, out.Rows, out.Events = append(out.ByDevice, a.ByDevice...), append(out.Rows, a.Rows...), append(out.Events, a.Events...)
	out.Places, out.Beacons, out.Neighbours = append(out.Places, a.Places...), append(out.Beacons, a.Beacons...), append(out.Neighbours, a.Neighbours...)
	for _, e := range a.Excluded {
		i := slices.IndexFunc(out.Excluded, func(have hunts.Exclusion) bool { return have.Profile == e.Profile })
		if i < 0 {
			out.Excluded = append(out.Excluded, e)
		} else {
			out.Excluded[i].Events += e.Events
		}
	}
	for _, note := range a.Notes {
		out.Notes = appendOnce(out.Notes, note)
	}
	out.Truncated.ByDevice = out.Truncated.ByDevice || a.Truncated.ByDevice
	out.Truncated.Rows = out.Truncated.Rows || a.Truncated.Rows
	if a.Request.From.Before(out.Request.From) {
		out.Request.From = a.Request.From
	}
	if a.Request.To.After(out.Request.To) {
		out.Request.To = a.Request.To
	}
	if out.Source.Kind == "" {
		out.Source = a.Source
		return
	}
	out.Source.Workspace += ", " + a.Source.Workspace
	out.Source.CPUMS += a.Source.CPUMS
	out.Source.Scanned += a.Source.Scanned
	out.Source.Queries += a.Source.Queries
}

// joinTimelines adds the bins of scopes up; where scopes hold the same devices
// the larger bin stands for both.
func joinTimelines(answers []hunts.Answer, shared bool) []hunts.Bin {
	sums := map[time.Time]int64{}
	for _, a := range answers {
		for _, b := range a.Timeline {
			if shared {
				sums[b.Start] = max(sums[b.Start], b.Events)
			} else {
				sums[b.Start] += b.Events
			}
		}
	}
	out := []hunts.Bin{}
	for start, n := range sums {
		out = append(out, hunts.Bin{Start: start, Events: n})
	}
	slices.SortFunc(out, func(a, b hunts.Bin) int { return a.Start.Compare(b.Start) })
	return out
}

// deviceKey tells devices of several scopes apart.
func deviceKey(scope, id, name string) string {
	if id != "" {
		return strings.ToLower(id)
	}
	return scope + "\x00" + strings.ToLower(name)
}

// devicesBy counts the devices of rows under the keys that of gives each row.
func devicesBy(rows []hunts.Row, of func(hunts.Row) []string) map[string]int64 {
	seen := map[string]map[string]bool{}
	for _, r := range rows {
		for _, k := range of(r) {
			if seen[k] == nil {
				seen[k] = map[string]bool{}
			}
			seen[k][deviceKey(r.Scope, r.DeviceID, r.Device)] = true
		}
	}
	out := map[string]int64{}
	for k, devices := range seen {
		out[k] = int64(len(devices))
	}
	return out
}

func joinProcesses(joined hunts.Answer, answers []hunts.Answer) []hunts.ProcessResult {
	out := []hunts.ProcessResult{}
	at := map[string]int{}
	for _, a := range answers {
		for _, p := range a.ByProcess {
			if p.Events <= 0 && !a.Truncated.Rows {
				continue // of devices that another scope counts
			}
			k := strings.ToLower(p.Process)
			i, ok := at[k]
			if !ok {
				at[k] = len(out)
				out = append(out, p)
				continue
			}
			out[i].Events += p.Events
			out[i].Devices += p.Devices
			out[i].Parents = hunts.Union(out[i].Parents, p.Parents)
		}
	}
	if !joined.Truncated.Rows {
		devices := devicesBy(joined.Rows, func(r hunts.Row) []string { return []string{strings.ToLower(r.Process)} })
		for i, p := range out {
			out[i].Devices = devices[strings.ToLower(p.Process)]
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Events > out[j].Events })
	return out
}

// joinIndicators makes one line of those of all scopes. Its verdict is the first
// of them in the order of the headline.
func joinIndicators(joined hunts.Answer, answers []hunts.Answer) []hunts.IndicatorResult {
	out := slices.Clone(answers[0].ByIndicator)
	for _, a := range answers[1:] {
		for i, r := range a.ByIndicator {
			have := &out[i] // every scope was asked for the same list
			have.Events += r.Events
			have.Devices += r.Devices
			joinLine(have, r)
		}
	}
	if !joined.Truncated.Rows && joined.Unnamed == 0 {
		devices := devicesBy(joined.Rows, func(r hunts.Row) []string { return r.Matched })
		for i, r := range out {
			out[i].Devices = devices[r.Indicator]
		}
	}
	return out
}

// joinLine takes the stronger verdict and the wider span of two lines.
func joinLine(have *hunts.IndicatorResult, r hunts.IndicatorResult) {
	if r.FirstSeen != nil {
		have.FirstSeen = earlier(have.FirstSeen, *r.FirstSeen)
	}
	if r.LastSeen != nil {
		have.LastSeen = later(have.LastSeen, *r.LastSeen)
	}
	if r.Verdict.Rank() < have.Verdict.Rank() {
		have.Verdict = r.Verdict
	}
}

// joinCoverage sums up the coverage of several scopes for those who read one
// figure; what each rests on is in its own entry.
func joinCoverage(scopes []hunts.ScopeResult) hunts.Coverage {
	out := hunts.Coverage{Complete: true}
	var controls []string
	for n, s := range scopes {
		c := s.Coverage
		out.SensorsReporting += c.SensorsReporting
		out.SensorsKnown += c.SensorsKnown
		out.BadLines += c.BadLines
		out.Complete = out.Complete && c.Complete
		if n == 0 || c.NewestEvent == nil || out.NewestEvent != nil && c.NewestEvent.Before(*out.NewestEvent) {
			out.NewestEvent = c.NewestEvent // of the scope that is furthest behind
		}
		if n == 0 || c.OldestEvent == nil || out.OldestEvent != nil && c.OldestEvent.After(*out.OldestEvent) {
			out.OldestEvent = c.OldestEvent
		}
		for _, part := range c.Slices {
			if part.Scope == "" { // or else it names the workspace that holds what is older
				part.Scope = s.Scope
			}
			out.Slices = append(out.Slices, part)
		}
		switch {
		case n == 0:
			out.ControlFound = c.ControlFound
		case c.ControlFound == nil || out.ControlFound == nil:
			out.ControlFound = nil
		case !*c.ControlFound:
			out.ControlFound = c.ControlFound
		}
		if c.Control != "" {
			controls = appendOnce(controls, c.Control)
		}
		if out.Proxy == "" {
			out.Proxy = c.Proxy
		}
		if c.Seam != "" {
			out.Seam = c.Seam
		}
		for _, p := range c.Problems {
			out.Problems = append(out.Problems, s.Scope+": "+p)
		}
	}
	out.Control = strings.Join(controls, ", ")
	return out
}
