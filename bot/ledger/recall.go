package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// Recall corrects the line of a ledger whose hunt has another answer now, and
// has the ledger painted. What the thread hears of it is said once, by the recall.
func (k *Keeper) Recall(ctx context.Context, h hunts.Hunt, a hunts.Answer, r hunts.Recall) error {
	if h.Asker.ThreadTS == "" {
		return nil
	}
	l, known, err := k.Documents.Ledgers.Get(ctx, incident.Thread{Channel: h.Asker.Channel, TS: h.Asker.ThreadTS})
	of := func(x incident.Line) bool { return x.Hunt == h.ID }
	if err != nil || !known || !slices.ContainsFunc(l.Lines, of) {
		return err
	}
	_, err = k.change(ctx, h.Asker.Channel, h.Asker.ThreadTS, func(l *incident.Ledger) error {
		if n := slices.IndexFunc(l.Lines, of); n >= 0 {
			link := l.Lines[n].Link
			l.Lines[n].Answered(h, a)
			l.Lines[n].Link = link
		}
		return nil
	})
	if err != nil {
		return err
	}
	return k.Queue(ctx, "recall:"+h.ID+":"+r.Found.UTC().Format(time.RFC3339Nano), h.Asker.Channel, h.Asker.ThreadTS)
}
