package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/ledger"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

var (
	// a number alone, or behind the word anywhere
	incidentNumber = regexp.MustCompile(`(?i)^(?:inc[ -]?|#)?(\d{1,9})$|\bincident(?: number)?[ =:#]{1,3}(\d{1,9})\b`)
	// a word of the request grammar; an address with "=" in it is none
	requestKey = regexp.MustCompile(`(?i)(?:^|\s)(?:ip|dns|domain|url|file|process|hash|md5|sha1|sha256|device|host|user|since|from|to|exclude|workspace|why|hunt|incident)\s*=|\b(?:last|past) \d+ ?[mhdw]`)
)

// asked does what stands beside a mention. A number is an incident, a request
// with keys a hunt of its own. In a thread everything else keeps the thread's
// ledger: the indicators beside the mention, or, without any, those of the whole
// thread.
func (b *Bot) asked(ctx context.Context, key string, m inbound.Message, who hunts.Asker, text string) error {
	whisper := func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, "", m) }
	if number := incidentNumber.FindStringSubmatch(text); number != nil {
		return b.out.Tell(b.ledger.Incident(ctx, key, number[1]+number[2], who, nil), whisper)
	}
	if m.ThreadTS == "" || requestKey.MatchString(text) || isVerb(text) {
		return b.mentioned(ctx, key, who, text)
	}
	if _, err := b.policy.Foresee(ctx, who, hunts.Action{Name: "ledger", Right: hunts.MayIncident}); err != nil {
		return b.out.Tell(err, whisper)
	}
	from := []ledger.Taken{{Naming: incident.Naming{At: m.TS, Asked: true}, Text: m.Content(b.self), Files: m.Files}}
	if len(indicator.Extract(from[0].Text, indicator.ExtractOptions{})) == 0 && len(m.Files) == 0 {
		var err error
		if from, err = b.threadSaid(ctx, who); err != nil {
			return err
		}
	}
	return b.takeAll(ctx, key, who, from, func(sentence string) error {
		_, err := b.out.Post(ctx, "mention-reply:"+key, outbox.Place{Channel: who.Channel, Thread: who.ThreadTS}, func(v message.View) message.Message { return message.Said(sentence, v) })
		return err
	})
}

// takeAll puts what was said into the ledger, and tells when there was nothing.
func (b *Bot) takeAll(ctx context.Context, key string, who hunts.Asker, from []ledger.Taken, tell func(sentence string) error) error {
	none := true
	for n, t := range from {
		found, err := b.ledger.Take(ctx, who, &t)
		if err != nil {
			return err
		}
		from[n] = t
		none = none && found == 0
	}
	if none {
		sentence := "No address, domain, URL or hash found in this thread."
		for _, t := range from {
			for _, note := range t.Notes {
				sentence += " " + note
			}
		}
		return tell(sentence)
	}
	return b.ledger.Queue(ctx, key, who.Channel, who.ThreadTS)
}

// maxThreadPages of 200 messages are read of a thread.
const maxThreadPages = 5

// threadSaid reads a thread that the bot was asked into. Without the scope for
// it there is nothing to read, and the ledger holds what comes from now on.
func (b *Bot) threadSaid(ctx context.Context, who hunts.Asker) ([]ledger.Taken, error) {
	var out []ledger.Taken
	cursor := ""
	for range maxThreadPages {
		var page []slack.Message
		var more bool
		err := b.out.Call(ctx, outbox.Readings, func() error {
			var err error
			page, more, cursor, err = b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: who.Channel, Timestamp: who.ThreadTS, Limit: 200, Cursor: cursor})
			return err
		})
		var answer slack.SlackErrorResponse
		if errors.As(err, &answer) && (answer.Err == "missing_scope" || answer.Err == "not_allowed_token_type" || answer.Err == "thread_not_found") {
			b.cfg.Log.InfoContext(ctx, "thread not read", "channel", who.Channel, "error", answer.Err)
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading a thread: %w", err)
		}
		for _, raw := range page {
			m, err := rewritten(raw)
			if err != nil {
				continue
			}
			author, ok := b.author(m, who.Channel, b.team)
			if !ok {
				continue
			}
			if sentence, err := b.policy.Stranger(ctx, author); err != nil {
				return nil, err
			} else if sentence == "" {
				out = append(out, ledger.Taken{Naming: incident.Naming{At: m.TS, Asked: true}, Text: m.Content(b.self), Files: m.Files, By: author.User})
			}
		}
		if !more || cursor == "" {
			break
		}
	}
	return out, nil
}

// rewritten is a message of the library as we read one.
func rewritten(raw slack.Message) (inbound.Message, error) {
	var m inbound.Message
	data, err := json.Marshal(raw)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, err
	}
	if raw.BotProfile != nil {
		m.AppID = raw.BotProfile.AppID
	}
	return m, nil
}

// shortcut is the message shortcut that keeps a ledger: the message it was
// called on is read, whoever wrote it, since a person of ours chose it.
func (b *Bot) shortcut(ctx context.Context, key string, i inbound.Interaction) error {
	who := i.Asker()
	whisper := func(sentence string) error {
		return b.out.Whisper(ctx, who.Channel, who.User, i.ResponseURL, message.Said(sentence, b.view()))
	}
	var m inbound.Message
	if err := json.Unmarshal(i.Message, &m); err != nil {
		return whisper("I can't read this message.")
	}
	if m.TS == "" {
		m.TS = i.MessageTS
	}
	who.ThreadTS = m.Thread()
	if _, err := b.policy.Foresee(ctx, who, hunts.Action{Name: "ledger", Right: hunts.MayIncident}); err != nil {
		return b.out.Tell(err, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, i.ResponseURL, m) })
	}
	if m.Foreign(b.team) {
		return whisper("This message is from another company, whose text I don't read. Type its indicators after /footprint.")
	}
	err := b.takeAll(ctx, key, who, []ledger.Taken{{Naming: incident.Naming{At: m.TS, Asked: true}, Text: m.Content(b.self), Files: m.Files}}, whisper)
	if outbox.NoMember(err) {
		return whisper("I'm not in this channel. Invite me with `/invite @Footprint`, then use the shortcut again.")
	}
	return err
}

// messageAction does what a message shortcut says: keep a ledger, or, as any
// other, open the form with what the message says.
func (b *Bot) messageAction(ctx context.Context, key string, i inbound.Interaction) error {
	if i.CallbackID == message.ShortcutLedger {
		return b.shortcut(ctx, key, i)
	}
	var m inbound.Message
	if err := json.Unmarshal(i.Message, &m); err != nil {
		b.cfg.Log.InfoContext(ctx, "message of a shortcut not understood", "error", err)
	}
	if m.TS == "" {
		m.TS = i.MessageTS
	}
	text := inbound.PlainText(m.Text, "")
	if whole := m.Content(""); len(indicator.Extract(whole, indicator.ExtractOptions{})) > len(indicator.Extract(text, indicator.ExtractOptions{})) {
		text = whole // what its blocks and attachments hold
	}
	return b.opener(ctx, i).hunt(ctx, message.FormPlace{Channel: i.Asker().Channel, Thread: m.Thread()}, text)
}

// adopt has the replies to a post go on with a hunt: csv, kql, only …
func (b *Bot) adopt(ctx context.Context, h hunts.Hunt, a hunts.Answer, post hunts.Post) error {
	if err := b.cfg.Store.SaveThreadHunt(ctx, post.Channel, post.TS, h.ID, b.cfg.Keep); err != nil {
		return err
	}
	if err := b.cfg.Store.SavePost(ctx, parentKey(h.ID), post, b.cfg.Keep); err != nil {
		return err
	}
	if err := b.details(ctx, h, a, post); err != nil && outbox.Code(err) == "" {
		return err
	}
	return nil
}
