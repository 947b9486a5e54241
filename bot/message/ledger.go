package message

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// What the ledger's buttons and its menu do; the action id is ActionLedger.
const (
	ActionLedger   = "ledger.do"
	LedgerPause    = "pause"
	LedgerResume   = "resume"
	LedgerAgain    = "again"
	LedgerAnyway   = "anyway" // hunt what the guard list or the cap holds back
	LedgerDoubt    = "yes"    // the doubtful ones are indicators
	LedgerOpen     = "open"   // show the whole hunt of one line
	LedgerHandOver = "handover"
)

// LedgerView is the ledger of a thread as it is shown.
type LedgerView struct {
	Title     string
	Hosts     []string // that the incident names
	Workspace string
	LookBack  string // "last 7 days"
	Thread    string
	Paused    bool
	Lines     []LedgerLine
	Dropped   int      // indicators that the ledger has no room for
	Notes     []string // what could not be read
	Automatic int
	Cap       int
	Next      time.Time // when the waiting lines are hunted; zero is at once
	Coverage  hunts.Coverage
	At        time.Time
	By        hunts.Asker // who hands over
}

// LedgerLine is one indicator of a thread.
type LedgerLine struct {
	Indicator indicator.Indicator
	State     incident.State
	Why       string
	Verdict   hunts.Verdict
	Devices   int64
	Hosts     []string       // of those devices, the ones that matter most
	Found     []LedgerDevice // all of them, where the ledger is handed over
	Hunt      string
	Link      string // to the message of the hunt, where it has one
	Asker     string
	Mark      string // a person's verdict, such as "benign (INC-4711)"
}

// waits tells whether the line was neither hunted nor is about to be.
func (x LedgerLine) waits() bool {
	return x.State == incident.Skipped || x.State == incident.OverCap || x.State == incident.Doubtful
}

// What keeps the message readable.
const (
	maxLedgerLines = 25
	maxHeldNamed   = 8
	maxHostsNamed  = 5
)

// LedgerFolds tells whether the message can't hold all hunted lines, or can't name
// all that is left out.
func LedgerFolds(l LedgerView) bool {
	hunted, left := 0, 0
	for _, x := range l.Lines {
		switch {
		case !x.waits():
			hunted++
		case x.State == incident.OverCap:
			left++
		}
	}
	return hunted > maxLedgerLines || left > maxHeldNamed
}

// Ledger is the one message about a thread's indicators, edited for as long as
// the thread lives.
func Ledger(l LedgerView, v View) Message {
	var p page
	lines := []line{ledgerHead(l)}
	hunted := slices.DeleteFunc(slices.Clone(l.Lines), LedgerLine.waits)
	if len(hunted) > maxLedgerLines { // what wants to be read stays; otherwise they stand as they were posted
		slices.SortStableFunc(hunted, func(a, b LedgerLine) int { return ledgerRank(a) - ledgerRank(b) })
	}
	for n, x := range hunted {
		if n == maxLedgerLines {
			lines = append(lines, line{ours("… %s, all lines are in the newest ledger file of this thread", foldedText(hunted[n:]))})
			break
		}
		lines = append(lines, ledgerLine(x, l))
	}
	if len(l.Lines) == 0 {
		lines = append(lines, line{ours("No indicator in this thread is left to hunt.")})
	}
	p.say(lines...)
	p.say(ledgerWaiting(l)...)
	p.add(ledgerButtons(l), "")
	p.small(ledgerFoot(l))
	return p.render(v.Form)
}

func ledgerHead(l LedgerView) line {
	head := line{ours("📒 ")}
	if l.Title != "" {
		head = head.and(bold(shown(l.Title, maxSentence)))
	} else {
		head = head.and(bold("Indicators in this thread"))
	}
	head = head.dot(ours("updated "), at(l.At))
	if l.LookBack != "" {
		head = head.dot(ours("%s", shown(l.LookBack, maxShort)))
	}
	if l.Workspace != "" {
		head = head.dot(ours("%s", shown(l.Workspace, maxShort)))
	}
	if l.Paused {
		head = head.dot(bold("paused"))
	}
	return head
}

// ledgerRank sorts lines by how much they want to be read.
func ledgerRank(x LedgerLine) int {
	switch {
	case x.State != incident.Done:
		return hunts.Tried.Rank() + 1
	case x.Verdict == hunts.Clean:
		return hunts.Tried.Rank() + 2
	}
	return x.Verdict.Rank()
}

// foldedText counts what a message leaves out: "15 more lines (12 CLEAN, 3 waiting)".
func foldedText(left []LedgerLine) string {
	n := map[string]int64{}
	for _, x := range left {
		if x.State == incident.Done {
			n[word(x.Verdict)]++
		} else {
			n["waiting"]++
		}
	}
	var parts []string
	for _, w := range []string{"REACHED", "TRIED", "COULD NOT TELL", "CLEAN", "waiting"} {
		if n[w] > 0 {
			parts = append(parts, grouped(n[w])+" "+w)
		}
	}
	return count(int64(len(left)), "more line") + " (" + strings.Join(parts, ", ") + ")"
}

func ledgerLine(x LedgerLine, of LedgerView) line {
	name := indicatorSpan(x.Indicator.String(), string(x.Indicator.Kind))
	if x.Indicator.IsHash() {
		name = span{kind: codeSpan, text: shortHash(x.Indicator)}
	}
	switch {
	case x.State == incident.Running:
		return line{ours("⏳ "), name, ours("  searching")}
	case x.State == incident.Waiting && of.Paused:
		return line{ours("⏸️ "), name, ours("  waiting, paused")}
	case x.State == incident.Waiting && !of.Next.IsZero():
		return line{ours("⏳ "), name, ours("  waiting, next round "), at(of.Next)}
	case x.State == incident.Waiting:
		return line{ours("⏳ "), name, ours("  waiting")}
	}
	l := line{ours("%s ", icon(x.Verdict)), name, ours("  %s", foundText(x.Verdict, x.Devices))}
	if x.Verdict == hunts.Tried {
		l = l.and(ours(", none connected"))
	}
	switch {
	case x.Devices > 0 && len(x.Hosts) > 0:
		names := make([]string, len(x.Hosts))
		for n, h := range x.Hosts {
			names[n] = shown(h, maxShort)
		}
		if more := x.Devices - int64(len(names)); more > 0 {
			l = l.dot(ours("%s and %s more", strings.Join(names, ", "), grouped(more)))
		} else {
			l = l.dot(ours("%s", listed(names, maxLeadDevices)))
		}
	case x.Verdict == hunts.Clean && of.Coverage.SensorsKnown > 0:
		l = l.dot(ours("%.1f %% coverage", 100*float64(of.Coverage.SensorsReporting)/float64(of.Coverage.SensorsKnown)))
	}
	if x.Mark != "" {
		l = l.and(ours(" · marked %s", shown(x.Mark, 2*maxShort)))
	}
	if x.Why != "" {
		l = l.and(ours(" · %s", shown(x.Why, maxLedgerReason)))
	}
	if x.Hunt != "" {
		l = l.and(ours(" → "), huntSpan(x.Hunt, x.Link))
	}
	return l
}

// maxLedgerReason keeps 25 lines that could not tell within one message; the
// hunt that a line links to has the whole sentence.
const maxLedgerReason = 60

// shortHash is a hash that fits a line, with its type: 9f86d0…0a08 (sha256).
func shortHash(i indicator.Indicator) string {
	v := i.Value
	if len(v) < 16 || strings.Trim(v, "0123456789abcdef") != "" {
		return shownIndicator(i.Value, string(i.Kind))
	}
	return v[:6] + "…" + v[len(v)-4:] + " (" + string(i.Kind) + ")"
}

// ledgerWaiting lists what is not hunted, by reason.
func ledgerWaiting(l LedgerView) []line {
	var out []line
	for _, group := range []struct {
		state incident.State
		head  string
	}{{incident.Skipped, "⏭️ Skipped as known-good: "}, {incident.OverCap, "⏭️ Not hunted: "}, {incident.Doubtful, "❓ Not sure, include it? "}} {
		var reasons []string
		names := map[string][]line{}
		shownOf, more := 0, 0
		for _, x := range l.Lines {
			if x.State != group.state {
				continue
			}
			if shownOf == maxHeldNamed {
				more++
				continue
			}
			shownOf++
			if names[x.Why] == nil {
				reasons = append(reasons, x.Why)
			}
			names[x.Why] = append(names[x.Why], line{indicatorSpan(x.Indicator.String(), string(x.Indicator.Kind))})
		}
		var said line
		for _, why := range reasons {
			var list line
			for n, name := range names[why] {
				if n > 0 {
					list = list.and(ours(", "))
				}
				list = list.and(name...)
			}
			said = said.dot(append(list, ours(" "), sentence(why))...)
		}
		if more > 0 {
			said = said.dot(ours("%s", count(int64(more), "more indicator")))
		}
		if len(said) > 0 {
			out = append(out, line{ours("%s", group.head)}.and(said...))
		}
	}
	return out
}

// ledgerButtons are the row below: the menu first, then what acts on all.
func ledgerButtons(l LedgerView) slack.Block {
	do := func(what string) Action { return Action{Ledger: l.Thread, Do: what} }
	has := func(states ...incident.State) bool {
		return slices.ContainsFunc(l.Lines, func(x LedgerLine) bool { return slices.Contains(states, x.State) })
	}
	when := func(yes bool, id int, what, label string) slack.BlockElement {
		if !yes {
			return nil
		}
		return button(fmt.Sprintf("%s:%d", ActionLedger, id), do(what), label)
	}
	return actions(
		ledgerMenu(l),
		when(has(incident.Skipped, incident.OverCap), 4, LedgerAnyway, "Hunt anyway"), when(has(incident.Doubtful), 5, LedgerDoubt, "Include the unsure ones"),
		when(!l.Paused, 1, LedgerPause, "Pause"), when(l.Paused, 1, LedgerResume, "Resume"),
		when(has(incident.Done), 2, LedgerAgain, "Hunt again"), when(len(l.Lines) > 0, 3, LedgerHandOver, "Hand-over"),
	)
}

// ledgerMenu opens the whole hunt of a line, those that were met first, or what
// else a host of the incident did.
func ledgerMenu(l LedgerView) slack.BlockElement {
	done := slices.DeleteFunc(slices.Clone(l.Lines), func(x LedgerLine) bool { return x.State != incident.Done || x.Hunt == "" })
	slices.SortStableFunc(done, func(a, b LedgerLine) int { return ledgerRank(a) - ledgerRank(b) })
	var options []*slack.OptionBlockObject
	add := func(a Action, label string) {
		a.Ledger, a.Do = l.Thread, LedgerOpen
		if value := a.value(maxOptionValue); value != "" && len(options) < maxSelectOptions {
			options = append(options, slack.NewOptionBlockObject(value, plainObject(cutText(label, maxOptionText)), nil))
		}
	}
	for _, x := range done[:min(len(done), maxSelectOptions-maxHostsNamed)] {
		add(Action{Hunt: x.Hunt}, icon(x.Verdict)+" "+shownIndicator(x.Indicator.String(), string(x.Indicator.Kind)))
	}
	for _, h := range l.Hosts[:min(len(l.Hosts), maxHostsNamed)] {
		add(Action{Indicator: "device=" + h}, "💻 What did "+shown(h, maxShort)+" talk to?")
	}
	if len(options) == 0 {
		return nil
	}
	return slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainObject("Open a hunt…"), ActionLedger+":6", options...)
}

func ledgerFoot(l LedgerView) line {
	foot := line{ours("%s of %s automatic hunts used", grouped(int64(min(l.Automatic, l.Cap))), grouped(int64(l.Cap)))}
	if len(l.Hosts) > 0 {
		names := make([]string, 0, len(l.Hosts))
		for _, h := range l.Hosts {
			names = append(names, shown(h, maxShort))
		}
		foot = foot.dot(ours("hosts in the incident: %s", listed(names, maxHostsNamed)))
	}
	if l.Dropped > 0 {
		foot = foot.dot(ours("no room for %s: hunt them as a sweep", count(int64(l.Dropped), "more indicator")))
	}
	for _, note := range l.Notes[:min(len(l.Notes), maxNotesShown)] {
		foot = foot.dot(sentence(note))
	}
	return foot
}

// LedgerNew is what a round found that the thread was not told yet.
type LedgerNew struct {
	Indicator indicator.Indicator
	Devices   []hunts.DeviceResult
	Count     int // of the devices, also those whose names are not kept
	Hunt      string
	Asker     string
}

// maxNewsDevices and maxNewsLines bound one reply.
const (
	maxNewsDevices = 3
	maxNewsLines   = 10
)

// LedgerNews tells the thread of indicators that were reached, and pings who
// asked for them.
func LedgerNews(told []LedgerNew, v View) Message {
	var p page
	var lines []line
	for n, x := range told {
		if n == maxNewsLines {
			lines = append(lines, line{ours("… %s reached; the ledger has all", count(int64(len(told)-n), "more indicator"))})
			break
		}
		l := line{ours("🔴 New: ")}
		for n, d := range x.Devices {
			if n == maxNewsDevices {
				l = l.and(ours(" and %s", count(int64(max(x.Count, len(x.Devices))-n), "more device")))
				break
			}
			if n > 0 {
				l = l.and(ours(", "))
			}
			l = l.and(data(d.Device))
			if len(d.Processes) > 0 {
				l = l.and(ours(" (%s)", shownList(d.Processes)))
			}
		}
		if len(x.Devices) == 0 {
			l = l.and(ours("%s", count(int64(x.Count), "device")))
		}
		l = l.and(ours(" reached "), indicatorSpan(x.Indicator.String(), string(x.Indicator.Kind)))
		if len(x.Devices) > 0 && !x.Devices[0].LastSeen.IsZero() {
			l = l.and(ours(", last "), at(lastSeen(x.Devices)))
		}
		if userID.MatchString(x.Asker) {
			l = l.and(ours(". "), who(hunts.Asker{User: x.Asker}), ours(", you asked for %s.", shown(x.Hunt, maxShort)))
		} else {
			l = l.and(ours(" (%s).", shown(x.Hunt, maxShort)))
		}
		lines = append(lines, l)
	}
	p.say(lines...)
	return p.render(v.Form)
}

func lastSeen(list []hunts.DeviceResult) time.Time {
	var last time.Time
	for _, d := range list {
		if d.LastSeen.After(last) {
			last = d.LastSeen
		}
	}
	return last
}

// Incident opens the thread of a Sentinel incident.
func Incident(title string, i hunts.Incident, v View) Message {
	var p page
	l := line{ours("🗂️ "), bold(shown(title, maxSentence))}
	text := fmt.Sprintf("%s, %s", count(int64(len(i.Alerts)), "alert"), count(int64(len(i.Indicators)), "indicator"))
	if len(i.Hosts) > 0 {
		text += ", " + count(int64(len(i.Hosts)), "host")
	}
	p.say(l, line{ours("%s · the ledger is in the thread", text)})
	return p.render(v.Form)
}
