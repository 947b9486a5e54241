package message

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// RowSweepView is one run of a scheduled hunt for behavior.
type RowSweepView struct {
	Name   string
	Hunt   string
	Slot   time.Time
	Missed int
	Window hunts.Window
	Answer hunts.Answer
	First  bool  // there is no run before it
	New    []int // rows of the table
	Still  int
	Gone   int      // rows no longer seen
	Named  []string // what they were about; empty where a name may not be shown
}

// RowSweep is its post: what is new first, then what goes on, what is no longer seen,
// and what all of it rests on.
func RowSweep(s RowSweepView, v View) Message {
	var p page
	a := s.Answer
	head := line{ours("🌅 "), bold("Sweep " + shown(s.Name, maxShort)), ours(" "), at(s.Slot), ours(" · hunt "), data(s.Hunt)}
	if !s.Window.To.IsZero() {
		head = head.dot(windowSpans(s.Window)...)
	}
	if a.Verdict == hunts.CouldNotTell {
		p.say(head.dot(verdictSpans(a.Verdict)...).and(ours(" · "), sentence(a.Reason)))
		return p.render(v.Form)
	}
	lines := []line{head.and(ours(", %s", completeness(a.Coverage)))}
	if s.Missed > 0 {
		lines = append(lines, line{ours("Also covers %s", count(int64(s.Missed), "missed slot"))})
	}
	switch {
	case a.Table.Total == 0:
		lines = append(lines, verdictSpans(a.Verdict).and(ours(" · no row matched the hunt")))
	case len(s.New) == 0:
		lines = append(lines, line{ours("Nothing new · 🔁 Ongoing: %s", count(int64(s.Still), "row"))})
	default:
		lines = append(lines, newRowsLine(s))
		for n, row := range s.New {
			if n == maxRowNew {
				lines = append(lines, line{ours("and %s in the thread", count(int64(len(s.New)-n), "more row"))})
				break
			}
			lines = append(lines, rowLine(*a.Table, row))
		}
	}
	if s.Gone > 0 {
		lines = append(lines, goneRowsLine(s))
	}
	if a.Table.Cut {
		lines = append(lines, line{ours("Only the first %s are compared.", count(int64(len(a.Table.Rows)), "row"))})
	}
	p.say(append(lines, join(coverageLine(a, s.Window.To), problemsLine(a)))...)
	p.small(line{ours("%s · replies here go on with this run", shown(a.HuntID, maxShort))})
	return p.render(v.Form)
}

const (
	maxRowNew  = 8 // new rows that a post names
	maxRowGone = 3
)

func newRowsLine(s RowSweepView) line {
	if s.First {
		return line{ours("🆕 First run: %s, nothing to compare with", shown(s.Answer.Table.Headline(), maxSentence))}
	}
	l := line{ours("🆕 New: %s", count(int64(len(s.New)), "row")), subjects(s.Answer, s.New)}
	if s.Still > 0 {
		l = l.dot(ours("🔁 Ongoing: %s", grouped(int64(s.Still))))
	}
	return l
}

func goneRowsLine(s RowSweepView) line {
	l := line{ours("✅ No longer seen: %s", count(int64(s.Gone), "row"))}
	for n, key := range s.Named {
		if n == maxRowGone {
			break
		}
		if n == 0 {
			l = l.and(ours(" · "))
		} else {
			l = l.and(ours("; "))
		}
		l = l.and(data(key))
	}
	return l
}
