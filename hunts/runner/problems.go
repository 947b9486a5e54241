package runner

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// problems are the reasons why the coverage of one scope does not carry a CLEAN,
// one sentence each.
func (r *Runner) problems(h hunts.Hunt, d Definition, s sensors, w hunts.Window) []string {
	if s.Newest.IsZero() {
		return []string{d.Footprint.Table + " has no events in this look-back"}
	}
	live := r.live(h)
	var out []string
	if s.Partial != "" {
		out = append(out, "coverage is only partly known: "+s.Partial)
	}
	out = append(out, r.silent(h, d, s, w)...)
	if len(h.Request.Devices) > 0 {
		out = append(out, r.unheard(h, s)...)
	} else {
		out = append(out, r.few(s, d, live)...)
	}
	switch {
	case s.ControlSay != "":
		out = append(out, s.ControlSay)
	case s.Control != "" && !s.Found:
		out = append(out, fmt.Sprintf("the self-test failed: the control address %s, which is in the table, was not found", s.Control))
	case s.Control == "" && live:
		out = append(out, "there was no completed connection to run the self-test with")
	}
	out = append(out, s.Filled.missing(h.Request, d)...)
	if s.Proxy != "" && addressesOnly(h.Request) {
		out = append(out, proxyText(s.Proxy))
	}
	return out
}

// live tells a workspace that goes on from an export, which is finished.
func (r *Runner) live(h hunts.Hunt) bool {
	return r.cfg.Source.Describe(h.Workspaces).Live()
}

// silent names the times of a window without any event that the fleet's own rhythm
// does not explain; an outage of the data looks just like a quiet fleet otherwise.
func (r *Runner) silent(h hunts.Hunt, d Definition, s sensors, w hunts.Window) []string {
	rhythm := s.Days.rhythm()
	first, _, _ := rhythm.ends()
	var out []string
	var gaps []silence
	for _, gap := range rhythm.outages(w, r.cfg.StaleAfter) {
		switch {
		case gap.to.Equal(w.To): // said by the age of the newest event
		case gap.from.Equal(w.From) && gap.to.Equal(startOf(first)):
			out = append(out, fmt.Sprintf("%s has events only since %s UTC", d.Footprint.Table, startText(s.Oldest, gap.to)))
		default:
			gaps = append(gaps, gap)
		}
	}
	late := w.To.Sub(s.Newest)
	if late > r.cfg.StaleAfter && !(h.Window.All && !r.live(h)) && !rhythm.sleeps(s.Newest, w.To) {
		out = append(out, fmt.Sprintf("the newest event is %s older than the end of the look-back", roughly(late)))
	}
	if len(gaps) > 0 {
		out = append(out, silentText(longest(gaps), w)+moreGaps(len(gaps)-1))
	}
	if len(h.Request.Devices) == 0 {
		out = append(out, s.fewer(w, gaps)...)
	}
	return out
}

func startText(oldest, hour time.Time) string {
	if oldest.IsZero() {
		oldest = hour
	}
	return oldest.Format("2006-01-02 15:04")
}

// dayText names the year only where a window may hold the day twice.
func dayText(t time.Time, w hunts.Window) string {
	if w.To.Sub(t) > 300*day {
		return t.UTC().Format("Jan 2, 2006 15:04")
	}
	return t.UTC().Format("Jan 2 15:04")
}

// unheard names the devices asked for that did not report around the window: only
// they count, however the fleet does.
func (r *Runner) unheard(h hunts.Hunt, s sensors) []string {
	var out []string
	for _, asked := range h.Request.Devices {
		last := time.Time{}
		for name, at := range s.Named {
			if sameDevice(name, asked) && at.After(last) {
				last = at
			}
		}
		switch {
		case last.IsZero():
			out = append(out, fmt.Sprintf("no sensor named %s reported in this look-back", asked))
		case s.Newest.Sub(last) >= r.cfg.ReportingWithin:
			out = append(out, fmt.Sprintf("%s last reported on %s UTC, %s before the end of the look-back", asked, last.UTC().Format("Jan 2 15:04"), roughly(h.Window.To.Sub(last))))
		}
	}
	return out
}

// few tells when too few of the known sensors report. A fleet of which a part
// sleeps, as on a Sunday, is compared with the same day of the week before.
func (r *Runner) few(s sensors, d Definition, live bool) []string {
	switch {
	case s.Known == 0:
		return []string{"the number of sensors is unknown"}
	case s.Elsewhere == 0 && live:
		return []string{fmt.Sprintf("only %s says how many sensors there are, so a silent sensor can't be noticed", d.Footprint.Table)}
	case s.Reporting == 0 && s.OfWeek == 0:
		return []string{"no event names its device"}
	case r.enough(s.Reporting, s.Known):
		return nil
	}
	weekBefore := int64(7 * day / r.cfg.ReportingWithin)
	for _, x := range s.Stretches {
		if x[0] == weekBefore && x[1] > 0 && r.enough(s.OfWeek, s.Known) && r.enough(s.Reporting, x[1]) {
			return nil
		}
	}
	return []string{fmt.Sprintf("only %d of %d sensors reported in the last %s", s.Reporting, s.Known, roughly(r.cfg.ReportingWithin))}
}

func (r *Runner) enough(part, whole int64) bool {
	return float64(part) >= r.cfg.MinSensors*float64(whole)
}

// fewRows is how many events must be known before a column that none of them fills
// is called missing.
const fewRows = 20

// missing names the columns that the request needs and the events don't carry.
func (f filled) missing(req request.Request, d Definition) []string {
	if f.Rows < fewRows {
		return nil
	}
	var out []string
	need := func(needed bool, column string, have, of int64) {
		if needed && of > 0 && have == 0 && strings.Contains(d.Query, column) {
			out = append(out, fmt.Sprintf("%s is empty in all %d events", column, of))
		}
	}
	hash := map[indicator.Kind]bool{}
	for _, i := range req.Files {
		hash[i.Kind] = true
	}
	need(len(req.IPs) > 0, "RemoteIP", f.IP, f.Rows)
	need(len(req.Domains) > 0, "RemoteUrl", f.URL, f.Rows)
	need(len(req.Domains) > 0, "AdditionalFields", f.Details, f.Inspections)
	connections := f.Rows - f.Inspections
	need(hash[indicator.KindFile], "InitiatingProcessFileName", f.Process, connections)
	need(hash[indicator.KindMD5], "InitiatingProcessMD5", f.MD5, connections)
	need(hash[indicator.KindSHA1], "InitiatingProcessSHA1", f.SHA1, connections)
	need(hash[indicator.KindSHA256], "InitiatingProcessSHA256", f.SHA256, connections)
	return out
}

// addressesOnly tells whether a hunt asks for public addresses and no name: those a
// forward proxy hides.
func addressesOnly(r request.Request) bool {
	if len(r.Domains) > 0 {
		return false
	}
	for _, i := range r.IPs {
		if hiddenByProxy(i) {
			return true
		}
	}
	return false
}

func hiddenByProxy(i indicator.Indicator) bool {
	network, err := netip.ParsePrefix(i.Value)
	if err == nil {
		return !network.Addr().IsPrivate()
	}
	value := i.Value
	if i.Kind == indicator.KindURL { // whose host is an address
		value = strings.Trim(i.Host, "[]")
	}
	addr, err := netip.ParseAddr(value)
	return err == nil && !addr.IsPrivate()
}

func proxyText(proxy string) string {
	return fmt.Sprintf("web traffic here goes through the proxy %s, which hides the addresses behind it: hunt the name with dns=", proxy)
}

func sameDevice(have, asked string) bool {
	short, _, _ := strings.Cut(have, ".")
	return strings.EqualFold(have, asked) || strings.EqualFold(short, asked)
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

// blind gives, for the indicators of a sweep, why one can't be seen at all, by type
// and indicator.
func (r *Runner) blind(list []indicator.Indicator, d Definition, s sensors) map[string]string {
	out := map[string]string{}
	byKind := map[indicator.Kind]string{}
	for _, i := range list {
		why, known := byKind[i.Kind]
		if !known {
			var req request.Request
			req.Add(i)
			reasons := s.Filled.missing(req, d)
			for _, u := range r.unread(req, d) {
				if u.Column != "" {
					reasons = append(reasons, u.Reason)
				}
			}
			why = strings.Join(reasons, "; ")
			byKind[i.Kind] = why
		}
		if why == "" && s.Proxy != "" && hiddenByProxy(i) {
			why = proxyText(s.Proxy)
		}
		if why != "" {
			out[string(i.Kind)+":"+i.String()] = why
		}
	}
	return out
}
