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
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// killed is what a replica panics with at its last step.
const killed = "killed"

// mortal counts the steps of a replica towards Redis and Slack and kills it at
// one of them, before it takes effect or after.
type mortal struct {
	bot.Store
	next  http.RoundTripper
	armed bool
	left  int
	after bool
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

func (m *mortal) SetJSON(ctx context.Context, name string, v any, ttl time.Duration) error {
	return m.step(func() error { return m.Store.SetJSON(ctx, name, v, ttl) })
}

func (m *mortal) GetJSON(ctx context.Context, name string, v any) (ok bool, err error) {
	err = m.step(func() error { ok, err = m.Store.GetJSON(ctx, name, v); return err })
	return ok, err
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
	return m.step(func() error { return m.Store.PutEntries(ctx, list, entries) })
}

func (m *mortal) Entries(ctx context.Context, list string) (out map[string][]byte, err error) {
	err = m.step(func() error { out, err = m.Store.Entries(ctx, list); return err })
	return out, err
}

func (m *mortal) Delete(ctx context.Context, names ...string) error {
	return m.step(func() error { return m.Store.Delete(ctx, names...) })
}

func (m *mortal) ChangeJSON(ctx context.Context, name string, ttl time.Duration, change func(json.RawMessage) (json.RawMessage, error)) error {
	return m.step(func() error { return m.Store.ChangeJSON(ctx, name, ttl, change) })
}

func (m *mortal) Push(ctx context.Context, lane, kind, key string, payload []byte) (ok bool, err error) {
	err = m.step(func() error { ok, err = m.Store.Push(ctx, lane, kind, key, payload); return err })
	return ok, err
}

func (m *mortal) SaveHunt(ctx context.Context, h hunts.Hunt) error {
	return m.step(func() error { return m.Store.SaveHunt(ctx, h) })
}

func (m *mortal) Audit(ctx context.Context, e hunts.AuditEntry) error {
	return m.step(func() error { return m.Store.Audit(ctx, e) })
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
	var config bot.Config
	s := newStage(t, stageOptions{bot: func(c *bot.Config) { config = *c }})
	s.slash(`/footprint watch add ip=192.0.2.140,198.51.100.24 why="from the ISAC"`)
	s.waitFor("2 on the watchlist until")
	slot := time.Now().UTC()
	total := 0
	for _, after := range []bool{false, true} {
		for step := 0; ; step++ {
			name := fmt.Sprintf("s%d-%v", step, after)
			schedule, err := json.Marshal(sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Channel: s.soc.ID, Paused: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.stores[0].PutEntries(s.ctx, "sweeps", map[string][]byte{name: schedule}); err != nil {
				t.Fatal(err)
			}
			_, payload, err := bot.SweepJob(name, slot)
			if err != nil {
				t.Fatal(err)
			}
			job := hunts.Job{Kind: bot.JobSweep, Payload: payload}
			m := &mortal{Store: s.stores[0], next: http.DefaultTransport, left: step, after: after}
			c := config
			c.Store, c.HTTPClient, c.Replica = m, &http.Client{Transport: m}, "mortal"
			first, err := bot.New(s.ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			m.armed = true
			life, end := context.WithCancel(s.ctx)
			var ended error
			alive := m.lives(func() { ended = first.Handle(life, job) })
			end()
			if ended != nil {
				t.Fatalf("step %d: %v", step, ended)
			}
			for { // the queue gives a job again that failed: what the dead replica claimed is free by then
				err := s.bots[0].Handle(s.ctx, job)
				if err == nil {
					break
				}
				if s.ctx.Err() != nil || !strings.Contains(err.Error(), "another replica") {
					t.Fatalf("the replica that took over after step %d: %v", step, err)
				}
			}
			s.postedOnce(name, step, after)
			if alive {
				total += step
				break
			}
		}
	}
	if total < 40 {
		t.Errorf("a sweep has %d steps only", total/2)
	}
	t.Logf("killed at each of %d steps, before it and after it", total/2)
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
