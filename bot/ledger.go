package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// JobLedger hunts what a thread's ledger has not hunted yet.
const JobLedger = "ledger"

// ledger is the record behind the one message that a thread's indicators have.
// It keeps indicators and who asked, and no word of what people wrote.
type ledger struct {
	Channel string         `json:"channel"`
	Thread  string         `json:"thread"`
	Title   string         `json:"title,omitempty"`
	Paused  bool           `json:"paused,omitempty"`
	Lines   []ledgerLine   `json:"lines"`
	Asker   hunts.Asker    `json:"asker"`
	Covered hunts.Coverage `json:"covered"`
}

type ledgerLine struct {
	Indicator indicator.Indicator `json:"indicator"`
	State     string              `json:"state"` // new, running, done, held, doubtful
	Why       string              `json:"why,omitempty"`
	Verdict   hunts.Verdict       `json:"verdict,omitempty"`
	Devices   int64               `json:"devices,omitempty"`
	Hunt      string              `json:"hunt,omitempty"`
	Asker     string              `json:"asker"`
	Told      bool                `json:"told,omitempty"` // its REACHED was posted
}

// maxAutomatic is how many indicators of one thread are hunted without being
// asked for by name.
const maxAutomatic = 20

// keepLedger is how long a thread's ledger lives after its last change.
const keepLedger = 30 * 24 * time.Hour

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

// enriched tells whether a channel opted in.
func (b *Bot) enriched(ctx context.Context, channel string) bool {
	var on bool
	ok, err := b.cfg.Store.GetJSON(ctx, "enrich:"+channel, &on)
	return err == nil && ok && on
}

// collect puts the indicators of a text into a thread's ledger and says whether
// any of them is new. asked is true when a person asked by name: then the cap
// does not hold.
func (b *Bot) collect(ctx context.Context, who hunts.Asker, text string, asked bool) (isNew, known bool, err error) {
	found := indicator.Extract(text, indicator.ExtractOptions{})
	if len(found) == 0 {
		return false, false, nil
	}
	guard := *b.cfg.Guard
	_, err = b.change(ctx, who.Channel, who.ThreadTS, func(l *ledger) error {
		isNew, known = false, false
		if l.Asker.User == "" {
			l.Asker = who
		}
		for _, f := range found {
			if slices.ContainsFunc(l.Lines, func(x ledgerLine) bool { return x.Indicator == f.Indicator }) {
				known = true
				continue
			}
			line := ledgerLine{Indicator: f.Indicator, State: "new", Asker: who.User}
			if reason, held := guard.Check(f.Indicator); held {
				line.State, line.Why = "held", reason
			} else if f.Doubtful {
				line.State, line.Why = "doubtful", f.Why
			} else if !asked && l.automatic() >= maxAutomatic {
				line.State, line.Why = "held", fmt.Sprintf("more than %d automatic hunts", maxAutomatic)
			}
			l.Lines = append(l.Lines, line)
			isNew = true
		}
		return nil
	})
	return isNew, known && !isNew, err
}

func (l ledger) automatic() int {
	n := 0
	for _, x := range l.Lines {
		if x.State != "held" && x.State != "doubtful" {
			n++
		}
	}
	return n
}

// enrich collects and, when something is new, queues the hunt and paints the
// ledger. A message that only repeats gets a reaction.
func (b *Bot) enrich(ctx context.Context, key string, who hunts.Asker, ts, text string, asked bool) error {
	isNew, repeats, err := b.collect(ctx, who, text, asked)
	if err != nil {
		return err
	}
	if repeats {
		err := b.call(ctx, reactions, func() error {
			return b.api.AddReactionContext(ctx, "eyes", slack.NewRefToMessage(who.Channel, ts))
		})
		if err != nil {
			b.cfg.Log.Info("no reaction", "error", err)
		}
		return nil
	}
	if !isNew {
		return nil
	}
	return b.queueLedger(ctx, key, who.Channel, who.ThreadTS)
}

func (b *Bot) queueLedger(ctx context.Context, key, channel, thread string) error {
	data, err := json.Marshal(modalPlace{Channel: channel, Thread: thread})
	if err != nil {
		return fmt.Errorf("encoding a ledger job: %w", err)
	}
	_, err = b.cfg.Store.Push(ctx, LaneInteractive, JobLedger, "ledger:"+channel+":"+thread+":"+key, data)
	return err
}

// handleLedger hunts everything of a ledger that is new, with few queries, and
// keeps its one message right.
func (b *Bot) handleLedger(ctx context.Context, payload []byte) error {
	var at modalPlace
	if err := json.Unmarshal(payload, &at); err != nil {
		b.cfg.Log.Error("ledger job dropped, it is not ours", "error", err)
		return nil
	}
	var todo []indicator.Indicator
	l, err := b.change(ctx, at.Channel, at.Thread, func(l *ledger) error {
		todo = nil
		for n := range l.Lines {
			// one that is running was left by a replica that died: jobs of one thread
			// do not overlap for long, and a hunt done twice is from the cache
			if x := &l.Lines[n]; !l.Paused && (x.State == "new" || x.State == "running") {
				x.State = "running"
				todo = append(todo, x.Indicator)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.paintLedger(ctx, l); err != nil {
		return err
	}
	if len(todo) == 0 {
		return nil
	}
	id, err := b.cfg.Store.NewHuntID(ctx)
	if err != nil {
		return err
	}
	h := hunts.Hunt{
		ID: id, Name: hunts.DefaultHunt, Asker: l.Asker, Created: b.cfg.Clock().UTC(), State: hunts.Running, Request: indicator.Request{Why: "incident thread"},
		Window: hunts.Window{From: b.cfg.Clock().UTC().Add(-7 * 24 * time.Hour), To: b.cfg.Clock().UTC(), Ago: 7 * 24 * time.Hour},
	}
	survey, err := b.cfg.Runner.Survey(ctx, h, todo, nil)
	if err != nil {
		return err
	}
	var told []message.LedgerLine
	l, err = b.change(ctx, at.Channel, at.Thread, func(l *ledger) error {
		told = nil
		l.Covered = survey.Coverage
		for _, r := range survey.Indicators {
			for n := range l.Lines {
				x := &l.Lines[n]
				if x.Indicator.String() != r.Indicator || string(x.Indicator.Kind) != r.Type {
					continue
				}
				x.State, x.Verdict, x.Devices, x.Hunt = "done", r.Verdict, r.Devices, id
				if r.Verdict == hunts.Reached && !x.Told {
					x.Told = true
					told = append(told, shownLine(*x))
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.paintLedger(ctx, l); err != nil {
		return err
	}
	if len(told) == 0 {
		return nil
	}
	_, err = b.post(ctx, "ledger-news:"+id, target{channel: at.Channel, thread: at.Thread}, func(v message.View) message.Message {
		return message.LedgerNews(told, b.visibleHits(at.Channel, survey.Hits), v)
	})
	return err
}

func shownLine(x ledgerLine) message.LedgerLine {
	return message.LedgerLine{Indicator: x.Indicator, State: x.State, Why: x.Why, Verdict: x.Verdict, Devices: x.Devices, Hunt: x.Hunt, Asker: x.Asker}
}

func (l ledger) view(now time.Time) message.LedgerView {
	v := message.LedgerView{Title: l.Title, Thread: l.Thread, Paused: l.Paused, Automatic: l.automatic(), Cap: maxAutomatic, Coverage: l.Covered, At: now}
	for _, x := range l.Lines {
		v.Lines = append(v.Lines, shownLine(x))
	}
	return v
}

// paintLedger posts the ledger once, and edits it from then on.
func (b *Bot) paintLedger(ctx context.Context, l ledger) error {
	if len(l.Lines) == 0 && l.Title == "" {
		return nil
	}
	view := l.view(b.cfg.Clock())
	render := func(v message.View) message.Message { return message.Ledger(view, v) }
	p, err := b.post(ctx, ledgerKey(l.Channel, l.Thread), target{channel: l.Channel, thread: l.Thread}, render)
	if err != nil {
		return fmt.Errorf("posting a ledger: %w", err)
	}
	return b.update(ctx, p, render)
}

// ledgerDo is what the ledger's buttons do.
func (b *Bot) ledgerDo(ctx context.Context, key string, who hunts.Asker, thread, do string) error {
	l, err := b.change(ctx, who.Channel, thread, func(l *ledger) error {
		for n := range l.Lines {
			x := &l.Lines[n]
			switch {
			case do == message.LedgerAnyway && (x.State == "held" || x.State == "doubtful"), do == message.LedgerAgain && x.State == "done":
				x.State, x.Why = "new", ""
			}
		}
		switch do {
		case message.LedgerPause:
			l.Paused = true
		case message.LedgerResume, message.LedgerAgain, message.LedgerAnyway:
			l.Paused = false
		}
		return nil
	})
	if err != nil {
		return err
	}
	if do == message.LedgerHandOver {
		view := l.view(b.cfg.Clock())
		_, err := b.post(ctx, "handover:"+key, target{channel: who.Channel, thread: thread}, func(v message.View) message.Message { return message.HandOver(view, v) })
		return err
	}
	if do == message.LedgerPause {
		return b.paintLedger(ctx, l)
	}
	return b.queueLedger(ctx, key, who.Channel, thread)
}

// hereCommand answers /footprint here …
func (b *Bot) hereCommand(ctx context.Context, c command, rest string) (string, error) {
	words := strings.Fields(strings.ToLower(rest))
	if len(words) >= 2 && words[0] == "enrich" && (words[1] == "on" || words[1] == "off") {
		on := words[1] == "on"
		if err := b.cfg.Store.SetJSON(ctx, "enrich:"+c.Channel, on, 0); err != nil {
			return "", err
		}
		if err := b.cfg.Store.Audit(ctx, hunts.AuditEntry{Time: b.cfg.Clock().UTC(), Action: "enrich-" + words[1], User: c.User, Team: c.Team, Channel: c.Channel}); err != nil {
			return "", err
		}
		if on {
			return fmt.Sprintf("Indicators that people post here are hunted by themselves, up to %d in a thread, and kept in one message. `here enrich off` ends it.", maxAutomatic), nil
		}
		return "Indicators in this channel are hunted only when somebody asks.", nil
	}
	state := "off"
	if b.enriched(ctx, c.Channel) {
		state = "on"
	}
	return fmt.Sprintf("Here: hunts by everybody of this workspace · enrichment %s (`here enrich on` or `off`). Slash commands do not exist in threads: mention me there.", state), nil
}

// incident hunts what a Sentinel incident names, and keeps it in a ledger with
// the incident's name.
func (b *Bot) incident(ctx context.Context, key string, number int64, who hunts.Asker) error {
	if say := b.may(ctx, who, MayIncident); say != "" {
		return &hunts.Error{Kind: hunts.KindNotAllowed, Say: say}
	}
	found, err := b.cfg.Runner.Incident(ctx, number, who, nil)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("Incident %d: %s · %s · %s", number, found.Title, found.Severity, found.Status)
	if found.Owner != "" {
		title += " · " + found.Owner
	}
	if who.ThreadTS == "" {
		// the ledger's own message opens the thread
		head, err := b.post(ctx, "incident:"+key, target{channel: who.Channel}, func(v message.View) message.Message {
			return message.Said("🗂 "+title+fmt.Sprintf(" · %d alerts name %d indicators; the ledger is in the thread.", len(found.Alerts), len(found.Indicators)), v)
		})
		if err != nil {
			return err
		}
		who.ThreadTS = head.TS
	}
	guard := *b.cfg.Guard
	_, err = b.change(ctx, who.Channel, who.ThreadTS, func(l *ledger) error {
		l.Title, l.Asker = title, who
		for _, i := range found.Indicators {
			if slices.ContainsFunc(l.Lines, func(x ledgerLine) bool { return x.Indicator == i }) {
				continue
			}
			line := ledgerLine{Indicator: i, State: "new", Asker: who.User}
			if reason, held := guard.Check(i); held {
				line.State, line.Why = "held", reason
			}
			l.Lines = append(l.Lines, line)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.queueLedger(ctx, key, who.Channel, who.ThreadTS)
}
