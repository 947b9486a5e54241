package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Press is what the ledger's buttons and its menu do.
func (k *Buttons) Press(ctx context.Context, key string, i inbound.Interaction, a message.Action) error {
	who := i.Asker()
	who.ThreadTS = a.Ledger
	whisper := func(sentence string) error {
		return k.Out.Whisper(ctx, who.Channel, who.User, i.ResponseURL, message.Said(sentence, message.View{Now: k.Clock()}))
	}
	if err := k.Gate.Authorize(ctx, who, hunts.Action{Name: "ledger-" + a.Do, Right: hunts.MayIncident, What: a.Ledger}); err != nil {
		return k.Out.Tell(err, func(m message.Message) error { return k.Out.Whisper(ctx, who.Channel, who.User, i.ResponseURL, m) })
	}
	switch a.Do {
	case message.LedgerHandOver:
		return k.handOver(ctx, key, who, whisper)
	case message.LedgerOpen:
		return k.openLine(ctx, key, who, a, whisper)
	case message.LedgerAnyway:
		return k.chooseLines(ctx, i, who, whisper)
	}
	tooSoon := ""
	_, err := k.change(ctx, who.Channel, a.Ledger, func(l *incident.Ledger) error {
		tooSoon = ""
		now := k.Clock()
		if a.Do == message.LedgerAgain && now.Before(l.Round.Add(k.Rules.Pause)) {
			tooSoon = fmt.Sprintf("These were hunted at %s; you can hunt them again from %s.", l.Round.UTC().Format("15:04:05 UTC"), l.Round.Add(k.Rules.Pause).UTC().Format("15:04:05 UTC"))
			return nil
		}
		switch a.Do {
		case message.LedgerPause:
			l.Paused = true
		case message.LedgerResume:
			l.Paused = false
		case message.LedgerAgain:
			l.Again()
		case message.LedgerDoubt:
			l.Confirm(who)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case tooSoon != "":
		return whisper(tooSoon)
	}
	return k.Queue(ctx, key, who.Channel, a.Ledger)
}

// chooseLines asks which of the lines that are not hunted are to be.
func (k *Buttons) chooseLines(ctx context.Context, i inbound.Interaction, who hunts.Asker, whisper func(string) error) error {
	l, err := k.change(ctx, who.Channel, who.ThreadTS, func(*incident.Ledger) error { return nil })
	if err != nil {
		return err
	}
	var left []message.LeftOut
	for _, x := range l.Lines {
		if x.LeftOut() {
			left = append(left, message.LeftOut{Indicator: x.Indicator, Why: x.Why})
		}
	}
	slices.SortStableFunc(left, func(x, y message.LeftOut) int { return guarded(k, x) - guarded(k, y) })
	form, ok := message.ChooseModal(message.FormPlace{Channel: who.Channel, Thread: who.ThreadTS}.Text(), left)
	if !ok {
		return whisper("Nothing is left out of this thread anymore.")
	}
	return k.Desk.ShowForm(ctx, i, form)
}

// guarded sorts what only the cap left out before what tells little.
func guarded(k *Buttons, l message.LeftOut) int {
	if _, held := k.Rules.Guard.Check(l.Indicator); held {
		return 1
	}
	return 0
}

// Include hunts the lines that somebody ticked.
func (k *Buttons) Include(ctx context.Context, key string, at message.FormPlace, who hunts.Asker, chosen []string) error {
	if len(chosen) == 0 {
		return nil
	}
	if err := k.Gate.Authorize(ctx, who, hunts.Action{Name: "ledger-anyway", Right: hunts.MayIncident, What: strings.Join(chosen, ", ")}); err != nil {
		return err
	}
	_, err := k.change(ctx, at.Channel, at.Thread, func(l *incident.Ledger) error {
		l.Include(who, chosen)
		return nil
	})
	if err != nil {
		return err
	}
	return k.Queue(ctx, key, at.Channel, at.Thread)
}

// openLine shows the whole hunt of one line, or of a host, in the thread.
func (k *Buttons) openLine(ctx context.Context, key string, who hunts.Asker, a message.Action, whisper func(string) error) error {
	refuse := func(err error) error {
		return k.Out.Tell(err, func(m message.Message) error { return k.Out.Whisper(ctx, who.Channel, who.User, "", m) })
	}
	l, err := k.change(ctx, who.Channel, who.ThreadTS, func(*incident.Ledger) error { return nil })
	if err != nil {
		return err
	}
	req := request.Request{Why: "incident thread", Workspaces: l.Workspaces}
	device, isHost := strings.CutPrefix(a.Indicator, "device=")
	n := slices.IndexFunc(l.Lines, func(x incident.Line) bool { return x.Hunt != "" && x.Hunt == a.Hunt })
	switch {
	case isHost:
		req.Hunt, req.Devices = "device-footprint", []string{device}
	case n < 0:
		return whisper("This line was hunted again in the meantime. Choose it again.")
	default:
		req.Add(l.Lines[n].Indicator)
	}
	h, post, err := k.Desk.Ask(ctx, key, req, who)
	if err != nil {
		return refuse(err)
	}
	if isHost || post.TS == "" {
		return nil
	}
	return k.linkLine(ctx, key, who, a.Hunt, h.ID, post)
}

// linkLine has a line point to the message of its hunt.
func (k *Buttons) linkLine(ctx context.Context, key string, who hunts.Asker, was, is string, p hunts.Post) error {
	link := ""
	err := k.Out.Call(ctx, outbox.Permalinks, func() error {
		var err error
		link, err = k.API.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: p.Channel, Ts: p.TS})
		return err
	})
	if err != nil {
		k.Log.InfoContext(ctx, "no link to a hunt", "hunt", is, "error", err)
		return nil
	}
	_, err = k.change(ctx, who.Channel, who.ThreadTS, func(l *incident.Ledger) error {
		for n := range l.Lines {
			if l.Lines[n].Hunt == was {
				l.Lines[n].Hunt, l.Lines[n].Link = is, link
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return k.Queue(ctx, key, who.Channel, who.ThreadTS)
}

// maxWhole bounds the hunts that a hand-over asks for.
const maxWhole = 10

// handOver posts a block to paste into the next shift's notes, and the evidence
// of every hunt of the thread.
func (k *Buttons) handOver(ctx context.Context, key string, who hunts.Asker, whisper func(string) error) error {
	l, err := k.change(ctx, who.Channel, who.ThreadTS, func(*incident.Ledger) error { return nil })
	if err != nil {
		return err
	}
	if len(l.Lines) == 0 {
		return whisper("There is nothing to hand over: the ledger has no lines.")
	}
	found := func(v *message.LedgerView) {
		for n := range v.Lines {
			if a, ok, err := k.Store.Answer(ctx, v.Lines[n].Hunt); err == nil && ok {
				v.Lines[n].Found = message.LedgerDevices(a)
			}
		}
	}
	view, to := k.view(ctx, l, found), outbox.Place{Channel: who.Channel, Thread: who.ThreadTS}
	view.By = who
	_, err = k.Out.Post(ctx, "handover:"+key, to, func(v message.View) message.Message { return message.HandOver(view, v) })
	if err != nil {
		return err
	}
	name := message.HandOverName(view) + ".zip"
	err = k.Gate.Authorize(ctx, who, hunts.Action{Name: "export", Right: hunts.MayExport, What: name, ShownTo: who.Channel})
	if hunts.KindOf(err) == hunts.KindNotAllowed {
		return whisper("No evidence bundle: " + hunts.Sentence(err))
	} else if err != nil {
		return err
	}
	cases, err := k.evidence(ctx, l, who)
	if err != nil {
		return err
	}
	parts, err := message.LedgerFiles(view, cases, who, k.Clock())
	if err != nil {
		return err
	}
	data, err := k.BundleKey.Pack(parts, k.Clock())
	if err != nil {
		return err
	}
	return k.Out.Files(ctx, "handover:"+key, to, outbox.File{Name: name, Data: data})
}

// evidence is what is kept of every hunt of a ledger, as the channel may see it.
// A triage counts events and keeps none, so that what was met is hunted whole.
func (k *Buttons) evidence(ctx context.Context, l incident.Ledger, who hunts.Asker) ([]message.BundleCase, error) {
	var cases []message.BundleCase
	whole := 0
	for _, x := range l.Lines {
		if x.Hunt == "" {
			continue
		}
		h, ok, err := k.Store.Hunt(ctx, x.Hunt)
		if err != nil {
			return nil, err
		}
		a, kept, err := k.Store.Answer(ctx, x.Hunt)
		switch {
		case err != nil:
			return nil, err
		case !ok || !kept || h.State == hunts.Unsaid:
			continue
		}
		var c message.BundleCase
		if a.Totals.Events > 0 && whole < maxWhole {
			whole++
			again := h
			again.Asker = who // whose quota it is
			if full, err := k.Runner.Run(ctx, again, nil); err == nil {
				full.Request.AskedBy = a.Request.AskedBy
				a = full
			} else if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			_, seen := k.Gate.Shown(h, who.Channel, a)
			if c.Events, err = k.Desk.Events(ctx, h, who, seen); err != nil {
				return nil, err
			}
		}
		c.Hunt, c.Answer = k.Gate.Shown(h, who.Channel, a)
		cases = append(cases, c)
	}
	return cases, nil
}
