package bot_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

const approved = "default: {allow: [hunt]}\napproval: {look_back: 30d, indicators: 3, expires: 20m}"

// audited are the entries of one hunt as "action user".
func (s *stage) audited(huntID string) []string {
	s.t.Helper()
	var out []string
	err := s.stores[0].AuditSince(s.ctx, testclock.At().Add(-time.Hour), func(e hunts.AuditEntry, _ string) error {
		if e.HuntID == huntID || huntID == "" {
			out = append(out, e.Action+" "+e.User)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func huntIDIn(text string) string {
	i := strings.Index(text, "F-")
	return strings.FieldsFunc(text[i:], func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') })[0]
}

func TestALargeHuntWaitsForASecondPerson(t *testing.T) {
	t.Parallel()
	s := policed(t, approved)
	ben := s.slack.AddUser("ben").In(s.soc)
	ana, benID := s.slack.User("ana").ID, s.slack.User("ben").ID
	s.slash("/footprint ip=203.0.113.66 since=90d")
	m := s.waitFor("Approval pending", "looks back further than 30d")
	id := huntIDIn(m.Text)
	if err := s.ana.Press(s.ctx, m, "Approve"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("You asked for " + id + " yourself")
	if got := s.audited(id); !slices.Equal(got, []string{"held " + ana, "refused " + ana}) {
		t.Errorf("before the approval the audit has %q", got)
	}
	if err := ben.Press(s.ctx, m, "Approve"); err != nil {
		t.Fatal(err)
	}
	answer := s.waitFor(id, "*REACHED*")
	if answer.TS != m.TS {
		t.Error("the answer is not in the message that waited")
	}
	got := s.audited(id)
	if len(got) < 4 || got[0] != "held "+ana || got[2] != "approved "+benID || got[3] != "hunt "+ana {
		t.Errorf("the audit has %q", got)
	}
	s.wellMannered()
}

func TestAnApprovedHuntThatIsRefreshedDoesNotAskAgain(t *testing.T) {
	t.Parallel()
	s := policed(t, approved)
	ben := s.slack.AddUser("ben").In(s.soc)
	s.slash("/footprint ip=203.0.113.66 since=90d")
	m := s.waitFor("Approval pending")
	if err := ben.Press(s.ctx, m, "Approve"); err != nil {
		t.Fatal(err)
	}
	m = s.waitFor(huntIDIn(m.Text), "*REACHED*")
	waiting := func() int { return strings.Count(allText(s.soc), "Approval pending") }
	for n := range 2 { // the second refreshes the first refresh
		if err := s.ana.Press(s.ctx, m, "Refresh"); err != nil {
			t.Fatal(err)
		}
		thread := s.waitThread(m, func(l []localslack.Message) bool { return strings.Count(threadText(l), "*REACHED*") > n })
		if waiting() > 0 || strings.Contains(threadText(thread), "Approval pending") {
			t.Fatalf("refresh %d asks for another approval:\n%s", n+1, threadText(thread))
		}
	}
	// must not: somebody else stands on it, or another question
	if err := ben.Press(s.ctx, m, "Refresh"); err != nil {
		t.Fatal(err)
	}
	s.waitThread(m, func(l []localslack.Message) bool { return strings.Contains(threadText(l), "Approval pending") })
	s.ana.Reply(m, "last 80d")
	s.waitThread(m, func(l []localslack.Message) bool { return strings.Count(threadText(l), "Approval pending") == 2 })
	if got := s.audited(""); !slices.Contains(got, "approved "+s.slack.User("ana").ID) {
		t.Errorf("the audit does not tell that an approval stands for a refresh: %q", got)
	}
}

func threadText(list []localslack.Message) string {
	var b strings.Builder
	for _, m := range list {
		b.WriteString(m.Text + "\n")
	}
	return b.String()
}

func TestARefusedHuntIsNotRun(t *testing.T) {
	t.Parallel()
	s := policed(t, approved)
	ben := s.slack.AddUser("ben").In(s.soc)
	s.slash("/footprint ip=203.0.113.66,203.0.113.67,203.0.113.68,203.0.113.69")
	m := s.waitFor("Approval pending", "more than 3 indicators")
	if err := ben.Press(s.ctx, m, "Refuse"); err != nil {
		t.Fatal(err)
	}
	m = s.waitFor("COULD NOT TELL", "was refused by", "nothing was searched")
	if got := s.audited(huntIDIn(m.Text)); len(got) != 2 || got[1] != "refused "+s.slack.User("ben").ID {
		t.Errorf("the audit has %q", got)
	}
	for _, e := range s.slack.Envelopes() {
		if err := s.slack.Redeliver(e.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.slash("/footprint ip=198.51.100.24")
	s.waitFor("CLEAN")
	if n := len(s.soc.Messages()); n != 2 {
		t.Errorf("%d messages, want the refused hunt and another", n)
	}
}

func TestAHuntThatNobodyApprovesIsOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yml")
	if err := os.WriteFile(path, []byte(approved), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, stageOptions{policy: path})
	ben := s.slack.AddUser("ben").In(s.soc)
	s.slash("/footprint ip=203.0.113.66 since=90d")
	m := s.waitFor("Approval pending")
	if err := s.bots[0].Tick(s.ctx); err != nil {
		t.Fatal(err)
	}
	s.waitFor("Approval pending")
	s.clock.Move(21 * time.Minute)
	if err := ben.Press(s.ctx, m, "Approve"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("expired while waiting for approval")
	if err := s.bots[0].Tick(s.ctx); err != nil {
		t.Fatal(err)
	}
	s.waitFor("was not approved in time", "nothing was searched")
	if got := s.audited(huntIDIn(m.Text)); len(got) != 2 || !strings.HasPrefix(got[1], "refused ") {
		t.Errorf("the audit has %q", got)
	}
}
