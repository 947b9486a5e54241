package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Fits runs a hunt that can match nothing over tables, which may be empty, to
// learn whether they have the columns that it reads and of a type that it can
// read, and whether it keeps to the window of the answer. The problem names file
// and line; nil when the hunt works.
func (c *Catalog) Fits(name string, tables kql.Database) *FileProblem {
	d, ok := c.Get(name)
	if !ok {
		return &FileProblem{File: name, Reason: "there is no hunt named " + name}
	}
	if d.only != "" {
		return nil // OnlyWorkspace says why
	}
	at := time.Unix(0, 0).UTC()
	whole := d.kql(newParams(request.Request{}, at, at.Add(day), day), "check", nil, c.summary)
	q, err := kql.Parse(whole)
	if err == nil {
		_, err = q.Run(context.Background(), tables, kql.Options{Now: at})
	}
	var e *kql.Error
	switch {
	case err == nil && d.behavior():
		return nil
	case err == nil:
		return d.BoundsOwnTime() // a query that does not run is told first
	case !errors.As(err, &e):
		return &FileProblem{File: d.File, Reason: err.Error()}
	}
	p := d.placed(whole, e)
	p.Err = e
	return p
}

// placed turns a place in the composed text into a line of the hunt's file: a
// place within the body, or else the line that names what is missing, which is
// then a column of the footprint block.
func (d Definition) placed(whole string, e *kql.Error) *FileProblem {
	p := &FileProblem{File: d.File, Line: lineOf([]byte(d.text), "query"), Reason: e.Message}
	body := strings.TrimRight(d.Query, "\n")
	at := e.Pos - strings.Index(whole, body)
	block := strings.Index(d.text, "\nfootprint:") + 1
	switch {
	case at >= 0 && at <= len(body):
		p.Line = d.line(1 + strings.Count(body[:at], "\n")) // the body begins below its key
	case e.Token != "" && block > 0:
		p.Line = lineOf([]byte(d.text[block:]), e.Token)
		p.Line += strings.Count(d.text[:block], "\n")
	}
	return p
}

// partlyKnown tells of a database which of its tables may have more columns elsewhere.
func partlyKnown(tables kql.Database) func(table string) bool {
	if known, ok := tables.(interface{ Partial(table string) bool }); ok {
		return known.Partial
	}
	return func(string) bool { return false }
}

// State is what a file of hunts is good for, as far as can be told without a workspace.
type State string

// The states of a hunt.
const (
	Runs     State = "runs"
	OnlyThen State = "only the workspace can tell"
	Fails    State = "does not run"
)

// Judge runs a hunt over tables, which may be empty, and says what it is good for, and
// in a sentence why it does not run or what surprises about it.
func (c *Catalog) Judge(name string, tables kql.Database) (State, string) {
	d, ok := c.Get(name)
	if !ok {
		return Fails, "there is no hunt named " + name
	}
	var notes []string
	for _, n := range d.notes {
		text := n.Reason
		if n.Line > 0 {
			text = fmt.Sprintf("line %d: %s", n.Line, text)
		}
		notes = append(notes, text)
	}
	if d.behavior() && d.Footprint.Table == "" {
		notes = append(notes, "it names no table by itself, so it never says that nothing was found")
	}
	told := strings.Join(notes, "; ")
	after := func(why string) string { return strings.TrimSuffix(why+"; "+told, "; ") }
	if d.only != "" {
		return OnlyThen, after(d.only)
	}
	for _, t := range append([]string{d.Footprint.Table}, d.tables...) {
		if _, known := tables.Table(t); !known && t != "" {
			return OnlyThen, after("the columns of " + t + " are not known here")
		}
	}
	p := c.Fits(name, tables)
	var e *kql.Error
	switch {
	case p == nil:
		return Runs, told
	case errors.As(p.Err, &e) && e.OnlyWorkspaceKnows():
		return OnlyThen, after(p.Reason)
	case e != nil && e.Token != "" && slices.ContainsFunc(d.tables, partlyKnown(tables)):
		return OnlyThen, after("the column " + e.Token + " is not known here")
	case !d.behavior() && p.Err == nil:
		return Runs, p.Error() // it bounds its own time
	}
	return Fails, p.Error()
}
