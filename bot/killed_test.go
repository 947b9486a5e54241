package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/watchlist"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// killed is what a replica panics with at its last step.
const killed = "killed"

// mortal counts the steps of a replica towards Redis and Slack and kills it at
// one of them, before it takes effect or after.
type mortal struct {
	bot.Store
	record.JSON // the documents
	next        http.RoundTripper
	armed       bool
	left        int
	after       bool
}

func (m *mortal) step(do func() error) error {
	if !m.armed {
		return do()
	}
	if m.left--; m.left >= 0 {
		return do()
	}
	if m.after {
		_ = do()
	}
	panic(killed)
}

func (m *mortal) RoundTrip(r *http.Request) (res *http.Response, err error) {
	err = m.step(func() error {
		res, err = m.next.RoundTrip(r)
		return err
	})
	return res, err
}

func (m *mortal) SetAllJSON(ctx context.Context, all map[string]any, ttl time.Duration) error {
	return m.step(func() error { return m.JSON.SetAllJSON(ctx, all, ttl) })
}

func (m *mortal) GetAllJSON(ctx context.Context, names []string) (all []json.RawMessage, err error) {
	err = m.step(func() error { all, err = m.JSON.GetAllJSON(ctx, names); return err })
	return all, err
}

// ClaimPost and Lease let go at once of what a dead replica held: nobody wants
// to wait half a minute a hundred times.
func (m *mortal) ClaimPost(ctx context.Context, key, owner string, _ time.Duration) (state hunts.PostState, p hunts.Post, err error) {
	err = m.step(func() error { state, p, err = m.Store.ClaimPost(ctx, key, owner, time.Millisecond); return err })
	return state, p, err
}

func (m *mortal) Lease(ctx context.Context, key, owner string, _ time.Duration) (l hunts.Lease, holder string, ok bool, err error) {
	err = m.step(func() error { l, holder, ok, err = m.Store.Lease(ctx, key, owner, 20*time.Millisecond); return err })
	return l, holder, ok, err
}

func (m *mortal) SavePost(ctx context.Context, key string, p hunts.Post, ttl time.Duration) error {
	return m.step(func() error { return m.Store.SavePost(ctx, key, p, ttl) })
}

func (m *mortal) PutEntries(ctx context.Context, list string, entries map[string][]byte) error {
	return m.step(func() error { return m.JSON.PutEntries(ctx, list, entries) })
}

func (m *mortal) Entries(ctx context.Context, list string) (out map[string][]byte, err error) {
	err = m.step(func() error { out, err = m.JSON.Entries(ctx, list); return err })
	return out, err
}

func (m *mortal) Delete(ctx context.Context, names ...string) error {
	return m.step(func() error { return m.JSON.Delete(ctx, names...) })
}

func (m *mortal) ChangeJSON(ctx context.Context, name string, ttl time.Duration, change func(json.RawMessage) (json.RawMessage, error)) error {
	return m.step(func() error { return m.JSON.ChangeJSON(ctx, name, ttl, change) })
}

func (m *mortal) Push(ctx context.Context, lane, kind, key string, payload []byte) (ok bool, err error) {
	err = m.step(func() error { ok, err = m.Store.Push(ctx, lane, kind, key, payload); return err })
	return ok, err
}

func (m *mortal) SaveHunt(ctx context.Context, h hunts.Hunt) error {
	return m.step(func() error { return m.Store.SaveHunt(ctx, h) })
}

// lives tells whether the replica came to its end by itself.
func (m *mortal) lives(do func()) (alive bool) {
	defer func() {
		if r := recover(); r != nil {
			if r != killed {
				panic(r)
			}
			alive = false
		}
	}()
	do()
	return true
}

func TestASweepWhoseReplicaIsKilledAtAnyStepIsPostedOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED by -short: no replica is killed")
	}
	var config bot.Config
	s := newStage(t, stageOptions{bot: func(c *bot.Config) { config = *c }})
	s.slash(`/footprint watch add ip=192.0.2.140,198.51.100.24 why="from the ISAC"`)
	s.waitFor("2 on the watchlist until")
	steps := s.killAtEach(config, "whole", func(name string, step int, after bool) { s.postedOnce(name, step, after) })
	if steps < 20 {
		t.Errorf("a sweep has %d steps only", steps)
	}
	t.Logf("killed at each of %d steps, before it and after it", steps)
}

func TestASweepThatCouldNotTellEverythingIsTriedAgainWhoeverDies(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED by -short: no replica is killed")
	}
	var config bot.Config
	s := newStage(t, stageOptions{bot: func(c *bot.Config) { config = *c }})
	s.slash(`/footprint watch add ip=192.0.2.140,198.51.100.24`)
	s.waitFor("2 on the watchlist until")
	s.workspace.Fault(localworkspace.Fault{Status: http.StatusForbidden, Times: 1_000_000, Match: func(text string) bool { return strings.Contains(text, " coverage") }})
	steps := s.killAtEach(config, "part", func(name string, step int, after bool) {
		s.postedOnce(name, step, after)
		documents := record.SweepDocuments(s.stores[0])
		if again, ok, err := documents.Again.Get(s.ctx, name); !ok || err != nil || again.Job.Try != 1 {
			t.Errorf("killed at step %d (after it: %v): the next try is %+v, %v", step, after, again, err)
		}
		if snapshot, ok, err := documents.Snapshots.Get(s.ctx, name); !ok || err != nil || len(snapshot.Keys) != 2 || !snapshot.To.IsZero() {
			t.Errorf("killed at step %d (after it: %v): what was told is %+v, %v", step, after, snapshot, err)
		}
	})
	t.Logf("killed at each of %d steps, before it and after it", steps)
}

// killAtEach makes a sweep for each step of it, kills its replica there, lets
// another take over, and checks what is there then. It gives the number of steps.
func (s *stage) killAtEach(config bot.Config, prefix string, check func(name string, step int, after bool)) (steps int) {
	s.t.Helper()
	slot := testclock.At()
	for _, after := range []bool{false, true} {
		for step := 0; ; step++ {
			name := fmt.Sprintf("%s%d-%v", prefix, step, after)
			schedule := sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Channel: s.soc.ID, Paused: true}
			if err := record.SweepDocuments(s.stores[0]).Schedules.Put(s.ctx, map[string]sweep.Schedule{name: schedule}); err != nil {
				s.t.Fatal(err)
			}
			_, payload, err := watchlist.SweepJob(name, slot)
			if err != nil {
				s.t.Fatal(err)
			}
			alive := s.killedAt(config, hunts.Job{Kind: bot.JobSweep, Payload: payload}, step, after)
			check(name, step, after)
			if alive {
				steps = step
				break
			}
		}
	}
	return steps
}

// killedAt handles a job with a replica that dies at a step of it, and then with
// one that takes over. It tells whether the first lived.
func (s *stage) killedAt(config bot.Config, job hunts.Job, step int, after bool) (alive bool) {
	s.t.Helper()
	m := &mortal{Store: s.stores[0], JSON: s.stores[0], next: http.DefaultTransport, left: step, after: after}
	config.Store, config.HTTPClient, config.Replica = m, &http.Client{Transport: m}, "mortal"
	config.Documents, config.Threads, config.Sweeping = record.Documents(m, s.clock.Now), record.ThreadDocuments(m), record.SweepDocuments(m)
	first, err := bot.New(s.ctx, config)
	if err != nil {
		s.t.Fatal(err)
	}
	m.armed = true
	life, end := context.WithCancel(s.ctx)
	var ended error
	alive = m.lives(func() { ended = first.Handle(life, job) })
	end()
	if ended != nil {
		s.t.Fatalf("step %d: %v", step, ended)
	}
	for { // the queue gives a job again that failed: what the dead replica claimed is free by then
		err := s.bots[0].Handle(s.ctx, job)
		if err == nil {
			return alive
		}
		if s.ctx.Err() != nil || !strings.Contains(err.Error(), "another replica") {
			s.t.Fatalf("the replica that took over after step %d: %v", step, err)
		}
	}
}

func (s *stage) postedOnce(name string, step int, after bool) {
	s.t.Helper()
	posts, details, lists := 0, 0, 0
	for _, m := range s.soc.All() {
		if strings.Contains(m.Text, "Sweep "+name+"*") {
			posts++
			for _, reply := range s.soc.Thread(m.TS) {
				if strings.Contains(reply.Text, "hits of the sweep") {
					details++
				}
				lists += len(reply.Files)
			}
		}
	}
	if posts != 1 || details != 1 || lists != 1 {
		s.t.Errorf("killed at step %d (after it: %v): %d posts, %d tables, %d files; want 1 of each", step, after, posts, details, lists)
	}
}
