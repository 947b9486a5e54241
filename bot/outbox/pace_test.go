package outbox

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
)

var quiet = slog.New(slog.DiscardHandler)

func TestPostsToOneChannelKeepSlacksRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(6)
		began := time.Now()
		for range 20 {
			if err := p.wait(t.Context(), postsTo("C1")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 11*time.Second {
			t.Errorf("20 posts took %s; after a burst of six and three ahead of the pace it is one a second", took)
		}
		began = time.Now()
		if err := p.wait(t.Context(), postsTo("C2")); err != nil || time.Since(began) > 0 {
			t.Errorf("another channel waited %s, %v", time.Since(began), err)
		}
	})
}

func TestTablesGiveWayToTheFirstSignOfLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(2)
		began := time.Now()
		wait := func(l Lane, out chan<- int) {
			if err := p.wait(t.Context(), l); err != nil {
				t.Error(err)
			}
			out <- int(time.Since(began).Round(time.Second) / time.Second)
		}
		sorted := func(from <-chan int, n int) []int {
			out := make([]int, n)
			for i := range out {
				out[i] = <-from
			}
			slices.Sort(out)
			return out
		}
		tables, signs := make(chan int, 4), make(chan int, 2)
		for range 4 { // two at once, then one a second
			go wait(Place{Channel: "C1", Later: true}.lane(), tables)
		}
		synctest.Wait()
		for range 2 {
			go wait(Place{Channel: "C1"}.lane(), signs)
		}
		if got := sorted(signs, 2); !slices.Equal(got, []int{0, 0}) {
			t.Errorf("signs of life at %v", got)
		}
		if got := sorted(tables, 4); !slices.Equal(got, []int{0, 0, 3, 4}) {
			t.Errorf("tables at %v, which pay for what overtook them", got)
		}
	})
}

func TestAnswersDoNotWaitForTheFloorOfEditsAndProgressKeepsToIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(6)
		began := time.Now()
		for range methodBurst + 50 {
			if err := p.wait(t.Context(), updates); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("answers waited %s before Slack asked them to", took)
		}
		if p.spare(updates) {
			t.Error("the lane is busy, and progress would still be shown")
		}
		time.Sleep(time.Minute) // synctest's, which takes no time
		if !p.spare(updates) {
			t.Error("after a quiet minute progress is not shown")
		}
	})
}

func TestDeletionsKeepTheRateOfTheirMethodWhateverTheChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(6)
		began := time.Now()
		for range methodBurst + 50 {
			if err := p.wait(t.Context(), removals); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 59*time.Second || took > 61*time.Second {
			t.Errorf("50 deletions beyond the burst took %s, want a minute", took)
		}
	})
}

func TestRetryAfterHoldsUpTheLaneAndNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &Outbox{pace: newPace(6)}
		b.cfg.Log = quiet
		began := time.Now()
		calls := 0
		err := b.Call(t.Context(), postsTo("C1"), func() error {
			if calls++; calls == 1 {
				return &slack.RateLimitedError{RetryAfter: 7 * time.Second}
			}
			return nil
		})
		if err != nil || calls != 2 || time.Since(began) != 7*time.Second {
			t.Errorf("%d calls in %s, %v", calls, time.Since(began), err)
		}
		b.pace.hold(postsTo("C1"), 5*time.Second)
		began = time.Now()
		if err := b.Call(t.Context(), postsTo("C1"), func() error { return nil }); err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("another post to the channel waited %s, %v", time.Since(began), err)
		}
		b.pace.hold(postsTo("C1"), 5*time.Second)
		began = time.Now()
		if err := b.Call(t.Context(), postsTo("C2"), func() error { return nil }); err != nil || time.Since(began) != 0 {
			t.Errorf("a post to another channel waited %s, %v", time.Since(began), err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := b.Call(ctx, postsTo("C1"), func() error { return nil }); err == nil {
			t.Error("a call that may wait no longer was made")
		}
	})
}
