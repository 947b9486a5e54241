package bot_test

import (
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// A Redis that evicts keys may forget that a command was taken and keep what was
// posted for it: when Slack or another replica brings the command again, it is the
// same hunt, in the same message.
func TestACommandThatComesAgainAfterTheStoreEvictedItsHuntIsNotPostedTwice(t *testing.T) {
	t.Parallel()
	server := recordtest.Real(t)
	s := newStage(t, stageOptions{redis: server.URL()})
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	c := server.Client()
	defer func() { _ = c.Close() }()
	keys, err := c.Keys(s.ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	evicted := 0
	for _, key := range keys {
		if strings.Contains(key, ":post:") || strings.Contains(key, "stream") {
			continue
		}
		if err := c.Del(s.ctx, key).Err(); err != nil {
			t.Fatal(err)
		}
		evicted++
	}
	if evicted == 0 {
		t.Fatalf("nothing to evict among %q", keys)
	}
	all := s.slack.Envelopes()
	if err := s.slack.Redeliver(all[len(all)-1].ID); err != nil {
		t.Fatal(err)
	}
	for { // until it is searched for again
		keys, err := c.Keys(s.ctx, "*:answer:*").Result()
		if err != nil {
			t.Fatalf("the command that came again is not handled: %v", err)
		}
		if len(keys) > 0 {
			break
		}
	}
	s.everythingDone()
	if parents := s.soc.Messages(); len(parents) != 1 {
		t.Errorf("%d messages stand in the channel instead of one", len(parents))
	}
}
