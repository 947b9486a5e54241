package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// met is what is remembered of the last hunt for the same indicators.
type met struct {
	Hunt    string        `json:"hunt"`
	Verdict hunts.Verdict `json:"verdict"`
	Devices int64         `json:"devices"`
	Events  int64         `json:"events"`
	By      string        `json:"by"`
	At      time.Time     `json:"at"`
	Window  string        `json:"window"`
}

// keepMet is how long a hunt is remembered for who asks the same.
const keepMet = 90 * 24 * time.Hour

// metKey is the same for everybody who asks for the same indicators, whatever
// the window.
func metKey(r indicator.Request) string {
	same := indicator.Request{IPs: r.IPs, Domains: r.Domains, Files: r.Files, Devices: r.Devices, Hunt: r.Hunt}
	sum := sha256.Sum256([]byte(indicator.Format(same)))
	return "met:" + hex.EncodeToString(sum[:12])
}

// remember notes what a hunt found.
func (b *Bot) remember(ctx context.Context, h hunts.Hunt, a hunts.Answer) error {
	m := met{Hunt: h.ID, Verdict: a.Verdict, Devices: devicesOf(a), Events: a.Totals.Events, By: h.Asker.Name, At: b.cfg.Clock().UTC(), Window: h.Window.Text()}
	return b.cfg.Store.SetJSON(ctx, metKey(h.Request), m, keepMet)
}

// devicesOf counts the devices that the verdict is about.
func devicesOf(a hunts.Answer) int64 {
	n := int64(0)
	for _, d := range a.ByDevice {
		if a.Verdict != hunts.Reached || d.Outcome == hunts.OutcomeReached {
			n++
		}
	}
	return n
}

// memory is what is on record of a hunt's indicators.
type memory struct {
	hunted  string // the last hunt for the same
	text    string // the same with the marks, for where no line carries them
	earlier string // the last hunt for the same, to be shown again
	first   bool   // nobody asked for the same before
}

func earlierKey(huntID string) string { return "earlier:" + huntID }

// earlier is the hunt for the same indicators that came before this one; it is
// looked for once, since later ones take its place. An empty one is none.
func (b *Bot) earlier(ctx context.Context, h hunts.Hunt) (met, error) {
	var m met
	if ok, err := b.cfg.Store.GetJSON(ctx, earlierKey(h.ID), &m); err != nil || ok {
		return m, err
	}
	if _, err := b.cfg.Store.GetJSON(ctx, metKey(h.Request), &m); err != nil {
		return met{}, err
	}
	if m.Hunt == h.ID {
		m = met{}
	}
	return m, b.cfg.Store.SetJSON(ctx, earlierKey(h.ID), m, b.cfg.Keep)
}

// known is the memory of a hunt. It is no reason to fail: without it the line is
// empty.
func (b *Bot) known(ctx context.Context, h hunts.Hunt) memory {
	var parts []string
	var out memory
	m, err := b.earlier(ctx, h)
	out.first = err == nil && m.Hunt == ""
	if err == nil && m.Hunt != "" && h.Refreshes == "" {
		out.earlier = m.Hunt
		found := strings.ReplaceAll(string(m.Verdict), "_", " ")
		if m.Devices > 0 {
			found += fmt.Sprintf(" %d devices", m.Devices)
			if m.Devices == 1 {
				found = strings.TrimSuffix(found, "s")
			}
		}
		out.hunted = fmt.Sprintf("hunted %s ago by %s: %s (%s, %s)", spell(b.cfg.Clock().Sub(m.At)), m.By, found, m.Window, m.Hunt)
		parts = append(parts, out.hunted)
	}
	for n, i := range h.Request.Indicators() {
		if n == maxMarksAsked || len(parts) > 3 {
			break
		}
		if mark, ok := b.markOf(ctx, i.String()); ok {
			parts = append(parts, indicator.Defang(i.String())+" "+mark.text())
		}
	}
	out.text = strings.Join(parts, "; ")
	return out
}

// changed is what an answer has that an earlier one had not: the one that it
// refreshes, or the last one to the same question whose window began no later.
func (b *Bot) changed(ctx context.Context, h hunts.Hunt, a hunts.Answer, k memory) *hunts.Change {
	id := h.Refreshes
	if id == "" {
		id = k.earlier
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

func newerKey(huntID string) string { return "newer:" + huntID }

// pointToNewer tells the messages of the hunts that this one refreshes, directly or
// in turn, that there is something newer. It is a courtesy: the answer is there
// without it.
func (b *Bot) pointToNewer(ctx context.Context, h hunts.Hunt, a hunts.Answer) {
	id := h.Refreshes
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
		n := message.Newer{Hunt: h.ID, Verdict: a.Verdict, Devices: devicesOf(a), Change: policy.Redact(b.policy.Redaction(old.Asker.Channel, parent.Channel), a.Since(before))}
		if err := b.cfg.Store.SetJSON(ctx, newerKey(id), n, b.cfg.Keep); err != nil {
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

// spell writes a duration in its largest unit.
func spell(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// mark is what a person judged of an indicator.
type mark struct {
	Verdict string    `json:"verdict"` // malicious, benign or known
	Ticket  string    `json:"ticket,omitempty"`
	Note    string    `json:"note,omitempty"`
	By      string    `json:"by"`
	Until   time.Time `json:"until"`
}

func (m mark) text() string {
	s := "marked " + m.Verdict
	if m.Ticket != "" {
		s += " (" + m.Ticket + ")"
	}
	return s + " by " + m.By + " until " + m.Until.UTC().Format("2 Jan 2006")
}

// maxMarksAsked bounds how many indicators of one hunt are looked up.
const maxMarksAsked = 50

// malicious is the mark that never keeps anything still.
const malicious = "malicious"

func markKey(value string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(value)))
	return "mark:" + hex.EncodeToString(sum[:12])
}

func (b *Bot) markOf(ctx context.Context, value string) (mark, bool) {
	var m mark
	ok, err := b.cfg.Store.GetJSON(ctx, markKey(value), &m)
	return m, err == nil && ok && m.Until.After(b.cfg.Clock())
}

// marked puts the judgements of people onto the lines of an answer.
func (b *Bot) marked(ctx context.Context, a hunts.Answer) hunts.Answer {
	for n := range a.ByIndicator {
		if n == maxMarksAsked {
			break
		}
		if m, ok := b.markOf(ctx, a.ByIndicator[n].Indicator); ok {
			a.ByIndicator[n].Mark = strings.TrimPrefix(m.text(), "marked ")
		}
	}
	return a
}
