package runner

import (
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// joinRows makes one answer of the tables of several scopes: their rows below each
// other, under all of their columns and one that names the scope. Nothing is left out
// as a double, since nobody but the query knows what a row stands for; a device is
// counted once by its name and scope.
func joinRows(answers []hunts.Answer, scopes []hunts.ScopeResult) hunts.Answer {
	out := emptyAnswer()
	first := answers[0]
	out.HuntID, out.Hunt, out.Request, out.KQL, out.RowKQL, out.ByScope = first.HuntID, first.Hunt, first.Request, first.KQL, first.RowKQL, scopes
	t := &hunts.Table{Columns: []hunts.Column{{Name: scopeColumn, Type: "string"}}, Rows: [][]any{}, Key: []string{scopeColumn}, Ordered: true, Says: first.Table.Says}
	for _, a := range answers {
		addAnswer(&out, a)
		for _, c := range a.Table.Columns {
			if t.Index(c.Name) < 0 {
				t.Columns = append(t.Columns, c)
			}
		}
		for _, k := range a.Table.Key {
			t.Key = appendOnce(t.Key, k)
		}
		if len(answers) == 1 { // the same account may be in two scopes, and may not
			t.Accounts = a.Table.Accounts
		}
		t.Total, t.Devices, t.Unplaced, t.Cut = t.Total+a.Table.Total, t.Devices+a.Table.Devices, t.Unplaced+a.Table.Unplaced, t.Cut || a.Table.Cut
	}
	for _, a := range answers {
		for _, row := range a.Table.Rows {
			cells := make([]any, len(t.Columns))
			cells[0] = a.Source.Workspace
			for i, c := range a.Table.Columns {
				cells[t.Index(c.Name)] = row[i]
			}
			t.Rows = append(t.Rows, cells)
		}
	}
	out.Table = t
	out.ByProcess = processesOf(out.Rows)
	out.Totals.Processes = int64(len(out.ByProcess))
	slices.SortStableFunc(out.ByDevice, func(x, y hunts.DeviceResult) int { return int(y.Events - x.Events) })
	out.Coverage = joinCoverage(scopes)
	judgeScopes(&out)
	return out
}

// scopeColumn names the workspace of a row in an answer of several.
const scopeColumn = "Workspace"

// foundScopes is what a headline says of the rows of several scopes.
func foundScopes(a hunts.Answer) string {
	var parts []string
	for _, s := range a.ByScope {
		if s.Verdict == hunts.Found {
			parts = append(parts, s.Scope+": "+s.Reason)
		}
	}
	return a.Table.Headline() + " (" + strings.Join(parts, "; ") + ")"
}
