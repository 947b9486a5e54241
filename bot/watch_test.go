package bot_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
)

func TestTheWatchlistIsKeptByCommands(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.clock.Move(48 * time.Hour)
	day := func(d time.Duration) string { return s.clock.Now().UTC().Add(d).Format("2006-01-02") }
	shown := func(d time.Duration) string { return s.clock.Now().UTC().Add(d).Format("Jan 2, 2006") }
	const days = 24 * time.Hour
	for _, c := range []struct{ text, want string }{
		{`list`, "The watchlist is empty"},
		{`add 192.0.2[.]140 why="C2" confidence=85 tags=loader,c2`, "1 on the watchlist until " + shown(30*days)},
		{`add 192.0.2.140,203.0.113.9 for=3d`, "2 on the watchlist until " + shown(3*days) + ". 1 were already on the list."},
		{`add evil.example until=` + day(5*days), "1 on the watchlist until " + shown(5*days)},
		{`add evil.example since=10d`, "1 on the watchlist until " + shown(10*days)},
		{`add 8.8.8.8 198.0.0.0/8 evil.example`, "Not added: 8.8.8[.]8 (skipped: public resolver), 198.0.0[.]0/8 (over-wide: a sweep takes networks down to /16"},
		{`add 8.8.8.8`, "None of these can be watched"},
		{`add a.example until=tomorrow`, "isn't a date: write until="},
		{`add a.example until=2020-01-01`, "That day is over"},
		{`add a.example for=banana`, "isn't a length of time"},
		{`add a.example for=2000d`, "An entry can be watched for at most 400 days"},
		{`add a.example since=all`, "An entry needs an end"},
		{`add a.example for=3d until=` + day(days), "not both"},
		{`add a.example confidence=200`, "confidence= goes from 0 to 100"},
		{`add`, "Name what to watch"},
		{`quiet 203.0.113.9 until=` + day(8*days) + ` why="INC-4690"`, "1 muted until " + shown(8*days)},
		{`quiet 203.0.113.9`, "1 muted until " + shown(14*days)},
		{`quiet 198.51.100.77`, "None of these are on the watchlist"},
		{`quiet 203.0.113.9 until=soon`, "isn't a date"},
		{`list`, "3 on the watchlist. 1 quiet."},
		{`remove evil.example why="false positive"`, "1 removed from the watchlist"},
		{`remove evil.example`, "None of these are on the watchlist"},
		{`list`, "2 on the watchlist. 1 quiet."},
		{`nonsense`, "in the message that shares the file."},
	} {
		s.slash("/footprint watch " + c.text)
		s.waitFor(c.want)
	}
	s.waitFor("192.0.2[.]140 · active · until "+s.clock.Now().UTC().Add(30*days).Format("Jan 2")+" · slack · C2", "203.0.113[.]9 · muted until")
	s.clock.Move(31 * days)
	s.slash("/footprint watch list")
	s.waitFor("0 on the watchlist. 2 expired in the last 30 days.")
	s.slash("/footprint sweep run")
	s.waitFor("🌅", "2 expired")
	s.clock.Move(31 * days)
	s.slash("/footprint watch list")
	s.waitFor("The watchlist is empty")
}

func TestWhatAPersonRemovesItsSourceDoesNotBringBack(t *testing.T) {
	t.Parallel()
	version := 1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "192.0.2.140\n198.51.100.%d\n", version)
	}))
	defer server.Close()
	s := sweeping(t, func(c *bot.Config) { c.Fetcher = feed.NewFetcher(true, nil) })
	s.clock.Move(45 * time.Hour)
	s.slash("/footprint sweep add daily from=" + server.URL + "/list.txt")
	s.waitFor("The sweep daily runs")
	s.slash("/footprint sweep run")
	s.waitFor("🌅", "2 indicators", "192.0.2[.]140")
	s.slash(`/footprint watch remove 192.0.2.140 why="ours"`)
	s.waitFor("1 removed")
	version++
	s.clock.Move(time.Hour)
	s.slash("/footprint sweep run")
	m := s.waitFor("🌅", "1 indicator ")
	if strings.Contains(m.Text, "192.0.2[.]140") {
		t.Errorf("what was removed is hunted:\n%s", m.Text)
	}
	s.slash("/footprint watch list")
	s.waitFor("1 on the watchlist. 2 retired.")
	s.slash("/footprint watch add 192.0.2.140")
	s.waitFor("1 were already on the list")
	s.slash("/footprint watch list")
	s.waitFor("2 on the watchlist. 1 retired.")
}

func TestAHuntsIndicatorsGoToTheWatchlistByAButton(t *testing.T) {
	t.Parallel()
	s := sweeping(t)
	s.slash(`/footprint ip=203.0.113.66,8.8.8.8 dns=cdn-sync.example why="ISAC"`)
	m := s.waitFor("*REACHED* by", "203.0.113[.]66")
	if err := s.ana.Press(s.ctx, m, "Add all 3 to sweep"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("👁 2 on the watchlist until", "Not added: 8.8.8[.]8 (skipped: public resolver)")
	s.slash("/footprint watch list")
	s.waitFor("2 on the watchlist.", "203.0.113[.]66 · active", "cdn-sync[.]example · active", "ISAC")
	s.slash(`/footprint ip=192.0.2.140`)
	one := s.waitFor("192.0.2[.]140", "F-")
	if err := s.ana.Press(s.ctx, one, "Add all 1 to sweep"); err == nil {
		t.Error("a hunt for one indicator has two buttons for the same")
	}
}
