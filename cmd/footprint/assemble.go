package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/defender"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// localWorkspaceID is the id under which exported events are served.
const localWorkspaceID = "00000000-0000-4000-8000-00000000f007"

// kindExport is SourceInfo.Kind of exported events.
const kindExport = "exported-events"

// assembly is what differs between the subcommands that hunt.
type assembly struct {
	events     string                        // folder or file of exported events; empty asks the configured workspace
	exports    *exports                      // how to read them; nil reads them as they are
	hunt       string                        // the one that will be run, so that only what it needs is read; empty reads all
	standing   bool                          // time stands still at the newest exported event
	fleet      func() *localworkspace.Events // makes events while the rest starts already: the demo fleet
	name       string                        // what people call the local workspace
	live       bool                          // the local workspace plays a live one
	defender   bool                          // the local workspace is asked as Defender XDR
	exclusions []runner.Profile              // used when the configuration names no file; nil takes the shipped ones
	progress   io.Writer
	clock      hunts.Clock
	log        *slog.Logger
	terminal   bool // no Redis: one question, one process
}

// parts are the wired pieces of one process.
type parts struct {
	catalog  *runner.Catalog
	problems []runner.FileProblem
	source   hunts.Source
	store    *record.Store
	metrics  *metrics
	runner   *runner.Runner
	policy   *policy.Gate // nil in the terminal
	events   *localworkspace.Events
	now      time.Time   // of exported events
	clock    hunts.Clock // of everything else
	// workspaces are their names, the default one first.
	workspaces []string
	closers    []func()
}

func (p *parts) close() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
}

func assemble(ctx context.Context, cfg config, a assembly) (*parts, error) {
	p := &parts{}
	ok := false
	defer func() {
		if !ok {
			p.close()
		}
	}()
	if err := p.loadCatalog(cfg, a); err != nil {
		return nil, err
	}
	profiles, err := loadExclusions(cfg, a)
	if err != nil {
		return nil, err
	}
	local, err := p.serveEvents(ctx, cfg, &a)
	if err != nil {
		return nil, err
	}
	p.clock = a.clock
	url, tls := cfg.redisURL, cfg.redisTLS
	if a.terminal {
		url, tls = "", record.TLS{}
	}
	p.store, err = record.Open(ctx, record.Config{URL: url, TLS: tls, Clock: a.clock, Replica: cfg.replica, Random: rand.Reader, Trace: carriedTrace})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = p.store.Close() })
	p.metrics = newMetrics()
	if err := p.openSource(cfg, a, local); err != nil {
		return nil, err
	}
	authorizer := hunts.AllowAll(p.store, a.clock)
	if !a.terminal {
		if p.policy, err = policy.New(policy.Config{File: cfg.policy, Channels: cfg.channels, Bots: cfg.bots, Store: p.store, Clock: a.clock, Log: a.log}); err != nil {
			return nil, err
		}
		authorizer = p.policy
	}
	p.runner, err = runner.New(runner.Config{
		Catalog: p.catalog, Source: seenSource{p.source, p.metrics}, Record: p.store, Authorizer: authorizer, Clock: a.clock, Log: a.log, Exclusions: profiles, Workspaces: p.workspaces, Beyond: cfg.beyond(), BadLines: p.badLines, Unread: p.unread,
		DefaultWindow: cfg.window, CacheTTL: cfg.cacheTTL, StaleAfter: cfg.staleAfter, MinSensors: cfg.minSensors, ReportingWithin: cfg.reportingWithin, Proxies: cfg.proxies, Controls: cfg.controls,
	})
	if err != nil {
		return nil, err
	}
	ok = true
	return p, nil
}

func (p *parts) loadCatalog(cfg config, a assembly) error {
	var err error
	if cfg.huntsDir == "" {
		p.catalog, p.problems, err = runner.LoadCatalog(nil)
		return err
	}
	if _, err := os.Stat(cfg.huntsDir); err != nil {
		return fmt.Errorf("FOOTPRINT_HUNTS_DIR: %w", err)
	}
	p.catalog, p.problems, err = runner.LoadCatalog(os.DirFS(cfg.huntsDir))
	for _, problem := range p.problems {
		fmt.Fprintf(a.progress, "hunt left out: %v\n", problem)
	}
	return err
}

func loadExclusions(cfg config, a assembly) ([]runner.Profile, error) {
	switch {
	case cfg.exclusions == "" && a.exclusions != nil:
		return a.exclusions, nil
	case cfg.exclusions == "":
		return runner.ShippedExclusions()
	}
	text, err := os.ReadFile(cfg.exclusions)
	if err != nil {
		return nil, fmt.Errorf("FOOTPRINT_EXCLUSIONS: %w", err)
	}
	return runner.ParseExclusions(cfg.exclusions, text)
}

// serveEvents starts the local workspace, where there are events to serve, and
// gives its address.
func (p *parts) serveEvents(ctx context.Context, cfg config, a *assembly) (url string, err error) {
	if a.events == "" && a.fleet == nil {
		if len(cfg.scopeNames()) == 0 {
			return "", errNoWorkspace
		}
		return "", nil
	}
	if a.fleet == nil {
		if err := p.openExport(ctx, a); err != nil {
			return "", err
		}
	}
	clock := a.clock
	if p.events != nil {
		clock = standing(p.now)
	}
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{localWorkspaceID: p.events}, Clock: clock})
	if a.fleet != nil {
		keep := server.Promise(localWorkspaceID)
		var making sync.WaitGroup
		making.Go(func() { keep(a.fleet()) })
		p.closers = append(p.closers, making.Wait)
	}
	if url, err = server.Start(ctx, "127.0.0.1:0"); err != nil {
		return "", fmt.Errorf("serving the events: %w", err)
	}
	p.closers = append(p.closers, func() { server.Close() })
	return url, nil
}

// openSource opens the configured sources, or the local one.
func (p *parts) openSource(cfg config, a assembly, local string) error {
	var routes hunts.Routes
	var err error
	if local != "" {
		routes, err = p.localRoute(a, local)
	} else {
		routes, err = cfg.routes(a.log, p.store, func(identity string, slots int) azure.Turns { return sharedTurns(p.store, p.metrics, identity, slots) })
	}
	p.source, p.workspaces = routes, routes.Names()
	return err
}

// localRoute is the local workspace, in the protocol of either source.
func (p *parts) localRoute(a assembly, url string) (hunts.Routes, error) {
	name := cmp.Or(a.name, a.events)
	var source hunts.Source
	var err error
	if a.defender {
		source, err = defender.New(defender.Config{Name: name, Endpoint: url, Clock: a.clock, Log: a.log, Retry: azure.Retry{Log: a.log}})
	} else {
		kind := kindExport
		if a.live {
			kind = ""
		}
		source, err = loganalytics.New(loganalytics.Config{
			Endpoint: url, Workspaces: []loganalytics.Workspace{{Name: name, ID: localWorkspaceID}}, Kind: kind, Retry: azure.Retry{Log: a.log},
			Turns: sharedTurns(p.store, p.metrics, "local", identitySlots),
		})
	}
	return hunts.Routes{{Name: name, Source: source}}, err
}

// routes opens every configured source, the default one first. turns gives the
// line of those who share a quota; the memory is theirs, too.
func (c config) routes(log *slog.Logger, memory defender.Memory, turns func(identity string, slots int) azure.Turns) (hunts.Routes, error) {
	if len(c.scopeNames()) == 0 {
		return nil, errNoWorkspace
	}
	credential, err := azure.NewCredential(c.credential, c.authority, c.clientID)
	if err != nil {
		return nil, err
	}
	identity, retry := c.credential+":"+c.clientID, azure.Retry{Log: log}
	sources := map[string]hunts.Source{}
	if len(c.workspaces) > 0 {
		logs, err := loganalytics.New(loganalytics.Config{Endpoint: c.endpoint, Audience: c.audience, Workspaces: c.workspaces, Credential: credential, Retry: retry, Turns: turns("azure:"+identity, identitySlots)})
		if err != nil {
			return nil, err
		}
		for _, w := range c.workspaces {
			sources[w.Name] = logs
		}
	}
	if d := c.defender; d.name != "" {
		xdr, err := defender.New(defender.Config{Name: d.name, Endpoint: d.endpoint, Audience: d.audience, Credential: credential, Retry: retry, Turns: turns("defender:"+identity, defender.CallsAMinute), Memory: memory, Log: log})
		if err != nil {
			return nil, err
		}
		sources[d.name] = xdr
	}
	var routes hunts.Routes
	for _, name := range c.scopeNames() {
		routes = append(routes, hunts.Route{Name: name, Source: sources[name]})
	}
	return routes, nil
}

// openExport reads the exported events, and sets the clock by them.
func (p *parts) openExport(ctx context.Context, a *assembly) error {
	e := a.exports
	if e == nil {
		e = &exports{path: &a.events}
	}
	var names []string
	if a.hunt != "" {
		names = p.catalog.Mentions(a.hunt)
	}
	var err error
	if p.events, err = e.load(ctx, names, a.progress); err != nil {
		return err
	}
	p.now = e.now(p.events, a.clock)
	if a.standing || !e.moves && p.now.After(a.clock()) { // an event after our own clock has happened all the same
		a.clock = standing(p.now)
	} else if e.moves {
		a.clock = moving(p.now)
	}
	return nil
}

func (p *parts) badLines() int64 {
	if p.events == nil {
		return 0
	}
	return p.events.BadLineCount()
}

// unread is what the exported events that were read so far do not give.
func (p *parts) unread() []hunts.Unread {
	if p.events == nil {
		return nil
	}
	var out []hunts.Unread
	for _, u := range p.events.Unread() {
		// LocalIP is the remote side of few inspected events only, and healthy exports leave it out.
		if u.Column != "LocalIP" {
			out = append(out, hunts.Unread(u))
		}
	}
	return out
}

// shownBadLines bounds what the terminal prints of them; the count is in the
// coverage.
const shownBadLines = 20

func (p *parts) reportBadLines(w io.Writer) {
	if p.events == nil {
		return
	}
	for _, note := range p.events.Notes() {
		fmt.Fprintln(w, note)
	}
	var named int64
	for i, b := range p.events.BadLines() {
		if i == shownBadLines {
			fmt.Fprintf(w, "… and %d more lines that could not be read\n", p.badLines()-named)
			return
		}
		named += b.Count
		fmt.Fprintf(w, "%s:%d: %s\n", b.File, b.Line, b.Reason)
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// errNoWorkspace is what everything that searches says without one.
var errNoWorkspace = errors.New("neither AZURE_LOGS_WORKSPACE nor DEFENDER_XDR is set: give a workspace id, or Defender XDR a name, or use --events DIR for exported events")

// parseWorkspaces reads AZURE_LOGS_WORKSPACE: an id, or name=id pairs.
func parseWorkspaces(text string) ([]loganalytics.Workspace, error) {
	var out []loganalytics.Workspace
	for _, item := range strings.Split(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		name, id, named := strings.Cut(item, "=")
		if !named {
			name, id = "default", item
		}
		name, id = strings.TrimSpace(name), strings.TrimSpace(id)
		if name == "" || id == "" || strings.ContainsAny(id, "= \t") {
			return nil, fmt.Errorf("%q is not an id or name=id", item)
		}
		if slices.ContainsFunc(out, func(w loganalytics.Workspace) bool { return strings.EqualFold(w.Name, name) }) {
			return nil, fmt.Errorf("two workspaces are called %s: write name=id for each", name)
		}
		out = append(out, loganalytics.Workspace{Name: name, ID: id})
	}
	if len(out) == 0 {
		return nil, errors.New("it names no workspace")
	}
	return out, nil
}
