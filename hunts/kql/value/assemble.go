package value

import (
	"sync"
	"unsafe"
)

// ColumnData is the cells of one column, made elsewhere in one go: what reads
// millions of rows keeps its own dictionaries and hands them over without a copy.
type ColumnData struct{ cells Storage }

// TextData is a column of String or Guid: row i holds dict[ids[i]]. The slices
// belong to the column from now on.
func TextData(t Type, dict []string, ids []uint32) ColumnData {
	return ColumnData{&texts{kind: t, dict: dict, ids: ids}}
}

// DynamicData is a column of Dynamic. A dictionary entry is JSON and parsed when
// it is looked at, or plain text where isText says so. null is the entry of the
// null, or -1.
func DynamicData(dict []string, ids []uint32, null int, isText func(entry int) bool) ColumnData {
	c := &texts{kind: Dynamic, dict: dict, ids: ids, null: uint32(null + 1)}
	for id, text := range dict {
		if id != null && isText(id) {
			if c.parsed == nil {
				c.parsed = map[uint32]any{}
			}
			c.parsed[uint32(id)] = text
		}
	}
	return ColumnData{c}
}

// NumberData is a column of Bool, Int, Long, Datetime or Timespan; bit i of
// nulls makes row i a null, and nulls may be short.
func NumberData(t Type, vals []int64, nulls []uint64) ColumnData {
	return ColumnData{&Numbers{Kind: t, Vals: vals, Nulls: nulls}}
}

// RealData is a column of Real or Decimal.
func RealData(t Type, vals []float64, valid []bool) ColumnData {
	return ColumnData{&reals{kind: t, vals: vals, valid: valid}}
}

// EmptyData is a column of nulls, which takes no memory.
func EmptyData(t Type) ColumnData { return ColumnData{&blank{t}} }

// LateData is a column that is fetched when a query first looks at a cell of it.
// fetch is called once at most, by whichever query comes first.
func LateData(t Type, fetch func() ColumnData) ColumnData {
	l := &late{kind: t, fetch: sync.OnceValue(func() Storage { return fetch().cells })}
	if t == String || t == Guid || t == Dynamic {
		return ColumnData{&lateTexts{l}}
	}
	return ColumnData{l}
}

// CellsOf are the cells of a column of a table, shared with it and not copied.
func CellsOf(t *Table, col int) ColumnData { return ColumnData{t.data[col]} }

// TextsOf are the cells of a column as the texts that tostring() makes of them,
// made when a query first looks at one.
func TextsOf(t *Table, col int) ColumnData {
	return LateData(String, func() ColumnData {
		out := &texts{kind: String, index: map[string]uint32{}}
		dict, _ := t.data[col].(Dictionary)
		known := map[uint32]Value{} // a dynamic is parsed once, not once a row
		for row := range t.rows {
			if dict == nil {
				out.Add(StringValue(t.Value(row, col).Text()))
				continue
			}
			id := dict.ID(row)
			v, ok := known[id]
			if !ok {
				v = StringValue(t.Value(row, col).Text())
				known[id] = v
			}
			out.Add(v)
		}
		return ColumnData{out}
	})
}

// Assemble makes a table of whole columns, one for each of cols.
func Assemble(name string, cols []Column, rows int, data []ColumnData) *Table {
	t := &Table{name: name, columns: cols, rows: rows, data: make([]Storage, len(data))}
	for i, d := range data {
		t.data[i] = d.cells
	}
	return t
}

// blank is a column without a value.
type blank struct{ kind Type }

func (b *blank) Type() Type    { return b.kind }
func (b *blank) At(int) Value  { return Null(b.kind) }
func (b *blank) ID(int) uint32 { return 0 }
func (b *blank) Size() int     { return 1 }
func (*blank) Add(Value)       {}

// Grown is nothing.
func (*blank) Grown() int64 { return 0 }

func (*blank) memory() int64 { return int64(unsafe.Sizeof(blank{})) }

// late is a column that is not there yet.
type late struct {
	kind  Type
	fetch func() Storage
}

func (l *late) Type() Type     { return l.kind }
func (l *late) At(i int) Value { return l.fetch().At(i) }
func (l *late) Add(v Value)    { l.fetch().Add(v) }

// Grown is nothing: what is fetched was there before.
func (l *late) Grown() int64 { return 0 }

func (l *late) memory() int64 { return 0 }

// lateTexts is a late column that will have a dictionary.
type lateTexts struct{ *late }

func (l *lateTexts) ID(i int) uint32 { return l.fetch().(Dictionary).ID(i) }
func (l *lateTexts) Size() int       { return l.fetch().(Dictionary).Size() }

// fetched is the column as one that Builder could have made.
func fetched(s Storage, rows int) Storage {
	switch l := s.(type) {
	case *late:
		return fetched(l.fetch(), rows)
	case *lateTexts:
		return fetched(l.fetch(), rows)
	case *blank:
		out := NewStorage(l.Type())
		for range rows {
			out.Add(Null(l.Type()))
		}
		return out
	}
	return s
}
