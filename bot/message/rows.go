package message

import (
	"io"
	"strconv"

	"github.com/footprint-soc/footprint/hunts"
)

// The answer of a hunt for behavior is a table with the columns of its own query. It
// has no indicator and no outcome, so none of the words for these belong in it.

const (
	maxRowColumns = 10 // columns that a table in a message shows; the file has all
	maxRowLines   = 3  // rows that the parent message names
	maxRowCells   = 4  // cells of each
	maxRowsTerm   = 50 // rows in the terminal

)

// rowsAnswered is the parent message: FOUND with what was counted, the first rows,
// and what it rests on.
func rowsAnswered(h hunts.Hunt, a hunts.Answer, v View) Message {
	var p page
	lines := []line{rowsHead(h, a)}
	take := func(more ...line) {
		for _, l := range more {
			if len(l) > 0 {
				lines = append(lines, l)
			}
		}
	}
	take(newerLine(v.Newer, v.Now))
	for n := range a.Table.Rows[:min(len(a.Table.Rows), maxRowLines)] {
		take(rowLine(*a.Table, n))
	}
	if more := a.Table.Total - maxRowLines; more > 0 {
		take(line{ours("and %s in the thread", count(more, "more row"))})
	}
	urgent, notes := answerNotes(a)
	take(rowsPlaces(a), join(coverageLine(a, h.Window.To), problemsLine(a)))
	take(notes...)
	take(urgent...)
	p.say(lines...)
	if v.ChannelNote != "" {
		p.say(line{sentence(v.ChannelNote)})
	}
	if row := answerButtons(h, a, v); row != nil {
		p.add(row, "")
	}
	p.small(footLine(h, a))
	return p.render(v.Form)
}

// rowsHead is "🔎 FOUND rare-domains: 14 rows on 3 devices · last 14 days, fully searched".
func rowsHead(h hunts.Hunt, a hunts.Answer) line {
	l := verdictSpans(a.Verdict).and(ours(" "), data(a.Hunt))
	switch a.Verdict {
	case hunts.Found:
		l = l.and(ours(": %s", shown(a.Table.Headline(), maxSentence)))
	case hunts.NothingFound:
		l = l.and(ours(": no row matched the hunt"))
	default:
		l = l.dot(sentence(a.Reason))
	}
	return l.dot(ours("%s", h.Window.Text())).and(ours(", %s", completeness(a.Coverage)))
}

// subjects is ": 2 devices ran it" of some rows, nothing where no words are known.
func subjects(a hunts.Answer, rows []int) span {
	if text := a.Subjects(rows); text != "" {
		return ours(": %s", shown(text, maxSentence))
	}
	return ours("")
}

// rowLine is one row in few words: the cells that say what it is about, its time last.
func rowLine(t hunts.Table, n int) line {
	l := line{ours("• ")}
	shownCells := 0
	for _, c := range shownColumns(t) {
		text := t.Text(n, c)
		if text == "" || t.Columns[c].Type == "datetime" || shownCells == maxRowCells {
			continue
		}
		if shownCells > 0 {
			l = l.and(ours(" · "))
		}
		l = l.and(data(text))
		shownCells++
	}
	for _, c := range shownColumns(t) {
		if when := hunts.Instant(t.Rows[n][c]); t.Columns[c].Type == "datetime" && !when.IsZero() {
			return l.dot(at(when))
		}
	}
	return l
}

// shownColumns are those of a table that a message shows: filled ones, those that say
// what a row is about first, in the order of the query otherwise.
func shownColumns(t hunts.Table) []int {
	filled := t.Filled()
	if len(filled) <= maxRowColumns {
		return filled
	}
	var first, rest []int
	for _, c := range filled {
		if keyed(t, t.Columns[c].Name) || t.Columns[c].Type == "datetime" && len(first) == 0 {
			first = append(first, c)
			continue
		}
		rest = append(rest, c)
	}
	return append(first, rest...)[:maxRowColumns]
}

func keyed(t hunts.Table, name string) bool {
	for _, k := range t.Key {
		if k == name {
			return true
		}
	}
	return false
}

// rowsPlaces names the tables of an answer without a row.
func rowsPlaces(a hunts.Answer) line {
	if a.Table.Total > 0 || len(a.Places) == 0 {
		return nil
	}
	var names []string
	for _, p := range a.Places {
		names = append(names, shown(p.Table, maxShort))
	}
	return line{ours("Read: %s", listed(names, maxPlaces))}
}

// tableGrid is the table of an answer, or the rows of it that a filter leaves.
func tableGrid(a hunts.Answer, t hunts.Table, caption string) grid {
	g := grid{caption: caption, where: "in " + fileStem(a) + ".csv", more: max(0, t.Total-int64(len(t.Rows)))}
	columns := shownColumns(t)
	ours := map[string]bool{}
	for _, r := range a.Rows {
		ours[r.Device] = true
	}
	for _, c := range columns {
		name := shown(t.Columns[c].Name, maxShort)
		if t.Columns[c].Type == "datetime" {
			name += " (UTC)"
		}
		g.head = append(g.head, name)
	}
	for n := range t.Rows {
		if len(g.rows) == maxDataTableRows {
			g.more++
			continue
		}
		cells := make([]cell, len(columns))
		for k, c := range columns {
			cells[k] = tableCell(t, n, c)
			if text := t.Text(n, c); text != "" && ours[text] {
				cells[k] = word1(ownName(text))
			}
		}
		g.rows = append(g.rows, cells)
	}
	return g
}

func tableCell(t hunts.Table, row, column int) cell {
	text := t.Text(row, column)
	switch t.Columns[column].Type {
	case "datetime":
		if when := hunts.Instant(t.Rows[row][column]); !when.IsZero() {
			return word1(when.Format(cellTime))
		}
	case "long", "int":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return number(n)
		}
	case "string", "guid":
		if text == "" {
			return word1(none)
		}
		return word1(shown(text, maxCell))
	}
	if text == "" {
		return word1(none)
	}
	return word1(shown(text, maxCell))
}

// rowsDetails are the messages of the thread: the whole table, and every note.
func rowsDetails(h hunts.Hunt, a hunts.Answer, v View) []Message {
	if len(a.Table.Rows) == 0 {
		return nil
	}
	var p page
	order := "newest first"
	if a.Table.Ordered {
		order = "in the order of the query"
	}
	tableGrid(a, *a.Table, fileStem(a)+": "+shown(a.Table.Headline(), maxSentence)+", "+order).add(&p, v.Form)
	if row := facetMenus(h, a, v); row != nil {
		p.add(row, "")
	}
	out := []Message{p.render(v.Form)}
	var rest page
	for _, n := range a.Notes {
		rest.say(line{ours("Note: "), sentence(n)})
	}
	if row := pivotButtons(h, a, v); row != nil {
		rest.add(row, "")
	}
	if len(rest.parts) > 0 {
		out = append(out, rest.render(v.Form))
	}
	return out
}

// rowsNarrowed is the table of an answer through filters.
func rowsNarrowed(h hunts.Hunt, a hunts.Answer, n hunts.Narrowed, head line, v View) Message {
	var p page
	if len(n.Rows) == 0 {
		p.say(head.and(ours(": this filter leaves no row of %s. That clears nothing: the filter hides the rest.", shown(h.ID, maxShort))))
		return p.render(v.Form)
	}
	t := a.Table.Only(n.Places)
	lines := []line{head.and(ours(": %s", count(int64(len(n.Rows)), "row")))}
	if len(n.Devices) > 0 {
		lines[0] = lines[0].and(ours(" on %s", count(int64(len(n.Devices)), "device")))
	}
	lines[0] = lines[0].and(subjects(a, n.Places))
	if n.Cut {
		lines = append(lines, line{ours("The answer did not hold all its rows, so this may be a part.")})
	}
	p.say(lines...)
	tableGrid(a, t, fileStem(a)+", narrowed: "+count(int64(len(t.Rows)), "row")).add(&p, v.Form)
	p.small(line{ours("%s · from cached results", shown(h.ID, maxShort))})
	return p.render(v.Form)
}

// rowDevicesGrid is the table of the devices that the rows name.
func rowDevicesGrid(a hunts.Answer) grid {
	g := grid{
		caption: fileStem(a) + ": " + count(a.Table.Devices, "device") + ", most rows first", where: "in " + fileStem(a) + ".csv",
		head: []string{"Device", "Rows", "Users", "Processes", "First (UTC)", "Last (UTC)"},
	}
	for _, d := range a.ByDevice {
		first, last := none, none
		if !d.FirstSeen.IsZero() {
			first, last = d.FirstSeen.UTC().Format(cellTime), d.LastSeen.UTC().Format(cellTime)
		}
		g.rows = append(g.rows, []cell{word1(ownName(d.Device)), number(d.Events), word1(shownList(d.Accounts)), word1(shownList(d.Processes)), word1(first), word1(last)})
	}
	g.more = unlisted(a)
	return g
}

// rowsTerminal writes the answer for a report.
func rowsTerminal(w io.Writer, a hunts.Answer) error {
	t := &terminal{w: w}
	t.line("%s %s: %s", icon(a.Verdict), word(a.Verdict), shown(a.Reason, maxSentence))
	t.line("%s · %s · %s to %s", shown(a.HuntID, maxShort), shown(a.Hunt, maxShort), a.Request.From.UTC().Format(cellTime), a.Request.To.UTC().Format(cellTime+" UTC"))
	if a.Request.AskedBy != "" {
		t.line("Asked by %s", shown(a.Request.AskedBy, maxShort))
	}
	if a.Request.Why != "" {
		t.line("Why: %s", shown(a.Request.Why, maxSentence))
	}
	t.table("Rows", tableGrid(a, *a.Table, ""), maxRowsTerm)
	if len(a.ByDevice) > 1 {
		t.table("Devices", rowDevicesGrid(a), terminalEvents)
	}
	t.line("")
	t.line("%s", coverageLine(a, a.Request.To).String())
	for _, l := range []line{rowsPlaces(a), problemsLine(a)} {
		if l != nil {
			t.line("%s", l.String())
		}
	}
	for _, n := range a.Notes {
		t.line("Note: %s", shown(n, maxSentence))
	}
	t.line("Source: %s %s · %s · %s", shown(a.Source.Kind, maxShort), shown(a.Source.Workspace, maxSentence), count(int64(a.Source.Queries), "query"), took(a.Source.TookMS))
	return t.err
}

// TableCSV has the rows of a hunt for behavior under all of its columns.
func TableCSV(t hunts.Table) []byte {
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Name
	}
	s := newSheet(head...)
	for n := range t.Rows {
		cells := make([]string, len(t.Columns))
		for c := range t.Columns {
			cells[c] = t.Text(n, c)
		}
		s.add(cells...)
	}
	return s.bytes()
}
