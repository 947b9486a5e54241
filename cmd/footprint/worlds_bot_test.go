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
	b, err := bot.New(ctx, bot.Config{
		BotToken: slack.BotToken(), AppToken: slack.AppToken(), APIURL: slack.APIURL(), Runner: runs, Policy: gate, Store: store, Clock: clock.Now, Log: log, Replica: "one",
		Documents: record.Documents(store, clock.Now), Threads: record.ThreadDocuments(store), Sweeping: record.SweepDocuments(store),
		PostBurst: 1000, Stagger: 1, ThreadPause: 1, AckWithin: slackWait,
	})
	if err != nil {
		return said{}, err
	}
	running.Go(func() { _ = b.Run(ctx) }) // ends with the world
	running.Go(func() {
		_ = store.Consume(ctx, record.ConsumeConfig{Workers: 4, Lanes: []string{bot.LaneInteractive, bot.LaneSweep}, Log: log, Heartbeat: time.Second, Stale: 10 * time.Second}, b.Handle)
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
	read := headline
	switch w.road {
	case "command":
		if err := ana.Slash(ctx, "/footprint "+strings.Join(w.words(), " ")); err != nil {
			return said{}, err
		}
	case "mention":
		ana.Say("<@" + slack.BotUser() + "> " + strings.Join(w.words(), " "))
	case "ledger":
		if err := ana.Slash(ctx, "/footprint here enrich on"); err != nil {
			return said{}, err
		}
		if _, err := slack.WaitMessage(ctx, soc, func(m localslack.Message) bool { return m.Ephemeral == "" || m.Text != "" }); err != nil {
			return said{}, err
		}
		var list []string
		for _, x := range w.ask.wants {
			list = append(list, x.plain)
		}
		ana.Say("beacon to " + strings.Join(list, " and "))
		read = w.ledger
	}
	var a said
	err := slack.Until(ctx, func() bool {
		for _, m := range soc.All() {
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
	return a, err
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
// plain, in its own look-back and workspace.
func (w *world) forSlack() {
	w.road = []string{"command", "mention", "ledger"}[w.random.IntN(3)]
	if w.road != "ledger" {
		return
	}
	w.ask.sweep = true
	w.ask.devices, w.ask.scopes, w.ask.wants = nil, []int{0}, nil
	w.ask.wants = append(w.ask.wants, w.newWant("address"), w.newWant("domain"))
	w.ask.from, w.ask.to = w.now.Add(-7*aDay), w.now
}
