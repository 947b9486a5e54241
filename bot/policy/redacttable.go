package policy

import (
	"reflect"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

var table = reflect.TypeFor[hunts.Table]()

// cellField is what the cells of a column are, by the name that a query gave it: a
// table of a hunt's own columns has no fields to know them by.
func cellField(column string) field {
	name := strings.ToLower(column)
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("commandline", "command"):
		return command
	case has("deviceid"):
		return deviceID
	case has("device", "computer", "hostname", "workstation", "machine"):
		return device
	case has("account", "user", "upn", "recipient", "sender", "caller", "initiatedby", "actor"):
		return user
	case has("url", "host", "domain", "remote"):
		return remote
	}
	return text
}

// cells hands out the texts of a table with what each of them is.
func cells(t hunts.Table, do func(row, column int, kind field, s string)) {
	for n, row := range t.Rows {
		for c, v := range row {
			if s, ok := v.(string); ok {
				kind := text
				if c < len(t.Columns) {
					kind = cellField(t.Columns[c].Name)
					if typ := t.Columns[c].Type; kind != command && typ != "string" {
						kind = text // a list of names is no name
					}
				}
				do(n, c, kind, s)
			}
		}
	}
}

// visitTable hands out the names that a table holds.
func (r *Redaction) visitTable(t hunts.Table, visit func(field, string)) {
	cells(t, func(_, _ int, kind field, s string) { visit(kind, s) })
}

// copyTable is a table without what r hides.
func (r *Redaction) copyTable(t hunts.Table) hunts.Table {
	out := t
	out.Rows = make([][]any, len(t.Rows))
	for n, row := range t.Rows {
		out.Rows[n] = append([]any{}, row...)
	}
	cells(t, func(row, column int, kind field, s string) { out.Rows[row][column] = r.shown(kind, s) })
	out.Columns, out.Key = append([]hunts.Column{}, t.Columns...), append([]string{}, t.Key...)
	for i := range out.Columns {
		out.Columns[i].Name = r.shown(text, t.Columns[i].Name)
	}
	for i := range out.Key {
		out.Key[i] = r.shown(text, t.Key[i])
	}
	out.Says = hunts.Says{Noun: r.shown(text, t.Says.Noun), Verb: r.shown(text, t.Says.Verb)}
	return out
}
