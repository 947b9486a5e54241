package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
)

// serve runs the bot until it is told to stop.
func serve(ctx context.Context, p process, args []string) error {
	f := newFlags("serve")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{f.summary()}
	}
	cfg, err := loadConfig(p.env)
	if err != nil {
		return err
	}
	for _, token := range []struct{ name, value string }{{"SLACK_BOT_TOKEN", cfg.botToken}, {"SLACK_APP_TOKEN", cfg.appToken}} {
		if token.value == "" {
			return fmt.Errorf("%s is not set; `footprint check` tells what else is missing, `footprint demo` needs nothing", token.name)
		}
	}
	log := newLog(p.stderr, cfg.logFormat, cfg.botToken, cfg.appToken, cfg.redisURL)
	record.LogTo(log)
	parts, err := assemble(ctx, cfg, assembly{progress: p.stderr, clock: p.clock, log: log})
	if err != nil {
		return err
	}
	defer parts.close()
	host, _ := os.Hostname() // without a name all count as one machine
	if err := waitBeforeStart(ctx, parts.store, host, log); err != nil {
		return nil //nolint:nilerr // told to stop before it began
	}
	if err := runBot(ctx, cfg, parts, p.clock, log); err != nil {
		log.Error("footprint ends", "error", err)
		afterFailure(ctx, parts.store, host, log)
		return err
	}
	return nil
}

// runBot is what serve and demo share: everything.
func runBot(ctx context.Context, cfg config, p *parts, clock func() time.Time, log *slog.Logger) error {
	if p.store.InMemory() {
		log.Warn("REDIS_URL is not set: hunts, cache and watchlist are kept in memory and are lost on exit")
	}
	guard := cfg.guard()
	if cfg.traces {
		tracer, stop, err := startTraces(ctx, cfg.replica, log)
		if err != nil {
			return err
		}
		defer stop()
		p.metrics.tracer = tracer
	}
	key, err := bundleKey(ctx, cfg, p.store)
	if err != nil {
		return err
	}
	b, err := bot.New(ctx, bot.Config{
		BundleKey:  key,
		HTTPClient: &http.Client{Timeout: 20 * time.Second, Transport: p.metrics.slackTransport(http.DefaultTransport)},
		Acked: func(took time.Duration, stored bool) {
			p.metrics.acks.WithLabelValues(strconv.FormatBool(stored)).Observe(took.Seconds())
		},
		BotToken: cfg.botToken, AppToken: cfg.appToken, APIURL: cfg.slackAPI, Runner: seenRunner{p.runner, p.metrics}, Store: seenStore{p.store, p.metrics.tracer}, Documents: record.Documents(p.store, clock), Threads: record.ThreadDocuments(p.store), Sweeping: record.SweepDocuments(p.store), Clock: clock, Log: log,
		Replica: cfg.replica, Workspaces: p.workspaces, Places: p.catalog.Groups(), Policy: p.policy, Guard: &guard, Bots: cfg.bots, ThreadCap: cfg.threadCap, ThreadPause: cfg.threadPause, Sweeps: cfg.sweeps, History: cfg.newFor(p.source, p.workspaces), Warranty: cfg.warranty, WatchEvery: cfg.watchEvery, Recalled: p.metrics.recalled, Fetcher: feed.NewFetcher(cfg.privateFeeds, nil, cfg.servers()...), HuntURL: portalLink(cfg.portalResource, p.source),
	})
	if err != nil {
		return err
	}
	p.metrics.gauges(b, p.store)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return b.Run(ctx) })
	group.Go(func() error {
		return p.store.Consume(ctx, record.ConsumeConfig{Workers: cfg.workers, Lanes: []string{bot.LaneInteractive, bot.LaneWatch, bot.LaneSweep}, Log: log, OnDead: b.GiveUp}, seenJobs(p.metrics, b.Handle))
	})
	group.Go(func() error {
		tick := time.NewTicker(sweepTick)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
				if err := b.Tick(ctx); err != nil {
					log.Warn("sweeps not looked at", "error", err)
				}
			}
		}
	})
	if cfg.listen != "" {
		group.Go(func() error { return health(ctx, cfg.listen, b, p) })
	}
	log.Info("evidence bundles are signed; footprint verify --key takes this key", "key", key.Public())
	log.Info("footprint runs", "version", buildVersion(), "replica", cfg.replica)
	err = group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// sweepTick is how often a process looks for sweeps that are due.
const sweepTick = 10 * time.Second

// reasonOf is what Redis itself says, such as OOM or READONLY.
func reasonOf(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return err.Error()
}

// health answers the probes and the metrics. Nothing else listens.
func health(ctx context.Context, listen string, b *bot.Bot, p *parts) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /metrics", p.metrics.handler())
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		within, stop := context.WithTimeout(r.Context(), 2*time.Second)
		defer stop()
		var wrong []string
		if !b.Ready() {
			wrong = append(wrong, "no connection to Slack is open")
		}
		lag, err := p.store.Backlog(within, bot.LaneInteractive, bot.LaneWatch, bot.LaneSweep)
		if err != nil {
			wrong = append(wrong, "Redis does not answer")
		} else if err := p.store.Writable(within); err != nil {
			wrong = append(wrong, "Redis refuses to write: "+reasonOf(err))
		}
		if len(wrong) > 0 {
			http.Error(w, strings.Join(wrong, "; "), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
		for _, lane := range slices.Sorted(maps.Keys(lag)) {
			l := lag[lane]
			fmt.Fprintf(w, "%s: %d waiting, %d at work, the oldest for %s\n", lane, l.Waiting, l.Pending, l.Oldest.Round(time.Second))
		}
		ages, _ := b.SweepAges(within) // without the store it is not ready anyway
		for _, name := range slices.Sorted(maps.Keys(ages)) {
			fmt.Fprintf(w, "sweep %s: complete %s ago\n", name, ages[name].Round(time.Second))
		}
		for _, late := range b.LateSweeps(within) {
			fmt.Fprintln(w, late)
		}
		if s, err := b.Watch().Status(within); err == nil {
			tellStanding(w, s)
		}
	})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("FOOTPRINT_LISTEN: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		<-ctx.Done()
		within, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		return server.Shutdown(within)
	})
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return group.Wait()
}
