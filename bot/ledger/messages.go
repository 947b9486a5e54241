package ledger

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

func postKey(channel, thread string) string { return "ledger:" + channel + ":" + thread }

// change edits a ledger together with the other replicas.
func (k *Keeper) change(ctx context.Context, channel, thread string, edit func(*incident.Ledger) error) (incident.Ledger, error) {
	return k.Documents.Ledgers.Change(ctx, incident.Thread{Channel: channel, TS: thread}, func(l *incident.Ledger) error {
		l.Channel, l.Thread = channel, thread
		return edit(l)
	})
}

// Of finds the thread of the ledger that a message belongs to.
func (k *Keeper) Of(ctx context.Context, channel, ts string) (thread string, known bool, err error) {
	return k.Documents.Of.Get(ctx, incident.Thread{Channel: channel, TS: ts})
}

// Taken is what one message brings to a ledger.
type Taken struct {
	incident.Naming
	Text  string
	Files []inbound.File
	By    string // its author, where another one asked
	Edit  bool   // the message was there before
	Notes []string
}

// Take puts the indicators of a message into its thread's ledger and gives
// their number.
func (k *Keeper) Take(ctx context.Context, who hunts.Asker, t *Taken) (int, error) {
	text := t.Text
	for _, f := range t.Files {
		read, note, err := k.readShared(ctx, f)
		if err != nil {
			return 0, err
		}
		if note != "" {
			t.Notes = append(t.Notes, note)
		}
		text += "\n" + read
	}
	found := distinct(indicator.Extract(text, indicator.ExtractOptions{}))
	if len(found) == 0 && len(t.Notes) == 0 {
		_, known, err := k.Of(ctx, who.Channel, t.At)
		if err != nil || !t.Edit || !known {
			return 0, err
		}
	}
	if t.By != "" && t.By != who.User {
		who.User, who.Name = t.By, t.By
	}
	if err := k.Documents.Of.Put(ctx, incident.Thread{Channel: who.Channel, TS: t.At}, who.ThreadTS); err != nil {
		return 0, err
	}
	var err error
	if !t.Asked { // whatever is asked for by name is hunted
		if t.Free, err = k.freeOf(ctx, who, found); err != nil {
			return 0, err
		}
	}
	_, err = k.change(ctx, who.Channel, who.ThreadTS, func(l *incident.Ledger) error {
		t.New, t.Repeats = false, false
		if len(t.Notes) > 0 || t.Asked {
			l.Notes = t.Notes
		}
		if t.Edit {
			l.Unnamed(t.At, found)
		}
		for _, f := range found {
			l.Add(k.Rules, who, f, &t.Naming)
		}
		return nil
	})
	return len(found), err
}

// marksFor bounds how long marks are waited for, and maxMarks how many are asked for: a
// ledger can do without.
const (
	marksFor = time.Second
	maxMarks = 50
)

// cachedFor is how long an answer surely comes from memory.
const cachedFor = 10 * time.Minute

// freeOf are the indicators that cost a thread nothing: hunted a moment ago, on the
// watchlist, or marked by a person. They are looked for when the thread would come
// to its cap, and not before.
func (k *Keeper) freeOf(ctx context.Context, who hunts.Asker, found []indicator.Finding) (map[indicator.Indicator]bool, error) {
	l, _, err := k.Documents.Ledgers.Get(ctx, incident.Thread{Channel: who.Channel, TS: who.ThreadTS})
	if err != nil {
		return nil, err
	}
	free := map[indicator.Indicator]bool{}
	if l.Automatic()+len(found) <= k.Rules.Cap {
		return free, nil
	}
	watched, err := k.Watchlist.Entries(ctx)
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
	hunted, err := k.Earlier.All(ctx, keys...)
	if err != nil {
		return nil, err
	}
	marks, now := hunts.MarksOf(ctx, k.Marks, values[:min(len(values), maxMarks)], k.Clock()), k.Clock()
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

// view is the ledger as it is shown, with what people judged of its indicators.
func (k *Keeper) view(ctx context.Context, l incident.Ledger, fill ...func(*message.LedgerView)) message.LedgerView {
	asking, stop := context.WithTimeout(ctx, marksFor)
	defer stop()
	v := k.plainView(l, fill...)
	var values []string
	for _, x := range v.Lines {
		if x.State == incident.Done {
			values = append(values, x.Indicator.String())
		}
	}
	marks := hunts.MarksOf(asking, k.Marks, values[:min(len(values), maxMarks)], k.Clock())
	for n := range v.Lines {
		if m, ok := marks[v.Lines[n].Indicator.String()]; ok && v.Lines[n].State == incident.Done {
			v.Lines[n].Mark = m.Judged()
		}
	}
	return v
}

// plainView is the ledger as it is shown, without marks; what fill adds is redacted with
// it.
func (k *Keeper) plainView(l incident.Ledger, fill ...func(*message.LedgerView)) message.LedgerView {
	v := message.LedgerView{
		Title: l.Title, Hosts: l.Hosts, Thread: l.Thread, Paused: l.Paused, Automatic: l.Automatic(), Cap: k.Rules.Cap, Coverage: l.Covered, At: k.Clock(),
		Workspace: l.Source, LookBack: l.LookBack, Notes: l.Notes, Dropped: l.Dropped,
	}
	for _, x := range l.Lines {
		v.Lines = append(v.Lines, message.LedgerLine{
			Indicator: x.Indicator, State: x.State, Why: x.Why, Verdict: x.Verdict, Devices: x.Devices, Hosts: x.On, Hunt: x.Hunt, Link: x.Link, Asker: x.Asker.User,
		})
	}
	if at := l.Next(k.Rules); !at.IsZero() && at.After(v.At) {
		v.Next = at
	}
	for _, f := range fill {
		f(&v)
	}
	if red := k.Gate.Redaction(l.Channel); !red.None() {
		hosts := len(v.Hosts)
		if v = policy.Redact(red, v); hosts > 0 && len(l.Hosts) > 0 && v.Hosts[0] != l.Hosts[0] {
			v.Hosts = nil // whom nobody may ask about
		}
	}
	return v
}
