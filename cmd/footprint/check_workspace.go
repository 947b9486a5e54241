package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// otherTables are read beside those of the hunts, and for what.
var otherTables = map[string]string{"DeviceInfo": "the number of known sensors", "DeviceProcessEvents": "lineage", "SecurityIncident": "incidents"}

func (c *checker) workspaces(ctx context.Context) {
	if len(c.cfg.scopeNames()) == 0 {
		c.say("workspace", "fail", "%v", errNoWorkspace)
		return
	}
	routes, err := c.cfg.routes(nil, nil, func(string, int) azure.Turns { return nil })
	if err != nil {
		c.say("azure", "fail", "%v", err)
		return
	}
	p := &parts{}
	if err := p.loadCatalog(c.cfg, assembly{progress: io.Discard}); err != nil {
		return // told already
	}
	nothing, err := record.Open(ctx, record.Config{Random: rand.Reader})
	if err != nil {
		c.say("workspace", "fail", "%v", err)
		return
	}
	defer func() { _ = nothing.Close() }()
	runner, err := runner.New(runner.Config{Catalog: p.catalog, Source: routes, Workspaces: routes.Names(), Record: nothing, Authorizer: hunts.AllowAll(nothing, c.clock), Clock: c.clock, Controls: c.cfg.controls})
	if err != nil {
		c.say("workspace", "fail", "%v", err)
		return
	}
	for _, w := range routes {
		if !c.tables(ctx, runner, p.catalog, w) {
			continue
		}
		for _, name := range p.catalog.Names() {
			if err := runner.Try(ctx, name, []string{w.Name}); err != nil {
				c.fails = append(c.fails, "the hunt "+name+" in "+w.Name)
				c.say("workspace", "warn", "%s: the hunt %s does not work: %s", w.Name, name, sentenceOf(err))
				continue
			}
			c.works = append(c.works, "the hunt "+name+" in "+w.Name)
			c.say("workspace", "ok", "%s: the hunt %s has its table and columns", w.Name, name)
		}
		c.places(ctx, runner, p.catalog, w.Name)
		c.sensors(ctx, runner, w.Name)
		c.lateRows(w.Name, w.Source.Describe([]string{w.Name}).Kind)
		if w.Source.Describe([]string{w.Name}).Kind != hunts.KindDefender { // which has none of Sentinel's tables
			c.threatIntelligence(ctx, runner, w.Name)
		}
	}
}

// tables looks at each table that is read: is it there, with which columns, since
// when, and how fresh. False when the source can't be read at all.
func (c *checker) tables(ctx context.Context, r *runner.Runner, catalog *runner.Catalog, w hunts.Route) bool {
	used := map[string]string{}
	xdr := w.Source.Describe([]string{w.Name}).Kind == hunts.KindDefender
	for name, what := range otherTables {
		if !xdr || strings.HasPrefix(name, "Device") {
			used[name] = what
		}
	}
	for _, d := range catalog.All() {
		if place := d.Footprint.Place; place == nil || place.Required { // the others tell of themselves
			used[d.Footprint.Table] = "the hunt " + d.Name
		}
	}
	used["DeviceNetworkEvents"] = "everything"
	for _, table := range slices.Sorted(maps.Keys(used)) {
		state, err := r.Holds(ctx, table, []string{w.Name})
		var columns []hunts.Column
		if err == nil && !xdr { // whose columns are the same everywhere, and whose calls are counted
			columns, err = r.Columns(ctx, table, []string{w.Name})
		}
		switch kind := hunts.KindOf(err); {
		case kind == hunts.KindNoTable && table != "DeviceNetworkEvents":
			lake := ""
			if !xdr {
				lake = "; a table that is kept in the data lake only counts as not there"
			}
			c.say("workspace", "off", "%s: %s is missing; it is needed for %s%s", w.Name, table, used[table], lake)
		case kind == hunts.KindOtherPlan:
			state := "warn"
			if table == "DeviceNetworkEvents" {
				state = "fail"
			}
			c.say("workspace", state, "%s: %s: %s", w.Name, table, sentenceOf(err))
		case err != nil:
			c.say("workspace", "fail", "%s: %s", w.Name, sentenceOf(err))
			if kind != hunts.KindNoTable {
				return false // no role, no login, no such workspace: the other tables will say the same
			}
		default:
			c.table(w.Name, table, planText(xdr), columns, state)
		}
	}
	return true
}

// planText names the plan of a table that answered: the query API reads no other.
func planText(xdr bool) string {
	if xdr {
		return "kept 30 days by Defender XDR"
	}
	return "Analytics plan"
}

func (c *checker) table(workspace, table, plan string, columns []hunts.Column, state runner.Held) {
	what := append([]string{plan}, missingColumns(table, columns)...)
	if !state.Oldest.IsZero() {
		what = append(what, "events since "+state.Oldest.UTC().Format(time.DateOnly))
	}
	about := ""
	if len(what) > 0 {
		about = " (" + strings.Join(what, "; ") + ")"
	}
	age := c.clock().Sub(state.Newest).Round(time.Second)
	switch {
	case state.Events == 0 && table == "DeviceNetworkEvents":
		c.say("workspace", "warn", "%s: DeviceNetworkEvents had no event in the last day, so nothing can be CLEAN%s", workspace, about)
	case state.Events == 0:
		c.say("workspace", "ok", "%s: %s had no event in the last day%s", workspace, table, about)
	case table == "DeviceNetworkEvents" && age > c.cfg.staleAfter && c.cfg.staleAfter > 0:
		c.say("workspace", "warn", "%s: %s has %d events in the last day, the newest %s old, which is too old for a CLEAN (FOOTPRINT_STALE_AFTER)%s", workspace, table, state.Events, age, about)
	default:
		c.say("workspace", "ok", "%s: %s has %d events in the last day, the newest %s old%s", workspace, table, state.Events, age, about)
	}
}

// missingColumns counts the columns and names the documented ones that are not
// there.
func missingColumns(table string, columns []hunts.Column) []string {
	documented, ok := localworkspace.Empty().Table(table)
	if len(columns) == 0 || !ok {
		return nil
	}
	what := fmt.Sprintf("%d columns", len(columns))
	var missing []string
	for _, d := range documented.Columns() {
		if !slices.ContainsFunc(columns, func(h hunts.Column) bool { return h.Name == d.Name }) {
			missing = append(missing, d.Name)
		}
	}
	if len(missing) > 0 {
		what += ", without the documented " + strings.Join(missing[:min(len(missing), 8)], ", ")
		if n := len(missing) - 8; n > 0 {
			what += fmt.Sprintf(" and %d more", n)
		}
	}
	return []string{what}
}

// lateRows tells how rows are found that come late.
func (c *checker) lateRows(workspace, kind string) {
	if kind == hunts.KindLogAnalytics {
		c.say("workspace", "ok", "%s: late rows are found by when they arrived", workspace)
		return
	}
	c.say("workspace", "ok", "%s: nothing there tells when rows arrived, so the newest 6 hours are searched again for late ones; what comes later than that is not found", workspace)
}

// sensors asks as every hunt does, and looks for the control host.
func (c *checker) sensors(ctx context.Context, runner *runner.Runner, workspace string) {
	s, err := runner.Sensors(ctx, []string{workspace})
	switch {
	case err != nil:
		c.say("workspace", "warn", "%s: coverage is unknown, so nothing can be CLEAN: %s", workspace, sentenceOf(err))
		return
	case s.Control == "":
		c.say("workspace", "warn", "%s: there is no control host, so a CLEAN can't be proven", workspace)
	case s.ControlFound == nil || !*s.ControlFound:
		c.say("workspace", "warn", "%s: the control host %s was not found again: do not trust a CLEAN", workspace, s.Control)
	default:
		c.say("workspace", "ok", "%s: control host %s found, so the search works", workspace, s.Control)
	}
	c.say("workspace", "ok", "%s: %d of %d known sensors report", workspace, s.SensorsReporting, s.SensorsKnown)
	if s.Proxy != "" {
		c.say("workspace", "warn", "%s: most web traffic goes through the proxy %s, so ip= alone sees the proxy; hunt by dns= as well", workspace, s.Proxy)
	}
}

// threatIntelligence tells which of the two tables of indicators is there.
func (c *checker) threatIntelligence(ctx context.Context, r *runner.Runner, workspace string) {
	for _, t := range []struct{ table, kind string }{{"ThreatIntelIndicators", "new"}, {"ThreatIntelligenceIndicator", "legacy, retired by the service"}} {
		_, err := r.Columns(ctx, t.table, []string{workspace})
		if err == nil {
			c.say("workspace", "ok", "%s: threat intelligence is in %s (%s)", workspace, t.table, t.kind)
			return
		}
	}
	c.say("workspace", "off", "%s: there is no table of threat intelligence", workspace)
}

// sentenceOf is an error for people.
func sentenceOf(err error) string {
	var e *hunts.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Hint == "" {
		return e.Say
	}
	return e.Say + ". " + e.Hint
}
