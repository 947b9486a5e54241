package warranty_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/testclock"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

var (
	now  = testclock.At()
	from = now.Add(-7 * 24 * time.Hour)
)

func address(t testing.TB, text string) indicator.Indicator {
	t.Helper()
	i, refusal := indicator.Type(text)
	if refusal != nil {
		t.Fatal(refusal.Sentence)
	}
	return i
}

// answer is one with a line for one address.
func answer(v hunts.Verdict, events int64, devices ...hunts.DeviceResult) hunts.Answer {
	return hunts.Answer{
		HuntID: "F-1", Hunt: hunts.DefaultHunt, Verdict: v, Request: hunts.AnswerRequest{From: from, To: now}, Totals: hunts.Totals{Events: events}, ByDevice: devices,
		ByIndicator: []hunts.IndicatorResult{{Indicator: "203.0.113.66", Type: "ip", Verdict: v, Events: events}},
		Coverage:    hunts.Coverage{Slices: []hunts.Slice{{From: from, To: now, State: hunts.SliceDone}}},
	}
}

func device(name string, o hunts.Outcome) hunts.DeviceResult {
	return hunts.DeviceResult{Device: name, Outcome: o}
}

func promise(t testing.TB, a hunts.Answer) warranty.Promise {
	t.Helper()
	h := hunts.Hunt{ID: "F-1", Name: hunts.DefaultHunt, Created: now, Request: request.Request{IPs: []indicator.Indicator{address(t, "203.0.113.66")}}, Asker: hunts.Asker{User: "U1", Channel: "C1"}}
	return warranty.Of(h, a, 7*24*time.Hour, now)
}

func TestLateRowsTouchTheAnswersWhoseWindowTheyHappenedIn(t *testing.T) {
	p := promise(t, answer(hunts.Clean, 0))
	row := func(text string, first, last time.Time) hunts.Arrival {
		return hunts.Arrival{Indicator: text, Type: "ip", Device: "WS-1", Events: 1, First: first, Last: last}
	}
	for name, c := range map[string]struct {
		row  hunts.Arrival
		want bool
	}{
		"in the window":                     {row("203.0.113.66", from, from), true},
		"from within it beyond its end":     {row("203.0.113.66", now.Add(-time.Minute), now.Add(time.Hour)), true},
		"not what happened at its very end": {row("203.0.113.66", now, now), false},
		"not what happened before it":       {row("203.0.113.66", from.Add(-time.Hour), from.Add(-time.Second)), false},
		"not another indicator":             {row("203.0.113.67", from, from), false},
	} {
		found, mark, news := p.Touched("", []hunts.Arrival{c.row})
		if news != c.want || (len(found) == 1) != c.want {
			t.Errorf("%s: %v, %v", name, news, found)
		}
		if news {
			p := p
			p.Seen = map[string]string{"": mark}
			if _, _, again := p.Touched("", []hunts.Arrival{c.row}); again {
				t.Errorf("%s: the same rows are news twice", name)
			}
		}
	}
}

func TestWhatChangedIsToldByHowMuchItMatters(t *testing.T) {
	reached, tried := device("WS-1", hunts.OutcomeReached), device("WS-1", hunts.OutcomeFailed)
	for name, c := range map[string]struct {
		before, after          hunts.Answer
		changed, rings, unsure bool
	}{
		"clean, and then reached":                {answer(hunts.Clean, 0), answer(hunts.Reached, 1, reached), true, true, false},
		"clean, and then tried":                  {answer(hunts.Clean, 0), answer(hunts.Tried, 1, tried), true, true, false},
		"a device that tried reached it":         {answer(hunts.Tried, 1, tried), answer(hunts.Reached, 2, reached), true, true, false},
		"one more device tried":                  {answer(hunts.Tried, 1, tried), answer(hunts.Tried, 2, tried, device("WS-2", hunts.OutcomeBlocked)), true, true, false},
		"more events of the same device":         {answer(hunts.Tried, 1, tried), answer(hunts.Tried, 5, tried), true, false, false},
		"nothing new":                            {answer(hunts.Tried, 1, tried), answer(hunts.Tried, 1, tried), false, false, false},
		"clean once more":                        {answer(hunts.Clean, 0), answer(hunts.Clean, 0), false, false, false},
		"rows that are gone change nothing":      {answer(hunts.Tried, 9, tried), answer(hunts.Clean, 0), false, false, false},
		"a search that fails now is made again":  {answer(hunts.Clean, 0), answer(hunts.CouldNotTell, 0), false, false, true},
		"could not tell, and still can't":        {answer(hunts.CouldNotTell, 0), answer(hunts.CouldNotTell, 0), false, false, false},
		"could not tell, and is clean: quietly":  {answer(hunts.CouldNotTell, 0), answer(hunts.Clean, 0), true, false, false},
		"could not tell, and somebody tried":     {answer(hunts.CouldNotTell, 0), answer(hunts.Tried, 1, tried), true, true, false},
		"could not tell, and somebody reached":   {answer(hunts.CouldNotTell, 0), answer(hunts.Reached, 1, reached), true, true, false},
		"a hidden device is known-good, no news": {answer(hunts.Tried, 1, tried), answer(hunts.Tried, 1, tried, hunts.DeviceResult{Device: "WS-9", Hidden: true}), false, false, false},
	} {
		change, changed, unsure := promise(t, c.before).Judge(c.after, nil, now.Add(time.Hour))
		if changed != c.changed || change.Rings != c.rings || unsure != c.unsure {
			t.Errorf("%s: changed %v, rings %v, unsure %v; %+v", name, changed, change.Rings, unsure, change)
		}
	}
}

func TestAChangeSaysHowLateItCame(t *testing.T) {
	late := []hunts.Arrival{{First: now.Add(-2 * time.Hour), Last: now.Add(-time.Hour)}, {First: now.Add(-3 * time.Hour), Last: now.Add(-3 * time.Hour)}}
	c, _, _ := promise(t, answer(hunts.Clean, 0)).Judge(answer(hunts.Reached, 3, device("WS-1", hunts.OutcomeReached)), late, now.Add(time.Hour))
	if c.Late() != 4*time.Hour || !c.Last.Equal(now.Add(-time.Hour)) || c.Events != 3 || !slices.Equal(c.Devices, []string{"WS-1"}) {
		t.Errorf("%+v, late by %s", c, c.Late())
	}
}

func TestAnAnswerThatCanNotGetWorseIsNotKept(t *testing.T) {
	stopped := answer(hunts.CouldNotTell, 0)
	stopped.Coverage.Slices[0].State = hunts.SliceSkipped
	for name, c := range map[string]struct {
		a    hunts.Answer
		want bool
	}{
		"CLEAN": {answer(hunts.Clean, 0), true}, "TRIED": {answer(hunts.Tried, 1), true}, "SEEN": {answer(hunts.Seen, 1), true}, "COULD NOT TELL": {answer(hunts.CouldNotTell, 0), true},
		"REACHED": {answer(hunts.Reached, 1), false}, "what a person stopped": {stopped, false},
	} {
		if got := warranty.Keeps(c.a); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAThousandWarrantiesTakeAtMostFourQueriesAnHour(t *testing.T) {
	for _, perLook := range []int{1, 2, 3, 7, 40} {
		look, queries := warranty.Look{Next: now}, 0
		for at := now; at.Before(now.Add(24 * time.Hour)); at = at.Add(10 * time.Second) {
			if !look.Next.After(at) {
				queries += perLook
				look = look.After(at, perLook, "", 0)
			}
		}
		if most := 4*24 + perLook; queries > most { // the first one is early
			t.Errorf("looks of %d queries take %d a day, want at most %d", perLook, queries, most)
		}
	}
}

func TestALookThatFailedIsMadeAgainSoonAndMissesNothing(t *testing.T) {
	look := warranty.Look{Looked: now, Next: now}
	look = look.After(now.Add(time.Hour), 9, "the workspace was too slow", 0)
	if !look.Looked.Equal(now) || look.Next.Sub(now) > time.Hour+5*time.Minute || look.Failed == "" {
		t.Errorf("%+v", look)
	}
	look = look.After(now.Add(2*time.Hour), 1, "", 10*time.Minute)
	if !look.Looked.Equal(now.Add(2*time.Hour)) || !look.Next.Equal(now.Add(2*time.Hour+10*time.Minute)) || look.Failed != "" {
		t.Errorf("%+v", look)
	}
}

func TestWhatNoLookHasTakenInIsLookedForFromItsAnswerOn(t *testing.T) {
	p := promise(t, answer(hunts.Clean, 0))
	look := warranty.Look{Looked: now.Add(time.Minute)}
	if got := look.Since([]warranty.Promise{p}, nil); !got.Equal(now) {
		t.Errorf("from %s", got)
	}
	p.Seen = map[string]string{"": ""}
	if got := look.Since([]warranty.Promise{p}, nil); !got.Equal(look.Looked) {
		t.Errorf("from %s", got)
	}
}

func TestEachChannelIsLookedOutForInTheNameOfItsWidestHunt(t *testing.T) {
	var list []warranty.Promise
	for n := range 10 {
		p := promise(t, answer(hunts.Clean, 0))
		p.Hunt, p.Place, p.From = fmt.Sprintf("F-%d", n), fmt.Sprintf("C%d", n%2), from.Add(-time.Duration(n)*time.Hour)
		list = append(list, p)
	}
	got := warranty.Lookouts("eu", list, nil, func(id string) (hunts.Hunt, bool) {
		return hunts.Hunt{ID: id, Asker: hunts.Asker{Channel: "C" + string(rune('0'+(id[2]-'0')%2))}}, id != "F-9" // forgotten
	})
	if len(got) != 2 || !slices.Equal(got[0].Hunt.Workspaces, []string{"eu"}) || got[0].Hunt.ID != "F-8" || got[1].Hunt.ID != "F-7" || len(got[0].Indicators) != 5 || !got[1].From.Equal(from.Add(-9*time.Hour)) {
		t.Errorf("%+v", got)
	}
}

func TestAWatchRingsOnceForADevice(t *testing.T) {
	h := hunts.Hunt{ID: "F-1", Name: hunts.DefaultHunt, Created: now, Request: request.Request{IPs: []indicator.Indicator{address(t, "203.0.113.66")}}}
	w := warranty.WatchOf(h, answer(hunts.Tried, 1, device("WS-1", hunts.OutcomeFailed)), hunts.Asker{User: "U1"}, 72*time.Hour, now)
	again := answer(hunts.Tried, 2, device("ws-1", hunts.OutcomeBlocked))
	if n := w.Take(again, nil); n != 0 {
		t.Errorf("a device that was there is new: %+v", w.Rang)
	}
	news := answer(hunts.Reached, 3, hunts.DeviceResult{Device: "WS-2", Outcome: hunts.OutcomeReached, Processes: []string{"rundll32.exe"}, FirstSeen: now}, device("WS-1", hunts.OutcomeReached))
	news.Rows = []hunts.Row{{Device: "WS-2", Account: "SYSTEM", Process: "rundll32.exe", Parent: "services.exe", Outcome: hunts.OutcomeReached, Matched: []string{"203.0.113.66"}, FirstSeen: now}}
	if n := w.Take(news, nil); n != 2 || w.Rang == nil || *w.Rang != (warranty.Sighting{Device: "WS-2", Account: "SYSTEM", Process: "rundll32.exe", Parent: "services.exe", Outcome: hunts.OutcomeReached, Indicator: "203.0.113.66", Type: "ip", At: now}) {
		t.Errorf("%d, %+v", n, w.Rang)
	}
	if n := w.Take(news, nil); n != 0 || !slices.Equal(w.Fresh, []string{"WS-2", "WS-1"}) {
		t.Errorf("rings twice: %d, %v", n, w.Fresh)
	}
	if w.Over(now.Add(71*time.Hour)) || !w.Over(now.Add(72*time.Hour)) {
		t.Error("it ends at the wrong time")
	}
}

func TestAWatchRingsForWhatShowsInAnotherPlace(t *testing.T) {
	h := hunts.Hunt{ID: "F-1", Name: hunts.DefaultHunt, Created: now, Request: request.Request{IPs: []indicator.Indicator{address(t, "203.0.113.66")}}}
	w := warranty.WatchOf(h, answer(hunts.Clean, 0), hunts.Asker{User: "U1"}, 72*time.Hour, now)
	came := []hunts.Arrival{{Hunt: "place-files-written", Indicator: "203.0.113.66", Type: "ip", Device: "WS-7", First: now}}
	if n := w.Take(answer(hunts.Clean, 0), came); n != 0 {
		t.Error("what the search did not confirm is told")
	}
	seen := answer(hunts.Seen, 0)
	seen.Places = []hunts.Place{{Place: "network connections"}, {Place: "files written", Events: 1, Devices: 1}}
	if n := w.Take(seen, came); n != 1 || w.Rang.Device != "WS-7" {
		t.Errorf("%d, %+v", n, w.Rang)
	}
}
