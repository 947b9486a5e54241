package record_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func TestTheAuditIsAChain(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		stores := []*record.Store{recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")}
		if n, err := stores[0].VerifyAudit(t.Context()); n != 0 || err != nil {
			t.Errorf("an empty audit: %d, %v", n, err)
		}
		now := testclock.At()
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() {
				for j := range 80 { // more than one page in all
					e := hunts.AuditEntry{Time: now.Add(time.Duration(j) * time.Second), Action: "hunt", User: fmt.Sprint("U", i), Why: `"quoted" <b> ` + fmt.Sprint(j)}
					if err := stores[i%2].Audit(t.Context(), e); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		if n, err := stores[1].VerifyAudit(t.Context()); n != 640 || err != nil {
			t.Errorf("it verifies %d entries: %v", n, err)
		}
		byUser, hashes := map[string]int{}, map[string]bool{}
		check(t, stores[0].AuditSince(t.Context(), now.Add(40*time.Second), func(e hunts.AuditEntry, hash string) error {
			byUser[e.User]++
			hashes[hash] = true
			return nil
		}))
		if len(byUser) != 8 || byUser["U3"] != 40 || len(hashes) != 320 {
			t.Errorf("since the middle: %v with %d hashes", byUser, len(hashes))
		}
	})
}

func TestATamperedAuditIsNoticed(t *testing.T) {
	t.Parallel()
	log := "fp:1:{audit}:log"
	for name, spoil := range map[string]func(t *testing.T, s *recordtest.Server, ids []string){
		"an entry was removed from the middle": func(t *testing.T, s *recordtest.Server, ids []string) {
			c := s.Client()
			defer c.Close()
			check(t, c.XDel(t.Context(), log, ids[1]).Err())
		},
		"the first entry was removed": func(t *testing.T, s *recordtest.Server, ids []string) {
			c := s.Client()
			defer c.Close()
			check(t, c.XDel(t.Context(), log, ids[0]).Err())
		},
		"the last entry was removed": func(t *testing.T, s *recordtest.Server, ids []string) {
			c := s.Client()
			defer c.Close()
			check(t, c.XDel(t.Context(), log, ids[3]).Err())
		},
		"everything was removed": func(t *testing.T, s *recordtest.Server, _ []string) {
			c := s.Client()
			defer c.Close()
			check(t, c.Del(t.Context(), log).Err())
		},
		"the end mark was removed": func(t *testing.T, s *recordtest.Server, _ []string) {
			c := s.Client()
			defer c.Close()
			check(t, c.Del(t.Context(), "fp:1:{audit}:head").Err())
		},
		"an entry was added by hand": func(t *testing.T, s *recordtest.Server, _ []string) {
			c := s.Client()
			defer c.Close()
			check(t, c.Do(t.Context(), "XADD", log, "*", "entry", `{"user":"U9"}`, "hash", strings.Repeat("0", 64)).Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := recordtest.Any(t)
			s := recordtest.Open(t, server.URL(), "a")
			for i := range 4 {
				check(t, s.Audit(t.Context(), hunts.AuditEntry{Time: testclock.At(), Action: "hunt", User: fmt.Sprint("U", i)}))
			}
			c := server.Client()
			defer c.Close()
			all, err := c.XRange(t.Context(), log, "-", "+").Result()
			check(t, err)
			var ids []string
			for _, m := range all {
				ids = append(ids, m.ID)
			}
			if _, err := s.VerifyAudit(t.Context()); err != nil {
				t.Fatalf("before: %v", err)
			}
			spoil(t, server, ids)
			if _, err := s.VerifyAudit(t.Context()); err == nil || !strings.Contains(err.Error(), "broken") {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// TestAnAuditEntryWrittenAnewIsNoticed: a stream can't be edited, but it can be
// written again with the same ids.
func TestAnAuditEntryWrittenAnewIsNoticed(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		for i := range 4 {
			s := recordtest.Open(t, server.URL(), "a")
			c := server.Client()
			defer c.Close()
			check(t, c.FlushAll(t.Context()).Err())
			for n := range 4 {
				check(t, s.Audit(t.Context(), hunts.AuditEntry{Action: "hunt", User: fmt.Sprint("U", n)}))
			}
			log := "fp:1:{audit}:log"
			all, err := c.XRange(t.Context(), log, "-", "+").Result()
			check(t, err)
			check(t, c.Del(t.Context(), log).Err())
			for n, m := range all {
				entry := m.Values["entry"].(string)
				if n == i {
					entry = strings.Replace(entry, fmt.Sprint("U", n), "U9", 1)
				}
				check(t, c.Do(t.Context(), "XADD", log, m.ID, "entry", entry, "hash", m.Values["hash"]).Err())
			}
			n, err := s.VerifyAudit(t.Context())
			if err == nil || n != i+1 || !strings.Contains(err.Error(), fmt.Sprintf("broken at entry %d:", i+1)) {
				t.Errorf("entry %d was changed, it says %d, %v", i+1, n, err)
			}
		}
	})
}
