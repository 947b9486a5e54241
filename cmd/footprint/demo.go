package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
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
	events := f.String("events", "", "folder of exported tables instead of the demo fleet")
	f.Bool("no-browser", false, "kept for scripts: the demo only prints its address")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{f.summary()}
	}
	start := time.Now().UTC()
	clock := func() time.Time { return min2(time.Now().UTC(), start.Add(demoPause)) }
	slackLike := localslack.New(localslack.Config{Listen: *listen, Patience: time.Minute, Suggestions: suggestions(*events == "")})
	if err := slackLike.Start(ctx); err != nil {
		return fmt.Errorf("serving the page: %w; use --listen 127.0.0.1:0 for any free port", err)
	}
	defer func() { _ = slackLike.Close() }()
	fmt.Fprintf(p.stdout, "footprint demo: open %s\n", slackLike.URL())
	// The page is there at once; questions typed while the fleet is made wait in
	// the socket.
	a := assembly{events: *events, progress: p.stderr, clock: clock, log: demoLog(p.stderr), name: "demo", live: true, exclusions: demoExclusions()}
	if *events == "" {
		a.loaded = localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: start})
	} else {
		a.live, a.clock = false, time.Now
	}
	cfg := config{botToken: slackLike.BotToken(), appToken: slackLike.AppToken(), slackAPI: slackLike.APIURL(), replica: "demo", workers: 16}
	parts, err := assemble(ctx, cfg, a)
	if err != nil {
		return err
	}
	defer parts.close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return runBot(ctx, cfg, parts, a.clock, a.log) })
	return group.Wait()
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
		{Label: "A clean address, with a neighbour", Text: "/footprint ip=198.51.100[.]24", Channel: "soc"},
		{Label: "Only through PowerShell", Text: "/footprint dns=cdn-sync.example file=powershell.exe", Channel: "soc"},
		{Label: "A noisy updater", Text: "/footprint dns=vendor-cdn.example since=24h", Channel: "soc"},
		{Label: "A whole network", Text: "/footprint ip=203.0.113.0/24 since=30d", Channel: "soc"},
		{Label: "A typo", Text: "/footprint ip=203.0.113.666", Channel: "soc"},
		{Label: "Help", Text: "/footprint help", Channel: "soc"},
	}
}

// demoExclusions are the shipped profiles with the demo fleet's own values.
func demoExclusions() []hunts.Profile {
	return []hunts.Profile{
		{Name: "internal-dns", Mode: hunts.ModeAnnotate, Ranges: []string{"10.0.0.0/8"}, Ports: []int64{53}},
		{Name: "splunk-forwarder", Mode: hunts.ModeAnnotate, Processes: []string{"splunkd.exe"}, Ranges: []string{"10.0.0.0/8"}, Ports: []int64{9997}},
	}
}
