package message

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// What the ledger's buttons do; the action id is ActionLedger.
const (
	ActionLedger   = "ledger.do"
	LedgerPause    = "pause"
	LedgerResume   = "resume"
	LedgerAgain    = "again"
	LedgerAnyway   = "anyway"
	LedgerHandOver = "handover"
)

// LedgerView is the ledger of a thread as it is shown.
type LedgerView struct {
	Title     string
	Thread    string
	Paused    bool
	Lines     []LedgerLine
	Automatic int
	Cap       int
	Coverage  hunts.Coverage
	At        time.Time
}

// LedgerLine is one indicator of a thread.
type LedgerLine struct {
	Indicator indicator.Indicator
	State     string // new, running, done, held, doubtful
	Why       string
	Verdict   hunts.Verdict
	Devices   int64
	Hunt      string
	Asker     string
}

// What keeps the message readable.
const (
	maxLedgerLines = 25
	maxHeldNamed   = 8
)

// Ledger is the one message about a thread's indicators, edited for as long as
// the thread lives.
func Ledger(l LedgerView, v View) Message {
	var p page
	head := line{ours("📒 ")}
	if l.Title != "" {
		head = head.and(bold(shown(l.Title, maxSentence)))
	} else {
		head = head.and(bold("Indicators in this thread"))
	}
	head = head.dot(ours("updated "), at(l.At)).dot(ours("7-day look-back"))
	lines := []line{head}
	held := line{}
	more, skipped := 0, 0
	for _, x := range l.Lines {
		if x.State == "held" || x.State == "doubtful" {
			if skipped++; skipped > maxHeldNamed {
				continue
			}
			held = held.dot(indicatorSpan(x.Indicator.String(), string(x.Indicator.Kind)), ours(" "), sentence(x.Why))
			continue
		}
		if len(lines) > maxLedgerLines {
			more++
			continue
		}
		lines = append(lines, ledgerLine(x))
	}
	if more > 0 {
		lines = append(lines, line{ours("… %s", count(int64(more), "more indicator"))})
	}
	p.say(lines...)
	if more := skipped - maxHeldNamed; more > 0 {
		held = held.dot(ours("%s", count(int64(more), "more indicator")))
	}
	if len(held) > 0 {
		p.say(line{ours("⏭️ skipped: ")}.and(held...))
	}
	do := func(what string) Action { return Action{Ledger: l.Thread, Do: what} }
	pause := button(ActionLedger+":1", do(LedgerPause), "Pause")
	if l.Paused {
		pause = button(ActionLedger+":1", do(LedgerResume), "Resume")
	}
	row := actions(pause, button(ActionLedger+":2", do(LedgerAgain), "Hunt all again"), button(ActionLedger+":3", do(LedgerHandOver), "Hand-over"), anyway(len(held) > 0, do(LedgerAnyway)))
	p.add(row, "")
	p.small(line{ours("%d of %d automatic hunts used", min(l.Automatic, l.Cap), l.Cap)})
	return p.render(v.Form)
}

// anyway is the button for what was skipped, when something was.
func anyway(skipped bool, a Action) slack.BlockElement {
	if !skipped {
		return nil
	}
	return button(ActionLedger+":4", a, "Hunt anyway")
}

func ledgerLine(x LedgerLine) line {
	name := indicatorSpan(x.Indicator.String(), string(x.Indicator.Kind))
	switch x.State {
	case "new":
		return line{ours("⏳ "), name, ours(" waiting")}
	case "running":
		return line{ours("⏳ "), name, ours(" running")}
	}
	l := line{ours("%s ", icon(x.Verdict)), name, ours("  %s", word(x.Verdict))}
	if x.Devices > 0 {
		l = l.and(ours(" %s", count(x.Devices, "device")))
	}
	if x.Hunt != "" {
		l = l.and(ours(" → %s", shown(x.Hunt, maxShort)))
	}
	return l
}

// LedgerNews tells the thread of indicators that were reached, and pings who
// posted them.
func LedgerNews(told []LedgerLine, hits []hunts.Hit, v View) Message {
	var p page
	var lines []line
	for _, x := range told {
		l := line{ours("🔴 New: "), indicatorSpan(x.Indicator.String(), string(x.Indicator.Kind)), ours(" reached by ")}
		named := 0
		for _, h := range hits {
			if h.Indicator != x.Indicator.String() || h.Outcome != hunts.OutcomeReached {
				continue
			}
			if named == 3 {
				l = l.and(ours(" and more"))
				break
			}
			if named > 0 {
				l = l.and(ours(", "))
			}
			named++
			l = l.and(data(h.Device), ours(" (%s)", shownList(h.Processes)))
		}
		if x.Asker != "" {
			l = l.dot(who(hunts.Asker{User: x.Asker}))
		}
		lines = append(lines, l)
	}
	p.say(lines...)
	return p.render(v.Form)
}

// HandOver is a block to paste into the next shift's notes: state, done, open.
func HandOver(l LedgerView, v View) Message {
	var p page
	var b strings.Builder
	fmt.Fprintf(&b, "Hand-over, %s\n", utc(l.At))
	if l.Title != "" {
		fmt.Fprintf(&b, "%s\n", shown(l.Title, maxSentence))
	}
	group := func(title string, want func(LedgerLine) bool) {
		var names []string
		for _, x := range l.Lines {
			if want(x) {
				s := shownIndicator(x.Indicator.String(), string(x.Indicator.Kind))
				if x.Devices > 0 {
					s += fmt.Sprintf(" (%s, %s)", count(x.Devices, "device"), shown(x.Hunt, maxShort))
				} else if x.Why != "" {
					s += " (" + shown(x.Why, maxShort) + ")"
				}
				names = append(names, s)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", title, listed(names, maxLedgerLines))
		}
	}
	is := func(verdict hunts.Verdict) func(LedgerLine) bool {
		return func(x LedgerLine) bool { return x.State == "done" && x.Verdict == verdict }
	}
	group("Reached", is(hunts.Reached))
	group("Tried", is(hunts.Tried))
	group("Clean", is(hunts.Clean))
	group("Could not tell", is(hunts.CouldNotTell))
	group("Open", func(x LedgerLine) bool { return x.State == "new" || x.State == "running" })
	group("Not hunted", func(x LedgerLine) bool { return x.State == "held" || x.State == "doubtful" })
	fmt.Fprintf(&b, "%s\n", coverageLine(hunts.Answer{Verdict: hunts.Clean, Coverage: l.Coverage}, v).String())
	var lines []line
	for _, s := range strings.Split(strings.TrimRight(b.String(), "\n"), "\n") {
		lines = append(lines, line{ours("%s", s)})
	}
	p.say(lines...)
	return p.render(v.Form)
}
