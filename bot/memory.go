package bot

import (
	"context"
	"errors"
	"slices"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
)

// remember notes what a hunt found, for each of its indicators.
func (b *Bot) remember(ctx context.Context, h hunts.Hunt, a hunts.Answer) error {
	return b.cfg.Documents.Earlier.PutAll(ctx, h.Remembered(a, b.cfg.Clock()))
}

// forgetMet takes what is remembered of a hunt out of memory, unless a later one
// took its place.
func (b *Bot) forgetMet(ctx context.Context, h hunts.Hunt) error {
	known, err := b.cfg.Documents.Earlier.All(ctx, h.EarlierKeys()...)
	if err != nil {
		return err
	}
	var keys []string
	for key, m := range known {
		if m.Hunt == h.ID {
			keys = append(keys, key)
		}
	}
	return b.cfg.Documents.Earlier.Drop(ctx, keys...)
}

// memory is what is on record of a hunt's indicators.
type memory struct {
	hunted  []message.Known // the last hunts for them
	all     []message.Known // the same with the marks, for where no line carries them
	earlier string          // the last hunt that asked the same, to be shown again
	compare string          // the same, if it looked as far back
	first   bool            // nobody asked for any of them before
}

// earlier are the last hunts for the indicators of a hunt that came before it; they
// are looked for once, since later ones take their place.
func (b *Bot) earlier(ctx context.Context, h hunts.Hunt) ([]hunts.Earlier, error) {
	list, ok, err := b.cfg.Documents.Before.Get(ctx, h.ID)
	if err != nil || ok {
		return list, err
	}
	keys := h.EarlierKeys()
	known, err := b.cfg.Documents.Earlier.All(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if m, ok := known[key]; ok && m.Hunt != h.ID {
			list = append(list, m)
		}
	}
	return list, b.cfg.Documents.Before.Put(ctx, h.ID, list)
}

// known is the memory of a hunt. It is no reason to fail: without it the line is
// empty.
func (b *Bot) known(ctx context.Context, h hunts.Hunt) memory {
	var out memory
	list, err := b.earlier(ctx, h)
	out.first = err == nil && len(list) == 0
	if err == nil && h.Refreshes == "" {
		out.hunted, out.earlier, out.compare = huntedBefore(h, list)
	}
	out.all = slices.Clone(out.hunted)
	var values []string
	for _, i := range h.Request.Indicators() {
		values = append(values, i.String())
	}
	marks := hunts.MarksOf(ctx, b.cfg.Documents.Marks, values[:min(len(values), maxMarksAsked)], b.cfg.Clock())
	for _, v := range values {
		if m, ok := marks[v]; ok && len(out.all) <= maxKnown {
			out.all = append(out.all, message.Known{Indicator: v, Mark: m.Text()})
		}
	}
	return out
}

// maxKnown bounds what is told of beside the earlier hunts.
const maxKnown = 3

// huntedBefore are the last hunts for the indicators of h: the one that asked the
// very same, or else that of each indicator. It gives the hunt that asked the same,
// and again if it looked as far back.
func huntedBefore(h hunts.Hunt, list []hunts.Earlier) (known []message.Known, earlier, compare string) {
	var same message.Known
	for _, m := range list {
		k := message.Known{Indicator: m.Indicator, At: m.At, By: m.By, Verdict: m.Verdict, Devices: m.Devices, Window: m.Window, Hunt: m.Hunt}
		if m.Question != h.Question() || earlier != "" && earlier != m.Hunt {
			known = append(known, k)
			continue
		}
		k.Indicator, k.Verdict, k.Devices = "", m.Whole, m.Of
		same, earlier = k, m.Hunt
		if m.LookBack == h.Window.LookBack() {
			compare = m.Hunt
		}
	}
	if earlier != "" {
		known = slices.Insert(known, 0, same)
	}
	return known, earlier, compare
}

// changed is what an answer has that an earlier one had not: the one that it
// refreshes, or the last one to the same question that looked as far back.
func (b *Bot) changed(ctx context.Context, h hunts.Hunt, a hunts.Answer, k memory) *hunts.Change {
	id := h.Refreshes
	if id == "" {
		id = k.compare
	}
	if id == "" {
		return nil
	}
	before, ok, err := b.cfg.Store.Answer(ctx, id)
	if err != nil || !ok || h.Refreshes == "" && (a.Request.From.Before(before.Request.From) || !a.Request.To.After(before.Request.To)) {
		return nil
	}
	c := a.Since(before)
	return &c
}

// toldAlready: a refresh found nothing new, so the table above it in the thread
// still holds.
func (b *Bot) toldAlready(ctx context.Context, h hunts.Hunt, a hunts.Answer) bool {
	if h.Refreshes == "" {
		return false
	}
	before, ok, err := b.cfg.Store.Answer(ctx, h.Refreshes)
	if err != nil || !ok {
		return false
	}
	c := a.Since(before)
	return c.None() && c.Whole && !c.Rest
}

// pointToNewer tells the messages of the hunts that this one refreshes, directly or
// in turn, that there is something newer, or the one that it asks of another look-back. It is a courtesy: the answer is there
// without it.
func (b *Bot) pointToNewer(ctx context.Context, h hunts.Hunt, a hunts.Answer) {
	id, window := h.Refreshes, ""
	if h.Widens != "" {
		id, window = h.Widens, h.Window.Text()
	}
	for range maxRefreshed {
		if id == "" {
			return
		}
		old, ok, err := b.cfg.Store.Hunt(ctx, id)
		parent, posted, perr := b.cfg.Store.LoadPost(ctx, parentKey(id))
		before, answered, aerr := b.cfg.Store.Answer(ctx, id)
		if err := errors.Join(err, perr, aerr); err != nil || !ok || !posted || !answered {
			b.cfg.Log.InfoContext(ctx, "no message to point from to a newer answer", "hunt", id, "error", err)
			return
		}
		n := hunts.Newer{Hunt: h.ID, Window: window, Verdict: a.Verdict, Devices: a.VerdictDevices(), Change: policy.Redact(b.policy.Redaction(old.Asker.Channel, parent.Channel), a.Since(before))}
		if err := b.cfg.Documents.Newer.Put(ctx, id, n); err != nil {
			b.cfg.Log.InfoContext(ctx, "newer answer not noted", "hunt", id, "error", err)
			return
		}
		if err := b.paintAnswer(ctx, old, before, parent); err != nil {
			b.cfg.Log.InfoContext(ctx, "message not pointed to a newer answer", "hunt", id, "error", err)
		}
		id = old.Refreshes
	}
}

// maxRefreshed bounds a chain of refreshes that is told of the last one.
const maxRefreshed = 20

// maxMarksAsked bounds how many indicators of one hunt are looked up.
const maxMarksAsked = 50

// marked puts the judgements of people onto the lines of an answer.
func (b *Bot) marked(ctx context.Context, a hunts.Answer) hunts.Answer {
	var values []string
	for _, line := range a.ByIndicator {
		values = append(values, line.Indicator)
	}
	marks := hunts.MarksOf(ctx, b.cfg.Documents.Marks, values[:min(len(values), maxMarksAsked)], b.cfg.Clock())
	for n := range a.ByIndicator {
		if m, ok := marks[a.ByIndicator[n].Indicator]; ok {
			a.ByIndicator[n].Mark = m.Judged()
		}
	}
	return a
}
