package message

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// elements are the buttons and menus of a message.
func elements(m Message) []slack.BlockElement {
	var out []slack.BlockElement
	for _, b := range m.Blocks {
		if row, ok := b.(*slack.ActionBlock); ok {
			out = append(out, row.Elements.ElementSet...)
		}
	}
	return out
}

// labels are what stands on them.
func labels(m Message) string {
	var out []string
	for _, e := range elements(m) {
		switch x := e.(type) {
		case *slack.ButtonBlockElement:
			out = append(out, x.Text.Text)
		case *slack.OverflowBlockElement:
			out = append(out, "▾")
		}
	}
	return strings.Join(out, " | ")
}

func TestTheRowOfButtonsFitsTheAnswer(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*hunts.Hunt, *hunts.Answer, *View)
		want   string
	}{
		{"reached", func(*hunts.Hunt, *hunts.Answer, *View) {}, "Devices | Refresh | Watch 72 h | Mark… | ▾"},
		{"with a portal", func(_ *hunts.Hunt, _ *hunts.Answer, v *View) { v.HuntURL = "https://portal.azure.com/#q" }, "Devices | Refresh | Watch 72 h | Mark… | ▾"},
		{"30 days asked already", func(h *hunts.Hunt, _ *hunts.Answer, _ *View) { h.Window.From = before(widenTo) }, "Devices | Refresh | Watch 72 h | Mark… | ▾"},
		{"everything asked already", func(h *hunts.Hunt, _ *hunts.Answer, _ *View) { h.Window.All = true }, "Devices | Refresh | Watch 72 h | Mark… | ▾"},
		{"a slice failed", func(_ *hunts.Hunt, a *hunts.Answer, _ *View) { a.Coverage.Slices[3].State = hunts.SliceFailed }, "Search the rest | Refresh | Watch 72 h | Mark… | ▾"},
		{"nothing to narrow", func(_ *hunts.Hunt, a *hunts.Answer, _ *View) { a.Rows = nil }, "Devices | Refresh | Watch 72 h | Mark… | ▾"},
		{"buttons are off", func(_ *hunts.Hunt, _ *hunts.Answer, v *View) { v.Buttons = false }, ""},
		{"plain text has none", func(_ *hunts.Hunt, _ *hunts.Answer, v *View) { v.Form = PlainText }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a := story()
			v := View{Now: now, Buttons: true}
			c.change(&h, &a, &v)
			if got := labels(Answered(h, a, v)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAHuntCanBeCancelledWhileThereIsSomethingToCancel(t *testing.T) {
	for _, c := range []struct {
		name string
		p    hunts.Progress
		want string
	}{
		{"waiting", hunts.Progress{QueuedAhead: 3, Cancellable: true}, "Cancel"}, {"searching", hunts.Progress{Done: 6, Total: 7, Cancellable: true}, "Cancel"},
		{"places to come", hunts.Progress{Done: 7, Total: 7, Cancellable: true, Endpoint: &hunts.Answer{}, Looking: []string{"mail"}}, "Cancel"}, {"all slices done", hunts.Progress{Done: 7, Total: 7, Cancellable: true}, ""}, {"not cancellable", hunts.Progress{Done: 1, Total: 7}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := story()
			if got := labels(Progress(h, c.p, View{Now: now})); got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestEachValueComesBackAndFits(t *testing.T) {
	h, a := story()
	seen := map[string]bool{}
	for _, e := range elements(Answered(h, a, View{Now: now, Buttons: true})) {
		switch x := e.(type) {
		case *slack.ButtonBlockElement:
			if seen[x.ActionID] {
				t.Errorf("%s is there twice", x.ActionID)
			}
			seen[x.ActionID] = true
			got, err := ParseAction(x.Value)
			if err != nil || got.Hunt != h.ID || (ActionName(x.ActionID) == ActionFacet) != (got.Filter != nil) {
				t.Errorf("%s: %+v, %v", x.ActionID, got, err)
			}
		case *slack.OverflowBlockElement:
			for _, o := range x.Options {
				if got, err := ParseAction(o.Value); err != nil || got.Do == "" || len(o.Value) > 150 {
					t.Errorf("%+v, %v", got, err)
				}
			}
		}
	}
}

func TestAValueThatSlackWouldRefuseMakesNoButton(t *testing.T) {
	// {"i":"…"} is eight characters around the value
	for _, c := range []struct {
		n    int
		want bool
	}{{1991, true}, {1992, true}, {1993, false}} {
		t.Run(fmt.Sprintf("%d characters", c.n), func(t *testing.T) {
			if got := button(ActionRun, Action{Indicator: strings.Repeat("ж", c.n)}, "Hunt") != nil; got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAButtonThatIsNotOursIsRefused(t *testing.T) {
	for _, value := range []string{"", "F-7QK2", "F-7QK2|process|powershell.exe", `{"hunt":"F-7QK2"}`, `["F-7QK2"]`, `{"h":1}`} {
		if a, err := ParseAction(value); err == nil {
			t.Errorf("%q gives %+v", value, a)
		}
	}
}

func TestFacetLabelsStayShort(t *testing.T) {
	for _, value := range []string{"", "powershell.exe", strings.Repeat("long", 30), hostile, strings.Repeat("漢", 100)} {
		for _, facet := range []hunts.Facet{hunts.ByProcess, hunts.ByDevice, hunts.ByOutcome, hunts.ByIndicator} {
			for _, without := range []bool{false, true} {
				label := facetLabel(hunts.Suggestion{Filter: hunts.Filter{Facet: facet, Value: value, Without: without}, Devices: 123456})
				if n := utf8.RuneCountInString(label); n > goodButtonText || !strings.HasSuffix(label, " 123456") {
					t.Errorf("%q has %d characters", label, n)
				}
			}
		}
	}
}

func TestASweepInTheTerminal(t *testing.T) {
	_, a := manyIndicators(30)
	hit := hunts.Hit{Indicator: "198.51.100.4", Type: "ip", Device: "ws-1.corp.example", Outcome: hunts.OutcomeReached, Events: 4, FirstSeen: before(1e12), LastSeen: now, Processes: []string{"mshta.exe"}, Because: "exact address"}
	v := SurveyView{
		Survey:       hunts.Survey{Verdict: hunts.Reached, Reason: "6 indicators were reached", Window: hunts.Window{From: before(24 * 3600e9), To: now}, Indicators: a.ByIndicator, Coverage: a.Coverage, Queries: 1, TookMS: 900, Truncated: true},
		NotEvaluated: []NotEvaluated{{Line: 3, Value: "10.0.0.0/4", Kind: "over-wide", Reason: "too wide"}, {Value: hostile, Kind: hostile, Reason: hostile}}, Left: map[string]int{"over-wide": 1, "skipped": 2, "expired": 212},
		Notes: map[string]string{"ip:198.51.100.4": hostile},
	}
	for range terminalHits + 1 {
		v.Survey.Hits = append(v.Survey.Hits, hit)
	}
	var b bytes.Buffer
	if err := TerminalSurvey(&b, v); err != nil {
		t.Fatal(err)
	}
	quiet(t, "the terminal", b.String())
	for _, want := range []string{"🔴 REACHED: 6 indicators were reached\n30 indicators · 2026-11-02 09:12:00 to 2026-11-03 09:12:00 UTC\n6 REACHED, 24 CLEAN\n", "\nNot evaluated\n", "  … 1 more ", "Not evaluated: 3 (2 skipped, 1 over-wide)", "Expired, left out: 212", "--guard off", "More hits than one answer holds", "1 query · 900 ms"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "198.51.100[.]1 ") {
		t.Error("names a clean indicator")
	}
}

// full is a disk without room left.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestAReportThatCouldNotBeWrittenIsAnError(t *testing.T) {
	_, a := story()
	for _, room := range []int{0, 40, 400, 1500} {
		if err := Terminal(&full{room}, a); err == nil {
			t.Errorf("no error after %d bytes", room)
		}
	}
}
