package localworkspace

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace/export"
)

// badTable is the extra table that holds the bad lines, so that a query counts
// them like everything else: File, Line, Reason, Table, Count. Count is more than
// 1 where one row stands for several lines.
const badTable = "_BadLines"

// timeColumn is the event time of every table of a workspace.
const timeColumn = export.TimeColumn

// What Load takes and tells: see hunts/localworkspace/export.
type (
	LoadOptions = export.Options
	Progress    = export.Progress
	BadLine     = export.BadLine
	Unread      = export.Unread
)

// Load opens exported events: a folder, or one file. An error means that nothing
// can be hunted; everything else is in BadLines, Unread and Notes.
func Load(ctx context.Context, path string, opts LoadOptions) (*Events, error) {
	set, err := export.Open(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	return &Events{set: set}, nil
}

// Events are the tables of one workspace: made, or read from an export. They may
// be read by any number of queries at once.
type Events struct {
	set            *export.Set // nil for events that were made
	tables         map[string]*kql.Table
	oldest, newest time.Time
}

func newEvents(tables map[string]*kql.Table, oldest, newest time.Time) *Events {
	return &Events{tables: tables, oldest: oldest, newest: newest}
}

// Empty has every table that is documented here, and no event in any: a query
// over it finds out whether its columns exist.
func Empty() *Events {
	tables := map[string]*kql.Table{}
	for name, columns := range export.Documented() {
		tables[name] = kql.NewBuilder(name, columns).Table()
	}
	return newEvents(tables, time.Time{}, time.Time{})
}

// Partial tells that a workspace may have columns in a table which are not known here.
func (e *Events) Partial(table string) bool { return export.Partial(table) }

// Want reads what a query that mentions these names needs; nil is everything. It
// is only for speed: Table and its columns fetch what was not wanted.
func (e *Events) Want(ctx context.Context, names []string) error {
	if e.set == nil {
		return nil
	}
	return e.set.Want(ctx, names)
}

// Table gives a table by its name; it is how hunts/kql reads the workspace. A
// table without a file does not exist. _BadLines always does.
func (e *Events) Table(name string) (*kql.Table, bool) {
	switch {
	case name == badTable:
		return e.badTable(), true
	case e.set != nil:
		return e.set.Table(name)
	}
	t, ok := e.tables[name]
	return t, ok
}

func (e *Events) badTable() *kql.Table {
	b := kql.NewBuilder(badTable, []kql.Column{
		{Name: "File", Type: kql.String}, {Name: "Line", Type: kql.Long}, {Name: "Reason", Type: kql.String},
		{Name: "Table", Type: kql.String}, {Name: "Count", Type: kql.Long},
	})
	for _, l := range e.BadLines() {
		b.Append(kql.StringValue(l.File), kql.LongValue(int64(l.Line)), kql.StringValue(l.Reason), kql.StringValue(l.Table), kql.LongValue(l.Count))
	}
	return b.Table()
}

// Tables are the names of the tables that hold events, sorted.
func (e *Events) Tables() []string {
	if e.set != nil {
		return e.set.Tables()
	}
	return slices.Sorted(maps.Keys(e.tables))
}

// BadLines names what could not be read, by file and line. At most 10 000 of a
// file are named, then one entry counts the rest.
func (e *Events) BadLines() []BadLine {
	if e.set == nil {
		return nil
	}
	return e.set.BadLines()
}

// BadLineCount is how many lines BadLines stands for.
func (e *Events) BadLineCount() int64 {
	var sum int64
	for _, b := range e.BadLines() {
		sum += b.Count
	}
	return sum
}

// Unread is what the export does not give of the tables that were read so far:
// columns it lacks, files left out, rows cut off.
func (e *Events) Unread() []Unread {
	if e.set == nil {
		return nil
	}
	return e.set.Unread()
}

// Notes are what a reader should know of the export, and what spoils nothing.
func (e *Events) Notes() []string {
	if e.set == nil {
		return nil
	}
	return e.set.Notes()
}

// Span is the time of the oldest and of the newest event that was read; zero
// when there is none.
func (e *Events) Span() (oldest, newest time.Time) {
	if e.set != nil {
		return e.set.Span()
	}
	return e.oldest, e.newest
}

// KnowsArrival tells whether a table says when each event arrived: only an export
// that was made to has a column for it.
func (e *Events) KnowsArrival(table string) bool {
	t, ok := e.Table(table)
	return ok && slices.ContainsFunc(t.Columns(), func(c kql.Column) bool { return c.Name == export.IngestionColumn })
}

// Memory is the size of all tables in bytes.
func (e *Events) Memory() int64 {
	var sum int64
	for _, name := range e.Tables() {
		if t, ok := e.Table(name); ok {
			sum += t.Memory()
		}
	}
	return sum
}

// Rows counts the events of a table; 0 when there is no such table.
func (e *Events) Rows(table string) int {
	if t, ok := e.Table(table); ok {
		return t.Len()
	}
	return 0
}
