package bot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// away are the ways in which a Redis can be gone.
var away = map[string]struct {
	leave, comeBack func(*recordtest.Server, testing.TB)
}{
	"killed": {(*recordtest.Server).Kill, (*recordtest.Server).Start},
	"silent": {(*recordtest.Server).Freeze, (*recordtest.Server).Thaw},
}

func TestAHuntThatRunsWhenRedisGoesAwayIsAnswered(t *testing.T) {
	t.Parallel()
	for name, redis := range away {
		t.Run(name, func(t *testing.T) {
			server := recordtest.Real(t)
			s := newStage(t, stageOptions{redis: server.URL(), patience: 300 * time.Millisecond})
			running, gone := make(chan struct{}, 64), make(chan struct{})
			s.workspace.Fault(localworkspace.Fault{Match: func(string) bool { running <- struct{}{}; <-gone; return false }})
			s.slash(c2)
			select {
			case <-running:
			case <-s.ctx.Done():
				t.Fatal("the hunt does not begin")
			}
			redis.leave(server, t)
			close(gone)
			answer := s.waitFor("*REACHED*", "Our store doesn't answer")
			queries := len(s.workspace.Queries())
			redis.comeBack(server, t)
			s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
			whole := s.waitFor("*REACHED*")
			if whole.TS != answer.TS || strings.Contains(whole.Text, "store doesn't answer") {
				t.Errorf("after Redis came back it reads\n%s", whole.Text)
			}
			if n := len(s.workspace.Queries()); n != queries {
				t.Errorf("%d queries were asked again", n-queries)
			}
			s.ana.Reply(answer, "only failed")
			s.waitFor("*only failed*", "1 device")
			s.wellMannered()
		})
	}
}

func TestWhatIsAskedWhileRedisIsAwayIsDeclinedInWordsAndWorksAfterwards(t *testing.T) {
	t.Parallel()
	for name, redis := range away {
		t.Run(name, func(t *testing.T) {
			server := recordtest.Real(t)
			acks := make(chan time.Duration, 16)
			s := newStage(t, stageOptions{redis: server.URL(), patience: 300 * time.Millisecond, bot: func(c *bot.Config) {
				c.Acked = func(took time.Duration, stored bool) {
					if !stored {
						acks <- took
					}
				}
			}})
			s.slash(c2)
			answer := s.waitFor("*REACHED*")
			s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
			s.slash("/footprint")
			modal, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
			if err != nil {
				t.Fatal(err)
			}
			queries := len(s.workspace.Queries())

			redis.leave(server, t)
			s.slash("/footprint ip=198.51.100.24")
			if m := s.waitFor("I can't take this now: our store doesn't answer. Nothing was searched"); m.Ephemeral == "" {
				t.Error("it is told in public")
			}
			if err := s.ana.Press(s.ctx, answer, "Last 30 days"); err != nil {
				t.Fatal(err)
			}
			if err := s.slack.Until(s.ctx, func() bool { return declined(s.soc) == 2 }); err != nil {
				t.Error("a press was lost without a word")
			}
			wrong, err := modal.Fill("indicators", "text", "198.51.100.24").Submit(s.ctx)
			if err != nil || !strings.Contains(strings.Join(sentences(wrong), " "), "I can't take this now") {
				t.Errorf("the form says %v, %v", wrong, err)
			}
			for range 3 {
				if took := <-acks; took > time.Second {
					t.Errorf("an acknowledgement took %v", took)
				}
			}

			redis.comeBack(server, t)
			err = s.slack.Until(s.ctx, func() bool {
				within, stop := context.WithTimeout(s.ctx, time.Second)
				defer stop()
				_, _, err := s.stores[0].Hunt(within, "F-NONE")
				return err == nil
			})
			if err != nil {
				t.Fatal("the store does not come back")
			}
			if n := len(s.workspace.Queries()); n != queries {
				t.Errorf("%d queries were asked for what was declined", n-queries)
			}
			s.slash("/footprint ip=198.51.100.24")
			s.waitFor("CLEAN", "198.51.100[.]24")
		})
	}
}

func declined(c *localslack.Channel) int {
	n := 0
	for _, m := range c.All() {
		if strings.Contains(m.Text, "I can't take this now") {
			n++
		}
	}
	return n
}

func sentences(m map[string]string) []string {
	var out []string
	for _, s := range m {
		out = append(out, s)
	}
	return out
}

func TestWhoAskedHearsThatAJobWasGivenUp(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	payload := `{"type":"slash_commands","payload":{"command":"/footprint","text":"ip=198.51.100.24","user_id":"` + s.slack.User("ana").ID + `","channel_id":"` + s.soc.ID + `"}}`
	s.bots[0].GiveUp(hunts.Job{Kind: bot.JobEnvelope, Key: "envelope:1", Payload: []byte(payload)}, context.DeadlineExceeded)
	if m := s.waitFor("given up; nothing was searched"); m.Ephemeral == "" {
		t.Error("it is told in public")
	}
}
