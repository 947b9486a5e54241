// Package incident is the ledger of an incident thread as a value: which indicators its
// messages name, what became of each, and what of that the thread was not told yet.
//
// It knows nothing of Slack and asks nothing: bot/ledger reads messages, hunts and
// posts. What surprises: an indicator that was hunted stays when its last message is
// deleted, and says so.
package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Limits of one thread.
const (
	// MaxLines keeps the record at some hundred kilobytes.
	MaxLines = 500
	// maxSeen and maxTold bound what one line remembers.
	maxSeen = 20
	maxTold = 200
)

// Ledger is the record behind the one message that a thread's indicators have.
// It keeps indicators, who named them and in which messages, and no word of what
// people wrote.
type Ledger struct {
	Channel    string         `json:"channel"`
	Thread     string         `json:"thread"`
	Title      string         `json:"title,omitempty"` // of the Sentinel incident
	Hosts      []string       `json:"hosts,omitempty"` // that the incident names
	Workspaces []string       `json:"workspaces,omitempty"`
	LookBack   string         `json:"look_back,omitempty"`
	Source     string         `json:"source,omitempty"` // the workspaces that were searched, as answers name them
	Paused     bool           `json:"paused,omitempty"`
	Lines      []Line         `json:"lines"`
	Dropped    int            `json:"dropped,omitempty"` // indicators beyond MaxLines
	Notes      []string       `json:"notes,omitempty"`   // what of the last message could not be read
	News       []News         `json:"news,omitempty"`    // to be told to the thread
	Covered    hunts.Coverage `json:"covered"`
	Round      time.Time      `json:"round,omitzero"` // when hunts of it began last
	Rounds     int            `json:"rounds,omitempty"`
	Sheet      string         `json:"sheet,omitempty"` // file that holds the lines that the message can't
}

// Rules are what the operator says of ledgers.
type Rules struct {
	Guard *indicator.Guard
	Cap   int           // automatic hunts of one thread
	Pause time.Duration // between two rounds of them
}

// Naming is a message that names indicators, and what came of it.
type Naming struct {
	At    string // its timestamp; empty where there is no message
	Asked bool   // by name, so that the cap does not hold
	// Free are the indicators that cost a thread nothing.
	Free map[indicator.Indicator]bool

	New     bool // it named something that the ledger did not have
	Repeats bool // it named something that another message had named
}

// Add puts one indicator into the ledger.
func (l *Ledger) Add(r Rules, who hunts.Asker, f indicator.Finding, t *Naming) {
	if k := slices.IndexFunc(l.Lines, func(x Line) bool { return x.Indicator == f.Indicator }); k >= 0 {
		l.Lines[k].named(who, f, t)
		return
	}
	t.New = true
	if len(l.Lines) >= MaxLines {
		l.Dropped++
		return
	}
	x := Line{Indicator: f.Indicator, State: Waiting, Asker: who, Asked: t.Asked}
	if t.At != "" {
		x.Seen = []string{t.At}
	}
	if reason, held := r.Guard.Check(f.Indicator); held {
		x.State, x.Why = Skipped, reason
	} else if f.Doubtful {
		x.State, x.Why = Doubtful, f.Why
	} else if t.Free[f.Indicator] {
		x.Free = true
	} else if !t.Asked && l.Automatic() >= r.Cap {
		x.State, x.Why = OverCap, fmt.Sprintf("more than %d automatic hunts", r.Cap)
	}
	l.Lines = append(l.Lines, x)
}

// WhyGone is told of a hunted indicator whose messages are gone.
const WhyGone = "no longer named in the thread"

// Unnamed takes a message out of the lines that it no longer names: what was
// not hunted leaves the ledger, what was hunted stays, and says so.
func (l *Ledger) Unnamed(ts string, still []indicator.Finding) {
	l.Lines = slices.DeleteFunc(l.Lines, func(x Line) bool {
		return slices.Equal(x.Seen, []string{ts}) && x.Hunt == "" && x.State != Running && !stillNamed(still, x.Indicator)
	})
	for n := range l.Lines {
		x := &l.Lines[n]
		if !slices.Contains(x.Seen, ts) || stillNamed(still, x.Indicator) {
			continue
		}
		if x.Seen = slices.DeleteFunc(x.Seen, func(s string) bool { return s == ts }); len(x.Seen) == 0 {
			x.Why = WhyGone
		}
	}
}

func stillNamed(found []indicator.Finding, i indicator.Indicator) bool {
	return slices.ContainsFunc(found, func(f indicator.Finding) bool { return f.Indicator == i })
}

// Automatic counts the indicators that were or will be hunted without being
// asked for by name.
func (l Ledger) Automatic() int {
	n := 0
	for _, x := range l.Lines {
		if !x.Asked && !x.Free && (x.State == Waiting || x.State == Running || x.State == Done) {
			n++
		}
	}
	return n
}

// Next is when the lines that wait for the cool-down are hunted; zero when none
// waits.
func (l Ledger) Next(r Rules) time.Time {
	if l.Paused || l.Round.IsZero() || !slices.ContainsFunc(l.Lines, func(x Line) bool { return x.State == Waiting && !x.Asked }) {
		return time.Time{}
	}
	return l.Round.Add(r.Pause)
}

// Due takes the lines whose turn it is, as one question each. A line that is
// running was left by a replica that died: rounds of one thread do not overlap.
func (l *Ledger) Due(r Rules, now time.Time) []hunts.Hunt {
	cool := l.Round.IsZero() || !now.Before(l.Round.Add(r.Pause))
	var batch []hunts.Hunt
	for n := range l.Lines {
		x := &l.Lines[n]
		if x.State != Running && !(x.State == Waiting && (x.Asked || x.Fresh || cool && !l.Paused)) {
			continue
		}
		x.State = Running
		req := request.Request{Fresh: x.Fresh, Workspaces: l.Workspaces, Why: "incident thread"}
		if l.Title != "" {
			req.Why = l.Title
		}
		req.Add(x.Indicator)
		batch = append(batch, hunts.Hunt{Request: req, Asker: x.Asker})
	}
	if len(batch) > 0 {
		l.Round, l.Rounds = now, l.Rounds+1
	}
	return batch
}

// Again has everything that was hunted hunted once more.
func (l *Ledger) Again() {
	l.Paused = false
	for n := range l.Lines {
		if x := &l.Lines[n]; x.State == Done {
			x.State, x.Fresh = Waiting, true
		}
	}
}

// Confirm hunts what was in doubt: somebody says that these are indicators.
func (l *Ledger) Confirm(who hunts.Asker) {
	l.ask(who, func(x Line) bool { return x.State == Doubtful })
}

// Include hunts lines that guard or cap left out.
func (l *Ledger) Include(who hunts.Asker, chosen []string) {
	l.ask(who, func(x Line) bool { return x.LeftOut() && slices.Contains(chosen, x.Indicator.String()) })
}

func (l *Ledger) ask(who hunts.Asker, which func(Line) bool) {
	for n := range l.Lines {
		if x := &l.Lines[n]; which(*x) {
			x.State, x.Why, x.Asked, x.Asker = Waiting, "", true, who
		}
	}
}

// Abandon ends a ledger whose thread is gone: nothing waits any more.
func (l *Ledger) Abandon() {
	l.Paused, l.News = true, nil
	for n := range l.Lines {
		x := &l.Lines[n]
		if x.State == Running {
			x.State = Waiting
		}
		x.Asked = false
	}
}

// GiveUp ends the lines of a round that failed too often.
func (l *Ledger) GiveUp() {
	for n := range l.Lines {
		if x := &l.Lines[n]; x.State == Running {
			x.State, x.Verdict, x.Why = Done, hunts.CouldNotTell, "something on our side kept failing; hunt all again later"
		}
	}
}

// Unremarkable tells that there is nothing to say unasked: addresses of one's own
// network and public resolvers stand in every second message.
func (l Ledger) Unremarkable() bool {
	return l.Title == "" && len(l.Notes) == 0 && !slices.ContainsFunc(l.Lines, func(x Line) bool { return x.Asked || x.State != Skipped })
}
