package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Arrivals looks for what came into one scope since a time of everything that is
// looked out for, with one query for as many indicators as a text can carry: the
// bodies of all hunts that are meant stand in it, each in a function of its own. It
// says what may have changed and decides nothing; Recheck does. The hunts of the list
// ask the same one scope; the look is made in the name of each, and leaves out what
// one may no longer ask. The error is a *Error and means that nothing was searched.
func (r *Runner) Arrivals(ctx context.Context, since time.Time, list []hunts.Lookout) (hunts.Arrivals, error) {
	var out hunts.Arrivals
	l := look{runner: r, since: since.Add(-arrivalSlack), now: r.cfg.Clock().UTC()}
	var names []string
	var wanted []indicator.Indicator
	var refused error
	for _, x := range list {
		search := x.Hunt.Search()
		search.Once = "" // it was paid for when it was asked
		within, err := r.gate.authorize(ctx, x.Hunt, hunts.Action{Name: "warranty", Right: hunts.MayHunt, Search: search})
		if hunts.KindOf(err) == hunts.KindNotAllowed {
			out.Refused, refused = append(out.Refused, x.Hunt.ID), err
			continue
		}
		if err != nil {
			return out, err
		}
		if l.hunt.ID == "" {
			l.hunt, l.scope = x.Hunt, r.scopeName(x.Hunt)
		}
		ctx = within
		l.all = append(l.all, r.gate.within(ctx, x.Hunt))
		names, wanted = append(names, x.Names...), append(wanted, x.Indicators...)
		if l.from.IsZero() || x.From.Before(l.from) {
			l.from = x.From
		}
	}
	if len(wanted) == 0 {
		return out, refused
	}
	slices.Sort(names)
	arriving, others := l.definitions(ctx, slices.Compact(names))
	for _, p := range packs(distinctIndicators(wanted)) {
		l.pack(ctx, arriving, p, l.from, true)
		l.pack(ctx, others, p, l.again(), false)
	}
	out.Found, out.Queries, out.Reason = l.found, l.queries, l.reason
	return out, nil
}

// look is one look at one scope.
type look struct {
	runner    *Runner
	scope     string
	hunt      hunts.Hunt   // in whose name the queries are written
	all       []hunts.Hunt // what each may look at
	since     time.Time
	from, now time.Time
	found     []hunts.Arrival
	queries   int
	reason    string
}

// again is where the newest hours begin, which are searched again where nobody can
// tell what came late.
func (l *look) again() time.Time {
	at := l.now.Add(-l.runner.cfg.SettleAfter)
	if l.since.Before(at) {
		return l.since
	}
	return at
}

// definitions are those whose rows say when they arrived, and the others. With a hunt
// that asks the places come those that the scope has.
func (l *look) definitions(ctx context.Context, names []string) (arriving, others []Definition) {
	var all []Definition
	places := false
	for _, n := range names {
		if d, ok := l.runner.cfg.Catalog.Get(n); ok {
			all = append(all, d)
			places = places || l.runner.asksPlaces(n)
		}
	}
	if places {
		known := l.tables(ctx)
		for _, d := range l.runner.cfg.Catalog.Places() {
			allowed := func(h hunts.Hunt) bool { return h.LeavesOut(d.Footprint.Place.Group) == "" }
			if known.hold(d) && slices.ContainsFunc(l.all, allowed) {
				all = append(all, d)
			}
		}
	}
	for _, d := range all {
		switch {
		case d.Footprint.Columns.Matched == "":
		case d.tellsArrival() && l.runner.cfg.Source.Describe(l.hunt.Workspaces).Kind == hunts.KindLogAnalytics: // advanced hunting has no ingestion_time()
			arriving = append(arriving, d)
		default:
			others = append(others, d)
		}
	}
	return arriving, others
}

// tablesFor is how long the list of the tables of a scope is believed.
const tablesFor = day

// tables are the tables of places that the scope has, asked once a day; nil where the
// scope can't say.
func (l *look) tables(ctx context.Context) tables {
	key := "tables:" + digest(l.scope)
	if kept, ok, err := l.runner.cfg.Record.Blob(ctx, key); err == nil && ok {
		var known tables
		if json.Unmarshal(kept, &known) == nil {
			return known
		}
	}
	from := l.now.Add(-knownBack)
	l.queries++
	res, err := l.runner.query(ctx, hunts.Query{
		HuntID: l.hunt.ID, Asker: l.hunt.Asker.User, Sweep: true, Workspaces: l.hunt.Workspaces, From: from, To: l.now.Add(time.Second),
		Text: kql.Prologue(comment(l.hunt)+" tables", []kql.Let{{Name: "history_from", Value: kql.DatetimeLiteral(from)}, {Name: "window_to", Value: kql.DatetimeLiteral(l.now)}}) +
			l.runner.cfg.Catalog.tablesText(l.now) + "place_tables\n",
	})
	if err != nil || res.Partial != "" {
		l.runner.cfg.Log.Warn("the tables of a scope are not known", "scope", l.scope, "error", err, "partial", res.Partial)
		return nil
	}
	known := tables{}
	for _, row := range res.Rows {
		if name, ok := row[0].(string); ok {
			known[name] = tableState{Ever: true}
		}
	}
	if text, err := json.Marshal(known); err == nil {
		_ = l.runner.cfg.Record.SaveBlob(ctx, key, text, tablesFor) // without memory it is asked again
	}
	return known
}

// pack asks all definitions for one pack at once.
func (l *look) pack(ctx context.Context, all []Definition, req request.Request, from time.Time, byArrival bool) {
	var meant []Definition
	for _, d := range all {
		if _, ok := d.partOf(req); ok || d.Footprint.Place == nil && d.satisfied(req) {
			meant = append(meant, d)
		}
	}
	if len(meant) == 0 || ctx.Err() != nil {
		return
	}
	// a minute more: rows carry the clock of their device
	p := newParams(req, from, l.now.Add(time.Minute), time.Hour).packed()
	if byArrival {
		p.settled, p.arrived = p.to, l.since
	}
	l.queries++
	res, err := l.runner.query(ctx, hunts.Query{
		HuntID: l.hunt.ID, Asker: l.hunt.Asker.User, Sweep: true, Text: arrivalsText(meant, p, comment(l.hunt)+" arrivals", l.runner.cfg.Catalog.arrivals),
		From: p.from.Truncate(time.Second), To: p.to.Add(time.Second), Workspaces: l.hunt.Workspaces,
	})
	kind, list := hunts.KindOf(err), req.Indicators()
	switch {
	case err == nil:
		l.read(res, p)
	case kind == hunts.KindNoTable && len(meant) > 1: // which one?
		for _, d := range meant {
			l.pack(ctx, []Definition{d}, req, from, byArrival)
		}
	case kind == hunts.KindNoTable && meant[0].Footprint.Place != nil: // not there, and nothing can come late into it
	case (kind == hunts.KindTooLarge || kind == hunts.KindTimeout) && len(list) > 1:
		for _, half := range [][]indicator.Indicator{list[:len(list)/2], list[len(list)/2:]} {
			for _, p := range packs(half) {
				l.pack(ctx, meant, p, from, byArrival)
			}
		}
	default:
		l.runner.cfg.Log.Warn("what came late could not be looked for", "scope", l.scope, "error", err)
		l.reason = sayOf(err, meant[0])
	}
}

// arrivalsText is one query over the bodies of several hunts.
func arrivalsText(all []Definition, p params, comment, summary string) string {
	var b strings.Builder
	b.WriteString(kql.Prologue(comment, p.lets()))
	b.WriteString(p.partOf())
	b.WriteString(all[0].library)
	var extras []string
	for _, d := range all {
		for _, more := range d.extras {
			extras = appendOnce(extras, more)
		}
	}
	b.WriteString(strings.Join(extras, ""))
	var hits []string
	for n, d := range all {
		fmt.Fprintf(&b, "let hunt_rows_%d = () {\n%s\n};\n", n, strings.TrimRight(d.Query, "\n"))
		// a name of the catalogue has letters, digits and dashes only
		fmt.Fprintf(&b, "let hits_%d = hunt_rows_%d()\n    | project Hunt = \"%s\", %s;\n", n, n, d.Name, d.Footprint.Columns.projection())
		hits = append(hits, fmt.Sprintf("hits_%d", n))
	}
	if len(hits) == 1 {
		b.WriteString("let hits = hits_0;\n")
	} else {
		b.WriteString("let hits = union " + strings.Join(hits, ", ") + ";\n")
	}
	b.WriteString(summary)
	return b.String()
}

type arrivalRow struct {
	Hunt      string  `json:"hunt"`
	Indicator string  `json:"indicator"`
	Device    string  `json:"device"`
	Events    int64   `json:"events"`
	First     kqlTime `json:"first"`
	Last      kqlTime `json:"last"`
}

// read takes in one result. Pairs that were cut off are made up for by the line of
// their indicator.
func (l *look) read(res hunts.Result, p params) {
	if res.Partial != "" {
		l.reason = res.Partial
	}
	var counts, pairs []arrivalRow
	var total *struct{ Pairs int64 }
	for _, row := range res.Rows {
		if len(row) < 2 {
			continue
		}
		section, _ := row[0].(string)
		text, _ := row[1].(string)
		var err error
		switch section {
		case "total":
			err = json.Unmarshal([]byte(text), &total)
		case "indicator":
			err = appendRow(&counts, []byte(text))
		case "pair":
			err = appendRow(&pairs, []byte(text))
		}
		if err != nil {
			l.runner.cfg.Log.Error("arrivals not understood", "scope", l.scope, "error", err)
			l.reason = notUnderstood(err)
			return
		}
	}
	if total == nil {
		l.reason = notUnderstood(nil)
		return
	}
	if int64(len(pairs)) < total.Pairs {
		l.take(counts, p)
	}
	l.take(pairs, p)
}

func (l *look) take(rows []arrivalRow, p params) {
	for _, x := range rows {
		for _, i := range p.asked(x.Indicator) {
			l.found = append(l.found, hunts.Arrival{Indicator: i.String(), Type: string(i.Kind), Hunt: x.Hunt, Device: x.Device, Events: x.Events, First: x.First.Time, Last: x.Last.Time})
		}
	}
}

// Recheck answers a hunt once more over its window, which must have both ends: from
// the source, in the background, on nobody's quota, and without keeping anything.
func (r *Runner) Recheck(ctx context.Context, h hunts.Hunt) (hunts.Answer, error) {
	d, ok := r.cfg.Catalog.Get(h.Name)
	if !ok {
		return hunts.Answer{}, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("the hunt %q is no longer in the catalogue", h.Name)}
	}
	search := h.Search()
	search.Once = ""
	ctx, err := r.gate.authorize(ctx, h, hunts.Action{Name: "recheck", Right: hunts.MayHunt, KQLHash: hunts.KQLHash(r.textOf(h, d)), Search: search})
	if err != nil {
		return hunts.Answer{}, err
	}
	h = r.gate.within(ctx, h)
	h.Request.Fresh, h.Scheduled, h.Refreshes = true, true, ""
	return r.search(ctx, h, d, func(hunts.Progress) {}), nil
}

// Correct puts an answer in the place of the one that a hunt had: whoever asks the
// same is no longer given the old one.
func (r *Runner) Correct(ctx context.Context, h hunts.Hunt, a hunts.Answer) error {
	if d, ok := r.cfg.Catalog.Get(h.Name); ok {
		over, now := a, r.cfg.Clock().UTC()
		over.Source.ExpiresAt = &now
		key := r.cacheKey(r.gate.within(ctx, h), d)
		for _, k := range []string{triageKey(key), key} {
			if err := r.cfg.Record.SaveAnswer(ctx, k, over, time.Millisecond); err != nil {
				return err
			}
		}
	}
	return r.cfg.Record.SaveAnswer(ctx, "", a, 0)
}
