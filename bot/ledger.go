package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// ledger is the record behind the one message that a thread's indicators have.
// It keeps indicators, who named them and in which messages, and no word of what
// people wrote.
type ledger struct {
	Channel    string         `json:"channel"`
	Thread     string         `json:"thread"`
	Title      string         `json:"title,omitempty"` // of the Sentinel incident
	Hosts      []string       `json:"hosts,omitempty"` // that the incident names
	Workspaces []string       `json:"workspaces,omitempty"`
	LookBack   string         `json:"look_back,omitempty"`
	Source     string         `json:"source,omitempty"` // the workspaces that were searched, as answers name them
	Paused     bool           `json:"paused,omitempty"`
	Lines      []ledgerLine   `json:"lines"`
	Dropped    int            `json:"dropped,omitempty"` // indicators beyond maxLedger
	Notes      []string       `json:"notes,omitempty"`   // what of the last message could not be read
	News       []news         `json:"news,omitempty"`    // to be told to the thread
	Covered    hunts.Coverage `json:"covered"`
	Round      time.Time      `json:"round,omitzero"` // when hunts of it began last
	Rounds     int            `json:"rounds,omitempty"`
	Sheet      string         `json:"sheet,omitempty"` // file that holds the lines that the message can't
}

// ledgerLine is one indicator of a thread.
type ledgerLine struct {
	Indicator indicator.Indicator `json:"indicator"`
	State     string              `json:"state"` // one of message's states of a line
	Why       string              `json:"why,omitempty"`
	Asked     bool                `json:"asked,omitempty"` // by name: neither cap, pause nor cool-down hold it
	Fresh     bool                `json:"fresh,omitempty"` // again, at once and not from memory
	Verdict   hunts.Verdict       `json:"verdict,omitempty"`
	Devices   int64               `json:"devices,omitempty"`
	Hunt      string              `json:"hunt,omitempty"`
	Link      string              `json:"link,omitempty"` // to the message of the hunt, when somebody opened it
	Asker     hunts.Asker         `json:"asker"`
	Seen      []string            `json:"seen,omitempty"`    // messages that name it
	Told      []string            `json:"told,omitempty"`    // devices whose REACHED was told
	Reached   int                 `json:"reached,omitempty"` // how many devices that was told of, also beyond maxTold
	Free      bool                `json:"free,omitempty"`    // costs nothing: known already, or looked for anyway
}

// Limits of one thread.
const (
	// maxLedger keeps the record at some hundred kilobytes.
	maxLedger = 500
	// maxSeen and maxTold bound what one line remembers.
	maxSeen = 20
	maxTold = 200
	// keepLedger is how long a thread's ledger lives after its last change.
	keepLedger = 30 * 24 * time.Hour
)

func ledgerKey(channel, thread string) string { return "ledger:" + channel + ":" + thread }

// change edits a ledger together with the other replicas.
func (b *Bot) change(ctx context.Context, channel, thread string, edit func(*ledger) error) (ledger, error) {
	var l ledger
	err := b.cfg.Store.ChangeJSON(ctx, ledgerKey(channel, thread), keepLedger, func(stored json.RawMessage) (json.RawMessage, error) {
		l = ledger{}
		if len(stored) > 0 {
			if err := json.Unmarshal(stored, &l); err != nil {
				return nil, fmt.Errorf("reading a ledger: %w", err)
			}
		}
		l.Channel, l.Thread = channel, thread
		if err := edit(&l); err != nil {
			return nil, err
		}
		return json.Marshal(l)
	})
	return l, err
}

// ledgerOf finds the thread of the ledger that a message belongs to.
func (b *Bot) ledgerOf(ctx context.Context, channel, ts string) (thread string, known bool, err error) {
	known, err = b.cfg.Store.GetJSON(ctx, "ledger-of:"+channel+":"+ts, &thread)
	return thread, known, err
}

// taken is what one message brings to a ledger.
type taken struct {
	at      string // its timestamp
	text    string
	files   []inbound.File
	by      string // its author, where another one asked
	asked   bool   // by name, so that the cap does not hold
	edit    bool   // the message was there before
	notes   []string
	free    map[indicator.Indicator]bool
	isNew   bool // it named something that the ledger did not have
	repeats bool // it named something that another message had named
}

// take puts the indicators of a message into its thread's ledger and gives
// their number.
func (b *Bot) take(ctx context.Context, who hunts.Asker, t *taken) (int, error) {
	text := t.text
	for _, f := range t.files {
		read, note, err := b.readShared(ctx, f)
		if err != nil {
			return 0, err
		}
		if note != "" {
			t.notes = append(t.notes, note)
		}
		text += "\n" + read
	}
	found := distinct(indicator.Extract(text, indicator.ExtractOptions{}))
	if len(found) == 0 && len(t.notes) == 0 {
		_, known, err := b.ledgerOf(ctx, who.Channel, t.at)
		if err != nil || !t.edit || !known {
			return 0, err
		}
	}
	if t.by != "" && t.by != who.User {
		who.User, who.Name = t.by, t.by
	}
	if err := b.cfg.Store.SetJSON(ctx, "ledger-of:"+who.Channel+":"+t.at, who.ThreadTS, keepLedger); err != nil {
		return 0, err
	}
	var err error
	if !t.asked { // whatever is asked for by name is hunted
		if t.free, err = b.freeOf(ctx, who, found); err != nil {
			return 0, err
		}
	}
	_, err = b.change(ctx, who.Channel, who.ThreadTS, func(l *ledger) error {
		t.isNew, t.repeats = false, false
		if len(t.notes) > 0 || t.asked {
			l.Notes = t.notes
		}
		if t.edit {
			l.unnamed(t.at, found)
		}
		for _, f := range found {
			l.add(b, who, f, t)
		}
		return nil
	})
	return len(found), err
}

// cachedFor is how long an answer surely comes from memory.
const cachedFor = 10 * time.Minute

// freeOf are the indicators that cost a thread nothing: hunted a moment ago, on the
// watchlist, or marked by a person. They are looked for when the thread would come
// to its cap, and not before.
func (b *Bot) freeOf(ctx context.Context, who hunts.Asker, found []indicator.Finding) (map[indicator.Indicator]bool, error) {
	var l ledger
	if _, err := b.cfg.Store.GetJSON(ctx, ledgerKey(who.Channel, who.ThreadTS), &l); err != nil {
		return nil, err
	}
	free := map[indicator.Indicator]bool{}
	if l.automatic()+len(found) <= b.cfg.ThreadCap {
		return free, nil
	}
	watched, err := b.entries(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range watched.Entries {
		free[e.Indicator] = true
	}
	now := b.cfg.Clock()
	for _, f := range found[:min(len(found), maxLedger)] {
		var m met
		hunted, err := b.cfg.Store.GetJSON(ctx, metKey(hunts.Hunt{Name: hunts.DefaultHunt, Workspaces: l.Workspaces}, f.Indicator), &m)
		if err != nil {
			return nil, err
		}
		_, marked := b.markOf(ctx, f.Indicator.String())
		if marked || hunted && now.Sub(m.At) < cachedFor {
			free[f.Indicator] = true
		}
	}
	return free, nil
}

// distinct names each indicator once: Slack sends what was typed as text and as
// blocks. One that stands there plainly anywhere is not in doubt.
func distinct(all []indicator.Finding) []indicator.Finding {
	var out []indicator.Finding
	at := map[indicator.Indicator]int{}
	for _, f := range all {
		k, seen := at[f.Indicator]
		switch {
		case !seen:
			at[f.Indicator] = len(out)
			out = append(out, f)
		case out[k].Doubtful && !f.Doubtful:
			out[k] = f
		}
	}
	return out
}

// add puts one indicator into the ledger.
func (l *ledger) add(b *Bot, who hunts.Asker, f indicator.Finding, t *taken) {
	if k := slices.IndexFunc(l.Lines, func(x ledgerLine) bool { return x.Indicator == f.Indicator }); k >= 0 {
		x := &l.Lines[k]
		if t.at != "" && slices.Contains(x.Seen, t.at) {
			t.isNew = true // the same message once more: whoever read it before may not have lived to queue it
		} else if t.at != "" {
			t.repeats = t.repeats || x.State != message.LineHeld
			if len(x.Seen) < maxSeen {
				x.Seen = append(x.Seen, t.at)
			}
		}
		if x.State == message.LineDoubtful && !f.Doubtful {
			x.State, x.Why, x.Asker, t.isNew = message.LineNew, "", who, true // it stands there plainly now
		}
		if t.asked && !x.Asked {
			x.Asked, t.isNew = true, true
			if x.State == message.LineOver || x.State == message.LineNew {
				x.State, x.Why, x.Asker = message.LineNew, "", who
			}
		}
		if x.Why == whyGone {
			x.Why, t.isNew = "", true
		}
		return
	}
	if len(l.Lines) >= maxLedger {
		l.Dropped++
		t.isNew = true
		return
	}
	x := ledgerLine{Indicator: f.Indicator, State: message.LineNew, Asker: who, Asked: t.asked}
	if t.at != "" {
		x.Seen = []string{t.at}
	}
	if reason, held := b.cfg.Guard.Check(f.Indicator); held {
		x.State, x.Why = message.LineHeld, reason
	} else if f.Doubtful {
		x.State, x.Why = message.LineDoubtful, f.Why
	} else if t.free[f.Indicator] {
		x.Free = true
	} else if !t.asked && l.automatic() >= b.cfg.ThreadCap {
		x.State, x.Why = message.LineOver, fmt.Sprintf("more than %d automatic hunts", b.cfg.ThreadCap)
	}
	l.Lines, t.isNew = append(l.Lines, x), true
}

// whyGone is told of a hunted indicator whose messages are gone.
const whyGone = "no longer named in the thread"

// unnamed takes a message out of the lines that it no longer names: what was
// not hunted leaves the ledger, what was hunted stays, and says so.
func (l *ledger) unnamed(ts string, still []indicator.Finding) {
	l.Lines = slices.DeleteFunc(l.Lines, func(x ledgerLine) bool {
		return slices.Equal(x.Seen, []string{ts}) && x.Hunt == "" && x.State != message.LineRunning && !names(still, x.Indicator)
	})
	for n := range l.Lines {
		x := &l.Lines[n]
		if !slices.Contains(x.Seen, ts) || names(still, x.Indicator) {
			continue
		}
		if x.Seen = slices.DeleteFunc(x.Seen, func(s string) bool { return s == ts }); len(x.Seen) == 0 {
			x.Why = whyGone
		}
	}
}

func names(found []indicator.Finding, i indicator.Indicator) bool {
	return slices.ContainsFunc(found, func(f indicator.Finding) bool { return f.Indicator == i })
}

// automatic counts the indicators that were or will be hunted without being
// asked for by name.
func (l ledger) automatic() int {
	n := 0
	for _, x := range l.Lines {
		if !x.Asked && !x.Free && (x.State == message.LineNew || x.State == message.LineRunning || x.State == message.LineDone) {
			n++
		}
	}
	return n
}

// ledgerView is the ledger as it is shown, with what people judged of its indicators.
func (b *Bot) ledgerView(ctx context.Context, l ledger) message.LedgerView {
	asking, stop := context.WithTimeout(ctx, courtesyFor)
	defer stop()
	v, asked := l.view(b), 0
	for n := range v.Lines {
		if x := &v.Lines[n]; x.State == message.LineDone && asked < maxMarksAsked {
			asked++
			if m, ok := b.markOf(asking, x.Indicator.String()); ok {
				x.Mark = strings.TrimPrefix(m.text(), "marked ")
			}
		}
	}
	return v
}

// view is the ledger as it is shown, without marks.
func (l ledger) view(b *Bot) message.LedgerView {
	v := message.LedgerView{
		Title: l.Title, Hosts: l.Hosts, Thread: l.Thread, Paused: l.Paused, Automatic: l.automatic(), Cap: b.cfg.ThreadCap, Coverage: l.Covered, At: b.cfg.Clock(),
		Workspace: l.Source, LookBack: l.LookBack, Notes: l.Notes, Dropped: l.Dropped,
	}
	for _, x := range l.Lines {
		v.Lines = append(v.Lines, message.LedgerLine{
			Indicator: x.Indicator, State: x.State, Why: x.Why, Verdict: x.Verdict, Devices: x.Devices, Hunt: x.Hunt, Link: x.Link, Asker: x.Asker.User,
		})
	}
	if at := l.next(b); !at.IsZero() && at.After(v.At) {
		v.Next = at
	}
	if red := b.policy.Redaction(l.Channel); !red.None() {
		hosts := len(v.Hosts)
		if v = policy.Redact(red, v); hosts > 0 && len(l.Hosts) > 0 && v.Hosts[0] != l.Hosts[0] {
			v.Hosts = nil // whom nobody may ask about
		}
	}
	return v
}

// next is when the lines that wait for the cool-down are hunted; zero when none
// waits.
func (l ledger) next(b *Bot) time.Time {
	if l.Paused || l.Round.IsZero() || !slices.ContainsFunc(l.Lines, func(x ledgerLine) bool { return x.State == message.LineNew && !x.Asked }) {
		return time.Time{}
	}
	return l.Round.Add(b.cfg.ThreadPause)
}
