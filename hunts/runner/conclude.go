package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// search asks each scope of a hunt by itself, and makes one answer of theirs. It
// always returns an answer.
func (r *Runner) search(ctx context.Context, h hunts.Hunt, d Definition, progress func(hunts.Progress)) hunts.Answer {
	started := r.cfg.Clock()
	scopes := len(scopesOf(h))
	answers := make([]hunts.Answer, scopes)
	tell := progressOf(scopes, progress)
	eachScope(h, func(n int, one hunts.Hunt) { answers[n] = r.searchScope(ctx, one, d, r.cfg.Parallel/scopes, tell(n)) })
	a := join(answers)
	if note := r.onlyNote(h); note != "" {
		a.Notes = append(a.Notes, note)
	}
	a.Source.TookMS = r.cfg.Clock().Sub(started).Milliseconds()
	return a
}

// searchScope asks one scope, slice by slice, and judges it.
func (r *Runner) searchScope(ctx context.Context, h hunts.Hunt, d Definition, parallel int, progress func(hunts.Progress)) hunts.Answer {
	if d.behavior() {
		return r.searchRows(ctx, h, d, progress)
	}
	o := r.olderPart(h)
	seen, covErr := r.lookAround(ctx, o.newer(h), d)
	seenBefore, problems := o.look(ctx, r, h, d)
	window := r.windowWithin(h, seen)
	if h.Window.All && !seenBefore.Oldest.IsZero() {
		window.From = seenBefore.Oldest
	}
	s := &searcher{runner: r, hunt: h, def: d, window: window, progress: progress, parallel: max(1, parallel), older: o}
	s.slices, s.moved = r.sliced(ctx, h, d, window)
	s.slices = o.cut(s.slices, r.scopeName(h))
	s.profiles, _ = chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	s.run(ctx)
	a := r.conclude(h, d, s, seen, covErr, problems)
	places := r.placesFor(o.newer(h), seen)
	s.painted(a, dueNames(places))
	r.askPlaces(ctx, o.newer(h), o.newer(hunts.Hunt{Window: window}).Window, places, seen.Tables, s.parallel)
	if o.scope != "" {
		places = append(places, r.lookInPlaces(ctx, o.before(h), o.before(hunts.Hunt{Window: window}).Window, seenBefore, s.parallel)...)
	}
	s.queries += queriesOf(places)
	addPlaces(&a, places)
	if a.Verdict == hunts.Clean {
		a.Neighbours = s.neighbours(ctx)
	}
	a.Source.CPUMS, a.Source.Scanned = s.cost.CPU.Milliseconds(), s.cost.DataScanned
	a.Source.Queries = s.queries
	return a
}

func (r *Runner) conclude(h hunts.Hunt, d Definition, s *searcher, seen sensors, covErr error, before []string) hunts.Answer {
	hidden := map[string]bool{}
	for _, p := range s.profiles {
		hidden[p.Name] = p.Mode == ModeHide
	}
	p := newParams(h.Request, s.window.From, s.window.To, timelineStep(s.window))
	a := merge(s.parts, p, hidden, h.Request)
	a.HuntID, a.Hunt = h.ID, d.Name
	a.Request = answerRequest(h, s.window)
	a.KQL = r.textFor(h, d.kql(p, comment(h), s.profiles, r.cfg.Catalog.summary))
	a.RowKQL = r.textFor(h, d.PersonText(h, s.window))
	a.Source = r.cfg.Source.Describe(h.Workspaces)
	a.Coverage = r.coverage(h, d, s, seen, covErr, before)
	a.Places = r.placesOf(h, d, a, covErr, s.unread())
	judge(&a, s.unsearched(), s.unattributed())
	a.Notes = append(a.Notes, s.notes(a, seen)...)
	return a
}

func (r *Runner) coverage(h hunts.Hunt, d Definition, s *searcher, seen sensors, covErr error, before []string) hunts.Coverage {
	c := hunts.Coverage{
		SensorsReporting: seen.Reporting, SensorsKnown: seen.Known, Slices: s.slices, Control: seen.Control, Proxy: seen.Proxy,
		NewestEvent: later(nil, seen.Newest), OldestEvent: earlier(nil, seen.Oldest),
	}
	if r.cfg.BadLines != nil {
		c.BadLines = r.cfg.BadLines()
	}
	if seen.Control != "" {
		c.ControlFound = &seen.Found
	}
	if len(h.Request.Devices) > 0 {
		c.SensorsKnown = int64(len(h.Request.Devices))
		c.SensorsReporting = max(0, c.SensorsKnown-int64(len(r.unheard(h, seen))))
	}
	if covErr != nil {
		c.Problems = append(c.Problems, "coverage is unknown: "+sayOf(covErr, d))
	} else {
		n := s.older.newer(h)
		c.Problems = r.problems(n, d, seen, s.older.newer(hunts.Hunt{Window: s.window}).Window)
	}
	c.Problems = append(c.Problems, before...)
	c.Seam = s.older.text(r.scopeName(h))
	if c.BadLines > 0 {
		c.Problems = append(c.Problems, hunts.Count(c.BadLines, "line")+" of the export could not be read")
	}
	for _, u := range r.unread(h.Request, d) {
		c.Problems = appendOnce(c.Problems, u.Reason)
	}
	if problem := d.BoundsOwnTime(); problem != nil {
		c.Problems = append(c.Problems, problem.Error())
	}
	c.Problems = append(c.Problems, unreadProblems(s.unread())...)
	if !hunts.AllDone(s.slices) {
		c.Problems = append(c.Problems, unsearchedText(s.unsearched(), len(s.slices)))
	}
	c.Complete = len(c.Problems) == 0
	return c
}

// sayOf is the sentence of an error for people; a missing table names the
// connector that provides it.
func sayOf(err error, d Definition) string {
	var e *hunts.Error
	if !errors.As(err, &e) {
		return "something broke on our side"
	}
	say := e.Say
	if e.Kind == hunts.KindOtherPlan && d.Footprint.Table != "" {
		say = strings.Replace(say, "a table that is read here", d.Footprint.Table+", or a table beside it,", 1)
	}
	if e.Kind == hunts.KindNoTable {
		for _, c := range d.RequiredDataConnectors {
			say += fmt.Sprintf("; the data connector %s provides %s", c.ConnectorID, strings.Join(c.DataTypes, ", "))
		}
	}
	if e.Hint != "" {
		say += ". " + e.Hint
	}
	return say
}

func answerRequest(h hunts.Hunt, w hunts.Window) hunts.AnswerRequest {
	out := hunts.AnswerRequest{
		IPs: []string{}, Domains: []string{}, Files: []string{}, Devices: append([]string{}, h.Request.Devices...),
		From: w.From, To: w.To, Why: h.Request.Why, AskedBy: h.Asker.Name,
	}
	for _, i := range h.Request.IPs {
		out.IPs = appendOnce(out.IPs, searchedFor(i))
	}
	for _, i := range h.Request.Domains {
		out.Domains = appendOnce(out.Domains, searchedFor(i))
	}
	for _, i := range h.Request.Files {
		out.Files = append(out.Files, i.String())
	}
	return out
}

// searchedFor is what stands for an indicator in a search: a URL's host.
func searchedFor(i indicator.Indicator) string {
	if i.Kind == indicator.KindURL {
		return i.Host
	}
	return i.String()
}

func appendOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// togetherText says what a line without a match leaves open in a hunt that
// something narrows.
func togetherText(r request.Request) string {
	var with, without []string
	if len(r.IPs)+len(r.Domains) > 0 && len(r.Files) > 0 {
		var files []string
		for _, f := range r.Files {
			files = append(files, f.String())
		}
		with, without = append(with, "file "+oneOf(files, "file")), append(without, "file=")
	}
	if len(r.Devices) > 0 {
		with, without = append(with, "device "+oneOf(r.Devices, "device")), append(without, "device=")
	}
	return "not together with " + strings.Join(with, " and ") + ". Hunt without " + strings.Join(without, " and ") + " for everything else"
}

// notes are what the reader must know beside the verdict.
func (s *searcher) notes(a hunts.Answer, seen sensors) []string {
	var out []string
	if n := s.unattributed(); n > 0 && a.Totals.Events > 0 {
		out = append(out, undecidedText(n, "more event")+".")
	}
	if asURL(a) {
		out = append(out, noteOfURL)
	}
	if why, whole := s.def.whole(); whole && s.def.Footprint.Whole == nil {
		out = append(out, fmt.Sprintf("The query compares rows (%s), so its window was searched in one piece.", why))
	}
	for _, profile := range s.profiles {
		if !profile.Set() && slices.Contains(s.hunt.Request.Exclude, strings.ToLower(profile.Name)) {
			out = append(out, fmt.Sprintf("The exclusion profile %s has no values here, so it covers nothing.", profile.Name))
		}
	}
	if slices.ContainsFunc(a.ByIndicator, func(i hunts.IndicatorResult) bool { return i.Verdict == hunts.NoMatch }) {
		out = append(out, "NO MATCH: "+togetherText(s.hunt.Request)+".")
	}
	if again := s.runner.again(s.hunt); again > 0 && (s.recalled > 0 || s.hunt.Refreshes != "") {
		out = append(out, fmt.Sprintf("%s doesn't tell when events arrived: the newest %s were searched again, and what arrives later than that is not found by a refresh.", s.runner.scopeName(s.hunt), roughly(again)))
	}
	if seen.Proxy != "" && len(s.hunt.Request.IPs) > 0 && !addressesOnly(s.hunt.Request) {
		out = append(out, fmt.Sprintf("Web traffic here goes through the proxy %s, which hides the addresses behind it: only names can be seen.", seen.Proxy))
	}
	if !s.runner.live(s.hunt) && seen.Known > 0 && seen.Elsewhere == 0 && len(s.hunt.Request.Devices) == 0 {
		out = append(out, "The export has no list of devices, so a sensor without any event can't be noticed.")
	}
	if !s.runner.live(s.hunt) && !seen.Newest.IsZero() && seen.Control == "" {
		out = append(out, "The export has no completed connection, so the self-test could not run.")
	}
	if a.Truncated.ByDevice || a.Truncated.Rows {
		out = append(out, "More devices or rows matched than one answer holds: counts of events are exact, counts of devices per indicator and process are lower bounds.")
	}
	return out
}
