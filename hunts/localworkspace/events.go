package localworkspace

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// badTable is the extra table that holds the bad lines, so that a query counts
// them like everything else: File, Line, Reason, Table, Count. Count is more than
// 1 where one row stands for several lines.
const badTable = "_BadLines"

// maxBadLines bounds how many bad lines of one file are named; the rest is
// counted in one row.
const maxBadLines = 10_000

// BadLine is a line of an export that could not be read whole.
type BadLine struct {
	File   string // name within the directory
	Line   int    // 1 is the first; 0 is the file as such
	Reason string
	Table  string
	Count  int64 // lines it stands for
}

// Events are the tables of one workspace. They never change once loaded and may
// be read by any number of queries at once.
type Events struct {
	tables         map[string]*kql.Table
	bad            []BadLine
	oldest, newest time.Time
}

// newEvents adds the table of bad lines.
func newEvents(tables map[string]*kql.Table, bad []BadLine, oldest, newest time.Time) *Events {
	b := kql.NewBuilder(badTable, []kql.Column{
		{Name: "File", Type: kql.String}, {Name: "Line", Type: kql.Long}, {Name: "Reason", Type: kql.String},
		{Name: "Table", Type: kql.String}, {Name: "Count", Type: kql.Long},
	})
	for _, l := range bad {
		b.Append(kql.StringValue(l.File), kql.LongValue(int64(l.Line)), kql.StringValue(l.Reason), kql.StringValue(l.Table), kql.LongValue(l.Count))
	}
	all := map[string]*kql.Table{badTable: b.Table()}
	maps.Copy(all, tables)
	return &Events{tables: all, bad: bad, oldest: oldest, newest: newest}
}

// Empty has every table that is documented here, and no event in any: a query
// over it finds out whether its columns exist.
func Empty() *Events {
	tables := map[string]*kql.Table{}
	for name, columns := range knownTables() {
		tables[name] = kql.NewBuilder(name, columns).Table()
	}
	return newEvents(tables, nil, time.Time{}, time.Time{})
}

// Table gives a table by its name; it is how hunts/kql reads the workspace. A
// table without a file does not exist. _BadLines always does.
func (e *Events) Table(name string) (*kql.Table, bool) {
	t, ok := e.tables[name]
	return t, ok
}

// Tables are the names of the tables that hold events, sorted.
func (e *Events) Tables() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(e.tables)), func(name string) bool { return name == badTable })
}

// BadLines names what could not be read, by file and line. At most 10 000 of a
// file are named, then one entry counts the rest.
func (e *Events) BadLines() []BadLine { return slices.Clone(e.bad) }

// BadLineCount is how many lines BadLines stands for.
func (e *Events) BadLineCount() int64 {
	var sum int64
	for _, b := range e.bad {
		sum += b.Count
	}
	return sum
}

// Span is the time of the oldest and of the newest event; zero when there is
// none.
func (e *Events) Span() (oldest, newest time.Time) { return e.oldest, e.newest }

// Memory is the size of all tables in bytes.
func (e *Events) Memory() int64 {
	var sum int64
	for _, t := range e.tables {
		sum += t.Memory()
	}
	return sum
}

// Rows counts the events of a table; 0 when there is no such table.
func (e *Events) Rows(table string) int {
	if t, ok := e.tables[table]; ok {
		return t.Len()
	}
	return 0
}

// badLines collects the bad lines of one file from several workers.
type badLines struct {
	file, table string
	named       []BadLine
	more        int64
}

func (b *badLines) add(line int, reason string) {
	if len(b.named) >= maxBadLines {
		b.more++
		return
	}
	b.named = append(b.named, BadLine{File: b.file, Line: line, Reason: reason, Table: b.table, Count: 1})
}

func (b *badLines) list() []BadLine {
	slices.SortStableFunc(b.named, func(x, y BadLine) int { return x.Line - y.Line })
	if b.more > 0 {
		b.named = append(b.named, BadLine{File: b.file, Table: b.table, Count: b.more, Reason: fmt.Sprintf("%d more bad lines, not named one by one", b.more)})
	}
	return b.named
}
