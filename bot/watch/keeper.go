// Package watch looks after what was answered: warranties, whose message changes when
// late rows change the truth, and watches, which ring for a new device.
//
// It decides no verdict and knows no query: the runner searches again, hunts/warranty
// compares. What surprises: a change is written down before anybody is told, and every
// step after that may be done again, so that a replica which dies leaves it to the next.
package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

// Book is where promises, watches and looks are kept, for all replicas.
type Book interface {
	Promises(ctx context.Context) ([]warranty.Promise, error)
	// ChangePromise changes the promise behind a hunt, which has no id where there is
	// none; without an id afterwards it is dropped. change may be called again.
	ChangePromise(ctx context.Context, huntID string, change func(*warranty.Promise) error) error
	Watches(ctx context.Context) ([]warranty.Watch, error)
	ChangeWatch(ctx context.Context, huntID string, change func(*warranty.Watch) error) error
	Looks(ctx context.Context) ([]warranty.Look, error)
	ChangeLook(ctx context.Context, scope string, change func(*warranty.Look) error) error
}

// Hunts are the hunts and their answers.
type Hunts interface {
	Hunt(ctx context.Context, id string) (hunts.Hunt, bool, error)
	Answer(ctx context.Context, huntID string) (hunts.Answer, bool, error)
	// Push stores a job and remembers its key; false means that the key was seen.
	Push(ctx context.Context, lane, kind, key string, payload []byte) (bool, error)
}

// Runner searches.
type Runner interface {
	Arrivals(ctx context.Context, since time.Time, list []hunts.Lookout) (hunts.Arrivals, error)
	// Recheck answers a hunt once more over its window and keeps nothing; Correct puts
	// an answer in the place of the one that a hunt had.
	Recheck(ctx context.Context, h hunts.Hunt) (hunts.Answer, error)
	Correct(ctx context.Context, h hunts.Hunt, a hunts.Answer) error
}

// Desk is what the bot does with an answer in Slack.
type Desk interface {
	// Repaint writes a changed answer into the messages that show it, and takes
	// ledger, memory and audit along; it may be called again. It gives where the asker
	// is told, with a sentence when that is elsewhere than their message.
	Repaint(ctx context.Context, h hunts.Hunt, a hunts.Answer, r hunts.Recall) (to outbox.Place, note string, err error)
	// Thread is where a hunt is spoken of.
	Thread(ctx context.Context, h hunts.Hunt) (outbox.Place, error)
}

// Config is what a Keeper is made of.
type Config struct {
	Book   Book
	Hunts  Hunts
	Runner Runner
	Desk   Desk
	Out    *outbox.Outbox
	Policy *policy.Gate
	// Locks let one replica at a time look at a scope; Replica names this one.
	Locks   hunts.Leases
	Replica string
	Clock   hunts.Clock
	Log     *slog.Logger
	// Warranty is how long an answer is looked after; 0 is not at all.
	Warranty time.Duration
	// Every is how often a watch is looked at; 0 is never.
	Every time.Duration
	// Recalled hears of each change that was told. Nil hears nothing.
	Recalled func(c warranty.Change)
}

// Keeper is one replica's.
type Keeper struct{ cfg Config }

// New makes a Keeper.
func New(cfg Config) *Keeper {
	if cfg.Recalled == nil {
		cfg.Recalled = func(warranty.Change) {}
	}
	return &Keeper{cfg: cfg}
}

const (
	// Lane is the lane of looks: they wait behind no sweep.
	Lane = "watch"
	// JobLook is the kind of job that looks at a scope.
	JobLook = "look"
)

// Keep takes an answer that was shown under warranty. It may be called again for the
// same answer.
func (k *Keeper) Keep(ctx context.Context, h hunts.Hunt, a hunts.Answer) error {
	now := k.cfg.Clock()
	if k.cfg.Warranty <= 0 || !warranty.Keeps(a) || len(h.Request.Indicators()) == 0 {
		return nil
	}
	made := warranty.Of(h, a, k.cfg.Warranty, now)
	err := k.cfg.Book.ChangePromise(ctx, h.ID, func(p *warranty.Promise) error {
		if p.Hunt == "" {
			*p = made
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping the warranty of %s: %w", h.ID, err)
	}
	if h.Refreshes != "" { // its message changes as well, and one of the two rings
		err := k.cfg.Book.ChangePromise(ctx, h.Refreshes, func(p *warranty.Promise) error { p.Quiet = p.Hunt != ""; return nil })
		if err != nil {
			return err
		}
	}
	return k.sooner(ctx, made.Scopes, warranty.FirstLook(now))
}

func (k *Keeper) sooner(ctx context.Context, scopes []string, at time.Time) error {
	for _, scope := range scopes {
		if err := k.cfg.Book.ChangeLook(ctx, scope, func(l *warranty.Look) error { l.Sooner(at); return nil }); err != nil {
			return err
		}
	}
	return nil
}

// Drop forgets what was promised about a hunt that is withdrawn.
func (k *Keeper) Drop(ctx context.Context, huntID string) error {
	if err := k.cfg.Book.ChangePromise(ctx, huntID, func(p *warranty.Promise) error { *p = warranty.Promise{}; return nil }); err != nil {
		return err
	}
	return k.cfg.Book.ChangeWatch(ctx, huntID, func(w *warranty.Watch) error { *w = warranty.Watch{}; return nil })
}

// overdueAgain is how long a look may be overdue until it is queued once more: its job
// may have been given up.
const overdueAgain = 10 * time.Minute

// Tick queues the looks that are due. Every replica does so; a look is queued once,
// since its key is remembered.
func (k *Keeper) Tick(ctx context.Context) error {
	looks, err := k.cfg.Book.Looks(ctx)
	if err != nil {
		return err
	}
	now := k.cfg.Clock().UTC()
	for _, l := range looks {
		if l.Next.After(now) {
			continue
		}
		payload, err := json.Marshal(l.Scope)
		if err != nil {
			return fmt.Errorf("encoding a look: %w", err)
		}
		key := fmt.Sprintf("look:%s:%d:%d", l.Scope, l.Next.UnixMilli(), now.Sub(l.Next)/overdueAgain)
		if _, err := k.cfg.Hunts.Push(ctx, Lane, JobLook, key, payload); err != nil {
			return err
		}
	}
	return nil
}

// Handle does one look. It may be called again after a crash at any point; looks at
// one scope follow each other.
func (k *Keeper) Handle(ctx context.Context, payload []byte) error {
	var scope string
	if err := json.Unmarshal(payload, &scope); err != nil {
		k.cfg.Log.ErrorContext(ctx, "look dropped, it is not ours", "error", err)
		return nil
	}
	return hunts.WithLock(ctx, k.cfg.Locks, k.cfg.Replica, "look:"+scope, func(ctx context.Context) error { return k.look(ctx, scope) })
}
