package runner

import (
	"context"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// surveys asks every scope of a hunt for a list that was admitted, each by
// itself. background leaves the slots of the identity to people who wait.
func (r *Runner) surveys(ctx context.Context, h hunts.Hunt, d Definition, background bool, list []indicator.Indicator, progress func(hunts.Progress)) []hunts.Survey {
	if progress == nil {
		progress = func(hunts.Progress) {}
	}
	out := make([]hunts.Survey, len(scopesOf(h)))
	tell := progressOf(len(out), progress)
	eachScope(h, func(n int, one hunts.Hunt) {
		out[n] = r.survey(ctx, &surveyor{runner: r, hunt: one, def: d, background: background}, list, tell(n))
	})
	return out
}

// joinSurveys makes one survey of those of several scopes, each judged already.
func joinSurveys(all []hunts.Survey) hunts.Survey {
	out := all[0]
	out.ByScope = nil
	for _, s := range all {
		devices := map[string]bool{}
		var events int64
		for _, hit := range s.Hits {
			devices[strings.ToLower(hit.Device)] = true
			events += hit.Events
		}
		out.ByScope = append(out.ByScope, hunts.ScopeResult{
			Scope: s.Source.Workspace, Kind: s.Source.Kind, Verdict: s.Verdict, Reason: s.Reason, Events: events, Devices: int64(len(devices)), Coverage: s.Coverage,
		})
	}
	if len(all) == 1 {
		return out
	}
	out.Hits, out.Indicators = nil, slices.Clone(out.Indicators)
	seen := map[string]int{} // indicator and DeviceId → hit
	for n, s := range all {
		for i, r := range s.Indicators {
			if n > 0 {
				out.Indicators[i].Events += r.Events
				out.Indicators[i].Devices += r.Devices
				joinLine(&out.Indicators[i], r)
			}
		}
		for _, hit := range s.Hits {
			hit.Scope = s.Source.Workspace
			key := hit.Type + ":" + hit.Indicator + "\x00" + strings.ToLower(hit.DeviceID)
			at, double := seen[key]
			if hit.DeviceID == "" || !double {
				seen[key] = len(out.Hits)
				out.Hits = append(out.Hits, hit)
				continue
			}
			less := joinHit(&out.Hits[at], hit)
			for i := range out.Indicators {
				if out.Indicators[i].Indicator == hit.Indicator && out.Indicators[i].Type == hit.Type {
					out.Indicators[i].Devices--
					out.Indicators[i].Events -= less
				}
			}
		}
		if n > 0 {
			addSurvey(&out, s)
		}
	}
	sortHits(out.Hits)
	out.Coverage = joinCoverage(out.ByScope)
	judgeSurveyScopes(&out)
	return out
}

// joinHit makes one hit of what two scopes hold of one device: the same events,
// so that the larger count stands for both. It gives the smaller one.
func joinHit(have *hunts.Hit, other hunts.Hit) int64 {
	less := min(have.Events, other.Events)
	scopes := have.Scope + ", " + other.Scope
	first, last := have.FirstSeen, have.LastSeen
	if other.Events > have.Events {
		*have = other
	}
	have.Scope = scopes
	if first.Before(have.FirstSeen) {
		have.FirstSeen = first
	}
	if last.After(have.LastSeen) {
		have.LastSeen = last
	}
	return less
}

func addSurvey(out *hunts.Survey, s hunts.Survey) {
	out.Truncated = out.Truncated || s.Truncated
	out.Queries += s.Queries
	out.Bytes += s.Bytes
	out.TookMS = max(out.TookMS, s.TookMS)
	out.Source.Workspace += ", " + s.Source.Workspace
	out.Source.CPUMS += s.Source.CPUMS
	out.Source.Scanned += s.Source.Scanned
	if s.Window.From.Before(out.Window.From) {
		out.Window.From = s.Window.From
	}
	if s.Window.To.After(out.Window.To) {
		out.Window.To = s.Window.To
	}
}

// sortHits puts the newest first.
func sortHits(hits []hunts.Hit) {
	slices.SortStableFunc(hits, func(a, b hunts.Hit) int {
		if c := b.LastSeen.Compare(a.LastSeen); c != 0 {
			return c
		}
		return strings.Compare(a.Indicator+a.Device, b.Indicator+b.Device)
	})
}
