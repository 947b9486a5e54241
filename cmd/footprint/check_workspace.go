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
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// otherTables are read beside those of the hunts, and for what.
var otherTables = map[string]string{"DeviceInfo": "the number of known sensors", "DeviceProcessEvents": "lineage", "SecurityIncident": "incidents"}

func (c *checker) workspaces(ctx context.Context) {
	list := c.cfg.workspaces
	if len(list) == 0 {
		c.say("workspace", "fail", "%v", errNoWorkspace)
		return
	}
	config := loganalytics.Config{Endpoint: c.cfg.endpoint, Audience: c.cfg.audience, Workspaces: list}
	var err error
	if config.Credential, err = azure.NewCredential(c.cfg.credential, c.cfg.authority, c.cfg.clientID); err != nil {
		c.say("azure", "fail", "%v", err)
		return
	}
	source, err := loganalytics.New(config)
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
	runner, err := runner.New(runner.Config{Catalog: p.catalog, Source: source, Record: nothing, Authorizer: hunts.AllowAll(nothing, c.clock), Clock: c.clock, Controls: c.cfg.controls})
	if err != nil {
		c.say("workspace", "fail", "%v", err)
		return
	}
	for _, w := range list {
		if !c.tables(ctx, runner, p.catalog, w.Name) {
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
		c.sensors(ctx, runner, w.Name)
		c.threatIntelligence(ctx, runner, w.Name)
	}
}

// tables looks at each table that is read: is it there, with which columns, and
// how fresh. False when the workspace can't be read at all.
func (c *checker) tables(ctx context.Context, r *runner.Runner, catalog *runner.Catalog, workspace string) bool {
	used := map[string]string{}
	for name, what := range otherTables {
		used[name] = what
	}
	for _, name := range catalog.Names() {
		d, _ := catalog.Get(name)
		used[d.Footprint.Table] = "the hunt " + name
	}
	used["DeviceNetworkEvents"] = "everything"
	for _, table := range slices.Sorted(maps.Keys(used)) {
		columns, err := r.Columns(ctx, table, []string{workspace})
		switch kind := hunts.KindOf(err); {
		case kind == hunts.KindNoTable && table != "DeviceNetworkEvents":
			c.say("workspace", "off", "%s: %s is not there, it is for %s", workspace, table, used[table])
			continue
		case err != nil:
			c.say("workspace", "fail", "%s: %s", workspace, sentenceOf(err))
			if kind != hunts.KindNoTable {
				return false // no role, no login, no such workspace: the other tables will say the same
			}
			continue
		}
		c.table(ctx, r, workspace, table, columns)
	}
	return true
}

func (c *checker) table(ctx context.Context, r *runner.Runner, workspace, table string, columns []hunts.Column) {
	what := fmt.Sprintf("%d columns", len(columns))
	if documented, ok := localworkspace.Empty().Table(table); ok {
		var missing []string
		for _, d := range documented.Columns() {
			if !slices.ContainsFunc(columns, func(h hunts.Column) bool { return h.Name == d.Name }) {
				missing = append(missing, d.Name)
			}
		}
		if len(missing) > 0 {
			what += ", of the documented ones without " + strings.Join(missing[:min(len(missing), 8)], ", ")
			if n := len(missing) - 8; n > 0 {
				what += fmt.Sprintf(" and %d more", n)
			}
		}
	}
	events, newest, err := r.Freshness(ctx, table, []string{workspace})
	if err != nil {
		c.say("workspace", "warn", "%s: %s has %s, and does not tell how fresh it is (%s)", workspace, table, what, sentenceOf(err))
		return
	}
	state, age := "ok", ""
	switch {
	case events == 0 && table == "DeviceNetworkEvents":
		c.say("workspace", "warn", "%s: DeviceNetworkEvents had no event in the last day, so nothing can be CLEAN (%s)", workspace, what)
		return
	case events == 0:
		c.say("workspace", "ok", "%s: %s had no event in the last day (%s)", workspace, table, what)
		return
	case !newest.IsZero():
		age = fmt.Sprintf(", the newest %s old", time.Since(newest).Round(time.Second))
		if table == "DeviceNetworkEvents" && time.Since(newest) > c.cfg.staleAfter && c.cfg.staleAfter > 0 {
			state, age = "warn", age+", which is too old for a CLEAN (FOOTPRINT_STALE_AFTER)"
		}
	}
	c.say("workspace", state, "%s: %s has %s and %d events in the last day%s", workspace, table, what, events, age)
}

// sensors asks as every hunt does, and looks for the control host.
func (c *checker) sensors(ctx context.Context, runner *runner.Runner, workspace string) {
	s, err := runner.Sensors(ctx, []string{workspace})
	switch {
	case err != nil:
		c.say("workspace", "warn", "%s: the coverage is not known, so nothing can be CLEAN: %s", workspace, sentenceOf(err))
		return
	case s.Control == "":
		c.say("workspace", "warn", "%s: there is no control host, so that a CLEAN can't be proven", workspace)
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
