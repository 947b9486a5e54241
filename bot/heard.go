package bot

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/ledger"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// handleEvent answers mentions, replies in our own threads, and reads what is
// said in channels that opted in. Everything else that Slack sends is dropped
// unread.
func (b *Bot) handleEvent(ctx context.Context, key string, payload json.RawMessage) error {
	var outer struct {
		TeamID string        `json:"team_id"`
		Event  inbound.Event `json:"event"`
	}
	if err := json.Unmarshal(payload, &outer); err != nil {
		b.cfg.Log.InfoContext(ctx, "event not understood", "key", key, "error", err)
		return nil
	}
	e := outer.Event
	switch {
	case e.Type == "channel_left" || e.Type == "group_left" || e.Type == "member_left_channel" && e.User == b.self:
		return b.channels.Leave(ctx, e.Channel)
	case e.Type == "app_home_opened":
		return b.homeOpened(ctx, e, outer.TeamID)
	case e.Type == "message" && e.Subtype == "message_changed" && e.Edited != nil:
		return b.edited(ctx, key, e)
	case e.Type == "message" && e.Subtype == "message_deleted":
		return b.deleted(ctx, key, e)
	case e.Type != "app_mention" && e.Type != "message":
		return nil
	}
	who, ok := b.author(e.Message, e.Channel, outer.TeamID)
	if !ok {
		return nil
	}
	mention := e.Type == "app_mention"
	if !mention && strings.Contains(e.Text, "<@"+b.self+">") {
		return nil // a mention comes as an event of its own as well
	}
	return b.heard(ctx, key, e.Message, who, mention)
}

// mentioner is who mentioned the bot in an event, and where.
func (b *Bot) mentioner(payload json.RawMessage) (hunts.Asker, bool) {
	var outer struct {
		TeamID string        `json:"team_id"`
		Event  inbound.Event `json:"event"`
	}
	if json.Unmarshal(payload, &outer) != nil || outer.Event.Type != "app_mention" {
		return hunts.Asker{}, false
	}
	return b.author(outer.Event.Message, outer.Event.Channel, outer.TeamID)
}

// author is who wrote a message, when it is one that we read: a person of our
// own workspace, or a bot that is listed, and never ourselves.
func (b *Bot) author(m inbound.Message, channel, team string) (hunts.Asker, bool) {
	switch m.Subtype {
	case "", "thread_broadcast", "file_share", "bot_message", "me_message":
	default:
		return hunts.Asker{}, false // somebody joined, a topic was set, …
	}
	who := hunts.Asker{Team: team, User: m.User, Name: m.User, Channel: channel, ThreadTS: m.Thread()}
	bot := m.BotID != "" || m.Subtype == "bot_message"
	switch {
	case m.User == b.self || m.BotID != "" && m.BotID == b.botID:
		return who, false
	}
	if bot {
		who.User = b.listedBot(m)
		who.Name = who.User
	}
	return who, who.User != "" && !m.Foreign(b.team) // external members' text is not read
}

// listedBot is the id by which a bot is listed; empty when it is not.
func (b *Bot) listedBot(m inbound.Message) string {
	for _, id := range []string{m.BotID, m.AppID, m.User} {
		if id != "" && slices.Contains(b.cfg.Bots, id) {
			return id
		}
	}
	return ""
}

// heard does what a new message asks for.
func (b *Bot) heard(ctx context.Context, key string, m inbound.Message, who hunts.Asker, mention bool) error {
	if !mention {
		if _, ours, err := b.cfg.Store.ThreadHunt(ctx, who.Channel, m.ThreadTS); err != nil || !ours && !b.channels.Enriched(ctx, who.Channel) {
			return err
		}
	}
	if mention {
		if err := b.admit(ctx, who, "mention", inbound.PlainText(m.Text, b.self)); err != nil {
			return b.out.Tell(err, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, "", m) })
		}
	} else if sentence, err := b.policy.Stranger(ctx, who); err != nil || sentence != "" {
		return err // what nobody asked us is refused without a word
	}
	who = b.policy.Named(ctx, who)
	text := inbound.PlainText(m.Text, b.self)
	if rest, ok := afterWords(text, "watch", "import"); mention && ok {
		return b.lists.Import(ctx, key, who, rest, m.Files)
	}
	id, ours, err := b.cfg.Store.ThreadHunt(ctx, who.Channel, m.ThreadTS)
	if err != nil {
		return err
	}
	if ours {
		h, ok, err := b.cfg.Store.Hunt(ctx, id)
		if err != nil {
			return err
		}
		if ok {
			if mine, err := b.forHunt(ctx, h, m, who, mention); err != nil {
				return err
			} else if mine {
				return b.replied(ctx, key, h, who, text, mention)
			}
		}
	}
	if mention {
		return b.asked(ctx, key, m, who, text)
	}
	if !b.channels.Enriched(ctx, who.Channel) || !b.policy.May(ctx, who, hunts.MayIncident) {
		return nil
	}
	return b.ledger.Enrich(ctx, key, who, ledger.Taken{Naming: incident.Naming{At: m.TS}, Text: m.Content(b.self), Files: m.Files})
}

// forHunt tells whether a message in a hunt's thread is about the hunt. What
// names indicators and is no word of its grammar is for the thread's ledger, as
// in any other thread.
func (b *Bot) forHunt(ctx context.Context, h hunts.Hunt, m inbound.Message, who hunts.Asker, mention bool) (bool, error) {
	text := inbound.PlainText(m.Text, b.self)
	if len(indicator.Extract(m.Content(b.self), indicator.ExtractOptions{})) == 0 && !(mention && text == "") || meantForUs(text) || requestKey.MatchString(text) {
		return true, nil
	}
	a, _, err := b.cfg.Store.Answer(ctx, h.ID)
	if err != nil {
		return false, err
	}
	_, a = b.policy.Shown(h, who.Channel, a)
	_, understood := parseReply(text, a)
	return understood, nil
}

// edited reads a message again that somebody changed: what was added comes to
// the ledger, what is gone and was not hunted yet leaves it. Slack sends the
// same event when it fetched a link, and for our own edits.
func (b *Bot) edited(ctx context.Context, key string, e inbound.Event) error {
	m := *e.Edited
	if m.Subtype == "tombstone" { // the root of a thread was deleted, its replies stay
		return b.ledger.Withdraw(ctx, key, e.Channel, m.Thread(), m.TS)
	}
	if e.Previous != nil && e.Previous.Content(b.self) == m.Content(b.self) {
		return nil
	}
	who, ok := b.author(m, e.Channel, b.team)
	if !ok {
		return nil
	}
	if sentence, err := b.policy.Stranger(ctx, who); err != nil || sentence != "" {
		return err
	}
	if !b.channels.Enriched(ctx, e.Channel) || !b.policy.May(ctx, who, hunts.MayIncident) {
		// only what the ledger was asked about
		if _, known, err := b.ledger.Of(ctx, e.Channel, m.TS); err != nil || !known {
			return err
		}
	}
	return b.ledger.Enrich(ctx, key, who, ledger.Taken{Naming: incident.Naming{At: m.TS}, Text: m.Content(b.self), Files: m.Files, Edit: true})
}

// deleted takes back what only a deleted message named.
func (b *Bot) deleted(ctx context.Context, key string, e inbound.Event) error {
	thread, known, err := b.ledger.Of(ctx, e.Channel, e.DeletedTS)
	if err != nil || !known {
		return err
	}
	return b.ledger.Withdraw(ctx, key, e.Channel, thread, e.DeletedTS)
}
