package bot_test

import (
	"strings"
	"testing"
)

func TestAnIncidentThreadKeepsOneLedger(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint here enrich on")
	s.waitFor("hunted automatically")
	root := s.ana.Say("beacon to 203.0.113.66 and cdn-sync.example, resolver 8.8.8.8")
	s.waitFor("📒", "🔴 `203.0.113[.]66`", "🔴 `cdn-sync[.]example`", "Skipped", "8.8.8[.]8", "2 of 20 automatic hunts used")
	s.waitFor("🔴 New: ", "203.0.113[.]66", "WS-FIN-014")
	s.ana.Reply(root, "also 198.51.100.24")
	ledger := s.waitFor("📒", "🟢 `198.51.100[.]24`")
	repeated := s.ana.Reply(root, "again 198.51.100[.]24 !")
	if err := s.slack.Until(s.ctx, func() bool {
		for _, m := range s.soc.Thread(root.TS) {
			if m.TS == repeated.TS && len(m.Reactions["eyes"]) == 1 {
				return true
			}
		}
		return false
	}); err != nil {
		t.Fatal("a repeated indicator got no reaction")
	}
	ledgers := 0
	for _, m := range s.soc.Thread(root.TS) {
		if strings.Contains(m.Text, "📒") {
			ledgers++
		}
	}
	if ledgers != 1 {
		t.Errorf("%d ledgers in one thread", ledgers)
	}
	if err := s.ana.Press(s.ctx, ledger, "Hand-over"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("HAND-OVER", "STATE: 2 reached, 0 seen, 0 tried, 1 clean, 0 could not tell, 1 open", "FOUND:\n- 203.0.113[.]66: REACHED by 2 devices (F-", "CLEAN:\n- 198.51.100[.]24: CLEAN (F-", "Coverage: ", "OPEN, not hunted:\n- 8.8.8[.]8: public resolver")
	s.choose(ledger, "Hunt anyway", "8.8.8.8")
	s.waitFor("📒", "`8.8.8[.]8`  CLEAN")
	s.wellMannered()
}

func TestFortyPastedIndicatorsTakeFewQueries(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	var text strings.Builder
	for n := range 40 {
		text.WriteString("198.51.100." + string(rune('0'+n/10)) + string(rune('0'+n%10)) + "\n")
	}
	list := strings.ReplaceAll(text.String(), "100.0", "100.1")
	root := s.ana.Say("indicators of the report")
	s.ana.Reply(root, "<@"+s.slack.BotUser()+"> "+list)
	s.waitFor("📒", "CLEAN")
	hunting := 0
	for _, q := range s.workspace.Queries() {
		if strings.Contains(q.Query, "let hunt_rows") && !strings.Contains(q.Query, " control\n") && !ofPlace(q.Query) {
			hunting++
		}
	}
	if hunting > 2 {
		t.Errorf("%d queries for forty addresses", hunting)
	}
}

func TestAnIncidentBringsItsEntities(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint incident=4711")
	s.waitFor("Incident 4711")
	s.waitFor("📒", "Incident 4711", "REACHED")
	s.slash("/footprint incident=99999")
	s.waitFor("there is no incident 99999")
	s.wellMannered()
}

func TestNobodyIsEnrichedWithoutHavingAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(s *stage)
	}{
		{"a channel that did not opt in", func(s *stage) { s.ana.Say("beacon to 203.0.113.66") }},
		{"a member of another company", func(s *stage) {
			s.slash("/footprint here enrich on")
			s.waitFor("hunted automatically")
			s.slack.User("guest").In(s.soc).Say("look at 203.0.113.66")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, stageOptions{})
			c.do(s)
			s.slash("/footprint help")
			s.waitFor("An answer is")
			for _, m := range s.soc.All() {
				if strings.Contains(m.Text, "📒") {
					t.Errorf("a ledger nobody asked for:\n%s", m.Text)
				}
			}
		})
	}
}
