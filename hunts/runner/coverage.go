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
)

// sensors is what the coverage query found out about a window of a workspace.
type sensors struct {
	Reporting    int64     `json:"reporting"`
	Known        int64     `json:"known"`
	Newest       time.Time `json:"newest"`
	Oldest       time.Time `json:"oldest"`
	Days         []string  `json:"days"`
	Named        []string  `json:"named"`
	Control      string    `json:"control"`
	ControlLast  time.Time `json:"control_last"`
	ControlFound bool      `json:"control_found"`
	ControlGone  string    `json:"-"` // of a sweep: what is wrong with its control
	Proxy        string    `json:"proxy"`
	Partial      string    `json:"partial"`
}

// knownBack is how far before the window a device may have been seen last and
// still count as known: DeviceInfo keeps 30 days by default.
const knownBack = 30 * day

// coverageTTL is how long a coverage figure is kept per workspace and window.
const coverageTTL = 15 * time.Minute

// lookAround asks a workspace for its sensors. A problem is an error of the
// source; the hunt goes on, but can no longer be CLEAN.
func (r *Runner) lookAround(ctx context.Context, h hunts.Hunt, d Definition) (sensors, error) {
	key := coverageKey(h, d.Footprint.Table)
	if data, ok, err := r.cfg.Record.Blob(ctx, key); err == nil && ok {
		var s sensors
		if json.Unmarshal(data, &s) == nil {
			return s, nil
		}
	}
	s, err := r.askSensors(ctx, h, d)
	if err != nil {
		return sensors{}, err
	}
	if s.Control != "" {
		found, err := r.findControl(ctx, h, s)
		if err != nil {
			return sensors{}, err
		}
		s.ControlFound = found
	}
	if s.Partial == "" {
		if data, err := json.Marshal(s); err == nil {
			// without memory the figure is asked again next time, nothing else is lost
			_ = r.cfg.Record.SaveBlob(ctx, key, data, coverageTTL)
		}
	}
	return s, nil
}

func coverageKey(h hunts.Hunt, table string) string {
	w := h.Window
	ends := "all"
	switch {
	case w.All:
	case w.Ago > 0:
		ends = w.Ago.String()
	default:
		ends = w.From.Format(time.RFC3339) + "/" + w.To.Format(time.RFC3339)
	}
	return "coverage:" + digest(append([]string{table, ends, strings.Join(h.Workspaces, ",")}, h.Request.Devices...)...)
}

func (r *Runner) askSensors(ctx context.Context, h hunts.Hunt, d Definition) (sensors, error) {
	devices := make([]string, len(h.Request.Devices))
	for i, d := range h.Request.Devices {
		devices[i] = strings.ToLower(d)
	}
	known := h.Window.From
	if back := h.Window.To.Add(-knownBack); back.Before(known) {
		known = back
	}
	text := kql.Prologue(comment(h)+" coverage", []kql.Let{
		{Name: "window_from", Value: kql.DatetimeLiteral(h.Window.From)},
		{Name: "window_to", Value: kql.DatetimeLiteral(h.Window.To)},
		{Name: "known_from", Value: kql.DatetimeLiteral(known)},
		{Name: "devices", Value: kql.StringsLiteral(devices)},
	}) + "let observed = " + d.Footprint.Table + ";\n" + r.cfg.Catalog.coverage // the name is checked when the hunt is read
	// The timespan must reach back as far as DeviceInfo is read: the service takes
	// the intersection of timespan and query.
	res, err := r.query(ctx, hunts.Query{HuntID: h.ID, Asker: h.Asker.User, Sweep: h.Scheduled, Text: text, From: known, To: h.Window.To, Workspaces: h.Workspaces})
	if err != nil {
		return sensors{}, err
	}
	return readSensors(res)
}

func readSensors(res hunts.Result) (sensors, error) {
	if len(res.Rows) != 1 {
		return sensors{}, fmt.Errorf("the coverage query gave %d rows instead of 1", len(res.Rows))
	}
	cell := map[string]any{}
	for i, c := range res.Columns {
		if i < len(res.Rows[0]) {
			cell[c.Name] = res.Rows[0][i]
		}
	}
	s := sensors{
		Reporting: wholeNumber(cell["SensorsReporting"]), Known: wholeNumber(cell["SensorsKnown"]),
		Newest: instant(cell["Newest"]), Oldest: instant(cell["Oldest"]),
		Control: textOf(cell["Control"]), ControlLast: instant(cell["ControlLast"]), Partial: res.Partial,
	}
	for name, into := range map[string]*[]string{"Days": &s.Days, "Named": &s.Named} {
		if text := textOf(cell[name]); text != "" {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return s, fmt.Errorf("column %s of the coverage: %w", name, err)
			}
		}
	}
	// Most of the busiest web traffic going to one proxy port: then remote
	// addresses are the proxy's.
	if web := wholeNumber(cell["WebEvents"]); web > 0 && wholeNumber(cell["ProxyEvents"])*2 > web {
		s.Proxy = textOf(cell["Proxy"])
	}
	return s, nil
}

func wholeNumber(v any) int64 {
	if n, ok := v.(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return i
		}
	}
	return 0
}

func textOf(v any) string { s, _ := v.(string); return s }

func instant(v any) time.Time {
	t, err := time.Parse(time.RFC3339Nano, textOf(v))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// findControl hunts for an address that the coverage query saw in the last
// hour of data, with the very text of the real hunt: when that finds nothing,
// the search does not work, and nothing it does not find is CLEAN.
func (r *Runner) findControl(ctx context.Context, h hunts.Hunt, s sensors) (bool, error) {
	control, refusal := indicator.Type(s.Control)
	if refusal != nil {
		return false, nil
	}
	d, ok := r.cfg.Catalog.Get(hunts.DefaultHunt)
	if !ok {
		return false, nil
	}
	from, to := s.ControlLast.Add(-time.Minute), s.ControlLast.Add(time.Millisecond)
	p := newParams(indicator.Request{IPs: []indicator.Indicator{control}}, from, to, time.Hour)
	res, err := r.query(ctx, hunts.Query{
		HuntID: h.ID, Asker: h.Asker.User, Sweep: h.Scheduled, From: from.Truncate(time.Second), To: to.Add(time.Second), Workspaces: h.Workspaces,
		Text: d.kql(p, comment(h)+" control", nil, r.cfg.Catalog.summary),
	})
	if err != nil {
		return false, err
	}
	found, err := readPart(res.Rows)
	return err == nil && found.total.Events > 0, nil
}

// problems are the reasons why the coverage does not carry a CLEAN.
func (r *Runner) problems(h hunts.Hunt, d Definition, s sensors, c hunts.Coverage) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	table := d.Footprint.Table
	switch {
	case s.Reporting == 0 || s.Newest.IsZero():
		say("%s holds no event in this window", table)
		return out
	case s.Partial != "":
		say("the coverage is only partly known: %s", s.Partial)
	}
	if s.Known == 0 {
		say("it is not known how many sensors there are")
	} else if share := float64(s.Reporting) / float64(s.Known); share < r.cfg.MinSensors {
		say("only %d of %d sensors reported", s.Reporting, s.Known)
	}
	live := r.cfg.Source.Describe(h.Workspaces).Kind == hunts.KindLogAnalytics
	if late := h.Window.To.Sub(s.Newest); late > r.cfg.StaleAfter && (live || !h.Window.All) {
		say("the newest event is %s older than the end of the window", roughly(late))
	}
	if !h.Window.All && !h.Window.From.IsZero() && s.Oldest.Sub(h.Window.From) > day {
		say("%s holds events only since %s UTC", table, s.Oldest.Format("2006-01-02 15:04"))
	}
	if gaps := s.emptyDays(h.Window); len(gaps) > 0 && (live || !h.Window.All) {
		say("no sensor reported anything on %s", gaps[0])
	}
	for _, asked := range h.Request.Devices {
		if !slices.ContainsFunc(s.Named, func(n string) bool { return sameDevice(n, asked) }) {
			say("no sensor named %s reported in this window", asked)
		}
	}
	if s.ControlGone != "" {
		say("%s", s.ControlGone)
	} else if s.Control != "" && !s.ControlFound {
		say("the control address %s, which is in the table, was not found again", s.Control)
	}
	if c.BadLines > 0 {
		say("%s of the export could not be read", hunts.Count(c.BadLines, "line"))
	}
	return out
}

func sameDevice(have, asked string) bool {
	short, _, _ := strings.Cut(have, ".")
	return strings.EqualFold(have, asked) || strings.EqualFold(short, asked)
}

// emptyDays are the whole UTC days inside the window on which nothing was
// reported; an outage of ingestion looks just like a quiet fleet otherwise. Of
// everything that is kept, the window is what there is.
func (s sensors) emptyDays(w hunts.Window) []string {
	if w.All {
		w.From, w.To = s.Oldest, s.Newest
	}
	have := map[string]bool{}
	for _, d := range s.Days {
		if len(d) >= 10 {
			have[d[:10]] = true
		}
	}
	var out []string
	for at := w.From.Truncate(day).Add(day); !at.Add(day).After(w.To); at = at.Add(day) {
		if !have[at.Format(time.DateOnly)] {
			out = append(out, at.Format(time.DateOnly))
		}
	}
	return out
}

// roughly is a duration in its largest unit.
func roughly(d time.Duration) string {
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d min", max(1, d/time.Minute))
}
