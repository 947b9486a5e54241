package runner

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Limits of what an answer carries.
const (
	maxEvents = 100
)

// merge adds up the slices of one hunt. Counts of events add; counts of
// devices and processes come from the union of the names, and where a slice
// cut its names, from the largest slice, which is then a lower bound that
// Truncated marks.
func merge(parts []part, p params, hidden map[string]bool, r request.Request) hunts.Answer {
	a := emptyAnswer()
	m := merger{answer: &a, params: p, hidden: hidden}
	for _, x := range parts {
		m.addTotals(x.total)
		if int64(len(x.devices)) < x.total.Devices {
			a.Truncated.ByDevice = true
		}
		if int64(len(x.rows)) < x.total.Rows {
			a.Truncated.Rows = true
		}
	}
	m.mergeRows(parts)
	m.mergeDevices(parts)
	m.mergeProcesses(parts)
	m.mergeIndicators(parts, r)
	m.mergeTimeline(parts)
	m.mergeEvents(parts)
	m.mergeExcluded(parts)
	a.Beacons = beaconsOf(parts)
	return a
}

// emptyAnswer has an empty list where others have lines: JSON shows no null.
func emptyAnswer() hunts.Answer {
	return hunts.Answer{
		ByIndicator: []hunts.IndicatorResult{}, ByDevice: []hunts.DeviceResult{}, ByProcess: []hunts.ProcessResult{},
		Timeline: []hunts.Bin{}, Events: []hunts.Event{}, Excluded: []hunts.Exclusion{},
		ByScope: []hunts.ScopeResult{}, Places: []hunts.Place{},
	}
}

type merger struct {
	answer *hunts.Answer
	params params
	hidden map[string]bool
}

func (m *merger) addTotals(t totalRow) {
	tot, out := &m.answer.Totals, &m.answer.Outcomes
	tot.Events += t.Events
	tot.Aggregated += t.Aggregated
	tot.FirstSeen, tot.LastSeen = earlier(tot.FirstSeen, t.First.Time), later(tot.LastSeen, t.Last.Time)
	out.Reached += t.Reached
	out.Failed += t.Failed
	out.Blocked += t.Blocked
	out.LookedUp += t.LookedUp
	out.Other += t.Other
}

func earlier(have *time.Time, t time.Time) *time.Time {
	if t.IsZero() || (have != nil && !t.Before(*have)) {
		return have
	}
	return &t
}

func later(have *time.Time, t time.Time) *time.Time {
	if t.IsZero() || (have != nil && !t.After(*have)) {
		return have
	}
	return &t
}

// named turns what the query calls a match into the indicator as asked.
func (m *merger) named(keys []string) []string {
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		asked := m.params.asked(k)
		for _, i := range asked {
			out = append(out, i.String())
		}
		if k != "" && len(asked) == 0 {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (m *merger) mergeRows(parts []part) {
	type key struct{ device, account, process, parent, ip, host, outcome, excluded, matched string }
	at := map[key]int{}
	rows := []hunts.Row{}
	for _, x := range parts {
		for _, r := range x.rows {
			matched := m.named(r.Matched)
			if !m.known(r.Matched) {
				m.answer.Unnamed += r.Events
			}
			k := key{r.Device, r.Account, r.Process, r.Parent, r.IP, r.Host, string(r.Outcome), r.Excluded, strings.Join(matched, "\x00")}
			i, ok := at[k]
			if !ok {
				i = len(rows)
				at[k] = i
				rows = append(rows, hunts.Row{
					Device: r.Device, DeviceID: r.DeviceID, Account: r.Account, Process: r.Process, Parent: r.Parent, RemoteIP: plainIP(r.IP), RemoteHost: r.Host,
					Outcome: r.Outcome, Excluded: r.Excluded, Matched: matched, Because: m.because(r.Matched, r.Host), FirstSeen: r.First.Time, LastSeen: r.Last.Time,
					Hidden: m.hidden[r.Excluded] && !m.askedByName(r.Matched),
				})
			}
			row := &rows[i]
			row.Events += r.Events
			if r.First.Before(row.FirstSeen) {
				row.FirstSeen = r.First.Time
			}
			if r.Last.After(row.LastSeen) {
				row.LastSeen = r.Last.Time
			}
		}
	}
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].LastSeen.After(rows[j].LastSeen) })
	m.answer.Rows = rows
}

// known tells whether a row says which of the indicators it matched.
func (m *merger) known(keys []string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return len(m.params.asked(k)) > 0 })
}

// askedByName tells whether one of the matches was asked for as itself: not by
// a range or a suffix that happens to cover it.
func (m *merger) askedByName(keys []string) bool {
	for _, k := range keys {
		for _, i := range m.params.asked(k) {
			if i.Kind != indicator.KindCIDR && i.Kind != indicator.KindSuffix {
				return true
			}
		}
	}
	return false
}

// because says why a row matched, one phrase per indicator.
func (m *merger) because(keys []string, host string) []string {
	var out []string
	for _, k := range keys {
		for _, i := range m.params.asked(k) {
			out = append(out, reason(i, host))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func reason(i indicator.Indicator, host string) string {
	switch {
	case i.Kind == indicator.KindCIDR:
		return "in " + i.Value
	case i.Kind == indicator.KindIP:
		return "exact address"
	case i.Kind == indicator.KindSuffix:
		return "ends with " + i.Host
	case i.Kind == indicator.KindFile:
		return "file name"
	case i.Kind == indicator.KindMD5, i.Kind == indicator.KindSHA1, i.Kind == indicator.KindSHA256:
		return string(i.Kind) + " of the file"
	case strings.EqualFold(host, i.Host):
		return "exact name"
	}
	return "sub-domain of " + i.Host
}

// plainIP shows an IPv4-mapped address as the IPv4 address it is.
func plainIP(text string) string {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Unmap().String()
	}
	return text
}

func (m *merger) mergeDevices(parts []part) {
	byKey := map[string]*hunts.DeviceResult{}
	var largest int64
	for _, x := range parts {
		largest = max(largest, x.total.Devices)
		for _, d := range x.devices {
			k := strings.ToLower(d.Device)
			have, ok := byKey[k]
			if !ok {
				have = &hunts.DeviceResult{Device: d.Device, DeviceID: d.DeviceID, Outcome: hunts.OutcomeOther, FirstSeen: d.First.Time, LastSeen: d.Last.Time}
				byKey[k] = have
			}
			have.Events += d.Events
			have.DeviceID = cmp.Or(have.DeviceID, d.DeviceID)
			if d.First.Before(have.FirstSeen) {
				have.FirstSeen = d.First.Time
			}
			if d.Last.After(have.LastSeen) {
				have.LastSeen, have.Device = d.Last.Time, d.Device
			}
			if o := d.outcome(); o.Rank() > have.Outcome.Rank() {
				have.Outcome = o
			}
			have.Processes = hunts.Union(have.Processes, d.Processes)
			have.Accounts = hunts.Union(have.Accounts, d.Accounts)
			remotes := make([]string, len(d.Remotes))
			for i, r := range d.Remotes {
				remotes[i] = plainIP(r)
			}
			have.Remotes = hunts.Union(have.Remotes, remotes)
			have.Excluded = hunts.Union(have.Excluded, d.Excluded)
			for _, text := range d.Matches {
				var keys []string
				if json.Unmarshal([]byte(text), &keys) == nil {
					have.Matched = hunts.Union(have.Matched, m.named(keys))
				}
			}
		}
	}
	hiddenOnly := m.devicesHidden()
	for k, d := range byKey {
		d.Hidden = hiddenOnly[k]
		m.answer.ByDevice = append(m.answer.ByDevice, *d)
	}
	sort.Slice(m.answer.ByDevice, func(i, j int) bool {
		a, b := m.answer.ByDevice[i], m.answer.ByDevice[j]
		if !a.LastSeen.Equal(b.LastSeen) {
			return a.LastSeen.After(b.LastSeen)
		}
		return a.Device < b.Device
	})
	m.answer.Totals.Devices = max(largest, int64(len(byKey)))
}

// devicesHidden are the devices all of whose rows a profile hides. With rows
// cut nothing is hidden: we can't know.
func (m *merger) devicesHidden() map[string]bool {
	out := map[string]bool{}
	if m.answer.Truncated.Rows {
		return out
	}
	for _, r := range m.answer.Rows {
		k := strings.ToLower(r.Device)
		was, seen := out[k]
		out[k] = r.Hidden && (was || !seen)
	}
	return out
}

func (d deviceRow) outcome() hunts.Outcome {
	switch {
	case d.Reached > 0:
		return hunts.OutcomeReached
	case d.Blocked > 0:
		return hunts.OutcomeBlocked
	case d.Failed > 0:
		return hunts.OutcomeFailed
	case d.LookedUp > 0:
		return hunts.OutcomeLookedUp
	}
	return hunts.OutcomeOther
}

func (m *merger) mergeProcesses(parts []part) {
	byKey := map[string]*hunts.ProcessResult{}
	var largest int64
	for _, x := range parts {
		largest = max(largest, x.total.Processes)
		for _, p := range x.processes {
			k := strings.ToLower(p.Process)
			have, ok := byKey[k]
			if !ok {
				have = &hunts.ProcessResult{Process: p.Process}
				byKey[k] = have
			}
			have.Events += p.Events
			have.Devices = max(have.Devices, p.Devices)
			have.Parents = hunts.Union(have.Parents, p.Parents)
		}
	}
	devices := map[string]map[string]bool{}
	for _, r := range m.answer.Rows {
		k := strings.ToLower(r.Process)
		if devices[k] == nil {
			devices[k] = map[string]bool{}
		}
		devices[k][strings.ToLower(r.Device)] = true
	}
	for k, p := range byKey {
		p.Devices = max(p.Devices, int64(len(devices[k])))
		m.answer.ByProcess = append(m.answer.ByProcess, *p)
	}
	sort.Slice(m.answer.ByProcess, func(i, j int) bool {
		a, b := m.answer.ByProcess[i], m.answer.ByProcess[j]
		if a.Events != b.Events {
			return a.Events > b.Events
		}
		return a.Process < b.Process
	})
	m.answer.Totals.Processes = max(largest, int64(len(byKey)))
}

func (m *merger) mergeIndicators(parts []part, r request.Request) {
	type sum struct {
		hunts.IndicatorResult
		reached int64
	}
	sums := map[indicator.Indicator]*sum{}
	order := []*sum{}
	for _, i := range r.Indicators() {
		sums[i] = &sum{IndicatorResult: hunts.IndicatorResult{Indicator: i.String(), Type: string(i.Kind)}}
		order = append(order, sums[i])
	}
	for _, x := range parts {
		for _, row := range x.indicators {
			for _, i := range m.params.asked(row.Indicator) {
				s := sums[i]
				if s == nil {
					continue
				}
				s.Events += row.Events
				s.reached += row.Reached
				s.Devices = max(s.Devices, row.Devices)
				s.FirstSeen, s.LastSeen = earlier(s.FirstSeen, row.First.Time), later(s.LastSeen, row.Last.Time)
			}
		}
	}
	if len(order) == 1 && m.answer.Unnamed > 0 {
		// of one indicator everything is, whether or not the rows say so
		t := m.answer.Totals
		order[0].Events, order[0].reached, order[0].Devices = t.Events, m.answer.Outcomes.Reached, t.Devices
		order[0].FirstSeen, order[0].LastSeen = t.FirstSeen, t.LastSeen
		m.answer.Unnamed = 0
	}
	devices := map[string]map[string]bool{}
	for _, row := range m.answer.Rows {
		for _, name := range row.Matched {
			if devices[name] == nil {
				devices[name] = map[string]bool{}
			}
			devices[name][strings.ToLower(row.Device)] = true
		}
	}
	for _, s := range order {
		s.Devices = max(s.Devices, int64(len(devices[s.Indicator])))
		switch {
		case s.reached > 0:
			s.Verdict = hunts.Reached
		case s.Events > 0:
			s.Verdict = hunts.Tried
		}
		m.answer.ByIndicator = append(m.answer.ByIndicator, s.IndicatorResult)
	}
}

func (m *merger) mergeTimeline(parts []part) {
	sums := map[time.Time]int64{}
	for _, x := range parts {
		for _, b := range x.bins {
			sums[b.Start.Truncate(m.params.step)] += b.Events
		}
	}
	for start, n := range sums {
		m.answer.Timeline = append(m.answer.Timeline, hunts.Bin{Start: start, Events: n})
	}
	sort.Slice(m.answer.Timeline, func(i, j int) bool { return m.answer.Timeline[i].Start.Before(m.answer.Timeline[j].Start) })
}

func (m *merger) event(e eventRow) hunts.Event {
	var port int64
	if e.Port != nil {
		port = *e.Port
	}
	return hunts.Event{
		Time: e.Time.Time, Device: e.Device, Action: e.Action, Outcome: e.Outcome, RemoteIP: plainIP(e.IP), RemotePort: port, RemoteHost: e.Host,
		Process: e.Process, CommandLine: e.Command, Decoded: hunts.DecodedCommand(e.Command), Parent: e.Parent, Account: e.Account, Matched: m.named(e.Matched),
	}
}

func (m *merger) mergeEvents(parts []part) {
	for _, x := range parts {
		for _, e := range x.events {
			m.answer.Events = append(m.answer.Events, m.event(e))
		}
	}
	sort.SliceStable(m.answer.Events, func(i, j int) bool { return m.answer.Events[i].Time.After(m.answer.Events[j].Time) })
	if len(m.answer.Events) > maxEvents {
		m.answer.Events = m.answer.Events[:maxEvents]
	}
	m.answer.Truncated.Events = int64(len(m.answer.Events)) < m.answer.Totals.Events
}

func (m *merger) mergeExcluded(parts []part) {
	sums := map[string]int64{}
	for _, x := range parts {
		for _, e := range x.excluded {
			sums[e.Profile] += e.Events
		}
	}
	for name, n := range sums {
		m.answer.Excluded = append(m.answer.Excluded, hunts.Exclusion{Profile: name, Events: n, Hidden: m.hidden[name]})
	}
	sort.Slice(m.answer.Excluded, func(i, j int) bool { return m.answer.Excluded[i].Profile < m.answer.Excluded[j].Profile })
}

// Beacon rules: enough gaps to speak of a rhythm, and the middle half of them
// within a tenth of the median. The method is in docs/ANSWERS.md.
const (
	beaconPoints = 20
	beaconSpread = 0.10
)

func beaconsOf(parts []part) []hunts.Beacon {
	best := map[string]gapRow{}
	points := map[string]int64{}
	for _, x := range parts {
		for _, g := range x.gaps {
			k := g.Device + "\x00" + g.Process + "\x00" + g.Remote
			points[k] += g.Points
			if g.Points > best[k].Points {
				best[k] = g
			}
		}
	}
	var out []hunts.Beacon
	for k, g := range best {
		spread := float64(g.P75-g.P25) / 2
		if points[k] < beaconPoints || g.P50 <= 0 || spread > beaconSpread*float64(g.P50) {
			continue
		}
		out = append(out, hunts.Beacon{
			Device: g.Device, Process: g.Process, Remote: plainIP(g.Remote), Events: points[k] + 1,
			Interval: time.Duration(g.P50) * time.Millisecond, Spread: time.Duration(spread * float64(time.Millisecond)),
		})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Events != out[j].Events {
			return out[i].Events > out[j].Events
		}
		return out[i].Device+out[i].Remote < out[j].Device+out[j].Remote
	})
	return out
}
