package kql

import (
	"context"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql/exec"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Query is a parsed query.
type Query struct{ parsed *syntax.Query }

// Parse reads a query. The error is an *Error.
func Parse(text string) (*Query, error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	return &Query{q}, nil
}

// Unclosed finds the bracket or quote of a text that has no other half; the
// parser would name the place where it gave up waiting for it.
func Unclosed(text string) (pos int, found bool) { return syntax.Unclosed(text) }

// Body is a query as a function of another query can hold it: what may stand only at
// the top of a text (render, set) is blanked, and named in left.
func Body(text string) (body string, left []string) { return syntax.Body(text) }

// Run evaluates the query. The error is an *Error, or that of ctx.
func (q *Query) Run(ctx context.Context, db Database, opts Options) (*Table, error) {
	return exec.Run(ctx, q.parsed, db, opts)
}

type (
	// Options bound and place one run of a query.
	Options = exec.Options
	// Database finds tables by name.
	Database = value.Database
	// TableFunctions is what a Database may have besides tables.
	TableFunctions = exec.TableFunctions
	// Tables is a Database of a few named tables.
	Tables = value.Tables
	// Table is immutable and columnar.
	Table = value.Table
	// Builder makes a Table row by row.
	Builder = value.Builder
	// Column is the name and type of one column.
	Column = value.Column
	// Type is a scalar type of the language.
	Type = value.Type
	// Value is one scalar.
	Value = value.Value
	// Bag is a dynamic property bag that keeps the order of its keys.
	Bag = value.Bag
	// Error is what is wrong with a query, and where.
	Error = syntax.Error
	// ErrorKind says what is wrong with a query.
	ErrorKind = syntax.ErrorKind
)

// The kinds of error.
const (
	SyntaxError   = syntax.SyntaxError
	SemanticError = syntax.SemanticError
	Unsupported   = syntax.Unsupported
	LimitExceeded = syntax.LimitExceeded
)

// The scalar types. Unknown is the type of an untyped null.
const (
	Unknown  = value.Unknown
	Bool     = value.Bool
	Int      = value.Int
	Long     = value.Long
	Real     = value.Real
	Decimal  = value.Decimal
	String   = value.String
	Datetime = value.Datetime
	Timespan = value.Timespan
	Dynamic  = value.Dynamic
	Guid     = value.Guid
)

// Null is the null of type t; for String it is the empty string.
func Null(t Type) Value { return value.Null(t) }

// BoolValue is a bool.
func BoolValue(b bool) Value { return value.BoolValue(b) }

// IntValue is a 32-bit int.
func IntValue(n int32) Value { return value.IntValue(n) }

// LongValue is a 64-bit long.
func LongValue(n int64) Value { return value.LongValue(n) }

// RealValue is a 64-bit float.
func RealValue(f float64) Value { return value.RealValue(f) }

// StringValue is a string.
func StringValue(s string) Value { return value.StringValue(s) }

// GuidValue is a GUID in its canonical lower-case text.
func GuidValue(s string) Value { return value.GuidValue(s) }

// DatetimeValue is an instant, kept to 100 ns.
func DatetimeValue(t time.Time) Value { return value.DatetimeValue(t) }

// DatetimeTicks is the instant that lies so many ticks of 100 ns after 0001-01-01.
func DatetimeTicks(ticks int64) Value { return value.DatetimeTicks(ticks) }

// DynamicValue wraps nil, bool, int64, float64, string, []any or *Bag.
func DynamicValue(d any) Value { return value.DynamicValue(d) }

// NewBag is an empty bag.
func NewBag() *Bag { return value.NewBag() }

// NewBuilder begins a table.
func NewBuilder(name string, cols []Column) *Builder { return value.NewBuilder(name, cols) }

// Concat puts tables of the same columns behind each other. The parts must not
// be used after it.
func Concat(name string, parts []*Table) *Table { return value.Concat(name, parts) }

// ColumnData is the cells of one column, made elsewhere in one go.
type ColumnData = value.ColumnData

// TextData is a column of String or Guid: row i holds dict[ids[i]].
func TextData(t Type, dict []string, ids []uint32) ColumnData { return value.TextData(t, dict, ids) }

// DynamicData is a column of Dynamic. A dictionary entry is JSON, or plain text
// where isText says so. null is the entry of the null, or -1.
func DynamicData(dict []string, ids []uint32, null int, isText func(entry int) bool) ColumnData {
	return value.DynamicData(dict, ids, null, isText)
}

// NumberData is a column of Bool, Int, Long, Datetime or Timespan; bit i of
// nulls makes row i a null.
func NumberData(t Type, vals []int64, nulls []uint64) ColumnData {
	return value.NumberData(t, vals, nulls)
}

// RealData is a column of Real or Decimal.
func RealData(t Type, vals []float64, valid []bool) ColumnData {
	return value.RealData(t, vals, valid)
}

// EmptyData is a column of nulls, which takes no memory.
func EmptyData(t Type) ColumnData { return value.EmptyData(t) }

// CellsOf are the cells of a column of a table, shared with it and not copied.
func CellsOf(t *Table, col int) ColumnData { return value.CellsOf(t, col) }

// TextsOf are the cells of a column as texts, made when a query first looks.
func TextsOf(t *Table, col int) ColumnData { return value.TextsOf(t, col) }

// LateData is a column that is fetched when a query first looks at a cell of it.
func LateData(t Type, fetch func() ColumnData) ColumnData { return value.LateData(t, fetch) }

// Assemble makes a table of whole columns, one for each of cols.
func Assemble(name string, cols []Column, rows int, data []ColumnData) *Table {
	return value.Assemble(name, cols, rows, data)
}

// Names are the identifiers and the texts of a query: no column that is not
// among them is read by it, unless it takes all columns of a table.
func Names(query string) []string { return syntax.Names(query) }

type (
	// References is what a query reads, as far as its text alone shows.
	References = syntax.References
	// TableUse is one place where a query reads a table.
	TableUse = syntax.TableUse
	// ColumnUse is a column with the line that reads it first.
	ColumnUse = syntax.ColumnUse
	// Use is one operator or function with its line.
	Use = syntax.Use
)

// References lists the tables and columns that the query reads with their
// lines, where a table's time is bounded by the query itself, and what is
// called. It knows no schema.
func (q *Query) References() References { return q.parsed.References() }

// Schema is one of the two shapes in which the same tables are kept.
type Schema = syntax.Schema

// The schemas of a workspace and of Defender's advanced hunting.
const (
	LogAnalytics    = syntax.LogAnalytics
	AdvancedHunting = syntax.AdvancedHunting
)

// ForSchema writes a query for one of the schemas: the time column is renamed
// by token, JSON that is a text in advanced hunting is parsed where a dynamic is
// wanted, and ingestion_time(), which is not there, becomes the event's time.
func ForSchema(query string, to Schema) string { return syntax.ForSchema(query, to) }
