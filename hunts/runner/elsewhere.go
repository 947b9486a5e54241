package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// placeSteps bounds the steps of one place that a sentence tells.
const placeSteps = 2

// Places are the places in alphabetical order of their files.
func (c *Catalog) Places() []Definition {
	var out []Definition
	for _, d := range c.byName {
		if d.Footprint.Place != nil {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// partOf is what of a request a place looks for; nothing when it can't answer
// it: a narrower question needs a place that reads what narrows it.
func (d Definition) partOf(req request.Request) (request.Request, bool) {
	part := req
	part.IPs, part.Domains, part.Files = nil, nil, nil
	for _, i := range req.Indicators() {
		if d.reads(wayOf(i)) {
			part.Add(i)
		}
	}
	remote, file := len(req.IPs)+len(req.Domains) > 0, len(req.Files) > 0
	found := len(part.IPs)+len(part.Domains) > 0
	switch {
	case !d.satisfied(part):
		return part, false
	case remote && (!found || len(part.Files) < len(req.Files)):
		return part, false
	case !remote && file && len(part.Files) == 0:
		return part, false
	case len(req.Devices) > 0 && !d.reads("devices", []string{"devices"}), len(req.Accounts) > 0 && !d.reads("accounts", []string{"accounts"}):
		return part, false
	}
	return part, remote || file
}

// placeResult is what one place says.
type placeResult struct {
	def   Definition
	asked request.Request
	total placeTotal
	lines []placeLine
	steps []placeStep
	gaps  []placeGap
	// unread are values that could not be read there.
	unread []unreadRow
	place  hunts.Place
	due    bool // to be asked
	// queried tells that a query was spent on it.
	queried bool
	// problem is why silence in this place means nothing; empty where it does. failed is
	// its reason alone.
	problem, failed string
}

// asksPlaces tells whether a hunt answers the question of the default hunt: what
// reads the same table claims the same silence. A hunt over another table speaks
// for that table alone.
func (r *Runner) asksPlaces(name string) bool {
	d, known := r.cfg.Catalog.Get(name)
	own, _ := r.cfg.Catalog.Get(hunts.DefaultHunt)
	return known && !d.behavior() && d.Footprint.Table == own.Footprint.Table
}

// placesFor are the places of a hunt, and which of them are due: those that its
// scope has and that nobody left out.
func (r *Runner) placesFor(h hunts.Hunt, seen sensors) []placeResult {
	var out []placeResult
	if !r.asksPlaces(h.Name) {
		return nil
	}
	for _, d := range r.cfg.Catalog.Places() {
		part, ok := d.partOf(h.Request)
		if !ok {
			continue
		}
		b := d.Footprint
		x := placeResult{def: d, asked: part, place: hunts.Place{Place: b.Place.Name, Table: strings.Join(d.placeTables(), ", "), Group: b.Place.Group, Label: b.Place.Label}}
		x.place.Reason = h.LeavesOut(x.place.Group)
		x.due = x.place.Reason == "" && x.have(seen.Tables)
		out = append(out, x)
	}
	return out
}

// askPlaces asks the places that are due, a few at once.
func (r *Runner) askPlaces(ctx context.Context, h hunts.Hunt, w hunts.Window, all []placeResult, have tables, parallel int) {
	group := errgroup.Group{}
	group.SetLimit(max(1, parallel))
	for n := range all {
		if x := &all[n]; x.due {
			group.Go(func() error { r.askPlace(ctx, h, w, x, have); return nil })
		}
	}
	_ = group.Wait() // the functions return no error: what failed is in the result
}

// lookInPlaces asks every place of a hunt that its scope has.
func (r *Runner) lookInPlaces(ctx context.Context, h hunts.Hunt, w hunts.Window, seen sensors, parallel int) []placeResult {
	all := r.placesFor(h, seen)
	r.askPlaces(ctx, h, w, all, seen.Tables, parallel)
	return all
}

// dueNames are the names of the places that will be asked, each once.
func dueNames(all []placeResult) []string {
	var out []string
	for _, x := range all {
		if x.due {
			out = appendOnce(out, x.place.Place)
		}
	}
	return out
}

func (r *Runner) askPlace(ctx context.Context, h hunts.Hunt, w hunts.Window, x *placeResult, have tables) {
	d := x.def
	if ctx.Err() != nil {
		x.fail(stoppedReason(ctx))
		return
	}
	p := d.params(x.asked, w.From, w.To, timelineStep(w)).late(h.Arrived, r.again(h)).packed()
	x.queried = true
	res, err := r.gate.Query(ctx, hunts.Query{
		HuntID: h.ID, Asker: h.Asker.User, Sweep: h.Scheduled, Text: d.kql(p, comment(h)+" place "+d.Name, nil, d.observed(have)+r.cfg.Catalog.place),
		// what tells whose an address was, or what came of a click, lies around the window
		From: p.from.Add(-day).Truncate(time.Second), To: p.to.Add(day), Workspaces: h.Workspaces,
	})
	switch {
	case err != nil && hunts.KindOf(err) == hunts.KindNoTable && have == nil:
		x.absent("no such data here")
		return
	case err != nil:
		r.cfg.Log.Warn("place not searched", "hunt", h.ID, "place", d.Name, "error", err)
		x.fail(sayOf(err, d))
		return
	}
	if err := x.read(res.Rows); err != nil {
		r.cfg.Log.Error("place not understood", "hunt", h.ID, "place", d.Name, "error", err)
		x.fail("the workspace's answer couldn't be read")
		return
	}
	late := ""
	if r.live(h) || !h.Window.All {
		late = have.late(d)
	}
	switch {
	case res.Partial != "":
		x.fail(res.Partial)
	case late != "":
		x.fail(late)
	case x.total.Rows == 0 && have == nil:
		r.beforeWindow(ctx, h, w, x)
	case x.total.Rows == 0:
		x.place.Searched = true // a quiet place that goes on
	default:
		r.timely(h, w, x)
	}
	for _, u := range r.unread(x.asked, d) {
		x.fail(u.Reason)
	}
	for _, say := range unreadProblems(x.unread) {
		x.place.Reason = say
	}
	x.tell()
}

// problems are why silence in this place means nothing, for some kinds of
// indicators at least.
func (x *placeResult) problems() []string {
	var out []string
	if x.problem != "" {
		out = append(out, x.problem)
	}
	for _, say := range unreadProblems(x.unread) {
		out = append(out, fmt.Sprintf("%s (%s): %s", x.place.Place, x.place.Table, say))
	}
	return out
}

// doubts tells whether an indicator may be in the place although it was not found.
func (x *placeResult) doubts(i indicator.Indicator) bool {
	return x.problem != "" || doubted(x.unread, i)
}

// found are the indicators that show in the place.
func (x *placeResult) found() map[indicator.Indicator]placeLine {
	p := x.def.params(x.asked, time.Time{}, time.Time{}, 0)
	out := map[indicator.Indicator]placeLine{}
	for _, row := range x.lines {
		for _, i := range p.asked(row.Indicator) {
			have := out[i]
			have.Events, have.Tries, have.Devices = have.Events+row.Events, have.Tries+row.Tries, max(have.Devices, row.Devices)
			out[i] = have
		}
	}
	return out
}

// verdict is what a line of the place says of its indicator: nothing but what was
// blocked, failed or looked up is no more than a try.
func (x *placeResult) verdict(l placeLine) hunts.Verdict {
	switch {
	case l.Events == 0:
		return ""
	case l.Tries == l.Events:
		return hunts.Tried
	}
	return x.def.Footprint.Place.Verdict
}
