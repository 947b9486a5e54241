package bot_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/runner"
)

func (s *stage) press(m localslack.Message, what string) {
	s.t.Helper()
	if err := s.ana.Press(s.ctx, m, what); err != nil {
		s.t.Fatal(err)
	}
}

// addresses are n clean addresses, one a line, from 198.51.100.first on.
func addresses(first, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "198.51.100.%d\n", first+i)
	}
	return b.String()
}

func (s *stage) huntQueries() int {
	n := 0
	for _, q := range s.workspace.Queries() {
		if strings.Contains(q.Query, "let hunt_rows") && !strings.Contains(q.Query, " control\n") && !ofPlace(q.Query) {
			n++
		}
	}
	return n
}

// ofPlace tells a query for what lies behind the search of the endpoints, of which
// there is one for each place that a company has.
func ofPlace(query string) bool {
	first, _, _ := strings.Cut(query, "\n")
	return strings.Contains(first, " place place-")
}

func TestAutomaticHuntsOfAThreadEndAtTheirCap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		pasted      int
		hunted, out int
	}{{"below", 19, 19, 0}, {"at", 20, 20, 0}, {"above", 23, 20, 3}} {
		t.Run(c.name, func(t *testing.T) {
			s := enriched(t, stageOptions{})
			root := s.ana.Say("report\n" + addresses(120, c.pasted))
			m := s.waitFor("📒", fmt.Sprintf("%d of 20 automatic hunts used", c.hunted), "CLEAN")
			if n := strings.Count(m.Text, "→ F-"); n != c.hunted {
				t.Errorf("%d hunted, want %d:\n%s", n, c.hunted, m.Text)
			}
			if left := strings.Contains(m.Text, "more than 20 automatic hunts"); left != (c.out > 0) {
				t.Errorf("left out: %v\n%s", left, m.Text)
			}
			if c.out == 0 {
				return
			}
			s.ana.Reply(root, "<@"+s.slack.BotUser()+"> 198.51.100.140") // asked for by name: the cap does not hold
			s.waitFor("📒", "198.51.100[.]140`  CLEAN", "20 of 20 automatic hunts used")
			s.choose(m, "Hunt anyway", "198.51.100.141")
			s.waitFor("📒", "198.51.100[.]141`  CLEAN", "20 of 20 automatic hunts used", "Not hunted: `198.51.100[.]142`")
		})
	}
}

func TestWhatCostsNothingIsNeverLeftOutForTheCap(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	s.slash("/footprint watch add ip=198.51.100.142")
	s.waitFor("1 on the watchlist")
	s.slash("/footprint ip=198.51.100.141")
	s.waitFor("CLEAN", "198.51.100[.]141")
	s.ana.Say("report\n" + addresses(120, 23))
	m := s.waitFor("📒", "20 of 20 automatic hunts used", "198.51.100[.]142`  CLEAN", "198.51.100[.]141`  CLEAN")
	if n := strings.Count(m.Text, "→ F-"); n != 22 {
		t.Errorf("%d hunted, want 20 and the two that are known:\n%s", n, m.Text)
	}
	if !holds(m.Text, []string{"Not hunted: `198.51.100[.]140` more than 20 automatic hunts"}) {
		t.Errorf("what is left out is not named:\n%s", m.Text)
	}
}

func TestFewQueriesPerTypeWhateverIsPasted(t *testing.T) {
	if testing.Short() {
		t.Skip("only computes")
	}
	t.Parallel()
	s := newStage(t, stageOptions{})
	var list strings.Builder
	list.WriteString(addresses(100, 40))
	for i := range 40 {
		fmt.Fprintf(&list, "n%d.clean.example\n%062xfe\n", i, i+1)
	}
	root := s.ana.Say("the report")
	s.ana.Reply(root, "<@"+s.slack.BotUser()+"> "+list.String())
	s.waitFor("📒", "80 CLEAN")
	// two a type
	if n := s.huntQueries(); n > 3*2 {
		t.Errorf("%d queries for forty addresses, forty names and forty hashes", n)
	}
}

func TestAThreadCoolsDownBetweenRounds(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{bot: func(c *bot.Config) { c.ThreadPause = time.Hour }})
	root := s.ana.Say("beacon to 198.51.100.111")
	first := s.waitFor("📒", "198.51.100[.]111`  CLEAN")
	s.ana.Reply(root, "and 198.51.100.112")
	s.ana.Reply(root, "and 198.51.100.113")
	s.waitFor("📒", "198.51.100[.]112`  waiting, next round", "198.51.100[.]113`  waiting, next round")
	s.press(first, "Hunt again")
	s.waitFor("These were hunted at ")
	if err := s.bots[0].Tick(s.ctx); err != nil {
		t.Fatal(err)
	}
	s.settled()
	if !strings.Contains(s.ledgers()[0].Text, "waiting, next round") {
		t.Errorf("hunted within the cool-down:\n%s", s.ledgers()[0].Text)
	}
	s.ana.Reply(root, "<@"+s.slack.BotUser()+"> 198.51.100.114") // asked for by name: no cool-down
	s.waitFor("📒", "198.51.100[.]114`  CLEAN", "198.51.100[.]112`  waiting, next round")
	before := s.huntQueries()
	s.clock.Move(2 * time.Hour)
	if err := s.bots[0].Tick(s.ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.slack.Until(s.ctx, func() bool {
		return !strings.Contains(s.ledgers()[0].Text, "waiting") && !strings.Contains(s.ledgers()[0].Text, "searching")
	}); err != nil {
		t.Fatalf("not woken:\n%s", s.ledgers()[0].Text)
	}
	if n := s.huntQueries() - before; n != 1 {
		t.Errorf("%d queries for one round", n)
	}
}

func TestAPausedLedgerWaitsAndGoesOn(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("beacon to 198.51.100.115")
	m := s.waitFor("📒", "198.51.100[.]115`  CLEAN")
	s.press(m, "Pause")
	s.waitFor("📒", "· *paused*")
	s.ana.Reply(root, "and 198.51.100.116")
	s.waitFor("📒", "198.51.100[.]116`  waiting, paused")
	s.press(m, "Resume")
	s.waitFor("📒", "198.51.100[.]116`  CLEAN")
}

func TestOnlyANewDeviceIsNews(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	s.ana.Say("beacon to 203.0.113.66 and 192.0.2.10")
	m := s.waitFor("📒", "🔴 `203.0.113[.]66`  REACHED by 2 devices")
	news := s.waitFor("🔴 New: ", "203.0.113[.]66", "you asked for F-")
	if strings.Contains(news.Text, "192.0.2") {
		t.Errorf("a TRIED was told: %s", news.Text)
	}
	before := s.huntQueries()
	s.press(m, "Hunt again")
	if err := s.slack.Until(s.ctx, func() bool { return s.huntQueries() > before }); err != nil {
		t.Fatal(err)
	}
	s.waitFor("📒", "🔴 `203.0.113[.]66`  REACHED by 2 devices")
	s.settled()
	told := 0
	for _, m := range s.soc.All() {
		if strings.HasPrefix(m.Text, "🔴 New:") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times of the same devices", told)
	}
}

func TestDoubtfulOnesWaitForAYes(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	s.ana.Say("agent v203.0.113.66 and backup.zip on 198.51.100.117, resolver 8.8.8.8")
	m := s.waitFor("📒", "❓ Not sure, include it? ", "203.0.113[.]66", "backup[.]zip", "198.51.100[.]117`  CLEAN", "⏭️ Skipped as known-good: `8.8.8[.]8` public resolver")
	if strings.Contains(m.Text, "REACHED") {
		t.Errorf("hunted without a yes:\n%s", m.Text)
	}
	s.press(m, "Include the unsure ones")
	m = s.waitFor("📒", "🔴 `203.0.113[.]66`  REACHED", "`backup[.]zip`  CLEAN")
	if !strings.Contains(m.Text, "Skipped as known-good: `8.8.8[.]8`") {
		t.Errorf("a yes to the doubtful ones hunted the skipped ones:\n%s", m.Text)
	}
}

func TestWhatIsOnlySkippedIsNotWorthALedger(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("server 10.2.3.4 is slow, I asked 8.8.8.8")
	again := s.ana.Reply(root, "10.2.3.4 again")
	s.settled()
	if n := len(s.ledgers()); n != 0 {
		t.Errorf("%d ledgers", n)
	}
	for _, m := range s.soc.Thread(root.TS) {
		if m.TS == again.TS && len(m.Reactions) > 0 {
			t.Error("a reaction to what nobody sees")
		}
	}
	s.ana.Reply(root, "and 198.51.100.124")
	s.waitFor("📒", "198.51.100[.]124`  CLEAN", "⏭️ Skipped as known-good: `10.2.3[.]4` private · `8.8.8[.]8` public resolver")
	other := s.ana.Say("server 10.2.3.5")
	s.ana.Reply(other, "<@"+s.slack.BotUser()+">") // who asks is told
	s.waitFor("📒", "⏭️ Skipped as known-good: `10.2.3[.]5` private")
}

func TestMoreLinesThanAMessageHoldsAreInAFile(t *testing.T) {
	if testing.Short() {
		t.Skip("only computes")
	}
	t.Parallel()
	for _, c := range []struct {
		n     int
		folds bool
	}{{24, false}, {25, false}, {26, true}} {
		t.Run(fmt.Sprint(c.n), func(t *testing.T) {
			s := newStage(t, stageOptions{})
			mention := "<@" + s.slack.BotUser() + "> "
			root := s.ana.Say("the report")
			s.ana.Reply(root, mention+addresses(101, c.n-1)+"203.0.113.66")
			m := s.waitFor("📒", "REACHED")
			sheets := func() (files []localslack.File) {
				for _, m := range s.soc.Thread(root.TS) {
					for _, f := range m.Files {
						if strings.HasPrefix(f.Name, "ledger-") {
							files = append(files, f)
						}
					}
				}
				return files
			}
			if !c.folds {
				s.settled()
				if len(sheets()) > 0 || strings.Contains(m.Text, "more line") {
					t.Errorf("it folds: %v\n%s", sheets(), m.Text)
				}
				return
			}
			// 25 lines, the reached one first, though it came last
			if !strings.Contains(m.Text, "… 1 more line (1 CLEAN)") || strings.Count(m.Text, "→ F-") != 25 || strings.Index(m.Text, "🔴") > strings.Index(m.Text, "🟢") {
				t.Errorf("not folded as it should be:\n%s", m.Text)
			}
			wait := func(name string, lines int) {
				t.Helper()
				if err := s.slack.Until(s.ctx, func() bool { return len(sheets()) == 1 && sheets()[0].Name == name }); err != nil {
					t.Fatalf("%v, want %s alone", sheets(), name)
				}
				data := s.slack.FileData(sheets()[0].ID)
				if got := bytes.Count(data, []byte("\n")) - 1; got != lines {
					t.Errorf("%d lines in %s, want %d", got, name, lines)
				}
			}
			wait("ledger-1.csv", 26)
			s.ana.Reply(root, mention+"198.51.100.201")
			wait("ledger-2.csv", 27)
		})
	}
}

func TestALineOpensItsWholeHunt(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("beacon to 203.0.113.66 and 198.51.100.118")
	m := s.waitFor("📒", "🔴 `203.0.113[.]66`  REACHED by 2 devices · ", " → F-")
	s.press(m, "🔴 203.0.113[.]66")
	opened := s.waitFor("🔴 *REACHED", "203.0.113[.]66")
	if opened.ThreadTS != root.TS {
		t.Errorf("opened in thread %q, not %q", opened.ThreadTS, root.TS)
	}
	s.waitFor("📒", "REACHED by 2 devices · ", " → <", "|F-") // the line points to it now
	s.wellMannered()
}

func TestTheHandOverCarriesTheEvidenceOfEveryHunt(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{})
	root := s.ana.Say("beacon to 203.0.113.66, 198.51.100.119 and 10.1.2.3")
	m := s.waitFor("📒", "🔴 `203.0.113[.]66`", "198.51.100[.]119`  CLEAN")
	s.press(m, "Hand-over")
	s.waitFor("HAND-OVER", "STATE: 1 reached, 0 seen, 0 tried, 1 clean, 0 could not tell, 1 open")
	var data []byte
	if err := s.slack.Until(s.ctx, func() bool {
		for _, m := range s.soc.Thread(root.TS) {
			for _, f := range m.Files {
				if strings.HasSuffix(f.Name, ".zip") {
					data = s.slack.FileData(f.ID)
				}
			}
		}
		return data != nil
	}); err != nil {
		t.Fatal("no evidence bundle")
	}
	if p, err := evidence.Verify(bytes.NewReader(data), int64(len(data)), nil); err != nil || p.Files != 3+2*6 {
		t.Errorf("%+v, %v", p, err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	hunted := map[string]bool{}
	events := 0
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/events.csv") {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			events += bytes.Count(data, []byte("\n")) - 1
		}
		if id, name, ok := strings.Cut(f.Name, "/"); ok && name == "answer.json" {
			hunted[id] = true
		}
	}
	for id := range hunted {
		if !strings.Contains(m.Text, id) {
			t.Errorf("%s is no hunt of this thread", id)
		}
	}
	if events < 100 {
		t.Errorf("the evidence of what was met has %d events", events)
	}
	if len(hunted) != 2 {
		t.Errorf("the evidence of %d hunts", len(hunted))
	}
}

func TestALedgerKeepsToThePolicy(t *testing.T) {
	t.Parallel()
	t.Run("not allowed", func(t *testing.T) {
		s := policed(t, "default: {allow: [hunt]}")
		s.slash("/footprint here enrich on")
		s.waitFor("incident is not allowed in this channel")
		s.slash("/footprint here")
		s.waitFor("Allowed in this channel: hunt", "Enrichment is not allowed")
		root := s.ana.Say("198.51.100.121")
		s.ana.Reply(root, "<@"+s.slack.BotUser()+">")
		s.settled()
		if n := len(s.ledgers()); n != 0 {
			t.Errorf("%d ledgers", n)
		}
	})
	t.Run("names hidden", func(t *testing.T) {
		s := policed(t, "default: {allow: [hunt, incident, export], redact: [devices]}")
		s.slash("/footprint here enrich on")
		s.waitFor("hunted automatically")
		s.ana.Say("203.0.113.66")
		s.waitFor("📒", "🔴")
		news := s.waitFor("🔴 New: `device-1`")
		if strings.Contains(news.Text, "WS-") {
			t.Errorf("a device is named: %s", news.Text)
		}
		s.slash("/footprint incident=4711")
		if m := s.waitFor("📒", "Incident 4711"); strings.Contains(m.Text, "WS-") {
			t.Errorf("a host is named: %s", m.Text)
		}
	})
	t.Run("a short look-back", func(t *testing.T) {
		s := policed(t, "default: {allow: [hunt, incident], max_look_back: 2d}")
		s.slash("/footprint here enrich on")
		s.waitFor("hunted automatically")
		s.ana.Say("198.51.100.122")
		s.waitFor("📒", "last 2 days", "198.51.100[.]122`  CLEAN")
	})
	t.Run("a second person for many", func(t *testing.T) {
		s := policed(t, "default: {allow: [hunt, incident]}\napproval: {indicators: 5, expires: 1h}")
		root := s.ana.Say("the report")
		s.ana.Reply(root, "<@"+s.slack.BotUser()+"> "+addresses(101, 6))
		s.waitFor("📒", "COULD NOT TELL · a hunt of this size needs a second person")
		if n := s.huntQueries(); n != 0 {
			t.Errorf("%d queries without an approval", n)
		}
	})
}

func TestEnrichmentNeedsTheScopeToRead(t *testing.T) {
	t.Parallel()
	scopes := []string{"commands", "chat:write", "files:write", "users:read", "channels:read", "app_mentions:read"}
	s := newStage(t, stageOptions{slack: localslack.Config{Scopes: scopes}})
	s.slash("/footprint here enrich on")
	s.waitFor("the app isn't allowed to read messages", "docs/manifest-enrichment.yml")
	s.slash("/footprint here")
	s.waitFor("Enrichment is off")
}

// failing is a workspace that answers nothing.
type failing struct{ hunts.Source }

func (failing) Query(context.Context, hunts.Query) (hunts.Result, error) {
	return hunts.Result{}, &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace does not answer"}
}

func TestAWorkspaceThatFailsIsNeverCleanInALedger(t *testing.T) {
	t.Parallel()
	s := enriched(t, stageOptions{runner: func(c *runner.Config) { c.Source = failing{c.Source} }})
	s.ana.Say("198.51.100.123")
	m := s.waitFor("📒", "⚪ `198.51.100[.]123`  COULD NOT TELL · ")
	if strings.Contains(m.Text, "CLEAN") {
		t.Errorf("CLEAN after an error:\n%s", m.Text)
	}
}

// overheard tells what jobs of ledgers there are.
type overheard struct {
	bot.Store
	jobs chan []byte
}

func (o overheard) Push(ctx context.Context, lane, kind, key string, payload []byte) (bool, error) {
	if kind == bot.JobLedger {
		o.jobs <- payload
	}
	return o.Store.Push(ctx, lane, kind, key, payload)
}

// noTriage never gets to searching.
type noTriage struct{ bot.Runner }

func (noTriage) Triage(context.Context, []hunts.Hunt, func(hunts.Progress)) ([]hunts.Answer, error) {
	return nil, &hunts.Error{Kind: hunts.KindUnavailable, Say: "the audit log can't be written"}
}

func TestARoundThatIsGivenUpLeavesNoLineRunning(t *testing.T) {
	t.Parallel()
	jobs := make(chan []byte, 10)
	s := enriched(t, stageOptions{bot: func(c *bot.Config) { c.Store, c.Runner = overheard{c.Store, jobs}, noTriage{c.Runner} }})
	s.ana.Say("198.51.100.123")
	s.waitFor("📒", "⏳")
	s.bots[0].GiveUp(hunts.Job{Kind: bot.JobLedger, Payload: <-jobs}, context.DeadlineExceeded)
	m := s.waitFor("📒", "COULD NOT TELL", "kept failing")
	if strings.Contains(m.Text, "⏳") || strings.Contains(m.Text, "CLEAN") {
		t.Errorf("given up, and yet:\n%s", m.Text)
	}
}
