package runner

import (
	"context"
	"errors"
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
	at := time.Unix(0, 0).UTC()
	whole := d.kql(newParams(request.Request{}, at, at, day), "check", nil, c.summary)
	q, err := kql.Parse(whole)
	if err == nil {
		_, err = q.Run(context.Background(), tables, kql.Options{Now: at})
	}
	var e *kql.Error
	switch {
	case err == nil:
		return d.BoundsOwnTime() // a query that does not run is told first
	case !errors.As(err, &e):
		return &FileProblem{File: d.File, Reason: err.Error()}
	}
	return d.placed(whole, e)
}

// placed turns a place in the composed text into a line of the hunt's file: a
// place within the body, or else the line that names what is missing, which is
// then a column of the footprint block.
func (d Definition) placed(whole string, e *kql.Error) *FileProblem {
	p := &FileProblem{File: d.File, Line: lineOf([]byte(d.text), "query"), Reason: e.Message}
	body := strings.TrimRight(d.Query, "\n")
	at := e.Pos - strings.Index(whole, body)
	switch {
	case at >= 0 && at <= len(body):
		p.Line += 1 + strings.Count(body[:at], "\n") // the body begins below its key
	case e.Token != "":
		p.Line = lineOf([]byte(d.text[strings.Index(d.text, "\nfootprint:")+1:]), e.Token)
		p.Line += strings.Count(d.text[:strings.Index(d.text, "\nfootprint:")+1], "\n")
	}
	return p
}
