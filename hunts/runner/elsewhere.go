package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// PlaceBlock makes a hunt of the catalogue a place: where some kinds of
// indicators can show, searched by one query behind the answer of the default
// hunt.
type PlaceBlock struct {
	Name    string        `yaml:"name"`    // for people: "DNS lookups"
	Verb    string        `yaml:"verb"`    // what a row says of a device: "looked up"
	Verdict hunts.Verdict `yaml:"verdict"` // of what is found there: SEEN or TRIED
	// Required is a place without which there is no CLEAN; any other that a scope
	// does not have is listed as not searched.
	Required bool `yaml:"required"`
}

// placeStale is the age at which a place's newest event, before the end of the
// window, is no coverage: mail and files have quiet nights.
const placeStale = day

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

type (
	placeTotal struct {
		Events  int64   `json:"events"`
		Devices int64   `json:"devices"`
		Rows    int64   `json:"rows"` // of the table in the window
		Newest  kqlTime `json:"newest"`
		Days    dayBits `json:"days"`
	}
	// placeStep is what first happened to an indicator on a device.
	placeStep struct {
		Indicator string  `json:"indicator"`
		Device    string  `json:"device"`
		DeviceID  string  `json:"device_id"`
		Process   string  `json:"process"`
		Events    int64   `json:"events"`
		First     kqlTime `json:"first"`
		Last      kqlTime `json:"last"`
	}
)

// placeResult is what one place says.
type placeResult struct {
	def   Definition
	asked request.Request
	total placeTotal
	lines []indicatorRow
	steps []placeStep
	place hunts.Place
	// unread are the values that were searched and could not be read.
	unread []unreadRow
	// problem is why silence in this place means nothing; empty where it does.
	problem string
}

// asksPlaces tells whether a hunt answers the question of the default hunt: what
// reads the same table claims the same silence. A hunt over another table speaks
// for that table alone.
func (r *Runner) asksPlaces(name string) bool {
	d, known := r.cfg.Catalog.Get(name)
	own, _ := r.cfg.Catalog.Get(hunts.DefaultHunt)
	return known && !d.behavior() && d.Footprint.Table == own.Footprint.Table
}

// lookInPlaces asks every place of a hunt, a few at once.
func (r *Runner) lookInPlaces(ctx context.Context, h hunts.Hunt, w hunts.Window, parallel int) []placeResult {
	var out []placeResult
	if !r.asksPlaces(h.Name) {
		return nil
	}
	for _, d := range r.cfg.Catalog.Places() {
		if part, ok := d.partOf(h.Request); ok {
			out = append(out, placeResult{def: d, asked: part})
		}
	}
	group := errgroup.Group{}
	group.SetLimit(max(1, parallel))
	for n := range out {
		group.Go(func() error { r.askPlace(ctx, h, w, &out[n]); return nil })
	}
	_ = group.Wait() // the functions return no error: what failed is in the result
	return out
}

// observed is the table of a place in the window, of which the text counts the
// rows; its names are checked when the file is read.
func (d Definition) observed() string {
	at := d.Footprint.Columns.Time
	return fmt.Sprintf("let observed = %s\n    | where %s >= window_from and %s < window_to\n    | project Time = %s;\n", d.Footprint.Table, at, at, at)
}

func (r *Runner) askPlace(ctx context.Context, h hunts.Hunt, w hunts.Window, x *placeResult) {
	d, b := x.def, x.def.Footprint
	x.place = hunts.Place{Place: b.Place.Name, Table: b.Table}
	if ctx.Err() != nil {
		x.fail(stoppedReason(ctx))
		return
	}
	p := newParams(x.asked, w.From, w.To, timelineStep(w)).late(h.Arrived, r.again(h)).packed()
	res, err := r.gate.Query(ctx, hunts.Query{
		HuntID: h.ID, Asker: h.Asker.User, Sweep: h.Scheduled, Text: d.kql(p, comment(h)+" place "+d.Name, nil, d.observed()+r.cfg.Catalog.place),
		From: p.from.Truncate(time.Second), To: p.to.Add(time.Second), Workspaces: h.Workspaces,
	})
	switch {
	case err != nil && hunts.KindOf(err) == hunts.KindNoTable:
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
	switch {
	case res.Partial != "":
		x.fail(res.Partial)
	case x.total.Rows == 0:
		r.beforeWindow(ctx, h, w, x)
	default:
		r.timely(h, w, x)
	}
	for _, u := range r.unread(x.asked, d) {
		x.fail(u.Reason)
	}
	for _, say := range unreadProblems(x.unread) {
		x.place.Reason = say
	}
	x.place.Events, x.place.Devices = x.total.Events, x.total.Devices
}

// fail says why silence here means nothing.
func (x *placeResult) fail(reason string) {
	x.place.Reason = reason
	x.problem = fmt.Sprintf("%s (%s) not searched in full: %s", x.place.Place, x.place.Table, reason)
}

// absent says that the scope has no such data.
func (x *placeResult) absent(reason string) {
	x.place.Reason = reason
	if x.def.Footprint.Place.Required {
		x.problem = fmt.Sprintf("%s (%s) not searched: %s", x.place.Place, x.place.Table, reason)
	}
}

func (x *placeResult) read(rows [][]any) error {
	total := false
	for _, row := range rows {
		if len(row) < 2 {
			return fmt.Errorf("a row of the place has %d columns instead of 2", len(row))
		}
		section, _ := row[0].(string)
		text, _ := row[1].(string)
		var err error
		switch section {
		case "total":
			total, err = true, json.Unmarshal([]byte(text), &x.total)
		case "indicator":
			err = appendRow(&x.lines, []byte(text))
		case "step":
			err = appendRow(&x.steps, []byte(text))
		case "unread":
			err = appendRow(&x.unread, []byte(text))
		}
		if err != nil {
			return fmt.Errorf("section %q of the place: %w", section, err)
		}
	}
	if !total {
		return fmt.Errorf("the place lacks its total")
	}
	return nil
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
func (x *placeResult) found() map[indicator.Indicator]indicatorRow {
	p := newParams(x.asked, time.Time{}, time.Time{}, 0)
	out := map[indicator.Indicator]indicatorRow{}
	for _, row := range x.lines {
		for _, i := range p.asked(row.Indicator) {
			out[i] = row
		}
	}
	return out
}

// sentence tells what happened there: "written on ws-1 by powershell.exe, Nov 22 22:43 UTC".
func (x *placeResult) sentence() string {
	var parts []string
	told := map[string]bool{}
	for _, s := range x.steps {
		key := strings.ToLower(s.Device)
		if told[key] || len(parts) == placeSteps {
			continue
		}
		told[key] = true
		parts = append(parts, stepText(x.def.Footprint.Place.Verb, s.Device, s.Process, s.First.Time))
	}
	if more := x.total.Devices - int64(len(parts)); more > 0 && len(parts) == placeSteps {
		parts = append(parts, "and on "+strings.Replace(hunts.Count(more, "device"), " ", " more ", 1))
	}
	return strings.Join(parts, "; ")
}

func stepText(verb, device, process string, at time.Time) string {
	if device != "" {
		verb += " on " + device
	}
	if process != "" {
		verb += " by " + process
	}
	return verb + ", " + at.UTC().Format("Jan 2 15:04 UTC")
}

// sortedSteps are the sentences of all places in the order of time.
func sortedSteps(all []placeResult) []string {
	var met []placeResult
	for _, x := range all {
		if len(x.steps) > 0 {
			met = append(met, x)
		}
	}
	slices.SortStableFunc(met, func(a, b placeResult) int { return a.steps[0].First.Compare(b.steps[0].First.Time) })
	var out []string
	for _, x := range met {
		out = append(out, x.sentence())
	}
	return out
}
