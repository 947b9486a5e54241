package bot

import (
	"context"
	"time"
)

// Tick reads the policy again, tells of hunts that the store lost, ends what waited too
// long for an approval, wakes ledgers whose cool-down is over, looks for what came late
// or rings, and queues the sweeps that are due. Every replica does so.
func (b *Bot) Tick(ctx context.Context) error {
	if err := b.policy.Reload(); err != nil {
		b.cfg.Log.ErrorContext(ctx, "the policy is not changed, the last good one holds", "error", err)
	}
	for _, look := range []func(context.Context) error{b.tellLost, b.expireHeld, b.ledger.Wake, b.watch.Tick, b.schedules.Tick} {
		if err := look(ctx); err != nil {
			return err
		}
	}
	return nil
}

// LateSweeps names the sweeps that should have posted and did not.
func (b *Bot) LateSweeps(ctx context.Context) []string { return b.schedules.Late(ctx) }

// SweepAges is how long ago each sweep that runs was last completed; since it was set
// up where it never was.
func (b *Bot) SweepAges(ctx context.Context) (map[string]time.Duration, error) {
	return b.schedules.Ages(ctx)
}
