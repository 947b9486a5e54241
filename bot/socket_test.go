package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
)

// TestAnEventThatTheLibraryCanNotReadIsAcknowledged: slack-go gives up on a whole
// event for one cell or type that it does not know, and acknowledges nothing; Slack
// then sends it three times more.
func TestAnEventThatTheLibraryCanNotReadIsAcknowledged(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{slack: localslack.Config{RetryEvents: []time.Duration{time.Millisecond, 10 * time.Millisecond}, AckWithin: time.Second}})
	ana := s.slack.User("ana").ID
	for name, event := range map[string]map[string]any{
		"a cell of an unknown type": {
			"type": "app_mention", "user": ana, "user_team": s.slack.TeamID(), "channel": s.soc.ID, "ts": "1795880000.000100", "text": "<@" + s.slack.BotUser() + "> ip=198.51.100.24",
			"blocks": []any{map[string]any{"type": "data_table", "rows": []any{[]any{map[string]any{"type": "hologram"}}}}},
		},
		"an unknown type":     {"type": "quantum_changed", "channel": s.soc.ID, "ts": "1795880000.000200"},
		"a type that is none": {"type": 7, "channel": s.soc.ID},
	} {
		before := len(s.slack.Envelopes())
		s.slack.Raw(s.soc, event)
		err := s.slack.Until(s.ctx, func() bool {
			all := s.slack.Envelopes()
			return len(all) > before && all[before].Acked > 0
		})
		if err != nil {
			t.Errorf("%s is not acknowledged", name)
		}
		if n := len(s.slack.Envelopes()); n != before+1 {
			t.Errorf("%s was sent %d times", name, n-before)
		}
	}
	s.waitFor("CLEAN", "198.51.100[.]24") // what could be read of it is answered
}

func TestEachDisconnectIsFollowedByAConnection(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	for n, reason := range []string{"warning", "refresh_requested", "warning"} {
		s.slack.Disconnect(reason)
		err := s.slack.Until(s.ctx, func() bool { return s.slack.Connections() >= 2 && s.bots[0].Ready() })
		if err != nil {
			t.Fatalf("after %s there are %d connections", reason, s.slack.Connections())
		}
		address := "198.51.100." + strings.Repeat("7", n+1)
		if n == 2 {
			address = "198.51.100.177"
		}
		// a command in the very moment of the change is the sender's to repeat
		err = s.slack.Until(s.ctx, func() bool { return s.ana.Slash(s.ctx, "/footprint ip="+address) == nil })
		if err != nil {
			t.Fatalf("after %s no command is taken", reason)
		}
		s.waitFor("CLEAN", strings.ReplaceAll(address, "100.", "100[.]")+"`")
	}
}
