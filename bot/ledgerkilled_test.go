package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// caught keeps the jobs of ledgers back, so that a test does them itself.
type caught struct {
	bot.Store
	jobs [][]byte
}

func (c *caught) Push(ctx context.Context, lane, kind, key string, payload []byte) (bool, error) {
	if kind != bot.JobLedger {
		return c.Store.Push(ctx, lane, kind, key, payload)
	}
	c.jobs = append(c.jobs, payload)
	return true, nil
}

func TestALedgerWhoseReplicaIsKilledAtAnyStepStaysOneAndRight(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED by -short: no replica is killed")
	}
	var config bot.Config
	s := enriched(t, stageOptions{bot: func(c *bot.Config) { config = *c }})
	total := 0
	for _, after := range []bool{false, true} {
		for step := 0; ; step++ {
			root := s.ana.Say("incident")
			reply := fmt.Sprintf("%s1", root.TS[:len(root.TS)-1])
			event, err := json.Marshal(map[string]any{"team_id": s.slack.TeamID(), "event": map[string]any{
				"type": "message", "channel": s.soc.ID, "user": s.slack.User("ana").ID, "ts": reply, "thread_ts": root.TS, "text": "203.0.113.66 and 198.51.100.24, resolver 8.8.8.8",
			}})
			if err != nil {
				t.Fatal(err)
			}
			envelope, err := json.Marshal(map[string]any{"type": "events_api", "payload": json.RawMessage(event), "received": testclock.At()})
			if err != nil {
				t.Fatal(err)
			}
			alive, steps := s.dieDuring(config, step, after, hunts.Job{Kind: bot.JobEnvelope, Key: fmt.Sprintf("Ev%d%v", step, after), Payload: envelope})
			total += steps
			s.oneRightLedger(root, step, after)
			if alive {
				break
			}
		}
	}
	if total < 40 {
		t.Errorf("a ledger has %d steps only", total/2)
	}
	t.Logf("killed at each of %d steps, before it and after it", total/2)
}

// dieDuring lets a replica die at a step of a job and of the rounds it asks for,
// and another take over. It counts the step when the replica died.
func (s *stage) dieDuring(config bot.Config, step int, after bool, job hunts.Job) (alive bool, steps int) {
	s.t.Helper()
	m := &mortal{JSON: s.stores[0], next: http.DefaultTransport, left: step, after: after}
	store := &caught{Store: s.stores[0]}
	m.Store = store
	c := config
	c.Store, c.HTTPClient, c.Replica = m, &http.Client{Transport: m}, "mortal"
	c.Documents, c.Threads = record.Documents(m, s.clock.Now), record.ThreadDocuments(m)
	first, err := bot.New(s.ctx, c)
	if err != nil {
		s.t.Fatal(err)
	}
	c.Store, c.HTTPClient, c.Replica, c.Documents, c.Threads = store, nil, "heir", config.Documents, config.Threads
	heir, err := bot.New(s.ctx, c)
	if err != nil {
		s.t.Fatal(err)
	}
	m.armed = true
	alive = true
	for todo := []hunts.Job{job}; len(todo) > 0; todo = todo[1:] {
		life, end := context.WithCancel(s.ctx)
		var ended error
		if alive {
			alive = m.lives(func() { ended = first.Handle(life, todo[0]) })
			if ended != nil {
				s.t.Fatalf("step %d: %v", step, ended)
			}
		}
		end()
		if !alive {
			if err := heir.Handle(s.ctx, todo[0]); err != nil {
				s.t.Fatalf("the replica that took over after step %d: %v", step, err)
			}
			steps = 1
		}
		for _, payload := range store.jobs {
			todo = append(todo, hunts.Job{Kind: bot.JobLedger, Payload: payload})
		}
		store.jobs = nil
	}
	return alive, steps
}

func (s *stage) oneRightLedger(root localslack.Message, step int, after bool) {
	s.t.Helper()
	ledgers, news := 0, 0
	for _, m := range s.soc.Thread(root.TS) {
		switch {
		case strings.HasPrefix(m.Text, "📒"):
			ledgers++
			if !holds(m.Text, []string{"🔴 `203.0.113[.]66`  REACHED by 2 devices · ", "🟢 `198.51.100[.]24`  CLEAN", "Skipped as known-good: `8.8.8[.]8` public resolver", "2 of 20"}) || strings.Contains(m.Text, "searching") {
				s.t.Errorf("killed at step %d (after it: %v): the ledger is wrong:\n%s", step, after, m.Text)
			}
		case strings.HasPrefix(m.Text, "🔴 New"):
			news++
		}
	}
	if ledgers != 1 || news != 1 {
		s.t.Errorf("killed at step %d (after it: %v): %d ledgers and %d news; want 1 of each", step, after, ledgers, news)
	}
}
