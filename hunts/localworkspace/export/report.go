package export

import (
	"fmt"
	"slices"
	"strconv"
)

// maxBadLines bounds how many bad lines of one file are named; the rest is
// counted in one row.
const maxBadLines = 10_000

// BadLine is a line of an export that could not be read whole.
type BadLine struct {
	File   string // name within the folder
	Line   int    // 1 is the first; 0 is the file as such
	Reason string
	Table  string
	Count  int64 // lines it stands for
}

// Unread is something of a table that an export does not give: a column that it
// lacks, a file that was left out, rows that were cut off, dates with two
// meanings. It keeps a hunt that needs it from being sure of a silence.
type Unread struct {
	Table  string // as queries name it; empty is every table
	Column string // whose values are missing or unread; empty is whole rows
	Rows   int64  // how many, where that is known
	Reason string // one sentence that names the file
}

// badLines collects the bad lines of one file.
type badLines struct {
	file  string
	named []BadLine
	more  int64
}

func (b *badLines) add(table string, line int, reason string) {
	b.named = append(b.named, BadLine{File: b.file, Line: line, Reason: reason, Table: table, Count: 1})
}

func (b *badLines) list(table string) []BadLine {
	slices.SortStableFunc(b.named, func(x, y BadLine) int { return x.Line - y.Line })
	if over := len(b.named) - maxBadLines; over > 0 {
		b.named, b.more = b.named[:maxBadLines], b.more+int64(over)
	}
	if b.more > 0 {
		b.named = append(b.named, BadLine{File: b.file, Table: table, Count: b.more, Reason: fmt.Sprintf("%d more bad lines, not named one by one", b.more)})
	}
	return b.named
}

// rowLimits are where portals and APIs cut an answer off
// (learn.microsoft.com/defender-xdr/advanced-hunting-limits, and
// learn.microsoft.com/azure/azure-monitor/service-limits).
var rowLimits = []int{10_000, 30_000, 50_000, 64_000, 100_000}

// filesText says "a.csv", or "a.csv and 3 more files".
func filesText(names []string) string {
	switch len(names) {
	case 1:
		return names[0]
	case 2:
		return names[0] + " and 1 more file"
	}
	return fmt.Sprintf("%s and %d more files", names[0], len(names)-1)
}

// headerError is what is wrong with the header of a file.
type headerError struct {
	line int
	text string
}

func (e headerError) Error() string { return e.text }

// countOf is a number with its noun: "1 record", "1,204 records".
func countOf(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(int(n)) + " " + noun + "s"
}

// grouped writes a number with commas.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
