package bot

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
)

const (
	// claimFor bounds how long a dead replica's claim keeps others from sending.
	claimFor = 30 * time.Second
	// metadataType marks our own messages, so that they are found again.
	metadataType = "footprint"
)

// target is where a message goes. hunt is the one whose rows it shows beside its
// own message and thread: when that hunt is unsaid, the message goes as well.
type target struct {
	channel, thread, hunt string
	later                 bool // gives way to what somebody waits for: the tables of a thread
}

func (t target) lane() lane {
	l := postsTo(t.channel)
	l.later = t.later
	return l
}

// errBusy asks for another try of the job: somebody else is sending this very
// message, or died while doing so a moment ago.
var errBusy = errors.New("another replica is sending this message")

// forms are tried in this order: what a workspace or client refuses falls back
// to the next plainer one.
var forms = []message.Form{message.DataTable, message.Table, message.PlainText}

// post sends a message once, whatever the number of replicas and tries, and
// tells where it is.
func (b *Bot) post(ctx context.Context, key string, to target, render func(message.View) message.Message) (hunts.Post, error) {
	if err := b.noteShown(ctx, to.hunt, key); err != nil {
		return hunts.Post{}, err
	}
	state, done, err := b.cfg.Store.ClaimPost(ctx, key, b.cfg.Replica, claimFor)
	if err != nil {
		return hunts.Post{}, fmt.Errorf("claiming message %s: %w", key, err)
	}
	switch state {
	case hunts.PostDone:
		return done, nil
	case hunts.PostOthers:
		return hunts.Post{}, errBusy
	}
	sent := hunts.Post{Channel: to.channel}
	// A replica that died may have sent it and not lived to say so; and a call
	// that failed may have worked. Then the message is looked for before it is sent.
	unsure := state == hunts.PostRetaken
	cut, err := b.inForms(ctx, to.lane(), render, func(m message.Message) error {
		if unsure {
			found, ok, err := b.findOwn(ctx, to, key)
			if err != nil {
				return err // looked for again, not sent again
			}
			if ok {
				sent.TS = found
				return nil
			}
		}
		channel, ts, err := b.api.PostMessageContext(ctx, to.channel, append(options(m), slack.MsgOptionTS(to.thread),
			slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{"key": key}}))...)
		if err != nil {
			unsure = unsure || unknownOutcome(err)
			return err
		}
		sent.Channel, sent.TS = channel, ts
		return nil
	})
	if err != nil {
		b.giveBack(ctx, key, unsure)
		return hunts.Post{}, err
	}
	if err := b.cfg.Store.SavePost(ctx, key, sent, b.cfg.Keep); err != nil || cut == "" {
		return sent, err
	}
	return sent, b.wholeText(ctx, target{channel: sent.Channel, thread: cmp.Or(to.thread, sent.TS), hunt: to.hunt}, sent.TS, cut)
}

// wholeText puts a message that Slack takes in no form into a file beside what it
// took of it.
func (b *Bot) wholeText(ctx context.Context, to target, ts, text string) error {
	return b.upload(ctx, ts, to, "message-"+strings.ReplaceAll(ts, ".", "-")+".txt", []byte(text))
}

// update edits a message of ours. Blocks, text and parse are sent in full every
// time: chat.update keeps none of them.
func (b *Bot) update(ctx context.Context, p hunts.Post, render func(message.View) message.Message) error {
	if p.TS == "" {
		return nil
	}
	cut, err := b.inForms(ctx, updates, render, func(m message.Message) error {
		_, _, _, err := b.api.UpdateMessageContext(ctx, p.Channel, p.TS, options(m)...)
		return err
	})
	if err != nil || cut == "" {
		return err
	}
	return b.wholeText(ctx, target{channel: p.Channel, thread: p.TS}, p.TS, cut)
}

// whisper answers one person: by response_url while there is one, else by an
// ephemeral message, and where there is no place for one by a direct message.
// Never the only copy of a result in a channel we are in.
func (b *Bot) whisper(ctx context.Context, channel, user, responseURL string, m message.Message) error {
	if responseURL != "" {
		err := b.call(ctx, unpaced, func() error {
			_, _, _, err := b.api.SendMessageContext(ctx, channel, append(options(m), slack.MsgOptionResponseURL(responseURL, slack.ResponseTypeEphemeral))...)
			return err
		})
		if err == nil {
			return nil
		}
		b.cfg.Log.InfoContext(ctx, "response_url not usable, whispering instead", "error", err)
	}
	err := b.call(ctx, whispers, func() error {
		_, err := b.api.PostEphemeralContext(ctx, channel, user, options(m)...)
		return err
	})
	if placeGone(err) == "" {
		return err
	}
	return b.call(ctx, postsTo(user), func() error {
		_, _, err := b.api.PostMessageContext(ctx, user, options(m)...)
		return err
	})
}

// upload puts a file into a thread, once.
func (b *Bot) upload(ctx context.Context, huntID string, to target, name string, data []byte) error {
	key := fileKey(huntID, name)
	if err := b.noteShown(ctx, to.hunt, key); err != nil {
		return err
	}
	state, _, err := b.cfg.Store.ClaimPost(ctx, key, b.cfg.Replica, claimFor)
	if err != nil {
		return fmt.Errorf("claiming file %s: %w", name, err)
	}
	switch state {
	case hunts.PostDone:
		return nil
	case hunts.PostOthers:
		return errBusy
	}
	sent := hunts.Post{Channel: to.channel}
	unsure := state == hunts.PostRetaken
	err = b.call(ctx, uploads, func() error {
		if unsure {
			found, ok, err := b.findOwnFile(ctx, to, name)
			if err != nil {
				return err // looked for again, not sent again
			}
			if ok {
				sent.TS = found
				return nil
			}
		}
		file, err := b.api.UploadFileContext(ctx, slack.UploadFileParameters{
			Reader: bytes.NewReader(data), FileSize: len(data), Filename: name, Title: name, Channel: to.channel, ThreadTimestamp: to.thread,
		})
		if err != nil {
			unsure = unsure || unknownOutcome(err)
			return err
		}
		sent.TS = file.ID
		return nil
	})
	if err != nil {
		b.giveBack(ctx, key, unsure)
		return fmt.Errorf("uploading %s: %w", name, err)
	}
	return b.cfg.Store.SavePost(ctx, key, sent, b.cfg.Keep)
}

// giveBack ends the claim of a post that was not sent, or perhaps was. It is
// done even when the process is told to stop: whoever takes over needn't wait.
func (b *Bot) giveBack(ctx context.Context, key string, unsure bool) {
	within, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer stop()
	end := b.cfg.Store.DropPost
	if unsure {
		end = b.cfg.Store.DoubtPost
	}
	if err := end(within, key); err != nil {
		b.cfg.Log.WarnContext(ctx, "claim not given back, it ends by itself", "key", key, "error", err)
	}
}

// fileKeys begins the keys of posts that are files, and not messages.
const fileKeys = "file:"

func fileKey(huntID, name string) string { return fileKeys + huntID + ":" + name }

// options are what every message of ours is sent with: nothing is linked,
// nothing unfurls.
func options(m message.Message) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), // escaped by the renderer
		slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
}

// inForms falls back to a plainer form when Slack refuses the blocks. When it
// refuses every form, its beginning is sent, and cut is the whole text, for a file.
func (b *Bot) inForms(ctx context.Context, l lane, render func(message.View) message.Message, send func(message.Message) error) (cut string, err error) {
	var m message.Message
	for _, form := range forms {
		v := b.view()
		v.Form = form
		m = render(v)
		err = b.call(ctx, l, func() error { return send(m) })
		if !blocksRefused(err) {
			return "", err
		}
		var answer slack.SlackErrorResponse
		errors.As(err, &answer)
		b.cfg.Log.WarnContext(ctx, "message refused, falling back to a plainer form", "error", answer.Err, "detail", answer.ResponseMetadata.Messages, "form", int(form))
	}
	if err = b.call(ctx, l, func() error { return send(message.Beginning(m)) }); err != nil {
		return "", err
	}
	return m.Text, nil
}

func blocksRefused(err error) bool {
	var answer slack.SlackErrorResponse
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Err {
	case "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "msg_blocks_too_many":
		return true
	}
	return false
}

// findOwn looks for a message of ours by its metadata, before it is sent a
// second time.
func (b *Bot) findOwn(ctx context.Context, to target, key string) (string, bool, error) {
	messages, err := b.recent(ctx, to)
	for _, m := range messages {
		if m.Metadata.EventType == metadataType && m.Metadata.EventPayload["key"] == key {
			return m.Timestamp, true, nil
		}
	}
	return "", false, err
}

// findOwnFile looks for a file of ours by its name, which has the hunt's id in
// it: a file carries no metadata.
func (b *Bot) findOwnFile(ctx context.Context, to target, name string) (string, bool, error) {
	messages, err := b.recent(ctx, to)
	for _, m := range messages {
		for _, f := range m.Files {
			if f.Name == name && m.User == b.self {
				return f.ID, true, nil
			}
		}
	}
	return "", false, err
}

// recent reads where a message of ours would be. Without the scope to read
// history it gives nothing, and then twice is better than lost; any other failure
// is an error, and worth a try.
func (b *Bot) recent(ctx context.Context, to target) ([]slack.Message, error) {
	var messages []slack.Message
	var err error
	if to.thread != "" {
		messages, _, _, err = b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: to.channel, Timestamp: to.thread, Limit: 200, IncludeAllMetadata: true})
	} else {
		var history *slack.GetConversationHistoryResponse
		history, err = b.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: to.channel, Limit: 100, IncludeAllMetadata: true})
		if err == nil {
			messages = history.Messages
		}
	}
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) {
		if _, again := worthRepeating(err, 1); !again {
			b.cfg.Log.InfoContext(ctx, "own messages can't be looked for, sending again", "channel", to.channel, "error", err)
			return nil, nil
		}
	}
	return messages, err
}
