package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// keep remembers the answer. Only what is worth repeating is cached for
// others: an answer with an error or a gap is kept for its own thread alone.
func (r *Runner) keep(ctx context.Context, key string, a *hunts.Answer) {
	cacheKey := ""
	if a.Verdict != hunts.CouldNotTell && hunts.AllDone(a.Coverage.Slices) {
		until := r.cfg.Clock().UTC().Add(r.cfg.CacheTTL)
		a.Source.ExpiresAt = &until
		cacheKey = key
	}
	r.store(ctx, cacheKey, a)
}

func (r *Runner) store(ctx context.Context, cacheKey string, a *hunts.Answer) {
	if err := r.cfg.Record.SaveAnswer(ctx, cacheKey, *a, r.cfg.CacheTTL); err != nil {
		r.cfg.Log.Warn("answer not kept, follow-ups will search again", "hunt", a.HuntID, "error", err)
		a.Notes = append(a.Notes, hunts.NoteNotKept)
	}
}

// expired: the store forgets by itself; its clock need not be ours.
func (r *Runner) expired(a hunts.Answer) bool {
	return a.Source.ExpiresAt != nil && !a.Source.ExpiresAt.After(r.cfg.Clock())
}

// remembered is a cached answer as that of this hunt, in its own words. It is kept
// under its own id as well: follow-ups ask for it by that. False when it does not
// answer this hunt.
func (r *Runner) remembered(ctx context.Context, a hunts.Answer, h hunts.Hunt) (hunts.Answer, bool) {
	a, ok := r.asAskedBy(a, h)
	if !ok {
		return a, false
	}
	if a.Source.CachedAt == nil {
		at := r.cfg.Clock().UTC()
		if a.Source.ExpiresAt != nil {
			at = a.Source.ExpiresAt.Add(-r.cfg.CacheTTL)
		}
		a.Source.CachedAt = &at
	}
	r.store(ctx, "", &a)
	return a, true
}

// cacheKey is the identity of a question: everything that changes the answer,
// and not who asks or why. h is a hunt as gate.within gives it.
func (r *Runner) cacheKey(h hunts.Hunt, d Definition) string {
	w := fmt.Sprint(h.Window.From.Unix(), h.Window.To.Unix())
	if h.Window.All || h.Window.Ago > 0 {
		w = fmt.Sprint(h.Window.All, h.Window.Ago)
	}
	if h.Refreshes != "" {
		w = "after " + h.Refreshes // whoever refreshes at the same moment shares it
	}
	profiles, _ := chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
	same := newParams(h.Request, time.Time{}, time.Time{}, 0)
	same.urls = pagesOf(h.Request) // places tell two URLs of one host apart
	where := strings.Join(h.Places, ",") + fmt.Sprint(h.Places == nil) + strings.Join(h.Request.Places, ",")
	if d.behavior() {
		where += d.Name + d.text // its key, its words and its coverage stand in its file
	}
	return "answer:" + digest(d.kql(same, "", profiles, r.cfg.Catalog.summary), w, strings.Join(h.Workspaces, ","), where)
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Forget drops all rows that are kept of an answered hunt: its answer, the
// cached one that others would be given, and the slices it was made of. Who asks
// the same afterwards is answered by the workspace. An error asks for another
// try.
func (r *Runner) Forget(ctx context.Context, h hunts.Hunt, a hunts.Answer) error {
	d, ok := r.cfg.Catalog.Get(h.Name)
	if !ok {
		return r.cfg.Record.DropAnswer(ctx, h.ID, "")
	}
	var slices []string
	for _, one := range scopesOf(h) {
		s := &searcher{runner: r, hunt: one, def: d, window: hunts.Window{From: a.Request.From, To: a.Request.To}}
		s.profiles, _ = chooseProfiles(r.cfg.Exclusions, h.Request.Exclude, h.Request.ExcludeNone)
		for _, at := range slicesOfScope(a, r.scopeName(one)) {
			slices = append(slices, s.sliceKey(at))
		}
	}
	if err := r.cfg.Record.DropBlobs(ctx, slices...); err != nil {
		return err
	}
	return r.cfg.Record.DropAnswer(ctx, h.ID, r.cacheKey(r.gate.within(ctx, h), d))
}
