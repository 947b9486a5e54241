package record_test

import (
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

func TestAPostIsSentOnce(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		ctx := t.Context()
		claims := func(what string, want hunts.PostState, got hunts.PostState, err error) {
			t.Helper()
			if err != nil || got != want {
				t.Errorf("%s: %q, %v; not %q", what, got, err, want)
			}
		}
		state, _, err := a.ClaimPost(ctx, "parent:F-AAAA", "a", time.Minute)
		claims("the first", hunts.PostMine, state, err)
		state, _, err = b.ClaimPost(ctx, "parent:F-AAAA", "b", time.Minute)
		claims("another meanwhile", hunts.PostOthers, state, err)
		state, _, err = a.ClaimPost(ctx, "parent:F-AAAA", "a", time.Minute)
		claims("the same replica again, which may have sent it before it forgot", hunts.PostOthers, state, err)
		if _, ok, err := b.LoadPost(ctx, "parent:F-AAAA"); ok || err != nil {
			t.Errorf("a claimed post looks sent: %v, %v", ok, err)
		}
		p := hunts.Post{Channel: "C1", TS: "1.2", Extra: map[string]string{"response_url": "https://hooks.example/x"}}
		check(t, a.SavePost(ctx, "parent:F-AAAA", p, time.Minute))
		state, got, err := b.ClaimPost(ctx, "parent:F-AAAA", "b", time.Minute)
		claims("when it is there", hunts.PostDone, state, err)
		if !reflect.DeepEqual(got, p) {
			t.Errorf("it is at %+v", got)
		}
		if got, ok, err := b.LoadPost(ctx, "parent:F-AAAA"); err != nil || !ok || !reflect.DeepEqual(got, p) {
			t.Errorf("it loads as %+v, %v, %v", got, ok, err)
		}
		check(t, b.DropPost(ctx, "parent:F-AAAA"))
		state, _, err = b.ClaimPost(ctx, "parent:F-AAAA", "b", time.Minute)
		claims("when it was given back", hunts.PostMine, state, err)
	})
}

func TestADoubtfulPostIsRetakenAtOnce(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		if state, _, err := a.ClaimPost(t.Context(), "p", "a", time.Minute); state != hunts.PostMine || err != nil {
			t.Fatalf("claimed: %q, %v", state, err)
		}
		check(t, a.DoubtPost(t.Context(), "p"))
		if _, ok, err := b.LoadPost(t.Context(), "p"); ok || err != nil {
			t.Errorf("a doubtful post looks sent: %v, %v", ok, err)
		}
		if state, _, err := b.ClaimPost(t.Context(), "p", "b", time.Minute); state != hunts.PostRetaken || err != nil {
			t.Errorf("the next is told %q, %v", state, err)
		}
		if state, _, err := a.ClaimPost(t.Context(), "p", "a", time.Minute); state != hunts.PostOthers || err != nil {
			t.Errorf("and the one after that %q, %v", state, err)
		}
		check(t, b.SavePost(t.Context(), "p", hunts.Post{TS: "1.2"}, time.Minute))
		check(t, a.DoubtPost(t.Context(), "p"))
		if state, _, err := a.ClaimPost(t.Context(), "p", "a", time.Minute); state != hunts.PostDone || err != nil {
			t.Errorf("a post that is there was doubted away: %q, %v", state, err)
		}
		if state, _, err := a.ClaimPost(t.Context(), "q", "a", time.Minute); state != hunts.PostMine || err != nil {
			t.Errorf("%q, %v", state, err)
		}
	})
}

func TestAClaimOfADeadReplicaIsRetaken(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		if state, _, err := a.ClaimPost(t.Context(), "p", "a", 100*time.Millisecond); state != hunts.PostMine || err != nil {
			t.Fatalf("claimed: %q, %v", state, err)
		}
		expect(t, "the claim ends, and who takes it knows that it may have been sent", func() bool {
			state, _, err := b.ClaimPost(t.Context(), "p", "b", time.Minute)
			if err != nil || state == hunts.PostMine {
				t.Fatalf("it is %q, %v", state, err)
			}
			return state == hunts.PostRetaken
		})
	})
}

func TestOfManyClaimsOneWins(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		var mine atomic.Int64
		var claims sync.WaitGroup
		for range 30 {
			claims.Go(func() {
				state, _, err := s.ClaimPost(t.Context(), "p", "a", time.Minute)
				if err != nil {
					t.Error(err)
				}
				if state == hunts.PostMine {
					mine.Add(1)
				}
			})
		}
		claims.Wait()
		if mine.Load() != 1 {
			t.Errorf("%d send it", mine.Load())
		}
	})
}

func TestThreads(t *testing.T) {
	t.Parallel()
	s := recordtest.Start(t)
	check(t, s.SaveThreadHunt(t.Context(), "C1", "1.2", "F-AAAA", time.Minute))
	if id, ok, err := s.ThreadHunt(t.Context(), "C1", "1.2"); id != "F-AAAA" || !ok || err != nil {
		t.Errorf("the hunt of a thread is %q, %v, %v", id, ok, err)
	}
	if id, ok, err := s.ThreadHunt(t.Context(), "C2", "1.2"); ok || err != nil {
		t.Errorf("the same time in another channel is %q, %v, %v", id, ok, err)
	}
}
