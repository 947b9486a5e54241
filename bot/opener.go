package bot

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// opener shows modals: by whose trigger, and how to tell them that it was over.
type opener struct {
	bot     *Bot
	trigger string
	whisper func(message.Message) error
}

func (o opener) hunt(ctx context.Context, at message.FormPlace, filled string) error {
	if utf8.RuneCountInString(filled) > maxFilled {
		p := readPaste(filled, *o.bot.cfg.Guard)
		lines := make([]string, 0, len(p.hunt))
		for _, i := range p.hunt {
			lines = append(lines, i.Defanged())
		}
		filled = strings.Join(lines, "\n")
	}
	return o.open(ctx, message.HuntModal(at.Text(), filled, o.bot.cfg.Workspaces))
}

func (o opener) mark(ctx context.Context, h hunts.Hunt) error {
	return o.open(ctx, message.MarkModal(message.FormPlace{Channel: h.Asker.Channel, Hunt: h.ID}.Text(), h))
}

// markIndicator asks for a judgement of what a sweep met.
func (o opener) markIndicator(ctx context.Context, what string, who hunts.Asker) error {
	req, refusal := request.Parse(what, o.bot.cfg.Clock())
	if refusal != nil {
		return o.whisper(message.Refused(refusal.Sentence, o.bot.view()))
	}
	return o.open(ctx, message.MarkModal(message.FormPlace{Channel: who.Channel, Thread: who.ThreadTS, What: what}.Text(), hunts.Hunt{Request: req}))
}

// open shows a modal. A trigger lives three seconds and once: a job that comes
// later has nothing to open any more, and no reason to be tried again.
func (o opener) open(ctx context.Context, v slack.ModalViewRequest) error {
	_, err := o.bot.api.OpenViewContext(ctx, o.trigger, v)
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) && strings.Contains(answer.Err, "trigger") {
		o.bot.cfg.Log.InfoContext(ctx, "modal not opened, its trigger is over", "error", answer.Err)
		return o.whisper(message.Said("The form couldn't be opened: Slack waits three seconds and I took longer. Try again.", o.bot.view()))
	}
	return err
}

// namedHunt reads a form whose text names a hunt and no indicator: "hunt rare-domains".
// rest is what its other fields say.
func (b *Bot) namedHunt(d hunts.Draft, rest string) (request.Request, bool) {
	req, refusal := request.Parse(d.Text+" "+rest, b.cfg.Clock())
	if refusal != nil || req.Hunt == "" || len(req.Indicators()) > 0 {
		return req, false
	}
	if d.Workspace != "" {
		req.Workspaces = []string{d.Workspace}
	}
	return req, true
}
