package bot

import (
	"context"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
)

// painter edits the message of a running hunt, no more often than Slack likes,
// and never holds up the search. What comes between two edits is not lost: the
// next edit shows the newest.
type painter struct {
	bot    *Bot
	hunt   hunts.Hunt
	parent hunts.Post
	ctx    context.Context // of the one job that owns the painter
	known  memory

	mu      sync.Mutex
	next    *hunts.Progress // not shown yet
	drawing bool
	last    time.Time
	over    chan struct{}
	busy    sync.WaitGroup
}

func (b *Bot) painter(ctx context.Context, h hunts.Hunt, parent hunts.Post) *painter {
	asking, stop := context.WithTimeout(ctx, courtesyFor)
	defer stop()
	return &painter{bot: b, hunt: h, parent: parent, ctx: hunts.Lending(ctx, nil), known: b.known(asking, h), over: make(chan struct{})}
}

func (p *painter) paint(now hunts.Progress) {
	if now.SharedWith != "" {
		p.bot.share(p.ctx, p.hunt, now.SharedWith)
	}
	if p.parent.TS == "" || now.Done >= now.Total && now.SharedWith == "" && now.Endpoint == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = &now
	if !p.drawing {
		p.drawing = true
		p.busy.Go(p.draw)
	}
}

// draw shows what there is until nothing is left. The clock of the machine paces
// it, whatever the bot's clock says: Slack counts by its own.
func (p *painter) draw() {
	for {
		timer := time.NewTimer(time.Until(p.last.Add(p.bot.cfg.UpdateEvery)))
		select {
		case <-p.over:
			timer.Stop()
			return
		case <-timer.C:
		}
		p.mu.Lock()
		now := p.next
		if now == nil {
			p.drawing = false
			p.mu.Unlock()
			return
		}
		p.last = time.Now()
		if !p.bot.out.EditsToSpare() {
			p.mu.Unlock()
			continue // answers go first
		}
		p.next = nil
		p.mu.Unlock()
		err := p.bot.out.Edit(p.ctx, p.parent, func(v message.View) message.Message {
			v.Known, v.Earlier, v.First = p.known.all, p.known.earlier, p.known.first
			var endpoint hunts.Answer
			if now.Endpoint != nil {
				endpoint = *now.Endpoint
			}
			shown := *now
			h, a := p.bot.policy.Shown(p.hunt, p.parent.Channel, endpoint)
			if now.Endpoint != nil {
				shown.Endpoint = &a
			}
			return message.Progress(h, shown, v)
		})
		if err != nil {
			p.bot.cfg.Log.Info("progress not shown", "hunt", p.hunt.ID, "error", err)
		}
	}
}

// stop returns when no edit is under way, and no more will come: an edit that
// arrives late would overwrite the answer.
func (p *painter) stop() {
	close(p.over)
	p.busy.Wait()
}
