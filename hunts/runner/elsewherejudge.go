package runner

import (
	"cmp"
	"fmt"
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
		for i, row := range x.found() {
			v := x.verdict(row)
			if v == "" {
				continue
			}
			if best == "" || v.Rank() < best.Rank() {
				best = v
			}
			if pageOf(i) != "" && !x.def.comparesURLs() {
				x.place.HostOnly += row.Events
			}
			raise(a, i, v, searched)
		}
		a.Places = append(a.Places, x.place)
	}
	problems := append(placeProblems(a, all), gapProblems(a, all)...)
	if note := hostOnlyNote(a.Places); note != "" {
		a.Notes = append(a.Notes, note)
	}
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
	out := placeSentences(all)
	for _, x := range all {
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

// gapProblems spoils every CLEAN line where another log saw a device whose own
// sensor said nothing in that minute: what else happened there is not known.
func gapProblems(a *hunts.Answer, all []placeResult) []string {
	out := gapTexts(all)
	if len(out) == 0 {
		return nil
	}
	for n := range a.ByIndicator {
		if line := &a.ByIndicator[n]; line.Verdict.Rank() > hunts.Tried.Rank() {
			line.Verdict = hunts.CouldNotTell
		}
	}
	a.Coverage.Problems, a.Coverage.Complete = append(a.Coverage.Problems, out...), false
	return out
}

// gapTexts names the devices with a sensor gap, each once.
func gapTexts(all []placeResult) []string {
	var out []string
	told := map[string]bool{}
	for _, x := range all {
		for _, g := range x.gaps {
			if key := strings.ToLower(g.Device); !told[key] {
				told[key] = true
				out = append(out, fmt.Sprintf("sensor gap on %s: %s saw it at %s, and its own sensor said nothing in that minute", g.Device, x.place.Place, g.First.UTC().Format("Jan 2 15:04 UTC")))
			}
		}
	}
	return out
}

// hostOnlyNote says where a URL was matched by its host, since the log keeps no
// path.
func hostOnlyNote(places []hunts.Place) string {
	var names []string
	for _, p := range places {
		if p.HostOnly > 0 {
			names = append(names, fmt.Sprintf("%s (%s)", p.Place, hunts.Count(p.HostOnly, "event")))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Only the host of the URL is logged in " + strings.Join(names, ", ") + ": these events may be of any path."
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
		for i, row := range x.found() {
			if v := x.verdict(row); v != "" && raised(found[i], v, false) {
				found[i] = v
			}
		}
		for _, i := range x.asked.Indicators() {
			spoiled[i] = spoiled[i] || x.doubts(i)
		}
		p := x.def.params(x.asked, s.window.From, s.window.To, 0)
		for _, step := range x.steps {
			for _, i := range p.asked(step.Indicator) {
				who := cmp.Or(step.Device, step.Source, step.Account)
				if k := key(i, who); who != "" && !have[k] {
					have[k] = true
					s.hits = append(s.hits, x.hit(i, step))
				}
			}
		}
	}
	return found, spoiled
}

// hit is a step as a hit of a sweep. One that belongs to no device stands under
// its address or its person.
func (x *placeResult) hit(i indicator.Indicator, row placeStep) hunts.Hit {
	step := x.step(row)
	h := hunts.Hit{
		Indicator: i.String(), Type: string(i.Kind), Device: step.Device, DeviceID: step.DeviceID, Account: step.Account, Recipient: step.Recipient, Address: step.Address, Place: x.place.Place,
		Outcome: hunts.OutcomeOther, Events: step.Events, FirstSeen: step.FirstSeen, LastSeen: step.LastSeen, Because: step.What, Counts: hunts.Outcomes{Other: step.Events},
	}
	if h.Device == "" {
		h.Device = cmp.Or(step.Address, h.Account, h.Recipient)
	}
	switch {
	case x.def.Footprint.Place.Verdict == hunts.Tried:
		h.Outcome, h.Counts = hunts.OutcomeLookedUp, hunts.Outcomes{LookedUp: step.Events}
	case row.Tried:
		h.Outcome, h.Counts = hunts.OutcomeBlocked, hunts.Outcomes{Blocked: step.Events}
	}
	if step.Process != "" {
		h.Processes = []string{step.Process}
	}
	return h
}

// stepOf is such a hit as the step that it was.
func stepOf(h hunts.Hit) hunts.Step {
	s := hunts.Step{What: h.Because, Device: h.Device, Account: h.Account, Recipient: h.Recipient, Address: h.Address, Process: strings.Join(h.Processes, ", "), FirstSeen: h.FirstSeen}
	if s.Device == s.Address || s.Device == s.Account || s.Device == s.Recipient {
		s.Device = ""
	}
	return s
}

// placeProblems are the sentences about places that packs could not search, each
// once.
func (s *surveyor) placeProblems() []string {
	return append(placeSentences(s.places), gapTexts(s.places)...)
}

// placeSentences say once what keeps places from being searched in full: those that
// begin on the same day share a sentence.
func placeSentences(all []placeResult) []string {
	together := map[string][]string{}
	for _, x := range all {
		if x.failed != "" {
			together[x.failed] = appendOnce(together[x.failed], x.place.Place)
		}
	}
	var out []string
	for _, x := range all {
		names := together[x.failed]
		for n, say := range x.problems() {
			if n == 0 && x.failed != "" && len(names) > 1 {
				last := len(names) - 1
				say = fmt.Sprintf("%s and %s not searched in full: %s", strings.Join(names[:last], ", "), names[last], strings.Replace(x.failed, "it has ", "they have ", 1))
			}
			out = appendOnce(out, say)
		}
	}
	return out
}
