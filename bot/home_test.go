package bot_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
)

// plain is what a Home tab says, a line each.
func plainHome(m localslack.Message) string {
	var b strings.Builder
	for _, raw := range m.Blocks {
		var block struct {
			Type     string `json:"type"`
			Elements []struct {
				Text     string `json:"text"`
				Elements []struct {
					Type      string `json:"type"`
					Text      string `json:"text"`
					UserID    string `json:"user_id"`
					ChannelID string `json:"channel_id"`
					Fallback  string `json:"fallback"`
				} `json:"elements"`
			} `json:"elements"`
		}
		_ = json.Unmarshal(raw, &block)
		if block.Type == "divider" {
			b.WriteString("────\n")
			continue
		}
		for _, e := range block.Elements {
			b.WriteString(e.Text)
			for _, x := range e.Elements {
				b.WriteString(x.Text + x.Fallback)
				if x.UserID != "" {
					b.WriteString("@" + x.UserID)
				}
				if x.ChannelID != "" {
					b.WriteString("#" + x.ChannelID)
				}
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// home is the Home tab of a person once it says all of the parts.
func (s *stage) home(u *localslack.User, parts ...string) string {
	s.t.Helper()
	within, stop := context.WithTimeout(s.ctx, 20*time.Second)
	defer stop()
	u.OpenHome()
	last := ""
	_, err := s.slack.WaitHome(within, u, func(m localslack.Message) bool {
		last = plainHome(m)
		for _, p := range parts {
			if !strings.Contains(last, p) {
				return false
			}
		}
		return true
	})
	if err != nil {
		s.t.Fatalf("no Home tab with %q: %v\n%s", parts, err, last)
	}
	return last
}

func TestTheHomeTabShowsWhatIsMineAndWhatWaitsForMe(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{at: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), policy: policyFile(t, "default: {allow: [hunt, watch, sweep]}\napproval: {look_back: 30d, expires: 20m}"), bot: func(c *bot.Config) { c.Warranty, c.WatchEvery = 24*time.Hour, 5*time.Minute }})
	ben := s.slack.AddUser("ben")
	s.slash("/footprint ip=203.0.113.66 dns=cdn-sync.example")
	id := huntIDIn(s.waitFor("*REACHED* by 3 devices").Text)
	if err := s.slack.Until(s.ctx, func() bool {
		h, ok, err := s.stores[0].Hunt(s.ctx, id)
		return err == nil && ok && h.State == hunts.Answered
	}); err != nil {
		t.Fatal(err)
	}
	s.slash("/footprint watch add 192.0.2.10 for=3d")
	s.slash(`/footprint sweep add daily cron="30 8 * * *" zone=UTC`)
	s.waitFor("daily")
	s.slash(`/footprint 198.51.100.24 since=90d why="ISAC tip"`)
	held := huntIDIn(s.waitFor("Approval pending").Text)
	mine := s.home(s.slack.User("ana"), held, "REACHED by 3 devices", "1 indicator on the watchlist", "Sweep daily", "0 answers are checked for late data")
	if first, _, _ := strings.Cut(mine, "────"); strings.Contains(first, held) {
		t.Errorf("the asker is offered to approve the own hunt:\n%s", mine)
	}
	theirs := s.home(ben, "asks for 198.51.100[.]24", held, "ISAC tip")
	if strings.Contains(theirs, "203.0.113[.]66") {
		t.Errorf("ben sees what ana hunted:\n%s", theirs)
	}
	got := huntIDs.ReplaceAllString(regexp.MustCompile(`\b([UCD])0[0-9A-F]{8}\b`).ReplaceAllString(mine+"\n════ of the second person\n"+theirs, "${1}…"), "F-…")
	file := filepath.Join("testdata", "home.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != got {
		t.Errorf("the tab differs; run with -update and read the diff: %v\n%s", err, got)
	}
}

func TestTheHomeTabShowsNoMoreThanItsChannels(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [hunt], redact: [devices]}\napproval: {look_back: 30d, groups: [S0LEADS]}")
	s.slash("/footprint 198.51.100.24 since=90d")
	held := huntIDIn(s.waitFor("Approval pending").Text)
	seen := s.home(s.slack.AddUser("ben"), "You may not see the watchlist", "Here, in direct messages: hunt")
	if strings.Contains(seen, held) {
		t.Errorf("who is in none of the groups that approve is offered it:\n%s", seen)
	}
	guest := s.home(s.slack.AddUser("visitor", localslack.Guest()), "guest")
	if strings.Contains(guest, "Watchlist") {
		t.Errorf("a guest sees the tab:\n%s", guest)
	}
}
