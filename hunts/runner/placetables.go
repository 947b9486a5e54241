package runner

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// tables are the tables of places that a scope has, by name; nil when that is not
// known.
type tables map[string]tableState

// tableState is how fresh a table is, as the coverage query saw it.
type tableState struct {
	Ever  bool `json:"ever"`  // an event in the weeks before the window's end
	Fresh bool `json:"fresh"` // one that is not older than the place may be quiet
}

// tablesText is the part of the coverage query that looks at the tables of all places:
// a table that is not there drops out of the union, and of one that is there no
// more than two rows are read.
func (c *Catalog) tablesText(to time.Time) string {
	var b strings.Builder
	b.WriteString("let place_tables = union isfuzzy=true\n    (datatable(Table:string, What:string, N:long)[])")
	told := map[string]time.Duration{}
	for _, d := range c.Places() {
		for _, t := range d.placeTables() {
			if quiet := d.Footprint.Place.quiet; told[t] == 0 || quiet < told[t] {
				told[t] = quiet
			}
		}
	}
	for _, d := range c.Places() {
		for _, t := range d.placeTables() {
			quiet, todo := told[t]
			if !todo {
				continue
			}
			delete(told, t)
			leg := func(what, from string) {
				fmt.Fprintf(&b, ",\n    (%s | where TimeGenerated >= %s and TimeGenerated < window_to | take 1 | summarize N = count() | project Table = %s, What = %s, N)", t, from, kql.StringLiteral(t), kql.StringLiteral(what))
			}
			leg("ever", "history_from")
			leg("fresh", kql.DatetimeLiteral(to.Add(-quiet)).String())
		}
	}
	b.WriteString(";\n")
	return b.String()
}

// noTables stands for tablesText where the service does not take it.
const noTables = "let place_tables = datatable(Table:string, What:string, N:long)[];\n"

// readTables reads the column of the coverage; nil where there is none.
func readTables(text string) (tables, error) {
	if text == "" {
		return nil, nil
	}
	var rows [][3]any
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("column Tables of the coverage: %w", err)
	}
	out := tables{}
	for _, row := range rows {
		name, _ := row[0].(string)
		n, _ := row[2].(float64)
		state := out[name]
		switch row[1] {
		case "ever":
			state.Ever = n > 0
		case "fresh":
			state.Fresh = n > 0
		}
		out[name] = state
	}
	return out, nil
}

// hold tells whether a place can have rows there.
func (t tables) hold(d Definition) bool {
	return t == nil || slices.ContainsFunc(d.placeTables(), func(name string) bool { _, ok := t[name]; return ok })
}

// have tells whether a place is worth a query, and says why where it is not.
func (x *placeResult) have(known tables) bool {
	if known == nil {
		return true
	}
	there := false
	var mine []string
	for _, t := range x.def.placeTables() {
		state, ok := known[t]
		there = there || ok
		if state.Ever {
			mine = append(mine, t)
		}
	}
	switch {
	case !there:
		x.absent("no such data here")
		return false
	case len(mine) == 0:
		x.absent("no events in this look-back")
		return false
	}
	x.place.Table = strings.Join(mine, ", ")
	return true
}

// observed are the tables of a place in the window, whose hours the text counts.
// Their names are checked when the file is read.
func (d Definition) observed(known tables) string {
	var b strings.Builder
	b.WriteString("let observed = union isfuzzy=true\n    (datatable(Time:datetime)[])")
	for _, t := range d.placeTables() {
		if known == nil || known[t].Ever {
			fmt.Fprintf(&b, ",\n    (%s | where TimeGenerated >= window_from and TimeGenerated < window_to | project Time = TimeGenerated)", t)
		}
	}
	b.WriteString(";\n")
	return b.String()
}

// late says which of the tables of a place are too old to speak for the window.
func (t tables) late(d Definition) string {
	var old []string
	for _, name := range d.placeTables() {
		if state := t[name]; state.Ever && !state.Fresh {
			old = append(old, name)
		}
	}
	if len(old) == 0 {
		return ""
	}
	return fmt.Sprintf("the newest event of %s is more than %s older than the end of the look-back", strings.Join(old, " and "), roughly(d.Footprint.Place.quiet))
}

// fail says why silence here means nothing.
func (x *placeResult) fail(reason string) {
	x.place.Reason, x.place.Searched, x.failed = reason, false, reason
	x.problem = fmt.Sprintf("%s (%s) not searched in full: %s", x.place.Place, x.place.Table, reason)
}

// absent says that the scope has no such data.
func (x *placeResult) absent(reason string) {
	x.place.Reason = reason
	if x.def.Footprint.Place.Required {
		x.problem = fmt.Sprintf("%s (%s) not searched: %s", x.place.Place, x.place.Table, reason)
	}
}

// queriesOf counts those that the places took.
func queriesOf(all []placeResult) int {
	n := 0
	for _, x := range all {
		if x.queried {
			n++
		}
	}
	return n
}
