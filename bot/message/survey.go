package message

import (
	"io"

	"github.com/footprint-soc/footprint/hunts"
)

// SurveyView is a sweep as it is shown.
type SurveyView struct {
	Survey       hunts.Survey
	NotEvaluated []NotEvaluated
	Expired      int
}

// NotEvaluated is an indicator that was not hunted, and why.
type NotEvaluated struct {
	Line   int
	Value  string
	Reason string
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
	found := indicatorGrid(hunts.Answer{ByIndicator: met(s.Indicators)})
	t.table("Met", found, 0)
	hits := grid{head: []string{"Indicator", "Device", "Outcome", "Events", "Processes", "First (UTC)", "Last (UTC)", "Matched because"}}
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
		left.rows = append(left.rows, []cell{line, word1(shownRemote(n.Value, maxShort)), word1(shown(n.Reason, maxSentence))})
	}
	t.table("Not evaluated", left, terminalHits)
	t.line("")
	if v.Expired > 0 {
		t.line("Expired, left out: %s", grouped(int64(v.Expired)))
	}
	if s.Truncated {
		t.line("More hits than one answer holds: the newest are shown, counts of events are exact.")
	}
	a := hunts.Answer{Verdict: s.Verdict, Reason: s.Reason, Coverage: s.Coverage}
	t.line("%s", coverageLine(a, View{}).String())
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
