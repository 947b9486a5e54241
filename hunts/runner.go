package hunts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// KindLogAnalytics is SourceInfo.Kind of a live workspace; anything else is a
// finished export.
const KindLogAnalytics = "log-analytics"

// Config is what a Runner is made of. Zero durations take the defaults named
// at each field.
type Config struct {
	Catalog    *Catalog
	Source     Source
	Record     Record
	Clock      Clock
	Log        *slog.Logger
	Exclusions []Profile
	// Admit decides whether a hunt may run; a *Error of kind not_allowed refuses
	// it. Nil admits everybody: only the terminal does that.
	Admit func(ctx context.Context, h Hunt) error
	// BadLines counts the lines of an export that could not be read; nil is none.
	BadLines func() int64

	DefaultWindow time.Duration // look-back when none is asked for; 7 days
	CacheTTL      time.Duration // how long an identical question gets the same answer; 15 minutes
	SliceTTL      time.Duration // how long a finished slice of the past is kept; 24 hours
	SettleAfter   time.Duration // age from which a slice is taken as final: later rows are rare; 6 hours
	StaleAfter    time.Duration // a newest event older than this before the window's end is no coverage; 2 hours
	MinSensors    float64       // share of known sensors that must report for a CLEAN; 0.8
	Parallel      int           // slices asked at once; 4, so that one of the five slots stays free
	QueryTimeout  time.Duration // longest wait for one query; 170 s, under the service's 3-minute queue
}

// Runner answers hunts.
type Runner struct{ cfg Config }

// NewRunner fills in the defaults.
func NewRunner(cfg Config) *Runner {
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
	return &Runner{cfg: cfg}
}

// Prepare makes the durable record of a question: which hunt, which window. A
// *Error of kind refused teaches the asker what to change.
func (r *Runner) Prepare(id string, req indicator.Request, asker Asker) (Hunt, error) {
	name := req.Hunt
	if name == "" {
		name = DefaultHunt
	}
	d, ok := r.cfg.Catalog.Get(name)
	if !ok {
		return Hunt{}, &Error{Kind: KindRefused, Say: fmt.Sprintf("there is no hunt named %q; there are %s", name, strings.Join(r.cfg.Catalog.Names(), ", "))}
	}
	if !d.satisfied(req) {
		return Hunt{}, &Error{Kind: KindRefused, Say: fmt.Sprintf("the hunt %s needs %s", name, needsText(d.Footprint.Needs))}
	}
	if _, refused := chooseProfiles(r.cfg.Exclusions, req.Exclude, req.ExcludeNone); refused != nil {
		return Hunt{}, refused
	}
	now := r.cfg.Clock()
	return Hunt{
		ID: id, Name: d.Name, Request: req, Window: windowOf(req, now, r.cfg.DefaultWindow), Workspaces: req.Workspaces,
		Asker: asker, State: Queued, Created: now.UTC(),
	}, nil
}

func (d Definition) satisfied(req indicator.Request) bool {
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

// Run answers a hunt. Identical questions share one run, also across
// processes. progress may be nil; it is called from one goroutine at a time.
//
// The error is a *Error and means that nothing was searched: refused by
// policy, or no audit could be written. Everything that goes wrong later is in
// the answer, as COULD_NOT_TELL with its reason.
func (r *Runner) Run(ctx context.Context, h Hunt, progress func(Progress)) (Answer, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if err := r.admit(ctx, h); err != nil {
		return Answer{}, err
	}
	d, ok := r.cfg.Catalog.Get(h.Name)
	if !ok {
		return Answer{}, &Error{Kind: KindRefused, Say: fmt.Sprintf("the hunt %q is no longer in the catalogue", h.Name)}
	}
	key := r.cacheKey(h, d)
	for {
		if !h.Request.Fresh && h.Refreshes == "" {
			if a, ok, err := r.cfg.Record.CachedAnswer(ctx, key); err == nil && ok {
				return r.remembered(a, h), nil
			}
		}
		lease, holder, ok, err := r.cfg.Record.Lease(ctx, "run:"+key, h.ID, leaseTTL)
		if err != nil {
			a := r.search(ctx, h, d, progress)
			a.Notes = append(a.Notes, "Our memory does not answer: this was searched without cache, and will not be remembered.")
			return a, nil
		}
		if ok {
			return r.searchLeased(ctx, h, d, key, lease, progress)
		}
		r.cfg.Log.Info("hunt waits for an identical one", "hunt", h.ID, "holder", holder)
		progress(Progress{SharedWith: holder})
		if err := r.cfg.Record.Await(ctx, "run:"+key); err != nil && KindOf(err) != KindUnavailable {
			return Answer{}, &Error{Kind: KindCancelled, Say: "the hunt was stopped while it waited for an identical one", Err: err}
		}
		h.Request.Fresh, h.Refreshes = false, "" // what the other one found a moment ago is fresh
	}
}

// admit is the only way to a source: policy and audit, both outcomes, in one
// place. Without an audit entry there is no hunt.
func (r *Runner) admit(ctx context.Context, h Hunt) error {
	entry := AuditEntry{
		Time: r.cfg.Clock().UTC(), Action: "hunt", HuntID: h.ID, User: h.Asker.User, Team: h.Asker.Team, Channel: h.Asker.Channel,
		What: indicator.Format(h.Request), Why: h.Request.Why, Workspace: strings.Join(h.Workspaces, ","), Outcome: "admitted",
	}
	var refused error
	if r.cfg.Admit != nil {
		refused = r.cfg.Admit(ctx, h)
	}
	if refused != nil {
		entry.Action, entry.Outcome = "refused", refused.Error()
	}
	if err := r.cfg.Record.Audit(ctx, entry); err != nil {
		return &Error{Kind: KindUnavailable, Say: "the audit log can't be written, so nothing was searched", Hint: "Try again in a minute.", Err: err}
	}
	return refused
}

const (
	leaseTTL   = 10 * time.Second // a dead replica's hunt is taken over after this
	leaseRenew = 3 * time.Second
)

// searchLeased searches while a heartbeat keeps the lease. When the lease is
// lost the search stops: somebody else answers.
func (r *Runner) searchLeased(ctx context.Context, h Hunt, d Definition, key string, lease Lease, progress func(Progress)) (Answer, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var beats sync.WaitGroup
	beats.Go(func() {
		tick := time.NewTicker(leaseRenew)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if held, err := lease.Renew(ctx); err == nil && !held {
					stop()
					return
				}
			}
		}
	})
	a := r.search(ctx, h, d, progress)
	lost := ctx.Err() != nil
	stop()
	beats.Wait()
	after := context.WithoutCancel(ctx)
	if !lost {
		r.keep(after, key, &a)
	}
	if err := lease.Release(after); err != nil {
		r.cfg.Log.Warn("lease of a hunt not released, it expires by itself", "hunt", h.ID, "error", err)
	}
	return a, nil
}

// keep remembers the answer. Only what is worth repeating is cached for
// others: an answer with an error or a gap is kept for its own thread alone.
func (r *Runner) keep(ctx context.Context, key string, a *Answer) {
	cacheKey := ""
	if a.Verdict != CouldNotTell && allDone(a.Coverage.Slices) {
		until := r.cfg.Clock().UTC().Add(r.cfg.CacheTTL)
		a.Source.ExpiresAt = &until
		cacheKey = key
	}
	if err := r.cfg.Record.SaveAnswer(ctx, cacheKey, *a, r.cfg.CacheTTL); err != nil {
		r.cfg.Log.Warn("answer not kept, follow-ups will search again", "hunt", a.HuntID, "error", err)
		a.Notes = append(a.Notes, "Our memory does not answer: follow-ups on this hunt will not work.")
	}
}

func (r *Runner) remembered(a Answer, h Hunt) Answer {
	if a.Source.CachedAt == nil {
		at := r.cfg.Clock().UTC()
		if a.Source.ExpiresAt != nil {
			at = a.Source.ExpiresAt.Add(-r.cfg.CacheTTL)
		}
		a.Source.CachedAt = &at
	}
	a.HuntID = h.ID
	a.Request.Why, a.Request.AskedBy = h.Request.Why, h.Asker.Name
	return a
}

// cacheKey is the identity of a question: everything that changes the answer,
// and not who asks or why.
func (r *Runner) cacheKey(h Hunt, d Definition) string {
	w := fmt.Sprint(h.Window.From.Unix(), h.Window.To.Unix())
	if h.Window.All || h.Window.Ago > 0 {
		w = fmt.Sprint(h.Window.All, h.Window.Ago)
	}
	profiles, _ := chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	same := newParams(h.Request, time.Time{}, time.Time{}, 0)
	return "answer:" + digest(d.kql(same, "", profiles, r.cfg.Catalog.summary), w, strings.Join(h.Workspaces, ","))
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// search asks the source, slice by slice, and judges. It always returns an
// answer.
func (r *Runner) search(ctx context.Context, h Hunt, d Definition, progress func(Progress)) Answer {
	started := r.cfg.Clock()
	seen, covErr := r.lookAround(ctx, h, d)
	window := h.Window
	if window.All {
		window.From = seen.Oldest
		if !seen.Newest.IsZero() && r.cfg.Source.Describe(h.Workspaces).Kind != KindLogAnalytics {
			window.To = seen.Newest.Add(time.Microsecond)
		}
		if window.From.IsZero() {
			window.From = window.To.Add(-r.cfg.DefaultWindow)
		}
	}
	s := &searcher{runner: r, hunt: h, def: d, window: window, slices: slicesOf(window), progress: progress}
	s.profiles, _ = chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	s.run(ctx)
	a := r.conclude(h, d, s, seen, covErr)
	if a.Verdict == Clean {
		a.Neighbours = s.neighbours(ctx)
	}
	a.Source.Queries, a.Source.TookMS = s.queries, r.cfg.Clock().Sub(started).Milliseconds()
	return a
}

func (r *Runner) conclude(h Hunt, d Definition, s *searcher, seen sensors, covErr error) Answer {
	hidden := map[string]bool{}
	for _, p := range s.profiles {
		hidden[p.Name] = p.Mode == ModeHide
	}
	p := newParams(h.Request, s.window.From, s.window.To, timelineStep(s.window))
	a := merge(s.parts, p, hidden, h.Request)
	a.HuntID, a.Hunt = h.ID, d.Name
	a.Request = answerRequest(h, s.window)
	a.KQL = d.kql(p, comment(h), s.profiles, r.cfg.Catalog.summary)
	a.Source = r.cfg.Source.Describe(h.Workspaces)
	a.Coverage = r.coverage(h, d, s, seen, covErr)
	judge(&a, s.unsearched(), s.unattributed())
	a.Notes = append(a.Notes, s.notes(a, seen)...)
	return a
}

func (r *Runner) coverage(h Hunt, d Definition, s *searcher, seen sensors, covErr error) Coverage {
	c := Coverage{
		SensorsReporting: seen.Reporting, SensorsKnown: seen.Known, Slices: s.slices, Control: seen.Control, Proxy: seen.Proxy,
		NewestEvent: later(nil, seen.Newest), OldestEvent: earlier(nil, seen.Oldest),
	}
	if r.cfg.BadLines != nil {
		c.BadLines = r.cfg.BadLines()
	}
	if seen.Control != "" {
		c.ControlFound = &seen.ControlFound
	}
	if covErr != nil {
		c.Problems = append(c.Problems, "the coverage is not known: "+sayOf(covErr, d))
	} else {
		c.Problems = r.problems(h, d, seen, c)
	}
	if !allDone(s.slices) {
		c.Problems = append(c.Problems, unsearchedText(s.unsearched(), len(s.slices)))
	}
	c.Complete = len(c.Problems) == 0
	return c
}

func allDone(slices []Slice) bool {
	for _, s := range slices {
		if s.State != SliceDone {
			return false
		}
	}
	return len(slices) > 0
}

// sayOf is the sentence of an error for people; a missing table names the
// connector that provides it.
func sayOf(err error, d Definition) string {
	var e *Error
	if !errors.As(err, &e) {
		return "something broke on our side"
	}
	say := e.Say
	if e.Kind == KindNoTable {
		for _, c := range d.RequiredDataConnectors {
			say += fmt.Sprintf("; the data connector %s provides %s", c.ConnectorID, strings.Join(c.DataTypes, ", "))
		}
	}
	if e.Hint != "" {
		say += ". " + e.Hint
	}
	return say
}

func answerRequest(h Hunt, w Window) AnswerRequest {
	out := AnswerRequest{
		IPs: []string{}, Domains: []string{}, Files: []string{}, Devices: append([]string{}, h.Request.Devices...),
		From: w.From, To: w.To, Why: h.Request.Why, AskedBy: h.Asker.Name,
	}
	for _, i := range h.Request.IPs {
		out.IPs = append(out.IPs, i.String())
	}
	for _, i := range h.Request.Domains {
		out.Domains = append(out.Domains, i.String())
	}
	for _, i := range h.Request.Files {
		out.Files = append(out.Files, i.String())
	}
	return out
}

// query asks the source once, with the deadline of one query.
func (r *Runner) query(ctx context.Context, q Query) (Result, error) {
	ctx, stop := context.WithTimeout(ctx, r.cfg.QueryTimeout)
	defer stop()
	return r.cfg.Source.Query(ctx, q)
}

// searcher is one run over the slices of a window.
type searcher struct {
	runner   *Runner
	hunt     Hunt
	def      Definition
	window   Window
	profiles []Profile
	progress func(Progress)

	mu      sync.Mutex
	slices  []Slice
	parts   []part
	queries int
}

func (s *searcher) run(ctx context.Context) {
	group := errgroup.Group{}
	group.SetLimit(s.runner.cfg.Parallel)
	// newest first: what happened last is what the asker wants to see first
	for i := len(s.slices) - 1; i >= 0; i-- {
		group.Go(func() error {
			p, state, reason := s.slice(ctx, s.slices[i])
			s.finish(i, p, state, reason)
			return nil
		})
	}
	_ = group.Wait() // the functions return no error: what failed is in the slice
}

func (s *searcher) finish(i int, p part, state SliceState, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slices[i].State, s.slices[i].Reason = state, reason
	if state == SliceDone || state == SlicePartial {
		s.parts = append(s.parts, p)
	}
	now := Progress{Total: len(s.slices), Cancellable: true}
	names := map[string]bool{}
	for _, x := range s.parts {
		now.Events += x.total.Events
		if x.total.Reached > 0 {
			now.Verdict = Reached
		}
		now.Devices = max(now.Devices, x.total.Devices)
		for _, d := range x.devices {
			names[strings.ToLower(d.Device)] = true
		}
	}
	now.Devices = max(now.Devices, int64(len(names)))
	for _, x := range s.slices {
		if x.State != "" && x.State != SliceRunning {
			now.Done++
		}
	}
	s.progress(now)
}

// slice answers one slice, from memory when it lies far enough in the past.
func (s *searcher) slice(ctx context.Context, at Slice) (part, SliceState, string) {
	if ctx.Err() != nil {
		return part{}, SliceSkipped, "the hunt was cancelled before this slice"
	}
	r := s.runner
	p := newParams(s.hunt.Request, at.From, at.To, timelineStep(s.window))
	key := "slice:" + digest(s.def.kql(p, "", s.profiles, r.cfg.Catalog.summary), strings.Join(s.hunt.Workspaces, ","))
	settled := r.cfg.Clock().Sub(at.To) > r.cfg.SettleAfter
	if settled && !s.hunt.Request.Fresh {
		if data, ok, err := r.cfg.Record.Blob(ctx, key); err == nil && ok {
			var rows [][]any
			if json.Unmarshal(data, &rows) == nil {
				if found, err := readPart(rows); err == nil {
					return found, SliceDone, ""
				}
			}
		}
	}
	s.mu.Lock()
	s.queries++
	s.mu.Unlock()
	res, err := r.query(ctx, Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Text: s.def.kql(p, comment(s.hunt), s.profiles, r.cfg.Catalog.summary),
		// whole seconds outwards: the service's timespan knows no fractions, the query has the exact ends
		From: at.From.Truncate(time.Second), To: at.To.Add(time.Second), Workspaces: s.hunt.Workspaces,
	})
	if err != nil {
		r.cfg.Log.Warn("slice failed", "hunt", s.hunt.ID, "from", at.From, "to", at.To, "kind", KindOf(err), "error", err)
		if ctx.Err() != nil {
			return part{}, SliceSkipped, "the hunt was cancelled during this slice"
		}
		return part{}, SliceFailed, sayOf(err, s.def)
	}
	found, err := readPart(res.Rows)
	if err != nil {
		r.cfg.Log.Error("slice not understood", "hunt", s.hunt.ID, "error", err)
		return part{}, SliceFailed, "the answer of the workspace was not understood"
	}
	if res.Partial != "" {
		return found, SlicePartial, res.Partial
	}
	if settled {
		if data, err := json.Marshal(res.Rows); err == nil {
			_ = r.cfg.Record.SaveBlob(ctx, key, data, r.cfg.SliceTTL) // not kept: searched again next time
		}
	}
	return found, SliceDone, ""
}

func (s *searcher) unsearched() []Slice {
	var out []Slice
	for _, x := range s.slices {
		if x.State != SliceDone {
			out = append(out, x)
		}
	}
	return out
}

// unattributed counts the inspected events that file= could not be decided for.
func (s *searcher) unattributed() int64 {
	var n int64
	for _, p := range s.parts {
		n += p.unattributed.Events
	}
	return n
}

// notes are what the reader must know beside the verdict.
func (s *searcher) notes(a Answer, seen sensors) []string {
	var out []string
	if a.Totals.Aggregated > 0 {
		out = append(out, "An hourly aggregate is one event that stands for many connections.")
	}
	if n := s.unattributed(); n > 0 && a.Totals.Events > 0 {
		out = append(out, fmt.Sprintf("%s to the same remote side carry no process, so file= could not be decided for them.", count(n, "more inspected event")))
	}
	if seen.Proxy != "" && len(s.hunt.Request.IPs) > 0 && len(s.hunt.Request.Domains) == 0 {
		out = append(out, fmt.Sprintf("Most web traffic here goes through the proxy %s, so the remote address is the proxy's: hunt by dns= as well.", seen.Proxy))
	}
	if a.Truncated.ByDevice || a.Truncated.Rows {
		out = append(out, "More devices or rows matched than one answer holds: counts of events are exact, counts of devices per indicator and process are lower bounds.")
	}
	return out
}
