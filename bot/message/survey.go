package message

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// SurveyView is a sweep as it is shown in the terminal.
type SurveyView struct {
	Survey       hunts.Survey
	Notes        map[string]string // of indicators, by type:value
	NotEvaluated []NotEvaluated
	Left         map[string]int // how many are not evaluated, by the reason
	About        []string       // sentences about the list as a whole
}

// NotEvaluated is an indicator that was not hunted, and why.
type NotEvaluated struct {
	Source string
	Line   int
	Value  string
	Kind   string // why, in a word
	Reason string // and in a sentence
}

// expiredKind and guardedKind are what is said apart of the other reasons.
const (
	expiredKind = "expired"
	guardedKind = "skipped"
)

// leftCounts says how many are not evaluated and why, without those whose time
// is over; empty for none.
func leftCounts(left map[string]int) string {
	all := 0
	var kinds []string
	for kind, n := range left {
		if kind != expiredKind && n > 0 {
			all += n
			kinds = append(kinds, kind)
		}
	}
	if all == 0 {
		return ""
	}
	slices.SortFunc(kinds, func(a, b string) int { return cmp.Or(left[b]-left[a], strings.Compare(a, b)) })
	for i, kind := range kinds {
		kinds[i] = grouped(int64(left[kind])) + " " + kind
	}
	return fmt.Sprintf("%s (%s)", grouped(int64(all)), strings.Join(kinds, ", "))
}

// terminalHits is how many hits a report shows; the JSON has all.
const terminalHits = 100

// TerminalSurvey writes a sweep for the terminal: what was met, what could not
// be told, what was not hunted, and the proof.
func TerminalSurvey(w io.Writer, v SurveyView) error {
	t := &terminal{w: w}
	s := v.Survey
	t.line("%s %s: %s", icon(s.Verdict), word(s.Verdict), shown(s.Reason, maxSentence))
	t.line("%s · %s to %s", count(int64(len(s.Indicators)), "indicator"), s.Window.From.UTC().Format(cellTime), s.Window.To.UTC().Format(cellTime+" UTC"))
	t.line("%s", verdictCounts(s.Indicators))
	found := grid{head: []string{"Indicator", "Type", "Verdict", "Devices", "Events", "First (UTC)", "Last (UTC)", "Note"}}
	for _, r := range met(s.Indicators) {
		first, last := none, none
		if r.FirstSeen != nil && r.LastSeen != nil {
			first, last = r.FirstSeen.UTC().Format(cellTime), r.LastSeen.UTC().Format(cellTime)
		}
		found.rows = append(found.rows, []cell{
			word1(shownIndicator(r.Indicator, r.Type)), word1(shown(r.Type, maxShort)), word1(icon(r.Verdict) + " " + word(r.Verdict)), number(r.Devices), number(r.Events), word1(first), word1(last),
			word1(shown(v.Notes[r.Type+":"+r.Indicator], maxShort)),
		})
	}
	t.table("Found", found, 0)
	hits := grid{head: []string{"Indicator", "Device", "Outcome", "Events", "Processes", "First (UTC)", "Last (UTC)", "Why it matched"}}
	for _, h := range s.Hits {
		hits.rows = append(hits.rows, []cell{
			word1(shownIndicator(h.Indicator, h.Type)), word1(ownName(h.Device)), word1(outcomeWord(h.Outcome)), number(h.Events), word1(shownList(h.Processes)),
			word1(h.FirstSeen.UTC().Format(cellTime)), word1(h.LastSeen.UTC().Format(cellTime)), word1(shown(h.Because, maxShort)),
		})
	}
	t.table("Hits", hits, terminalHits)
	left := grid{head: []string{"Line", "Value", "Reason"}}
	for _, n := range v.NotEvaluated {
		line := word1(none)
		if n.Line > 0 {
			line = number(int64(n.Line))
		}
		left.rows = append(left.rows, []cell{line, word1(shownRemote(n.Value, maxShort)), word1(shown(n.Kind+": "+n.Reason, maxSentence))})
	}
	t.table("Not evaluated", left, terminalHits)
	t.line("")
	for _, note := range v.About {
		t.line("%s", shown(note, maxSentence))
	}
	if text := leftCounts(v.Left); text != "" {
		t.line("Not evaluated: %s", text)
	}
	if n := v.Left[expiredKind]; n > 0 {
		t.line("Expired, left out: %s", grouped(int64(n)))
	}
	if v.Left[guardedKind] > 0 {
		t.line("Hunt what was skipped as known-good with --guard off.")
	}
	if s.Truncated {
		t.line("More hits than one answer holds: the newest are shown, counts of events are exact.")
	}
	a := hunts.Answer{Verdict: s.Verdict, Reason: s.Reason, Coverage: s.Coverage}
	t.line("%s", coverageLine(a, s.Window.To).String())
	if l := problemsLine(a); l != nil {
		t.line("%s", l.String())
	}
	t.line("%s · %s", count(int64(s.Queries), "query"), took(s.TookMS))
	return t.err
}

// met leaves out the clean ones: a list of thousands hides what matters.
func met(all []hunts.IndicatorResult) []hunts.IndicatorResult {
	var out []hunts.IndicatorResult
	for _, r := range all {
		if r.Events > 0 {
			out = append(out, r)
		}
	}
	return out
}
