package policy

import (
	"encoding/json"
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
	case has("recipient"):
		return recipient
	case has("account", "user", "upn", "sender", "caller", "initiatedby", "actor"):
		return user
	case has("url", "host", "domain", "remote"):
		return remote
	}
	return text
}

// cells hands out the texts of a table with what each of them is, names in lists one
// by one, and puts back what comes.
func cells(t hunts.Table, shown func(kind field, s string) string) (rows [][]any) {
	for _, row := range t.Rows {
		out := append([]any{}, row...)
		for c, v := range row {
			s, ok := v.(string)
			switch {
			case !ok:
			case c >= len(t.Columns):
				out[c] = shown(text, s)
			case t.Columns[c].Type == "dynamic":
				out[c] = list(cellField(t.Columns[c].Name), s, shown)
			case t.Columns[c].Type == "string":
				out[c] = shown(cellField(t.Columns[c].Name), s)
			default: // a time, a number
				out[c] = shown(text, s)
			}
		}
		rows = append(rows, out)
	}
	return rows
}

// list shows each text of a list in JSON; what else the cell holds is text.
func list(kind field, cell string, shown func(kind field, s string) string) string {
	var all []any
	if kind == command || json.Unmarshal([]byte(cell), &all) != nil {
		if kind != command {
			kind = text
		}
		return shown(kind, cell)
	}
	for n, v := range all {
		if s, ok := v.(string); ok {
			all[n] = shown(kind, s)
		} else if inner, err := json.Marshal(v); err == nil {
			all[n] = json.RawMessage(shown(text, string(inner)))
		}
	}
	out, err := json.Marshal(all)
	if err != nil { // a name within a bag that breaks it
		return shown(text, cell)
	}
	return string(out)
}

// visitTable hands out the names that a table holds.
func (r *Redaction) visitTable(t hunts.Table, visit func(field, string)) {
	cells(t, func(kind field, s string) string { visit(kind, s); return s })
}

// copyTable is a table without what r hides.
func (r *Redaction) copyTable(t hunts.Table) hunts.Table {
	out := t
	out.Rows = cells(t, r.shown)
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
