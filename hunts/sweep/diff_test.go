package sweep

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

var today = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func entry(t *testing.T, value string, change ...func(*Entry)) Entry {
	t.Helper()
	typed, refusal := indicator.Type(value)
	if refusal != nil {
		t.Fatal(refusal.Sentence)
	}
	e := Entry{Indicator: typed, Source: "slack", Added: today.Add(-100 * time.Hour), Expires: today.Add(DefaultLife), State: Active}
	for _, f := range change {
		f(&e)
	}
	return e
}

func hit(value, device string, ago time.Duration) hunts.Hit {
	return hunts.Hit{Indicator: value, Type: "ip", Device: device, Outcome: hunts.OutcomeReached, Events: 1, FirstSeen: today.Add(-ago), LastSeen: today.Add(-ago)}
}

// told is a report in a line: NEW value@device …
func told(r Report) string {
	var out []string
	section := func(name string, list []Found) {
		for _, f := range list {
			for _, h := range f.Hits {
				out = append(out, fmt.Sprintf("%s %s@%s", name, h.Indicator, h.Device))
			}
		}
	}
	section("NEW", r.New)
	section("STILL", r.Still)
	section("QUIET", r.Quiet)
	section("OLD", r.Old)
	for _, g := range r.Gone {
		_, rest, _ := strings.Cut(g, ":")
		out = append(out, "GONE "+rest)
	}
	return strings.Join(out, ", ")
}

// days makes sweeps of a list day after day and tells what each of them told.
func days(list List, sweeps ...hunts.Survey) []string {
	var previous *Snapshot
	var out []string
	for n, s := range sweeps {
		slot := today.Add(time.Duration(n) * 24 * time.Hour)
		s.Window = hunts.Window{From: slot.Add(-26 * time.Hour), To: slot}
		for k := range s.Hits { // hits are given relative to their own sweep
			s.Hits[k].FirstSeen, s.Hits[k].LastSeen = s.Hits[k].FirstSeen.Add(slot.Sub(today)), s.Hits[k].LastSeen.Add(slot.Sub(today))
		}
		r, next := Compare(previous, s, nil, list, slot, slot)
		previous = &next
		out = append(out, told(r))
	}
	return out
}

func complete(hits ...hunts.Hit) hunts.Survey {
	return hunts.Survey{Hits: hits, Coverage: hunts.Coverage{Complete: true}}
}

func TestADayTellsWhatIsNewAgainstTheDayBefore(t *testing.T) {
	hour := time.Hour
	list := List{Entries: []Entry{entry(t, "192.0.2.1"), entry(t, "192.0.2.2"), entry(t, "192.0.2.3", func(e *Entry) { e.State, e.QuietUntil = Quiet, today.Add(12*hour) })}}
	unknown := hunts.Survey{}
	for name, c := range map[string]struct {
		sweeps []hunts.Survey
		want   []string
	}{
		"what is there at first is new":                    {[]hunts.Survey{complete(hit("192.0.2.1", "a", hour))}, []string{"NEW 192.0.2.1@a"}},
		"the next day it is still there":                   {[]hunts.Survey{complete(hit("192.0.2.1", "a", hour)), complete(hit("192.0.2.1", "A", hour))}, []string{"NEW 192.0.2.1@a", "STILL 192.0.2.1@A"}},
		"another device makes the indicator new again":     {[]hunts.Survey{complete(hit("192.0.2.1", "a", hour)), complete(hit("192.0.2.1", "a", hour), hit("192.0.2.1", "b", hour))}, []string{"NEW 192.0.2.1@a", "NEW 192.0.2.1@a, NEW 192.0.2.1@b"}},
		"what is not there any more is gone, once":         {[]hunts.Survey{complete(hit("192.0.2.1", "a", hour)), complete(), complete()}, []string{"NEW 192.0.2.1@a", "GONE 192.0.2.1@a", ""}},
		"what comes back is new":                           {[]hunts.Survey{complete(hit("192.0.2.1", "a", hour)), complete(), complete(hit("192.0.2.1", "a", hour))}, []string{"NEW 192.0.2.1@a", "GONE 192.0.2.1@a", "NEW 192.0.2.1@a"}},
		"an event that both windows hold is told once":     {[]hunts.Survey{complete(hit("192.0.2.1", "a", hour)), complete(hit("192.0.2.1", "a", 25*hour))}, []string{"NEW 192.0.2.1@a", "GONE 192.0.2.1@a"}},
		"nor does it come back as new two days later":      {[]hunts.Survey{complete(hit("192.0.2.1", "a", hour)), complete(), complete(hit("192.0.2.1", "a", 49*hour))}, []string{"NEW 192.0.2.1@a", "GONE 192.0.2.1@a", ""}},
		"a row that came late is new":                      {[]hunts.Survey{complete(), complete(hit("192.0.2.1", "a", 50*hour))}, []string{"", "NEW 192.0.2.1@a"}},
		"nothing is gone while we could not look":          {[]hunts.Survey{complete(hit("192.0.2.1", "a", hour)), unknown, complete()}, []string{"NEW 192.0.2.1@a", "", "GONE 192.0.2.1@a"}},
		"what is quiet does not shout":                     {[]hunts.Survey{complete(hit("192.0.2.3", "a", hour))}, []string{"QUIET 192.0.2.3@a"}},
		"nor the day after, when it is still there":        {[]hunts.Survey{complete(hit("192.0.2.3", "a", hour)), complete(hit("192.0.2.3", "a", hour))}, []string{"QUIET 192.0.2.3@a", "STILL 192.0.2.3@a"}},
		"after its quiet time it does, if somebody is new": {[]hunts.Survey{complete(), complete(hit("192.0.2.3", "a", hour))}, []string{"", "NEW 192.0.2.3@a"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := days(list, c.sweeps...); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestTheHistoryOfANewEntryIsNoNews(t *testing.T) {
	list := List{Entries: []Entry{entry(t, "192.0.2.1"), entry(t, "192.0.2.2"), entry(t, "192.0.2.3")}}
	long := 70 * 24 * time.Hour
	s := complete(hit("192.0.2.1", "a", time.Hour), hit("192.0.2.3", "a", time.Hour), hit("192.0.2.3", "c", time.Hour))
	s.Window = hunts.Window{From: today.Add(-26 * time.Hour), To: today}
	past := []hunts.Hit{hit("192.0.2.1", "a", long), hit("192.0.2.1", "d", long), hit("192.0.2.2", "b", long), hit("192.0.2.3", "a", long)}
	r, next := Compare(nil, s, past, list, today, today)
	// .1 goes on since long, .2 is over, of .3 one device goes on and one is new
	if got := told(r); got != "NEW 192.0.2.3@a, NEW 192.0.2.3@c, OLD 192.0.2.1@a, OLD 192.0.2.1@d, OLD 192.0.2.2@b" {
		t.Error(got)
	}
	if h := r.Old[0].Hits[0]; !h.FirstSeen.Equal(today.Add(-long)) || !h.LastSeen.Equal(today.Add(-time.Hour)) {
		t.Errorf("what goes on is seen from %v to %v", h.FirstSeen, h.LastSeen)
	}
	if _, kept := next.Keys[HitKey(hit("192.0.2.2", "b", 0))]; kept {
		t.Error("the next day what is history would be gone")
	}
	s.Window.To = today.Add(24 * time.Hour)
	for k := range s.Hits {
		s.Hits[k].LastSeen = s.Window.To
	}
	if r, _ = Compare(&next, s, nil, list, s.Window.To, s.Window.To); told(r) != "STILL 192.0.2.1@a, STILL 192.0.2.3@a, STILL 192.0.2.3@c" {
		t.Errorf("the day after: %s", told(r))
	}
}

func TestWhatGoesOnWasFirstSeenWhenASweepFirstMetIt(t *testing.T) {
	list := List{Entries: []Entry{entry(t, "192.0.2.1")}}
	_, first := Compare(nil, complete(hit("192.0.2.1", "a", time.Hour)), nil, list, today, today)
	day := 24 * time.Hour
	next := complete(hit("192.0.2.1", "a", -20*time.Hour))
	r, second := Compare(&first, next, nil, list, today.Add(day), today.Add(day))
	if h := r.Still[0].Hits[0]; !h.FirstSeen.Equal(today.Add(-time.Hour)) {
		t.Errorf("first seen %v", h.FirstSeen)
	}
	if k := second.Keys[HitKey(hit("192.0.2.1", "a", 0))]; !k.First.Equal(today.Add(-time.Hour)) {
		t.Errorf("the day after would say %v", k.First)
	}
}

func TestASweepThatTakesInAnotherWorkspaceKnowsItsDevices(t *testing.T) {
	list := List{Entries: []Entry{entry(t, "192.0.2.1")}}
	_, alone := Compare(nil, complete(hit("192.0.2.1", "ws-1", time.Hour)), nil, list, today, today)
	eu, us := hit("192.0.2.1", "ws-1", -time.Hour), hit("192.0.2.1", "ws-1", -time.Hour)
	eu.Scope, us.Scope = "eu", "us"
	r, both := Compare(&alone, complete(eu, us), nil, list, today.Add(2*time.Hour), today)
	if len(r.New) != 1 || r.New[0].Fresh != 1 || len(r.Gone) > 0 {
		t.Errorf("one name in two workspaces: %+v", r)
	}
	if len(both.Keys) != 2 {
		t.Errorf("%v", both.Keys)
	}
}

func TestWhatIsTakenOffTheListIsNotGone(t *testing.T) {
	first := complete(hit("192.0.2.1", "a", time.Hour))
	_, next := Compare(nil, first, nil, List{Entries: []Entry{entry(t, "192.0.2.1")}}, today, today)
	for name, list := range map[string]List{"removed": {}, "retired": {Entries: []Entry{entry(t, "192.0.2.1", func(e *Entry) { e.State = Retired })}}} {
		if r, after := Compare(&next, complete(), nil, list, today.Add(24*time.Hour), today); told(r) != "" || len(after.Keys) != 0 {
			t.Errorf("%s: %s, %d keys", name, told(r), len(after.Keys))
		}
	}
}
