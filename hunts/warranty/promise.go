// Package warranty keeps an answer's word after it was given: which answers are
// looked after, when a scope is due, which answers late rows may touch, and what
// changed when one was searched again. A watch stands beside them: it looks for what
// is new instead of what was missed, and shares their queries.
//
// It knows neither Slack nor a store: where people are told is a text that it hands
// back. What surprises: late rows never decide anything by themselves. They only
// name the answers to be searched again, and the whole search decides.
package warranty

import (
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Promise is an answer under warranty.
type Promise struct {
	Hunt       string                `json:"hunt"` // id
	Name       string                `json:"name"` // in the catalogue
	Indicators []indicator.Indicator `json:"indicators"`
	Scopes     []string              `json:"scopes"` // workspaces; one empty name is the default one
	From       time.Time             `json:"from"`   // the searched window
	To         time.Time             `json:"to"`
	Told       Facts                 `json:"told"` // what its message says
	Answered   time.Time             `json:"answered"`
	Until      time.Time             `json:"until"`
	// Place is whose message this is, as the caller names it.
	Place string `json:"place,omitempty"`
	// Seen is, for each scope that has looked after it, what was found there last.
	Seen map[string]string `json:"seen,omitempty"`
	// Quiet is one that was refreshed: its message changes, and the newer one rings.
	Quiet bool `json:"quiet,omitempty"`
	// Tries and Again are of an answer that could not tell, or whose late rows could
	// not be searched: how often it was searched again, and when the next time is.
	Tries int       `json:"tries,omitempty"`
	Again time.Time `json:"again,omitzero"`
	// Late are the rows that nobody could judge yet.
	Late []hunts.Arrival `json:"late,omitempty"`
	// Change is what was found and not told yet.
	Change *Change `json:"change,omitempty"`
	// Changes counts those that were told.
	Changes int `json:"changes,omitempty"`
}

// Facts are what an answer says, as far as late rows can change it.
type Facts struct {
	Verdict hunts.Verdict            `json:"verdict"`
	Lines   map[string]hunts.Verdict `json:"lines,omitempty"`   // by type and indicator
	Devices []string                 `json:"devices,omitempty"` // in lower case, "!" before those that reached
	Events  int64                    `json:"events,omitempty"`
	// Elsewhere are the devices of each place beside the table of the hunt, added up,
	// and the events there; -1 where the answer does not tell.
	Elsewhere       int64 `json:"elsewhere,omitempty"`
	ElsewhereEvents int64 `json:"elsewhere_events,omitempty"`
}

// Change is how the truth changed.
type Change struct {
	From    hunts.Verdict `json:"from"`
	To      hunts.Verdict `json:"to"`
	Devices []string      `json:"devices,omitempty"` // new ones
	Events  int64         `json:"events"`            // that were not there before
	First   time.Time     `json:"first,omitzero"`    // when the late events happened
	Last    time.Time     `json:"last,omitzero"`
	Found   time.Time     `json:"found"`
	// Rings tells that somebody has to know; else the message changes quietly.
	Rings bool `json:"rings,omitempty"`
	N     int  `json:"n"` // the how manieth change of this answer
}

// Late is how late the earliest of the events came at most; zero for a change that
// no event made.
func (c Change) Late() time.Duration {
	if c.First.IsZero() {
		return 0
	}
	return c.Found.Sub(c.First)
}

// maxKept bounds the names and lines that a promise keeps.
const maxKept = 1000

// FactsOf are the facts of an answer.
func FactsOf(a hunts.Answer) Facts {
	f := Facts{Verdict: a.Verdict, Events: a.Totals.Events, Elsewhere: -1, ElsewhereEvents: -1}
	table := ""
	for n, p := range a.Places {
		if n == 0 {
			f.Elsewhere, f.ElsewhereEvents, table = 0, 0, p.Place
		}
		if p.Place != table { // of each scope the first one is the table of the hunt
			f.Elsewhere, f.ElsewhereEvents = f.Elsewhere+p.Devices, f.ElsewhereEvents+p.Events
		}
	}
	for n, line := range a.ByIndicator {
		if n == maxKept {
			break
		}
		if f.Lines == nil {
			f.Lines = map[string]hunts.Verdict{}
		}
		f.Lines[line.Type+":"+line.Indicator] = line.Verdict
	}
	for _, d := range a.ByDevice {
		if len(f.Devices) == maxKept {
			break
		}
		if !d.Hidden {
			f.Devices = append(f.Devices, deviceMark(d))
		}
	}
	return f
}

// deviceMark is a device in what is kept: one that tried and then reached is news.
func deviceMark(d hunts.DeviceResult) string {
	name := strings.ToLower(d.Device)
	if d.Outcome == hunts.OutcomeReached {
		return "!" + name
	}
	return name
}

// Keeps tells whether an answer comes under warranty: REACHED can't get worse, and
// one that a person stopped was not meant to be whole.
func Keeps(a hunts.Answer) bool {
	if slices.ContainsFunc(a.Coverage.Slices, func(s hunts.Slice) bool { return s.State == hunts.SliceSkipped }) {
		return false
	}
	return a.Verdict != hunts.Reached && a.Verdict != ""
}

// Of is the promise behind an answer. life is how long it is looked after.
func Of(h hunts.Hunt, a hunts.Answer, life time.Duration, now time.Time) Promise {
	answered := h.Created
	if at := a.Source.CachedAt; at != nil && at.Before(answered) {
		answered = *at
	}
	scopes := slices.Clone(h.Workspaces)
	if len(scopes) == 0 {
		scopes = []string{""}
	}
	p := Promise{
		Hunt: h.ID, Name: h.Name, Indicators: h.Request.Indicators(), Scopes: scopes, From: a.Request.From, To: a.Request.To,
		Told: FactsOf(a), Answered: answered.UTC(), Until: now.UTC().Add(life), Place: h.Asker.Channel,
	}
	if a.Verdict == hunts.CouldNotTell {
		p.Again = now.UTC().Add(firstRetry)
	}
	return p
}

// firstRetry is when an answer that could not tell is searched again; each further
// try waits twice as long, up to lastRetry.
const (
	firstRetry = 15 * time.Minute
	lastRetry  = 12 * time.Hour
)

// Retry notes that an answer was searched again and nothing could be told of it, or of
// the rows that came late.
func (p *Promise) Retry(late []hunts.Arrival, now time.Time) {
	p.Again = now.UTC().Add(min(firstRetry<<min(p.Tries, 10), lastRetry))
	p.Tries++
	p.Late = late[:min(len(late), maxLate)]
}

// maxLate bounds the rows that are kept until they can be judged.
const maxLate = 20

// Due tells that an answer is to be searched again whatever came in.
func (p Promise) Due(now time.Time) bool { return !p.Again.IsZero() && !p.Again.After(now) }

// Note keeps what was found in a scope.
func (p *Promise) Note(scope, mark string) { p.Seen = noted(p.Seen, scope, mark) }

func noted(seen map[string]string, scope, mark string) map[string]string {
	if seen == nil {
		seen = map[string]string{}
	}
	seen[scope] = mark
	return seen
}

// Touched gives what came in late for a promise in a scope: rows of its indicators
// that happened in its window. news is false when it is what the last look found.
func (p Promise) Touched(scope string, came []hunts.Arrival) (found []hunts.Arrival, mark string, news bool) {
	found = within(p.Indicators, p.From, p.To, came)
	if len(found) == 0 {
		return nil, p.Seen[scope], false
	}
	mark = markOf(found)
	return found, mark, mark != p.Seen[scope]
}

// Judge compares what a promise told with a later search of the same window. late
// are the rows that led to it. There is no change where the search found less than
// was told: rows grow old and are deleted, and what was there was there. unsure
// tells that the search can't be believed now, and is to be made again.
func (p Promise) Judge(a hunts.Answer, late []hunts.Arrival, now time.Time) (c Change, changed, unsure bool) {
	after := FactsOf(a)
	c = Change{From: p.Told.Verdict, To: a.Verdict, Events: max(0, after.Events-p.Told.Events), Found: now.UTC(), N: p.Changes + 1}
	if a.Verdict == hunts.CouldNotTell {
		return c, false, p.Told.Verdict != hunts.CouldNotTell
	}
	for _, x := range late {
		if c.First.IsZero() || x.First.Before(c.First) {
			c.First = x.First
		}
		if x.Last.After(c.Last) {
			c.Last = x.Last
		}
	}
	for _, d := range a.ByDevice {
		if !d.Hidden && !p.knows(d) {
			c.Devices = append(c.Devices, d.Device)
		}
	}
	worse := a.Verdict.Rank() < p.Told.Verdict.Rank()
	for key, v := range after.Lines {
		if had, ok := p.Told.Lines[key]; ok && had != hunts.CouldNotTell && v != hunts.CouldNotTell && v.Rank() < had.Rank() {
			worse = true
		}
	}
	if p.Told.Verdict == hunts.CouldNotTell {
		c.Rings = a.Verdict != hunts.Clean
		return c, true, false
	}
	elsewhere := p.Told.Elsewhere >= 0 && after.Elsewhere > p.Told.Elsewhere
	if p.Told.ElsewhereEvents >= 0 {
		c.Events += max(0, after.ElsewhereEvents-p.Told.ElsewhereEvents)
	}
	c.Rings = worse || len(c.Devices) > 0 || elsewhere
	return c, c.Rings || c.Events > 0, false
}

func (p Promise) knows(d hunts.DeviceResult) bool {
	mark := deviceMark(d)
	if len(p.Told.Devices) >= maxKept {
		return true // too many to know any of them
	}
	return slices.Contains(p.Told.Devices, mark) || !strings.HasPrefix(mark, "!") && slices.Contains(p.Told.Devices, "!"+mark)
}

// Settle notes that a change was told. over is true when the promise ends with it.
func (p *Promise) Settle(a hunts.Answer) (over bool) {
	p.Told, p.Change, p.Changes = FactsOf(a), nil, p.Changes+1
	p.Again, p.Tries, p.Late = time.Time{}, 0, nil
	return a.Verdict == hunts.Reached
}

// Settled notes that the rows which came late were judged and change nothing.
func (p *Promise) Settled() { p.Again, p.Tries, p.Late = time.Time{}, 0, nil }
