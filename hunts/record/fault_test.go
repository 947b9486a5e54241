package record_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

func TestOpenWithoutRedis(t *testing.T) {
	t.Parallel()
	server := recordtest.Inside(t)
	refused, silent := recordtest.NewProxy(t, server), recordtest.NewProxy(t, server)
	refused.Cut()
	silent.Stall()
	secret := "s3cr3t"
	for name, url := range map[string]string{
		"nobody listens":          "redis://user:" + secret + "@127.0.0.1:1/0",
		"connections are cut":     "redis://user:" + secret + "@" + refused.Addr,
		"nobody answers":          "redis://user:" + secret + "@" + silent.Addr,
		"no sentinel listens":     "redis+sentinel://user:" + secret + "@127.0.0.1:1/mymaster",
		"no cluster listens":      "redis+cluster://user:" + secret + "@127.0.0.1:1,127.0.0.1:2",
		"there is no such host":   "redis://user:" + secret + "@redis.invalid:6379",
		"the scheme is a web one": "https://user:" + secret + "@h",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			s, err := record.Open(t.Context(), record.Config{URL: url, Random: rand.Reader})
			if err == nil {
				s.Close()
				t.Fatal("it opens")
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it takes %v", took)
			}
			if !strings.Contains(err.Error(), "REDIS_URL") || strings.Contains(err.Error(), secret) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func TestRedisGoneLater(t *testing.T) {
	t.Parallel()
	server := recordtest.Any(t)
	for name, fault := range map[string]func(*recordtest.Proxy){"cut": (*recordtest.Proxy).Cut, "silent": (*recordtest.Proxy).Stall} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := recordtest.NewProxy(t, server)
			s := recordtest.Open(t, network.URL(), name)
			push(t, s, "interactive", name+" before")
			fault(network)
			for i := range 5 {
				within, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
				began := time.Now()
				_, err := s.Push(within, "interactive", "hunt", fmt.Sprint(name, " while", i), nil)
				stop()
				if hunts.KindOf(err) != hunts.KindUnavailable || !strings.Contains(err.Error(), "does not answer") {
					t.Errorf("it says %v", err)
				}
				if took := time.Since(began); took > 900*time.Millisecond {
					t.Errorf("the ack waits %v", took)
				}
			}
			network.Mend()
			expect(t, "it comes back by itself", func() bool {
				_, err := s.Push(t.Context(), "interactive", "hunt", name+" after", nil)
				return err == nil
			})
		})
	}
}

// TestLostReplies: the command arrived, its reply did not, and the client asks
// again. Nobody may be told that somebody else was faster.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		network := recordtest.NewProxy(t, server)
		s := recordtest.Open(t, network.URL(), "a")
		other := recordtest.Open(t, server.URL(), "b")
		_, _, _ = s.ClaimPost(t.Context(), "warm", "a", time.Minute) // scripts are known to the server now
		once := func() { network.LoseReplies(1) }

		once()
		l, holder, ok, err := s.Lease(t.Context(), "q", "F-AAAA", time.Minute)
		if err != nil || !ok || holder != "F-AAAA" {
			t.Errorf("a lease: %q, %v, %v", holder, ok, err)
		} else if held, err := l.Renew(t.Context()); !held || err != nil {
			t.Errorf("the lease: %v, %v", held, err)
		}
		once()
		if state, _, err := s.ClaimPost(t.Context(), "p", "a", time.Minute); state != hunts.PostMine || err != nil {
			t.Errorf("a claim: %q, %v", state, err)
		}
		once()
		if err := s.Audit(t.Context(), hunts.AuditEntry{User: "U1"}); err != nil {
			t.Errorf("an audit entry: %v", err)
		}
		if n, err := other.VerifyAudit(t.Context()); n != 1 || err != nil {
			t.Errorf("the audit has %d entries: %v", n, err)
		}
		once()
		if _, err := s.Push(t.Context(), "interactive", "hunt", "k", nil); err != nil {
			t.Errorf("a job: %v", err)
		}
		if lag, err := other.Backlog(t.Context(), "interactive"); err != nil || lag["interactive"].Waiting != 1 {
			t.Errorf("jobs: %+v, %v", lag, err)
		}
	})
}

func TestWorkSurvivesAKilledRedis(t *testing.T) {
	t.Parallel()
	server := recordtest.Real(t)
	a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
	var mu sync.Mutex
	done := map[string]int{}
	began, release := make(chan string, 1), make(chan struct{})
	handle := func(ctx context.Context, j hunts.Job) error {
		if j.Key == "running" {
			began <- j.Key
			if err := until(ctx, release); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		done[j.Key]++
		return nil
	}
	patient := quick(t)
	patient.Stale = 30 * time.Second
	push(t, a, "interactive", "running")
	consume(t, a, patient, handle)
	receive(t, "it begins", began)
	accepted := map[string]bool{"running": true}
	for i := range 200 {
		if i == 100 {
			server.Kill(t)
		}
		if i == 120 {
			server.Start(t)
			consume(t, b, patient, handle)
		}
		key := fmt.Sprint("job", i)
		within, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
		if _, err := a.Push(within, "interactive", "hunt", key, nil); err == nil {
			accepted[key] = true
		} else if i < 100 {
			t.Errorf("job %d is refused by a Redis that is there: %v", i, err)
		}
		stop()
	}
	close(release)
	expect(t, "everything that was accepted is done", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for key := range accepted {
			if done[key] == 0 {
				return false
			}
		}
		return true
	})
	expect(t, "nothing is left", drained(t, b))
	mu.Lock()
	defer mu.Unlock()
	if done["running"] != 1 {
		t.Errorf("what ran while Redis was away was done %d times", done["running"])
	}
	t.Logf("accepted %d of 201 with a killed Redis in between, all done", len(accepted))
}

func TestAFrozenRedisEndsNothing(t *testing.T) {
	t.Parallel()
	server := recordtest.Real(t)
	s := recordtest.Open(t, server.URL(), "a")
	held, _, _, err := s.Lease(t.Context(), "q", "F-AAAA", time.Minute)
	check(t, err)
	waits := make(chan error, 1)
	go func() { waits <- s.Await(t.Context(), "q") }()
	server.Freeze(t)
	within, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if _, err := held.Renew(within); hunts.KindOf(err) != hunts.KindUnavailable {
		t.Errorf("renewing says %v", err)
	}
	server.Thaw(t)
	expect(t, "the lease is still held", func() bool { ok, err := held.Renew(t.Context()); return ok && err == nil })
	check(t, held.Release(t.Context()))
	if err := receive(t, "the waiter wakes", waits); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
}
