package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
)

const (
	// vigilFor and vigilMost bound what a process remembers of hunts that are not
	// answered yet; approvals are waited for the longest.
	vigilFor  = 24 * time.Hour
	vigilMost = 5000
)

// vigil remembers the hunts that this process announced or began, outside of the store: only
// who remembers them can notice that the store has lost one.
type vigil struct {
	mu    sync.Mutex
	waits map[string]wait
}

type wait struct {
	hunt  hunts.Hunt
	post  hunts.Post
	since time.Time
}

func (v *vigil) keep(h hunts.Hunt, post hunts.Post, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.waits == nil {
		v.waits = map[string]wait{}
	}
	if len(v.waits) < vigilMost {
		v.waits[h.ID] = wait{h, post, now}
	}
}

func (v *vigil) forget(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.waits, id)
}

// all are the hunts to look at; those that waited too long are forgotten.
func (v *vigil) all(now time.Time) []wait {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []wait
	for id, w := range v.waits {
		if now.Sub(w.since) > vigilFor {
			delete(v.waits, id)
			continue
		}
		out = append(out, w)
	}
	return out
}

// tellLost says below the messages of hunts that the store no longer knows that no
// answer will come. The message itself stays as it is: another process may have
// painted its answer just before the store lost it.
func (b *Bot) tellLost(ctx context.Context) error {
	for _, w := range b.vigil.all(b.cfg.Clock()) {
		h, known, err := b.cfg.Store.Hunt(ctx, w.hunt.ID)
		switch {
		case err != nil:
			return fmt.Errorf("looking after hunt %s: %w", w.hunt.ID, err)
		case known && (h.State == hunts.Answered || h.State == hunts.Refused || h.State == hunts.Unsaid):
			b.vigil.forget(w.hunt.ID)
			continue
		case known || b.isRunning(w.hunt.ID):
			continue
		}
		sentence := "Our store lost the hunt " + w.hunt.ID + ". If the message above has no answer, none will come, and that does not mean CLEAN. Ask again."
		place := outbox.Place{Channel: w.post.Channel, Thread: rootOf(w.hunt, w.post)}
		if _, err := b.out.Post(ctx, "lost:"+w.hunt.ID, place, func(v message.View) message.Message { return message.Refused(sentence, v) }); err != nil && outbox.Code(err) == "" {
			return fmt.Errorf("telling that hunt %s is lost: %w", w.hunt.ID, err)
		}
		b.cfg.Log.WarnContext(ctx, "the store lost a hunt", "hunt", w.hunt.ID)
		b.vigil.forget(w.hunt.ID)
	}
	return nil
}

// isRunning tells that this process searches for a hunt, or shows what it found, and
// will answer it.
func (b *Bot) isRunning(id string) bool {
	if _, shows := b.inHand.Load(id); shows {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, running := b.running[id]
	return running
}
