package message

import (
	"sort"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Answered is the parent message of a hunt: the verdict first, at most about
// ten lines, with what it rests on.
func Answered(h hunts.Hunt, a hunts.Answer, v View) Message {
	var p page
	head := []line{verdictLine(h, a)}
	for _, l := range []line{newerLine(v.Newer, v.Now), changeLine(v.Change, v.Now)} {
		if l != nil {
			head = append(head, l)
		}
	}
	if len(h.Request.Indicators()) == 0 && len(h.Request.Devices) > 0 {
		head = append(head, line{ours("E%s", strings.TrimPrefix(subject(h).text, "e"))})
	}
	head = append(head, indicatorLines(a, v)...)
	p.say(append(head, findings(a, v)...)...)
	if v.ChannelNote != "" {
		p.say(line{sentence(v.ChannelNote)})
	}
	if row := answerButtons(h, a, v); row != nil {
		p.add(row, "")
	}
	p.small(footLine(h, a, v))
	return p.render(v.Form)
}

// findings are the lines between the indicators and the buttons.
func findings(a hunts.Answer, v View) []line {
	var out []line
	take := func(l line) {
		if len(l) > 0 {
			out = append(out, l)
		}
	}
	take(throughLine(a))
	take(rarityLine(a))
	take(searchedLine(a))
	take(coverageLine(a, v))
	take(problemsLine(a))
	take(nearLine(a))
	for n, note := range a.Notes {
		if n == maxNotesShown && len(a.Notes) > n+1 {
			take(line{ours("Note: %s in the thread", count(int64(len(a.Notes)-n), "more note"))})
			break
		}
		take(line{ours("Note: "), sentence(note)})
	}
	if v.Known != "" {
		take(line{ours("Known: "), sentence(v.Known)})
	}
	return out
}

func verdictLine(h hunts.Hunt, a hunts.Answer) line {
	l := line{ours("%s ", icon(a.Verdict)), bold(word(a.Verdict)), ours(": ")}
	switch a.Verdict {
	case hunts.Reached:
		l = l.and(reachedText(a))
	case hunts.Tried:
		l = l.and(ours("%s, none completed a connection (%s)", atLeast(a, a.Totals.Devices), outcomesText(a.Outcomes)))
	case hunts.Clean:
		l = l.and(cleanText(a)...)
	default:
		l = l.and(sentence(a.Reason))
	}
	l = l.dot(ours("%s", h.Window.Text()))
	return l.and(ours(", %s", completeness(a.Coverage)))
}

// cleanText says what was not found, and no more: where a file or a device
// narrows the hunt, the address alone may well have been reached.
func cleanText(a hunts.Answer) line {
	var remotes, files []hunts.IndicatorResult
	for _, r := range a.ByIndicator {
		switch r.Type {
		case "file", "md5", "sha1", "sha256":
			files = append(files, r)
		default:
			remotes = append(remotes, r)
		}
	}
	var l line
	switch {
	case len(a.ByIndicator) == 0:
		return line{ours("no event of it, though it reports")}
	case len(remotes) == 0:
		l = line{ours("no sensor reported an event of "), anyOf(files, "file")}
	default:
		l = line{ours("no sensor reported reaching or trying "), anyOf(remotes, "indicator")}
		if len(files) > 0 {
			l = l.and(ours(" through "), anyOf(files, "file"))
		}
	}
	switch n := len(a.Request.Devices); n {
	case 0:
	case 1:
		l = l.and(ours(" on "), data(a.Request.Devices[0]))
	default:
		l = l.and(ours(" on any of %s", count(int64(n), "device")))
	}
	return l
}

func anyOf(list []hunts.IndicatorResult, noun string) span {
	if len(list) == 1 {
		return indicatorSpan(list[0].Indicator, list[0].Type)
	}
	return ours("any of %s", count(int64(len(list)), noun))
}

// reachedText counts devices by what came of them; it needs their lines, and
// falls back to the reason of the answer where they were cut.
func reachedText(a hunts.Answer) span {
	var reached, rest, silent, hidden int64
	kinds := map[hunts.Outcome]bool{}
	for _, d := range a.ByDevice {
		if d.Hidden {
			hidden++
		}
		switch d.Outcome {
		case hunts.OutcomeReached:
			reached++
		case hunts.OutcomeOther:
			silent++
		default:
			rest++
			kinds[d.Outcome] = true
		}
	}
	if reached == 0 {
		return sentence(a.Reason)
	}
	text := atLeast(a, reached)
	if rest > 0 {
		how := "without reaching it"
		if len(kinds) == 1 {
			for o := range kinds {
				how = map[hunts.Outcome]string{
					hunts.OutcomeFailed: "and failed", hunts.OutcomeBlocked: "and was blocked", hunts.OutcomeLookedUp: "no more than a look-up",
				}[o]
				if o == hunts.OutcomeBlocked && rest > 1 {
					how = "and were blocked"
				}
			}
		}
		text += " (" + grouped(rest) + " more tried " + how + ")"
	}
	if silent > 0 {
		text += ", " + grouped(silent) + " more without contact"
	}
	if hidden > 0 {
		text += ", " + grouped(hidden) + " of them hidden by an exclusion profile"
	}
	return ours("%s", text)
}

func atLeast(a hunts.Answer, devices int64) string {
	text := count(devices, "device")
	if a.Truncated.ByDevice {
		return "at least " + text
	}
	return text
}

func outcomeCounts(o hunts.Outcomes) []string {
	var parts []string
	for _, x := range []struct {
		n    int64
		word string
	}{{o.Reached, "reached"}, {o.Failed, "failed"}, {o.Blocked, "blocked"}, {o.LookedUp, "looked up only"}, {o.Other, "without contact"}} {
		if x.n > 0 {
			parts = append(parts, grouped(x.n)+" "+x.word)
		}
	}
	return parts
}

func outcomesText(o hunts.Outcomes) string {
	parts := outcomeCounts(o)
	if len(parts) == 0 {
		return "no event"
	}
	if o.Reached+o.Failed+o.Blocked+o.LookedUp+o.Other == 1 {
		return parts[0] + " event"
	}
	return strings.Join(parts, ", ") + " events"
}

func completeness(c hunts.Coverage) string {
	if c.Complete {
		return "complete"
	}
	var missing int64
	for _, s := range c.Slices {
		if s.State != hunts.SliceDone {
			missing++
		}
	}
	if missing > 0 {
		return "incomplete: " + grouped(missing) + " of " + count(int64(len(c.Slices)), "slice") + " not searched in full"
	}
	return "coverage incomplete"
}

// indicatorLines is one line per indicator while they are few; else those that
// want to be read first, and a count of the rest.
func indicatorLines(a hunts.Answer, v View) []line {
	all := a.ByIndicator
	if len(all) == 1 && all[0].Events == 0 && a.Verdict == hunts.Clean && all[0].Mark == "" {
		return nil // the verdict line names it
	}
	few := make([]hunts.IndicatorResult, len(all))
	copy(few, all)
	if len(few) > maxIndicatorLines {
		sort.SliceStable(few, func(i, j int) bool { return few[i].Verdict.Rank() < few[j].Verdict.Rank() })
		few = few[:maxIndicatorLines-1]
	}
	var out []line
	for _, r := range few {
		out = append(out, indicatorLine(r, a, v))
	}
	if more := len(all) - len(few); more > 0 {
		out = append(out, line{ours("and %s in the thread; of all %s: %s", count(int64(more), "more indicator"), grouped(int64(len(all))), verdictCounts(all))})
	}
	return out
}

func verdictCounts(all []hunts.IndicatorResult) string {
	n := map[hunts.Verdict]int64{}
	for _, r := range all {
		n[r.Verdict]++
	}
	var parts []string
	for _, v := range []hunts.Verdict{hunts.Reached, hunts.Seen, hunts.CouldNotTell, hunts.Tried, hunts.Clean, hunts.NoMatch} {
		if n[v] > 0 {
			parts = append(parts, grouped(n[v])+" "+word(v))
		}
	}
	return strings.Join(parts, ", ")
}

func indicatorLine(r hunts.IndicatorResult, a hunts.Answer, v View) line {
	l := line{indicatorSpan(r.Indicator, r.Type), ours("  ")}
	switch {
	case r.Events == 0:
		l = l.and(ours("%s %s", icon(r.Verdict), word(r.Verdict)))
	case r.Verdict != a.Verdict:
		l = l.and(ours("%s %s: ", icon(r.Verdict), word(r.Verdict)))
	}
	if r.Events > 0 {
		l = l.and(ours("%s · %s", count(r.Devices, "device"), count(r.Events, "event")))
	}
	if r.FirstSeen != nil {
		l = l.dot(ours("first "), at(*r.FirstSeen))
	}
	if r.LastSeen != nil {
		l = l.dot(ours("last "), recent(*r.LastSeen, v.Now))
	}
	if r.Mark != "" {
		l = l.dot(ours("marked "), sentence(r.Mark))
	}
	return l
}

// recent is how long ago something was while that says more than the date.
func recent(t, now time.Time) span {
	if d := now.Sub(t); d >= 0 && d < 24*time.Hour {
		return ours("%s", ago(t, now))
	}
	return at(t)
}

func throughLine(a hunts.Answer) line {
	if len(a.ByProcess) == 0 {
		return nil
	}
	l := line{ours("Through ")}
	for n, p := range a.ByProcess {
		if n == maxProcessesNamed {
			l = l.and(ours(" and %s", count(int64(len(a.ByProcess)-n), "more process")))
			break
		}
		switch {
		case n > 0 && (n == len(a.ByProcess)-1):
			l = l.and(ours(" and "))
		case n > 0:
			l = l.and(ours(", "))
		}
		l = l.and(processSpan(p.Process), ours(" (%s", count(p.Devices, "device")))
		if len(p.Parents) > 0 {
			l = l.and(ours(", parent "), data(p.Parents[0]))
			if more := len(p.Parents) - 1; more > 0 {
				l = l.and(ours(" and %d more", more))
			}
		}
		l = l.and(ours(")"))
	}
	if len(a.Beacons) > 0 {
		b := a.Beacons[0]
		l = l.dot(ours("beacon-like: every %s ± %s over %s", rhythm(b.Interval), rhythm(b.Spread), count(b.Events, "event")))
		if more := len(a.Beacons) - 1; more > 0 {
			l = l.and(ours(", %d more such", more))
		}
	}
	return l
}

func processSpan(name string) span {
	if name == "" {
		return ours("a process not recorded by inspection")
	}
	return data(name)
}

// rareShare is where a share of the fleet is called rare: one in a hundred.
const rareShare = 100

func rarityLine(a hunts.Answer) line {
	reporting := a.Coverage.SensorsReporting
	if a.Totals.Devices == 0 || reporting == 0 {
		return nil
	}
	label := "Seen on"
	if a.Totals.Devices*rareShare <= reporting {
		label = "Rare:"
	}
	return line{ours("%s %s of %s reporting devices · %s", label, grouped(a.Totals.Devices), grouped(reporting), eventsText(a.Totals))}
}

// eventsText counts rows of the table; an aggregate is one row for an hour of
// connections, so this is never a count of connections.
func eventsText(t hunts.Totals) string {
	text := count(t.Events, "event")
	switch {
	case t.Aggregated == 0:
		return text
	case t.Aggregated == t.Events:
		return text + ", all of them hourly aggregates"
	case t.Aggregated == 1:
		return text + ", 1 of them an hourly aggregate"
	}
	return text + ", " + grouped(t.Aggregated) + " of them hourly aggregates"
}
