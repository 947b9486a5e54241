package localworkspace

import (
	"maps"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// maxColumns bounds the columns of a table; a file with more is no event export,
// and each column costs memory for every row. Log Analytics allows 500
// (learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits).
const maxColumns = 500

// ingestionColumn is what ingestion_time() answers, in any table. No schema lists
// it, and an export has it only when somebody asked for it.
const ingestionColumn = "_IngestionTime"

// layout is the columns that a file is read into.
type layout struct {
	table   string
	columns []kql.Column
	index   map[string]int
	time    int // of TimeGenerated
	known   int // columns before this one are documented, the others were inferred
}

// newLayout starts with the documented columns of the table; an unknown table
// has only the time.
func newLayout(table string) *layout {
	cols := knownTables()[table]
	if cols == nil {
		cols = []kql.Column{{Name: timeColumn, Type: kql.Datetime}}
	}
	l := &layout{table: table, columns: slices.Clone(cols), index: map[string]int{}, known: len(cols)}
	for i, c := range cols {
		l.index[c.Name] = i
	}
	l.time = l.index[timeColumn]
	return l
}

// guess collects what kinds of values a column was seen with.
type guess uint8

const (
	sawBool guess = 1 << iota
	sawWhole
	sawReal
	sawText
	sawTree // an object or array
)

// columnType is the narrowest type that loses nothing.
func (g guess) columnType() kql.Type {
	switch {
	case g&sawTree != 0:
		return kql.Dynamic
	case g == sawBool:
		return kql.Bool
	case g == sawWhole:
		return kql.Long
	case g != 0 && g&^(sawWhole|sawReal) == 0:
		return kql.Real
	}
	return kql.String
}

// guessOf reads the kind off the first bytes of a JSON value.
func guessOf(raw []byte) guess {
	switch raw[0] {
	case '"':
		return sawText
	case '{', '[':
		return sawTree
	case 't', 'f':
		return sawBool
	case 'n':
		return 0
	}
	if len(raw) > 18 || strings.ContainsAny(string(raw), ".eE") {
		return sawReal
	}
	return sawWhole
}

// widened adds columns that were not in the layout, and widens inferred ones
// that were seen with other values.
func (l *layout) widened(seen map[string]guess) *layout {
	w := &layout{table: l.table, columns: slices.Clone(l.columns), index: maps.Clone(l.index), time: l.time, known: l.known}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if i, ok := w.index[name]; ok {
			w.columns[i].Type = (seen[name] | typeGuess(w.columns[i].Type)).columnType()
			continue
		}
		typ := seen[name].columnType()
		if name == ingestionColumn {
			typ = kql.Datetime
		}
		w.index[name] = len(w.columns)
		w.columns = append(w.columns, kql.Column{Name: name, Type: typ})
	}
	return w
}

func typeGuess(t kql.Type) guess {
	switch t {
	case kql.Bool:
		return sawBool
	case kql.Long:
		return sawWhole
	case kql.Real:
		return sawReal
	case kql.Dynamic:
		return sawTree
	}
	return sawText
}
