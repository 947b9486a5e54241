package bot

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// afterWords is what follows the words that a text begins with.
func afterWords(text string, words ...string) (rest string, ok bool) {
	for _, w := range words {
		text = strings.TrimSpace(text)
		if len(text) < len(w) || !strings.EqualFold(text[:len(w)], w) || len(text) > len(w) && text[len(w)] != ' ' {
			return "", false
		}
		text = text[len(w):]
	}
	return strings.TrimSpace(text), true
}

// replied does what a reply in a hunt's thread says. What is not understood
// gets one line, once; people also talk to each other in there, so that only a
// line that looks meant for us is answered.
func (b *Bot) replied(ctx context.Context, key string, h hunts.Hunt, who hunts.Asker, text string, mention bool) error {
	f := follow{bot: b, key: key, hunt: h, asker: who}
	a, ok, err := b.cfg.Store.Answer(ctx, h.ID)
	if err != nil {
		return err
	}
	_, a = b.policy.Shown(h, who.Channel, a)
	r, understood := parseReply(text, a)
	switch {
	case !understood && !mention && !meantForUs(text):
		return nil
	case !understood:
		return f.say(ctx, "unclear", func(v message.View) message.Message { return message.NotUnderstood(nearestForms(text, a), v) })
	case !ok && r.kind != replyHelp:
		return f.say(ctx, "early", func(v message.View) message.Message {
			return message.Said(h.ID+" has no answer yet, or the answer has expired.", v)
		})
	}
	switch r.kind {
	case replyNarrow:
		return f.narrow(ctx, r.filters)
	case replyWiden:
		return f.widen(ctx, r.window)
	case replyAround:
		return f.around(ctx, a, r)
	case replyPivot:
		return f.pivot(ctx, a, r)
	case replyOrigin:
		return f.lineage(ctx, a, r.device)
	case replyCSV, replyJSON, replyKQL, replyBundle:
		return f.file(ctx, string(r.kind))
	case replyAgain:
		return f.again(ctx)
	case replyHelp:
		return f.say(ctx, "help", func(v message.View) message.Message { return message.ReplyHelp(formsOf(a), v) })
	case replyAbsent:
		return f.say(ctx, "absent", func(v message.View) message.Message { return message.Absent(h.ID, r.absent, a, v) })
	}
	return nil
}

// meantForUs: the first word is one of the grammar's, or nearly.
func meantForUs(text string) bool {
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), " ")
	if len(strings.Fields(text)) > 6 || first == "" {
		return false
	}
	for _, form := range replyForms {
		word, _, _ := strings.Cut(strings.ToLower(form[0]), " ")
		key, _, _ := strings.Cut(word, "=")
		if request.Distance(first, word) <= 1 || strings.HasPrefix(first, key+"=") {
			return true
		}
	}
	return false
}

// around asks for everything of one device around its first contact.
func (f follow) around(ctx context.Context, a hunts.Answer, r reply) error {
	first, device := firstContact(a, r.device)
	if device == "" {
		return f.say(ctx, "around", func(v message.View) message.Message { return message.Said(noSuchDevice(f.hunt.ID), v) })
	}
	req := f.hunt.Request
	req.Devices, req.Since, req.All = []string{device}, 0, false
	req.From, req.To = f.between(first.Add(-r.around), first.Add(r.around))
	return f.ask(ctx, req, nil)
}

// verbMentioned answers a command that is written beside a mention.
func (b *Bot) verbMentioned(ctx context.Context, key string, c inbound.Command, text string) (message.Message, bool, error) {
	if !isVerb(text) {
		return message.Message{}, false, nil
	}
	return b.verbDone(ctx, key, c, text)
}

// windowWords are how people say how far back to look.
var windowWords = regexp.MustCompile(`(?i)(?:^|\s)(?:(?:in |over |for )?(?:the )?(?:last|past) (\d+) ?(months?|m|min|minutes?|h|hours?|d|days?|w|weeks?)|((?:since|from|to)=\S+))(?:[.,;:!?)]*(?:\s|$))`)

// windowOf takes the look-back out of a text, as the grammar writes it.
func windowOf(text string) (rest, window string) {
	var words []string
	rest = windowWords.ReplaceAllStringFunc(text, func(s string) string {
		m := windowWords.FindStringSubmatch(s)
		unit := strings.ToLower(m[2])
		switch n, _ := strconv.Atoi(m[1]); {
		case m[3] != "":
			words = append(words, m[3])
		case strings.HasPrefix(unit, "month"):
			words = append(words, fmt.Sprintf("since=%dd", 30*n))
		default:
			words = append(words, "since="+m[1]+unit[:1])
		}
		return " "
	})
	return rest, strings.Join(words, " ")
}

// mentioned hunts what stands beside a mention.
func (b *Bot) mentioned(ctx context.Context, key string, who hunts.Asker, text string) error {
	at := outbox.Place{Channel: who.Channel, Thread: who.ThreadTS}
	say := func(sentence string) error {
		_, err := b.out.Post(ctx, "mention-reply:"+key, at, func(v message.View) message.Message { return message.Said(sentence, v) })
		return err
	}
	if text == "" {
		text = "help"
	}
	c := inbound.Command{Text: text, User: who.User, UserName: who.Name, Team: who.Team, Channel: who.Channel}
	switch answer, done, err := b.verbMentioned(ctx, key, c, text); {
	case err != nil:
		return b.out.Tell(err, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, "", m) })
	case done && strings.HasPrefix(strings.ToLower(text), "audit"): // for who asks alone
		return b.out.Whisper(ctx, who.Channel, who.User, "", answer)
	case done:
		_, err := b.out.Post(ctx, "mention-help:"+key, at, func(message.View) message.Message { return answer })
		return err
	}
	if done, err := b.shownAgain(ctx, key, who, text, ""); done || err != nil {
		return err
	}
	req, refusal := request.Parse(text, b.cfg.Clock())
	rest := ""
	var left []message.LeftOut
	if refusal != nil {
		text, rest = windowOf(text)
		p := readPaste(text, *b.cfg.Guard)
		left = p.left
		for _, i := range p.hunt[min(len(p.hunt), request.MaxIndicators):] {
			left = append(left, message.LeftOut{Indicator: i, Why: fmt.Sprintf("more than the %d indicators that one hunt takes", request.MaxIndicators)})
		}
		if len(p.hunt)+len(left) == 0 {
			return say(refusal.Sentence)
		}
		window, wrong := request.ParseWindow(rest, b.cfg.Clock())
		if wrong != nil {
			return say(wrong.Sentence)
		}
		req = request.Request{Since: window.Since, All: window.All, From: window.From, To: window.To}
		for _, i := range p.hunt[:min(len(p.hunt), request.MaxIndicators)] {
			req.Add(i)
		}
	}
	if len(left) > 0 {
		_, err := b.out.Post(ctx, "mention-left:"+key, at, func(v message.View) message.Message { return message.Left(left, rest, v) })
		if err != nil && outbox.Code(err) == "" {
			return err
		}
		if len(req.Indicators()) == 0 {
			return nil
		}
	}
	h, err := b.huntFor(ctx, key, req, who, nil)
	if err != nil {
		return b.out.Tell(err, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, "", m) })
	}
	return b.start(ctx, h, "")
}

// watch puts the indicators of a hunt onto the watchlist.
func (f follow) watch(ctx context.Context, forHow string) error {
	d, refusal := request.ParseDuration(forHow)
	if refusal != nil {
		d = 72 * time.Hour
	}
	text, err := f.bot.lists.Hunt(ctx, f.hunt, f.asker, d, func(ctx context.Context) (string, error) { return f.bot.ringing(ctx, f, d) })
	if err != nil {
		return f.refused(ctx, err)
	}
	return f.say(ctx, "watch", func(v message.View) message.Message { return message.Said(text, v) })
}
