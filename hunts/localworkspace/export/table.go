package export

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// maxColumns bounds the columns of a table; a file with more is no event export,
// and each column costs memory for every row. Log Analytics allows 500
// (learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits).
const maxColumns = 500

// noNumber stands for a missing cell among numbers.
const noNumber = math.MinInt64

// target is one table as one worker fills it from one file.
type target struct {
	index   int
	name    string
	columns []*column
	byName  map[string]*column
	rows    int // of the current block
	ticks   []int64
	odd     []oddTime
	chunks  []chunk
}

// oddTime is a row whose time can be told only when the whole file is read.
type oddTime struct {
	row, entry, line int
}

// chunk is what one block gave to one table.
type chunk struct {
	seq, rows int
	ticks     []int64
	odd       []oddTime
	cells     []chunkCells // by column; shorter when the last columns came later
}

type chunkCells struct {
	ids     []uint32
	numbers []int64
}

// column is one column of a target.
type column struct {
	name       string
	typ        kql.Type
	documented bool
	numeric    bool // kept as numbers: their texts rarely repeat
	texts      *interner
	bad        []bool // by entry: it does not fit the type
	last       uint32
	cells      chunkCells
}

func newTarget(index int, name string) *target {
	return &target{index: index, name: name, byName: map[string]*column{}}
}

// column finds or makes a column; nil when the table has too many.
func (t *target) column(name string) *column {
	if c, ok := t.byName[name]; ok {
		return c
	}
	if len(t.columns) >= maxColumns {
		return nil
	}
	typ, documented := typeOf(t.name, name)
	c := &column{name: name, typ: typ, documented: documented, numeric: typ == kql.Int || typ == kql.Long}
	if !c.numeric {
		c.texts, c.bad = newInterner(), []bool{false}
	}
	t.byName[name] = c
	t.columns = append(t.columns, c)
	return c
}

// set puts a cell into the current row; a text that does not fit comes back as
// the trouble with it.
func (c *column) set(row int, raw []byte, kind cellKind, zone *time.Location) (trouble string) {
	if c.numeric {
		return c.setNumber(row, raw, kind)
	}
	id := c.last
	if !c.texts.same(id, raw, kind) || id == 0 {
		var fresh bool
		if id, fresh = c.texts.id(raw, kind); fresh {
			c.bad = append(c.bad, c.documented && !fits(cellString(c.texts.texts[id], kind), kind, c.typ, zone))
		}
		c.last = id
	}
	for len(c.cells.ids) < row {
		c.cells.ids = append(c.cells.ids, 0)
	}
	if len(c.cells.ids) > row { // a name that is twice in a record: the last one counts, as JSON has it
		if had := c.cells.ids[row]; had != id && had != 0 {
			trouble = c.twice(cellString(c.texts.texts[had], c.texts.kinds[had]), cellString(c.texts.texts[id], kind))
		}
		c.cells.ids[row] = id
	} else {
		c.cells.ids = append(c.cells.ids, id)
	}
	if c.bad[id] {
		return c.trouble(cellString(c.texts.texts[id], kind))
	}
	return trouble
}

func (c *column) setNumber(row int, raw []byte, kind cellKind) (trouble string) {
	n, ok := quickNumber(raw)
	if !ok {
		text := strings.TrimSpace(cellString(string(raw), kind))
		if text == "" {
			return ""
		}
		if n, ok = wholeNumber(text); !ok {
			trouble = c.trouble(text)
			n = noNumber
		}
	}
	if c.typ == kql.Int && n != noNumber && (n < math.MinInt32 || n > math.MaxInt32) {
		trouble = c.trouble(string(raw))
		n = noNumber
	}
	for len(c.cells.numbers) < row {
		c.cells.numbers = append(c.cells.numbers, noNumber)
	}
	if len(c.cells.numbers) > row {
		if had := c.cells.numbers[row]; had != n && had != noNumber && trouble == "" {
			trouble = c.twice(strconv.FormatInt(had, 10), string(raw))
		}
		c.cells.numbers[row] = n
	} else {
		c.cells.numbers = append(c.cells.numbers, n)
	}
	return trouble
}

func (c *column) trouble(text string) string {
	return c.name + " is not a " + c.typ.String() + ", cell left empty: " + quoteShort(text)
}

// twice says that a record has a column two times, with two values.
func (c *column) twice(first, last string) string {
	if first == last {
		return ""
	}
	return c.name + " stands there twice, as " + quoteShort(first) + " and as " + quoteShort(last) + ", of which the last is read"
}

func quickNumber(raw []byte) (int64, bool) {
	if len(raw) == 0 || len(raw) > 18 {
		return 0, false
	}
	n := int64(0)
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// endBlock closes the rows of a block.
func (t *target) endBlock(seq int) (bytes int64) {
	if t.rows == 0 {
		return 0
	}
	done := chunk{seq: seq, rows: t.rows, ticks: t.ticks, odd: t.odd, cells: make([]chunkCells, len(t.columns))}
	bytes = int64(8 * t.rows)
	for i, c := range t.columns {
		done.cells[i] = c.cells
		bytes += int64(4*len(c.cells.ids) + 8*len(c.cells.numbers))
		c.cells = chunkCells{}
		if n := len(done.cells[i].ids); n > 0 {
			c.cells.ids = make([]uint32, 0, n+n/8)
		} else if n := len(done.cells[i].numbers); n > 0 {
			c.cells.numbers = make([]int64, 0, n+n/8)
		}
	}
	t.chunks = append(t.chunks, done)
	t.ticks, t.odd, t.rows = make([]int64, 0, done.rows+done.rows/8), nil, 0
	return bytes
}
