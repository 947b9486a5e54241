package kql

import (
	"fmt"
	"io"
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
	data    []storage
	rows    int
}

// Database finds tables by name.
type Database interface {
	Table(name string) (*Table, bool)
}

// Tables is a Database of a few named tables.
type Tables map[string]*Table

// Table finds a table by its exact name.
func (t Tables) Table(name string) (*Table, bool) { x, ok := t[name]; return x, ok }

// Name is the name the table was built with.
func (t *Table) Name() string { return t.name }

// Columns are the columns in order.
func (t *Table) Columns() []Column { return t.columns }

// Len counts the rows.
func (t *Table) Len() int { return t.rows }

// Value is one cell.
func (t *Table) Value(row, col int) Value { return t.data[col].at(row) }

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

// storage is one column of a table.
type storage interface {
	vector
	add(v Value)
	memory() int64
}

// vector is a column of whatever stage of a query.
type vector interface {
	at(i int) Value
	typ() Type
}

// dictionary is a vector whose values are few: what depends on one value can
// be computed once for each id.
type dictionary interface {
	vector
	id(i int) uint32
	size() int
}

func newStorage(t Type) storage {
	switch t {
	case String, Guid, Dynamic:
		return &texts{kind: t, index: map[string]uint32{}}
	case Real, Decimal:
		return &reals{kind: t}
	}
	return &numbers{kind: t}
}

// texts holds strings, GUIDs and, as JSON text, dynamics.
type texts struct {
	kind   Type
	dict   []string
	null   uint32 // id+1 of the null, 0 when there is none
	ids    []uint32
	index  map[string]uint32
	parsed map[uint32]any // dynamics that were never text
}

func (c *texts) typ() Type       { return c.kind }
func (c *texts) id(i int) uint32 { return c.ids[i] }
func (c *texts) size() int       { return len(c.dict) }

func (c *texts) at(i int) Value { return c.value(c.ids[i]) }

func (c *texts) value(id uint32) Value {
	if c.null != 0 && id == c.null-1 {
		return Null(c.kind)
	}
	switch c.kind {
	case Dynamic:
		if v, ok := c.parsed[id]; ok {
			return DynamicValue(v)
		}
		v, ok := parseDynamic(c.dict[id])
		if !ok {
			return DynamicValue(c.dict[id])
		}
		return DynamicValue(v)
	case Guid:
		return GuidValue(c.dict[id])
	}
	return StringValue(c.dict[id])
}

func (c *texts) add(v Value) {
	key, text := "", ""
	switch {
	case !v.valid && c.kind != String:
		if c.null == 0 {
			c.dict = append(c.dict, "")
			c.null = uint32(len(c.dict))
		}
		c.ids = append(c.ids, c.null-1)
		return
	case c.kind == Dynamic && v.typ == Dynamic:
		if s, ok := v.dyn.(string); ok {
			key, text = "s"+s, s
		} else {
			text = dynamicText(v.dyn)
			key = "j" + text
		}
	case c.kind == Dynamic:
		// raw JSON text straight from a file: parsed when it is looked at
		key, text = "j"+v.str, v.str
	default:
		key, text = v.str, v.str
	}
	id, ok := c.index[key]
	if !ok {
		id = uint32(len(c.dict))
		c.dict = append(c.dict, text)
		c.index[key] = id
		if c.kind == Dynamic && v.typ == Dynamic {
			if c.parsed == nil {
				c.parsed = map[uint32]any{}
			}
			c.parsed[id] = v.dyn
		}
	}
	c.ids = append(c.ids, id)
}

func (c *texts) memory() int64 {
	n := int64(len(c.ids))*4 + int64(len(c.dict))*int64(unsafe.Sizeof(""))
	for _, s := range c.dict {
		n += int64(len(s))
	}
	return n
}

// numbers holds whatever is an integer inside, with a bitmap of nulls that is
// nil as long as there is none.
type numbers struct {
	kind  Type
	vals  []int64
	nulls []uint64
}

func (c *numbers) typ() Type { return c.kind }

func (c *numbers) null(i int) bool {
	w := i >> 6
	return w < len(c.nulls) && c.nulls[w]&(1<<(i&63)) != 0
}

func (c *numbers) at(i int) Value {
	if c.null(i) {
		return Value{typ: c.kind}
	}
	return Value{typ: c.kind, valid: true, num: c.vals[i]}
}

func (c *numbers) add(v Value) {
	if !v.valid {
		w := len(c.vals) >> 6
		for len(c.nulls) <= w {
			c.nulls = append(c.nulls, 0)
		}
		c.nulls[w] |= 1 << (len(c.vals) & 63)
	}
	c.vals = append(c.vals, v.num)
}

func (c *numbers) memory() int64 { return int64(len(c.vals)+len(c.nulls)) * 8 }

type reals struct {
	kind  Type
	vals  []float64
	valid []bool
}

func (c *reals) typ() Type { return c.kind }
func (c *reals) at(i int) Value {
	return Value{typ: c.kind, valid: c.valid[i], real: c.vals[i]}
}
func (c *reals) add(v Value) {
	c.vals = append(c.vals, v.real)
	c.valid = append(c.valid, v.valid)
}
func (c *reals) memory() int64 { return int64(len(c.vals)) * 9 }

// Builder makes a Table row by row.
type Builder struct{ t *Table }

// NewBuilder begins a table.
func NewBuilder(name string, cols []Column) *Builder {
	t := &Table{name: name, columns: append([]Column{}, cols...)}
	for _, c := range cols {
		t.data = append(t.data, newStorage(c.Type))
	}
	return &Builder{t}
}

// Append adds a row; values that are missing are null. A dynamic may come as a
// string Value that holds its JSON.
func (b *Builder) Append(values ...Value) {
	for i, d := range b.t.data {
		if i < len(values) {
			d.add(values[i])
		} else {
			d.add(Null(b.t.columns[i].Type))
		}
	}
	b.t.rows++
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
		to := newStorage(out.columns[k].Type)
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

func concat(to, from storage, rows int) storage {
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
	case *numbers:
		src := from.(*numbers)
		if dst.vals == nil {
			dst.vals = make([]int64, 0, rows)
		}
		if src.nulls == nil {
			dst.vals = append(dst.vals, src.vals...)
			return to
		}
		for i := range src.vals {
			dst.add(src.at(i))
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
