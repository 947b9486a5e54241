package bot_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/hunts"
)

// forgetful is a store that no longer knows any hunt once it is told to forget.
type forgetful struct {
	bot.Store
	forgot *atomic.Bool
}

func (f forgetful) Hunt(ctx context.Context, id string) (hunts.Hunt, bool, error) {
	if f.forgot.Load() {
		return hunts.Hunt{}, false, nil
	}
	return f.Store.Hunt(ctx, id)
}

func TestAHuntThatTheStoreLostEndsInWordsAndOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yml")
	if err := os.WriteFile(path, []byte(approved), 0o600); err != nil {
		t.Fatal(err)
	}
	var forgot atomic.Bool
	s := newStage(t, stageOptions{policy: path, bot: func(c *bot.Config) { c.Store = forgetful{c.Store, &forgot} }})
	s.slash("/footprint ip=198.51.100.24")
	answered := s.waitFor("CLEAN")
	s.slash("/footprint ip=203.0.113.66 since=90d")
	waits := s.waitFor("Approval pending")
	if err := s.slack.Until(s.ctx, func() bool { // the replica is done with what it posted
		_, known, err := s.stores[0].ThreadHunt(s.ctx, s.soc.ID, waits.TS)
		return err == nil && known
	}); err != nil {
		t.Fatal(err)
	}
	lost := func(ts string) int {
		n := 0
		for _, m := range s.soc.Thread(ts) {
			n += strings.Count(m.Text, "Our store lost the hunt")
		}
		return n
	}
	for n, want := range []int{0, 1, 1} { // known, lost, and looked at once more
		forgot.Store(n > 0)
		if err := s.bots[0].Tick(s.ctx); err != nil {
			t.Fatal(err)
		}
		if got := lost(waits.TS); got != want {
			t.Errorf("tick %d: the thread of a lost hunt says so %d times, want %d", n, got, want)
		}
	}
	if lost(answered.TS) > 0 {
		t.Error("a hunt that was answered is said to be lost")
	}
}
