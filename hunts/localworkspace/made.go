package localworkspace

import (
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace/export"
)

// Grid is a table as a program makes it: rows of nil, string, int or time.Time.
// A row may be shorter than the columns.
type Grid struct {
	Columns []string
	Rows    [][]any
}

// Made is a workspace whose tables a program made up, without the way through
// files. Columns take their documented types; one that isn't documented, but for the time, holds
// text. A cell that doesn't fit its column stays empty.
func Made(tables map[string]Grid) *Events {
	made := map[string]*kql.Table{}
	var oldest, newest time.Time
	for name, g := range tables {
		types := map[string]kql.Type{export.IngestionColumn: kql.Datetime, timeColumn: kql.Datetime}
		for _, c := range export.Documented()[name] {
			types[c.Name] = c.Type
		}
		columns := make([]kql.Column, len(g.Columns))
		for i, c := range g.Columns {
			columns[i] = kql.Column{Name: c, Type: kql.String}
			if t, ok := types[c]; ok {
				columns[i].Type = t
			}
		}
		b := kql.NewBuilder(name, columns)
		row := make([]kql.Value, len(columns))
		memo := map[string]kql.Value{} // of dynamic cells, which repeat and cost most
		for _, cells := range g.Rows {
			for i, c := range columns {
				row[i] = kql.Null(c.Type)
				if i >= len(cells) {
					continue
				}
				if text, ok := cells[i].(string); ok && c.Type == kql.Dynamic {
					if _, known := memo[text]; !known {
						memo[text] = export.Cell(text, c.Type)
					}
					row[i] = memo[text]
					continue
				}
				row[i] = madeCell(cells[i], c.Type)
				if at, ok := cells[i].(time.Time); ok && c.Name == timeColumn {
					if oldest.IsZero() || at.Before(oldest) {
						oldest = at
					}
					if at.After(newest) {
						newest = at
					}
				}
			}
			b.Append(row...)
		}
		made[name] = b.Table()
	}
	return newEvents(made, oldest, newest)
}

func madeCell(cell any, t kql.Type) kql.Value {
	switch v := cell.(type) {
	case string:
		if t == kql.String {
			return kql.StringValue(v)
		}
		return export.Cell(v, t)
	case int:
		switch t {
		case kql.Int:
			return kql.IntValue(int32(v))
		case kql.Long:
			return kql.LongValue(int64(v))
		}
	case time.Time:
		if t == kql.Datetime {
			return kql.DatetimeValue(v)
		}
	}
	return kql.Null(t)
}
