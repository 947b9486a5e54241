package bot_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
)

// logged collects what the bot logs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func kinds(m localslack.Message) string {
	var out []string
	for _, b := range m.Blocks {
		var block struct{ Type string }
		_ = json.Unmarshal(b, &block)
		out = append(out, block.Type)
	}
	return strings.Join(out, " ")
}

func TestBlocksThatSlackRefusesFallBackToThePlainerForm(t *testing.T) {
	t.Parallel()
	log := &logged{}
	s := newStage(t, stageOptions{bot: func(c *bot.Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) }})
	m := s.answered()
	for refused, want := range []string{"rich_text data_table context", "section section table context", ""} {
		if refused > 0 {
			s.slack.Fault(localslack.Fault{Method: "chat.postMessage", Error: "invalid_blocks", Times: refused})
		}
		filter := []string{"only powershell", "only rundll32", "only excel"}[refused]
		s.ana.Reply(m, filter)
		if got := kinds(s.inThread(m, "*"+filter+".exe*", "from cached results")); got != want {
			t.Errorf("after %d refusals the message has the blocks %q, want %q", refused, got, want)
		}
		if text := log.String(); strings.Count(text, "falling back to a plainer form") != []int{0, 1, 3}[refused] || refused > 0 && !strings.Contains(text, "error=invalid_blocks") {
			t.Errorf("after %d more refusals the log says\n%s", refused, text)
		}
	}
}

func TestAMessageThatSlackTakesInNoFormGoesIntoAFile(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	s.slack.Fault(localslack.Fault{Method: "chat.postMessage", Error: "msg_too_long", Times: 3}) // each of the forms
	s.ana.Reply(m, "only powershell")
	s.inThread(m, "only powershell.exe", "The whole message is in the file below.")
	s.waitThread(m, func(all []localslack.Message) bool {
		for _, r := range all {
			for _, f := range r.Files {
				if strings.HasPrefix(f.Name, "message-") {
					return strings.Contains(string(s.slack.FileData(f.ID)), "from cached results")
				}
			}
		}
		return false
	})
}

func TestATriggerThatIsOverIsToldToWhoPressed(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	s.slack.Fault(localslack.Fault{Method: "views.open", Error: "trigger_expired"})
	if err := s.ana.Press(s.ctx, m, "Mark"); err != nil {
		t.Fatal(err)
	}
	if told := s.waitFor("The form couldn't be opened", "Try again"); told.Ephemeral == "" {
		t.Error("everybody was told")
	}
	s.slack.Fault(localslack.Fault{Method: "views.open", Error: "trigger_exchanged"})
	s.slash("/footprint")
	s.waitFor("The form couldn't be opened")
}

func TestAnExpiredResponseURLIsNoEnd(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slack.Fault(localslack.Fault{Method: "response_url", Status: 404})
	s.slash("/footprint ip=203.0.113.666")
	if m := s.waitFor("is not an IP address"); m.Ephemeral == "" {
		t.Error("everybody was told")
	}
	s.slack.Fault(localslack.Fault{Method: "response_url", Status: 404})
	if err := s.slack.User("ana").In(s.slack.Channel("random")).Slash(s.ctx, "/footprint ip=203.0.113.666"); err != nil {
		t.Fatal(err)
	}
	direct := s.slack.Direct(s.slack.User("ana"))
	if _, err := s.slack.WaitMessage(s.ctx, direct, func(m localslack.Message) bool { return strings.Contains(m.Text, "is not an IP address") }); err != nil {
		t.Error("where the bot is no member, nobody was told")
	}
}

func TestAFollowUpWithoutAPlaceIsAnsweredDirectly(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	m := s.answered()
	direct := s.slack.Direct(s.slack.User("ana"))
	s.soc.Archive()
	if err := s.ana.Press(s.ctx, s.table(m), "Only powershell"); err != nil {
		t.Fatal(err)
	}
	if err := s.ana.Press(s.ctx, m, "hunt.more/KQL"); err != nil {
		t.Fatal(err)
	}
	if err := s.ana.Press(s.ctx, m, "Last 30 days"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"*only powershell.exe*", "*REACHED* by 3 devices, tried by 1 · last 30 days"} {
		if _, err := s.slack.WaitMessage(s.ctx, direct, func(m localslack.Message) bool { return strings.Contains(m.Text, want) }); err != nil {
			for _, m := range append(direct.All(), s.soc.All()...) {
				t.Log(m.Ephemeral, m.Text)
			}
			t.Fatalf("no direct message with %q", want)
		}
	}
	if m := s.waitFor("no longer takes files"); m.Ephemeral == "" {
		t.Error("everybody was told")
	}
}
