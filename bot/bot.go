// Package bot is the Slack side of footprint: it receives envelopes over
// Socket Mode, stores them, acknowledges them, and only then thinks; it keeps
// one message per hunt edited in place and its thread complete.
//
// It knows nothing of KQL, Azure or Redis, and decides no verdict. What
// surprises: nothing is answered by the process that received a question, but
// by whichever replica takes the job from the stream, so every step is
// idempotent and claims its post before sending it.
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/home"
	"github.com/footprint-soc/footprint/bot/ledger"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/bot/watch"
	"github.com/footprint-soc/footprint/bot/watchlist"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

// Runner answers hunts; *runner.Runner is one.
type Runner interface {
	// Prepare makes the record of a question. The error is a *hunts.Error of kind
	// refused, whose sentence goes to the asker.
	Prepare(id string, req request.Request, asker hunts.Asker) (hunts.Hunt, error)
	// Run answers it. The error is a *hunts.Error and means that nothing was
	// searched; everything else is in the answer.
	Run(ctx context.Context, h hunts.Hunt, progress func(hunts.Progress)) (hunts.Answer, error)
	// Forget drops every row that is kept of an answered hunt.
	Forget(ctx context.Context, h hunts.Hunt, a hunts.Answer) error
	// Survey hunts a list of any length with few queries; progress may be nil.
	Survey(ctx context.Context, h hunts.Hunt, list []indicator.Indicator, progress func(hunts.Progress)) (hunts.Survey, error)
	// Triage answers hunts of one indicator each with few queries, and shares with
	// everybody's; an error means that nothing was searched.
	Triage(ctx context.Context, batch []hunts.Hunt, progress func(hunts.Progress)) ([]hunts.Answer, error)
	// Tips are the indicators that the workspace itself keeps.
	Tips(ctx context.Context, from hunts.TipSource, asker hunts.Asker, workspaces []string) ([]hunts.Tip, error)
	// Lineage tells where the processes of one device came from.
	Lineage(ctx context.Context, h hunts.Hunt, device string, processes []string, w hunts.Window) (hunts.Lineage, error)
	// Events reads each event that an answer counts.
	Events(ctx context.Context, h hunts.Hunt, a hunts.Answer) (hunts.EventList, error)
	// Incident reads a Sentinel incident and what its alerts name.
	Incident(ctx context.Context, which hunts.IncidentNumber, asker hunts.Asker, workspaces []string) (hunts.Incident, error)
	watch.Runner
}

// Store is the durable side of the bot. Methods return a *hunts.Error of kind
// unavailable when it does not answer.
type Store interface {
	// Push stores a job and remembers its key in one step; false means that the
	// key was seen before and nothing was stored.
	Push(ctx context.Context, lane, kind, key string, payload []byte) (bool, error)
	NewHuntID(ctx context.Context, cause string) (string, error)
	SaveHunt(ctx context.Context, h hunts.Hunt) error
	Hunt(ctx context.Context, id string) (hunts.Hunt, bool, error)
	Answer(ctx context.Context, huntID string) (hunts.Answer, bool, error)
	// SaveAnswer keeps the answer of a hunt, for others to be given only when key
	// is not empty.
	SaveAnswer(ctx context.Context, key string, a hunts.Answer, ttl time.Duration) error
	outbox.Store
	watch.Book
	ThreadHunt(ctx context.Context, channel, threadTS string) (string, bool, error)
	SaveThreadHunt(ctx context.Context, channel, threadTS, huntID string, ttl time.Duration) error
	// AuditSince hands every entry not older than since to each, oldest first.
	AuditSince(ctx context.Context, since time.Time, each func(e hunts.AuditEntry, hash string) error) error
	hunts.Leases
}

// Lanes of the stream.
const (
	LaneInteractive = "interactive"
	LaneWatch       = watch.Lane
	LaneSweep       = "sweep"
)

// Kinds of jobs.
const (
	JobEnvelope = "envelope"
	JobHunt     = "hunt"
	JobSweep    = "sweep"
	JobLedger   = "ledger"
)

// Config is what a Bot is made of.
type Config struct {
	BotToken string
	AppToken string
	// APIURL is the Web API with a final slash; empty is Slack's own.
	APIURL string
	Runner Runner
	Store  Store
	// Documents, Threads and Sweeping are the stored documents of hunts, of incident
	// threads, and of sweeps.
	Documents hunts.Documents
	Threads   incident.Documents
	Sweeping  sweep.Documents
	Clock     func() time.Time
	Log       *slog.Logger
	// Replica names this process in claims.
	Replica string
	// Workspaces are the names to choose from, the default one first; fewer than
	// two leave nothing to choose.
	Workspaces []string
	// Places are the words that places= knows, of the catalogue.
	Places []string
	// Policy judges and audits what people do; there is no default.
	Policy *policy.Gate
	// Guard knows what is not hunted unasked; nil is the default one.
	Guard *indicator.Guard
	// Bots are the ids of bots or apps whose messages are read like a person's.
	// Everything else that an app writes is dropped unread.
	Bots []string
	// ThreadCap is how many indicators of one thread are hunted without being
	// asked for by name; 20.
	ThreadCap int
	// ThreadPause is the shortest time between two rounds of automatic hunts in
	// one thread; 1 minute.
	ThreadPause time.Duration
	// Sweeps are those of the operator's file.
	Sweeps []sweep.Schedule
	// Fetcher reads the sources of sweeps that are addresses; nil reads public ones.
	Fetcher watchlist.Fetcher
	// BundleKey signs evidence bundles; the zero one leaves them unsigned.
	BundleKey evidence.Key
	// History is how far back a new indicator is hunted once; 90 days.
	History time.Duration
	// Connections kept open to Slack, at most 10; 2, so that a reconnect leaves
	// no gap.
	Connections int
	// Stagger is how much later each of them opens than the one before; 2 s.
	Stagger time.Duration
	// AckWithin is how long storing an envelope may take before the asker is told
	// to try again; 500 ms. Slack waits 3 s.
	AckWithin time.Duration
	// UpdateEvery is the shortest time between two edits of one message; 3 s, as
	// Slack advises.
	UpdateEvery time.Duration
	// Acked hears of each acknowledgement: how long it took, and whether the
	// envelope was stored. Nil hears nothing.
	Acked func(took time.Duration, stored bool)
	// PostBurst is how many posts go to one channel before the pace of one a
	// second begins; 6.
	PostBurst int
	// Keep is how long hunts, their threads and posts are remembered; 14 days.
	Keep time.Duration
	// Warranty is how long an answer is looked after for rows that come late, and
	// WatchEvery how often a watch is looked at; 0 is not at all.
	Warranty, WatchEvery time.Duration
	// Recalled hears of each answer that late rows changed. Nil hears nothing.
	Recalled func(warranty.Change)
	// HuntURL makes the portal link of a query; nil leaves it out.
	HuntURL func(h hunts.Hunt, kql string) string
	// HTTPClient talks to Slack; nil is one with a 20 s timeout.
	HTTPClient *http.Client
}

// Bot is one replica.
type Bot struct {
	cfg       Config
	api       *slack.Client
	team      string
	self      string
	botID     string
	out       *outbox.Outbox
	connected atomic.Int32
	signedOut sync.Once
	end       chan error // what Run returns; of the one error that ends it

	policy    *policy.Gate
	watch     *watch.Keeper
	home      *home.Tab
	lists     *watchlist.Lists
	schedules *watchlist.Schedules
	sweeps    *watchlist.Sweeps
	ledger    *ledger.Keeper
	buttons   *ledger.Buttons
	channels  *ledger.Channels
	files     files

	inHand sync.Map       // hunt id → hunts.Answer, of jobs of this process that are tried again
	asides sync.WaitGroup // apologies under way

	mu      sync.Mutex
	running map[string]context.CancelCauseFunc // hunts of this process, to be cancelled

	vigil vigil
}

// New fills in the defaults and signs in, so that a wrong token is known at
// once.
func New(ctx context.Context, cfg Config) (*Bot, error) {
	if cfg.Policy == nil {
		return nil, errors.New("a bot needs a policy: one without a file allows every member everything")
	}
	if cfg.Connections <= 0 {
		cfg.Connections = 2
	}
	if cfg.Stagger <= 0 {
		cfg.Stagger = 2 * time.Second
	}
	if cfg.AckWithin <= 0 {
		cfg.AckWithin = 500 * time.Millisecond
	}
	if cfg.UpdateEvery <= 0 {
		cfg.UpdateEvery = 3 * time.Second
	}
	if cfg.Acked == nil {
		cfg.Acked = func(time.Duration, bool) {}
	}
	if cfg.PostBurst <= 0 {
		cfg.PostBurst = 6
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 14 * 24 * time.Hour
	}
	if cfg.History <= 0 {
		cfg.History = 90 * 24 * time.Hour
	}
	if cfg.Guard == nil {
		guard := indicator.DefaultGuard()
		cfg.Guard = &guard
	}
	if cfg.ThreadCap <= 0 {
		cfg.ThreadCap = 20
	}
	if cfg.ThreadPause <= 0 {
		cfg.ThreadPause = time.Minute
	}
	if cfg.Fetcher == nil {
		cfg.Fetcher = feed.NewFetcher(false, nil)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.HTTPClient == nil {
		// slack-go's default client has no timeout at all
		cfg.HTTPClient = &http.Client{Timeout: 20 * time.Second}
	}
	options := []slack.Option{slack.OptionAppLevelToken(cfg.AppToken), slack.OptionHTTPClient(cfg.HTTPClient)}
	if cfg.APIURL != "" {
		options = append(options, slack.OptionAPIURL(cfg.APIURL))
	}
	b := &Bot{cfg: cfg, end: make(chan error, 1), api: slack.New(cfg.BotToken, options...), running: map[string]context.CancelCauseFunc{}, policy: cfg.Policy}
	if err := b.signIn(ctx); err != nil {
		return nil, err
	}
	b.out = outbox.New(outbox.Config{
		API: b.api, Store: cfg.Store, Self: b.self, Owner: cfg.Replica, Burst: cfg.PostBurst, Keep: cfg.Keep, Clock: cfg.Clock, Log: cfg.Log,
		SignedOut: func(err error) { b.signedOut.Do(func() { b.end <- signInError(err) }) },
	})
	b.policy.Join(b.team, directory{b})
	b.watch = watch.New(watch.Config{
		Book: cfg.Store, Hunts: cfg.Store, Runner: cfg.Runner, Desk: desk{b}, Out: b.out, Policy: cfg.Policy, Locks: cfg.Store, Replica: cfg.Replica, Clock: cfg.Clock, Log: cfg.Log,
		Warranty: cfg.Warranty, Every: cfg.WatchEvery, Recalled: cfg.Recalled,
	})
	b.files = files{b.api, b.out, cfg.APIURL}
	b.lists, b.schedules, b.sweeps = watchlist.New(watchlist.Config{
		Documents: cfg.Sweeping, Marks: cfg.Documents.Marks, Store: cfg.Store, Queue: b.queue(LaneSweep, JobSweep), Out: b.out, Gate: b.policy, Runner: cfg.Runner, Fetcher: cfg.Fetcher, Files: b.files,
		Guard: cfg.Guard, Clock: cfg.Clock, Log: cfg.Log, Team: b.team, Replica: cfg.Replica, Workspaces: cfg.Workspaces, Places: cfg.Places, File: cfg.Sweeps, Adopt: b.adopt, History: cfg.History,
	})
	b.ledger, b.buttons, b.channels = ledger.New(ledger.Config{
		Documents: cfg.Threads, Marks: cfg.Documents.Marks, Earlier: cfg.Documents.Earlier, Store: cfg.Store, Jobs: b.queue(LaneInteractive, JobLedger), Out: b.out, API: b.api, Gate: b.policy,
		Runner: cfg.Runner, Desk: desk{b}, Files: b.files, Watchlist: b.lists, Warrant: b.watch.Keep, Rules: incident.Rules{Guard: cfg.Guard, Cap: cfg.ThreadCap, Pause: cfg.ThreadPause}, BundleKey: cfg.BundleKey,
		Clock: cfg.Clock, Log: cfg.Log, Team: b.team, Self: b.self, Replica: cfg.Replica, Workspaces: cfg.Workspaces,
	})
	b.home = b.homeTab()
	return b, b.policy.UnknownGroups(ctx)
}

// queue stores jobs of one kind.
func (b *Bot) queue(lane, kind string) func(ctx context.Context, key string, payload []byte) error {
	return func(ctx context.Context, key string, payload []byte) error {
		_, err := b.cfg.Store.Push(ctx, lane, kind, key, payload)
		return err
	}
}

// signInFor bounds how long a Slack that is not well is waited for at the start;
// after it the process ends, so that whoever started it notices.
const signInFor = 2 * time.Minute

// signIn learns who we are. A refused token ends it at once; a Slack that is
// slow, limits us or breaks is asked again, since a replica that dies of one 429
// leaves its hunts to nobody.
func (b *Bot) signIn(ctx context.Context) error {
	within, stop := context.WithTimeout(ctx, signInFor)
	defer stop()
	for attempt := 1; ; attempt++ {
		who, err := b.api.AuthTestContext(within)
		if err == nil {
			b.team, b.self, b.botID = who.TeamID, who.UserID, who.BotID
			return nil
		}
		pause, again := outbox.WorthRepeating(err, 1)
		if !again || within.Err() != nil {
			return signInError(err)
		}
		pause = max(pause, min(500*time.Millisecond<<min(attempt-1, 5), 15*time.Second))
		b.cfg.Log.WarnContext(ctx, "Slack does not let us sign in now, trying again", "attempt", attempt, "pause", pause, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-within.Done():
			timer.Stop()
			return signInError(err)
		case <-timer.C:
		}
	}
}

func signInError(err error) error {
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) {
		return fmt.Errorf("slack does not accept SLACK_BOT_TOKEN (%s): copy the Bot User OAuth Token of the installed app, it begins with xoxb-", answer.Err)
	}
	return fmt.Errorf("signing in to Slack: %w", err)
}

// Watch looks after what was answered: warranties and watches.
func (b *Bot) Watch() *watch.Keeper { return b.watch }

// Ready tells whether a connection to Slack is open.
func (b *Bot) Ready() bool { return b.connected.Load() > 0 }

// Handle does one job of the stream. A nil error means it is done and must not
// be seen again; an error asks for another try.
func (b *Bot) Handle(ctx context.Context, j hunts.Job) error {
	err := b.handle(ctx, j)
	if outbox.Code(err) == "" {
		return err
	}
	b.refused(ctx, j, err)
	return nil
}

func (b *Bot) handle(ctx context.Context, j hunts.Job) error {
	switch j.Kind {
	case JobEnvelope:
		return b.handleEnvelope(ctx, j)
	case JobHunt:
		return b.handleHunt(about(ctx, string(j.Payload)), string(j.Payload))
	case JobExpire:
		return b.handleExpired(about(ctx, string(j.Payload)), string(j.Payload))
	case JobLedger:
		return b.ledger.Handle(ctx, j.Payload)
	case watch.JobLook:
		return b.watch.Handle(ctx, j.Payload)
	case JobSweep:
		return b.sweeps.Handle(ctx, j.Payload)
	}
	b.cfg.Log.ErrorContext(ctx, "job of an unknown kind dropped", "kind", j.Kind, "key", j.Key)
	return nil
}
