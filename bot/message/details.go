package message

import (
	"cmp"
	"fmt"

	"github.com/footprint-soc/footprint/hunts"
)

// Details are the messages of a hunt's thread: the table, the events over time
// with the newest and their command lines, and what an inspection or a limit
// leaves open. A hunt with nothing to add has none.
func Details(h hunts.Hunt, a hunts.Answer, v View) []Message {
	if a.Table != nil {
		return rowsDetails(h, a, v)
	}
	var out []Message
	var rows page
	rowGrid(a, a.Rows, rowCaption(a)).add(&rows, v.Form)
	if len(a.ByIndicator) > maxIndicatorLines {
		var list page
		indicatorGrid(a).add(&list, v.Form)
		if len(list.parts) > 0 {
			out = append(out, list.render(v.Form))
		}
	}
	if len(rows.parts) > 0 {
		if row := facetMenus(h, a, v); row != nil {
			rows.add(row, "")
		}
		out = append(out, rows.render(v.Form))
	}
	var rest page
	timeline(&rest, a, v.Form)
	if lines := newestLines(a); lines != nil {
		rest.say(lines...)
	}
	for i, b := range a.Beacons {
		if i == maxBeacons {
			rest.say(line{ours("… %s", count(int64(len(a.Beacons)-i), "more regular pair"))})
			break
		}
		rest.say(beaconLine(b, cmp.Or(shortNames(a)[b.Device], b.Device)))
	}
	if lines := neighbourLines(a); lines != nil {
		rest.say(lines...)
	}
	if n := a.Totals.Aggregated; n > 0 && len(a.Rows) > 0 {
		text := grouped(n) + " of these events are hourly aggregates: each stands for many connections."
		if n == 1 {
			text = "1 of these events is an hourly aggregate: it stands for many connections."
		}
		rest.say(line{ours("%s", text)})
	}
	if len(a.Notes) > 0 {
		var lines []line
		for _, n := range a.Notes {
			lines = append(lines, line{ours("Note: "), sentence(n)})
		}
		rest.say(lines...)
	}
	if l := unsearchedLine(a); l != nil {
		rest.say(l)
	}
	if row := pivotButtons(h, a, v); row != nil {
		rest.add(row, "")
	}
	if len(rest.parts) > 0 {
		out = append(out, rest.render(v.Form))
	}
	return out
}

const maxBeacons = 5

func rowCaption(a hunts.Answer) string {
	rows := alike(a.Rows, a)
	var events int64
	for _, r := range rows {
		events += r.Events
	}
	text := fmt.Sprintf("%s: %s in %s, newest first", fileStem(a), count(events, "event"), count(int64(len(rows)), "row"))
	if a.Truncated.Rows {
		text += ", more matched than one answer holds"
	}
	return text
}

func beaconLine(b hunts.Beacon, name string) line {
	return line{ours("Likely beaconing: "), data(name), ours(" · "), processSpan(b.Process), ours(" → "), span{kind: codeSpan, text: shownRemote(b.Remote, maxShort)},
		ours(" every %s (±%s), %s", rhythm(b.Interval), rhythm(b.Spread), count(b.Events, "event"))}
}

// unsearchedInParent is how many of them the sentence of the coverage names.
const unsearchedInParent = 3

// maxUnsearched bounds the slices that are named; a window of years has many.
const maxUnsearched = 12

// unsearchedLine names the parts of the window that no query answered, where they
// are more than the message itself can name.
func unsearchedLine(a hunts.Answer) line {
	var missing []hunts.Slice
	for _, s := range a.Coverage.Slices {
		if s.State != hunts.SliceDone {
			missing = append(missing, s)
		}
	}
	parts := hunts.JoinSlices(missing)
	if len(parts) <= unsearchedInParent {
		return nil
	}
	var l line
	for i, s := range parts {
		if i == 0 {
			l = line{ours("Not searched in full: ")}
		} else {
			l = l.and(ours("; "))
		}
		if i == maxUnsearched {
			return l.and(ours("%s", count(int64(len(parts)-i), "more part")))
		}
		l = l.and(ours("%s to %s", s.From.UTC().Format("2006-01-02 15:04"), s.To.UTC().Format("2006-01-02 15:04 UTC")))
		if s.Reason != "" {
			l = l.and(ours(" ("), sentence(s.Reason), ours(")"))
		}
	}
	return l
}

// maxNewest is how many kinds of events the thread shows with their command lines;
// the file has all that the answer holds.
const maxNewest = 5

// newestLines shows what happened last, each command line once: a beacon would
// fill the list with itself.
func newestLines(a hunts.Answer) []line {
	if len(a.Events) == 0 {
		return nil
	}
	type kind struct {
		device, process, command string
		outcome                  hunts.Outcome
	}
	seen := map[kind]int64{}
	var order []hunts.Event
	of := func(e hunts.Event) kind { return kind{e.Device, e.Process, e.CommandLine, e.Outcome} }
	for _, e := range a.Events {
		if seen[of(e)]++; seen[of(e)] == 1 {
			order = append(order, e)
		}
	}
	names := shortNames(a)
	lines := []line{{bold("Newest " + count(int64(len(a.Events)), "event"))}}
	for i, e := range order {
		if i == maxNewest {
			return append(lines, line{ours("… %s in %s.csv", count(int64(len(order)-i), "other kind"), fileStem(a))})
		}
		l := line{ours("• "), at(e.Time), ours(" · "), bold(shown(cmp.Or(names[e.Device], e.Device), maxShort)), ours(" · %s · ", outcomeWord(e.Outcome)), processSpan(e.Process)}
		if n := seen[of(e)] - 1; n > 0 {
			l = l.and(ours(" ×%s", grouped(n+1)))
		}
		if e.CommandLine != "" {
			l = l.and(ours(": "), span{kind: codeSpan, text: shown(e.CommandLine, maxCommandLine)})
		}
		lines = append(lines, l)
		if e.Decoded != "" {
			lines = append(lines, line{ours("   decoded, not run: "), span{kind: codeSpan, text: shown(e.Decoded, maxCommandLine)}})
		}
	}
	return lines
}
