package main

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// worldSeed draws the worlds of the gate.
const worldSeed = 13

// healthyShare is what part of the healthy worlds without a hit must be CLEAN.
const healthyShare = 99.0

func TestNoAnswerSaysMoreThanTheTruth(t *testing.T) {
	t.Parallel()
	ask := wantedWorlds(t, 150)
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // worlds are made and thrown away
	ask.each(t, newWorld, runtime.GOMAXPROCS(0))
}

// The same through the bot, for fewer worlds: a person types, and reads.
func TestNoMessageSaysMoreThanTheTruth(t *testing.T) {
	t.Parallel()
	ask := wantedWorlds(t, 450)
	if !ask.one {
		ask.most /= 30
	}
	ask.each(t, func(seed, number uint64) *world { return makeWorld(seed, number, true) }, 4)
}

// wanted are the worlds that a run draws.
type wanted struct {
	seed, first, most uint64
	one               bool
}

// wantedWorlds reads FOOTPRINT_TEST_WORLDS: how many, how many@seed, or
// seed/number for one of them.
func wantedWorlds(t *testing.T, most uint64) wanted {
	t.Helper()
	a := wanted{seed: worldSeed, most: most}
	if testing.Short() || raceEnabled() {
		a.most = most / 5
	}
	text := os.Getenv("FOOTPRINT_TEST_WORLDS")
	if text == "" {
		return a
	}
	number := func(text string) uint64 {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("FOOTPRINT_TEST_WORLDS takes 2000, 2000@7 or 7/12: %v", err)
		}
		return n
	}
	if seed, n, ok := strings.Cut(text, "/"); ok {
		return wanted{seed: number(seed), first: number(n), most: 1, one: true}
	}
	count, seed, ok := strings.Cut(text, "@")
	if a.most = number(count); ok {
		a.seed = number(seed)
	}
	return a
}

// each asks the question of every world, several at once.
func (a wanted) each(t *testing.T, draw func(seed, number uint64) *world, workers int) {
	t.Helper()
	catalog, dir, report := worldCatalog(t), t.TempDir(), newReport()
	var next atomic.Uint64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for n := next.Add(1) - 1; n < a.most && !report.enough(); n = next.Add(1) - 1 {
				w := draw(a.seed, a.first+n)
				got, err := w.travel(context.Background(), dir, catalog)
				if err != nil {
					t.Errorf("%v\n%s", err, w.describe())
					continue
				}
				report.add(w, got)
				if a.one {
					t.Log(w.describe(), fmt.Sprintf("%+v", got))
				}
			}
		})
	}
	group.Wait()
	report.print(t)
}

// newWorld draws a world: the same for the same numbers.
func newWorld(seed, number uint64) *world { return makeWorld(seed, number, false) }

func makeWorld(seed, number uint64, slack bool) *world {
	w := &world{seed: seed, number: number, random: rand.New(rand.NewPCG(seed, number))}
	w.now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(w.random.IntN(300*24*3600)) * time.Second).Add(time.Duration(w.random.IntN(1_000_000)) * time.Microsecond)
	w.road = []string{
		"hunt", "hunt", "hunt", "hunt", "hunt", "hunt", "hunt", "hunt", "hunt", "hunt", "sweep", "sweep", "sweep",
		"hunt in the terminal", "hunt in the terminal", "hunt in the terminal", "hunt in the terminal", "sweep in the terminal", "custom hunt same", "custom hunt bounded",
	}[w.random.IntN(20)]
	if slack {
		w.road = "command"
	}
	live := !strings.HasSuffix(w.road, "in the terminal")
	scopes := 1
	if live && w.random.IntN(3) == 0 {
		scopes = 2 + w.random.IntN(2)
	}
	back := []time.Duration{9 * aDay, 9 * aDay, 9 * aDay, 16 * aDay, 32 * aDay, 91 * aDay}[w.random.IntN(6)]
	if !live {
		back = min(back, 16*aDay)
	}
	for n := range scopes {
		r := w.newRhythm(back)
		r.office = r.office && live // of an export, nothing says who only sleeps
		w.scopes = append(w.scopes, w.newScope(n, live, r))
	}
	w.ask.sweep = strings.HasPrefix(w.road, "sweep")
	w.newAsk()
	if slack {
		w.forSlack()
	}
	w.troubleIt()
	w.askBefore()
	w.toDefender()
	return w
}

func (w *world) newRhythm(back time.Duration) rhythm {
	r := rhythm{devices: 4 + w.random.IntN(5), servers: 1 + w.random.IntN(3), back: back, step: 2 * time.Hour, office: w.random.IntN(4) == 0}
	switch {
	case back > 40*aDay:
		r.step, r.devices, r.office = 6*time.Hour, 5, false
	case back > 10*aDay:
		r.step, r.office = 3*time.Hour, false
	case r.office: // at night the servers are alone
		r.step = time.Hour
	case w.random.IntN(6) == 0:
		r.step, r.devices, r.office = 4*time.Hour, 20+w.random.IntN(18), false
	}
	return r
}

// troubleIt plants the truth, then breaks what it rests on.
func (w *world) troubleIt() {
	kind := w.random.IntN(10)
	hits := 0
	if kind >= 4 && w.random.IntN(3) > 0 {
		hits = 1 + w.random.IntN(3)
	}
	near := w.random.IntN(4)
	w.profile = "healthy"
	if strings.HasPrefix(w.road, "sweep") && w.scopes[0].live && !w.ask.from.IsZero() && w.random.IntN(3) == 0 {
		w.ask.late = w.ask.from
	}
	w.plant(hits, near)
	if w.road == "custom hunt bounded" {
		w.ask.limit, w.bound = w.now.Add(-aDay), w.random.IntN(len(ownBounds))
		for _, s := range w.scopes {
			s.trouble("a hunt that bounds its own time", always(spoiled))
		}
	}
	if kind < 6 {
		return
	}
	w.profile = "faulty"
	var able []fault
	for _, f := range faults() {
		if (w.scopes[0].live && f.live || !w.scopes[0].live && f.exports) && (!f.rare || w.random.IntN(20) == 0) {
			able = append(able, f)
		}
	}
	for range 1 + w.random.IntN(5)/3 {
		s := w.scopes[w.ask.scopes[w.random.IntN(len(w.ask.scopes))]]
		if w.random.IntN(6) == 0 {
			s = w.scopes[w.random.IntN(len(w.scopes))]
		}
		able[w.random.IntN(len(able))].strike(w, s)
	}
}

// ownBounds are ways in which a hunt bounds its time by itself: nothing that is
// older than a day is looked at.
var ownBounds = []string{
	"| where TimeGenerated > ago(1d)", "| where now() - TimeGenerated < 1d", "| where TimeGenerated > window_to - 1d", "| extend Age = window_to - TimeGenerated | where Age < 1d",
	"| where TimeGenerated between (ago(24h) .. now())",
}

// worldCatalog has the shipped hunts, the network footprint under another name,
// and one that bounds its own time.
func worldCatalog(t *testing.T) *runner.Catalog {
	t.Helper()
	text, err := fs.ReadFile(hunts.Shipped, "catalog/network-footprint.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const bound = "| where TimeGenerated >= window_from and TimeGenerated < window_to\n"
	if strings.Count(string(text), bound) == 0 {
		t.Fatal("the shipped hunt no longer bounds its window where this test changes it")
	}
	extra := fstest.MapFS{"same.yaml": {Data: text}}
	for n, own := range ownBounds {
		extra[fmt.Sprintf("bounded%d.yaml", n)] = &fstest.MapFile{Data: []byte(strings.Replace(string(text), bound, bound+"      "+own+"\n", 1))}
	}
	catalog, problems, err := runner.LoadCatalog(extra)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Log("hunt left out: ", p)
	}
	return catalog
}

// ownHunt is the hunt of one's own that is asked.
func (w *world) ownHunt() string {
	if w.road == "custom hunt bounded" {
		return fmt.Sprintf("bounded%d", w.bound)
	}
	return "same"
}

func seeds(w *world) string { return fmt.Sprintf("%d/%d", w.seed, w.number) }
