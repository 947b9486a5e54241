package value

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unsafe"
)

// Column is the name and type of one column.
type Column struct {
	Name string
	Type Type
}

// Table is immutable and columnar. Strings and dynamics are kept once in a
// dictionary, numbers in flat arrays.
type Table struct {
	name    string
	columns []Column
	data    []Storage
	rows    int
}

// Database finds tables by name.
type Database interface {
	Table(name string) (*Table, bool)
}

// Lister is a Database that knows the names of its tables: what search and
// union * need.
type Lister interface {
	Tables() []string
}

// Tables is a Database of a few named tables.
type Tables map[string]*Table

// Table finds a table by its exact name.
func (t Tables) Table(name string) (*Table, bool) { x, ok := t[name]; return x, ok }

// Tables are the names in order.
func (t Tables) Tables() []string { return slices.Sorted(maps.Keys(t)) }

// Name is the name the table was built with.
func (t *Table) Name() string { return t.name }

// Columns are the columns in order.
func (t *Table) Columns() []Column { return t.columns }

// Len counts the rows.
func (t *Table) Len() int { return t.rows }

// Vector is one column with all its rows.
func (t *Table) Vector(col int) Vector { return t.data[col] }

// Value is one cell.
func (t *Table) Value(row, col int) Value { return t.data[col].At(row) }

// Print writes the names of the columns and then the rows, tabs between the
// cells. Tabs, line ends and backslashes within a cell are escaped with one; a
// null is empty.
func (t *Table) Print(w io.Writer) error {
	escape := strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)
	line := make([]string, len(t.columns))
	for i, c := range t.columns {
		line[i] = escape.Replace(c.Name)
	}
	for row := -1; row < t.rows; row++ {
		for k := range t.columns {
			if row >= 0 {
				line[k] = escape.Replace(t.Value(row, k).Text())
			}
		}
		if _, err := io.WriteString(w, strings.Join(line, "\t")+"\n"); err != nil {
			return fmt.Errorf("printing a table: %w", err)
		}
	}
	return nil
}

// Memory estimates the bytes the rows take.
func (t *Table) Memory() int64 {
	var n int64
	for _, d := range t.data {
		n += d.memory()
	}
	return n
}

// Storage is one column of a table.
type Storage interface {
	Vector
	Add(v Value)
	memory() int64
	// Grown is about the bytes that Add has taken.
	Grown() int64
}

// Vector is a column of whatever stage of a query.
type Vector interface {
	At(i int) Value
	Type() Type
}

// Dictionary is a vector whose values are few: what depends on one value can
// be computed once for each id.
type Dictionary interface {
	Vector
	ID(i int) uint32
	Size() int
}

// NewStorage is an empty column of a type.
func NewStorage(t Type) Storage {
	switch t {
	case String, Guid, Dynamic:
		return &texts{kind: t, index: map[string]uint32{}}
	case Real, Decimal:
		return &reals{kind: t}
	}
	return &Numbers{Kind: t}
}

// texts holds strings, GUIDs and, as JSON text, dynamics.
type texts struct {
	kind   Type
	dict   []string
	null   uint32 // id+1 of the null, 0 when there is none
	ids    []uint32
	index  map[string]uint32
	parsed map[uint32]any // dynamics that were never text
	grown  int64          // bytes that Add has taken
}

func (c *texts) Type() Type      { return c.kind }
func (c *texts) ID(i int) uint32 { return c.ids[i] }
func (c *texts) Size() int       { return len(c.dict) }

func (c *texts) At(i int) Value { return c.value(c.ids[i]) }

func (c *texts) value(id uint32) Value {
	if c.null != 0 && id == c.null-1 {
		return Null(c.kind)
	}
	switch c.kind {
	case Dynamic:
		if v, ok := c.parsed[id]; ok {
			return DynamicValue(v)
		}
		v, ok := ParseJSON(c.dict[id])
		if !ok {
			return DynamicValue(c.dict[id])
		}
		return DynamicValue(v)
	case Guid:
		return GuidValue(c.dict[id])
	}
	return StringValue(c.dict[id])
}

func (c *texts) Add(v Value) {
	key, text := "", ""
	switch {
	case !v.Valid && c.kind != String:
		if c.null == 0 {
			c.dict = append(c.dict, "")
			c.null = uint32(len(c.dict))
		}
		c.ids = append(c.ids, c.null-1)
		return
	case c.kind == Dynamic && v.Kind == Dynamic:
		if s, ok := v.Dyn.(string); ok {
			key, text = "s"+s, s
		} else {
			text = DynamicText(v.Dyn)
			key = "j" + text
		}
	case c.kind == Dynamic:
		// raw JSON text straight from a file: parsed when it is looked at
		key, text = "j"+v.Str, v.Str
	default:
		key, text = v.Str, v.Str
	}
	id, ok := c.index[key]
	c.grown += 4
	if !ok {
		c.grown += 64 + int64(len(text))
		id = uint32(len(c.dict))
		c.dict = append(c.dict, text)
		c.index[key] = id
		if c.kind == Dynamic && v.Kind == Dynamic {
			c.grown += 2 * int64(len(text)) // the key of the index, and the tree
			if c.parsed == nil {
				c.parsed = map[uint32]any{}
			}
			c.parsed[id] = v.Dyn
		}
	}
	c.ids = append(c.ids, id)
}

// Grown is about the bytes that Add has taken.
func (c *texts) Grown() int64 { return c.grown }

func (c *texts) memory() int64 {
	n := int64(len(c.ids))*4 + int64(len(c.dict))*int64(unsafe.Sizeof(""))
	for _, s := range c.dict {
		n += int64(len(s))
	}
	return n
}

// Numbers holds whatever is an integer inside, with a bitmap of nulls that is
// nil as long as there is none.
type Numbers struct {
	Kind  Type
	Vals  []int64
	Nulls []uint64
}

func (c *Numbers) Type() Type { return c.Kind }

// Null tells whether a row has none.
func (c *Numbers) Null(i int) bool {
	w := i >> 6
	return w < len(c.Nulls) && c.Nulls[w]&(1<<(i&63)) != 0
}

func (c *Numbers) At(i int) Value {
	if c.Null(i) {
		return Value{Kind: c.Kind}
	}
	return Value{Kind: c.Kind, Valid: true, Num: c.Vals[i]}
}

func (c *Numbers) Add(v Value) {
	if !v.Valid {
		w := len(c.Vals) >> 6
		for len(c.Nulls) <= w {
			c.Nulls = append(c.Nulls, 0)
		}
		c.Nulls[w] |= 1 << (len(c.Vals) & 63)
	}
	c.Vals = append(c.Vals, v.Num)
}

// Grown is about the bytes that Add has taken.
func (c *Numbers) Grown() int64 { return c.memory() }

func (c *Numbers) memory() int64 { return int64(len(c.Vals)+len(c.Nulls)) * 8 }

type reals struct {
	kind  Type
	vals  []float64
	valid []bool
}

func (c *reals) Type() Type { return c.kind }
func (c *reals) At(i int) Value {
	return Value{Kind: c.kind, Valid: c.valid[i], Real: c.vals[i]}
}
func (c *reals) Add(v Value) {
	c.vals = append(c.vals, v.Real)
	c.valid = append(c.valid, v.Valid)
}

// Grown is about the bytes that Add has taken.
func (c *reals) Grown() int64 { return c.memory() }

func (c *reals) memory() int64 { return int64(len(c.vals)) * 9 }

// Builder makes a Table row by row.
type Builder struct{ t *Table }

// NewBuilder begins a table.
func NewBuilder(name string, cols []Column) *Builder {
	t := &Table{name: name, columns: append([]Column{}, cols...)}
	for _, c := range cols {
		t.data = append(t.data, NewStorage(c.Type))
	}
	return &Builder{t}
}

// Append adds a row; values that are missing are null. A dynamic may come as a
// string Value that holds its JSON.
func (b *Builder) Append(values ...Value) {
	for i, d := range b.t.data {
		if i < len(values) {
			d.Add(values[i])
		} else {
			d.Add(Null(b.t.columns[i].Type))
		}
	}
	b.t.rows++
}

// Grown is about the bytes that the rows have taken so far.
func (b *Builder) Grown() int64 {
	n := int64(0)
	for _, d := range b.t.data {
		n += d.Grown()
	}
	return n
}

// Table ends the building; the builder must not be used after it.
func (b *Builder) Table() *Table {
	for _, d := range b.t.data {
		if c, ok := d.(*texts); ok {
			c.index = nil
		}
	}
	return b.t
}

// Concat puts tables of the same columns behind each other, merging their
// dictionaries. The parts must not be used after it.
func Concat(name string, parts []*Table) *Table {
	if len(parts) == 0 {
		return &Table{name: name}
	}
	out := &Table{name: name, columns: parts[0].columns}
	for _, p := range parts {
		out.rows += p.rows
	}
	for k := range out.columns {
		to := NewStorage(out.columns[k].Type)
		for _, p := range parts {
			to = concat(to, fetched(p.data[k], p.rows), out.rows)
		}
		if c, ok := to.(*texts); ok {
			c.index = nil
		}
		out.data = append(out.data, to)
	}
	return out
}

func concat(to, from Storage, rows int) Storage {
	switch dst := to.(type) {
	case *texts:
		src := from.(*texts)
		remap := make([]uint32, len(src.dict))
		for id := range src.dict {
			remap[id] = dst.adopt(src, uint32(id))
		}
		if dst.ids == nil {
			dst.ids = make([]uint32, 0, rows)
		}
		for _, id := range src.ids {
			dst.ids = append(dst.ids, remap[id])
		}
	case *Numbers:
		src := from.(*Numbers)
		if dst.Vals == nil {
			dst.Vals = make([]int64, 0, rows)
		}
		if src.Nulls == nil {
			dst.Vals = append(dst.Vals, src.Vals...)
			return to
		}
		for i := range src.Vals {
			dst.Add(src.At(i))
		}
	case *reals:
		src := from.(*reals)
		dst.vals = append(dst.vals, src.vals...)
		dst.valid = append(dst.valid, src.valid...)
	}
	return to
}

// adopt gives the id that a value of another dictionary has in this one.
func (c *texts) adopt(src *texts, id uint32) uint32 {
	if src.null != 0 && id == src.null-1 {
		if c.null == 0 {
			c.dict = append(c.dict, "")
			c.null = uint32(len(c.dict))
		}
		return c.null - 1
	}
	key := src.dict[id]
	raw, isParsed := src.parsed[id]
	if c.kind == Dynamic {
		if _, isText := raw.(string); isText {
			key = "s" + key
		} else {
			key = "j" + key
		}
	}
	have, ok := c.index[key]
	if ok {
		return have
	}
	have = uint32(len(c.dict))
	c.dict = append(c.dict, src.dict[id])
	c.index[key] = have
	if isParsed {
		if c.parsed == nil {
			c.parsed = map[uint32]any{}
		}
		c.parsed[have] = raw
	}
	return have
}
