package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/upstream"
)

// judgeRows decides the verdict of a hunt for behavior. NothingFound stands on what
// Clean stands on: everything was searched, and the coverage is known and complete.
func judgeRows(a *hunts.Answer, unsearched []hunts.Slice) {
	missing := strings.Join(a.Coverage.Problems, "; ")
	switch {
	case a.Table.Total > 0:
		a.Verdict, a.Reason = hunts.Found, a.Table.Headline()
		if !a.Coverage.Complete {
			a.Reason += "; there may be more: " + missing
		}
	case cancelledText(a.Coverage.Slices) != "":
		a.Verdict, a.Reason = hunts.CouldNotTell, cancelledText(a.Coverage.Slices)
	case len(unsearched) > 0:
		a.Verdict, a.Reason = hunts.CouldNotTell, unsearchedText(unsearched, len(a.Coverage.Slices))
	case a.Coverage.Complete:
		a.Verdict, a.Reason = hunts.NothingFound, "no row matched the hunt"
	default:
		a.Verdict, a.Reason = hunts.CouldNotTell, missing
	}
}

// rowCoverage is what a hunt for behavior rests on: its tables have data for the whole
// window, and its sensors report.
func (r *Runner) rowCoverage(ctx context.Context, h hunts.Hunt, s *searcher, seen sensors, covErr error, rows int64) hunts.Coverage {
	d := s.def
	c := hunts.Coverage{SensorsReporting: seen.Reporting, SensorsKnown: seen.Known, Slices: s.slices, NewestEvent: later(nil, seen.Newest), OldestEvent: earlier(nil, seen.Oldest)}
	if r.cfg.BadLines != nil {
		c.BadLines = r.cfg.BadLines()
	}
	switch {
	case covErr != nil:
		c.Problems = append(c.Problems, "the coverage is not known: "+sayOf(covErr, d))
	case seen.Newest.IsZero():
		c.Problems = append(c.Problems, d.Footprint.Table+" holds no event in this window")
	default:
		if seen.Partial != "" {
			c.Problems = append(c.Problems, "the coverage is only partly known: "+seen.Partial)
		}
		c.Problems = append(c.Problems, r.silent(h, d, seen, s.window)...)
		if deviceTable(d.Footprint.Table) {
			c.Problems = append(c.Problems, r.few(seen, d, r.live(h))...)
		}
		if seen.Control != "" {
			c.ControlFound, c.Control = &seen.Found, seen.Control
			if !seen.Found {
				c.Problems = append(c.Problems, fmt.Sprintf("the control address %s, which is in the workspace, was not found again", seen.Control))
			}
		}
	}
	if c.BadLines > 0 {
		c.Problems = append(c.Problems, hunts.Count(c.BadLines, "line")+" of the export could not be read")
	}
	c.Problems = append(c.Problems, r.rowsUnread(d)...)
	c.Problems = append(c.Problems, d.doubts()...)
	if !hunts.AllDone(s.slices) {
		c.Problems = append(c.Problems, unsearchedText(s.unsearched(), len(s.slices)))
	} else if rows == 0 && covErr == nil {
		c.Problems = append(c.Problems, s.otherTables(ctx)...)
	}
	c.Complete = len(c.Problems) == 0
	return c
}

// doubts are what a query does itself that keeps an empty result from meaning nothing.
func (d Definition) doubts() (out []string) {
	if d.clock.Fixed > 0 {
		out = append(out, fmt.Sprintf("the query has a filter on a date of its own (line %d), so it does not search all of the look-back", d.line(d.clock.Fixed)))
	}
	if d.clock.Odd > 0 {
		out = append(out, fmt.Sprintf("the query handles the clock itself (line %d), so that its text does not tell what it searches", d.line(d.clock.Odd)))
	}
	if limit, _ := upstream.Limit(d.Query); limit != "" {
		out = append(out, fmt.Sprintf("the query leaves rows out itself (%s) before it has looked at them all", limit))
	}
	if call, line := upstream.Elsewhere(d.Query); line > 0 {
		out = append(out, fmt.Sprintf("the query reads beyond its scope (%s, line %d), and nobody knows how complete that is", call, d.line(line)))
	}
	return out
}

// deviceTable tells whether the rows of a table come from sensors on devices.
func deviceTable(name string) bool { return strings.HasPrefix(name, "Device") }

// rowsUnread is what an export can't give of the tables that a hunt reads.
func (r *Runner) rowsUnread(d Definition) []string {
	if r.cfg.Unread == nil {
		return nil
	}
	names := kql.Names(d.Query)
	in := func(name string) bool {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
	var out []string
	for _, u := range r.cfg.Unread() {
		if (u.Table == "" || in(u.Table)) && (u.Column == "" || in(u.Column)) {
			out = appendOnce(out, u.Reason)
		}
	}
	return out
}

// otherTables asks the tables that a hunt reads beside its first one whether they hold
// anything: silence in an empty table means nothing.
func (s *searcher) otherTables(ctx context.Context) []string {
	if len(s.def.tables) < 2 {
		return nil
	}
	var parts []string
	for _, t := range s.def.tables[1:] {
		parts = append(parts, fmt.Sprintf("(%s | summarize Rows = count(), Newest = max(TimeGenerated) | extend Table = %s)", t, kql.StringLiteral(t)))
	}
	s.count()
	res, err := s.runner.query(ctx, hunts.Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Sweep: s.hunt.Scheduled, Text: kql.Prologue(comment(s.hunt)+" tables", nil) + "union " + strings.Join(parts, ", "), From: s.window.From, To: s.window.To, Workspaces: s.hunt.Workspaces,
	})
	if err != nil {
		return []string{"the coverage of " + strings.Join(s.def.tables[1:], ", ") + " is not known: " + sayOf(err, s.def)}
	}
	column := map[string]int{}
	for i, c := range res.Columns {
		column[c.Name] = i
	}
	var out []string
	live := s.runner.live(s.hunt)
	for _, row := range res.Rows {
		table, newest := textOf(row[column["Table"]]), instant(row[column["Newest"]])
		switch late := s.window.To.Sub(newest); {
		case wholeNumber(row[column["Rows"]]) == 0:
			out = append(out, table+" holds no event in this window")
		case live && late > otherStale:
			out = append(out, fmt.Sprintf("the newest event of %s is %s older than the end of the window", table, roughly(late)))
		}
	}
	if len(res.Rows) != len(parts) {
		out = append(out, "the coverage of "+strings.Join(s.def.tables[1:], ", ")+" is not known")
	}
	return out
}

// otherStale is how old the newest event of a table may be that reports rarely, as
// inventories do.
const otherStale = 3 * 24 * time.Hour

// rowPlaces says which tables a hunt for behavior read.
func (d Definition) rowPlaces(a hunts.Answer) []hunts.Place {
	out := []hunts.Place{}
	for n, t := range d.tables {
		p := hunts.Place{Place: placeOf(t), Table: t, Searched: hunts.AllDone(a.Coverage.Slices)}
		if n == 0 {
			p.Events, p.Devices = a.Totals.Events, a.Totals.Devices
		}
		if !p.Searched {
			p.Reason = whyOf(a.Coverage.Slices[0])
		}
		out = append(out, p)
	}
	return out
}
