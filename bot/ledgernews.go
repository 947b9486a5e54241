package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// tellNews posts what the thread was not told yet, once, and pings who asked.
func (b *Bot) tellNews(ctx context.Context, l incident.Ledger) error {
	for _, n := range l.News {
		told, err := b.newsView(ctx, l.Channel, n)
		if err != nil {
			return err
		}
		key := fmt.Sprintf("ledger-news:%s:%s:%d", l.Channel, l.Thread, n.ID)
		_, err = b.out.Post(ctx, key, outbox.Place{Channel: l.Channel, Thread: l.Thread}, func(v message.View) message.Message { return message.LedgerNews(told, v) })
		if err != nil {
			return err
		}
	}
	if len(l.News) == 0 {
		return nil
	}
	_, err := b.change(ctx, l.Channel, l.Thread, func(now *incident.Ledger) error {
		now.News = slices.DeleteFunc(now.News, func(n incident.News) bool {
			return slices.ContainsFunc(l.News, func(told incident.News) bool { return told.ID == n.ID })
		})
		return nil
	})
	return err
}

// newsView looks up what the hunts found, as the channel may see it.
func (b *Bot) newsView(ctx context.Context, channel string, n incident.News) ([]message.LedgerNew, error) {
	var out []message.LedgerNew
	for _, x := range n.Lines {
		line := message.LedgerNew{Indicator: x.Indicator, Hunt: x.Hunt, Asker: x.Asker}
		a, ok, err := b.cfg.Store.Answer(ctx, x.Hunt)
		if err != nil {
			return nil, err
		}
		_, shown := b.policy.Redaction(channel).Answered(hunts.Hunt{}, a)
		for k := range a.ByDevice {
			if ok && slices.Contains(x.Devices, a.ByDevice[k].Device) {
				line.Devices = append(line.Devices, shown.ByDevice[k])
			}
		}
		line.Count = max(x.Count, len(x.Devices))
		out = append(out, line)
	}
	return out, nil
}

// foldLedger puts all lines into a file of the thread when the message can't
// hold them; the file before it goes.
func (b *Bot) foldLedger(ctx context.Context, l incident.Ledger) error {
	if !message.LedgerFolds(b.plainView(l)) {
		return nil
	}
	if !b.policy.May(ctx, hunts.Asker{Channel: l.Channel, User: l.Lines[0].Asker.User}, hunts.MayExport) {
		return nil // the channel's policy allows no files
	}
	name := fmt.Sprintf("ledger-%d.csv", l.Rounds)
	key := "ledger-sheet:" + l.Channel + ":" + l.Thread
	if err := b.out.Files(ctx, key, outbox.Place{Channel: l.Channel, Thread: l.Thread}, outbox.File{Name: name, Data: message.LedgerCSV(b.ledgerView(ctx, l))}); err != nil {
		return err
	}
	p, ok, err := b.cfg.Store.LoadPost(ctx, outbox.FileKey(key, name))
	if err != nil || !ok || p.TS == l.Sheet {
		return err
	}
	if l.Sheet != "" {
		if err := b.out.Remove(ctx, l.Sheet); err != nil && outbox.Code(err) == "" {
			return fmt.Errorf("removing the sheet before: %w", err)
		}
	}
	_, err = b.change(ctx, l.Channel, l.Thread, func(now *incident.Ledger) error { now.Sheet = p.TS; return nil })
	return err
}

// giveUpLedger tells of a round that failed too often: lines that stay running
// would never end.
func (b *Bot) giveUpLedger(ctx context.Context, payload []byte, why error) {
	var at modalPlace
	if json.Unmarshal(payload, &at) != nil {
		return
	}
	l, err := b.change(ctx, at.Channel, at.Thread, func(l *incident.Ledger) error {
		l.GiveUp()
		return nil
	})
	if err == nil {
		err = b.paintLedger(ctx, l)
	}
	if err != nil {
		b.cfg.Log.ErrorContext(ctx, "ledger given up, and nobody could be told", "channel", at.Channel, "thread", at.Thread, "why", why, "error", err)
	}
}
