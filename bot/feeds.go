package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
)

// Fetcher reads a feed from its address; *feed.Fetcher is one.
type Fetcher interface {
	Read(ctx context.Context, from sweep.Feed, last sweep.Stamp, now time.Time) (list sweep.List, stamp sweep.Stamp, changed bool, err error)
}

// maxFeedProblems bounds what is kept of a feed that is mostly not for us.
const maxFeedProblems = 500

// refreshed is the watchlist of a sweep, its sources read again. A source that
// can't be read keeps the entries that it gave last, and the post says so.
func (b *Bot) refreshed(ctx context.Context, s sweep.Schedule) (list sweep.List, warnings []string, err error) {
	var left sweep.List
	for _, text := range s.Sources {
		from, err := sweep.ParseFeed(text)
		if err != nil {
			warnings = append(warnings, err.Error())
			continue
		}
		now, err := b.refresh(ctx, s, from)
		if err != nil {
			var e *hunts.Error
			if errors.As(err, &e) && e.Kind == hunts.KindUnavailable && e.Say == "" || ctx.Err() != nil {
				return list, nil, err
			}
			b.cfg.Log.WarnContext(ctx, "source of a sweep not read", "sweep", s.Name, "source", text, "error", err)
			warning := fmt.Sprintf("Not read: %s, %s. Its last good list is hunted.", indicator.Defang(text), strings.TrimSuffix(hunts.Sentence(err), "."))
			warnings = append(warnings, warning)
			b.tellOwner(ctx, s, from, warning)
		}
		left.Join(now.Problems, now.More)
		left.Notes = append(left.Notes, now.Notes...)
	}
	list, err = b.entries(ctx)
	list.Entries = slices.DeleteFunc(list.Entries, func(e sweep.Entry) bool {
		return e.State == sweep.Retired || sweep.IsFeed(e.Source) && !slices.Contains(s.Sources, e.Source)
	})
	// what a source lets end is told by the source
	list.Problems = slices.DeleteFunc(list.Problems, func(p sweep.Problem) bool { return p.Kind == sweep.Expired && sweep.IsFeed(p.Source) })
	list.Join(left.Problems, left.More)
	list.Notes = left.Notes
	return list, warnings, err
}

// tellOwner says to the owner of a sweep, once a day, that a source of it is not
// read: the post has it among much else, and every day that passes takes the
// list further from what its source knows.
func (b *Bot) tellOwner(ctx context.Context, s sweep.Schedule, from sweep.Feed, warning string) {
	if s.Owner == "" {
		return
	}
	key := "unread:feed:" + from.ID() + ":" + b.cfg.Clock().UTC().Format(time.DateOnly)
	text := fmt.Sprintf("⚠️ Sweep *%s*: %s", s.Name, warning)
	if _, err := b.out.Post(ctx, key, outbox.Place{Channel: s.Owner}, func(v message.View) message.Message { return message.Said(text, v) }); err != nil {
		b.cfg.Log.WarnContext(ctx, "the owner of a sweep was not told of a source", "sweep", s.Name, "error", err)
	}
}

// refresh reads one source and puts what it names onto the watchlist. What is
// remembered of it comes back even when it can't be read.
func (b *Bot) refresh(ctx context.Context, s sweep.Schedule, from sweep.Feed) (sweep.Reading, error) {
	last, _, err := b.cfg.Sweeping.Readings.Get(ctx, from.ID())
	if err != nil {
		return last, err
	}
	now := b.cfg.Clock().UTC()
	fresh, stamp, changed, err := b.read(ctx, s, from, last.Stamp, now)
	if err != nil {
		return last, err
	}
	have, err := b.entries(ctx)
	if err != nil {
		return last, err
	}
	if changed {
		err = feed.Usable(fresh, liveOf(have.Entries, from))
	}
	if err != nil {
		return last, err
	}
	if !changed {
		if err := b.putEntries(ctx, sweep.Renew(have.Entries, from, now)); err != nil {
			return last, err
		}
		last.Stamp = stamp
		return last, b.cfg.Sweeping.Readings.Put(ctx, from.ID(), last)
	}
	if err := b.putEntries(ctx, sweep.Refresh(have.Entries, from, fresh, now)); err != nil {
		return last, err
	}
	fresh.Trim(maxFeedProblems)
	next := sweep.Reading{Stamp: stamp, Problems: fresh.Problems, More: fresh.More, Notes: fresh.Notes}
	return next, b.cfg.Sweeping.Readings.Put(ctx, from.ID(), next)
}

// liveOf counts the entries that a source named last and that still live.
func liveOf(have []sweep.Entry, from sweep.Feed) int {
	n := 0
	for _, e := range have {
		if e.Source == from.String() && e.State != sweep.Retired {
			n++
		}
	}
	return n
}

// read asks the workspace or the address for what a source names now.
func (b *Bot) read(ctx context.Context, s sweep.Schedule, from sweep.Feed, last sweep.Stamp, now time.Time) (sweep.List, sweep.Stamp, bool, error) {
	if from.Workspace {
		tips, err := b.tips(ctx, s, from)
		if err != nil {
			return sweep.List{}, last, false, err
		}
		list, err := feed.FromTips(from, tips, now)
		return list, sweep.Stamp{Fetched: now}, true, err
	}
	return b.cfg.Fetcher.Read(ctx, from, last, now)
}

// tips reads what the workspaces of a sweep keep.
func (b *Bot) tips(ctx context.Context, s sweep.Schedule, from sweep.Feed) ([]hunts.Tip, error) {
	scopes := b.sweepScopes(ctx, s)
	if len(scopes) == 0 {
		scopes = []string{""}
	}
	var all []hunts.Tip
	for _, scope := range scopes {
		var one []string
		if scope != "" {
			one = []string{scope}
		}
		tips, err := b.cfg.Runner.Tips(ctx, from.Tips, hunts.Asker{Team: b.team, User: s.Owner, Channel: s.Channel}, one)
		if err != nil {
			return nil, err
		}
		all = append(all, tips...)
	}
	return all, nil
}

// settleEntries notes on the watchlist what a sweep met, and whose history is
// known. It may be done again.
func (b *Bot) settleEntries(ctx context.Context, made sweep.Made, slot time.Time) error {
	found := map[string]bool{}
	for _, h := range made.Survey.Hits {
		found[h.Type+":"+h.Indicator] = true
	}
	if len(found)+len(made.Hunted) == 0 {
		return nil
	}
	now, err := b.entries(ctx)
	if err != nil {
		return err
	}
	hunted := map[string]bool{}
	for _, key := range made.Hunted {
		hunted[key] = true
	}
	var changed []sweep.Entry
	for _, e := range now.Entries {
		is := false
		if hunted[e.Key()] && e.Hunted.IsZero() {
			e.Hunted, is = slot, true
		}
		if found[e.Key()] && e.Met.Before(slot) {
			e.Met, e.Hits, is = slot, e.Hits+1, true
		}
		if is {
			changed = append(changed, e)
		}
	}
	return b.putEntries(ctx, changed)
}
