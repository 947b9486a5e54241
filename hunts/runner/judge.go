package runner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// judge decides the verdict of a merged answer. It is the only place that
// writes Clean, and writes it only when every slice is done and the coverage
// is known and without a problem.
func judge(a *hunts.Answer, unsearched []hunts.Slice, unattributed int64) {
	complete := a.Coverage.Complete
	switch {
	case a.Outcomes.Reached > 0:
		a.Verdict = hunts.Reached
		a.Reason = fmt.Sprintf("%s completed a connection", hunts.Count(reachedDevices(*a), "device"))
	case cancelledText(a.Coverage.Slices) != "":
		a.Verdict = hunts.CouldNotTell
		a.Reason = cancelledText(a.Coverage.Slices)
	case len(unsearched) > 0 && a.Totals.Events > 0:
		a.Verdict = hunts.CouldNotTell
		a.Reason = fmt.Sprintf("only failed tries in what was searched, but %s", unsearchedText(unsearched, len(a.Coverage.Slices)))
	case len(unsearched) > 0:
		a.Verdict = hunts.CouldNotTell
		a.Reason = unsearchedText(unsearched, len(a.Coverage.Slices))
	case a.Totals.Events > 0:
		a.Verdict = hunts.Tried
		a.Reason = triedText(*a)
		if !complete {
			a.Reason += "; more may have happened unseen: " + strings.Join(a.Coverage.Problems, "; ")
		}
	case unattributed > 0:
		a.Verdict = hunts.CouldNotTell
		a.Reason = undecidedText(unattributed, "event") + "; ask again without file="
	case complete:
		a.Verdict = hunts.Clean
		a.Reason = cleanText(a.Request)
	default:
		a.Verdict = hunts.CouldNotTell
		a.Reason = strings.Join(a.Coverage.Problems, "; ")
	}
	for i := range a.ByIndicator {
		r := &a.ByIndicator[i]
		switch {
		case r.Verdict == hunts.Reached:
		case len(unsearched) > 0:
			r.Verdict = hunts.CouldNotTell
		case r.Verdict == hunts.Tried:
		case !complete || unattributed > 0 || a.Unnamed > 0:
			r.Verdict = hunts.CouldNotTell
		case narrowed(a.Request):
			r.Verdict = hunts.NoMatch
		default:
			r.Verdict = hunts.Clean
		}
	}
}

// undecidedText tells of events of which nobody knows whether they belong to the
// file that was asked for.
func undecidedText(n int64, noun string) string {
	verb, them := "do", "them"
	if n == 1 {
		verb, them = "does", "it"
	}
	return fmt.Sprintf("%s to the same address or name %s not record the process (or its hash), so file= can't be decided for %s", hunts.Count(n, noun), verb, them)
}

// cancelledText says who stopped a hunt, and how much of it was searched; empty for
// one that nobody stopped.
func cancelledText(slices []hunts.Slice) string {
	by, done := "", 0
	for _, s := range slices {
		switch s.State {
		case hunts.SliceSkipped:
			by = s.Reason
		case hunts.SliceDone:
			done++
		}
	}
	switch {
	case by == "":
		return ""
	case done == 0:
		return by + ": nothing was searched"
	}
	return fmt.Sprintf("%s: %d of %s searched", by, done, hunts.Count(int64(len(slices)), "part"))
}

// narrowed tells whether something else had to match beside each indicator: then a
// line without an event says nothing about the indicator alone.
func narrowed(r hunts.AnswerRequest) bool {
	return len(r.Devices) > 0 || len(r.IPs)+len(r.Domains) > 0 && len(r.Files) > 0
}

// judgeScopes gives an answer of several scopes its headline: the first verdict in
// the order of hunts.Verdict.Rank that any of them has. A scope that could not tell
// is named whatever the others found.
func judgeScopes(a *hunts.Answer) {
	a.Verdict = headline(a.ByScope)
	switch a.Verdict {
	case hunts.Reached:
		a.Reason = fmt.Sprintf("%s completed a connection", hunts.Count(reachedDevices(*a), "device"))
	case hunts.Tried:
		a.Reason = triedText(*a)
	case hunts.Clean:
		a.Reason = cleanText(a.Request)
	case hunts.Found:
		a.Reason = foundScopes(*a)
	case hunts.NothingFound:
		a.Reason = "no row matched the hunt"
	default:
		a.Reason = scopeReason(a.ByScope, a.Verdict)
	}
	a.Reason = withUntold(a.Reason, a.ByScope, a.Verdict)
}

// judgeSurveyScopes does the same for a sweep.
func judgeSurveyScopes(s *hunts.Survey) {
	s.Verdict = headline(s.ByScope)
	n := map[hunts.Verdict]int64{}
	for _, r := range s.Indicators {
		n[r.Verdict]++
	}
	s.Reason = surveyText(s.Verdict, n, len(s.Indicators))
	if s.Reason == "" {
		s.Reason = scopeReason(s.ByScope, s.Verdict)
	}
	s.Reason = withUntold(s.Reason, s.ByScope, s.Verdict)
}

func headline(scopes []hunts.ScopeResult) hunts.Verdict {
	head := scopes[0].Verdict
	for _, s := range scopes[1:] {
		if s.Verdict.Rank() < head.Rank() {
			head = s.Verdict
		}
	}
	return head
}

// scopeReason is what the scopes of one verdict say, each under its name, and
// after them what others found.
func scopeReason(scopes []hunts.ScopeResult, head hunts.Verdict) string {
	var parts []string
	for _, s := range scopes {
		if s.Verdict == head {
			parts = append(parts, s.Scope+": "+s.Reason)
		}
	}
	for _, s := range scopes {
		if s.Verdict != head && s.Verdict != hunts.CouldNotTell {
			parts = append(parts, fmt.Sprintf("%s: %s, %s", s.Scope, s.Verdict, s.Reason))
		}
	}
	return strings.Join(parts, "; ")
}

// withUntold adds the scopes of which the headline says nothing because they could
// not tell.
func withUntold(reason string, scopes []hunts.ScopeResult, head hunts.Verdict) string {
	if head == hunts.CouldNotTell {
		return reason
	}
	for _, s := range scopes {
		if s.Verdict == hunts.CouldNotTell {
			reason += fmt.Sprintf("; %s could not tell: %s", s.Scope, s.Reason)
		}
	}
	return reason
}

// judgeSurvey decides the verdicts of a sweep by the same rule: an indicator
// without an event is Clean only where its pack was searched in full and the
// coverage is complete.
//
// blind gives, by type and indicator, why one can't be seen although everything
// was searched; it spoils no other line.
func judgeSurvey(s *hunts.Survey, unsearched map[indicator.Indicator]bool, unattributed int64, blind map[string]string) {
	n := map[hunts.Verdict]int64{}
	complete := s.Coverage.Complete
	for i := range s.Indicators {
		r := &s.Indicators[i]
		why := blind[r.Type+":"+r.Indicator]
		if why != "" && r.Verdict == "" {
			s.Coverage.Problems, s.Coverage.Complete = appendOnce(s.Coverage.Problems, why), false
		}
		if r.Verdict == "" {
			r.Verdict = hunts.CouldNotTell
			file := r.Type == string(indicator.KindFile) || r.Type == string(indicator.KindMD5) || r.Type == string(indicator.KindSHA1) || r.Type == string(indicator.KindSHA256)
			if complete && why == "" && !(file && unattributed > 0) {
				r.Verdict = hunts.Clean
			}
		}
		n[r.Verdict]++
	}
	switch {
	case n[hunts.Reached] > 0:
		s.Verdict = hunts.Reached
	case n[hunts.Seen] > 0:
		s.Verdict = hunts.Seen
	case len(s.Indicators) == 0:
		s.Verdict, s.Reason = hunts.CouldNotTell, "the list has no indicator that can be hunted"
	case n[hunts.CouldNotTell] > 0 || len(unsearched) > 0:
		s.Verdict, s.Reason = hunts.CouldNotTell, strings.Join(saidOnce(s.Coverage.Problems), "; ")
		if s.Reason == "" {
			s.Reason = "there was nothing to search"
		}
	case n[hunts.Tried] > 0:
		s.Verdict = hunts.Tried
	default:
		s.Verdict = hunts.Clean
	}
	if s.Verdict != hunts.CouldNotTell {
		s.Reason = surveyText(s.Verdict, n, len(s.Indicators))
	}
}

// surveyText says what a sweep found; empty where it could not tell.
func surveyText(v hunts.Verdict, n map[hunts.Verdict]int64, all int) string {
	switch v {
	case hunts.Reached:
		return fmt.Sprintf("%s of %s reached", hunts.Grouped(n[hunts.Reached]), hunts.Count(int64(all), "indicator"))
	case hunts.Seen:
		return fmt.Sprintf("%s of %s seen on a device or in a log, without a completed connection", hunts.Grouped(n[hunts.Seen]), hunts.Count(int64(all), "indicator"))
	case hunts.Tried:
		return fmt.Sprintf("%s of %s tried, none reached", hunts.Grouped(n[hunts.Tried]), hunts.Count(int64(all), "indicator"))
	case hunts.Clean:
		return fmt.Sprintf("no sensor reported any of %s", hunts.Count(n[hunts.Clean], "indicator"))
	}
	return ""
}

// saidOnce leaves out what stands in another sentence already: a service that
// refuses the coverage refuses the search with the same words.
func saidOnce(problems []string) []string {
	var out []string
	for n, p := range problems {
		if !slices.ContainsFunc(problems[:n], func(other string) bool { return strings.Contains(other, p) }) {
			out = append(out, p)
		}
	}
	return out
}

// unsearchedNamed bounds the parts of a window that one sentence names.
const unsearchedNamed = 3

// unsearchedText says exactly which parts of the window were not searched, and
// why; neighbours with one reason are one part.
func unsearchedText(slices []hunts.Slice, total int) string {
	parts := hunts.JoinSlices(slices)
	if len(slices) == total && len(parts) == 1 {
		if total == 1 {
			return whyOf(parts[0])
		}
		return fmt.Sprintf("none of the %d parts was searched in full: %s", total, whyOf(parts[0]))
	}
	verb := "were"
	if len(slices) == 1 {
		verb = "was"
	}
	text := fmt.Sprintf("%d of %s %s not searched in full:", len(slices), hunts.Count(int64(total), "part"), verb)
	for i, p := range parts {
		if i == unsearchedNamed {
			return text + fmt.Sprintf(" and %d more parts", len(parts)-i)
		}
		if i > 0 {
			text += ";"
		}
		text += " " + p.From.UTC().Format("2006-01-02 15:04") + " to " + p.To.UTC().Format("2006-01-02 15:04 UTC") + ", " + whyOf(p)
	}
	return text
}

func whyOf(s hunts.Slice) string {
	if s.Reason == "" {
		return "it was not searched"
	}
	return s.Reason
}

func triedText(a hunts.Answer) string {
	var parts []string
	for _, o := range []struct {
		n    int64
		word string
	}{{a.Outcomes.Failed, "failed attempt"}, {a.Outcomes.Blocked, "blocked attempt"}, {a.Outcomes.LookedUp, "DNS lookup"}, {a.Outcomes.Other, "other event"}} {
		if o.n > 0 {
			parts = append(parts, hunts.Count(o.n, o.word))
		}
	}
	return hunts.Count(a.Totals.Devices, "device") + " tried: " + strings.Join(parts, ", ")
}

// cleanText says what was not found, and no more: a hunt that a file or a
// device narrows says nothing about the address alone.
func cleanText(r hunts.AnswerRequest) string {
	text := "no sensor reported reaching or trying it"
	if len(r.IPs)+len(r.Domains) == 0 {
		text = "no sensor reported an event with it"
	} else if len(r.Files) > 0 {
		text += " through " + oneOf(r.Files, "file")
	}
	if len(r.Devices) > 0 {
		text += " on " + oneOf(r.Devices, "device")
	}
	return text
}

func oneOf(names []string, noun string) string {
	if len(names) == 1 {
		return names[0]
	}
	return "any of " + hunts.Count(int64(len(names)), noun)
}

func reachedDevices(a hunts.Answer) int64 {
	var n int64
	for _, d := range a.ByDevice {
		if d.Outcome == hunts.OutcomeReached {
			n++
		}
	}
	return max(n, 1)
}
