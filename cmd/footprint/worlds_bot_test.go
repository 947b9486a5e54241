package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// icons are the first character of a verdict in every message.
var icons = map[string]string{"🔴": "REACHED", "🟡": "TRIED", "🟣": "SEEN", "🟢": "CLEAN", "⚪": "COULD_NOT_TELL"}

// slackWait is how long an answer may take on a busy machine.
const slackWait = 60 * time.Second

// inSlack asks through the bot, end to end: a person types, and reads what the
// bot posts.
func (w *world) inSlack(ctx context.Context, catalog *runner.Catalog) (said, error) {
	ctx, stop := context.WithTimeout(ctx, slackWait)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	clock := testclock.Stopped(w.now)
	slack := localslack.New(localslack.Config{Clock: testclock.Starting(w.now).Now})
	if err := slack.Start(ctx); err != nil {
		return said{}, err
	}
	defer func() { _ = slack.Close() }()
	store, err := record.Open(ctx, record.Config{Clock: clock.Now, Replica: "one", Random: rand.Reader})
	if err != nil {
		return said{}, err
	}
	defer func() { _ = store.Close() }()
	log := slog.New(slog.DiscardHandler)
	gate, err := policy.New(policy.Config{Store: store, Clock: clock.Now, Log: log})
	if err != nil {
		return said{}, err
	}
	runs, err := w.newRunner(catalog, store, gate)
	if err != nil {
		return said{}, err
	}
	var names []string
	for _, s := range w.scopes {
		names = append(names, s.name)
	}
	b, err := bot.New(ctx, bot.Config{
		Workspaces: names,
		BotToken:   slack.BotToken(), AppToken: slack.AppToken(), APIURL: slack.APIURL(), Runner: runs, Policy: gate, Store: store, Clock: clock.Now, Log: log, Replica: "one",
		Documents: record.Documents(store, clock.Now), Threads: record.ThreadDocuments(store), Sweeping: record.SweepDocuments(store),
		PostBurst: 1000, Stagger: 1, ThreadPause: 1, AckWithin: slackWait,
	})
	if err != nil {
		return said{}, err
	}
	running.Go(func() { _ = b.Run(ctx) }) // ends with the world
	running.Go(func() {
		_ = store.Consume(ctx, record.ConsumeConfig{Workers: 4, Lanes: []string{bot.LaneInteractive, bot.LaneWatch, bot.LaneSweep}, Log: log, Heartbeat: time.Second, Stale: 10 * time.Second}, b.Handle)
	})
	if err := slack.WaitConnected(ctx, 2); err != nil {
		return said{}, err
	}
	a, err := w.converse(ctx, slack)
	stop()
	return a, err
}

// converse types the question and reads the answer.
func (w *world) converse(ctx context.Context, slack *localslack.Workspace) (said, error) {
	soc := slack.Channel("soc")
	ana := slack.User("ana").In(soc)
	heard := 0 // messages that answer something else
	wait := func(read func(localslack.Message) (said, bool)) (a said, err error) {
		err = slack.Until(ctx, func() bool {
			for _, m := range soc.All()[heard:] {
				if got, ok := read(m); ok {
					a = got
					return true
				}
			}
			return false
		})
		if errors.Is(err, context.DeadlineExceeded) {
			var texts []string
			for _, m := range soc.All() {
				texts = append(texts, m.Text)
			}
			return a, fmt.Errorf("nobody answered; the channel says %q", texts)
		}
		heard = len(soc.All())
		return a, err
	}
	var failed error
	ask := func(text string, read func(localslack.Message) (said, bool)) (a said) {
		if failed == nil {
			failed = ana.Slash(ctx, "/footprint "+text)
		}
		if failed == nil {
			a, failed = wait(read)
		}
		return a
	}
	if w.before != nil {
		ask(strings.Join(w.wordsOf(*w.before), " "), headline)
	}
	switch w.road {
	case "mention":
		ana.Say("<@" + slack.BotUser() + "> " + strings.Join(w.words(), " "))
		return wait(headline)
	case "ledger":
		ask("here enrich on", saying("hunted automatically"))
		var list []string
		for _, x := range w.ask.wants {
			list = append(list, x.plain)
		}
		ana.Say("beacon to " + strings.Join(list, " and "))
		if failed != nil {
			return said{}, failed
		}
		return wait(w.ledger)
	case "watchlist":
		var list []string
		for _, x := range w.ask.wants {
			list = append(list, x.word())
		}
		ask("watch add "+strings.Join(list, " "), saying("on the watchlist"))
		ask("sweep add w since=7d "+w.workspaces(w.ask), saying("weep w"))
		return ask("sweep run w", sweepPost), failed
	}
	return ask(strings.Join(w.words(), " "), headline), failed
}

// saying waits for a message that has some words.
func saying(words string) func(localslack.Message) (said, bool) {
	return func(m localslack.Message) (said, bool) { return said{}, strings.Contains(m.Text, words) }
}

// sweepPost reads a sweep's post, which tells what is new by lines.
func sweepPost(m localslack.Message) (said, bool) {
	if !strings.HasPrefix(m.Text, "🌅") {
		return said{}, false
	}
	a := said{sweep: true, Reason: m.Text, Verdict: "HISTORY"}
	_, news, _ := strings.Cut(m.Text, "New: ")
	news, _, _ = strings.Cut(news, "Found in history")
	switch {
	case strings.Contains(m.Text, "⚪"):
		a.Verdict = "COULD_NOT_TELL"
	case strings.Contains(m.Text, "🟢"):
		a.Verdict = "CLEAN"
	case strings.Contains(news, "reached by"):
		a.Verdict = "REACHED"
	case news != "":
		a.Verdict = "TRIED"
	}
	return a, true
}

// headline reads the verdict off an answer, or why the question is not taken.
func headline(m localslack.Message) (said, bool) {
	if m.Ephemeral != "" && m.Text != "" {
		return said{refused: m.Text}, true
	}
	for icon, verdict := range icons {
		if strings.HasPrefix(m.Text, icon) {
			return said{Verdict: verdict, Reason: m.Text, sweep: true}, true // its counts are for people
		}
	}
	return said{}, false
}

// ledger reads the lines of the indicators, once none is waited for.
func (w *world) ledger(m localslack.Message) (said, bool) {
	if !strings.HasPrefix(m.Text, "📒") {
		return said{}, false
	}
	a := said{sweep: true, Reason: m.Text}
	for _, text := range strings.Split(m.Text, "\n") {
		for icon, verdict := range icons {
			rest, ok := strings.CutPrefix(text, icon)
			_, quoted, more := strings.Cut(rest, "`")
			name, _, _ := strings.Cut(quoted, "`")
			if ok && more && len(strings.TrimSpace(rest[:strings.Index(rest, "`")])) == 0 {
				name = strings.NewReplacer("[.]", ".", "[:]", ":").Replace(name)
				a.Indicators = append(a.Indicators, line{Indicator: name, Verdict: verdict})
			}
		}
	}
	return a, len(a.Indicators) == len(w.ask.wants)
}

// forSlack draws a question that is asked in Slack: a ledger takes what is
// plain, in its own look-back and workspace, and a watchlist in those of its sweep.
func (w *world) forSlack() {
	w.road = []string{"command", "mention", "ledger", "watchlist"}[w.random.IntN(4)]
	if w.road != "ledger" && w.road != "watchlist" {
		return
	}
	w.ask.sweep = true
	w.ask.devices, w.ask.wants = nil, nil
	w.ask.wants = append(w.ask.wants, w.newWant("address"), w.newWant("domain"))
	w.ask.from, w.ask.to = w.now.Add(-7*aDay), w.now
	if w.road == "watchlist" { // its slot is a whole second
		w.ask.from, w.ask.to = w.ask.from.Truncate(time.Second), w.now.Truncate(time.Second)
		return
	}
	w.ask.scopes = []int{0}
}
