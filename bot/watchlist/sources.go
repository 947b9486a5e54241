package watchlist

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

// maxFeedProblems bounds what is kept of a feed that is mostly not for us.
const maxFeedProblems = 500

// refreshed is the watchlist of a sweep, its sources read again. A source that
// can't be read keeps the entries that it gave last, and the post says so.
func (w *Sources) refreshed(ctx context.Context, s sweep.Schedule) (list sweep.List, warnings []string, err error) {
	var left sweep.List
	for _, text := range s.Sources {
		from, err := sweep.ParseFeed(text)
		if err != nil {
			warnings = append(warnings, err.Error())
			continue
		}
		now, err := w.refresh(ctx, s, from)
		if err != nil {
			var e *hunts.Error
			if errors.As(err, &e) && e.Kind == hunts.KindUnavailable && e.Say == "" || ctx.Err() != nil {
				return list, nil, err
			}
			w.Log.WarnContext(ctx, "source of a sweep not read", "sweep", s.Name, "source", text, "error", err)
			warning := fmt.Sprintf("Not read: %s, %s. Its last good list is hunted.", indicator.Defang(text), strings.TrimSuffix(hunts.Sentence(err), "."))
			warnings = append(warnings, warning)
			w.tellOwner(ctx, s, from, warning)
		}
		left.Join(now.Problems, now.More)
		left.Notes = append(left.Notes, now.Notes...)
	}
	list, err = w.lists.Entries(ctx)
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
func (w *Sources) tellOwner(ctx context.Context, s sweep.Schedule, from sweep.Feed, warning string) {
	if s.Owner == "" {
		return
	}
	key := "unread:feed:" + from.ID() + ":" + w.Clock().UTC().Format(time.DateOnly)
	text := fmt.Sprintf("⚠️ Sweep *%s*: %s", s.Name, warning)
	if _, err := w.Out.Post(ctx, key, outbox.Place{Channel: s.Owner}, func(v message.View) message.Message { return message.Said(text, v) }); err != nil {
		w.Log.WarnContext(ctx, "the owner of a sweep was not told of a source", "sweep", s.Name, "error", err)
	}
}

// refresh reads one source and puts what it names onto the watchlist. What is
// remembered of it comes back even when it can't be read.
func (w *Sources) refresh(ctx context.Context, s sweep.Schedule, from sweep.Feed) (sweep.Reading, error) {
	last, _, err := w.Documents.Readings.Get(ctx, from.ID())
	if err != nil {
		return last, err
	}
	now := w.Clock().UTC()
	fresh, stamp, changed, err := w.read(ctx, s, from, last.Stamp, now)
	if err != nil {
		return last, err
	}
	have, err := w.lists.Entries(ctx)
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
		if err := w.lists.putEntries(ctx, sweep.Renew(have.Entries, from, now)); err != nil {
			return last, err
		}
		last.Stamp = stamp
		return last, w.Documents.Readings.Put(ctx, from.ID(), last)
	}
	if err := w.lists.putEntries(ctx, sweep.Refresh(have.Entries, from, fresh, now)); err != nil {
		return last, err
	}
	fresh.Trim(maxFeedProblems)
	next := sweep.Reading{Stamp: stamp, Problems: fresh.Problems, More: fresh.More, Notes: fresh.Notes}
	return next, w.Documents.Readings.Put(ctx, from.ID(), next)
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
func (w *Sources) read(ctx context.Context, s sweep.Schedule, from sweep.Feed, last sweep.Stamp, now time.Time) (sweep.List, sweep.Stamp, bool, error) {
	if from.Workspace {
		tips, err := w.tips(ctx, s, from)
		if err != nil {
			return sweep.List{}, last, false, err
		}
		list, err := feed.FromTips(from, tips, now)
		return list, sweep.Stamp{Fetched: now}, true, err
	}
	return w.Fetcher.Read(ctx, from, last, now)
}

// tips reads what the workspaces of a sweep keep.
func (w *Sources) tips(ctx context.Context, s sweep.Schedule, from sweep.Feed) ([]hunts.Tip, error) {
	scopes := w.schedules.scopes(ctx, s)
	if len(scopes) == 0 {
		scopes = []string{""}
	}
	var all []hunts.Tip
	for _, scope := range scopes {
		var one []string
		if scope != "" {
			one = []string{scope}
		}
		tips, err := w.Runner.Tips(ctx, from.Tips, hunts.Asker{Team: w.Team, User: s.Owner, Channel: s.Channel}, one)
		if err != nil {
			return nil, err
		}
		all = append(all, tips...)
	}
	return all, nil
}
