package message

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// terminalEvents is how many of the newest events a report shows.
const terminalEvents = 15

// Terminal writes what an incident responder pastes into a report: verdict,
// indicators, devices, processes, newest events, and what it rests on. All
// text from outside is clean and defanged, so that no escape sequence of a
// command line reaches the terminal.
func Terminal(w io.Writer, a hunts.Answer) error {
	if a.Table != nil {
		return rowsTerminal(w, a)
	}
	t := &terminal{w: w}
	t.line("%s %s: %s", icon(a.Verdict), word(a.Verdict), shown(a.Reason, maxSentence))
	t.line("%s · %s to %s", shown(a.HuntID, maxShort), a.Request.From.UTC().Format(cellTime), a.Request.To.UTC().Format(cellTime+" UTC"))
	if a.Totals.Events > 0 {
		through := " through " + count(a.Totals.Processes, "process")
		if a.Totals.Processes == 0 {
			through = ", no process recorded"
		}
		t.line("%s%s · %s: %s", atLeast(a, a.Totals.Devices), through, eventsText(a.Totals), strings.Join(outcomeCounts(a.Outcomes), ", "))
	}
	if a.Request.AskedBy != "" {
		t.line("Asked by %s", shown(a.Request.AskedBy, maxShort))
	}
	if a.Request.Why != "" {
		t.line("Why: %s", shown(a.Request.Why, maxSentence))
	}
	t.table("Indicators", indicatorGrid(a), 0)
	t.table("Devices", deviceGrid(a), 0)
	if a.Truncated.ByDevice {
		t.line("  … more devices matched than are listed")
	}
	t.table("Processes", processGrid(a), 0)
	t.table("Newest events", eventGrid(a), terminalEvents)
	t.line("")
	t.line("%s", coverageLine(a, a.Request.To).String())
	if l := problemsLine(a); l != nil {
		t.line("%s", l.String())
	}
	if l := unsearchedLine(a); l != nil {
		t.line("%s", l.String())
	}
	for _, b := range a.Beacons {
		t.line("%s", beaconLine(b, b.Device).String())
	}
	if l := nearLine(a); l != nil {
		t.line("%s", l.String())
	}
	for _, l := range neighbourLines(a) {
		t.line("%s", l.String())
	}
	for _, n := range a.Notes {
		t.line("Note: %s", shown(n, maxSentence))
	}
	cached := ""
	if a.Source.CachedAt != nil {
		cached = " · cached result from " + a.Source.CachedAt.UTC().Format(cellTime+" UTC")
	}
	t.line("Source: %s %s · %s · %s%s", shown(a.Source.Kind, maxShort), shown(a.Source.Workspace, maxSentence), count(int64(a.Source.Queries), "query"), took(a.Source.TookMS), cached)
	return t.err
}

// terminal keeps the first error of a row of writes.
type terminal struct {
	w   io.Writer
	err error
}

func (t *terminal) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

func (t *terminal) table(title string, g grid, most int) {
	if len(g.rows) == 0 || t.err != nil {
		return
	}
	t.line("\n%s", title)
	out := tabwriter.NewWriter(t.w, 0, 0, 2, ' ', 0)
	write := func(cells []string) {
		if t.err == nil {
			_, t.err = fmt.Fprintln(out, "  "+strings.Join(cells, "\t"))
		}
	}
	write(g.head)
	for i, row := range g.rows {
		if most > 0 && i == most {
			break
		}
		cells := make([]string, len(row))
		for k, c := range row {
			cells[k] = c.text
		}
		write(cells)
	}
	if t.err == nil {
		t.err = out.Flush()
	}
	if most > 0 && len(g.rows) > most {
		t.line("  … %s with --format json", count(int64(len(g.rows)-most), "more line"))
	}
}

func deviceGrid(a hunts.Answer) grid {
	g := grid{head: []string{"Device", "Outcome", "Events", "Processes", "Accounts", "First (UTC)", "Last (UTC)", "Matched"}}
	for _, d := range a.ByDevice {
		if d.Hidden {
			continue
		}
		g.rows = append(g.rows, []cell{
			word1(ownName(d.Device)), word1(outcomeWord(d.Outcome)), number(d.Events), word1(shownList(d.Processes)), word1(shownList(d.Accounts)),
			word1(d.FirstSeen.UTC().Format(cellTime)), word1(d.LastSeen.UTC().Format(cellTime)), word1(shownList(d.Matched)),
		})
	}
	return g
}

func processGrid(a hunts.Answer) grid {
	g := grid{head: []string{"Process", "Devices", "Events", "Parents"}}
	for _, p := range a.ByProcess {
		name := "unknown (network inspection)"
		if p.Process != "" {
			name = shown(p.Process, maxShort)
		}
		g.rows = append(g.rows, []cell{word1(name), number(p.Devices), number(p.Events), word1(shownList(p.Parents))})
	}
	return g
}

func eventGrid(a hunts.Answer) grid {
	g := grid{head: []string{"Time (UTC)", "Device", "Outcome", "Remote", "Process", "Command line"}}
	for _, e := range a.Events {
		remote := remoteOf(hunts.Row{RemoteIP: e.RemoteIP, RemoteHost: e.RemoteHost})
		if e.RemotePort != 0 {
			remote += fmt.Sprintf(" port %d", e.RemotePort)
		}
		g.rows = append(g.rows, []cell{
			word1(e.Time.UTC().Format(time.RFC3339Nano)), word1(ownName(e.Device)), word1(outcomeWord(e.Outcome)), word1(remote), word1(shown(e.Process, maxShort)), word1(shown(e.CommandLine, maxCell)),
		})
	}
	return g
}

func shownList(names []string) string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		if n != "" {
			out = append(out, shown(n, maxShort))
		}
	}
	return listed(out, 4)
}

// ownName is the name of one of our devices: clean, and not defanged, since a
// report is searched for it and nothing here makes links.
func ownName(s string) string {
	if strings.ContainsAny(s, ":/@") {
		return shown(s, maxShort) // no name of a device
	}
	if s = cutText(clean(s), maxShort); strings.TrimSpace(s) == "" {
		return none
	}
	return s
}
