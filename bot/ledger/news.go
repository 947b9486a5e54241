package ledger

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
func (k *Keeper) tellNews(ctx context.Context, l incident.Ledger) error {
	for _, n := range l.News {
		told, err := k.newsView(ctx, l.Channel, n)
		if err != nil {
			return err
		}
		key := fmt.Sprintf("ledger-news:%s:%s:%d", l.Channel, l.Thread, n.ID)
		_, err = k.Out.Post(ctx, key, outbox.Place{Channel: l.Channel, Thread: l.Thread}, func(v message.View) message.Message { return message.LedgerNews(told, v) })
		if err != nil {
			return err
		}
	}
	if len(l.News) == 0 {
		return nil
	}
	_, err := k.change(ctx, l.Channel, l.Thread, func(now *incident.Ledger) error {
		now.News = slices.DeleteFunc(now.News, func(n incident.News) bool {
			return slices.ContainsFunc(l.News, func(told incident.News) bool { return told.ID == n.ID })
		})
		return nil
	})
	return err
}

// newsView looks up what the hunts found, as the channel may see it.
func (k *Keeper) newsView(ctx context.Context, channel string, n incident.News) ([]message.LedgerNew, error) {
	var out []message.LedgerNew
	for _, x := range n.Lines {
		line := message.LedgerNew{Indicator: x.Indicator, Hunt: x.Hunt, Asker: x.Asker}
		a, ok, err := k.Store.Answer(ctx, x.Hunt)
		if err != nil {
			return nil, err
		}
		_, shown := k.Gate.Redaction(channel).Answered(hunts.Hunt{}, a)
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

// fold puts all lines into a file of the thread when the message can't
// hold them; the file before it goes.
func (k *Keeper) fold(ctx context.Context, l incident.Ledger) error {
	if !message.LedgerFolds(k.plainView(l)) {
		return nil
	}
	if !k.Gate.May(ctx, hunts.Asker{Channel: l.Channel, User: l.Lines[0].Asker.User}, hunts.MayExport) {
		return nil // the channel's policy allows no files
	}
	name := fmt.Sprintf("ledger-%d.csv", l.Rounds)
	key := "ledger-sheet:" + l.Channel + ":" + l.Thread
	if err := k.Out.Files(ctx, key, outbox.Place{Channel: l.Channel, Thread: l.Thread}, outbox.File{Name: name, Data: message.LedgerCSV(k.view(ctx, l))}); err != nil {
		return err
	}
	p, ok, err := k.Store.LoadPost(ctx, outbox.FileKey(key, name))
	if err != nil || !ok || p.TS == l.Sheet {
		return err
	}
	if l.Sheet != "" {
		if err := k.Out.Remove(ctx, l.Sheet); err != nil && outbox.Code(err) == "" {
			return fmt.Errorf("removing the sheet before: %w", err)
		}
	}
	_, err = k.change(ctx, l.Channel, l.Thread, func(now *incident.Ledger) error { now.Sheet = p.TS; return nil })
	return err
}

// GiveUp tells of a round that failed too often: lines that stay running
// would never end.
func (k *Keeper) GiveUp(ctx context.Context, payload []byte, why error) {
	var at incident.Thread
	if json.Unmarshal(payload, &at) != nil {
		return
	}
	l, err := k.change(ctx, at.Channel, at.TS, func(l *incident.Ledger) error {
		l.GiveUp()
		return nil
	})
	if err == nil {
		err = k.paint(ctx, l)
	}
	if err != nil {
		k.Log.ErrorContext(ctx, "ledger given up, and nobody could be told", "channel", at.Channel, "thread", at.TS, "why", why, "error", err)
	}
}
