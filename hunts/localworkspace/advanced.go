package localworkspace

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// advanced is a workspace's events as advanced hunting shows them: its tables
// only, Timestamp for TimeGenerated, texts for dynamics, none of the columns that
// a workspace adds
// (learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables).
type advanced struct {
	kql.Database
	mu     sync.Mutex
	tables map[string]*kql.Table // by name
	from   map[string]*kql.Table // what each was made of
}

func newAdvanced(db kql.Database) *advanced {
	return &advanced{Database: db, tables: map[string]*kql.Table{}, from: map[string]*kql.Table{}}
}

// huntingTables are the beginnings of the names of tables that are advanced
// hunting's, and not a workspace's own.
var huntingTables = []string{"Device", "Email", "UrlClick", "Identity", "CloudApp", "AlertInfo", "AlertEvidence", "AAD", "ExposureGraph", "Behavior", "MessageEvents"}

// workspaceColumns are those that a workspace adds.
var workspaceColumns = []string{"TenantId", "MachineGroup", "SourceSystem", "Type", "_IsBillable", "_BilledSize", "_ResourceId", "_IngestionTime"}

// Want reads what a query needs.
func (a *advanced) Want(ctx context.Context, names []string) error {
	if late, ok := a.Database.(interface {
		Want(ctx context.Context, names []string) error
	}); ok {
		return late.Want(ctx, names)
	}
	return nil
}

// Table gives a table in the schema of advanced hunting.
func (a *advanced) Table(name string) (*kql.Table, bool) {
	if !slices.ContainsFunc(huntingTables, func(begin string) bool { return strings.HasPrefix(name, begin) }) {
		return nil, false
	}
	t, ok := a.Database.Table(name)
	if !ok {
		return nil, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.from[name] != t {
		a.tables[name], a.from[name] = advancedTable(t), t
	}
	return a.tables[name], true
}

func advancedTable(t *kql.Table) *kql.Table {
	var columns []kql.Column
	var data []kql.ColumnData
	for i, c := range t.Columns() {
		cells := kql.CellsOf(t, i)
		switch {
		case slices.Contains(workspaceColumns, c.Name):
			continue
		case c.Name == timeColumn:
			c.Name = "Timestamp"
		case c.Type == kql.Dynamic:
			c.Type, cells = kql.String, kql.TextsOf(t, i)
		}
		columns, data = append(columns, c), append(data, cells)
	}
	return kql.Assemble(t.Name(), columns, t.Len(), data)
}
