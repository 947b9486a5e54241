// Package ledger keeps the one message of an incident thread: it takes in what the
// thread names, hunts it round by round, edits the message, and tells the thread what
// is new.
//
// Which lines there are and whose turn it is, hunts/incident decides. What surprises:
// a ledger is changed by any replica at any time, and only its rounds are done one
// after the other; so whatever is read of it may be old a moment later.
package ledger

import (
	"context"
	"log/slog"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// Outbox sends; *outbox.Outbox is one.
type Outbox interface {
	Post(ctx context.Context, key string, to outbox.Place, render outbox.Render) (hunts.Post, error)
	Edit(ctx context.Context, p hunts.Post, render outbox.Render) error
	Files(ctx context.Context, owner string, to outbox.Place, files ...outbox.File) error
	Remove(ctx context.Context, file string) error
	Whisper(ctx context.Context, channel, user, responseURL string, m message.Message) error
	Tell(err error, whisper func(message.Message) error) error
	Call(ctx context.Context, l outbox.Lane, call func() error) error
}

// Gate judges; *policy.Gate is one.
type Gate interface {
	Authorize(ctx context.Context, who hunts.Asker, a hunts.Action) error
	Foresee(ctx context.Context, who hunts.Asker, a hunts.Action) (approval string, err error)
	Note(ctx context.Context, who hunts.Asker, a hunts.Action) error
	May(ctx context.Context, who hunts.Asker, what hunts.Right) bool
	Bounds(ctx context.Context, who hunts.Asker, scheduled bool) policy.Bounds
	Redaction(channels ...string) *policy.Redaction
	Shown(h hunts.Hunt, channel string, a hunts.Answer) (hunts.Hunt, hunts.Answer)
}

// Runner searches.
type Runner interface {
	Prepare(id string, req request.Request, asker hunts.Asker) (hunts.Hunt, error)
	Run(ctx context.Context, h hunts.Hunt, progress func(hunts.Progress)) (hunts.Answer, error)
	Triage(ctx context.Context, batch []hunts.Hunt, progress func(hunts.Progress)) ([]hunts.Answer, error)
	Incident(ctx context.Context, number hunts.IncidentNumber, asker hunts.Asker, workspaces []string) (hunts.Incident, error)
}

// Store is what is asked of the store beside documents.
type Store interface {
	NewHuntID(ctx context.Context, cause string) (string, error)
	SaveHunt(ctx context.Context, h hunts.Hunt) error
	Hunt(ctx context.Context, id string) (hunts.Hunt, bool, error)
	Answer(ctx context.Context, huntID string) (hunts.Answer, bool, error)
	LoadPost(ctx context.Context, key string) (hunts.Post, bool, error)
	DropPost(ctx context.Context, key string) error
	hunts.Leases
}

// Desk is what the bot does with one hunt, and with forms.
type Desk interface {
	// Ask begins a hunt where it is asked for, and gives the post that announces it.
	Ask(ctx context.Context, key string, req request.Request, who hunts.Asker) (hunts.Hunt, hunts.Post, error)
	// Events are all that an answer counts, as the channel of who asks may see them.
	Events(ctx context.Context, h hunts.Hunt, who hunts.Asker, a hunts.Answer) (hunts.EventList, error)
	ShowForm(ctx context.Context, i inbound.Interaction, form slack.ModalViewRequest) error
}

// Files reads what somebody shared.
type Files interface {
	Download(ctx context.Context, f inbound.File, limit int) ([]byte, error)
}

// Watchlist is what every sweep looks for.
type Watchlist interface {
	Entries(ctx context.Context) (sweep.List, error)
}

// Config is what a Keeper is made of.
type Config struct {
	Documents incident.Documents
	Marks     hunts.Collection[string, hunts.Mark]
	Earlier   hunts.Collection[string, hunts.Earlier]
	Store     Store
	// Jobs stores a round to be done, and remembers its key.
	Jobs      func(ctx context.Context, key string, payload []byte) error
	Out       Outbox
	API       *slack.Client // for reactions, links and scopes
	Gate      Gate
	Runner    Runner
	Desk      Desk
	Files     Files
	Watchlist Watchlist
	// Warrant keeps a hunt's answer under warranty.
	Warrant   func(ctx context.Context, h hunts.Hunt, a hunts.Answer) error
	Rules     incident.Rules
	BundleKey evidence.Key
	Clock     hunts.Clock
	Log       *slog.Logger
	Team      string // of Slack
	Self      string // the bot's own user
	Replica   string // names this process in leases
	// Workspaces are the names of all, the default one first.
	Workspaces []string
}

// Channels are those that opted in to have their messages read.
type Channels struct{ Config }

// Keeper keeps the ledgers of all threads.
type Keeper struct {
	Config
	channels *Channels
}

// Buttons do what the row and the menu below a ledger say.
type Buttons struct{ *Keeper }

// New makes the parts.
func New(cfg Config) (*Keeper, *Buttons, *Channels) {
	channels := &Channels{cfg}
	keeper := &Keeper{cfg, channels}
	return keeper, &Buttons{keeper}, channels
}
