package bot

import (
	"context"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

func ledgerKey(channel, thread string) string { return "ledger:" + channel + ":" + thread }

// change edits a ledger together with the other replicas.
func (b *Bot) change(ctx context.Context, channel, thread string, edit func(*incident.Ledger) error) (incident.Ledger, error) {
	return b.cfg.Threads.Ledgers.Change(ctx, incident.Thread{Channel: channel, TS: thread}, func(l *incident.Ledger) error {
		l.Channel, l.Thread = channel, thread
		return edit(l)
	})
}

// ledgerOf finds the thread of the ledger that a message belongs to.
func (b *Bot) ledgerOf(ctx context.Context, channel, ts string) (thread string, known bool, err error) {
	return b.cfg.Threads.Of.Get(ctx, incident.Thread{Channel: channel, TS: ts})
}

func (b *Bot) rules() incident.Rules {
	return incident.Rules{Guard: b.cfg.Guard, Cap: b.cfg.ThreadCap, Pause: b.cfg.ThreadPause}
}

// taken is what one message brings to a ledger.
type taken struct {
	incident.Naming
	text  string
	files []inbound.File
	by    string // its author, where another one asked
	edit  bool   // the message was there before
	notes []string
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
		_, known, err := b.ledgerOf(ctx, who.Channel, t.At)
		if err != nil || !t.edit || !known {
			return 0, err
		}
	}
	if t.by != "" && t.by != who.User {
		who.User, who.Name = t.by, t.by
	}
	if err := b.cfg.Threads.Of.Put(ctx, incident.Thread{Channel: who.Channel, TS: t.At}, who.ThreadTS); err != nil {
		return 0, err
	}
	var err error
	if !t.Asked { // whatever is asked for by name is hunted
		if t.Free, err = b.freeOf(ctx, who, found); err != nil {
			return 0, err
		}
	}
	_, err = b.change(ctx, who.Channel, who.ThreadTS, func(l *incident.Ledger) error {
		t.New, t.Repeats = false, false
		if len(t.notes) > 0 || t.Asked {
			l.Notes = t.notes
		}
		if t.edit {
			l.Unnamed(t.At, found)
		}
		for _, f := range found {
			l.Add(b.rules(), who, f, &t.Naming)
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
	l, _, err := b.cfg.Threads.Ledgers.Get(ctx, incident.Thread{Channel: who.Channel, TS: who.ThreadTS})
	if err != nil {
		return nil, err
	}
	free := map[indicator.Indicator]bool{}
	if l.Automatic()+len(found) <= b.cfg.ThreadCap {
		return free, nil
	}
	watched, err := b.lists.Entries(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range watched.Entries {
		free[e.Indicator] = true
	}
	as := hunts.Hunt{Name: hunts.DefaultHunt, Workspaces: l.Workspaces}
	var keys, values []string
	for _, f := range found[:min(len(found), incident.MaxLines)] {
		keys, values = append(keys, as.EarlierKey(f.Indicator)), append(values, f.Indicator.String())
	}
	hunted, err := b.cfg.Documents.Earlier.All(ctx, keys...)
	if err != nil {
		return nil, err
	}
	marks, now := hunts.MarksOf(ctx, b.cfg.Documents.Marks, values[:min(len(values), maxMarksAsked)], b.cfg.Clock()), b.cfg.Clock()
	for n, key := range keys {
		last, ok := hunted[key]
		if _, marked := marks[values[n]]; marked || ok && now.Sub(last.At) < cachedFor {
			free[found[n].Indicator] = true
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

// ledgerView is the ledger as it is shown, with what people judged of its indicators.
func (b *Bot) ledgerView(ctx context.Context, l incident.Ledger, fill ...func(*message.LedgerView)) message.LedgerView {
	asking, stop := context.WithTimeout(ctx, courtesyFor)
	defer stop()
	v := b.plainView(l, fill...)
	var values []string
	for _, x := range v.Lines {
		if x.State == incident.Done {
			values = append(values, x.Indicator.String())
		}
	}
	marks := hunts.MarksOf(asking, b.cfg.Documents.Marks, values[:min(len(values), maxMarksAsked)], b.cfg.Clock())
	for n := range v.Lines {
		if m, ok := marks[v.Lines[n].Indicator.String()]; ok && v.Lines[n].State == incident.Done {
			v.Lines[n].Mark = m.Judged()
		}
	}
	return v
}

// plainView is the ledger as it is shown, without marks; what fill adds is redacted with
// it.
func (b *Bot) plainView(l incident.Ledger, fill ...func(*message.LedgerView)) message.LedgerView {
	v := message.LedgerView{
		Title: l.Title, Hosts: l.Hosts, Thread: l.Thread, Paused: l.Paused, Automatic: l.Automatic(), Cap: b.cfg.ThreadCap, Coverage: l.Covered, At: b.cfg.Clock(),
		Workspace: l.Source, LookBack: l.LookBack, Notes: l.Notes, Dropped: l.Dropped,
	}
	for _, x := range l.Lines {
		v.Lines = append(v.Lines, message.LedgerLine{
			Indicator: x.Indicator, State: x.State, Why: x.Why, Verdict: x.Verdict, Devices: x.Devices, Hosts: x.On, Hunt: x.Hunt, Link: x.Link, Asker: x.Asker.User,
		})
	}
	if at := l.Next(b.rules()); !at.IsZero() && at.After(v.At) {
		v.Next = at
	}
	for _, f := range fill {
		f(&v)
	}
	if red := b.policy.Redaction(l.Channel); !red.None() {
		hosts := len(v.Hosts)
		if v = policy.Redact(red, v); hosts > 0 && len(l.Hosts) > 0 && v.Hosts[0] != l.Hosts[0] {
			v.Hosts = nil // whom nobody may ask about
		}
	}
	return v
}
