package bot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func (s *stage) refuse(method, channel, code string) (allow func()) {
	s.t.Helper()
	allow, err := s.slack.Refuse(localslack.Refusal{Method: method, Channel: channel, Error: code})
	if err != nil {
		s.t.Fatal(err)
	}
	return allow
}

// everythingDone fails the test when a job is left or was given up.
func (s *stage) everythingDone() {
	s.t.Helper()
	if err := s.slack.Until(s.ctx, s.idle); err != nil {
		s.t.Fatal("work is left")
	}
	if n, err := s.stores[0].Dead(s.ctx); n > 0 || err != nil {
		s.t.Errorf("%d jobs were given up, %v", n, err)
	}
}

func (s *stage) called(method, channel string) int {
	n := 0
	for _, c := range s.slack.Calls() {
		if c.Method == method && (channel == "" || c.Args["channel"] == channel) {
			n++
		}
	}
	return n
}

func (s *stage) direct(parts ...string) localslack.Message {
	s.t.Helper()
	m, err := s.slack.WaitMessage(s.ctx, s.slack.Direct(s.slack.User("ana")), func(m localslack.Message) bool { return holds(m.Text, parts) })
	if err != nil {
		s.t.Fatalf("no direct message with %q", parts)
	}
	return m
}

func TestAnAnswerStandsWithoutTheFilesThatSlackRefuses(t *testing.T) {
	t.Parallel()
	for method, code := range map[string]string{"files.getUploadURLExternal": "file_uploads_disabled", "files.completeUploadExternal": "file_type_not_allowed"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, stageOptions{})
			s.refuse(method, "", code)
			s.slash(c2)
			answer := s.waitFor("*REACHED*")
			s.inThread(answer, "newest first")
			s.ana.Reply(answer, "csv")
			s.waitThread(answer, func(m []localslack.Message) bool {
				for _, r := range m {
					if holds(r.Text, []string{"Slack refuses files in this channel (" + code + ")", "-events.csv", "-indicators.csv", "An admin"}) || holds(r.Text, []string{code, "-events.csv"}) {
						return true
					}
				}
				return false
			})
			s.everythingDone()
			if m := s.waitFor("*REACHED*"); m.TS != answer.TS {
				t.Error("the verdict is gone")
			}
			shown := 0
			for _, e := range s.auditLog() {
				if e.Action == "shown" {
					shown++
				}
			}
			if shown != 1 {
				t.Errorf("%d audit entries of what was shown, want 1", shown)
			}
		})
	}
}

func TestAnAnswerThatCannotBeEditedInComesBelow(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.refuse("chat.update", "", "edit_window_closed")
	s.slash(c2)
	first := s.waitFor("203.0.113[.]66", "ISAC tip")
	s.inThread(first, "*REACHED*", "edit_window_closed")
	s.inThread(first, "newest first")
	s.everythingDone()
}

func TestAChannelThatTakesNoPostsIsAnsweredTheNextWay(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.refuse("chat.postMessage", "soc", "restricted_action")
	s.slash(c2)
	if m := s.waitFor("*REACHED*", "restricted_action"); m.Ephemeral == "" {
		t.Error("everybody sees it")
	}
	s.refuse("response_url", "", "used_url")
	s.slash("/footprint ip=198.51.100.24")
	s.direct("*CLEAN*", "198.51.100[.]24", "restricted_action")
	s.ana.Say("<@" + s.slack.BotUser() + "> help")
	s.waitFor("Slack refuses my answer in this channel (restricted_action)")
	s.everythingDone()
}

func TestOneChannelThatRefusesIsTriedOnceForEachHunt(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{at: testclock.At()})
	war := s.slack.AddChannel("war")
	s.refuse("chat.postMessage", "war", "restricted_action_read_only_channel")
	for range 80 {
		if err := s.slack.User("ana").In(war).Slash(s.ctx, "/footprint ip=198.51.100.24"); err != nil {
			t.Fatal(err)
		}
	}
	s.answeredWithoutAWait()
	if n := s.called("chat.postMessage", war.ID); n != 80 {
		t.Errorf("%d posts were tried in the channel for 80 hunts", n)
	}
}

// answeredWithoutAWait hunts in a channel where all is well. Every clock stands
// still, so that nothing which waits to be tried again ever is: an answer that comes
// took no time at all by that clock.
func (s *stage) answeredWithoutAWait() {
	s.t.Helper()
	began := s.clock.Now()
	s.slash(c2)
	s.waitFor("*REACHED*")
	s.everythingDone()
	if moved := s.clock.Now().Sub(began); moved != 0 {
		s.t.Errorf("the answer took %s", moved)
	}
}

func TestTwoHundredPayloadsThatCannotBeReadDelayNobody(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{at: testclock.At()})
	for n := range 200 {
		if _, err := s.stores[0].Push(s.ctx, bot.LaneInteractive, bot.JobEnvelope, fmt.Sprint("broken:", n), []byte(`{"type":"slash_commands","payload":"?"}`)); err != nil {
			t.Fatal(err)
		}
	}
	s.answeredWithoutAWait()
}

func TestAPayloadThatCannotBeReadIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	log := []hunts.Job{}
	for _, payload := range []string{
		`{"type":"slash_commands","payload":{"text":5,"user_id":"` + s.slack.User("ana").ID + `","channel_id":"` + s.soc.ID + `"}}`,
		`{"type":"interactive","payload":{"actions":7,"user":{"id":"` + s.slack.User("ana").ID + `"},"channel":{"id":"` + s.soc.ID + `"}}}`,
		`{"type":"slash_commands","payload":"?"}`, `{"type":"events_api","payload":[]}`, `?`,
	} {
		log = append(log, hunts.Job{Kind: bot.JobEnvelope, Key: "envelope:1", Payload: []byte(payload)})
	}
	for _, j := range log {
		if err := s.bots[0].Handle(s.ctx, j); err != nil {
			t.Errorf("%s is tried again: %v", j.Payload, err)
		}
	}
	told := 0
	for _, m := range s.soc.All() {
		if strings.Contains(m.Text, "I couldn't read what Slack sent") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d people were told, want 2", told)
	}
}

func TestGivingUpNeverReplacesAnAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	answer := s.answered()
	s.everythingDone()
	id := huntIDIn(answer.Text)
	h, _, err := s.stores[0].Hunt(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	h.State = hunts.Queued // it failed behind the answer, before it was closed
	if err := s.stores[0].SaveHunt(s.ctx, h); err != nil {
		t.Fatal(err)
	}
	s.bots[0].GiveUp(hunts.Job{Kind: bot.JobHunt, Key: "hunt:" + id, Payload: []byte(id)}, errors.New("kept failing"))
	if m := s.waitFor("*REACHED*"); m.TS != answer.TS || strings.Contains(m.Text, "COULD NOT TELL") {
		t.Errorf("it reads\n%s", m.Text)
	}
	if h, _, _ := s.stores[0].Hunt(s.ctx, id); h.State != hunts.Answered {
		t.Errorf("the hunt is %s", h.State)
	}
}

func TestASweepKeepsItsStateWhenItsFilesAreRefused(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.refuse("files.getUploadURLExternal", "", "file_uploads_disabled")
	s.slash(`/footprint watch add ip=203.0.113.9,203.0.113.120 why="from the ISAC"`)
	s.waitFor("2 on the watchlist")
	s.slash("/footprint sweep run")
	s.waitFor("🌅", "New: 1")
	s.everythingDone()
	s.clock.Move(time.Hour)
	s.slash("/footprint sweep run")
	if err := s.slack.Until(s.ctx, func() bool { return s.sweeps() == 2 && s.idle() }); err != nil {
		t.Fatal("there is no second post")
	}
	news := 0
	for _, m := range s.soc.All() {
		if strings.HasPrefix(m.Text, "🌅") && strings.Contains(m.Text, "New: ") {
			news++
		}
	}
	if news != 1 {
		t.Errorf("the same is news in %d posts", news)
	}
	s.everythingDone()
}

func (s *stage) sweeps() int {
	n := 0
	for _, m := range s.soc.All() {
		if strings.HasPrefix(m.Text, "🌅") {
			n++
		}
	}
	return n
}

func TestASweepWhoseChannelTakesNoPostsGoesToItsOwner(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.slash(`/footprint watch add ip=203.0.113.9`)
	s.waitFor("1 on the watchlist")
	s.refuse("chat.postMessage", "soc", "restricted_action")
	s.slash("/footprint sweep run")
	s.direct("🌅", "restricted_action")
	s.everythingDone()
}

func TestAHuntThatBreaksInAChannelThatRefusesIsToldToItsAsker(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.workspace.Fault(localworkspace.Fault{Status: 403, Times: 1000})
	s.refuse("chat.postMessage", "soc", "restricted_action")
	s.slash("/footprint ip=198.51.100[.]24")
	s.waitFor("COULD NOT TELL", "restricted_action")
	s.everythingDone()
}
