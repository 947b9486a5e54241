package runner

import (
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// addPlaces puts what the places say into an answer that was judged for its own
// table. A place can raise a verdict by what it found, and lower a CLEAN by what
// it could not look at; it never makes one.
func addPlaces(a *hunts.Answer, all []placeResult) {
	searched := hunts.AllDone(a.Coverage.Slices)
	var best hunts.Verdict
	for _, x := range all {
		a.Places = append(a.Places, x.place)
		v := x.def.Footprint.Place.Verdict
		for i, row := range x.found() {
			if row.Events == 0 {
				continue
			}
			if best == "" || v.Rank() < best.Rank() {
				best = v
			}
			raise(a, i, v, searched)
		}
	}
	problems := placeProblems(a, all)
	chain := strings.Join(sortedSteps(all), "; ")
	switch {
	case best != "" && raised(a.Verdict, best, searched && a.Totals.Events == 0):
		a.Verdict, a.Reason = best, chain
		if len(a.Coverage.Problems) > 0 {
			a.Reason += "; more may have happened unseen: " + strings.Join(a.Coverage.Problems, "; ")
		}
	case chain != "":
		a.Notes = append(a.Notes, "Also "+chain+".")
	case len(problems) > 0 && a.Verdict == hunts.Clean:
		a.Verdict, a.Reason = hunts.CouldNotTell, strings.Join(problems, "; ")
	case len(problems) > 0 && a.Verdict == hunts.CouldNotTell:
		a.Reason += "; " + strings.Join(problems, "; ")
	}
}

// raised tells whether what a place found is more than a verdict says. A try is
// more than silence in a table whose every part was searched, even where its
// coverage leaves doubt.
func raised(have, found hunts.Verdict, silent bool) bool {
	if have == hunts.CouldNotTell && found == hunts.Tried {
		return silent
	}
	return have == "" || found.Rank() < have.Rank()
}

func raise(a *hunts.Answer, i indicator.Indicator, v hunts.Verdict, searched bool) {
	for n := range a.ByIndicator {
		line := &a.ByIndicator[n]
		if line.Indicator == i.String() && line.Type == string(i.Kind) && raised(line.Verdict, v, searched && line.Events == 0) {
			line.Verdict = v
		}
	}
}

// placeProblems spoils the CLEAN lines of what can show in a place that was not
// searched, and gives the reasons.
func placeProblems(a *hunts.Answer, all []placeResult) []string {
	var out []string
	for _, x := range all {
		out = append(out, x.problems()...)
		for _, i := range x.asked.Indicators() {
			for n := range a.ByIndicator {
				if !x.doubts(i) {
					break
				}
				line := &a.ByIndicator[n]
				if line.Indicator == i.String() && line.Type == string(i.Kind) && line.Verdict.Rank() > hunts.Tried.Rank() {
					line.Verdict = hunts.CouldNotTell
				}
			}
		}
	}
	a.Coverage.Problems = append(a.Coverage.Problems, out...)
	a.Coverage.Complete = a.Coverage.Complete && len(out) == 0
	return out
}

// inPlaces gives the best verdict of the places for each indicator of a sweep,
// and those of which silence there means nothing. What was found is a hit,
// unless the device has one for the same indicator already.
func (s *surveyor) inPlaces() (found map[indicator.Indicator]hunts.Verdict, spoiled map[indicator.Indicator]bool) {
	found, spoiled = map[indicator.Indicator]hunts.Verdict{}, map[indicator.Indicator]bool{}
	have := map[string]bool{}
	key := func(i indicator.Indicator, device string) string {
		return string(i.Kind) + ":" + i.String() + "\x00" + strings.ToLower(device)
	}
	for _, h := range s.hits {
		have[h.Type+":"+h.Indicator+"\x00"+strings.ToLower(h.Device)] = true
	}
	for _, x := range s.places {
		v := x.def.Footprint.Place.Verdict
		for i, row := range x.found() {
			if row.Events > 0 && raised(found[i], v, false) {
				found[i] = v
			}
		}
		for _, i := range x.asked.Indicators() {
			spoiled[i] = spoiled[i] || x.doubts(i)
		}
		p := newParams(x.asked, s.window.From, s.window.To, 0)
		for _, step := range x.steps {
			for _, i := range p.asked(step.Indicator) {
				if k := key(i, step.Device); step.Device != "" && !have[k] {
					have[k] = true
					s.hits = append(s.hits, x.hit(i, step))
				}
			}
		}
	}
	return found, spoiled
}

func (x *placeResult) hit(i indicator.Indicator, step placeStep) hunts.Hit {
	h := hunts.Hit{
		Indicator: i.String(), Type: string(i.Kind), Device: step.Device, DeviceID: step.DeviceID, Place: x.place.Place, Outcome: hunts.OutcomeOther, Events: step.Events,
		FirstSeen: step.First.Time, LastSeen: step.Last.Time, Because: x.def.Footprint.Place.Verb, Counts: hunts.Outcomes{Other: step.Events},
	}
	if x.def.Footprint.Place.Verdict == hunts.Tried {
		h.Outcome, h.Counts = hunts.OutcomeLookedUp, hunts.Outcomes{LookedUp: step.Events}
	}
	if step.Process != "" {
		h.Processes = []string{step.Process}
	}
	return h
}

// placeProblems are the sentences about places that packs could not search, each
// once.
func (s *surveyor) placeProblems() []string {
	var out []string
	for _, x := range s.places {
		for _, say := range x.problems() {
			out = appendOnce(out, say)
		}
	}
	return out
}
