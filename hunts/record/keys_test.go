package record_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// everything calls whatever writes to Redis.
func everything(t *testing.T, s *record.Store) {
	t.Helper()
	ctx := t.Context()
	id, err := s.NewHuntID(ctx, "")
	check(t, err)
	check(t, s.SaveHunt(ctx, hunts.Hunt{ID: id}))
	check(t, s.SaveAnswer(ctx, strings.Repeat("a long question ", 20), hunts.Answer{HuntID: id}, time.Minute))
	check(t, s.SaveBlob(ctx, "slice", []byte("x"), time.Minute))
	_, _, _, err = s.Lease(ctx, "run:q", id, time.Minute)
	check(t, err)
	_, _, err = s.ClaimPost(ctx, "claimed", "a", time.Minute)
	check(t, err)
	check(t, s.SavePost(ctx, "sent", hunts.Post{Channel: "C1", TS: "1.2"}, time.Hour))
	check(t, s.SaveThreadHunt(ctx, "C1", "1.2", id, time.Hour))
	check(t, s.Writable(ctx))
	_, _, err = s.Allow(ctx, "U1", "F-1", 3, time.Hour)
	check(t, err)
	check(t, s.SetJSON(ctx, "modal:1", 1, time.Hour))
	check(t, s.SetJSON(ctx, "schedules", 1, 0))
	check(t, s.PutEntries(ctx, "watchlist", map[string][]byte{"203.0.113.66": []byte("{}")}))
	check(t, record.UpdateDoc(ctx, s, "ledger", time.Hour, func(*ledger) error { return nil }))
	check(t, s.Audit(ctx, hunts.AuditEntry{User: "U1"}))
	_, _, err = s.AcquireSlot(ctx, record.Slot{Identity: "i", Slots: 5, Asker: "U1"})
	check(t, err)
	push(t, s, "interactive", "fine")
	push(t, s, "sweep", "hopeless")
	cfg := quick(t)
	cfg.MaxDeliveries = 1
	gone := make(chan struct{})
	cfg.OnDead = func(hunts.Job, error) { close(gone) }
	stop := consume(t, s, cfg, func(_ context.Context, j hunts.Job) error {
		if j.Key == "hopeless" {
			return errors.New("never")
		}
		return nil
	})
	receive(t, "a job is put aside", gone)
	expect(t, "all is done", drained(t, s))
	stop()
}

func TestEveryKeyEndsOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		everything(t, s)
		met := map[string]bool{}
		for key, left := range server.Leftovers(t) {
			name, ours := strings.CutPrefix(key, "fp:1:")
			if !ours {
				t.Errorf("%s has no prefix and version", key)
				continue
			}
			known := false
			for _, rule := range record.Keys() {
				if name != rule.Kind && !strings.HasPrefix(name, rule.Kind+":") {
					continue
				}
				known, met[rule.Kind] = true, true
				switch {
				case rule.Forever == "" && left == 0:
					t.Errorf("%s never ends, and nothing says why", key)
				case rule.Forever != "" && left > 0:
					t.Errorf("%s ends after %v, though %s", key, left, rule.Forever)
				case rule.TTL > 0 && left > rule.TTL:
					t.Errorf("%s ends after %v, later than %v", key, left, rule.TTL)
				}
			}
			if !known {
				t.Errorf("%s is in no row of Keys", key)
			}
		}
		for _, rule := range record.Keys() {
			if !met[rule.Kind] {
				t.Errorf("nothing wrote %s: is the row still true?", rule.Kind)
			}
			if rule.Holds == "" {
				t.Errorf("%s does not say what it holds", rule.Kind)
			}
		}
	})
}
