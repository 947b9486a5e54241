package export

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// What a slot does with the cells of its key.
const (
	slotUnset = iota
	slotIgnored
	slotTime
	slotColumn
)

// slot is where a key's cells go in one table.
type slot struct {
	kind   uint8
	rank   uint8 // of a time: the lowest one that can be read counts
	column *column
}

// header is the columns of records that are lists of cells.
type header struct {
	names []string
}

// worker turns blocks into rows. Workers share nothing while they read.
type worker struct {
	scan    *scan
	keys    keys
	json    jsonScanner
	cells   [][]byte
	targets []*target
	home    *target // the table of records that name none
	headers map[*header][]*key
	times   *interner
	read    []reading // by entry of times
	bad     []badRecord
	more    int64 // bad records beyond those
	lines   []blockLines
	trouble []string
	tooWide bool
}

// route is what a cell says about the table of its record.
type route struct {
	rank uint8
	text string // the cell seen last
	to   *target
}

// badRecord is one that could not be read whole, by its line within the block, or
// within the file where the block knows it.
type badRecord struct {
	seq, line int
	absolute  bool
	table     string
	reason    string
}

type blockLines struct{ seq, lines int }

func newWorker(s *scan) *worker {
	w := &worker{scan: s, headers: map[*header][]*key{}, times: newInterner(), read: []reading{{}}}
	w.keys = keys{byName: map[string]*key{}, make: w.makeKey}
	w.json.keys = &w.keys
	if s.table != "" {
		w.home = w.target(s.table)
	}
	return w
}

func (w *worker) target(table string) *target {
	for _, t := range w.targets {
		if t.name == table {
			return t
		}
	}
	t := newTarget(len(w.targets), table)
	w.targets = append(w.targets, t)
	for _, k := range w.keys.byName {
		k.need = k.need || w.needs(table, k.name)
	}
	return t
}

// makeKey meets a name for the first time.
func (w *worker) makeKey(name string) *key {
	k := &key{name: name, quoted: `"` + name + `":`, opens: opensEvent(name)}
	base, _ := splitZone(name)
	folded := fold(base)
	if rank, ok := routeRank(folded); ok && (rank != 4 || w.home == nil) {
		k.need = true
		k.route = &route{rank: rank}
	}
	if _, k.isTime = timeRank(folded); k.isTime {
		k.need = true
	}
	for _, t := range w.targets {
		k.need = k.need || w.needs(t.name, name)
	}
	if len(w.targets) == 0 {
		k.need = true
	}
	return k
}

// needs tells whether a table's column of that name is read.
func (w *worker) needs(table, name string) bool {
	column := columnNamed(table, name)
	if _, documented := typeOf(table, column); !documented {
		return true // its type shows only in its cells
	}
	return w.scan.want.column(column)
}

// slot finds the place of a key's cells in a table.
func (w *worker) slot(t *target, k *key) *slot {
	for len(k.slots) <= t.index {
		k.slots = append(k.slots, slot{})
	}
	s := &k.slots[t.index]
	if s.kind != slotUnset {
		return s
	}
	base, _ := splitZone(k.name)
	if rank, ok := timeRank(fold(base)); ok && !w.isOwnColumn(t.name, base) {
		s.kind, s.rank = slotTime, rank
		return s
	}
	name := columnNamed(t.name, base)
	s.kind = slotIgnored
	if name == "" || !w.needs(t.name, base) {
		return s
	}
	if s.column = t.column(name); s.column != nil {
		s.kind = slotColumn
	} else if !w.tooWide {
		w.tooWide = true
		w.trouble = append(w.trouble, fmt.Sprintf("column %s is left out: a table has at most %d", quoteShort(name), maxColumns))
	}
	return s
}

// isOwnColumn tells a documented column that has the name of a time by chance.
func (w *worker) isOwnColumn(table, name string) bool {
	column := columnNamed(table, name)
	_, documented := foldedColumns()[table][fold(column)]
	return documented && column != TimeColumn
}

// block reads the records of a block.
func (w *worker) block(b *block) (rows int) {
	var line int
	w.json.block++ // what keys remember lies in the memory of the block before
	switch {
	case b.damage != "":
		at, absolute := 1, false
		if len(b.lines) > 0 {
			at, absolute = b.lines[0], true
		}
		w.report(b.seq, at, absolute, b.damage)
		line = 2
	case b.ends == nil:
		line = w.blockOfLines(b)
	default:
		line = w.blockOfRecords(b)
	}
	w.lines = append(w.lines, blockLines{b.seq, line - 1})
	var size int64
	for _, t := range w.targets {
		rows += t.rows
		size += t.endBlock(b.seq)
	}
	w.scan.grow(size)
	return rows
}

func (w *worker) blockOfLines(b *block) (line int) {
	line = 1
	for data := b.data; len(data) > 0; line++ {
		end := bytes.IndexByte(data, '\n') + 1
		if end == 0 {
			end = len(data)
		}
		text := data[:end]
		data = data[end:]
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue // a blank line holds no event
		}
		if err := w.json.object(text); err != nil {
			w.report(b.seq, line, false, err.Error())
			continue
		}
		w.record(w.json.fields, b.seq, line, false)
	}
	return line
}

func (w *worker) blockOfRecords(b *block) (line int) {
	line = 1
	from := 0
	for i, end := range b.ends {
		text := b.data[from:end]
		from = end
		at, absolute := line, false
		if b.lines != nil {
			at, absolute = b.lines[i], true
		} else {
			line += bytes.Count(text, []byte{'\n'})
			if text[len(text)-1] != '\n' {
				line++
			}
		}
		h := w.scan.header
		if i < len(b.columns) && b.columns[i] != nil {
			h = b.columns[i]
		}
		switch {
		case b.torn[i] != "":
			w.report(b.seq, at, absolute, b.torn[i])
		case h != nil && w.scan.delim != 0:
			w.csvRecord(text, h, b.seq, at)
		case text[0] == '[' && h != nil:
			w.rowRecord(text, h, b.seq, at)
		default:
			if err := w.json.object(text); err != nil {
				w.report(b.seq, at, absolute, err.Error())
				continue
			}
			w.record(w.json.fields, b.seq, at, absolute)
		}
	}
	return line
}

// headerKeys are the keys of a header, in its order.
func (w *worker) headerKeys(h *header) []*key {
	if have, ok := w.headers[h]; ok {
		return have
	}
	list := make([]*key, len(h.names))
	for i, name := range h.names {
		if fold(name) != "" {
			list[i] = w.keys.named([]byte(name))
		}
	}
	w.headers[h] = list
	return list
}

func (w *worker) csvRecord(text []byte, h *header, seq, line int) {
	if len(trimLineEnd(text)) == 0 {
		return
	}
	keys := w.headerKeys(h)
	w.cells = csvFields(text, w.scan.delim, w.cells[:0])
	if len(w.cells) != len(keys) {
		w.report(seq, line, false, fmt.Sprintf("%d fields where the header has %d: skipped", len(w.cells), len(keys)))
		return
	}
	w.json.fields = w.json.fields[:0]
	for i, cell := range w.cells {
		if k := keys[i]; k != nil && k.need && len(cell) > 0 {
			if cell[0] == '=' && len(cell) > 2 && cell[1] == '"' && cell[len(cell)-1] == '"' {
				cell = cell[2 : len(cell)-1] // ="…" keeps a spreadsheet from reading a cell its own way
			}
			w.json.fields = append(w.json.fields, field{k, cell, cellText})
		}
	}
	w.record(w.json.fields, seq, line, false)
}

// rowRecord reads a JSON array of cells.
func (w *worker) rowRecord(text []byte, h *header, seq, line int) {
	keys := w.headerKeys(h)
	w.json.fields = w.json.fields[:0]
	i, n := skipSpace(text, 1), 0
	for i < len(text) && text[i] != ']' {
		k := &key{}
		if n < len(keys) && keys[n] != nil {
			k = keys[n]
		}
		n++
		end, err := w.json.value(text, i, k)
		if err != nil {
			w.report(seq, line, true, err.Error())
			return
		}
		if i = skipSpace(text, end); i < len(text) && text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	if n != len(keys) {
		w.report(seq, line, true, fmt.Sprintf("%d cells where the answer has %d columns: skipped", n, len(keys)))
		return
	}
	w.record(w.json.fields, seq, line, true)
}

// record puts a record's cells into the row of its table.
func (w *worker) record(fields []field, seq, line int, absolute bool) {
	t := w.tableOf(fields)
	if t == nil {
		w.scan.homeless.Add(1)
		return
	}
	w.trouble = w.trouble[:0]
	ticks, entry, ok := w.timeOf(t, fields)
	if !ok {
		reason := "neither TimeGenerated nor Timestamp"
		if len(w.trouble) > 0 {
			reason = strings.Join(w.trouble, "; ")
		}
		w.reportIn(t.name, seq, line, absolute, reason+": skipped, an event without a time is in no window")
		return
	}
	row := t.rows
	for i := range fields {
		f := &fields[i]
		var s *slot
		if t.index < len(f.key.slots) {
			s = &f.key.slots[t.index]
		}
		if s == nil || s.kind == slotUnset {
			s = w.slot(t, f.key)
		}
		if s.kind != slotColumn {
			continue
		}
		if trouble := s.column.set(row, f.raw, f.kind, w.scan.zone); trouble != "" {
			w.trouble = append(w.trouble, trouble)
		}
	}
	t.ticks = append(t.ticks, ticks)
	if entry != 0 {
		t.odd = append(t.odd, oddTime{row, int(entry), line})
	}
	t.rows++
	if len(w.trouble) > 0 {
		w.reportIn(t.name, seq, line, absolute, strings.Join(w.trouble, "; ")+" (event kept)")
	}
}

// tableOf finds the table of a record.
func (w *worker) tableOf(fields []field) *target {
	best, to := uint8(255), w.home
	for i := range fields {
		r := fields[i].key.route
		if r == nil || r.rank >= best {
			continue
		}
		if r.text != string(fields[i].raw) || r.text == "" {
			r.text, r.to = string(fields[i].raw), nil
			if table := routed(cellString(r.text, fields[i].kind), r.rank); table != "" && (r.rank < 4 || w.ofDevice(fields)) {
				r.to = w.target(table)
			}
		}
		if r.to != nil {
			best, to = r.rank, r.to
		}
	}
	return to
}

// ofDevice tells whether a record is about a device: only then its ActionType
// tells its table.
func (w *worker) ofDevice(fields []field) bool {
	return slices.ContainsFunc(fields, func(f field) bool {
		return slices.Contains([]string{"devicename", "deviceid", "computername", "machineid"}, fold(f.key.name))
	})
}

// timeOf finds the time of a record: in ticks, or as an entry that is decided at
// the end of the file.
func (w *worker) timeOf(t *target, fields []field) (ticks int64, entry uint32, ok bool) {
	best := uint8(255)
	for i := range fields {
		f := &fields[i]
		if !f.key.isTime {
			continue
		}
		s := w.slot(t, f.key)
		if s.kind != slotTime || s.rank >= best {
			continue
		}
		at, odd, read := w.readTime(f)
		if !read {
			name, _ := splitZone(f.key.name)
			w.trouble = append(w.trouble, name+" is not a datetime: "+quoteShort(cellString(string(f.raw), f.kind)))
			continue
		}
		best, ticks, entry, ok = s.rank, at, odd, true
	}
	return ticks, entry, ok
}

func (w *worker) report(seq, line int, absolute bool, reason string) {
	table := ""
	if w.home != nil {
		table = w.home.name
	}
	w.reportIn(table, seq, line, absolute, reason)
}

func (w *worker) reportIn(table string, seq, line int, absolute bool, reason string) {
	if len(w.bad) >= maxBadLines {
		w.more++
		return
	}
	w.bad = append(w.bad, badRecord{seq, line, absolute, table, reason})
}
