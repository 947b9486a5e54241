package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// met is what is remembered of the last hunt for one indicator.
type met struct {
	Indicator string        `json:"indicator"` // as searched for: of a URL the host
	Hunt      string        `json:"hunt"`
	Verdict   hunts.Verdict `json:"verdict"` // of the indicator's line
	Devices   int64         `json:"devices"`
	By        string        `json:"by"`
	At        time.Time     `json:"at"`
	Window    string        `json:"window"`

	// Question tells whether that hunt asked the very same, and LookBack whether as
	// far back: only then what it found can be compared.
	Question string        `json:"question"`
	LookBack string        `json:"look_back"`
	Whole    hunts.Verdict `json:"whole"` // of its answer
	Of       int64         `json:"of"`    // devices of its answer
}

const (
	// keepMet is how long a hunt is remembered for who asks the same.
	keepMet = 90 * 24 * time.Hour
	// maxMet bounds the indicators of one hunt that are remembered, and asked for.
	maxMet = 10
	// maxMetShown bounds those that one line tells of.
	maxMetShown = 3
)

// withinKey is what must be the same for two hunts to know of each other: the
// hunt, its scopes, and what narrows it. Nothing that one workspace holds is told
// to who asks another.
func withinKey(h hunts.Hunt) string {
	scopes := slices.Clone(h.Workspaces)
	slices.Sort(scopes)
	narrow := request.Request{Devices: h.Request.Devices, Accounts: h.Request.Accounts}
	if len(h.Request.IPs)+len(h.Request.Domains) > 0 {
		narrow.Files = h.Request.Files
	}
	return strings.Join([]string{h.Name, strings.Join(scopes, ","), request.Format(narrow)}, "\x00")
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// metValue is what an indicator is remembered by: two URLs of one host are one
// search.
func metValue(i indicator.Indicator) string {
	if i.Kind == indicator.KindURL {
		return i.Host
	}
	return i.String()
}

func metKey(h hunts.Hunt, i indicator.Indicator) string {
	return "met:" + sumOf(withinKey(h)+"\x00"+metValue(i))
}

// question is the same for everybody who asks for the same indicators in the same
// scopes, whatever the look-back.
func question(h hunts.Hunt) string {
	same := request.Request{IPs: h.Request.IPs, Domains: h.Request.Domains, Files: h.Request.Files}
	return sumOf(withinKey(h) + "\x00" + request.Format(same))
}

func lookBack(w hunts.Window) string {
	switch {
	case w.All:
		return "all"
	case w.Ago > 0:
		return w.Ago.String()
	}
	return w.From.UTC().Format(time.RFC3339)
}

// mettable are the indicators of a hunt that are remembered.
func mettable(h hunts.Hunt) []indicator.Indicator {
	all := h.Request.Indicators()
	return all[:min(len(all), maxMet)]
}

// remember notes what a hunt found, for each of its indicators.
func (b *Bot) remember(ctx context.Context, h hunts.Hunt, a hunts.Answer) error {
	lines := map[string]hunts.IndicatorResult{}
	for _, line := range a.ByIndicator {
		lines[line.Indicator] = line
	}
	for _, i := range mettable(h) {
		line, ok := lines[i.String()]
		if !ok {
			continue
		}
		m := met{
			Indicator: metValue(i), Hunt: h.ID, Verdict: line.Verdict, Devices: lineDevices(a, line), By: h.Asker.Name, At: b.cfg.Clock().UTC(), Window: h.Window.Text(),
			Question: question(h), LookBack: lookBack(h.Window), Whole: a.Verdict, Of: devicesOf(a),
		}
		if err := b.cfg.Store.SetJSON(ctx, metKey(h, i), m, keepMet); err != nil {
			return err
		}
	}
	return nil
}

// forgetMet takes what is remembered of a hunt out of memory, unless a later one
// took its place.
func (b *Bot) forgetMet(ctx context.Context, h hunts.Hunt) error {
	for _, i := range mettable(h) {
		var m met
		if known, err := b.cfg.Store.GetJSON(ctx, metKey(h, i), &m); err != nil {
			return err
		} else if known && m.Hunt == h.ID {
			if err := b.cfg.Store.Delete(ctx, metKey(h, i)); err != nil {
				return err
			}
		}
	}
	return nil
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

// lineDevices counts the devices that the verdict of an indicator's line is about.
func lineDevices(a hunts.Answer, line hunts.IndicatorResult) int64 {
	if line.Verdict != hunts.Reached || a.Truncated.Rows {
		return line.Devices
	}
	reached := map[string]bool{}
	for _, r := range a.Rows {
		if r.Outcome == hunts.OutcomeReached && slices.Contains(r.Matched, line.Indicator) {
			reached[strings.ToLower(r.Scope+"\x00"+r.Device)] = true
		}
	}
	return int64(len(reached))
}

// memory is what is on record of a hunt's indicators.
type memory struct {
	hunted  string // the last hunts for them
	text    string // the same with the marks, for where no line carries them
	earlier string // the last hunt that asked the same, to be shown again
	compare string // the same, if it looked as far back
	first   bool   // nobody asked for any of them before
}

func earlierKey(huntID string) string { return "before:" + huntID }

// earlier are the last hunts for the indicators of a hunt that came before it; they
// are looked for once, since later ones take their place.
func (b *Bot) earlier(ctx context.Context, h hunts.Hunt) ([]met, error) {
	var list []met
	if ok, err := b.cfg.Store.GetJSON(ctx, earlierKey(h.ID), &list); err != nil || ok {
		return list, err
	}
	for _, i := range mettable(h) {
		var m met
		if ok, err := b.cfg.Store.GetJSON(ctx, metKey(h, i), &m); err != nil {
			return nil, err
		} else if ok && m.Hunt != h.ID {
			list = append(list, m)
		}
	}
	return list, b.cfg.Store.SetJSON(ctx, earlierKey(h.ID), list, b.cfg.Keep)
}

// known is the memory of a hunt. It is no reason to fail: without it the line is
// empty.
func (b *Bot) known(ctx context.Context, h hunts.Hunt) memory {
	var parts []string
	var out memory
	list, err := b.earlier(ctx, h)
	out.first = err == nil && len(list) == 0
	if err == nil && h.Refreshes == "" {
		out.hunted, out.earlier, out.compare = b.huntedText(h, list)
	}
	if out.hunted != "" {
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

// huntedText tells of the last hunts for the indicators of h: of the one that asked
// the very same, or else of each indicator. It gives the hunt that asked the same,
// and again if it looked as far back.
func (b *Bot) huntedText(h hunts.Hunt, list []met) (text, earlier, compare string) {
	var parts []string
	for _, m := range list {
		if m.Question == question(h) && (earlier == "" || earlier == m.Hunt) {
			earlier = m.Hunt
			text = fmt.Sprintf("hunted %s ago by %s: %s (%s, %s)", spell(b.cfg.Clock().Sub(m.At)), m.By, foundText(m.Whole, m.Of), m.Window, m.Hunt)
			if m.LookBack == lookBack(h.Window) {
				compare = m.Hunt
			}
			continue
		}
		parts = append(parts, fmt.Sprintf("%s hunted %s ago by %s: %s (%s, %s)", indicator.Defang(m.Indicator), spell(b.cfg.Clock().Sub(m.At)), m.By, foundText(m.Verdict, m.Devices), m.Window, m.Hunt))
	}
	if earlier != "" {
		parts = slices.Insert(parts, 0, text)
	}
	if more := len(parts) - maxMetShown; more > 0 {
		parts = append(parts[:maxMetShown], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; "), earlier, compare
}

func foundText(v hunts.Verdict, devices int64) string {
	found := strings.ReplaceAll(string(v), "_", " ")
	switch {
	case devices == 0:
		return found
	case v == hunts.Reached || v == hunts.Tried:
		return found + " by " + hunts.Count(devices, "device")
	}
	return found + " on " + hunts.Count(devices, "device")
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
	return s + " by " + m.By + " until " + m.Until.UTC().Format("Jan 2, 2006")
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
