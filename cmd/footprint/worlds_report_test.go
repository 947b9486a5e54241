package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tally counts the answers to worlds of one kind.
type tally struct {
	worlds, clean, reached, tried, doubt, refused     int
	falseClean, falseReached, falseTried, missed, odd int
}

// report counts what the oracle found.
type report struct {
	mu             sync.Mutex
	kinds, roads   map[string]*tally
	all            tally
	healthy, green int
	wrong          []string // what fails
	doubted        []string // healthy worlds that were not CLEAN
	refused        map[string]int
}

func newReport() *report {
	return &report{kinds: map[string]*tally{}, roads: map[string]*tally{}, refused: map[string]int{}}
}

func (r *report) add(w *world, a said) {
	j := w.judge(a)
	kinds := w.kinds()
	r.mu.Lock()
	defer r.mu.Unlock()
	tallies := []*tally{&r.all, entry(r.roads, w.road)}
	for _, k := range kinds {
		tallies = append(tallies, entry(r.kinds, k))
	}
	for _, t := range tallies {
		t.count(j, a)
	}
	if j.refused {
		r.refused[a.refused]++
		if len(r.refused) > 50 {
			r.wrong = append(r.wrong, "refused: "+a.refused)
		}
		return
	}
	for _, says := range []string{j.falseClean, j.falseReached, j.falseTried, j.missed, j.wrongCount} {
		if says == "" {
			continue
		}
		r.wrong = append(r.wrong, fmt.Sprintf("%s [%s]: %s (%s)\n%s", seeds(w), strings.Join(kinds, " + "), says, a.Reason, w.describe()))
	}
	if j.healthy {
		r.healthy++
		if j.clean {
			r.green++
		} else {
			r.doubted = append(r.doubted, fmt.Sprintf("%s: %s, %s\n%s", seeds(w), a.Verdict, a.Reason, w.describe()))
		}
	}
}

// enough tells that there is no use in more worlds: the product is broken.
func (r *report) enough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.wrong) > 2*shownWorlds
}

func entry(m map[string]*tally, key string) *tally {
	if m[key] == nil {
		m[key] = &tally{}
	}
	return m[key]
}

func (t *tally) count(j judgement, a said) {
	t.worlds++
	switch {
	case j.refused:
		t.refused++
	case a.Verdict == "CLEAN":
		t.clean++
	case a.Verdict == "REACHED":
		t.reached++
	case a.Verdict == "TRIED":
		t.tried++
	default:
		t.doubt++
	}
	for says, n := range map[*string]*int{&j.falseClean: &t.falseClean, &j.falseReached: &t.falseReached, &j.falseTried: &t.falseTried, &j.missed: &t.missed, &j.wrongCount: &t.odd} {
		if *says != "" {
			*n++
		}
	}
}

func (t *tally) String() string {
	return fmt.Sprintf("%6d worlds %6d CLEAN %6d REACHED %6d TRIED %6d not told %4d refused | false: %4d CLEAN %4d REACHED %4d TRIED | %4d missed %4d miscounted",
		t.worlds, t.clean, t.reached, t.tried, t.doubt, t.refused, t.falseClean, t.falseReached, t.falseTried, t.missed, t.odd)
}

// shownWorlds bounds what is printed of wrong worlds.
const shownWorlds = 20

func (r *report) print(t *testing.T) {
	t.Helper()
	var b strings.Builder
	for _, group := range []map[string]*tally{r.roads, r.kinds} {
		for _, k := range slices.Sorted(maps.Keys(group)) {
			fmt.Fprintf(&b, "%-48s %s\n", k, group[k])
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%-48s %s\n", "all", &r.all)
	share := 100.0
	if r.healthy > 0 {
		share = 100 * float64(r.green) / float64(r.healthy)
	}
	fmt.Fprintf(&b, "healthy and without a hit: %d of %d are CLEAN (%.2f %%)\n", r.green, r.healthy, share)
	for says, n := range r.refused {
		fmt.Fprintf(&b, "refused %d times: %s\n", n, says)
	}
	t.Log("\n" + b.String())
	for _, says := range r.wrong[:min(len(r.wrong), shownWorlds)] {
		t.Error(says)
	}
	if len(r.wrong) > shownWorlds {
		t.Errorf("and %d more", len(r.wrong)-shownWorlds)
	}
	if len(r.doubted) > 0 {
		t.Logf("healthy and not CLEAN: %s", strings.Join(r.doubted[:min(len(r.doubted), 20)], "\n"))
	}
	if share < healthyShare && r.healthy > 20 {
		t.Errorf("only %.2f %% of healthy worlds without a hit are CLEAN", share)
	}
}
