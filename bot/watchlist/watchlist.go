// Package watchlist is the watchlist in Slack: its commands, the schedules of the
// sweeps that hunt it, the sources that are read before each, and a sweep's post.
//
// What is new in a sweep, and what becomes of entries, hunts/sweep decides. What
// surprises: making a sweep and posting it are two steps with a stored document in
// between, so that a replica which takes over posts what was found and compares
// nothing with itself.
package watchlist

import (
	"context"
	"log/slog"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// Outbox sends; *outbox.Outbox is one.
type Outbox interface {
	Post(ctx context.Context, key string, to outbox.Place, render outbox.Render) (hunts.Post, error)
	Edit(ctx context.Context, p hunts.Post, render outbox.Render) error
	Files(ctx context.Context, owner string, to outbox.Place, files ...outbox.File) error
	Tell(err error, whisper func(message.Message) error) error
}

// Gate judges; *policy.Gate is one.
type Gate interface {
	Authorize(ctx context.Context, who hunts.Asker, a hunts.Action) error
	Foresee(ctx context.Context, who hunts.Asker, a hunts.Action) (approval string, err error)
	Bounds(ctx context.Context, who hunts.Asker, scheduled bool) policy.Bounds
	Redaction(channels ...string) *policy.Redaction
	Rule(channel string) (policy.Rule, bool)
}

// Runner searches.
type Runner interface {
	// Survey hunts a list of any length with few queries; progress may be nil.
	Survey(ctx context.Context, h hunts.Hunt, list []indicator.Indicator, progress func(hunts.Progress)) (hunts.Survey, error)
	// Prepare and Run are a hunt for behavior.
	Prepare(id string, req request.Request, who hunts.Asker) (hunts.Hunt, error)
	Run(ctx context.Context, h hunts.Hunt, progress func(hunts.Progress)) (hunts.Answer, error)
	// Tips are the indicators that the workspace itself keeps.
	Tips(ctx context.Context, from hunts.TipSource, asker hunts.Asker, workspaces []string) ([]hunts.Tip, error)
}

// Fetcher reads a feed from its address; *feed.Fetcher is one.
type Fetcher interface {
	Read(ctx context.Context, from sweep.Feed, last sweep.Stamp, now time.Time) (list sweep.List, stamp sweep.Stamp, changed bool, err error)
}

// Files reads what somebody shared.
type Files interface {
	Download(ctx context.Context, f inbound.File, limit int) ([]byte, error)
}

// Store is what is asked of the store beside documents.
type Store interface {
	NewHuntID(ctx context.Context, cause string) (string, error)
	LoadPost(ctx context.Context, key string) (hunts.Post, bool, error)
	Hunt(ctx context.Context, id string) (hunts.Hunt, bool, error)
	SaveHunt(ctx context.Context, h hunts.Hunt) error
	Answer(ctx context.Context, id string) (hunts.Answer, bool, error)
	hunts.Leases
}

// Config is what the watchlist and its sweeps share.
type Config struct {
	Documents sweep.Documents
	Marks     hunts.Collection[string, hunts.Mark]
	Store     Store
	// Queue stores a job of the sweep lane, and remembers its key.
	Queue   func(ctx context.Context, key string, payload []byte) error
	Out     Outbox
	Gate    Gate
	Runner  Runner
	Fetcher Fetcher
	Files   Files
	// Adopt has the replies to a post go on with a hunt, as if it had been asked there.
	Adopt   func(ctx context.Context, h hunts.Hunt, a hunts.Answer, post hunts.Post) error
	Guard   *indicator.Guard
	Clock   hunts.Clock
	Log     *slog.Logger
	Team    string // of Slack
	Replica string // names this process in leases
	// Workspaces are the names of all, the default one first.
	Workspaces []string
	Places     []string         // the words that places= knows
	File       []sweep.Schedule // the sweeps of the operator's file
	History    time.Duration    // how far back a new indicator is hunted once
}

// Lists is the watchlist and its commands.
type Lists struct {
	Config
	schedules *Schedules
}

// Schedules are the sweeps that run by themselves, and their commands.
type Schedules struct{ Config }

// Sources are the feeds that are read before a sweep.
type Sources struct {
	Config
	lists     *Lists
	schedules *Schedules
}

// Sweeps makes sweeps and posts them.
type Sweeps struct {
	Config
	lists     *Lists
	schedules *Schedules
	sources   *Sources
}

// New makes the parts that others call.
func New(cfg Config) (*Lists, *Schedules, *Sweeps) {
	schedules := &Schedules{cfg}
	lists := &Lists{cfg, schedules}
	return lists, schedules, &Sweeps{cfg, lists, schedules, &Sources{cfg, lists, schedules}}
}
