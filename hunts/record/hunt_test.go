package record_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

var (
	_ hunts.Record = (*record.Store)(nil)
	_ hunts.Lease  = hunts.Lease(nil)
)

func TestHuntsAndAnswers(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s, other := recordtest.Open(t, server.URL(), "a"), recordtest.Open(t, server.URL(), "b")
		ctx := t.Context()
		h := hunts.Hunt{ID: "F-7QK2", Name: "network-footprint", State: hunts.Queued, Asker: hunts.Asker{User: "U1"}, Created: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)}
		check(t, s.SaveHunt(ctx, h))
		h.State = hunts.Answered
		check(t, s.SaveHunt(ctx, h))
		if got, ok, err := other.Hunt(ctx, h.ID); err != nil || !ok || !reflect.DeepEqual(got, h) {
			t.Errorf("the hunt comes back as %+v, %v, %v", got, ok, err)
		}
		if _, ok, err := other.Hunt(ctx, "F-NONE"); ok || err != nil {
			t.Errorf("a hunt nobody asked is there: %v, %v", ok, err)
		}
		big := hunts.Answer{HuntID: h.ID, Verdict: hunts.Reached, KQL: strings.Repeat("DeviceNetworkEvents | where true\n", 4000)}
		check(t, s.SaveAnswer(ctx, "key one", big, time.Minute))
		if got, ok, err := other.Answer(ctx, h.ID); err != nil || !ok || got.KQL != big.KQL {
			t.Errorf("a large answer comes back as %d bytes of KQL, %v, %v", len(got.KQL), ok, err)
		}
		if got, ok, err := other.CachedAnswer(ctx, "key one"); err != nil || !ok || got.HuntID != h.ID {
			t.Errorf("the cached answer is %q, %v, %v", got.HuntID, ok, err)
		}
		if _, ok, _ := other.CachedAnswer(ctx, "key two"); ok {
			t.Error("another question gets the same answer")
		}
		c := server.Client()
		defer c.Close()
		if n, err := c.StrLen(ctx, "fp:1:answer:F-7QK2").Result(); err != nil || n == 0 || n > 4<<10 {
			t.Errorf("a repetitive answer of %d bytes takes %d in Redis: %v", len(big.KQL), n, err)
		}
		check(t, s.DropAnswer(ctx, h.ID, "key one"))
		if _, ok, _ := other.Answer(ctx, h.ID); ok {
			t.Error("a dropped answer is still there")
		}
		if _, ok, _ := other.CachedAnswer(ctx, "key one"); ok {
			t.Error("a dropped answer is still cached")
		}
	})
}

func TestAnAnswerWithoutKeyIsNobodyElses(t *testing.T) {
	t.Parallel()
	s := recordtest.Start(t)
	check(t, s.SaveAnswer(t.Context(), "", hunts.Answer{HuntID: "F-2222"}, time.Minute))
	if _, ok, err := s.Answer(t.Context(), "F-2222"); !ok || err != nil {
		t.Errorf("its own thread does not find it: %v, %v", ok, err)
	}
	if _, ok, _ := s.CachedAnswer(t.Context(), ""); ok {
		t.Error("it is cached under the empty key")
	}
}

func TestBlobsComeBackByteByByte(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 20_000)
	_, _ = rand.Read(noise)
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		for name, data := range map[string][]byte{
			"empty": {}, "short": []byte("x"), "begins like gzip": {0x1f, 0x8b, 1, 2}, "only the magic": {0x1f, 0x8b},
			"compressible": bytes.Repeat([]byte("abc"), 9000), "noise": noise,
		} {
			check(t, s.SaveBlob(t.Context(), name, data, time.Minute))
			got, ok, err := s.Blob(t.Context(), name)
			if err != nil || !ok || !bytes.Equal(got, data) {
				t.Errorf("%s: %d bytes come back as %d, %v, %v", name, len(data), len(got), ok, err)
			}
		}
	})
}

func TestEverythingExpires(t *testing.T) {
	t.Parallel()
	recordtest.Each(t, func(t *testing.T, server *recordtest.Server) {
		s := recordtest.Open(t, server.URL(), "a")
		check(t, s.SaveBlob(t.Context(), "soon gone", []byte("x"), 150*time.Millisecond))
		if _, ok, _ := s.Blob(t.Context(), "soon gone"); !ok {
			t.Fatal("it is gone before its time")
		}
		if !recordtest.Within(3*time.Second, func() bool { _, ok, err := s.Blob(t.Context(), "soon gone"); return !ok && err == nil }) {
			t.Error("it does not expire")
		}
	})
}

func TestTheStoreInTheProcessExpiresToo(t *testing.T) {
	t.Parallel()
	s := recordtest.Open(t, "", "a")
	if !s.InMemory() {
		t.Error("it does not say that it is in memory")
	}
	check(t, s.SaveBlob(t.Context(), "soon gone", []byte("x"), 150*time.Millisecond))
	if !recordtest.Within(3*time.Second, func() bool { _, ok, err := s.Blob(t.Context(), "soon gone"); return !ok && err == nil }) {
		t.Error("it does not expire")
	}
}

func TestHuntIDs(t *testing.T) {
	t.Parallel()
	t.Run("are unlike each other, whoever makes them", func(t *testing.T) {
		server := recordtest.Any(t)
		seen := map[string]bool{}
		var mu sync.Mutex
		var makers sync.WaitGroup
		for range 4 {
			s := recordtest.Open(t, server.URL(), "x")
			makers.Go(func() {
				for range 100 {
					id, err := s.NewHuntID(t.Context(), "")
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					if seen[id] || len(id) != 6 || strings.ContainsAny(id[2:], "01ILOU") {
						t.Errorf("%q is no new id that can be read aloud", id)
					}
					seen[id] = true
					mu.Unlock()
				}
			})
		}
		makers.Wait()
	})
	t.Run("are the same for the same cause, even when the reservation is gone, and never another's", func(t *testing.T) {
		server := recordtest.Any(t)
		s := recordtest.Open(t, server.URL(), "x")
		first, err := s.NewHuntID(t.Context(), "envelope:1")
		check(t, err)
		again, err := s.NewHuntID(t.Context(), "envelope:1")
		check(t, err)
		other, err := s.NewHuntID(t.Context(), "envelope:2")
		check(t, err)
		c := server.Client()
		defer func() { _ = c.Close() }()
		check(t, c.FlushAll(t.Context()).Err())
		evicted, err := s.NewHuntID(t.Context(), "envelope:1")
		check(t, err)
		if first != again || first != evicted || first == other {
			t.Errorf("the ids are %s, %s, %s for one cause and %s for another", first, again, evicted, other)
		}
	})
	t.Run("grow when the short ones are taken", func(t *testing.T) {
		// the same four letters each time: everything is taken after the first
		s, err := record.Open(t.Context(), record.Config{URL: recordtest.Any(t).URL(), Random: constant('A')})
		check(t, err)
		defer s.Close()
		var lengths []int
		for range 3 {
			id, err := s.NewHuntID(t.Context(), "")
			check(t, err)
			lengths = append(lengths, len(id)-2)
		}
		if !reflect.DeepEqual(lengths, []int{4, 5, 6}) {
			t.Errorf("lengths are %v", lengths)
		}
		if _, err := s.NewHuntID(t.Context(), ""); hunts.KindOf(err) != hunts.KindUnavailable {
			t.Errorf("with all taken: %v", err)
		}
	})
}

type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func TestErrorsSayWhoFailed(t *testing.T) {
	t.Parallel()
	server := recordtest.Any(t)
	s := recordtest.Open(t, server.URL(), "a")
	t.Run("a caller that stops is not a store that is away", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		_, _, err := s.Hunt(ctx, "F-7QK2")
		if hunts.KindOf(err) != hunts.KindCancelled || !errors.Is(err, context.Canceled) {
			t.Errorf("it is %v of kind %q", err, hunts.KindOf(err))
		}
	})
	t.Run("a store that refuses says so", func(t *testing.T) {
		c := server.Client()
		defer c.Close()
		check(t, c.LPush(t.Context(), "fp:1:hunt:F-WRNG", "no string").Err())
		_, _, err := s.Hunt(t.Context(), "F-WRNG")
		if hunts.KindOf(err) != hunts.KindUnavailable || !strings.Contains(err.Error(), "refuses") {
			t.Errorf("it is %v", err)
		}
	})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
