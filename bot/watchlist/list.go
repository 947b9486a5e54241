package watchlist

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// keepExpired is how long an entry is told of whose time is over.
const keepExpired = 30 * 24 * time.Hour

// entries reads the watchlist; what is expired is among its problems, and after a
// while removed.
func (w *Lists) Entries(ctx context.Context) (sweep.List, error) {
	all, unreadable, err := w.Documents.Watchlist.All(ctx)
	if err != nil {
		return sweep.List{}, err
	}
	var l sweep.List
	for _, key := range unreadable {
		l.Problems = append(l.Problems, sweep.Problem{Source: "watchlist", Value: key, Kind: sweep.Malformed, Reason: "it can't be read; it was written by another version"})
	}
	var over []string
	for key, e := range all {
		if now := w.Clock(); !e.Expires.After(now) {
			if e.Expires.Before(now.Add(-keepExpired)) {
				over = append(over, key)
			} else if e.State != sweep.Retired {
				l.Problems = append(l.Problems, sweep.Problem{Source: e.Source, Value: e.Indicator.String(), Kind: sweep.Expired, Reason: "it expired on " + e.Expires.UTC().Format("Jan 2, 2006")})
			}
			continue
		}
		l.Entries = append(l.Entries, e)
	}
	slices.SortFunc(l.Problems, func(x, y sweep.Problem) int { return strings.Compare(x.Value, y.Value) })
	slices.SortFunc(l.Entries, func(x, y sweep.Entry) int { return strings.Compare(x.Key(), y.Key()) })
	return l, w.Documents.Watchlist.Drop(ctx, over...)
}

func (w *Lists) putEntries(ctx context.Context, list []sweep.Entry) error {
	out := make(map[string]sweep.Entry, len(list))
	for _, e := range list {
		out[e.Key()] = e
	}
	return w.Documents.Watchlist.Put(ctx, out)
}

// put adds what people name to the watchlist. held are those that a sweep would
// not hunt, with the reason. say is what keeps all of it from being put there.
func (w *Lists) put(ctx context.Context, list []sweep.Entry) (changed []sweep.Entry, fresh int, held []sweep.Problem, say string, err error) {
	have, err := w.Entries(ctx)
	if err != nil {
		return nil, 0, nil, "", err
	}
	l := sweep.List{Entries: slices.Clone(list)}
	l.Hold(*w.Guard)
	l.Entries = slices.DeleteFunc(l.Entries, func(e sweep.Entry) bool {
		reason := sweep.TooWide(e.Indicator)
		if reason != "" {
			l.Problems = append(l.Problems, sweep.Problem{Source: e.Source, Value: e.Indicator.String(), Kind: sweep.OverWide, Reason: reason})
		}
		return reason != ""
	})
	changed, fresh = sweep.Put(have.Entries, l.Entries)
	if over := len(have.Entries) + fresh - sweep.MaxEntries; over > 0 {
		return nil, 0, nil, fmt.Sprintf("That is %d indicators more than the %d a sweep can hunt. Nothing was added.", over, sweep.MaxEntries), nil
	}
	return changed, fresh, l.Problems, "", w.putEntries(ctx, changed)
}

// heldText names what was not put on the watchlist.
func heldText(held []sweep.Problem) string {
	if len(held) == 0 {
		return ""
	}
	var names []string
	for n, p := range held {
		if n == shownEntries {
			names = append(names, fmt.Sprintf("and %d more", len(held)-n))
			break
		}
		names = append(names, indicator.Defang(p.Value)+" ("+string(p.Kind)+": "+p.Reason+")")
	}
	return " Not added: " + strings.Join(names, ", ") + "."
}

// Hunt puts the indicators of a hunt onto the watchlist for a while. An entry
// that lives longer is not shortened by it. It gives what to tell: ring says what pings
// beside the sweeps, and is empty where nothing does.
func (w *Lists) Hunt(ctx context.Context, h hunts.Hunt, who hunts.Asker, forHow time.Duration, ring func(context.Context) (string, error)) (text string, err error) {
	now := w.Clock().UTC()
	if err := w.Gate.Authorize(ctx, who, hunts.Action{Name: "watch", Right: hunts.MayWatch, HuntID: h.ID, What: request.Format(h.Request)}); err != nil {
		return "", err
	}
	have, err := w.Entries(ctx)
	if err != nil {
		return "", err
	}
	end, longer := now.Add(forHow), 0
	var list []sweep.Entry
	for _, i := range h.Request.Indicators() {
		e := sweep.Entry{Indicator: i, Source: h.ID, Owner: who.User, Note: h.Request.Why, Added: now, Expires: end, State: sweep.Active}
		if k := slices.IndexFunc(have.Entries, func(old sweep.Entry) bool { return old.Indicator == i && !old.Removed && old.Expires.After(end) }); k >= 0 {
			e.Expires, longer = have.Entries[k].Expires, longer+1
		}
		list = append(list, e)
	}
	changed, _, held, text, err := w.put(ctx, list)
	if err != nil {
		return "", err
	}
	switch {
	case text != "":
	case len(changed) == 0:
		text = "👁 None of these can be watched." + heldText(held)
	default:
		text = fmt.Sprintf("👁 %d on the watchlist until %s: each sweep looks for it.", len(changed)-longer, end.Format("Jan 2, 15:04 UTC"))
		if longer > 0 {
			text = fmt.Sprintf("👁 %d already on the watchlist, for longer than this. The end was not changed.", longer)
			if rest := len(changed) - longer; rest > 0 {
				text += fmt.Sprintf(" %d more until %s.", rest, end.Format("Jan 2, 15:04 UTC"))
			}
		}
		looks, err := ring(ctx)
		if err == nil && looks == "" {
			looks, err = w.schedules.noneRuns(ctx)
		}
		if err != nil {
			return "", err
		}
		text += looks + heldText(held)
	}
	return text, nil
}

// longestWatch bounds what may be asked for: nothing lives for ever.
const longestWatch = 400 * 24 * time.Hour

// EndOf reads for= and until= out of a text; without them the end is after life.
func (w *Lists) EndOf(text string, life time.Duration) (end time.Time, rest, wrong string) {
	now := w.Clock().UTC()
	length, rest := takeOption(text, "for")
	until, rest := takeOption(rest, "until")
	switch {
	case length != "" && until != "":
		return end, rest, "Write for= or until=, not both."
	case length != "":
		d, refusal := request.ParseDuration(length)
		if refusal != nil {
			return end, rest, fmt.Sprintf("for=%s isn't a length of time: write for=72h, for=30d or for=4w.", indicator.Defang(length))
		}
		life = d
	case until != "":
		day, err := time.Parse("2006-01-02", until)
		if err != nil {
			return end, rest, fmt.Sprintf("until=%s isn't a date: write until=%s.", indicator.Defang(until), now.Add(life).Format("2006-01-02"))
		}
		life = day.Add(24*time.Hour - time.Second).Sub(now) // to its end
	}
	switch {
	case life <= 0:
		return end, rest, "That day is over. Name a later one."
	case life > longestWatch:
		return end, rest, "An entry can be watched for at most 400 days. Choose an earlier end, and add it again when it expires."
	}
	return now.Add(life), rest, ""
}

// Add reads indicators, and for how long and why.
func (w *Lists) Add(ctx context.Context, c inbound.Command, text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return `Name what to watch: watch add 203.0.113[.]66 cdn-sync[.]example why="C2" for=30d. "watch list" shows what is watched.`, nil
	}
	end, text, wrong := w.EndOf(text, sweep.DefaultLife)
	if wrong != "" {
		return wrong, nil
	}
	tags, text := takeOption(text, "tags")
	confidence, text := takeOption(text, "confidence")
	sure, err := strconv.Atoi(confidence)
	if confidence != "" && (err != nil || sure < 0 || sure > 100) {
		return "confidence= goes from 0 to 100.", nil
	}
	req, refusal := request.Parse(text, w.Clock())
	switch {
	case refusal != nil:
		return refusal.Sentence, nil
	case req.All:
		return "An entry needs an end: write for=30d, or until=2026-12-01.", nil
	case req.Since > 0: // since= says how long, as elsewhere
		if end, _, wrong = w.EndOf("", req.Since); wrong != "" {
			return wrong, nil
		}
	}
	now := w.Clock().UTC()
	var list []sweep.Entry
	for _, i := range req.Indicators() {
		list = append(list, sweep.Entry{Indicator: i, Source: "slack", Owner: c.User, Note: req.Why, Confidence: sure, Tags: words(tags), Added: now, Expires: end, State: sweep.Active})
	}
	if err := w.Gate.Authorize(ctx, c.Asker(), hunts.Action{Name: "watch", Right: hunts.MayWatch, What: request.Format(req), Why: req.Why}); err != nil {
		return "", err
	}
	changed, fresh, held, say, err := w.put(ctx, list)
	if err != nil || say != "" {
		return say, err
	}
	if len(changed) == 0 {
		return "None of these can be watched." + heldText(held), nil
	}
	say = fmt.Sprintf("%d on the watchlist until %s.", len(changed), end.Format("Jan 2, 2006"))
	if old := len(changed) - fresh; old > 0 {
		say += fmt.Sprintf(" %d were already on the list.", old)
	}
	none, err := w.schedules.noneRuns(ctx)
	return say + none + heldText(held), err
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
}

// onList finds what a person names on the watchlist. say is what is wrong.
func (w *Lists) onList(ctx context.Context, text string) (found []sweep.Entry, req request.Request, say string, err error) {
	req, refusal := request.Parse(text, w.Clock())
	if refusal != nil {
		return nil, req, refusal.Sentence, nil
	}
	have, err := w.Entries(ctx)
	if err != nil {
		return nil, req, "", err
	}
	for _, i := range req.Indicators() {
		if k := slices.IndexFunc(have.Entries, func(e sweep.Entry) bool { return e.Indicator == i && !e.Removed }); k >= 0 {
			found = append(found, have.Entries[k])
		}
	}
	if len(found) == 0 {
		return nil, req, "None of these are on the watchlist.", nil
	}
	return found, req, "", nil
}

func (w *Lists) authorizeWatch(ctx context.Context, c inbound.Command, verb string, req request.Request) error {
	return w.Gate.Authorize(ctx, c.Asker(), hunts.Action{Name: "watch-" + verb, Right: hunts.MayWatch, What: request.Format(req), Why: req.Why})
}

// Remove takes entries off. One that a source names is only retired, so that
// the source does not bring it back.
func (w *Lists) Remove(ctx context.Context, c inbound.Command, text string) (string, error) {
	found, req, say, err := w.onList(ctx, text)
	if err != nil || say != "" {
		return say, err
	}
	if err := w.authorizeWatch(ctx, c, "remove", req); err != nil {
		return "", err
	}
	var keys []string
	var retired []sweep.Entry
	for _, e := range found {
		if sweep.IsFeed(e.Source) {
			e.State, e.Removed, e.Note = sweep.Retired, true, req.Why
			retired = append(retired, e)
			continue
		}
		keys = append(keys, e.Key())
	}
	if err := w.putEntries(ctx, retired); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d removed from the watchlist.", len(found)), w.Documents.Watchlist.Drop(ctx, keys...)
}

// quietFor is how long an entry keeps still when nobody says otherwise.
const quietFor = 14 * 24 * time.Hour

func (w *Lists) Quiet(ctx context.Context, c inbound.Command, text string) (string, error) {
	end, text, wrong := w.EndOf(text, quietFor)
	if wrong != "" {
		return wrong, nil
	}
	found, req, say, err := w.onList(ctx, text)
	if err != nil || say != "" {
		return say, err
	}
	if err := w.authorizeWatch(ctx, c, "quiet", req); err != nil {
		return "", err
	}
	for n := range found {
		found[n].State, found[n].QuietUntil, found[n].Ticket = sweep.Quiet, end, req.Why
	}
	return fmt.Sprintf("%d muted until %s: still hunted, not reported as new.", len(found), end.Format("Jan 2, 2006")), w.putEntries(ctx, found)
}

// shownEntries is how many lines the list in Slack has; the export has all.
const shownEntries = 20

func (w *Lists) List(ctx context.Context) (string, error) {
	l, err := w.Entries(ctx)
	if err != nil {
		return "", err
	}
	if len(l.Entries)+len(l.Problems) == 0 {
		return "The watchlist is empty. Add to it with `watch add ip=…`, or with a hunt's Watch button.", nil
	}
	now := w.Clock()
	states := map[string]int{}
	for _, e := range l.Entries {
		states[stateOf(e, now)]++
	}
	head := fmt.Sprintf("%d on the watchlist.", len(l.Entries)-states[string(sweep.Retired)])
	for _, s := range []string{string(sweep.Quiet), string(sweep.Retired)} {
		if states[s] > 0 {
			head += fmt.Sprintf(" %d %s.", states[s], s)
		}
	}
	if n := l.Left()[sweep.Expired]; n > 0 {
		head += fmt.Sprintf(" %d expired in the last 30 days.", n)
	}
	// what was met last is what somebody looks for
	slices.SortStableFunc(l.Entries, func(x, y sweep.Entry) int { return y.Met.Compare(x.Met) })
	lines := []string{head}
	var values []string
	for _, e := range l.Entries[:min(len(l.Entries), shownEntries)] {
		values = append(values, e.Indicator.String())
	}
	marks := hunts.MarksOf(ctx, w.Marks, values, w.Clock())
	for n, e := range l.Entries {
		if n == shownEntries {
			lines = append(lines, fmt.Sprintf("… and %d more: `watch export` lists them all.", len(l.Entries)-n))
			break
		}
		text := fmt.Sprintf("%s · %s · until %s · %s", e.Indicator.Defanged(), stateOf(e, now), e.Expires.Format("Jan 2"), indicator.Defang(e.Source))
		if e.Handled(now) {
			text = fmt.Sprintf("%s · muted until %s · %s", e.Indicator.Defanged(), e.QuietUntil.Format("Jan 2"), indicator.Defang(e.Source))
		}
		if e.Hits > 0 {
			text += fmt.Sprintf(" · found by %d sweeps", e.Hits)
		}
		if e.Note != "" {
			text += " · " + e.Note
		}
		if m, ok := marks[e.Indicator.String()]; ok {
			text += " · " + m.Text()
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n"), nil
}

// stateOf is where an entry stands now: one whose quiet time is over is active.
func stateOf(e sweep.Entry, now time.Time) string {
	if e.State == sweep.Quiet && !e.Handled(now) {
		return string(sweep.Active)
	}
	return string(e.State)
}
