package runner

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// asAskedBy gives an answer that was searched for somebody else the words of this
// hunt: its own indicators, window, reason and query. What is searched for is the
// host, so that two people may share a search and must not see each other's URL.
// False when the answer does not name what this hunt asks for.
func (r *Runner) asAskedBy(a hunts.Answer, h hunts.Hunt) (hunts.Answer, bool) {
	d, ok := r.cfg.Catalog.Get(h.Name)
	if !ok {
		return a, false
	}
	own := map[string][]indicator.Indicator{} // by what is searched for
	for _, i := range h.Request.Indicators() {
		own[searchedFor(i)] = append(own[searchedFor(i)], i)
	}
	names := map[string][]string{} // an indicator of the other one → those of this hunt
	lines := map[string]hunts.IndicatorResult{}
	for _, line := range a.ByIndicator {
		key := line.Indicator
		if line.Type == string(indicator.KindURL) {
			i, refusal := indicator.Type(line.Indicator)
			if refusal != nil {
				return a, false
			}
			key = searchedFor(i)
		}
		lines[key] = line
		for _, i := range own[key] {
			names[line.Indicator] = append(names[line.Indicator], i.String())
		}
	}
	a.ByIndicator = []hunts.IndicatorResult{}
	for _, i := range h.Request.Indicators() {
		line, known := lines[searchedFor(i)]
		if !known {
			return a, false
		}
		line.Indicator, line.Type, line.Mark = i.String(), string(i.Kind), ""
		a.ByIndicator = append(a.ByIndicator, line)
	}
	rename := func(list []string) []string {
		var out []string
		for _, name := range list {
			if to, known := names[name]; known {
				out = append(out, to...)
			} else {
				out = append(out, name)
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	a.ByDevice, a.Rows, a.Events, a.Neighbours = slices.Clone(a.ByDevice), slices.Clone(a.Rows), slices.Clone(a.Events), slices.Clone(a.Neighbours)
	for n := range a.ByDevice {
		a.ByDevice[n].Matched = rename(a.ByDevice[n].Matched)
	}
	for n := range a.Rows {
		a.Rows[n].Matched = rename(a.Rows[n].Matched)
	}
	for n := range a.Events {
		a.Events[n].Matched = rename(a.Events[n].Matched)
	}
	for n := range a.Neighbours {
		if to := names[a.Neighbours[n].Of]; len(to) > 0 {
			a.Neighbours[n].Of = to[0]
		}
	}
	a.Notes = slices.DeleteFunc(slices.Clone(a.Notes), func(note string) bool { return note == noteOfURL })
	if asURL(a) {
		a.Notes = append(a.Notes, noteOfURL)
	}
	window := hunts.Window{From: a.Request.From, To: a.Request.To}
	profiles, _ := chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	a.KQL = d.kql(newParams(h.Request, window.From, window.To, timelineStep(window)), comment(h), profiles, r.cfg.Catalog.summary)
	a.RowKQL = r.textFor(h, d.PersonText(h, window))
	a.Request = answerRequest(h, window)
	a.HuntID = h.ID
	return a, true
}

// noteOfURL says what the line of a URL counts.
const noteOfURL = "A URL is hunted by its host: its line counts every contact with that host and its sub-domains, whatever the path."

func asURL(a hunts.Answer) bool {
	return slices.ContainsFunc(a.ByIndicator, func(i hunts.IndicatorResult) bool {
		return i.Type == string(indicator.KindURL) && i.Events > 0
	})
}
