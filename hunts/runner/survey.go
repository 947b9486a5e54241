package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// maxPackBytes bounds the values in one query. The service documents no limit
// of a query's text; 100 KB is known to work.
const maxPackBytes = 64_000

// surveyParallel leaves slots of the identity to interactive hunts.
const surveyParallel = 2

// packs puts as many indicators into each request as one query can carry.
// Addresses and names share queries, files have their own: within one request
// they would restrict each other.
func packs(list []indicator.Indicator) []request.Request {
	var out []request.Request
	var remote, file request.Request
	remoteSize, fileSize := 0, 0
	for _, i := range list {
		one := request.Request{}
		one.Add(i)
		size := packSize(one)
		if len(one.Files) > 0 {
			if fileSize > 0 && fileSize+size > maxPackBytes {
				out, file, fileSize = append(out, file), request.Request{}, 0
			}
			file.Files, fileSize = append(file.Files, i), fileSize+size
			continue
		}
		if remoteSize > 0 && remoteSize+size > maxPackBytes {
			out, remote, remoteSize = append(out, remote), request.Request{}, 0
		}
		remote.IPs, remote.Domains, remoteSize = append(remote.IPs, one.IPs...), append(remote.Domains, one.Domains...), remoteSize+size
	}
	for _, r := range []request.Request{remote, file} {
		if len(r.IPs)+len(r.Domains)+len(r.Files) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// packSize is about how many bytes the values of a request take in a query.
func packSize(r request.Request) int {
	p := newParams(r, time.Time{}, time.Time{}, 0).packed()
	n := 0
	for _, list := range [][]string{p.nets, p.ipTexts, p.ipFull, p.rangesV4, p.rangesV6, p.domains, p.subdomains, p.suffixes, p.suffixes, p.files, p.hashes} {
		for _, s := range list {
			n += len(s) + 3
		}
	}
	for _, i := range r.Indicators() { // a place that compares URLs is given more than their hosts
		if page := pageOf(i); page != "" {
			n += len(page) - len(i.Host)
		}
	}
	return n
}

// Survey hunts a list of any length with few queries, by the same rules as a
// single hunt. h gives id, asker, window and workspaces. progress may be nil; it
// counts packs and hits. The error is a *Error and means
// that nothing was searched.
func (r *Runner) Survey(ctx context.Context, h hunts.Hunt, list []indicator.Indicator, progress func(hunts.Progress)) (hunts.Survey, error) {
	d, ok := r.cfg.Catalog.Get("network-footprint")
	if !ok {
		return hunts.Survey{}, &hunts.Error{Kind: hunts.KindRefused, Say: "the hunt network-footprint is not in the catalogue"}
	}
	h.Name = d.Name
	ctx, err := r.gate.authorize(ctx, h, hunts.Action{Name: "sweep", Right: hunts.MaySweep, Search: h.Search()})
	if err != nil {
		return hunts.Survey{}, err
	}
	return joinSurveys(r.surveys(ctx, r.gate.within(ctx, h), d, true, list, progress)), nil
}

// survey asks one scope for a list that was admitted.
func (r *Runner) survey(ctx context.Context, s *surveyor, list []indicator.Indicator, progress func(hunts.Progress)) hunts.Survey {
	started := r.cfg.Clock()
	h, d := s.hunt, s.def
	list = distinctIndicators(list)
	s.older = r.olderPart(h)
	seen, covErr := r.lookAround(ctx, s.older.newer(h), d)
	seenBefore, problems := s.older.look(ctx, r, h, d)
	s.window, s.seen, s.seenBefore = r.windowWithin(h, seen), seen, seenBefore
	if h.Window.All && !seenBefore.Oldest.IsZero() {
		s.window.From = seenBefore.Oldest
	}
	s.profiles, _ = chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	if h.Control && covErr == nil && len(list) > 0 {
		covErr = r.sweepControl(ctx, s, &seen)
	}
	group := errgroup.Group{}
	group.SetLimit(surveyParallel)
	all := packs(list)
	s.tell = func(done int) {
		progress(hunts.Progress{Done: done, Total: len(all), Devices: int64(len(s.hits)), Cancellable: true})
	}
	for _, p := range all {
		group.Go(func() error {
			s.pack(ctx, p)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.packed++
			s.tell(s.packed)
			return nil
		})
	}
	_ = group.Wait() // the functions return no error: what failed is in the survey
	out := s.result(list)
	out.Source = r.cfg.Source.Describe(h.Workspaces)
	out.Source.CPUMS, out.Source.Scanned = s.cost.CPU.Milliseconds(), s.cost.DataScanned
	out.Coverage = r.coverage(h, d, &searcher{runner: r, slices: s.slices, window: s.window, older: s.older}, seen, covErr, problems)
	// what is wrong with the values of one kind says nothing about another: the lines of its indicators carry it
	out.Coverage.Problems = append(append(out.Coverage.Problems, unreadProblems(s.unread)...), s.placeProblems()...)
	judgeSurvey(&out, s.unsearched, s.unattributed, r.blind(list, d, seen))
	out.TookMS = r.cfg.Clock().Sub(started).Milliseconds()
	return out
}

// windowWithin is the window of a hunt with its ends filled in from what the
// workspace keeps.
func (r *Runner) windowWithin(h hunts.Hunt, seen sensors) hunts.Window {
	w := h.Window
	if !w.All {
		return w
	}
	w.From = seen.Oldest
	if !seen.Newest.IsZero() && !r.live(h) {
		w.To = seen.Newest.Add(time.Microsecond)
	}
	if w.From.IsZero() {
		w.From = w.To.Add(-r.cfg.DefaultWindow)
	}
	return w
}

func distinctIndicators(list []indicator.Indicator) []indicator.Indicator {
	seen := make(map[indicator.Indicator]bool, len(list))
	out := make([]indicator.Indicator, 0, len(list))
	for _, i := range list {
		if !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	return out
}

type pairRow struct {
	Indicator string   `json:"indicator"`
	Device    string   `json:"device"`
	DeviceID  string   `json:"device_id"`
	Events    int64    `json:"events"`
	First     kqlTime  `json:"first"`
	Last      kqlTime  `json:"last"`
	Reached   int64    `json:"reached"`
	Failed    int64    `json:"failed"`
	Blocked   int64    `json:"blocked"`
	LookedUp  int64    `json:"looked_up"`
	Processes []string `json:"processes"`
	Excluded  []string `json:"excluded"`
}

// surveyor is one run over the packs of a watchlist.
type surveyor struct {
	runner   *Runner
	hunt     hunts.Hunt
	def      Definition
	window   hunts.Window
	profiles []Profile
	older    older
	seen     sensors
	// seenBefore is what the older scope of the window has.
	seenBefore sensors
	// background leaves the slots of the identity to people who wait.
	background bool

	mu           sync.Mutex
	slices       []hunts.Slice
	results      map[indicator.Indicator]hunts.IndicatorResult
	hits         []hunts.Hit
	unsearched   map[indicator.Indicator]bool
	unattributed int64
	unread       []unreadRow
	places       []placeResult
	truncated    bool
	queries      int
	cost         hunts.QueryStats
	bytes        int
	packed       int
	tell         func(done int) // called with mu held
}

// pack asks for some indicators: in what the scope keeps, and where an older part
// of the window is held.
func (s *surveyor) pack(ctx context.Context, req request.Request) {
	req.Devices = s.hunt.Request.Devices // device= narrows a sweep as it does a hunt
	in := s.hunt
	in.Window = s.window
	s.packIn(ctx, req, s.older.newer(in))
	switch o := s.older; {
	case o.seam.IsZero():
	case o.scope != "":
		s.packIn(ctx, req, o.before(in))
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.unsearchedPack(req, hunts.Slice{From: s.window.From, To: o.seam, State: hunts.SliceFailed, Reason: o.reason(s.runner.scopeName(s.hunt))})
	}
}

// unsearchedPack notes what one query says nothing about. The caller holds mu.
func (s *surveyor) unsearchedPack(req request.Request, slice hunts.Slice) {
	s.slices = append(s.slices, slice)
	if s.unsearched == nil {
		s.unsearched = map[indicator.Indicator]bool{}
	}
	for _, i := range req.Indicators() {
		s.unsearched[i] = true
	}
}

// packIn asks one query. A pack that the service finds too large is halved.
func (s *surveyor) packIn(ctx context.Context, req request.Request, in hunts.Hunt) {
	r := s.runner
	p := newParams(req, in.Window.From, in.Window.To, timelineStep(in.Window)).late(in.Arrived, r.again(in)).packed()
	text := s.def.kql(p, comment(in), s.profiles, r.cfg.Catalog.survey)
	s.mu.Lock()
	s.queries++
	s.bytes += len(text)
	s.mu.Unlock()
	res, err := r.query(ctx, hunts.Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Sweep: s.background, Text: text,
		From: p.from.Truncate(time.Second), To: p.to.Add(time.Second), Workspaces: in.Workspaces,
	})
	s.mu.Lock()
	s.cost.CPU += res.Stats.CPU
	s.cost.DataScanned += res.Stats.DataScanned
	s.mu.Unlock()
	all := req.Indicators()
	if kind := hunts.KindOf(err); err != nil && len(all) > 1 && (kind == hunts.KindTooLarge || kind == hunts.KindTimeout) && ctx.Err() == nil {
		for _, half := range [][]indicator.Indicator{all[:len(all)/2], all[len(all)/2:]} {
			for _, p := range packs(half) {
				p.Devices = req.Devices
				s.packIn(ctx, p, in)
			}
		}
		return
	}
	var places []placeResult
	if err == nil {
		about := in
		about.Request.IPs, about.Request.Domains, about.Request.Files, about.Scheduled = req.IPs, req.Domains, req.Files, s.background
		seen := s.seen
		if s.older.scope != "" && slices.Equal(in.Workspaces, []string{s.older.scope}) {
			seen = s.seenBefore
		}
		places = r.lookInPlaces(ctx, about, in.Window, seen, 1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.places, s.queries = append(s.places, places...), s.queries+queriesOf(places)
	slice := hunts.Slice{From: in.Window.From, To: in.Window.To, State: hunts.SliceDone}
	switch {
	case err != nil && ctx.Err() != nil:
		slice.State, slice.Reason = hunts.SliceSkipped, stoppedReason(ctx)
	case err != nil:
		r.cfg.Log.Warn("pack of a sweep failed", "hunt", s.hunt.ID, "indicators", len(all), "error", err)
		slice.State, slice.Reason = hunts.SliceFailed, sayOf(err, s.def)
	case res.Partial != "":
		slice.State, slice.Reason = hunts.SlicePartial, res.Partial
	}
	if err == nil {
		if err := s.read(res.Rows, p); err != nil {
			r.cfg.Log.Error("pack of a sweep not understood", "hunt", s.hunt.ID, "error", err)
			slice.State, slice.Reason = hunts.SliceFailed, notUnderstood(err)
		}
	}
	if slice.State == hunts.SliceDone {
		s.slices = append(s.slices, slice)
		return
	}
	s.unsearchedPack(req, slice)
}

// read takes in the rows of one query. The caller holds mu.
func (s *surveyor) read(rows [][]any, p params) error {
	total := false
	pairs, lines, known, events := int64(0), int64(0), int64(0), int64(0)
	for _, row := range rows {
		if len(row) < 2 {
			return fmt.Errorf("a row has %d columns instead of 2", len(row))
		}
		section, _ := row[0].(string)
		text, _ := row[1].(string)
		switch section {
		case "total":
			var t struct{ Events, Pairs, Unattributed int64 }
			if err := json.Unmarshal([]byte(text), &t); err != nil {
				return fmt.Errorf("the total: %w", err)
			}
			total, known, events = true, t.Pairs, t.Events
			s.unattributed += t.Unattributed
		case "indicator":
			var i indicatorRow
			if err := json.Unmarshal([]byte(text), &i); err != nil {
				return fmt.Errorf("an indicator: %w", err)
			}
			lines++
			s.count(i, p)
		case "unread":
			if err := appendRow(&s.unread, []byte(text)); err != nil {
				return fmt.Errorf("what was not read: %w", err)
			}
		case "pair":
			var x pairRow
			if err := json.Unmarshal([]byte(text), &x); err != nil {
				return fmt.Errorf("a hit: %w", err)
			}
			pairs++
			s.hit(x, p)
		}
	}
	if !total {
		return fmt.Errorf("the result lacks its total")
	}
	if silent := events == 0; silent != (pairs == 0) || silent != (lines == 0) || pairs > known || lines > known {
		return fmt.Errorf("%w: %d events of %d indicators, %d of %d hits", errContradiction, events, lines, pairs, known)
	}
	s.truncated = s.truncated || pairs < known
	return nil
}

func (s *surveyor) count(row indicatorRow, p params) {
	if s.results == nil {
		s.results = map[indicator.Indicator]hunts.IndicatorResult{}
	}
	for _, i := range p.asked(row.Indicator) {
		have := s.results[i]
		have.Events += row.Events
		have.Devices += row.Devices
		have.FirstSeen, have.LastSeen = earlier(have.FirstSeen, row.First.Time), later(have.LastSeen, row.Last.Time)
		if row.Reached > 0 {
			have.Verdict = hunts.Reached
		} else if have.Verdict != hunts.Reached {
			have.Verdict = hunts.Tried
		}
		s.results[i] = have
	}
}

func (s *surveyor) hit(x pairRow, p params) {
	outcome := hunts.OutcomeOther
	for _, o := range []struct {
		n int64
		o hunts.Outcome
	}{{x.LookedUp, hunts.OutcomeLookedUp}, {x.Failed, hunts.OutcomeFailed}, {x.Blocked, hunts.OutcomeBlocked}, {x.Reached, hunts.OutcomeReached}} {
		if o.n > 0 {
			outcome = o.o
		}
	}
	slices.SortFunc(x.Processes, strings.Compare)
	for _, i := range p.asked(x.Indicator) {
		s.hits = append(s.hits, hunts.Hit{
			Indicator: i.String(), Type: string(i.Kind), Device: x.Device, DeviceID: x.DeviceID, Outcome: outcome, Events: x.Events, FirstSeen: x.First.Time, LastSeen: x.Last.Time, Processes: x.Processes,
			Because: ruleOf(i), Excluded: x.Excluded,
			Counts: hunts.Outcomes{Reached: x.Reached, Failed: x.Failed, Blocked: x.Blocked, LookedUp: x.LookedUp, Other: max(0, x.Events-x.Reached-x.Failed-x.Blocked-x.LookedUp)},
		})
	}
}

// result lists every indicator, in the order of the list.
func (s *surveyor) result(list []indicator.Indicator) hunts.Survey {
	found, spoiled := s.inPlaces()
	if s.older.scope != "" {
		s.joinParts()
	}
	out := hunts.Survey{Window: s.window, Hits: s.hits, Truncated: s.truncated, Queries: s.queries, Bytes: s.bytes}
	sortHits(out.Hits)
	for _, i := range list {
		r := s.results[i]
		r.Indicator, r.Type = i.String(), string(i.Kind)
		if v, ok := found[i]; ok && raised(r.Verdict, v, false) {
			r.Verdict = v
		}
		if s.unsearched[i] && r.Verdict != hunts.Reached && r.Verdict != hunts.Seen || r.Verdict == "" && (spoiled[i] || doubted(s.unread, i)) {
			r.Verdict = hunts.CouldNotTell
		}
		out.Indicators = append(out.Indicators, r)
	}
	return out
}

// ForSurvey makes the record of a sweep: a question whose indicators come by
// themselves.
func (r *Runner) ForSurvey(id string, req request.Request, asker hunts.Asker) hunts.Hunt {
	now := r.cfg.Clock()
	workspaces, refused := r.workspaces(req.Workspaces)
	if refused != nil {
		workspaces = req.Workspaces // the source says that there is no such workspace
	}
	return hunts.Hunt{ID: id, Name: "network-footprint", Request: req, Window: windowOf(req, now, r.cfg.DefaultWindow), Workspaces: workspaces, Asker: asker, State: hunts.Queued, Created: now.UTC()}
}

// ruleOf is the rule by which an indicator matches, for a hit that stands for
// many rows.
func ruleOf(i indicator.Indicator) string {
	switch i.Kind {
	case indicator.KindCIDR:
		return "in " + i.Value
	case indicator.KindIP:
		return "exact address"
	case indicator.KindSuffix:
		return "ends with " + i.Host
	case indicator.KindFile:
		return "file name"
	case indicator.KindMD5, indicator.KindSHA1, indicator.KindSHA256:
		return string(i.Kind) + " of the file"
	}
	if i.SubOnly {
		return "sub-domain"
	}
	return "name or sub-domain"
}
