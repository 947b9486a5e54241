package localworkspace

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// csvRows reads blocks of CSV whose header is known. It belongs to one worker.
type csvRows struct {
	rows   *rowReader
	header *csvHeader
	fields [][]byte
}

// csvHeader says which column each field goes to.
type csvHeader struct {
	columns []int // index in the layout, ignoredField or stampField
}

const (
	ignoredField = -1
	stampField   = -2
)

func newCSVRows(l *layout, h *csvHeader) *csvRows { return &csvRows{rows: newRowReader(l), header: h} }

func (c *csvRows) reader() *rowReader { return c.rows }

// unseen is empty: a header names all columns.
func (c *csvRows) unseen() map[string]guess { return nil }

func (c *csvRows) parse(b block, bad func(line int, reason string)) {
	c.rows.start()
	line := b.firstLine
	for data := b.data; len(data) > 0; {
		record, rest := nextRecord(data)
		lines := bytes.Count(record, []byte("\n"))
		if len(trimLineEnd(record)) > 0 {
			if reason := c.record(record); reason != "" {
				bad(line, reason)
			}
		}
		data = rest
		line += lines
	}
}

func (c *csvRows) record(record []byte) (reason string) {
	c.fields = csvFields(record, c.fields[:0])
	if len(c.fields) != len(c.header.columns) {
		return fmt.Sprintf("%d fields where the header has %d: skipped", len(c.fields), len(c.header.columns))
	}
	c.rows.begin()
	for i, col := range c.header.columns {
		switch {
		case col >= 0:
			c.rows.text(col, c.fields[i])
		case col == stampField:
			c.rows.stampText(c.fields[i])
		}
	}
	return c.rows.end()
}

// readHeader matches a header with the table's columns; names that are not
// documented become columns of text.
func readHeader(record []byte, l *layout) (*csvHeader, error) {
	h := &csvHeader{}
	used := map[string]bool{}
	timed := false
	for _, field := range csvFields(bytes.Clone(record), nil) {
		name, zone := splitZone(strings.TrimSpace(string(field)))
		name = columnNamed(name, l)
		col, ok := l.index[name]
		switch {
		case name == "" || used[name]:
			h.columns = append(h.columns, ignoredField)
			continue
		case name == exportTimeColumn:
			col, timed = stampField, true
		case !ok && len(l.columns) >= maxColumns:
			return nil, fmt.Errorf("more than %d columns: this is not an export of events", maxColumns)
		case !ok:
			col = len(l.columns)
			l.index[name] = col
			typ := kql.String
			if name == ingestionColumn {
				typ = kql.Datetime
			}
			l.columns = append(l.columns, kql.Column{Name: name, Type: typ})
		}
		timed = timed || name == timeColumn
		used[name] = true
		if zone != "" && zone != "UTC" && (col == stampField || l.columns[col].Type == kql.Datetime) {
			return nil, fmt.Errorf("column %s is in [%s]: set the portal's time zone to UTC and export again", quoteShort(name), zone)
		}
		h.columns = append(h.columns, col)
	}
	if !timed && len(h.columns) == 1 && bytes.ContainsAny(record, ";\t") {
		return nil, errors.New("its columns are not separated by commas: save it as CSV with commas")
	}
	if !timed {
		return nil, fmt.Errorf("the header has neither TimeGenerated nor Timestamp, it starts with %s", quoteShort(string(trimLineEnd(record))))
	}
	return h, nil
}

// splitZone cuts the zone that the portal appends to a time column's name:
// "TimeGenerated [UTC]".
func splitZone(name string) (base, zone string) {
	base, zone, ok := strings.Cut(name, " [")
	if !ok || !strings.HasSuffix(zone, "]") {
		return name, ""
	}
	return base, strings.TrimSuffix(zone, "]")
}

// columnNamed finds the documented spelling: tools between portal and file are
// careless with case.
func columnNamed(name string, l *layout) string {
	if _, ok := l.index[name]; ok {
		return name
	}
	for _, c := range l.columns[:l.known] {
		if strings.EqualFold(c.Name, name) {
			return c.Name
		}
	}
	if strings.EqualFold(name, exportTimeColumn) {
		return exportTimeColumn
	}
	return name
}
