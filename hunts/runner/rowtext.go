package runner

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/upstream"
)

// rowsListed is how many rows of a hunt for behavior an answer lists.
const rowsListed = 1000

// columnOf is what the footprint block says of a role.
func (c Columns) columnOf(role upstream.Role) string {
	return map[upstream.Role]string{
		upstream.Time: c.Time, upstream.Device: c.Device, upstream.Account: c.Account, upstream.Process: c.Process, upstream.Command: c.CommandLine,
		upstream.Parent: c.Parent, upstream.RemoteHost: c.RemoteHost, upstream.RemoteIP: c.RemoteIP, upstream.Action: c.Action,
	}[role]
}

// candidates are the columns in which a role of a row may stand.
func (d Definition) candidates(role upstream.Role) []string {
	if c := d.Footprint.Columns.columnOf(role); c != "" {
		return []string{c}
	}
	return d.upstream.Candidates(role, d.Footprint.Table)
}

// bodyOf is the body with the window that the portal would have filled in, and with
// the names that it reads before it.
func (d Definition) bodyOf(p params) (lets []kql.Let, library, body string) {
	return d.bodyWith(p, d.library)
}

func (d Definition) bodyWith(p params, from string) (lets []kql.Let, library, body string) {
	body = strings.TrimRight(upstream.Filled(d.Query, p.from, p.to), "\n")
	read := libraryFor(from, body)
	names := append(kql.Names(body), kql.Names(read)...)
	for _, l := range p.lets() {
		if slices.Contains(names, l.Name) {
			lets = append(lets, l)
		}
	}
	return lets, read, body
}

var letName = regexp.MustCompile(`(?m)^let (\w+) = `)

// libraryFor is what of a library a text calls, and what that calls.
func libraryFor(library, text string) string {
	names := called(text)
	at := letName.FindAllStringSubmatchIndex(library, -1)
	type entry struct {
		name, text string
		needed     bool
	}
	entries := make([]entry, len(at))
	for i, m := range at {
		end := len(library)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		entries[i] = entry{name: library[m[2]:m[3]], text: withoutNotes(library[m[0]:end])}
	}
	for i := len(entries) - 1; i >= 0; i-- { // what calls something stands behind it
		if e := &entries[i]; slices.Contains(names, e.name) {
			e.needed = true
			names = append(names, called(e.text)...)
		}
	}
	var b strings.Builder
	for _, e := range entries {
		if e.needed {
			b.WriteString(strings.TrimRight(e.text, "\n") + "\n")
		}
	}
	return b.String()
}

// called are the names of a text, but for the word of an operator that is called like
// a function of ours.
func called(text string) []string {
	names := kql.Names(text)
	if !strings.Contains(text, "matches(") {
		names = slices.DeleteFunc(names, func(n string) bool { return n == "matches" })
	}
	return names
}

var noteLine = regexp.MustCompile(`(?m)^\s*//.*\n`)

func withoutNotes(text string) string { return noteLine.ReplaceAllString(text, "") }

// rowsText is the whole query of a hunt for behavior: the body as it stands in its
// file, what each of its rows is about, and the sections of an answer.
func (d Definition) rowsText(p params, comment string, most int) string {
	lets, library, body := d.bodyOf(p)
	var b strings.Builder
	b.WriteString(kql.Prologue(comment, lets))
	b.WriteString(library)
	b.WriteString("let hunt_rows = () {\n" + body + "\n};\n")
	roles := make([]string, 0, len(roleNames))
	for _, role := range upstream.Roles() {
		roles = append(roles, roleNames[role]+" = "+roleText(role, d.candidates(role)))
	}
	b.WriteString("let found = materialize(hunt_rows() | serialize __row = row_number());\n")
	b.WriteString("let lines = found\n    | project " + strings.Join(roles, ",\n        ") + ";\n")
	order := "datetime(null)" // as the query sorts them
	if !d.sorts() {
		order = roleText(upstream.Time, d.candidates(upstream.Time))
	}
	// only the rows that are listed are packed
	fmt.Fprintf(&b, "let listed = found\n    | extend __order = %s\n    | sort by __order desc, __row asc\n    | take %d\n    | project Number = __row, Row = bag_remove_keys(pack_all(), dynamic([\"__row\", \"__order\"])), Order = __order,\n        %s;\n",
		order, most, strings.Join(roles, ",\n        "))
	b.WriteString(d.rows)
	return b.String()
}

var roleNames = map[upstream.Role]string{
	upstream.Time: "Time", upstream.Device: "Device", upstream.Account: "Account", upstream.Process: "Process", upstream.Command: "Command", upstream.Parent: "Parent",
	upstream.RemoteHost: "RemoteHost", upstream.RemoteIP: "RemoteIP", upstream.Action: "Action",
}

// roleText takes the first of some columns that is there and filled. Names of columns
// come from files and are checked to be plain identifiers.
func roleText(role upstream.Role, columns []string) string {
	form := `tostring(column_ifexists("%s", ""))`
	if role == upstream.Time {
		form = `todatetime(tostring(column_ifexists("%s", "")))`
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf(form, c)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "coalesce(" + strings.Join(parts, ", ") + ")"
}

// sorts tells that the query puts its rows in an order of its own.
func (d Definition) sorts() bool { return d.calls.Line("sort", "order", "top", "top-nested") > 0 }
