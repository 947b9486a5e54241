package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
)

// sensors is what the coverage query found out about a window of one scope.
type sensors struct {
	Reporting  int64                `json:"reporting"` // in the stretch of time that ends with the newest event
	Known      int64                `json:"known"`
	Elsewhere  int64                `json:"elsewhere"` // known from another table than the one the hunt reads
	OfWeek     int64                `json:"of_week"`   // reported in the week that ends with the newest event
	Stretches  [][2]int64           `json:"stretches"` // [stretches before the newest event, sensors]
	Newest     time.Time            `json:"newest"`    // before the window's end, maybe before its beginning
	Oldest     time.Time            `json:"oldest"`    // in the window
	Days       dayBits              `json:"days"`
	Busy       [][2]int64           `json:"busy"`  // [hour since 1970, sensors with an event]
	Named      map[string]time.Time `json:"named"` // devices asked for, and when each reported last
	Filled     filled               `json:"filled"`
	Control    string               `json:"control"`
	ControlAt  time.Time            `json:"control_at"`
	Found      bool                 `json:"found"`
	ControlSay string               `json:"-"` // of a sweep: what is wrong with its control
	Proxy      string               `json:"proxy"`
	Partial    string               `json:"partial"`
	Tables     tables               `json:"tables"` // of places; nil when it is not known which there are
}

// filled counts the newest events that carry a value.
type filled struct {
	Rows        int64 `json:"rows"`
	Inspections int64 `json:"inspections"`
	Details     int64 `json:"details"` // inspections with AdditionalFields
	IP          int64 `json:"ip"`
	URL         int64 `json:"url"`
	Process     int64 `json:"process"`
	SHA1        int64 `json:"sha1"`
	SHA256      int64 `json:"sha256"`
	MD5         int64 `json:"md5"`
}

const (
	// rhythmBack is how far before the end of a window the rhythm of a fleet is
	// read at least: three of each weekday.
	rhythmBack = 22 * day
	// knownBack is how far before the newest event a device may have been seen last
	// and still count as known: DeviceInfo keeps 30 days by default.
	knownBack = 30 * day
	// coverageTTL is how long a coverage figure is kept per scope and window.
	coverageTTL = 15 * time.Minute
	// proxyShare is the share of the web events through a proxy from which on an
	// address can't be seen.
	proxyShare = 0.1
)

// lookAround asks a scope for its sensors. A problem is an error of the source;
// the hunt goes on, but can no longer be CLEAN.
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
		s.Found = found
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
	return "coverage3:" + digest(append([]string{table, ends, strings.Join(h.Workspaces, ",")}, h.Request.Devices...)...)
}

func (r *Runner) askSensors(ctx context.Context, h hunts.Hunt, d Definition) (sensors, error) {
	ask := func(placeTables string) (sensors, error) {
		text, from, to := r.coverageText(h, d, placeTables)
		// The service takes the intersection of timespan and query.
		res, err := r.query(ctx, hunts.Query{HuntID: h.ID, Asker: h.Asker.User, Sweep: h.Scheduled, Text: text, From: from, To: to, Workspaces: h.Workspaces})
		if err != nil {
			return sensors{}, err
		}
		return readSensors(res)
	}
	s, err := ask(r.cfg.Catalog.tablesText(h.Window.To))
	if hunts.KindOf(err) == hunts.KindBadQuery {
		// one table that the service keeps from such a query, for its plan say, must not cost the coverage
		s, err = ask(noTables)
		s.Tables = nil
	}
	return s, err
}

// coverageText is the query for the sensors of one scope, and the time that it
// reads.
func (r *Runner) coverageText(h hunts.Hunt, d Definition, placeTables string) (text string, from, to time.Time) {
	devices := make([]string, len(h.Request.Devices))
	for i, d := range h.Request.Devices {
		devices[i] = strings.ToLower(d)
	}
	proxies := make([]string, len(r.cfg.Proxies))
	for i, p := range r.cfg.Proxies {
		proxies[i] = proxyName(p)
	}
	history := h.Window.From
	if !h.Window.All {
		if back := h.Window.To.Add(-rhythmBack); back.Before(history) {
			history = back
		}
		from = history.Add(-knownBack)
	}
	around := h.Window.To.Add(r.cfg.ReportingWithin)
	if now := r.cfg.Clock().UTC(); around.After(now) && h.Window.To.Before(now) {
		around = now
	}
	contacts := "observed"
	if d.Footprint.Table != "DeviceNetworkEvents" {
		contacts = "union isfuzzy=true (datatable(TimeGenerated:datetime)[]), DeviceNetworkEvents" // which a scope may lack
	}
	text = kql.Prologue(comment(h)+" coverage", []kql.Let{
		{Name: "window_from", Value: kql.DatetimeLiteral(h.Window.From)},
		{Name: "window_to", Value: kql.DatetimeLiteral(h.Window.To)},
		{Name: "history_from", Value: kql.DatetimeLiteral(history)},
		{Name: "around_to", Value: kql.DatetimeLiteral(around)},
		{Name: "within", Value: kql.TimespanLiteral(r.cfg.ReportingWithin)},
		{Name: "devices", Value: kql.StringsLiteral(devices)},
		{Name: "proxies", Value: kql.StringsLiteral(proxies)},
		{Name: "observed_table", Value: kql.StringLiteral(d.Footprint.Table)},
	}) + "let observed = " + d.Footprint.Table + ";\nlet contacts = " + contacts + ";\n" + placeTables + r.cfg.Catalog.coverage // the name is checked when the hunt is read
	return text, from, around.Add(time.Second)
}

// proxyName is a proxy of the configuration as the coverage query compares it: an
// address in the IPv6 form of IPv4 is the one inside.
func proxyName(text string) string {
	if at, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return at.Unmap().String()
	}
	if at, err := netip.ParseAddrPort(text); err == nil {
		return fmt.Sprintf("%s:%d", at.Addr().Unmap(), at.Port())
	}
	return strings.ToLower(text)
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
		Reporting: wholeNumber(cell["SensorsReporting"]), Known: wholeNumber(cell["SensorsKnown"]), Elsewhere: wholeNumber(cell["SensorsElsewhere"]), OfWeek: wholeNumber(cell["SensorsOfWeek"]),
		Newest: instant(cell["Newest"]), Oldest: instant(cell["Oldest"]),
		Control: textOf(cell["Control"]), ControlAt: instant(cell["ControlLast"]), Partial: res.Partial,
	}
	for name, into := range map[string]any{"Days": &s.Days, "Busy": &s.Busy, "Stretches": &s.Stretches, "Named": &s.Named, "Filled": &s.Filled} {
		if text := textOf(cell[name]); text != "" {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return s, fmt.Errorf("column %s of the coverage: %w", name, err)
			}
		}
	}
	var err error
	if s.Tables, err = readTables(textOf(cell["Tables"])); err != nil {
		return s, err
	}
	web, through := wholeNumber(cell["WebEvents"]), wholeNumber(cell["ProxyEvents"])
	if wholeNumber(cell["ProxyConfigured"]) > 0 || web > 0 && float64(through) > proxyShare*float64(web) {
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

// findControl hunts for an address that the coverage query saw among the newest
// events, with the very text of the real hunt: when that finds nothing, the search
// does not work, and nothing it does not find is CLEAN.
func (r *Runner) findControl(ctx context.Context, h hunts.Hunt, s sensors) (bool, error) {
	control, refusal := indicator.Type(s.Control)
	if refusal != nil {
		return false, nil
	}
	d, ok := r.cfg.Catalog.Get(hunts.DefaultHunt)
	if !ok {
		return false, nil
	}
	from, to := s.ControlAt.Add(-time.Minute), s.ControlAt.Add(time.Millisecond)
	p := newParams(request.Request{IPs: []indicator.Indicator{control}}, from, to, time.Hour)
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
