package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/hunts"
)

// here says what holds in a channel.
func (b *Bot) here(ctx context.Context, c inbound.Command) (string, error) {
	r, listed := b.policy.Rule(c.Channel)
	if !listed || len(r.Allow) == 0 {
		return "The policy allows nothing in this channel.", nil
	}
	allowed := "Allowed in this channel: " + r.Allowed()
	if len(r.Groups) > 0 {
		allowed += ", for the policy's user groups"
	}
	if r.MaxLookBack != "" {
		allowed += ", up to " + r.MaxLookBack + " back"
	}
	if len(r.Redact) > 0 {
		allowed += "; redacted: " + strings.Join(r.Redact, ", ")
	}
	o, _, err := b.cfg.Threads.OptIns.Get(ctx, c.Channel)
	if err != nil {
		return "", err
	}
	enrich := "Enrichment is off (/footprint here enrich on)."
	switch {
	case !slices.Contains(r.Allow, hunts.MayIncident):
		enrich = "Enrichment is not allowed."
	case o.On:
		enrich = fmt.Sprintf("Enrichment is on since %s, turned on by %s: up to %d indicators per thread are hunted automatically, at most one round every %s (/footprint here enrich off).",
			o.When.Format("Jan 2, 2006"), o.By, b.cfg.ThreadCap, b.cfg.ThreadPause.Round(time.Second))
	}
	return allowed + ".\n" + enrich + "\nSlash commands don't work in threads: mention me there, or use the message shortcut.", nil
}
