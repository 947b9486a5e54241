package bot_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// sweeping is a stage two days ago.
func sweeping(t *testing.T, change ...func(*bot.Config)) *stage {
	t.Helper()
	return newStage(t, stageOptions{behind: 48 * time.Hour, bot: func(c *bot.Config) {
		for _, f := range change {
			f(c)
		}
	}})
}

// tick does what a process does every ten seconds, once the sweeps at work are
// done.
func (s *stage) tick() {
	s.t.Helper()
	for {
		lag, err := s.stores[0].Backlog(s.ctx, bot.LaneSweep)
		if err != nil {
			s.t.Fatal(err)
		}
		if lag[bot.LaneSweep].Waiting+lag[bot.LaneSweep].Pending == 0 {
			break
		}
	}
	if err := s.bots[0].Tick(s.ctx); err != nil {
		s.t.Fatal(err)
	}
}

func TestTheSweepTellsWhatIsNewStillThereAndGone(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.slash(`/footprint watch add ip=192.0.2.140,203.0.113.9,203.0.113.120,198.51.100.24 dns=dl-upd.example why="from the ISAC"`)
	s.waitFor("5 on the watchlist until")
	s.slash("/footprint sweep run")
	first := s.waitFor("🌅", "New: 1", "203.0.113[.]120", "Found in history: 1", "203.0.113[.]9", "first seen", "last seen", "Self-test passed")
	s.waitThread(first, func(m []localslack.Message) bool { return len(m) >= 3 })
	s.clock.Move(48 * time.Hour)
	s.slash("/footprint sweep run")
	second := s.waitFor("🌅", "No longer seen: 1", "New: 2", "192.0.2[.]140", "dl-upd[.]example", "Ongoing: 1")
	if strings.Contains(second.Text, "198.51.100[.]24") || strings.Contains(second.Text, "Found in history") {
		t.Errorf("what was not met, or is history, is told:\n%s", second.Text)
	}
	if !strings.Contains(second.Text, "tried by WS-") || !strings.Contains(second.Text, "mshta.exe") {
		t.Errorf("what happened is not told:\n%s", second.Text)
	}
	s.waitThread(second, func(m []localslack.Message) bool { return len(m) >= 3 && strings.Contains(files(m), "sweep-daily-") })
	if err := s.ana.Press(s.ctx, second, "Hunt 192.0.2[.]140"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("*REACHED* by", "192.0.2[.]140", "F-")
	s.wellMannered()
}

func files(thread []localslack.Message) string {
	var names []string
	for _, m := range thread {
		for _, f := range m.Files {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, " ")
}

func TestADayWithoutNewsIsOneLine(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.clock.Move(48 * time.Hour)
	s.slash("/footprint watch add ip=198.51.100.24")
	s.waitFor("1 on the watchlist")
	s.slash("/footprint sweep run")
	m := s.waitFor("🌅", "nothing found", "Self-test passed", "Self-test passed")
	if strings.Contains(m.Text, "\n") {
		t.Errorf("a quiet day takes more than a line:\n%s", m.Text)
	}
}

func TestAMarkKeepsASweepStill(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.slash("/footprint watch add ip=203.0.113.9,203.0.113.120")
	s.waitFor("2 on the watchlist")
	s.slash("/footprint sweep run")
	m := s.waitFor("New: 1", "Found in history: 1")
	if err := s.ana.Press(s.ctx, m, "Mark 203.0.113[.]9…"); err != nil {
		t.Fatal(err)
	}
	modal, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := modal.Fill("verdict", "value", "known").Fill("ticket", "value", "INC-4690").Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	}
	s.waitFor("203.0.113[.]9", "marked known (INC-4690)")
	s.clock.Move(24 * time.Hour)
	s.slash("/footprint sweep run")
	again := s.waitFor("Ongoing: 1", "INC-4690", "muted until")
	if strings.Contains(again.Text, "New: ") {
		t.Errorf("what is handled shouts:\n%s", again.Text)
	}
}

func TestTheHistoryOfANewIndicatorIsNoNews(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.slash("/footprint watch add ip=198.51.100.24")
	s.waitFor("1 on the watchlist")
	s.slash("/footprint sweep run")
	s.waitFor("🌅", "nothing found")
	s.clock.Move(24 * time.Hour)
	s.slash("/footprint watch add ip=203.0.113.120")
	s.waitFor("1 on the watchlist", "Every sweep is paused")
	s.slash("/footprint sweep run")
	m := s.waitFor("🌅", "Found in history: 1", "203.0.113[.]120", "first seen")
	if strings.Contains(m.Text, "New: ") {
		t.Errorf("what happened before the window is news:\n%s", m.Text)
	}
	thread := s.waitThread(m, func(m []localslack.Message) bool { return strings.Contains(files(m), "sweep-daily-") })
	if !strings.Contains(thread[1].Text, "WS-ENG-044") {
		t.Errorf("the thread does not name the device:\n%s", thread[1].Text)
	}
	s.clock.Move(24 * time.Hour)
	s.slash("/footprint sweep run")
	s.waitFor("🌅", "2 indicators", "nothing found")
}

func TestASweepReadsItsSourcesFirst(t *testing.T) {
	t.Parallel()
	var list atomic.Value
	list.Store("192.0.2.140 # C2\n203.0.113.9\n198.0.0.0/8\n")
	var broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(list.Load().(string)))
	}))
	defer server.Close()
	s := sweeping(t, func(c *bot.Config) { c.Fetcher = feed.NewFetcher(true, nil) })
	s.clock.Move(48 * time.Hour)
	s.slash(`/footprint sweep add daily cron="30 8 * * *" zone=Europe/Berlin from=ti,sentinel:footprint-iocs,` + server.URL + "/list.txt")
	s.waitFor("The sweep daily runs at 30 8 * * *", "3 sources")
	s.slash("/footprint sweep run")
	m := s.waitFor("🌅", "New: ", "192.0.2[.]140", "skipped")
	s.waitFor("198.0.0[.]0/8", "over-wide", "revoked by its source")
	if n := strings.Count(m.Text, "192.0.2[.]140"); n != 1 {
		t.Errorf("an indicator of three sources is told %d times", n)
	}
	broken.Store(true)
	s.clock.Move(time.Hour)
	s.slash("/footprint sweep run")
	s.waitFor("Not read: ", "503", "Its last good list is hunted")
	s.slash("/footprint watch list")
	s.waitFor("on the watchlist.", "198.51.100[.]24", "· ti")
}

func TestASourceThatAnswersNonsenseIsNotReadAndItsLastListIsHunted(t *testing.T) {
	t.Parallel()
	var answer atomic.Value
	var list strings.Builder
	list.WriteString("192.0.2.140 # C2\n")
	for n := range 20 {
		fmt.Fprintf(&list, "198.51.100.%d\n", 100+n)
	}
	answer.Store(list.String())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer.Load().(string))) }))
	defer server.Close()
	s := sweeping(t, func(c *bot.Config) { c.Fetcher = feed.NewFetcher(true, nil) })
	s.clock.Move(45 * time.Hour)
	s.slash("/footprint sweep add daily from=" + server.URL + "/list.txt")
	s.waitFor("The sweep daily runs")
	s.slash("/footprint sweep run")
	s.waitFor("🌅", "21 indicators", "192.0.2[.]140")
	for text, want := range map[string]string{
		"<!DOCTYPE html><html><title>Sign in</title><a href='https://sso.bad-site.top'>x</a></html>": "is a web page",
		"192.0.2.140\n":            "it names 1 indicators and named 21 before",
		"see the new address\n":    "none of its values can be hunted",
		`{"error":"unauthorized"}`: "holds no indicator",
	} {
		answer.Store(text)
		s.clock.Move(25 * time.Hour)
		s.slash("/footprint sweep run")
		s.waitFor("🌅", "21 indicators", "Not read: ", want, "Its last good list is hunted")
	}
	told := 0
	for _, c := range s.slack.Calls() {
		if c.Method == "chat.postMessage" && c.Args["channel"] == s.slack.User("ana").ID && strings.Contains(c.Args["text"], "Not read") {
			told++
		}
	}
	if told != 4 {
		t.Errorf("the owner was told %d times in four days", told)
	}
	answer.Store(list.String())
	s.clock.Move(25 * time.Hour)
	s.slash("/footprint sweep run")
	if m := s.waitFor("🌅", "21 indicators", "daily"); strings.Contains(m.Text, "Not read") {
		t.Errorf("a source that is well again: %s", m.Text)
	}
}

func TestASweepSearchesTheWorkspacesThatItNamesAndAllWithoutOne(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{
		second: localworkspace.Fleet(localworkspace.FleetOptions{Seed: 11, Now: testclock.At(), Devices: 40, Days: 2}),
		bot:    func(c *bot.Config) { c.Workspaces = []string{"test", "us"} },
	})
	s.slash("/footprint watch add ip=192.0.2.140")
	s.waitFor("1 on the watchlist")
	s.slash("/footprint sweep add daily workspace=nowhere")
	s.waitFor(`There is no workspace "nowhere". Known: test, us`)
	s.slash("/footprint sweep add daily workspace=US")
	s.waitFor("The sweep daily runs", "It searches us.")
	s.slash("/footprint sweep run")
	if m := s.waitFor("🌅", "· us · 1 indicator"); strings.Contains(m.Text, "· test ·") {
		t.Errorf("another workspace is in it: %s", m.Text)
	}
	s.slash("/footprint sweep list")
	s.waitFor("daily · 30 8 * * 1-5", " · us")
	s.clock.Move(time.Minute)
	s.slash("/footprint sweep add daily workspace=all")
	s.waitFor("It searches test, us.")
	s.slash("/footprint sweep run")
	s.waitFor("🌅", "· test, us · 1 indicator")
}

func TestAMarkAsMaliciousMutesNothingInASweep(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[string]string{"malicious": "🆕", "benign": "Muted"} {
		t.Run(verdict, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, stageOptions{})
			s.slash("/footprint watch add ip=192.0.2.140")
			s.waitFor("1 on the watchlist")
			mark := hunts.Mark{Verdict: verdict, By: "U000000001", Until: s.clock.Now().Add(30 * 24 * time.Hour)}
			if err := record.Documents(s.stores[0], s.clock.Now).Marks.Put(s.ctx, "192.0.2.140", mark); err != nil {
				t.Fatal(err)
			}
			s.slash("/footprint sweep run")
			s.waitFor("🌅", "192.0.2[.]140", want)
		})
	}
}

func TestASweepThatCanNotTellIsTriedAgainAndItsPostChanges(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.clock.Move(48 * time.Hour)
	s.slash("/footprint watch add ip=198.51.100.24")
	s.waitFor("1 on the watchlist")
	var down atomic.Bool
	down.Store(true)
	s.workspace.Fault(localworkspace.Fault{Status: http.StatusForbidden, Times: 1000, Match: func(string) bool { return down.Load() }})
	s.slash("/footprint sweep run")
	m := s.waitFor("🌅", "COULD NOT TELL", "I'll try again every hour")
	down.Store(false)
	s.clock.Move(30 * time.Minute)
	s.tick()
	s.clock.Move(31 * time.Minute)
	s.tick()
	again := s.waitFor("🌅", "nothing found")
	if again.TS != m.TS {
		t.Error("the second try is another post")
	}
}

func TestNewsIsToldOnceThoughTheRestCouldNotBeTold(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.clock.Move(45 * time.Hour)
	s.slash(`/footprint watch add ip=192.0.2.140,198.51.100.24`)
	s.waitFor("2 on the watchlist")
	var down atomic.Bool
	down.Store(true)
	s.workspace.Fault(localworkspace.Fault{Status: http.StatusForbidden, Times: 1000, Match: func(text string) bool { return down.Load() && strings.Contains(text, " coverage") }})
	s.slash("/footprint sweep run")
	m := s.waitFor("🌅", "New: 1", "192.0.2[.]140", "COULD NOT TELL", "if there is more", "I'll try again every hour")
	s.waitThread(m, func(m []localslack.Message) bool { return strings.Contains(files(m), "sweep-daily-") })
	for range 2 { // it still can't tell
		s.clock.Move(61 * time.Minute)
		s.tick()
	}
	// the next slot comes before this one is whole: what was told is not news again
	s.slash("/footprint sweep run")
	next := s.waitFor("🌅", "coverage incomplete\n⚪ *COULD NOT TELL* if there is more: coverage is unknown", "I'll try again every hour and edit this message when I know.\nno self-test")
	down.Store(false)
	s.clock.Move(61 * time.Minute)
	s.tick()
	whole := s.waitFor("🌅", "No longer seen: 1", "`192.0.2[.]140` from 2 devices", " · fully searched")
	if whole.TS != next.TS || strings.Contains(whole.Text, "New: ") {
		t.Errorf("the last try of the slot:\n%s", whole.Text)
	}
	old := s.soc.Thread(m.TS)[0]
	if !strings.Contains(old.Text, "New: 1") {
		t.Errorf("the tries of a slot changed its news:\n%s", old.Text)
	}
	s.clock.Move(61 * time.Minute)
	s.tick()
	posts := 0
	for _, m := range s.soc.Messages() {
		if strings.Contains(m.Text, "🌅") {
			posts++
		}
	}
	if posts != 2 {
		t.Errorf("%d posts for two slots", posts)
	}
}

func TestADowntimeIsOnePostThatSaysWhatItCovers(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.clock.Move(-48 * time.Hour) // four days ago
	s.slash("/footprint watch add ip=192.0.2.140 for=30d")
	s.waitFor("1 on the watchlist")
	s.slash(`/footprint sweep add daily cron="` + fmt.Sprintf("%d %d", s.clock.Now().UTC().Minute(), s.clock.Now().UTC().Hour()) + ` * * *"`)
	s.waitFor("The sweep daily runs")
	s.clock.Move(24*time.Hour + time.Minute)
	s.tick()
	s.waitFor("🌅", "nothing found")
	// nobody runs for three days
	s.clock.Move(72 * time.Hour)
	s.tick()
	m := s.waitFor("🌅", "Also covers 2 missed slots", "New: 1", "192.0.2[.]140")
	s.tick()
	s.tick()
	posts := 0
	for _, m := range s.soc.Messages() {
		if strings.Contains(m.Text, "🌅") {
			posts++
		}
	}
	if posts != 2 {
		t.Errorf("%d posts, want one before the downtime and one after it; the last is\n%s", posts, m.Text)
	}
}

func TestALateSweepIsToldItsOwnerOnce(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.clock.Move(48 * time.Hour)
	s.slash(`/footprint sweep add daily cron="30 8 * * *"`)
	s.waitFor("The sweep daily runs")
	s.slash("/footprint sweep pause daily")
	s.waitFor("is paused")
	if late := s.bots[0].LateSweeps(s.ctx); len(late) != 0 {
		t.Errorf("a paused sweep is late: %v", late)
	}
}

func TestTheWatchlistGoesOutAndInAsAFile(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.clock.Move(48 * time.Hour)
	s.ana.Share("<@U0FOOTBOT> watch import since=5d why=\"vendor report\"", localslack.File{Name: "list.csv", MIME: "text/csv", Data: []byte("value,note\n192.0.2[.]140,C2\nevil.example,\ncom,\n8.8.8.8,\n")})
	s.waitFor("2 indicators on the watchlist, 2 of them new", "not added: 2 (1 over-wide, 1 skipped)", "line 4", "public suffix", "skipped: public resolver")
	s.slash("/footprint watch export")
	s.waitFor("2 indicators are in watchlist-")
	var data string
	if err := s.slack.Until(s.ctx, func() bool {
		for _, m := range s.soc.Messages() {
			for _, f := range m.Files {
				if strings.HasPrefix(f.Name, "watchlist-") {
					data = string(s.slack.FileData(f.ID))
				}
			}
		}
		return data != ""
	}); err != nil {
		t.Fatal("no file")
	}
	for _, want := range []string{"192.0.2.140,ip,file list.csv,", ",C2,", "evil.example,domain,", "vendor report"} {
		if !strings.Contains(data, want) {
			t.Errorf("the export lacks %q:\n%s", want, data)
		}
	}
	l, err := feed.Read("x.csv", strings.NewReader(data), nil, s.clock.Now())
	if err != nil || len(l.Entries) != 2 {
		t.Errorf("the export can't be read again: %+v, %v", l, err)
	}
}

func TestAFileThatCanNotBeReadSaysWhichScopeIsMissing(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{slack: localslack.Config{Scopes: []string{"commands", "chat:write", "files:write", "app_mentions:read", "users:read", "channels:read"}}})
	s.ana.Share("<@U0FOOTBOT> watch import", localslack.File{Name: "list.txt", Data: []byte("evil.example\n")})
	s.waitFor("I can't read list.txt", "files:read")
	s.slash("/footprint watch import")
	s.waitFor("A slash command can't carry a file")
}

func TestTheOwnerHearsOnceThatASweepIsLate(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.slash(`/footprint sweep add daily cron="30 8 * * *"`)
	s.waitFor("The sweep daily runs")
	// Nobody works: the only replica is held up in its queries, of which the slot is one.
	var down atomic.Bool
	down.Store(true)
	s.workspace.Fault(localworkspace.Fault{Delay: 40 * time.Second, Times: 1000, Match: func(string) bool { return down.Load() }})
	slot := sweep.Schedule{Cron: "30 8 * * *"}.Next(s.clock.Now())
	s.clock.Move(slot.Add(14 * time.Minute).Sub(s.clock.Now()))
	if err := s.bots[0].Tick(s.ctx); err != nil {
		t.Fatal(err)
	}
	if late := s.bots[0].LateSweeps(s.ctx); len(late) != 0 {
		t.Errorf("late after 14 minutes: %v", late)
	}
	s.clock.Move(2 * time.Minute)
	for range 3 {
		if err := s.bots[0].Tick(s.ctx); err != nil {
			t.Fatal(err)
		}
	}
	if late := s.bots[0].LateSweeps(s.ctx); len(late) != 1 || !strings.Contains(late[0], "sweep daily of") {
		t.Errorf("late after 16 minutes: %v", late)
	}
	ages, err := s.bots[0].SweepAges(s.ctx)
	if err != nil || ages["daily"] < time.Hour {
		t.Errorf("ages %v, %v", ages, err)
	}
	told := 0
	for _, c := range s.slack.Calls() {
		if c.Method == "chat.postMessage" && c.Args["channel"] == s.slack.User("ana").ID && strings.Contains(c.Args["text"], "has not posted") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the owner was told %d times", told)
	}
	down.Store(false)
}

func TestTheOperatorsSweepsStandBesideThoseOfSlack(t *testing.T) {
	t.Parallel()
	own := []sweep.Schedule{{Name: "morning", Cron: "0 6 * * *", Zone: "UTC", Channel: "C0SOC", FromYML: true}}
	s := sweeping(t, func(c *bot.Config) { c.Sweeps = own })
	s.tick()
	s.slash("/footprint sweep list")
	s.waitFor("morning · 0 6 * * * · UTC")
	s.slash(`/footprint sweep add morning cron="0 7 * * *"`)
	s.waitFor("morning comes from the operator's file")
	s.slash("/footprint sweep remove morning")
	s.waitFor("is changed there")
	s.slash("/footprint sweep pause morning")
	s.waitFor("The sweep morning is paused")
	s.tick()
	s.slash("/footprint sweep list")
	s.waitFor("morning · 0 6 * * * · UTC", "· paused")
}

func TestAnAddressThatIsNoSourceIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.slash("/footprint sweep add daily from=ftp://feed.example/x")
	s.waitFor("isn't a source of indicators")
	s.slash(`/footprint sweep add daily cron="every day"`)
	s.waitFor("isn't a schedule: write minute, hour")
	s.slash(`/footprint sweep add daily cron="0 8 30 2 *"`)
	s.waitFor("never runs")
	s.slash("/footprint sweep add daily channel=nowhere")
	s.waitFor("isn't a channel")
	s.slash("/footprint sweep add nightly channel=<#" + s.slack.Channel("incidents").ID + "|incidents>")
	s.waitFor("The sweep nightly runs at", "posts to <#"+s.slack.Channel("incidents").ID+">")
	s.slash("/footprint sweep add daily zone=Mars/Base")
	s.waitFor("isn't a time zone")
}
