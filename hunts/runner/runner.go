// Package runner turns a request into an answer: it admits and audits the hunt,
// shares it with everybody who asks the same, cuts its window into slices,
// writes the query of each, merges what comes back, and judges.
//
// It knows no service: source and record are passed in. The verdict is decided
// here and nowhere else, in judge.go, and CLEAN only when every slice was
// searched in full and the coverage is known and complete.
package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Config is what a Runner is made of. Zero durations take the defaults named
// at each field.
type Config struct {
	Catalog    *Catalog
	Source     hunts.Source
	Record     hunts.Record
	Clock      hunts.Clock
	Log        *slog.Logger
	Exclusions []Profile
	// Workspaces are the configured names, the default one first. Nil leaves it to
	// the source to know them.
	Workspaces []string
	// Beyond names, by a scope in lower case, the workspace that holds what is older
	// than that scope keeps. Both hold the same devices.
	Beyond map[string]string
	// Authorizer judges and audits everything that asks the source; there is no
	// default. The terminal passes hunts.AllowAll.
	Authorizer hunts.Authorizer
	// BadLines counts the lines of an export that could not be read; nil is none.
	BadLines func() int64
	// Unread is what else an export can't give: columns, values, files, rows that
	// were cut off. Nil is nothing.
	Unread func() []hunts.Unread
	// Proxies are names, addresses or address:port of forward proxies that the data
	// does not show as such: behind one, an address can't be seen.
	Proxies []string

	DefaultWindow time.Duration // look-back when none is asked for; 7 days
	CacheTTL      time.Duration // how long an identical question gets the same answer; 15 minutes
	SliceTTL      time.Duration // how long a finished slice of the past is kept; 24 hours
	SettleAfter   time.Duration // age from which a slice is final in hunts that can't be asked what came late; 6 hours
	StaleAfter    time.Duration // a newest event older than this before the window's end is no coverage, unless the fleet sleeps; 2 hours
	// ReportingWithin is how far before the newest event a sensor must have reported
	// anything to count as reporting; 24 hours.
	ReportingWithin time.Duration
	// Controls are hosts that are known to be present, by which a scheduled sweep
	// proves itself; none picks them among the hosts of the day before.
	Controls     []indicator.Indicator
	MinSensors   float64       // share of known sensors that must report for a CLEAN; 0.8
	Parallel     int           // slices asked at once; 4, so that one of the five slots stays free
	QueryTimeout time.Duration // longest wait for one query; 170 s, under the service's 3-minute queue
}

// Runner answers hunts.
type Runner struct {
	cfg  Config
	gate gate
}

// New fills in the defaults. There is no Runner without an Authorizer.
func New(cfg Config) (*Runner, error) {
	if cfg.Authorizer == nil {
		return nil, errors.New("a runner needs an authorizer: pass the policy, or hunts.AllowAll where everything is allowed")
	}
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&cfg.DefaultWindow, 7*day)
	def(&cfg.CacheTTL, 15*time.Minute)
	def(&cfg.SliceTTL, day)
	def(&cfg.SettleAfter, 6*time.Hour)
	def(&cfg.StaleAfter, 2*time.Hour)
	def(&cfg.ReportingWithin, day)
	def(&cfg.QueryTimeout, 170*time.Second)
	if cfg.MinSensors == 0 {
		cfg.MinSensors = 0.8
	}
	if cfg.Parallel == 0 {
		cfg.Parallel = 4
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{cfg: cfg, gate: gate{Source: cfg.Source, authorizer: cfg.Authorizer, workspaces: cfg.Workspaces, timeout: cfg.QueryTimeout}}
	r.cfg.Source = r.gate
	r.gate.reaches = r.reaches
	return r, nil
}

// Prepare makes the durable record of a question: which hunt, which window. A
// *Error of kind refused teaches the asker what to change.
func (r *Runner) Prepare(id string, req request.Request, asker hunts.Asker) (hunts.Hunt, error) {
	name := req.Hunt
	switch {
	case name != "":
	case len(req.Indicators()) == 0 && len(req.Devices) > 0:
		name = hunts.DeviceHunt
	default:
		name = hunts.DefaultHunt
	}
	d, ok := r.cfg.Catalog.Get(name)
	if !ok {
		return hunts.Hunt{}, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("there is no hunt named %q; there are %s", name, r.cfg.Catalog.nearest(name))}
	}
	if !d.satisfied(req) {
		return hunts.Hunt{}, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("the hunt %s needs %s", name, needsText(d.Footprint.Needs))}
	}
	if refused := d.fixedEnd(req); refused != nil {
		return hunts.Hunt{}, refused
	}
	if say := d.unread(req); say != "" {
		return hunts.Hunt{}, &hunts.Error{Kind: hunts.KindRefused, Say: say}
	}
	if _, refused := chooseProfiles(r.cfg.Exclusions, req.Exclude, req.ExcludeNone); refused != nil {
		return hunts.Hunt{}, refused
	}
	workspaces, refused := r.workspaces(req.Workspaces)
	if refused == nil {
		refused = r.cfg.Catalog.CheckPlaces(req.Places)
	}
	if refused != nil {
		return hunts.Hunt{}, refused
	}
	now := r.cfg.Clock()
	return hunts.Hunt{
		ID: id, Name: d.Name, Request: req, Window: d.ownWindowIf(windowOf(req, now, d.byDefault(r.cfg.DefaultWindow))), Workspaces: workspaces,
		Asker: asker, State: hunts.Queued, Created: now.UTC(),
	}, nil
}

// workspaces gives the configured names for those that were asked for, and the
// default one where none was: a policy compares names.
func (r *Runner) workspaces(asked []string) ([]string, *hunts.Error) {
	if len(r.cfg.Workspaces) == 0 {
		return asked, nil
	}
	if len(asked) == 0 {
		return r.cfg.Workspaces[:1:1], nil
	}
	out := make([]string, 0, len(asked))
	for _, a := range asked {
		i := slices.IndexFunc(r.cfg.Workspaces, func(known string) bool { return strings.EqualFold(known, a) })
		if i < 0 && len(r.cfg.Workspaces) == 1 {
			return nil, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("there is no workspace %q here: leave workspace= out to hunt in the only one, %s", a, r.cfg.Workspaces[0])}
		}
		if i < 0 {
			return nil, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("there is no workspace %q here: write workspace=%s", a, strings.Join(r.cfg.Workspaces, " or workspace="))}
		}
		out = append(out, r.cfg.Workspaces[i])
	}
	return out, nil
}

func (d Definition) satisfied(req request.Request) bool {
	if len(d.Footprint.Needs) == 0 {
		return true
	}
	has := map[string]bool{"remote": len(req.IPs)+len(req.Domains) > 0, "file": len(req.Files) > 0, "device": len(req.Devices) > 0}
	return slices.ContainsFunc(d.Footprint.Needs, func(n string) bool { return has[n] })
}

func needsText(needs []string) string {
	words := map[string]string{"remote": "ip= or dns=", "file": "file=", "device": "device="}
	var out []string
	for _, n := range needs {
		out = append(out, words[n])
	}
	return strings.Join(out, " or ")
}

// query asks the source once, through the gate.
func (r *Runner) query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	return r.gate.Query(ctx, q)
}
