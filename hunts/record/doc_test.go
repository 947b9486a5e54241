package record_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

type ledger struct {
	Seen  map[string]int
	Total int
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		ctx := t.Context()
		for name, ttl := range map[string]time.Duration{"for a while": time.Hour, "for ever": 0} {
			var got ledger
			if ok, err := s.GetJSON(ctx, name, &got); ok || err != nil {
				t.Errorf("%s: it is there before it was written: %v, %v", name, ok, err)
			}
			want := ledger{Seen: map[string]int{strings.Repeat("x", 9000): 1}, Total: 1}
			check(t, s.SetJSON(ctx, name, want, ttl))
			if ok, err := s.GetJSON(ctx, name, &got); !ok || err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: it comes back as %+v, %v, %v", name, got, ok, err)
			}
		}
		check(t, s.Delete(ctx, "for a while", "for ever", "never there"))
		for _, name := range []string{"for a while", "for ever"} {
			if ok, err := s.GetJSON(ctx, name, new(ledger)); ok || err != nil {
				t.Errorf("%s: it is there after it was deleted: %v, %v", name, ok, err)
			}
		}
	})
}

func TestTwoReplicasEditOneDocument(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		stores := []*record.Store{recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")}
		var editors sync.WaitGroup
		for i := range 20 {
			editors.Go(func() {
				for range 4 {
					err := record.UpdateDoc(t.Context(), stores[i%2], "ledger", time.Hour, func(l *ledger) error {
						if l.Seen == nil {
							l.Seen = map[string]int{}
						}
						l.Seen[fmt.Sprint(i)]++
						l.Total++
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		editors.Wait()
		var l ledger
		if ok, err := stores[0].GetJSON(t.Context(), "ledger", &l); !ok || err != nil || l.Total != 80 || len(l.Seen) != 20 {
			t.Errorf("after 80 edits: %+v, %v, %v", l, ok, err)
		}
	})
}

func TestAnEditThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	s := recordtest.Start(t)
	check(t, s.SetJSON(t.Context(), "ledger", ledger{Total: 3}, time.Hour))
	full := errors.New("the ledger is full")
	err := record.UpdateDoc(t.Context(), s, "ledger", time.Hour, func(l *ledger) error { l.Total = 99; return full })
	if err != full { //nolint:errorlint // it must be returned as it is
		t.Errorf("it says %v", err)
	}
	var l ledger
	if _, err := s.GetJSON(t.Context(), "ledger", &l); err != nil || l.Total != 3 {
		t.Errorf("it is %+v, %v", l, err)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		a, b := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		for i, s := range []*record.Store{a, b, a} {
			for range 2 { // the same one once more costs nothing
				if ok, _, err := s.Allow(t.Context(), "U1", fmt.Sprint("F-", i), 3, time.Hour); !ok || err != nil {
					t.Errorf("use %d of 3: %v, %v", i+1, ok, err)
				}
			}
		}
		ok, after, err := b.Allow(t.Context(), "U1", "F-9", 3, time.Hour)
		if ok || err != nil || after <= 59*time.Minute || after > time.Hour {
			t.Errorf("use 4 of 3: %v, again after %v, %v", ok, after, err)
		}
		if ok, _, err := b.Allow(t.Context(), "U1", "F-0", 3, time.Hour); !ok || err != nil {
			t.Errorf("one that counted already: %v, %v", ok, err)
		}
		if ok, _, err := b.Allow(t.Context(), "U2", "F-0", 3, time.Hour); !ok || err != nil {
			t.Errorf("somebody else: %v, %v", ok, err)
		}
		if ok, _, err := a.Allow(t.Context(), "U3", "F-1", 1, 100*time.Millisecond); !ok || err != nil {
			t.Errorf("the first: %v, %v", ok, err)
		}
		expect(t, "it begins anew", func() bool {
			ok, _, err := a.Allow(t.Context(), "U3", "F-2", 1, 100*time.Millisecond)
			return ok && err == nil
		})
	})
}
