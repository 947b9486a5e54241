package localworkspace

import (
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// memoLimit bounds the distinct texts remembered per column and worker; above
// it the memory is emptied. Columns of an event table repeat few values, and
// long texts are no values that repeat.
const (
	memoLimit   = 4096
	memoMaxText = 1024
)

// rowReader turns the cells of one block into rows of a table. It belongs to one
// worker.
type rowReader struct {
	layout   *layout
	builder  *kql.Builder
	blank    []kql.Value // a row of nulls
	row      []kql.Value
	memo     []map[string]memoCell
	stamp    kql.Value // Timestamp, which fills TimeGenerated where that is missing
	odd      string    // what is wrong with it
	troubles []string
	oldest   int64 // ticks; 0 is none yet
	newest   int64
	rows     int
}

type memoCell struct {
	value kql.Value
	fits  bool
}

func newRowReader(l *layout) *rowReader {
	r := &rowReader{layout: l, memo: make([]map[string]memoCell, len(l.columns)), row: make([]kql.Value, len(l.columns))}
	for _, c := range l.columns {
		r.blank = append(r.blank, kql.Null(c.Type))
	}
	return r
}

// start begins a block: a table of its own, so that workers share nothing.
func (r *rowReader) start() {
	r.builder = kql.NewBuilder(r.layout.table, r.layout.columns)
	r.oldest, r.newest, r.rows = 0, 0, 0
}

func (r *rowReader) begin() {
	copy(r.row, r.blank)
	r.stamp, r.odd = kql.Value{}, ""
	r.troubles = r.troubles[:0]
}

// text sets a cell from text, which may be overwritten afterwards.
func (r *rowReader) text(col int, text []byte) {
	if len(text) == 0 {
		return
	}
	memo := r.memo[col]
	cell, ok := memo[string(text)]
	if !ok {
		own := string(text)
		cell.value, cell.fits = textCell(own, r.layout.columns[col].Type)
		if memo == nil || len(memo) >= memoLimit {
			memo = map[string]memoCell{}
			r.memo[col] = memo
		}
		if len(own) <= memoMaxText {
			memo[own] = cell
		}
	}
	r.row[col] = cell.value
	if !cell.fits {
		r.trouble(col, string(text))
	}
}

// trouble notes a cell that does not fit its column. The row is kept with an
// empty cell: an odd port is no reason to lose a contact.
func (r *rowReader) trouble(col int, text string) {
	c := r.layout.columns[col]
	r.troubles = append(r.troubles, c.Name+" is not a "+c.Type.String()+": "+quoteShort(text))
}

func (r *rowReader) stampText(text []byte) {
	at, ok := parseTime(strings.TrimSpace(string(text)))
	if ok {
		r.stamp = kql.DatetimeValue(at)
	} else if len(text) > 0 {
		r.odd = exportTimeColumn + " is not a datetime: " + quoteShort(string(text))
	}
}

// end adds the row. The reason says what was wrong with it, if anything was.
func (r *rowReader) end() (reason string) {
	at := r.row[r.layout.time]
	if at.IsNull() {
		if at = r.stamp; at.IsNull() {
			if r.odd != "" {
				r.troubles = append(r.troubles, r.odd)
			}
			if len(r.troubles) > 0 {
				return strings.Join(r.troubles, "; ") + ": skipped, an event without a time is in no window"
			}
			return "neither TimeGenerated nor Timestamp: skipped, an event without a time is in no window"
		}
		r.row[r.layout.time] = at
	}
	ticks := at.AsLong()
	if r.oldest == 0 || ticks < r.oldest {
		r.oldest = ticks
	}
	r.newest = max(r.newest, ticks)
	r.rows++
	r.builder.Append(r.row...)
	if len(r.troubles) == 0 {
		return ""
	}
	return strings.Join(r.troubles, "; ") + " (event kept, cell left empty)"
}

// quoteShort quotes at most 60 bytes of a damaged text, so that a report stays
// readable and can't be made to carry control characters.
func quoteShort(text string) string {
	if len(text) > 60 {
		return strconv.QuoteToASCII(text[:60]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
