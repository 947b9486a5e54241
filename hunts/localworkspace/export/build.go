package export

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Table gives a table by its name. A table without a file does not exist. A
// column that no query mentioned so far is read from the files when one looks at
// it.
func (s *Set) Table(name string) (*kql.Table, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.tables[name]; ok {
		return t, true
	}
	exists := false
	var files []*file
	for _, f := range s.files {
		switch {
		case f.table == name && !f.loaded:
			if s.load(context.Background(), f, wanted{"DeviceId": true, "DeviceName": true, "ReportId": true}) != nil {
				continue
			}
			_ = s.dedupe()
		case f.table == name:
		case f.content == nil || f.content.segments[name] == nil:
			continue
		}
		exists = true
		if f.content != nil && f.content.segments[name] != nil {
			files = append(files, f)
		}
	}
	if !exists {
		return nil, false
	}
	t := s.build(name, files)
	s.tables[name] = t
	return t, true
}

// build makes a table of what its files gave.
func (s *Set) build(name string, files []*file) *kql.Table {
	b := builder{}
	for _, f := range files {
		b.add(f, name)
	}
	var columns []kql.Column
	var data []kql.ColumnData
	put := func(c kql.Column, d kql.ColumnData) {
		columns = append(columns, c)
		data = append(data, d)
	}
	documented := knownTables()[name]
	if documented == nil {
		documented = []kql.Column{{Name: TimeColumn, Type: kql.Datetime}}
	}
	for _, c := range documented {
		switch {
		case c.Name == TimeColumn:
			put(c, b.times())
		case b.has(c.Name):
			put(c, b.column(c.Name, c.Type, s.zone))
		case s.readable(files, name, c.Name):
			put(c, kql.LateData(c.Type, func() kql.ColumnData { return s.late(name, c) }))
		default:
			put(c, kql.EmptyData(c.Type))
		}
	}
	for _, extra := range b.extra(documented) {
		typ := b.typeOf(extra, s.zone)
		put(kql.Column{Name: extra, Type: typ}, b.column(extra, typ, s.zone))
	}
	return kql.Assemble(name, columns, b.rows, data)
}

// readable tells whether a file has a column that was not read yet.
func (s *Set) readable(files []*file, table, column string) bool {
	return slices.ContainsFunc(files, func(f *file) bool {
		return !f.want.column(column) && !f.content.isMissing(table, column)
	})
}

// late reads a column, and all others that are still missing, of all files of a
// table.
func (s *Set) late(table string, c kql.Column) kql.ColumnData {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := builder{}
	for _, f := range s.files {
		if f.content == nil || f.content.segments[table] == nil {
			continue
		}
		if s.load(context.Background(), f, nil) != nil || f.content == nil {
			return kql.EmptyData(c.Type) // the file is gone, which is reported
		}
	}
	if s.dedupe() != nil {
		return kql.EmptyData(c.Type)
	}
	for _, f := range s.files {
		if f.content != nil && f.content.segments[table] != nil {
			b.add(f, table)
		}
	}
	if !b.has(c.Name) {
		return kql.EmptyData(c.Type)
	}
	return b.column(c.Name, c.Type, s.zone)
}

// builder joins the segments of a table.
type builder struct {
	segments []*segment
	orders   []Order // of the dates of each
	rows     int
}

func (b *builder) add(f *file, table string) {
	seg := f.content.segments[table]
	b.segments = append(b.segments, seg)
	b.orders = append(b.orders, f.content.dates.order)
	b.rows += seg.kept()
}

// kept counts the rows that are events.
func (seg *segment) kept() int {
	n := seg.rows
	for _, dropped := range seg.dropped {
		if dropped {
			n--
		}
	}
	return n
}

func (b *builder) has(column string) bool {
	return slices.ContainsFunc(b.segments, func(seg *segment) bool { return seg.byName[column] != nil })
}

func (b *builder) extra(documented []kql.Column) []string {
	var names []string
	for _, seg := range b.segments {
		for _, c := range seg.columns {
			known := slices.ContainsFunc(documented, func(d kql.Column) bool { return d.Name == c.name })
			if !known && !slices.Contains(names, c.name) {
				names = append(names, c.name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func (b *builder) times() kql.ColumnData {
	if len(b.segments) == 1 && b.segments[0].dropped == nil {
		return kql.NumberData(kql.Datetime, b.segments[0].ticks, nil)
	}
	out := make([]int64, 0, b.rows)
	for _, seg := range b.segments {
		for i, at := range seg.ticks {
			if seg.dropped == nil || !seg.dropped[i] {
				out = append(out, at)
			}
		}
	}
	return kql.NumberData(kql.Datetime, out, nil)
}

// column is the cells of all segments as one type.
func (b *builder) column(name string, t kql.Type, zone *time.Location) kql.ColumnData {
	switch t {
	case kql.Int, kql.Long:
		return b.numbers(name, t)
	case kql.String, kql.Guid, kql.Dynamic:
		return b.texts(name, t)
	case kql.Real, kql.Decimal:
		vals, valid := make([]float64, 0, b.rows), make([]bool, 0, b.rows)
		b.each(name, func(c *cells, _ Order) func(row int) {
			parsed, ok := make([]float64, len(c.dict)), make([]bool, len(c.dict))
			for id := 1; id < len(c.dict); id++ {
				f, err := strconv.ParseFloat(strings.TrimSpace(c.dict[id]), 64)
				parsed[id], ok[id] = f, err == nil
			}
			return func(row int) { id := c.id(row); vals, valid = append(vals, parsed[id]), append(valid, ok[id]) }
		}, func() { vals, valid = append(vals, 0), append(valid, false) })
		return kql.RealData(t, vals, valid)
	}
	return b.parsed(name, t, zone)
}

// each calls row for every row that is an event, or absent where its segment has
// no such column.
func (b *builder) each(name string, of func(c *cells, o Order) (row func(int)), absent func()) {
	for i, seg := range b.segments {
		c := seg.byName[name]
		row := func(int) { absent() }
		if c != nil {
			row = of(c, b.orders[i])
		}
		for r := range seg.rows {
			if seg.dropped == nil || !seg.dropped[r] {
				row(r)
			}
		}
	}
}

// id is the entry of a row.
func (c *cells) id(row int) uint32 {
	if row < len(c.ids) {
		return c.ids[row]
	}
	return 0
}

// collector gathers numbers and their nulls.
type collector struct {
	vals  []int64
	nulls []uint64
}

func (n *collector) add(v int64, ok bool) {
	if !ok {
		w := len(n.vals) >> 6
		for len(n.nulls) <= w {
			n.nulls = append(n.nulls, 0)
		}
		n.nulls[w] |= 1 << (len(n.vals) & 63)
		v = 0
	}
	n.vals = append(n.vals, v)
}

func (b *builder) numbers(name string, t kql.Type) kql.ColumnData {
	out := collector{vals: make([]int64, 0, b.rows)}
	b.each(name, func(c *cells, _ Order) func(int) {
		if c.numbers == nil { // of an undocumented column, whose type shows in its texts
			parsed, ok := make([]int64, len(c.dict)), make([]bool, len(c.dict))
			for id := 1; id < len(c.dict); id++ {
				parsed[id], ok[id] = wholeNumber(strings.TrimSpace(c.dict[id]))
			}
			return func(row int) { id := c.id(row); out.add(parsed[id], ok[id]) }
		}
		return func(row int) { out.add(c.numbers[row], c.numbers[row] != noNumber) }
	}, func() { out.add(0, false) })
	return kql.NumberData(t, out.vals, out.nulls)
}

// parsed is a column of times or truth values.
func (b *builder) parsed(name string, t kql.Type, zone *time.Location) kql.ColumnData {
	out := collector{vals: make([]int64, 0, b.rows)}
	b.each(name, func(c *cells, o Order) func(int) {
		vals, ok := make([]int64, len(c.dict)), make([]bool, len(c.dict))
		for id := 1; id < len(c.dict); id++ {
			text := strings.TrimSpace(c.dict[id])
			if t == kql.Bool {
				var yes bool
				if yes, ok[id] = boolNamed(text); yes {
					vals[id] = 1
				}
				continue
			}
			if at, read := readTime(text, zone).in(o); read {
				vals[id], ok[id] = ticksOf(at), true
			}
		}
		return func(row int) { id := c.id(row); out.add(vals[id], ok[id]) }
	}, func() { out.add(0, false) })
	return kql.NumberData(t, out.vals, out.nulls)
}

// texts is a column with one dictionary for all segments.
func (b *builder) texts(name string, t kql.Type) kql.ColumnData {
	if len(b.segments) == 1 && b.segments[0].dropped == nil && b.segments[0].byName[name].plain() {
		c := b.segments[0].byName[name]
		return c.data(t, slices.Clip(c.dict), c.bare, c.ids)
	}
	dict, bare, ids := []string{""}, []bool{false}, make([]uint32, 0, b.rows)
	seen := [2]map[string]uint32{{}, {}}
	b.each(name, func(c *cells, _ Order) func(int) {
		to := make([]uint32, len(c.dict))
		for id := 1; id < len(c.dict); id++ {
			kind := 0
			if c.bare[id] && t == kql.Dynamic {
				kind = 1
			}
			have, ok := seen[kind][c.dict[id]]
			if !ok {
				have = uint32(len(dict))
				dict, bare = append(dict, c.dict[id]), append(bare, c.bare[id])
				seen[kind][c.dict[id]] = have
			}
			to[id] = have
		}
		return func(row int) { ids = append(ids, to[c.id(row)]) }
	}, func() { ids = append(ids, 0) })
	return (&cells{}).data(t, dict, bare, ids)
}

// plain tells whether the dictionary can be handed over as it is.
func (c *cells) plain() bool { return c.documented && c.ids != nil }

// data is a column of texts; a JSON object or array that an export wrote as a
// string is opened, and any other text stays the string it is.
func (*cells) data(t kql.Type, dict []string, bare []bool, ids []uint32) kql.ColumnData {
	if t != kql.Dynamic {
		return kql.TextData(t, dict, ids)
	}
	trees := make([]string, len(dict))
	for id, text := range dict {
		if trees[id] = text; !bare[id] {
			trees[id] = strings.TrimSpace(text)
		}
	}
	return kql.DynamicData(trees, ids, 0, func(id int) bool { return (!bare[id] || strings.HasPrefix(trees[id], "{")) && !isTree(trees[id]) })
}

// Cell is one text as a value of a column; what does not fit is the null of it.
func Cell(text string, t kql.Type) kql.Value {
	c := &cells{name: "cell", documented: true, dict: []string{"", text}, bare: []bool{false, false}, ids: []uint32{1}}
	if strings.TrimSpace(text) == "" {
		c.ids[0] = 0
	}
	seg := &segment{rows: 1, byName: map[string]*cells{c.name: c}}
	b := builder{segments: []*segment{seg}, orders: []Order{monthFirst}, rows: 1}
	return kql.Assemble("", []kql.Column{{Name: c.name, Type: t}}, 1, []kql.ColumnData{b.column(c.name, t, time.UTC)}).Value(0, 0)
}
