package bot_test

import (
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

var windowFrom = regexp.MustCompile(`let window_from = datetime\(([^)]*)\)`)

// searched are the beginnings of the slices that were asked for since a number
// of queries.
func (s *stage) searched(after int) (from []time.Time, late int) {
	s.t.Helper()
	for _, q := range s.workspace.Queries()[after:] {
		first, _, _ := strings.Cut(q.Query, "\n")
		switch {
		case strings.HasSuffix(first, " late"):
			late++
		case strings.HasSuffix(first, " control"), strings.Contains(first, " place "):
		case strings.Contains(q.Query, "let hunt_rows"):
			at, err := time.Parse(time.RFC3339Nano, windowFrom.FindStringSubmatch(q.Query)[1])
			if err != nil {
				s.t.Fatal(err)
			}
			from = append(from, at)
		}
	}
	return from, late
}

func TestARefreshInSlackAsksForTheTailAndTellsWhatIsNew(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{behind: 3 * time.Hour})
	s.slash(c2)
	m := s.waitFor("*REACHED* by 1 device")
	s.waitThread(m, func(all []localslack.Message) bool { return len(all) == 3 })
	before := len(s.workspace.Queries())
	began := testclock.At().Add(-3 * time.Hour)
	s.clock.Move(3 * time.Hour)
	if err := s.ana.Press(s.ctx, m, "Refresh"); err != nil {
		t.Fatal(err)
	}
	fresh := s.inThread(m, "*REACHED* by 3 devices", "🆕 +2 devices `WS-FIN-031`, `WS-HR-007`, +", "events since <!date^")
	from, late := s.searched(before)
	tail := began.Add(-time.Hour).Truncate(time.Hour)
	for _, at := range from {
		if at.Before(tail) {
			t.Errorf("it searched again from %s, the tail begins at %s", at, tail)
		}
	}
	if len(from) == 0 || len(from) > 2 || late != 1 {
		t.Errorf("%d slices searched, %d times asked what came late", len(from), late)
	}
	s.waitFor("*REACHED* by 1 device", "Newer in the thread: 🔴 *REACHED* · 3 devices · +2 devices, +")
	s.clock.Move(time.Minute)
	if err := s.ana.Press(s.ctx, fresh, "Refresh"); err != nil {
		t.Fatal(err)
	}
	s.inThread(m, "Nothing new since <!date^")
	s.wellMannered()
}

func TestTheRestOfAHuntIsSearchedByAButtonAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{noon: true})
	bad := testclock.At().Truncate(24 * time.Hour).Add(-48 * time.Hour)
	var broken atomic.Bool
	broken.Store(true)
	s.workspace.Fault(localworkspace.Fault{Status: 504, Times: 1, Match: together})
	s.workspace.Fault(localworkspace.Fault{Status: 403, Times: 1000, Match: func(q string) bool {
		return broken.Load() && strings.Contains(q, "let window_from = datetime("+bad.Format("2006-01-02T15:04:05"))
	}})
	s.slash(c2)
	m := s.waitFor("*REACHED* by 3 devices", "1 of 8 parts not fully searched")
	s.waitThread(m, func(all []localslack.Message) bool { return len(all) == 3 })
	broken.Store(false)
	before := len(s.workspace.Queries())
	if err := s.ana.Press(s.ctx, m, "Search the rest"); err != nil {
		t.Fatal(err)
	}
	s.inThread(m, "*REACHED* by 3 devices", "fully searched", " in the parts that F-")
	if from, late := s.searched(before); len(from) != 1 || !from[0].Equal(bad) || late != 0 {
		t.Errorf("searched %v, and %d times for late rows; want only the slice from %s", from, late, bad)
	}
	s.wellMannered()
}

func TestThirtyDaysReuseTheDaysThatWereSearched(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{noon: true})
	m := s.answered()
	before := len(s.workspace.Queries())
	if err := s.ana.Press(s.ctx, m, "Last 30 days"); err != nil {
		t.Fatal(err)
	}
	s.inThread(m, "*REACHED* by 3 devices", "last 30 days")
	from, late := s.searched(before)
	days := testclock.At().Truncate(24 * time.Hour)
	for _, at := range from {
		if !at.Before(days.Add(-5*24*time.Hour)) && at.Before(days) {
			t.Errorf("the day from %s was searched again", at)
		}
	}
	if late != 0 {
		t.Errorf("%d queries for late rows a moment after the first look", late)
	}
	t.Logf("%d slices of the 30 days were searched", len(from))
	s.wellMannered()
}
