package hunts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

func rowsOf(lines ...[4]string) hunts.Answer {
	var a hunts.Answer
	for _, l := range lines {
		a.Rows = append(a.Rows, hunts.Row{Device: l[0], Process: l[1], Outcome: hunts.Outcome(l[2]), Matched: []string{l[3]}, Events: 1})
	}
	return a
}

// many is one row on each of a hundred devices.
func many() hunts.Answer {
	var a hunts.Answer
	for i := range 100 {
		a.Rows = append(a.Rows, hunts.Row{Device: fmt.Sprint("ws-", i), Process: "a.exe", Outcome: hunts.OutcomeReached, Matched: []string{"ip"}})
	}
	return a
}

func offered(list []hunts.Suggestion) []string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%s: %d devices, %d rows", s.Filter.Text(), s.Devices, s.Rows))
	}
	return out
}

func TestFacetsAreThoseThatSplitBest(t *testing.T) {
	story := rowsOf(
		[4]string{"ws-1", "powershell.exe", "reached", "ip"}, [4]string{"ws-2", "PowerShell.exe", "reached", "ip"},
		[4]string{"ws-3", "rundll32.exe", "reached", "name"}, [4]string{"ws-4", "excel.exe", "failed", "ip"},
	)
	noisy := rowsOf(
		[4]string{"ws-1", "msedge.exe", "reached", "ip"}, [4]string{"ws-2", "msedge.exe", "reached", "ip"}, [4]string{"ws-3", "msedge.exe", "reached", "ip"},
		[4]string{"ws-4", "msedge.exe", "reached", "ip"}, [4]string{"ws-5", "curl.exe", "reached", "ip"}, [4]string{"ws-6", "wget.exe", "reached", "ip"},
	)
	for name, c := range map[string]struct {
		answer hunts.Answer
		want   []string
	}{
		"half of the devices first, then another property": {story, []string{"only powershell.exe: 2 devices, 2 rows", "only failed: 1 devices, 1 rows", "only ws-1: 1 devices, 1 rows"}},
		"without the noise leaves less than only it":       {noisy, []string{"without msedge.exe: 2 devices, 2 rows", "only ws-1: 1 devices, 1 rows"}},
		"one device is split by its rows": {rowsOf([4]string{"ws-1", "a.exe", "reached", "ip"}, [4]string{"ws-1", "b.exe", "failed", "ip"}, [4]string{"ws-1", "b.exe", "reached", "ip"}), []string{
			"only a.exe: 1 devices, 1 rows", "only failed: 1 devices, 1 rows"}},
		"what is all alike is no choice":   {rowsOf([4]string{"ws-1", "a.exe", "reached", "ip"}), nil},
		"the same rows are offered once":   {rowsOf([4]string{"ws-1", "a.exe", "reached", "ip"}, [4]string{"ws-2", "b.exe", "failed", "name"}), []string{"only a.exe: 1 devices, 1 rows"}},
		"what is not recorded has no name": {rowsOf([4]string{"ws-1", "", "reached", "ip"}, [4]string{"ws-1", "a.exe", "reached", "ip"}), []string{"only a.exe: 1 devices, 1 rows"}},
		"one of very many is no split":     {many(), nil},
		"nothing":                          {hunts.Answer{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := offered(c.answer.Facets(3))
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Every filter that is offered leaves what it says, and never all or nothing.
func TestASplitLeavesWhatItSays(t *testing.T) {
	a := rowsOf(
		[4]string{"ws-1", "powershell.exe", "reached", "ip"}, [4]string{"ws-2", "PowerShell.exe", "failed", "ip"}, [4]string{"WS-1", "rundll32.exe", "reached", "name"},
		[4]string{"ws-3", "", "looked_up", "name"}, [4]string{"ws-4", "excel.exe", "failed", "ip"}, [4]string{"ws-4", "excel.exe", "blocked", "ip"},
	)
	a.Rows[0].Matched = []string{"ip", "name"}
	seen := map[hunts.Facet]bool{}
	for _, s := range a.Splits() {
		n := a.Narrow(s.Filter)
		if len(n.Rows) != s.Rows || len(n.Devices) != s.Devices || s.Rows == 0 || s.Rows == len(a.Rows) {
			t.Errorf("%s says %d rows on %d devices, and leaves %d on %d", s.Filter.Text(), s.Rows, s.Devices, len(n.Rows), len(n.Devices))
		}
		seen[s.Filter.Facet] = true
	}
	if len(seen) != 4 {
		t.Errorf("only %v can be narrowed by", seen)
	}
}

func BenchmarkFacetOfALargeAnswer(b *testing.B) {
	var a hunts.Answer
	for i := range 3000 {
		a.Rows = append(a.Rows, hunts.Row{Device: fmt.Sprintf("ws-%d", i%900), Process: fmt.Sprintf("p-%d.exe", i%40), Outcome: hunts.OutcomeReached, Matched: []string{fmt.Sprintf("203.0.113.%d", i%200)}, Events: 3, FirstSeen: time.Unix(int64(i), 0)})
	}
	for b.Loop() {
		s := a.Facets(2)
		a.Narrow(s[0].Filter)
	}
}
