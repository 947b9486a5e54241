package bot_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// auditLog are the entries so far.
func (s *stage) auditLog() []hunts.AuditEntry {
	s.t.Helper()
	var out []hunts.AuditEntry
	err := s.stores[0].AuditSince(s.ctx, testclock.At().Add(-time.Hour), func(e hunts.AuditEntry, _ string) error {
		out = append(out, e)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestTheAuditSaysWhoWhereWhatWhyAndWhatCameOfIt(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2 + ` why="ISAC tip"`)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	id := huntIDIn(answer.Text)
	a, ok, err := s.stores[0].Answer(s.ctx, id)
	if err != nil || !ok {
		t.Fatal("no answer", err)
	}
	sum := sha256.Sum256([]byte(a.KQL))
	actions := map[string]hunts.AuditEntry{}
	err = s.slack.Until(s.ctx, func() bool {
		for _, e := range s.auditLog() {
			actions[e.Action] = e
		}
		return actions["shown"].HuntID == id
	})
	if err != nil {
		t.Fatalf("what was shown is not in the audit: %+v", actions)
	}
	for action, e := range actions {
		if e.HuntID != id || e.User != s.slack.User("ana").ID || e.Team != s.slack.TeamID() || e.Channel != s.soc.ID || e.Time.IsZero() || e.Workspace != "test" || e.Why != "ISAC tip" ||
			!strings.Contains(e.What, "203.0.113.66") || e.KQLHash != hex.EncodeToString(sum[:]) {
			t.Errorf("%s lacks something: %+v", action, e)
		}
	}
	if e := actions["shown"]; e.Outcome != "REACHED" || e.Rows != a.Totals.Events || e.ShownTo != s.soc.ID || e.TookMS != a.Source.TookMS {
		t.Errorf("what was shown: %+v", e)
	}
	for _, q := range s.workspace.Queries() {
		if !strings.HasPrefix(q.Query, "// footprint hunt="+id+" by="+s.slack.User("ana").ID+" chan="+s.soc.ID) {
			t.Errorf("a query does not name its hunt:\n%.120s", q.Query)
		}
	}
}

func TestTheAuditIsAnsweredToThoseWhoMayAskIt(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [hunt], for: [{group: S0LEADS, allow: [hunt, audit]}]}")
	s.slash(c2 + ` why="ISAC tip"`)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	s.slash("/footprint ip=198.51.100.24")
	s.waitFor("CLEAN")
	s.slash("/footprint audit ip=203.0.113.66")
	s.waitFor("audit is not allowed in this channel", "allow: [audit]")
	lead := s.slack.User("lead").In(s.soc)
	for question, want := range map[string][]string{
		"ip=203.0.113[.]66":                  {"entries since", "hunt · by " + s.slack.User("ana").ID, "203.0.113[.]66", "ISAC tip", "REACHED", huntIDIn(answer.Text)},
		huntIDIn(answer.Text):                {"hunt · by", "shown"},
		"ip=192.0.2.77":                      {"No audit entries match since"},
		"since=x":                            {"since="},
		s.slack.User("ana").ID + " since=1h": {"refused", "audit ip=203.0.113[.]66"},
	} {
		if err := lead.Slash(s.ctx, "/footprint audit "+question); err != nil {
			t.Fatal(err)
		}
		if m := s.waitFor(want...); m.Ephemeral != s.slack.User("lead").ID {
			t.Errorf("%s is answered to %q", question, m.Ephemeral)
		}
	}
	asked := 0
	err := s.slack.Until(s.ctx, func() bool {
		asked = 0
		for _, e := range s.auditLog() {
			if e.Action == "audit" {
				asked++
			}
		}
		return asked == 4
	})
	if err != nil {
		t.Errorf("%d of the 4 questions that can be answered are in the audit", asked)
	}
}

func TestWithoutAPolicyNobodyMayAskTheAudit(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint audit ip=203.0.113.66")
	s.waitFor("audit is not allowed in this channel")
}
