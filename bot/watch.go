package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// watchlist is the one list of this deployment.
const watchlist = "watchlist"

// keepExpired is how long an entry is told of whose time is over.
const keepExpired = 30 * 24 * time.Hour

// entries reads the watchlist; what is expired is among its problems, and after a
// while removed.
func (b *Bot) entries(ctx context.Context) (sweep.List, error) {
	raw, err := b.cfg.Store.Entries(ctx, watchlist)
	if err != nil {
		return sweep.List{}, err
	}
	var l sweep.List
	var over []string
	for key, data := range raw {
		var e sweep.Entry
		if json.Unmarshal(data, &e) != nil {
			l.Problems = append(l.Problems, sweep.Problem{Source: watchlist, Value: key, Kind: sweep.Malformed, Reason: "it can't be read; it was written by another version"})
			continue
		}
		if now := b.cfg.Clock(); !e.Expires.After(now) {
			if e.Expires.Before(now.Add(-keepExpired)) {
				over = append(over, key)
			} else if e.State != sweep.Retired {
				l.Problems = append(l.Problems, sweep.Problem{Source: e.Source, Value: e.Indicator.String(), Kind: sweep.Expired, Reason: "its time was over on " + e.Expires.UTC().Format("2 Jan 2006")})
			}
			continue
		}
		l.Entries = append(l.Entries, e)
	}
	slices.SortFunc(l.Problems, func(x, y sweep.Problem) int { return strings.Compare(x.Value, y.Value) })
	slices.SortFunc(l.Entries, func(x, y sweep.Entry) int { return strings.Compare(x.Key(), y.Key()) })
	return l, b.cfg.Store.DropEntries(ctx, watchlist, over...)
}

func (b *Bot) putEntries(ctx context.Context, list []sweep.Entry) error {
	out := make(map[string][]byte, len(list))
	for _, e := range list {
		data, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encoding an entry of the watchlist: %w", err)
		}
		out[e.Key()] = data
	}
	return b.cfg.Store.PutEntries(ctx, watchlist, out)
}

// watchHunt puts the indicators of a hunt onto the watchlist for a while.
func (b *Bot) watchHunt(ctx context.Context, f follow, forHow time.Duration) error {
	now := b.cfg.Clock().UTC()
	var list []sweep.Entry
	for _, i := range f.hunt.Request.Indicators() {
		list = append(list, sweep.Entry{Indicator: i, Source: f.hunt.ID, Owner: f.asker.User, Note: f.hunt.Request.Why, Added: now, Expires: now.Add(forHow), State: sweep.Active})
	}
	if err := b.putEntries(ctx, list); err != nil {
		return err
	}
	if err := b.cfg.Store.Audit(ctx, hunts.AuditEntry{Time: now, Action: "watch", HuntID: f.hunt.ID, User: f.asker.User, Team: f.asker.Team, Channel: f.asker.Channel, What: indicator.Format(f.hunt.Request)}); err != nil {
		return err
	}
	text := fmt.Sprintf("👁 On the watchlist until %s: each sweep looks for it.", now.Add(forHow).Format("2 Jan 15:04 UTC"))
	return f.say(ctx, "watch", func(v message.View) message.Message { return message.Said(text, v) })
}

// watchCommand answers /footprint watch …
func (b *Bot) watchCommand(ctx context.Context, key string, c command, rest string) (string, error) {
	verb, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch strings.ToLower(verb) {
	case "add":
		return b.watchAdd(ctx, c, text)
	case "remove", "quiet":
		return b.watchChange(ctx, c, strings.ToLower(verb), text)
	case "list", "":
		return b.watchList(ctx)
	case "export":
		return b.watchExport(ctx, key, c)
	case "import":
		return howToImport, nil
	}
	return "Write `watch add …`, `watch remove …`, `watch quiet … until=2026-12-01`, `watch list`, `watch export`, or `watch import` beside a file.", nil
}

// watchAdd reads indicators, and for how long and why.
func (b *Bot) watchAdd(ctx context.Context, c command, text string) (string, error) {
	req, refusal := indicator.Parse(text, b.cfg.Clock())
	if refusal != nil {
		return refusal.Sentence, nil
	}
	life := sweep.DefaultLife
	if req.Since > 0 {
		life = req.Since // since= says how long, as elsewhere
	}
	now := b.cfg.Clock().UTC()
	guard := *b.cfg.Guard
	var list []sweep.Entry
	var held []string
	for _, i := range req.Indicators() {
		if reason, no := guard.Check(i); no {
			held = append(held, i.Defanged()+" ("+reason+")")
			continue
		}
		list = append(list, sweep.Entry{Indicator: i, Source: "slack", Owner: c.User, Note: req.Why, Added: now, Expires: now.Add(life), State: sweep.Active})
	}
	if err := b.putEntries(ctx, list); err != nil {
		return "", err
	}
	if err := b.cfg.Store.Audit(ctx, hunts.AuditEntry{Time: now, Action: "watch", User: c.User, Team: c.Team, Channel: c.Channel, What: indicator.Format(req), Why: req.Why}); err != nil {
		return "", err
	}
	say := fmt.Sprintf("%d on the watchlist until %s.", len(list), now.Add(life).Format("2 Jan 2006"))
	if len(held) > 0 {
		say += " Held back: " + strings.Join(held, ", ") + "."
	}
	return say, nil
}

func (b *Bot) watchChange(ctx context.Context, c command, verb, text string) (string, error) {
	words, until, _ := strings.Cut(text, "until=")
	req, refusal := indicator.Parse(words, b.cfg.Clock())
	if refusal != nil {
		return refusal.Sentence, nil
	}
	have, err := b.entries(ctx)
	if err != nil {
		return "", err
	}
	quiet := b.cfg.Clock().Add(14 * 24 * time.Hour)
	if day, err := time.Parse("2006-01-02", strings.TrimSpace(until)); err == nil {
		quiet = day
	}
	var keys []string
	var changed []sweep.Entry
	for _, i := range req.Indicators() {
		k := slices.IndexFunc(have.Entries, func(e sweep.Entry) bool { return e.Indicator == i })
		if k < 0 {
			continue
		}
		e := have.Entries[k]
		keys = append(keys, e.Key())
		e.State, e.QuietUntil, e.Ticket = sweep.Quiet, quiet, req.Why
		changed = append(changed, e)
	}
	if len(keys) == 0 {
		return "Nothing of that is on the watchlist.", nil
	}
	if err := b.cfg.Store.Audit(ctx, hunts.AuditEntry{Time: b.cfg.Clock().UTC(), Action: "watch-" + verb, User: c.User, Team: c.Team, Channel: c.Channel, What: indicator.Format(req), Why: req.Why}); err != nil {
		return "", err
	}
	if verb == "remove" {
		return fmt.Sprintf("%d removed from the watchlist.", len(keys)), b.cfg.Store.DropEntries(ctx, watchlist, keys...)
	}
	return fmt.Sprintf("%d quiet until %s: hunted and counted, but no news.", len(keys), quiet.Format("2 Jan 2006")), b.putEntries(ctx, changed)
}

// shownEntries is how many lines the list in Slack has; the export has all.
const shownEntries = 20

func (b *Bot) watchList(ctx context.Context) (string, error) {
	l, err := b.entries(ctx)
	if err != nil {
		return "", err
	}
	if len(l.Entries) == 0 {
		return "The watchlist is empty. Put something on it with `watch add ip=…`, or with the Watch button of a hunt.", nil
	}
	lines := []string{fmt.Sprintf("%d on the watchlist.", len(l.Entries))}
	for n, e := range l.Entries {
		if n == shownEntries {
			lines = append(lines, fmt.Sprintf("… and %d more", len(l.Entries)-n))
			break
		}
		lines = append(lines, fmt.Sprintf("%s · %s · until %s · %s", e.Indicator.Defanged(), e.State, e.Expires.Format("2 Jan"), e.Source))
	}
	return strings.Join(lines, "\n"), nil
}
