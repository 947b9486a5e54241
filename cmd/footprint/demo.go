package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/bot/watchlist"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// demoPause is how long the demo's clock runs on after the fleet's last event;
// then it stands still, so that the fleet does not look stale after lunch.
const demoPause = 30 * time.Minute

// demo runs everything on this machine: a Slack of our own with a page in the
// browser, a generated fleet behind the real query API, and the bot as serve
// runs it.
func demo(ctx context.Context, p process, args []string) error {
	f := newFlags("demo")
	listen := f.String("listen", "127.0.0.1:8080", "address of the page")
	exported := f.exports()
	from := f.choice("source", "workspace", "workspace", "defender")
	f.Bool("no-browser", false, "accepted for scripts; the demo only prints its address")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{f.summary()}
	}
	start := p.clock().UTC()
	clock := func() time.Time { return min2(p.clock().UTC(), start.Add(demoPause)) }
	slackLike := localslack.New(localslack.Config{Listen: *listen, Patience: time.Minute, Suggestions: suggestions(*exported.path == ""), Commands: completions()})
	if err := slackLike.Start(ctx); err != nil {
		return fmt.Errorf("serving the page: %w; use --listen 127.0.0.1:0 for any free port", err)
	}
	defer func() { _ = slackLike.Close() }()
	fmt.Fprintf(p.stdout, "footprint demo: open %s\n", slackLike.URL())
	// The page is there at once, and so is the bot: questions typed while the fleet
	// is made are acknowledged, and wait for it as for a slow workspace.
	a := assembly{events: *exported.path, progress: p.stderr, clock: clock, log: demoLog(p.stderr), name: "demo", live: true, defender: *from == "defender", exclusions: demoExclusions()}
	if *exported.path == "" {
		a.fleet = func() *localworkspace.Events {
			return localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: start})
		}
	} else {
		exported.moves = true
		a.live, a.exports, a.clock = false, exported, p.clock
	}
	cfg := config{botToken: slackLike.BotToken(), appToken: slackLike.AppToken(), slackAPI: slackLike.APIURL(), replica: "demo", workers: 16, bots: []string{demoPlaybook}, threadPause: 5 * time.Second}
	var drop func()
	var err error
	if cfg.policy, drop, err = demoPolicy(); err != nil {
		return err
	}
	defer drop()
	parts, err := assemble(ctx, cfg, a)
	if err != nil {
		return err
	}
	defer parts.close()
	if *exported.path == "" {
		if err := demoSweep(ctx, parts.store, slackLike.Channel("soc").ID, start); err != nil {
			return err
		}
		demoIncident(slackLike)
		demoStart(slackLike)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return runBot(ctx, cfg, parts, parts.clock, a.log) })
	return group.Wait()
}

// demoPolicy writes the demo's policy: everybody may do everything, the audit
// included, and a hunt of the very long look-back waits for a second person.
func demoPolicy() (path string, drop func(), err error) {
	dir, err := os.MkdirTemp("", "footprint-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("a place for the demo's policy: %w", err)
	}
	path = filepath.Join(dir, "policy.yml")
	const text = "default: {allow: [hunt, sweep, watch, mark, export, incident, audit]}\napproval: {look_back: 180d, expires: 1h}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", nil, fmt.Errorf("writing the demo's policy: %w", err)
	}
	return path, func() { _ = os.RemoveAll(dir) }, nil
}

func demoLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func min2(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// suggestions are the things to type that the page offers.
func suggestions(fleet bool) []localslack.Suggestion {
	if !fleet {
		return []localslack.Suggestion{{Label: "Help", Text: "/footprint help", Channel: "soc"}}
	}
	return []localslack.Suggestion{
		{Label: "A C2 address and its domain", Text: `/footprint ip=203.0.113[.]66 dns=cdn-sync[.]example why="ISAC tip"`, Channel: "soc"},
		{Label: "A clean address, with a neighbor", Text: "/footprint ip=198.51.100[.]24", Channel: "soc"},
		{Label: "Everything a device talked to", Text: "/footprint device=WS-FIN-014 since=24h", Channel: "soc"},
		{Label: "Only through PowerShell", Text: "/footprint dns=cdn-sync.example file=powershell.exe", Channel: "soc"},
		{Label: "A noisy updater", Text: "/footprint dns=vendor-cdn.example since=24h", Channel: "soc"},
		{Label: "A whole network, 30 days back", Text: "/footprint ip=203.0.113.0/24 since=30d", Channel: "soc"},
		{Label: "A hunt for behavior", Text: "/footprint hunt rare-domains since=14d", Channel: "soc"},
		{Label: "One that needs approval", Text: `/footprint dns=cdn-sync[.]example since=200d why="how long ago?"`, Channel: "soc"},
		{Label: "A typo", Text: "/footprint ip=203.0.113.666", Channel: "soc"},
		{Label: "Sweep the watchlist now", Text: "/footprint sweep run", Channel: "soc"},
		{Label: "Who hunted what", Text: "/footprint audit since=1h", Channel: "soc"},
		{Label: "The form", Text: "/footprint", Channel: "soc"},
		{Label: "Help", Text: "/footprint help", Channel: "soc"},
		{Label: "A Sentinel incident", Text: "/footprint incident=4711", Channel: "incidents"},
		{Label: "Hunt automatically here", Text: "/footprint here enrich on", Channel: "incidents"},
		{Label: "A message with indicators", Text: "Beacon from WS-FIN-014 to 203.0.113[.]66, name cdn-sync[.]example, resolver 8.8.8.8. Also check 198.51.100[.]24.", Channel: "incidents"},
	}
}

// completions are the bot's own commands, for the page to complete.
func completions() []localslack.Command {
	var out []localslack.Command
	for _, c := range bot.Commands() {
		for _, e := range c.Examples {
			out = append(out, localslack.Command{Usage: c.Usage, Text: e, Says: c.Says})
		}
	}
	return out
}

// demoSweep puts a watchlist and a daily sweep into the demo's store, as people
// would have done last week, and makes the post of two days ago: the next one
// tells what is new, still there and gone since.
func demoSweep(ctx context.Context, store *record.Store, channel string, now time.Time) error {
	list := map[string]sweep.Entry{}
	for _, w := range []struct {
		value, note string
		confidence  int
		change      func(*sweep.Entry)
	}{
		{"203.0.113.66", "C2, vendor report", 85, nil}, {"cdn-sync.example", "C2 name", 85, nil}, {"198.51.100.24", "scanner", 40, nil}, {"198.51.100.0/28", "hosting range of the actor", 30, nil},
		{"192.0.2.140", "C2, from the ISAC", 85, nil}, {"dl-upd.example", "phishing", 60, nil}, {"203.0.113.120", "stager", 60, nil}, {"192.0.2.10", "panel", 50, nil},
		{"203.0.113.9", "proxy", 75, func(e *sweep.Entry) {
			e.State, e.QuietUntil, e.Ticket = sweep.Quiet, now.Add(12*24*time.Hour), "INC-4690"
		}},
		{"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "dropper", 90, nil}, {"8.8.8.8", "from a feed", 10, nil}, {"10.0.0.0/8", "from a feed", 5, nil},
	} {
		typed, refusal := indicator.Type(w.value)
		if refusal != nil {
			return fmt.Errorf("the demo's watchlist: %s", refusal.Sentence)
		}
		e := sweep.Entry{Indicator: typed, Source: "demo", Note: w.note, Confidence: w.confidence, Added: now.Add(-7 * 24 * time.Hour), Expires: now.Add(sweep.DefaultLife), State: sweep.Active}
		if w.change != nil {
			w.change(&e)
		}
		list[e.Key()] = e
	}
	documents := record.SweepDocuments(store)
	if err := documents.Watchlist.Put(ctx, list); err != nil {
		return err
	}
	daily := sweep.Schedule{Name: "daily", Cron: "30 8 * * *", Zone: "UTC", Channel: channel, Sources: []string{"ti"}, Added: now}
	if err := documents.Schedules.Put(ctx, map[string]sweep.Schedule{daily.Name: daily}); err != nil {
		return err
	}
	key, payload, err := watchlist.SweepJob("daily", now.Add(-48*time.Hour))
	if err != nil {
		return fmt.Errorf("the demo's sweep: %w", err)
	}
	_, err = store.Push(ctx, bot.LaneSweep, bot.JobSweep, key, payload)
	return err
}

// demoStart is the first message of the demo, by a colleague who knows the way.
func demoStart(w *localslack.Workspace) {
	w.AddUser("ben").In(w.Channel("soc")).Say("Start here. This is a made-up company; nothing leaves your machine. Pick a suggestion below the messages and press Enter:\n" +
		"1. “A C2 address and its domain”: three devices reached it. Open the thread, press Devices, reply `only powershell.exe` or `lineage WS-FIN-014`.\n" +
		"2. “A clean address, with a neighbor”: what CLEAN rests on.\n" +
		"3. “Everything a device talked to”, then “A whole network, 30 days back”: press Cancel while it runs.\n" +
		"4. “Sweep the watchlist now”: what is new since the last sweep; each hit has its own menu.\n" +
		"5. “A hunt for behavior” needs no indicator: `/footprint hunt rare-domains since=14d`.\n" +
		"6. “One that needs approval”: become me at the lower left (You are), find it under Home, and press Approve.\n" +
		"7. “Who hunted what”: the audit, shown to you only.\n" +
		"8. In #incidents, open the thread of the Sentinel incident: the ledger names the devices. Press Hand-over.")
}

// demoPlaybook is the bot of a Sentinel playbook that posts incidents.
const demoPlaybook = "B0SENTINEL"

// demoIncident posts what the playbook of a Sentinel automation rule would: the
// bot that it mentions reads the incident, and keeps its ledger in the thread.
func demoIncident(w *localslack.Workspace) {
	playbook := w.AddUser("sentinel-playbook", localslack.Bot(demoPlaybook))
	playbook.In(w.Channel("incidents")).Say("Microsoft Sentinel raised an incident of high severity: Beacon to a rare host by PowerShell from Word. <@" + w.BotUser() + "> incident 4711")
}

// demoExclusions are the shipped profiles with the demo fleet's own values.
func demoExclusions() []runner.Profile {
	return []runner.Profile{
		{Name: "internal-dns", Mode: runner.ModeAnnotate, Ranges: []string{"10.0.0.0/8"}, Ports: []int64{53}},
		{Name: "splunk-forwarder", Mode: runner.ModeAnnotate, Processes: []string{"splunkd.exe"}, Ranges: []string{"10.0.0.0/8"}, Ports: []int64{9997}},
	}
}
