package export

import (
	"cmp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// content is what a file gave.
type content struct {
	segments map[string]*segment
	bad      []BadLine
	rows     int   // records that were taken
	homeless int64 // records without a table
	empty    bool  // there is nothing in the file
	size     int64 // of the cells
	over     bool  // the rest was not read: the memory is used up
	latin    bool  // it is not UTF-8
	local    bool  // it has times in a zone that it does not carry
	dates    dates
	names    []string // of its columns, as they are written
	listed   bool     // names stand in a header, so that a name that is not there is missing
}

// segment is what a file gave to one table.
type segment struct {
	rows    int
	ticks   []int64
	columns []*cells
	byName  map[string]*cells
	listed  bool   // its file has a header, and writes everything as text
	dropped []bool // rows that are not events after all, or are in another file too
}

// cells is one column of a segment. Entry 0 of its dictionary is the missing cell.
type cells struct {
	name       string
	typ        kql.Type // where it is documented
	documented bool
	dict       []string
	bare       []bool // entries that were JSON and no strings
	ids        []uint32
	numbers    []int64
}

// dates collects what the dates of a file say about their order.
type dates struct {
	onlyMonth, onlyDay string // an example that one order alone reads
	ambiguous          string
	order              Order
}

func (d *dates) see(text string, r reading) {
	switch {
	case r.decide == monthFirst && d.onlyMonth == "":
		d.onlyMonth = text
	case r.decide == dayFirst && d.onlyDay == "":
		d.onlyDay = text
	case d.ambiguous == "" && r.ambiguous():
		d.ambiguous = text
	}
}

// decide settles the order: what somebody said, what a date of the file shows,
// or month first where nothing does, which is then reported.
func (d *dates) decide(said Order) {
	switch {
	case said != orderUnknown:
		d.order = said
	case d.onlyDay != "" && d.onlyMonth == "":
		d.order = dayFirst
	default:
		d.order = monthFirst
	}
}

// undecided tells that the order was guessed, and that it matters.
func (d *dates) undecided(said Order) bool {
	return said == orderUnknown && d.ambiguous != "" && (d.onlyDay == "") == (d.onlyMonth == "")
}

// collect puts together what the workers read.
func (s *scan) collect(workers []*worker) *content {
	c := &content{segments: map[string]*segment{}, homeless: s.homeless.Load(), size: s.size.Load(), over: s.over.Load(), listed: s.header != nil}
	bad := &badLines{file: s.in.name}
	first := firstLines(workers)
	if s.header != nil {
		for seq := range first {
			first[seq] += s.headerLines
		}
	}
	lineOf := func(seq, line int, absolute bool) int {
		if absolute || seq >= len(first) {
			return line
		}
		return first[seq] + line - 1
	}
	c.readDates(s, workers)
	var tables []string
	for _, w := range workers {
		for _, b := range w.bad {
			bad.add(b.table, lineOf(b.seq, b.line, b.absolute), b.reason)
		}
		bad.more += w.more
		for _, t := range w.targets {
			if !slices.Contains(tables, t.name) {
				tables = append(tables, t.name)
			}
		}
		for name := range w.keys.byName {
			if !slices.Contains(c.names, name) {
				c.names = append(c.names, name)
			}
		}
	}
	for _, table := range tables {
		seg := c.segment(table, workers, func(seq, line int, text string) {
			at := lineOf(seq, line, s.header == nil && s.delim == 0 && s.document)
			bad.add(table, at, TimeColumn+" is not a datetime: "+quoteShort(text)+" has no such day or month where the other dates of the file are read: skipped")
		})
		if seg.rows > 0 || table == s.table {
			c.segments[table] = seg
			c.rows += seg.rows
		}
	}
	c.bad = bad.list(s.table)
	return c
}

// firstLines is the line at which each block begins.
func firstLines(workers []*worker) []int {
	var all []blockLines
	for _, w := range workers {
		all = append(all, w.lines...)
	}
	slices.SortFunc(all, func(a, b blockLines) int { return cmp.Compare(a.seq, b.seq) })
	first := make([]int, len(all))
	line := 1
	for i, b := range all {
		first[i] = line
		line += b.lines
	}
	return first
}

// readDates looks at every date that a locale wrote.
func (c *content) readDates(s *scan, workers []*worker) {
	see := func(text string, r reading) {
		c.dates.see(text, r)
		c.local = c.local || r.zone
	}
	for _, w := range workers {
		for id, r := range w.read {
			if id > 0 {
				see(w.times.texts[id], r)
			}
		}
		for _, t := range w.targets {
			for _, col := range t.columns {
				if col.typ != kql.Datetime || !col.documented {
					continue
				}
				for id := 1; id < len(col.texts.texts); id++ {
					text := col.texts.texts[id]
					if _, ok := quickTime([]byte(text)); !ok {
						see(text, readTime(cellString(text, col.texts.kinds[id]), s.zone))
					}
				}
			}
		}
	}
	c.dates.decide(s.set.opts.Dates)
}

// part is one worker's share of a table.
type part struct {
	worker *worker
	target *target
}

// segment joins what the workers read for one table, in the order of the file.
func (c *content) segment(table string, workers []*worker, drop func(seq, line int, text string)) *segment {
	type piece struct {
		part
		*chunk
		index int
	}
	var pieces []piece
	var parts []part
	seg := &segment{byName: map[string]*cells{}, listed: c.listed}
	for _, w := range workers {
		for _, t := range w.targets {
			if t.name != table {
				continue
			}
			parts = append(parts, part{w, t})
			for i := range t.chunks {
				pieces = append(pieces, piece{parts[len(parts)-1], &t.chunks[i], len(parts) - 1})
				seg.rows += t.chunks[i].rows
			}
		}
	}
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Compare(a.seq, b.seq) })
	seg.ticks = make([]int64, 0, seg.rows)
	for _, p := range pieces {
		from := len(seg.ticks)
		seg.ticks = append(seg.ticks, p.ticks...)
		p.ticks = nil
		for _, o := range p.odd {
			at, ok := p.worker.read[o.entry].in(c.dates.order)
			if ok {
				seg.ticks[from+o.row] = ticksOf(at)
				continue
			}
			drop(p.seq, o.line, p.worker.times.texts[o.entry])
			seg.drop(from + o.row)
		}
	}
	for _, name := range columnsOf(parts) {
		joined := &cells{name: name}
		maps := joined.join(parts, &c.latin)
		at := 0
		for _, p := range pieces {
			col := slices.IndexFunc(p.target.columns, func(x *column) bool { return x.name == name })
			if col >= 0 && col < len(p.cells) {
				joined.put(at, seg.rows, p.cells[col], maps[p.index])
				p.cells[col] = chunkCells{}
			}
			at += p.rows
		}
		seg.columns = append(seg.columns, joined)
		seg.byName[name] = joined
	}
	return seg
}

func (seg *segment) drop(row int) {
	if seg.dropped == nil {
		seg.dropped = make([]bool, seg.rows)
	}
	seg.dropped[row] = true
}

func columnsOf(parts []part) []string {
	var names []string
	for _, p := range parts {
		for _, c := range p.target.columns {
			if !slices.Contains(names, c.name) {
				names = append(names, c.name)
			}
		}
	}
	return names
}

// join makes one dictionary of the workers' ones; the maps lead from each of
// them to it. Escapes are decoded here, once for each distinct cell.
func (c *cells) join(parts []part, latin *bool) [][]uint32 {
	maps := make([][]uint32, len(parts))
	seen := [2]map[string]uint32{{}, {}}
	c.dict, c.bare = []string{""}, []bool{false}
	for i, p := range parts {
		col := p.target.byName[c.name]
		if col == nil {
			continue
		}
		c.typ, c.documented = col.typ, col.documented
		if col.numeric {
			continue
		}
		maps[i] = make([]uint32, len(col.texts.texts))
		for id := 1; id < len(col.texts.texts); id++ {
			if col.bad[id] {
				continue // reported, and left empty
			}
			text, foreign := asUTF8(cellString(col.texts.texts[id], col.texts.kinds[id]))
			*latin = *latin || foreign
			bare := 0
			if col.texts.kinds[id] == cellBare && (c.typ == kql.Dynamic || !c.documented) {
				bare = 1
			}
			to, ok := seen[bare][text]
			if !ok && (text != "" || bare == 1) {
				to = uint32(len(c.dict))
				c.dict, c.bare = append(c.dict, text), append(c.bare, bare == 1)
				seen[bare][text] = to
			}
			maps[i][id] = to
		}
		col.texts.slots, col.texts.hashes = nil, nil
	}
	return maps
}

// put copies the cells of one block to their place.
func (c *cells) put(at, rows int, from chunkCells, to []uint32) {
	if len(from.ids) > 0 {
		if c.ids == nil {
			c.ids = make([]uint32, rows)
		}
		for i, id := range from.ids {
			c.ids[at+i] = to[id]
		}
	}
	if len(from.numbers) > 0 {
		if c.numbers == nil {
			c.numbers = slices.Repeat([]int64{noNumber}, rows)
		}
		copy(c.numbers[at:], from.numbers)
	}
}

// named are the columns of a table that the file names, in lower case.
func (c *content) named(table string) map[string]bool {
	out := make(map[string]bool, len(c.names))
	for _, name := range c.names {
		base, _ := splitZone(name)
		out[strings.ToLower(columnNamed(table, base))] = true
	}
	return out
}

// isMissing tells whether the file names no such column at all.
func (c *content) isMissing(table, column string) bool {
	return !c.named(table)[strings.ToLower(column)]
}
