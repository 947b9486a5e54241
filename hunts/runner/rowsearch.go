package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/upstream"
)

// A hunt for behavior runs its body once over its whole window. Its rows are its
// answer; nothing merges them with those of another part.

// The sections of its result; see catalog/rows.kql.
type (
	rowTotal struct {
		Rows     int64   `json:"rows"`
		Unplaced int64   `json:"unplaced"`
		Devices  int64   `json:"devices"`
		Accounts int64   `json:"accounts"`
		First    kqlTime `json:"first"`
		Last     kqlTime `json:"last"`
	}
	rowColumn struct {
		At   int    `json:"at"`
		Name string `json:"name"`
		Type string `json:"type"`
	}
	rowDevice struct {
		Device    string   `json:"device"`
		Rows      int64    `json:"rows"`
		First     kqlTime  `json:"first"`
		Last      kqlTime  `json:"last"`
		Processes []string `json:"processes"`
		Accounts  []string `json:"accounts"`
		Remotes   []string `json:"remotes"`
	}
	rowLine struct {
		Row     map[string]any `json:"row"`
		At      int            `json:"at"`
		Time    kqlTime        `json:"time"`
		Device  string         `json:"device"`
		Account string         `json:"account"`
		Process string         `json:"process"`
		Parent  string         `json:"parent"`
		IP      string         `json:"ip"`
		Host    string         `json:"host"`
	}
	foundRows struct {
		total   *rowTotal
		columns []rowColumn
		devices []rowDevice
		lines   []rowLine
	}
)

func readRows(rows [][]any) (foundRows, error) {
	var f foundRows
	for _, r := range rows {
		if len(r) < 2 {
			return f, fmt.Errorf("a row of the result has %d columns instead of 2", len(r))
		}
		section, bag := textOf(r[0]), []byte(textOf(r[1]))
		var err error
		switch section {
		case "total":
			f.total = &rowTotal{}
			err = json.Unmarshal(bag, f.total)
		case "column":
			err = appendRow(&f.columns, bag)
		case "device":
			err = appendRow(&f.devices, bag)
		case "row":
			var line rowLine
			d := json.NewDecoder(strings.NewReader(string(bag)))
			d.UseNumber() // numbers above 2^53 stay what they are
			err = d.Decode(&line)
			f.lines = append(f.lines, line)
		default:
			err = fmt.Errorf("unknown section")
		}
		if err != nil {
			return f, fmt.Errorf("section %q of the result: %w", section, err)
		}
	}
	switch {
	case f.total == nil:
		// An empty answer is one only with its total of zero.
		return f, fmt.Errorf("the result lacks its total")
	case f.total.Rows > 0 && len(f.lines) == 0, f.total.Rows < int64(len(f.lines)), f.total.Devices > f.total.Rows, f.total.Accounts > f.total.Rows:
		return f, fmt.Errorf("%w: %d rows on %d devices, %d of them listed", errContradiction, f.total.Rows, f.total.Devices, len(f.lines))
	}
	slices.SortFunc(f.columns, func(a, b rowColumn) int { return cmp.Compare(a.At, b.At) })
	slices.SortFunc(f.lines, func(a, b rowLine) int { return cmp.Compare(a.At, b.At) })
	return f, nil
}

// searchRows asks one scope for the rows of a hunt for behavior, and judges it.
func (r *Runner) searchRows(ctx context.Context, h hunts.Hunt, d Definition, progress func(hunts.Progress)) hunts.Answer {
	h.Window = d.ownWindow(h.Window)
	var seen sensors
	var covErr error = errNoTable
	if d.Footprint.Table != "" {
		seen, covErr = r.lookAround(ctx, h, d)
	}
	window := d.ownWindow(r.windowWithin(h, seen))
	s := &searcher{runner: r, hunt: h, def: d, window: window, progress: progress, parallel: 1, slices: []hunts.Slice{{From: window.From, To: window.To}}}
	found, state, reason := s.wholeRows(ctx)
	a := d.answered(found)
	a.HuntID, a.Hunt, a.Request = h.ID, d.Name, answerRequest(h, window)
	p := newParams(h.Request, window.From, window.To, day)
	a.KQL, a.RowKQL = r.textFor(h, d.kql(p, comment(h), nil, "")), r.textFor(h, d.PersonText(h, window))
	a.Source = r.cfg.Source.Describe(h.Workspaces)
	s.finish(0, part{total: totalRow{Events: a.Totals.Events, Devices: a.Totals.Devices}}, state, reason)
	a.Coverage = r.rowCoverage(ctx, h, s, seen, covErr, a.Totals.Events)
	asked := h
	asked.Window.From = window.From.Add(-d.lookback())
	if o := r.olderPart(asked); !o.seam.IsZero() { // its rows can't be put together from two scopes
		a.Coverage.Problems, a.Coverage.Complete = append(a.Coverage.Problems, o.reason(r.scopeName(h))), false
	}
	a.Places = d.rowPlaces(a)
	judgeRows(&a, s.unsearched())
	a.Notes = nonNil(append(a.Notes, d.rowNotes(a)...))
	a.Source.CPUMS, a.Source.Scanned, a.Source.Queries = s.cost.CPU.Milliseconds(), s.cost.DataScanned, s.queries
	return a
}

var errNoTable = &hunts.Error{Kind: hunts.KindRefused, Say: "the query names no table by itself, so nobody can tell how complete its data is"}

// wholeRows asks for the rows of the whole window at once.
func (s *searcher) wholeRows(ctx context.Context) (foundRows, hunts.SliceState, string) {
	at := hunts.Slice{From: s.window.From.Add(-s.def.lookback()), To: s.window.To}
	if s.window.From.IsZero() {
		at.From = s.window.From
	}
	p := newParams(s.hunt.Request, s.window.From, s.window.To, day)
	res, state, reason, _ := s.rowsWithin(ctx, p, at.From, at.To, s.hunt.Workspaces)
	if state == hunts.SliceSkipped || state == hunts.SliceFailed {
		return foundRows{}, state, reason
	}
	found, err := readRows(res.Rows)
	if err != nil {
		s.runner.cfg.Log.Error("rows not understood", "hunt", s.hunt.ID, "error", err)
		return foundRows{}, hunts.SliceFailed, notUnderstood(err)
	}
	return found, state, reason
}

// answered makes an answer of rows: its table, and a line for each device.
func (d Definition) answered(f foundRows) hunts.Answer {
	a := emptyAnswer()
	a.Table = &hunts.Table{Columns: []hunts.Column{}, Rows: [][]any{}, Key: []string{}, Ordered: d.sorts(), Says: d.says()}
	if f.total == nil {
		return a
	}
	t, total := a.Table, *f.total
	a.Totals.Events, a.Totals.Devices, a.Outcomes.Other = total.Rows, total.Devices, total.Rows
	a.Totals.FirstSeen, a.Totals.LastSeen = earlier(nil, total.First.Time), later(nil, total.Last.Time)
	t.Total, t.Devices, t.Unplaced, t.Accounts = total.Rows, total.Devices, total.Unplaced, total.Accounts
	var columns []upstream.Column
	for _, c := range f.columns {
		t.Columns = append(t.Columns, hunts.Column{Name: c.Name, Type: c.Type})
		columns = append(columns, upstream.Column{Name: c.Name, Type: c.Type})
	}
	for _, l := range f.lines {
		cells := make([]any, len(t.Columns))
		for i, c := range t.Columns {
			cells[i] = cellOf(l.Row[c.Name])
		}
		t.Rows = append(t.Rows, cells)
		a.Rows = append(a.Rows, hunts.Row{
			Device: l.Device, Account: l.Account, Process: l.Process, Parent: l.Parent, RemoteIP: l.IP, RemoteHost: l.Host, Outcome: hunts.OutcomeOther, Matched: []string{}, Events: 1, FirstSeen: l.Time.Time, LastSeen: l.Time.Time,
		})
	}
	if countsNothing(*t) { // a query that ends in count gives a row for nothing too
		t.Rows, t.Total, t.Unplaced, a.Rows, a.Totals, a.Outcomes.Other = [][]any{}, 0, 0, nil, hunts.Totals{}, 0
	}
	t.Cut = int64(len(t.Rows)) < t.Total
	a.Truncated.Rows = t.Cut
	t.Key = d.keyOf(columns)
	for _, x := range f.devices {
		a.ByDevice = append(a.ByDevice, hunts.DeviceResult{
			Device: x.Device, Events: x.Rows, Processes: nonNil(x.Processes), Accounts: nonNil(x.Accounts), Remotes: nonNil(x.Remotes), Outcome: hunts.OutcomeOther, FirstSeen: x.First.Time, LastSeen: x.Last.Time, Matched: []string{},
		})
	}
	a.Truncated.ByDevice = int64(len(a.ByDevice)) < t.Devices
	a.ByProcess = processesOf(a.Rows)
	a.Totals.Processes = int64(len(a.ByProcess))
	return a
}

// countsNothing tells that the only row of a table holds nothing but zeros.
func countsNothing(t hunts.Table) bool {
	if t.Total != 1 || len(t.Rows) != 1 {
		return false
	}
	for c := range t.Columns {
		if !slices.Contains([]string{"", "0", "0.0", "false", "NaN", "[]", "{}"}, t.Text(0, c)) {
			return false
		}
	}
	return true
}

// cellOf is a value of a row as an answer carries it: lists and bags as their JSON.
func cellOf(v any) any {
	switch x := v.(type) {
	case map[string]any, []any:
		text, err := json.Marshal(x)
		if err != nil {
			return nil
		}
		return string(text)
	}
	return v
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// keyOf are the columns that the file names, of those that there are, or what the
// columns themselves tell.
func (d Definition) keyOf(columns []upstream.Column) []string {
	has := func(name string) bool {
		return slices.ContainsFunc(columns, func(c upstream.Column) bool { return c.Name == name })
	}
	var out []string
	for _, name := range d.Footprint.Key {
		if has(name) {
			out = append(out, name)
		}
	}
	if len(out) > 0 {
		return out
	}
	roles := map[upstream.Role]string{}
	for _, role := range upstream.Roles() {
		for _, c := range d.candidates(role) {
			if has(c) && roles[role] == "" {
				roles[role] = c
			}
		}
	}
	return nonNil(upstream.Key(columns, roles))
}

func processesOf(rows []hunts.Row) []hunts.ProcessResult {
	out := []hunts.ProcessResult{}
	at, devices := map[string]int{}, map[[2]string]bool{}
	for _, r := range rows {
		key := strings.ToLower(r.Process)
		if key == "" {
			continue
		}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key], out = i, append(out, hunts.ProcessResult{Process: r.Process, Parents: []string{}})
		}
		out[i].Events += r.Events
		if r.Parent != "" {
			out[i].Parents = hunts.Union(out[i].Parents, []string{r.Parent})
		}
		if pair := [2]string{key, strings.ToLower(r.Device)}; r.Device != "" && !devices[pair] {
			devices[pair] = true
			out[i].Devices++
		}
	}
	slices.SortStableFunc(out, func(a, b hunts.ProcessResult) int { return cmp.Compare(b.Events, a.Events) })
	return out
}

// rowNotes are what a reader must know beside the rows.
func (d Definition) rowNotes(a hunts.Answer) []string {
	var out []string
	if back := d.ownBack(); back > 0 {
		out = append(out, fmt.Sprintf("This hunt looks back %s by itself (%s), whatever since= says.", longText(back), d.clock.Reads))
	} else if back := d.lookback(); back > 0 {
		out = append(out, fmt.Sprintf("This hunt also reads the %s before its window.", longText(back)))
	}
	if limit, _ := upstream.Limit(d.Query); limit == "" && a.Table.Total > 0 {
		if name := d.limits(); name != "" {
			out = append(out, fmt.Sprintf("The query itself leaves rows out (%s): there may be more.", name))
		}
	}
	if a.Table.Cut {
		out = append(out, fmt.Sprintf("%s are listed; the counts are of all.", hunts.Count(int64(len(a.Table.Rows)), "row")))
	}
	return out
}

// limits is the operator by which a query bounds its own rows; empty for none.
func (d Definition) limits() string {
	for _, name := range []string{"take", "limit", "sample", "top"} {
		if d.calls.Line(name) > 0 {
			return name
		}
	}
	return ""
}

// rowsWithin asks one query within a timespan; see rows.
func (s *searcher) rowsWithin(ctx context.Context, p params, from, to time.Time, workspaces []string) (hunts.Result, hunts.SliceState, string, error) {
	if ctx.Err() != nil {
		return hunts.Result{}, hunts.SliceSkipped, stoppedReason(ctx), ctx.Err()
	}
	r := s.runner
	s.count()
	res, err := r.query(ctx, hunts.Query{
		HuntID: s.hunt.ID, Asker: s.hunt.Asker.User, Sweep: s.hunt.Scheduled, Text: s.def.kql(p, comment(s.hunt), s.profiles, r.cfg.Catalog.summary), Queued: s.waits, From: from, To: to, Workspaces: workspaces,
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return res, hunts.SliceSkipped, stoppedReason(ctx), err
	case err != nil:
		r.cfg.Log.Warn("part of a hunt failed", "hunt", s.hunt.ID, "from", from, "to", to, "kind", hunts.KindOf(err), "error", err)
		return res, hunts.SliceFailed, sayOf(err, s.def), err
	}
	s.spent(res.Stats)
	if res.Partial != "" {
		return res, hunts.SlicePartial, res.Partial, nil
	}
	return res, hunts.SliceDone, "", nil
}
