package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
)

// Fetcher reads a feed from its address; *feed.Fetcher is one.
type Fetcher interface {
	Fetch(ctx context.Context, address string, last feed.Stamp, now time.Time) (body io.ReadCloser, stamp feed.Stamp, changed bool, err error)
}

// fed is what is remembered of a feed: its version, and what of it is not
// hunted, which an unchanged feed does not tell again.
type fed struct {
	Stamp    feed.Stamp         `json:"stamp"`
	Problems []sweep.Problem    `json:"problems"`
	More     map[sweep.Kind]int `json:"more,omitempty"` // further problems
}

// maxFeedProblems bounds what is kept of a feed that is mostly not for us.
const maxFeedProblems = 500

func fedKey(f sweep.Feed) string {
	sum := sha256.Sum256([]byte(f.String()))
	return "feed:" + hex.EncodeToString(sum[:12])
}

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
			warnings = append(warnings, fmt.Sprintf("Not read: %s, %s. What it named last is hunted.", indicator.Defang(text), sentenceOf(err)))
		}
		left.Join(now.Problems, now.More)
	}
	list, err = b.entries(ctx)
	list.Entries = slices.DeleteFunc(list.Entries, func(e sweep.Entry) bool {
		return e.State == sweep.Retired || sweep.IsFeed(e.Source) && !slices.Contains(s.Sources, e.Source)
	})
	// what a source lets end is told by the source
	list.Problems = slices.DeleteFunc(list.Problems, func(p sweep.Problem) bool { return p.Kind == sweep.Expired && sweep.IsFeed(p.Source) })
	list.Join(left.Problems, left.More)
	return list, warnings, err
}

func sentenceOf(err error) string {
	var e *hunts.Error
	if errors.As(err, &e) {
		return e.Say
	}
	return err.Error()
}

// refresh reads one source and puts what it names onto the watchlist. What is
// remembered of it comes back even when it can't be read.
func (b *Bot) refresh(ctx context.Context, s sweep.Schedule, from sweep.Feed) (fed, error) {
	var last fed
	if _, err := b.cfg.Store.GetJSON(ctx, fedKey(from), &last); err != nil {
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
	if !changed {
		if err := b.putEntries(ctx, sweep.Renew(have.Entries, from, now)); err != nil {
			return last, err
		}
		last.Stamp = stamp
		return last, b.cfg.Store.SetJSON(ctx, fedKey(from), last, keepSnapshot)
	}
	if err := b.putEntries(ctx, sweep.Refresh(have.Entries, from, fresh, now)); err != nil {
		return last, err
	}
	fresh.Trim(maxFeedProblems)
	next := fed{Stamp: stamp, Problems: fresh.Problems, More: fresh.More}
	return next, b.cfg.Store.SetJSON(ctx, fedKey(from), next, keepSnapshot)
}

// read asks the workspace or the address for what a source names now.
func (b *Bot) read(ctx context.Context, s sweep.Schedule, from sweep.Feed, last feed.Stamp, now time.Time) (sweep.List, feed.Stamp, bool, error) {
	if from.Workspace {
		tips, err := b.cfg.Runner.Tips(ctx, from.Tips, hunts.Asker{Team: b.team, User: s.Owner, Channel: s.Channel}, nil)
		if err != nil {
			return sweep.List{}, last, false, err
		}
		list, err := feed.FromTips(from, tips, now)
		return list, feed.Stamp{Fetched: now}, true, err
	}
	body, stamp, changed, err := b.cfg.Fetcher.Fetch(ctx, from.URL, last, now)
	if err != nil || !changed {
		return sweep.List{}, stamp, false, err
	}
	defer func() { _ = body.Close() }()
	list, err := feed.ReadFrom(from, body, func(address string) (io.ReadCloser, error) {
		part, _, _, err := b.cfg.Fetcher.Fetch(ctx, address, feed.Stamp{}, now)
		return part, err
	}, now)
	return list, stamp, true, err
}

// settleEntries notes on the watchlist what a sweep met, and whose history is
// known. It may be done again.
func (b *Bot) settleEntries(ctx context.Context, made swept, slot time.Time) error {
	met := map[string]bool{}
	for _, h := range made.Survey.Hits {
		met[h.Type+":"+h.Indicator] = true
	}
	if len(met)+len(made.Hunted) == 0 {
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
		if met[e.Key()] && e.Met.Before(slot) {
			e.Met, e.Hits, is = slot, e.Hits+1, true
		}
		if is {
			changed = append(changed, e)
		}
	}
	return b.putEntries(ctx, changed)
}
