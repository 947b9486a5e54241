package message

import (
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// SweepView is one sweep as it is posted.
type SweepView struct {
	Name   string
	Slot   time.Time
	Since  time.Time
	Listed int // indicators on the watchlist
	Missed int // slots before this one that were not posted, which it covers
	Survey hunts.Survey
	Report SweepReport
}

// SweepReport is what changed since the sweep before.
type SweepReport struct {
	New, Still, Old, Quiet []SweepLine
	Gone                   int
	NotEvaluated           []NotEvaluated
	Expired                int
}

// SweepLine is one indicator that was met.
type SweepLine struct {
	Indicator  indicator.Indicator
	Note       string
	Confidence int
	Ticket     string
	QuietUntil time.Time
	Hits       []hunts.Hit
}

// maxSweepLines is how many new indicators the post names; the rest is in the
// thread's table.
const maxSweepLines = 20

// Sweep is the post of the day. A quiet day is one line with the same proof.
func Sweep(s SweepView, v View) Message {
	var p page
	survey, r := s.Survey, s.Report
	head := line{ours("🌅 "), bold("Sweep " + shown(s.Name, maxShort)), ours(" "), at(s.Slot), ours(" · since "), at(s.Since), ours(" · %s", count(int64(s.Listed), "indicator"))}
	if survey.Verdict == hunts.CouldNotTell {
		head = head.dot(ours("%s ", icon(hunts.CouldNotTell)), bold(word(hunts.CouldNotTell)), ours(": "), sentence(survey.Reason))
	} else {
		head = head.dot(ours("%s", completeness(survey.Coverage)))
	}
	quiet := len(r.New)+len(r.Old)+len(r.Still)+len(r.Quiet)+r.Gone == 0
	if quiet && survey.Verdict == hunts.Clean {
		return quietSweep(s, head, v)
	}
	lines := []line{head}
	if s.Missed > 0 {
		lines = append(lines, line{ours("Also covers %s", count(int64(s.Missed), "missed slot"))})
	}
	p.say(append(lines, sweepLines(s)...)...)
	for n, l := range r.New {
		if n == maxSweepButtons {
			break
		}
		value := l.Indicator.String()
		p.add(actions(button(fmt.Sprintf("%s:%d", ActionRun, n+1), Action{Indicator: requestText(l.Indicator)}, "Hunt "+shownIndicator(value, string(l.Indicator.Kind)))), "")
	}
	p.say(proofLine(s, v))
	return p.render(v.Form)
}

// quietSweep is one line with the same proof, so that a day without news takes
// no more room than it deserves.
func quietSweep(s SweepView, head line, v View) Message {
	var p page
	l := head.dot(ours("%s ", icon(hunts.Clean)), bold("nothing met"))
	if s.Missed > 0 {
		l = l.dot(ours("also covers %s", count(int64(s.Missed), "missed slot")))
	}
	for _, rest := range sweepLines(s) {
		l = l.dot(rest...)
	}
	p.say(l.dot(proofLine(s, v)...))
	return p.render(v.Form)
}

// maxSweepButtons keeps the post short: the first few new ones get a button.
const maxSweepButtons = 5

func requestText(i indicator.Indicator) string {
	var r indicator.Request
	r.Add(i)
	return indicator.Format(r)
}

func sweepLines(s SweepView) []line {
	r := s.Report
	var out []line
	section := func(sign, title string, list []SweepLine, detail bool) {
		if len(list) == 0 {
			return
		}
		out = append(out, line{ours("%s ", sign), bold(fmt.Sprintf("%s %d", title, len(list)))})
		for n, l := range list {
			if n == maxSweepLines || !detail && n == 3 {
				out = append(out, line{ours("  … %s in the thread", count(int64(len(list)-n), "more indicator"))})
				break
			}
			out = append(out, sweepLine(l))
		}
	}
	section("🆕", "NEW", r.New, true)
	section("📜", "FIRST LOOK BACK", r.Old, true)
	section("🔁", "STILL", r.Still, false)
	section("🔕", "QUIET", r.Quiet, false)
	tail := line{}
	if r.Gone > 0 {
		tail = tail.dot(ours("✅ GONE %d", r.Gone))
	}
	if n := len(r.NotEvaluated); n > 0 {
		tail = tail.dot(ours("Not evaluated %d: list in the thread", n))
	}
	if r.Expired > 0 {
		tail = tail.dot(ours("expired, left out: %s", grouped(int64(r.Expired))))
	}
	if len(tail) > 0 {
		out = append(out, tail)
	}
	return out
}

func sweepLine(l SweepLine) line {
	out := line{ours("  "), indicatorSpan(l.Indicator.String(), string(l.Indicator.Kind))}
	if l.Note != "" {
		out = out.and(ours("  "), span{text: shown(l.Note, maxShort)})
	}
	if l.Confidence > 0 {
		out = out.and(ours(", confidence %d", l.Confidence))
	}
	reached := 0
	names := map[string]bool{}
	var processes []string
	first := time.Time{}
	for _, h := range l.Hits {
		if h.Outcome == hunts.OutcomeReached {
			reached++
		}
		if first.IsZero() || h.FirstSeen.Before(first) {
			first = h.FirstSeen
		}
		for _, p := range h.Processes {
			if !names[p] {
				names[p] = true
				processes = append(processes, shown(p, maxShort))
			}
		}
	}
	what := fmt.Sprintf(" → %s", count(int64(len(l.Hits)), "device"))
	if reached == 0 {
		what += " tried, none reached it"
	}
	out = out.and(ours("%s", what))
	if len(processes) > 0 {
		out = out.dot(span{text: listed(processes, 3)})
	}
	if !first.IsZero() {
		out = out.dot(ours("first seen "), at(first))
	}
	if l.Ticket != "" {
		out = out.dot(ours("handled ("), sentence(l.Ticket), ours(")"))
	}
	if !l.QuietUntil.IsZero() {
		out = out.dot(ours("quiet until %s", l.QuietUntil.UTC().Format("2 Jan")))
	}
	return out
}

func proofLine(s SweepView, v View) line {
	a := hunts.Answer{Verdict: hunts.Clean, Coverage: s.Survey.Coverage}
	l := line{ours("Proof: ")}.and(coverageLine(a, v)...)
	return l.dot(ours("%s", count(int64(s.Survey.Queries), "query")))
}

// SweepDetails is the table of all hits, and what was not hunted.
func SweepDetails(s SweepView, v View) Message {
	var p page
	g := grid{caption: fmt.Sprintf("%s of the sweep", count(int64(len(s.Survey.Hits)), "hit")), where: "in the file", head: []string{"Indicator", "Device", "Outcome", "Events", "Processes", "First (UTC)", "Last (UTC)", "Matched because"}}
	for _, h := range s.Survey.Hits {
		g.rows = append(g.rows, []cell{
			word1(shownIndicator(h.Indicator, h.Type)), word1(shown(h.Device, maxShort)), word1(outcomeWord(h.Outcome)), number(h.Events), word1(shownList(h.Processes)),
			word1(h.FirstSeen.UTC().Format(cellTime)), word1(h.LastSeen.UTC().Format(cellTime)), word1(shown(h.Because, maxShort)),
		})
	}
	g.add(&p, v.Form)
	var lines []line
	for n, x := range s.Report.NotEvaluated {
		if n == maxSweepLines {
			lines = append(lines, line{ours("… %s", count(int64(len(s.Report.NotEvaluated)-n), "more"))})
			break
		}
		lines = append(lines, line{ours("Not evaluated: "), span{kind: codeSpan, text: shownRemote(x.Value, maxShort)}, ours(" "), sentence(x.Reason)})
	}
	if len(lines) > 0 {
		p.say(lines...)
	}
	return p.render(v.Form)
}
