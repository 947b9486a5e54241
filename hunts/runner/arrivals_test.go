package runner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// lookout is what is looked out for behind a hunt for the one address of the tests.
func (l *looker) lookout(from time.Time, more ...string) hunts.Lookout {
	l.t.Helper()
	req, refusal := request.Parse("ip=203.0.113.66 "+strings.Join(more, " "), l.now)
	if refusal != nil {
		l.t.Fatal(refusal.Sentence)
	}
	h, err := l.runner.Prepare("F-1", req, hunts.Asker{User: "ana", Channel: "C0SOC"})
	if err != nil {
		l.t.Fatal(err)
	}
	return hunts.Lookout{Hunt: h, Names: []string{hunts.DefaultHunt}, Indicators: req.Indicators(), From: from}
}

func arrivedOn(a hunts.Arrivals) []string {
	var out []string
	for _, x := range a.Found {
		out = append(out, x.Device)
	}
	slices.Sort(out)
	return out
}

func TestALookFindsWhatCameInSinceTheLastOneAndNothingElse(t *testing.T) {
	now := testclock.At().Truncate(time.Second)
	last := now.Add(-time.Hour)
	l := newLooker(t, []arrival{
		{last.Add(-30 * time.Minute), last.Add(-29 * time.Minute), "told-before", "a.exe", "ConnectionSuccess"},
		{last.Add(-5 * time.Hour), last.Add(20 * time.Minute), "late", "b.exe", "ConnectionSuccess"},
		{last.Add(-5 * time.Hour), last.Add(20 * time.Minute), "late", "b.exe", "ConnectionFailed"},
		{last.Add(30 * time.Minute), last.Add(31 * time.Minute), "new", "c.exe", "ConnectionSuccess"},
		{last.Add(-9 * 24 * time.Hour), last.Add(20 * time.Minute), "before-every-window", "d.exe", "ConnectionSuccess"},
	})
	l.at(now)
	got, err := l.runner.Arrivals(t.Context(), last, []hunts.Lookout{l.lookout(last.Add(-7 * 24 * time.Hour))})
	if err != nil || got.Reason != "" {
		t.Fatal(err, got.Reason)
	}
	if want := []string{"late", "new"}; !slices.Equal(arrivedOn(got), want) {
		t.Errorf("found %v, want %v", arrivedOn(got), want)
	}
	for _, x := range got.Found {
		if x.Device == "late" && (x.Events != 2 || !x.First.Equal(last.Add(-5*time.Hour)) || x.Indicator != "203.0.113.66" || x.Hunt != hunts.DefaultHunt) {
			t.Errorf("the late events are %+v", x)
		}
	}
}

func TestALookIsOneQueryForAThousandAddressesAndNames(t *testing.T) {
	now := testclock.At().Truncate(time.Second)
	l := newLooker(t, []arrival{{now.Add(-time.Hour), now.Add(-time.Minute), "late", "a.exe", "ConnectionSuccess"}})
	l.at(now)
	x := l.lookout(now.Add(-7 * 24 * time.Hour))
	for n := range 500 {
		for _, text := range []string{fmt.Sprintf("198.51.%d.%d", 100+n/250, n%250+1), fmt.Sprintf("host-%d.example", n)} {
			i, refusal := indicator.Type(text)
			if refusal != nil {
				t.Fatal(refusal.Sentence)
			}
			x.Indicators = append(x.Indicators, i)
		}
	}
	for round, want := range []int{2, 1} { // the first one learns which tables there are not
		got, err := l.runner.Arrivals(t.Context(), now.Add(-30*time.Minute), []hunts.Lookout{x})
		if err != nil || got.Reason != "" || len(got.Found) != 1 {
			t.Fatalf("%v: %+v", err, got)
		}
		if round == 1 && got.Queries != want {
			t.Errorf("look %d took %d queries, want %d", round, got.Queries, want)
		}
	}
	for _, q := range l.all() {
		if !q.Sweep {
			t.Errorf("a look is in the way of people: %.80s", q.Text)
		}
	}
}

func TestALookThatFailsSaysWhy(t *testing.T) {
	now := testclock.At().Truncate(time.Second)
	l := newLooker(t, nil)
	l.at(now)
	l.fail = func(hunts.Query) bool { return true }
	got, err := l.runner.Arrivals(t.Context(), now.Add(-time.Hour), []hunts.Lookout{l.lookout(now.Add(-7 * 24 * time.Hour))})
	if err != nil || !strings.Contains(got.Reason, "too slow") {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestWhatIsLookedForAgainIsTheWholeTruthAndLeavesNoTrace(t *testing.T) {
	now := testclock.At().Truncate(time.Second)
	l := newLooker(t, []arrival{
		{now.Add(-5 * time.Hour), now.Add(-5 * time.Hour), "early", "a.exe", "ConnectionFailed"},
		{now.Add(-4 * time.Hour), now.Add(20 * time.Minute), "late", "b.exe", "ConnectionSuccess"},
		{now.Add(10 * time.Minute), now.Add(10 * time.Minute), "after-the-window", "c.exe", "ConnectionSuccess"},
	})
	l.at(now)
	first := l.hunt("since=7d", nil)
	if first.Totals.Events != 1 {
		t.Fatalf("%+v", first.Totals)
	}
	l.at(now.Add(time.Hour))
	h := l.lookout(first.Request.From).Hunt
	h.ID, h.Window = first.HuntID, hunts.Window{From: first.Request.From, To: first.Request.To}
	before := len(l.all())
	again, err := l.runner.Recheck(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	if again.Verdict != hunts.Reached || again.Totals.Devices != 2 || again.HuntID != first.HuntID {
		t.Errorf("%s, %+v", again.Verdict, again.Totals)
	}
	for _, q := range l.all()[before:] {
		if !q.Sweep {
			t.Errorf("it is in the way of people: %.80s", q.Text)
		}
	}
	if err := l.runner.Correct(t.Context(), h, again); err != nil {
		t.Fatal(err)
	}
	if a := l.hunt("since=7d", nil); a.Totals.Devices < 2 {
		t.Errorf("who asks the same is given the old answer: %+v", a.Totals)
	}
}

// limited is a policy that lets people look at nothing but the endpoints.
type limited struct{ hunts.Authorizer }

func (limited) PlacesOf(context.Context, hunts.Asker) []string {
	return []string{hunts.PlaceEndpoint}
}

func TestAnAnswerThatIsCorrectedOrForgottenIsNoLongerGivenToWhoMayLookAtLess(t *testing.T) {
	now := testclock.At().Truncate(time.Second)
	for what, end := range map[string]func(*runner.Runner, hunts.Hunt, hunts.Answer) error{
		"corrected": func(r *runner.Runner, h hunts.Hunt, a hunts.Answer) error { return r.Correct(t.Context(), h, a) },
		"forgotten": func(r *runner.Runner, h hunts.Hunt, a hunts.Answer) error { return r.Forget(t.Context(), h, a) },
	} {
		l := newLooker(t, []arrival{event(now.Add(-5*time.Hour), time.Minute, "ws-1")})
		l.at(now)
		catalog, _, err := runner.LoadCatalog(nil)
		if err != nil {
			t.Fatal(err)
		}
		store := recordtest.Start(t)
		l.runner = newRunner(runner.Config{Catalog: catalog, Source: l.growing, Record: store, Clock: l.clock, Authorizer: limited{hunts.AllowAll(store, l.clock)}})
		first := l.hunt("", nil)
		if l.hunt("", nil).Source.CachedAt == nil {
			t.Fatal("the second answer is not the first one's, so that this test shows nothing")
		}
		h := l.lookout(first.Request.From).Hunt
		h.ID = first.HuntID
		if err := end(l.runner, h, first); err != nil {
			t.Fatal(err)
		}
		if at := l.hunt("", nil).Source.CachedAt; at != nil {
			t.Errorf("the answer that was %s is given again, as of %v", what, at)
		}
	}
}
