package message

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// LedgerDevice is one device of a line that is handed over.
type LedgerDevice struct {
	Device, Account string
	Through         string // process and parent
	Outcome         hunts.Outcome
	Events          int64
	First, Last     time.Time
}

// maxHandOverDevices is how many devices of a line a hand-over names.
const maxHandOverDevices = 10

// LedgerDevices are the devices of an answer as a hand-over lists them.
func LedgerDevices(a hunts.Answer) []LedgerDevice {
	var out []LedgerDevice
	for _, s := range sightings(a) {
		through := s.lead.Process
		if s.lead.Process == "" && len(s.Processes) > 0 {
			through = strings.Join(s.Processes, ", ")
		} else if s.lead.Parent != "" {
			through += " <- " + s.lead.Parent
		}
		out = append(out, LedgerDevice{Device: s.Device, Account: accountOf(s), Through: through, Outcome: s.Outcome, Events: s.Events, First: s.FirstSeen, Last: s.LastSeen})
	}
	return out
}

var incidentNumber = regexp.MustCompile(`^Incident (\d{1,9})\b`)

// incidentName is the part of a ledger's title that names the incident.
func incidentName(title string) string {
	name, _, _ := strings.Cut(title, " · ")
	return name
}

// HandOverName is what files of a hand-over are called: after the incident, or after
// the thread where there is none.
func HandOverName(l LedgerView) string {
	if m := incidentNumber.FindStringSubmatch(l.Title); m != nil {
		return "incident-" + m[1]
	}
	return "evidence-" + strings.ReplaceAll(l.Thread, ".", "-")
}

// handOver is a hand-over being written.
type handOver struct {
	strings.Builder
	view LedgerView
}

// handOverText is the block itself, plain, times in UTC.
func handOverText(l LedgerView, v View) string {
	b := &handOver{view: l}
	title := "indicators of a thread"
	if l.Title != "" {
		title = shown(l.Title, maxSentence)
	}
	fmt.Fprintf(b, "HAND-OVER: %s\nWritten %s, all times in UTC\n", title, utc(l.At))
	fmt.Fprintf(b, "\nSTATE: %s\n", stateText(l))
	if l.LookBack != "" {
		fmt.Fprintf(b, "Look-back: %s\n", shown(l.LookBack, maxShort))
	}
	if len(l.Hosts) > 0 {
		fmt.Fprintf(b, "Hosts in the incident: %s\n", shown(strings.Join(l.Hosts, ", "), maxSentence))
	}
	b.group("FOUND", done(hunts.Reached, hunts.Seen, hunts.Tried))
	b.list("DECISIONS", decisions(l))
	b.group("CLEAN", done(hunts.Clean))
	if count := countOf(l, done(hunts.Clean)); count > 0 {
		fmt.Fprintf(b, "%s\n", coverageLine(hunts.Answer{Verdict: hunts.Clean, Coverage: l.Coverage}, v.Now).String())
	}
	b.group("OPEN, could not tell", done(hunts.CouldNotTell))
	b.group("OPEN, waiting", func(x LedgerLine) bool { return x.State == incident.Waiting || x.State == incident.Running })
	b.group("OPEN, not hunted", LedgerLine.waits)
	b.list("NEXT STEPS", nextSteps(l))
	return b.String()
}

func done(verdicts ...hunts.Verdict) func(LedgerLine) bool {
	return func(x LedgerLine) bool {
		for _, verdict := range verdicts {
			if x.State == incident.Done && x.Verdict == verdict {
				return true
			}
		}
		return false
	}
}

func countOf(l LedgerView, want func(LedgerLine) bool) int64 {
	var n int64
	for _, x := range l.Lines {
		if want(x) {
			n++
		}
	}
	return n
}

func stateText(l LedgerView) string {
	var parts []string
	for _, x := range []struct {
		word string
		want func(LedgerLine) bool
	}{
		{"reached", done(hunts.Reached)}, {"seen", done(hunts.Seen)}, {"tried", done(hunts.Tried)}, {"clean", done(hunts.Clean)}, {"could not tell", done(hunts.CouldNotTell)},
		{"open", func(x LedgerLine) bool { return x.State != incident.Done }},
	} {
		parts = append(parts, grouped(countOf(l, x.want))+" "+x.word)
	}
	text := strings.Join(parts, ", ")
	if l.Paused {
		text += "; automatic hunts are paused"
	}
	return text
}

// group lists lines with their devices.
func (b *handOver) group(title string, want func(LedgerLine) bool) {
	var rows []string
	for _, x := range b.view.Lines {
		if !want(x) {
			continue
		}
		row := "- " + handOverLine(x)
		for n, d := range x.Found {
			if n == maxHandOverDevices {
				row += fmt.Sprintf("\n    and %s", count(int64(len(x.Found)-n), "more device"))
				break
			}
			row += "\n    " + deviceText(d)
		}
		rows = append(rows, row)
	}
	if more := len(rows) - maxLedgerLines; more > 0 {
		rows = append(rows[:maxLedgerLines], fmt.Sprintf("- and %s more, all in ledger.csv of the evidence bundle", grouped(int64(more))))
	}
	if len(rows) > 0 {
		fmt.Fprintf(b, "\n%s:\n%s\n", title, strings.Join(rows, "\n"))
	}
}

func (b *handOver) list(title string, rows []string) {
	if len(rows) > 0 {
		fmt.Fprintf(b, "\n%s:\n- %s\n", title, strings.Join(rows, "\n- "))
	}
}

// deviceText is "WS-FIN-014 (ana.sousa): powershell.exe <- winword.exe, reached, 1,204 events, 2026-11-22 22:41 to 2026-11-26 11:51".
func deviceText(d LedgerDevice) string {
	s := shown(d.Device, maxShort)
	if d.Account != "" {
		s += " (" + shown(d.Account, maxShort) + ")"
	}
	if d.Through != "" {
		s += ": " + shown(d.Through, maxShort)
	}
	s += ", " + outcomeWord(d.Outcome) + ", " + count(d.Events, "event")
	if !d.First.IsZero() {
		s += fmt.Sprintf(", %s to %s", d.First.UTC().Format("2006-01-02 15:04"), d.Last.UTC().Format("2006-01-02 15:04"))
	}
	return s
}

func handOverLine(x LedgerLine) string {
	s := shownIndicator(x.Indicator.String(), string(x.Indicator.Kind))
	if x.State == incident.Done {
		s += ": " + foundText(x.Verdict, x.Devices)
		if x.Hunt != "" {
			s += " (" + shown(x.Hunt, maxShort) + ")"
		}
	}
	if x.Mark != "" {
		s += ", marked " + shown(x.Mark, 2*maxShort)
	}
	if x.Why != "" {
		s += ": " + shown(x.Why, 2*maxShort)
	}
	return s
}

// maxDecisions bounds the decisions and the next steps that are listed.
const maxDecisions = 12

// decisions are what people decided: their marks, and that nothing is hunted on.
func decisions(l LedgerView) []string {
	var out []string
	for _, x := range l.Lines {
		if x.Mark != "" && len(out) < maxDecisions {
			out = append(out, shownIndicator(x.Indicator.String(), string(x.Indicator.Kind))+" marked "+shown(x.Mark, 2*maxShort))
		}
	}
	if l.Paused {
		out = append(out, "automatic hunts paused")
	}
	return out
}

// nextSteps are what the ledger itself leaves to do.
func nextSteps(l LedgerView) []string {
	var out []string
	for _, x := range l.Lines {
		name := shownIndicator(x.Indicator.String(), string(x.Indicator.Kind))
		switch {
		case len(out) == maxDecisions:
			return append(out, "the rest of the list above")
		case done(hunts.Reached)(x) && x.Mark == "":
			out = append(out, "Contain or clear "+devicesText(x)+", then mark "+name+".")
		case done(hunts.Seen, hunts.Tried)(x) && x.Mark == "":
			out = append(out, "Decide on "+name+" ("+word(x.Verdict)+") and mark it.")
		case done(hunts.CouldNotTell)(x):
			out = append(out, "Hunt "+name+" again: no verdict yet.")
		}
	}
	if n := countOf(l, LedgerLine.waits); n > 0 {
		out = append(out, "Choose which of "+count(n, "indicator")+" that were not hunted to hunt anyway.")
	}
	return out
}

// devicesText names the devices of a line, or counts them.
func devicesText(x LedgerLine) string {
	if len(x.Hosts) == 0 || int64(len(x.Hosts)) < x.Devices {
		return count(x.Devices, "device")
	}
	return shownList(x.Hosts)
}
