package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// keptSlack is how far before the end of a source's retention a window may begin
// and still count as kept: a hunt waits for its turn, and a service does not
// forget to the second.
const keptSlack = time.Hour

// older is the part of a window that lies before what its scope keeps. The zero
// older is none.
type older struct {
	seam  time.Time     // where it ends; zero is nowhere
	scope string        // the workspace that holds it; empty where none is configured
	keeps time.Duration // how far back the scope itself reaches
}

// olderPart tells which part of a hunt's window its scope no longer keeps.
func (r *Runner) olderPart(h hunts.Hunt) older {
	info := r.cfg.Source.Describe(h.Workspaces)
	if info.Keeps <= 0 {
		return older{}
	}
	oldest := r.cfg.Clock().UTC().Add(-info.Keeps)
	beyond := r.cfg.Beyond[strings.ToLower(info.Workspace)]
	if h.Window.All && beyond == "" || !h.Window.All && !h.Window.From.Before(oldest.Add(-keptSlack)) {
		return older{} // everything that the scope keeps is what the scope keeps
	}
	return older{seam: oldest.Truncate(time.Hour).Add(time.Hour), scope: beyond, keeps: info.Keeps}
}

// reaches are the scopes that a hunt asks, those for older parts too: each must be
// allowed.
func (r *Runner) reaches(h hunts.Hunt, names []string) []string {
	out := slices.Clone(names)
	for _, name := range names {
		one := h
		one.Workspaces = []string{name}
		if o := r.olderPart(one); o.scope != "" && !slices.ContainsFunc(out, func(n string) bool { return strings.EqualFold(n, o.scope) }) {
			out = append(out, o.scope)
		}
	}
	return out
}

// newer is the hunt for the part that its scope keeps.
func (o older) newer(h hunts.Hunt) hunts.Hunt {
	if o.seam.IsZero() || h.Window.All && h.Window.From.IsZero() {
		return h
	}
	h.Window.From = o.seam
	if h.Window.Ago > 0 {
		h.Window.Ago = o.keeps // the same look-back, whenever it is asked
	}
	if h.Window.To.Before(o.seam) {
		h.Window.To = o.seam
	}
	return h
}

// before is the hunt for the older part, in the workspace that holds it.
func (o older) before(h hunts.Hunt) hunts.Hunt {
	h.Workspaces = []string{o.scope}
	h.Window.Ago = 0
	if h.Window.To.After(o.seam) {
		h.Window.To = o.seam
	}
	return h
}

// cut parts the slices at the seam. Those before it are another workspace's, or
// can't be searched.
func (o older) cut(list []hunts.Slice, scope string) []hunts.Slice {
	if o.seam.IsZero() {
		return list
	}
	var out []hunts.Slice
	for _, s := range list {
		if s.From.Before(o.seam) && s.To.After(o.seam) {
			out = append(out, hunts.Slice{From: s.From, To: o.seam})
			s.From = o.seam
		}
		out = append(out, s)
	}
	for i := range out {
		switch {
		case !out[i].From.Before(o.seam):
		case o.scope != "":
			out[i].Scope = o.scope
		default:
			out[i].State, out[i].Reason = hunts.SliceFailed, o.reason(scope)
		}
	}
	return out
}

func (o older) reason(scope string) string {
	return fmt.Sprintf("%s keeps %s: what is older may be in a workspace that these tables are streamed to, or in the data lake", scope, hunts.Count(int64(o.keeps/day), "day"))
}

// text names the seam; empty where there is none.
func (o older) text(scope string) string {
	if o.seam.IsZero() || o.scope == "" {
		return ""
	}
	return fmt.Sprintf("before %s from %s, after it from %s", o.seam.Format("Jan 2 15:04 UTC"), o.scope, scope)
}

// look asks what the older part rests on, and gives its problems. The window of
// everything ends with what the workspace keeps.
func (o older) look(ctx context.Context, r *Runner, h hunts.Hunt, d Definition) (sensors, []string) {
	if o.scope == "" {
		return sensors{}, nil
	}
	h = o.before(h)
	seen, err := r.lookAround(ctx, h, d)
	if err != nil {
		return seen, []string{o.scope + ": coverage is unknown: " + sayOf(err, d)}
	}
	var out []string
	for _, p := range r.problems(h, d, seen, r.windowWithin(h, seen)) {
		out = append(out, o.scope+": "+p)
	}
	return seen, out
}

// joinParts makes one hit of what the two parts of a window say of one device,
// and counts the devices of each indicator by their hits: the events are others,
// the devices may be the same.
func (s *surveyor) joinParts() {
	at := map[string]int{}
	var joined []hunts.Hit
	for _, hit := range s.hits {
		key := hit.Type + ":" + hit.Indicator + "\x00" + hit.Place + "\x00" + strings.ToLower(hit.Device)
		n, ok := at[key]
		if !ok {
			at[key] = len(joined)
			joined = append(joined, hit)
			continue
		}
		have := &joined[n]
		have.Events += hit.Events
		c, d := have.Counts, hit.Counts
		have.Counts = hunts.Outcomes{Reached: c.Reached + d.Reached, Failed: c.Failed + d.Failed, Blocked: c.Blocked + d.Blocked, LookedUp: c.LookedUp + d.LookedUp, Other: c.Other + d.Other}
		have.Processes = hunts.Union(have.Processes, hit.Processes)
		if hit.Outcome == hunts.OutcomeReached {
			have.Outcome = hunts.OutcomeReached
		}
		if hit.FirstSeen.Before(have.FirstSeen) {
			have.FirstSeen = hit.FirstSeen
		}
		if hit.LastSeen.After(have.LastSeen) {
			have.LastSeen = hit.LastSeen
		}
	}
	s.hits = joined
	devices := map[string]int64{}
	for _, hit := range joined {
		if hit.Place == "" {
			devices[hit.Type+":"+hit.Indicator]++
		}
	}
	for i, r := range s.results {
		if n := devices[string(i.Kind)+":"+i.String()]; n > 0 && !s.truncated {
			r.Devices = n
			s.results[i] = r
		}
	}
}
