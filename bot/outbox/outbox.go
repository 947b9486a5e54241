// Package outbox sends each message to Slack once: it claims the message, keeps
// to Slack's pace, repeats what is worth repeating, falls back to a plainer form,
// finds its own message after an unknown outcome, and withdraws it.
//
// It decides nothing about what a message says. What surprises: a refusal of
// Slack outside a named list of transient codes is final for that call. It comes
// back as an error that Code names, and the caller goes on with the next form.
package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// Store remembers what was sent, for all replicas.
type Store interface {
	// ClaimPost must be called before a post is sent: PostMine sends it,
	// PostDone has it, PostOthers comes back later.
	ClaimPost(ctx context.Context, key, owner string, ttl time.Duration) (hunts.PostState, hunts.Post, error)
	SavePost(ctx context.Context, key string, p hunts.Post, ttl time.Duration) error
	LoadPost(ctx context.Context, key string) (hunts.Post, bool, error)
	// DropPost gives a claim back; DoubtPost as well, when nobody knows whether the
	// post was sent: the next to claim it gets PostRetaken.
	DropPost(ctx context.Context, key string) error
	DoubtPost(ctx context.Context, key string) error
	// NoteShown ties the key of a post to the hunt whose rows it shows; Shown lists
	// the keys of a hunt.
	NoteShown(ctx context.Context, huntID, key string, ttl time.Duration) error
	Shown(ctx context.Context, huntID string) ([]string, error)
}

// Config is what an Outbox is made of.
type Config struct {
	API   *slack.Client
	Store Store
	// Self is the bot's own user id: it finds its own files by it.
	Self string
	// Owner names this process in claims.
	Owner string
	// Burst is how many posts go to one channel before the pace of one a second
	// begins.
	Burst int
	// Keep is how long posts are remembered.
	Keep  time.Duration
	Clock func() time.Time
	Log   *slog.Logger
	// SignedOut hears that Slack no longer accepts the bot's token.
	SignedOut func(error)
}

// Outbox is one replica's. It is safe for concurrent use.
type Outbox struct {
	cfg  Config
	pace *pace
}

// New makes an Outbox.
func New(cfg Config) *Outbox {
	if cfg.SignedOut == nil {
		cfg.SignedOut = func(error) {}
	}
	return &Outbox{cfg: cfg, pace: newPace(cfg.Burst)}
}

// Place is where a message goes.
type Place struct {
	Channel, Thread string
	// Hunt is the one whose rows the message shows beside its own message and
	// thread: when that hunt is withdrawn, the message goes as well.
	Hunt string
	// ResponseURL is kept with the post, for an answer that Slack takes nowhere else.
	ResponseURL string
	// Later gives way to what somebody waits for: the tables of a thread.
	Later bool
}

func (p Place) lane() Lane {
	l := postsTo(p.Channel)
	l.later = p.Later
	return l
}

// Render makes a message as the view wants it.
type Render func(message.View) message.Message

// ErrBusy asks for another try of the job: somebody else is sending this very
// message, or died while doing so a moment ago.
var ErrBusy = errors.New("another replica is sending this message")

// extraResponseURL is where a post keeps the response_url of who asked for it.
const extraResponseURL = "response_url"

// ResponseURL is what a post was sent with; empty when there was none.
func ResponseURL(p hunts.Post) string { return p.Extra[extraResponseURL] }

// WithResponseURL is a post that has no message: it is answered by response_url.
func WithResponseURL(channel, url string) hunts.Post {
	return hunts.Post{Channel: channel, Extra: map[string]string{extraResponseURL: url}}
}

// Post sends a message once, whatever the number of replicas and tries, and
// tells where it is.
func (o *Outbox) Post(ctx context.Context, key string, to Place, render Render) (hunts.Post, error) {
	sent := hunts.Post{Channel: to.Channel}
	if to.ResponseURL != "" {
		sent = WithResponseURL(to.Channel, to.ResponseURL)
	}
	cut := ""
	done, err := o.once(ctx, key, to, func(unsure *bool) (hunts.Post, error) {
		var err error
		cut, err = o.inForms(ctx, to.lane(), render, func(m message.Message) error {
			if *unsure {
				found, ok, err := o.findOwn(ctx, to, key)
				if err != nil {
					return err // looked for again, not sent again
				}
				if ok {
					sent.TS = found
					return nil
				}
			}
			channel, ts, err := o.cfg.API.PostMessageContext(ctx, to.Channel, append(options(m), slack.MsgOptionTS(to.Thread),
				slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{"key": key}}))...)
			if err != nil {
				*unsure = *unsure || unknownOutcome(err)
				return err
			}
			sent.Channel, sent.TS = channel, ts
			return nil
		})
		return sent, err
	})
	if err != nil || cut == "" {
		return done, err
	}
	return done, o.wholeText(ctx, Place{Channel: done.Channel, Thread: cmp.Or(to.Thread, done.TS), Hunt: to.Hunt}, done.TS, cut)
}

// once sends what has a key, unless it was sent. A replica that died may have sent
// it and not lived to say so, and a call that failed may have worked: then unsure
// is true, and what is sent is looked for first.
func (o *Outbox) once(ctx context.Context, key string, to Place, send func(unsure *bool) (hunts.Post, error)) (hunts.Post, error) {
	if to.Hunt != "" {
		if err := o.cfg.Store.NoteShown(ctx, to.Hunt, key, o.cfg.Keep); err != nil {
			return hunts.Post{}, err
		}
	}
	state, done, err := o.cfg.Store.ClaimPost(ctx, key, o.cfg.Owner, claimFor)
	if err != nil {
		return hunts.Post{}, fmt.Errorf("claiming %s: %w", key, err)
	}
	switch state {
	case hunts.PostDone:
		return done, nil
	case hunts.PostOthers:
		return hunts.Post{}, ErrBusy
	}
	unsure := state == hunts.PostRetaken
	sent, err := send(&unsure)
	if err != nil {
		o.giveBack(ctx, key, unsure)
		return hunts.Post{}, err
	}
	return sent, o.cfg.Store.SavePost(ctx, key, sent, o.cfg.Keep)
}

// giveBack ends the claim of a post that was not sent, or perhaps was. It is
// done even when the process is told to stop: whoever takes over needn't wait.
func (o *Outbox) giveBack(ctx context.Context, key string, unsure bool) {
	within, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer stop()
	end := o.cfg.Store.DropPost
	if unsure {
		end = o.cfg.Store.DoubtPost
	}
	if err := end(within, key); err != nil {
		o.cfg.Log.WarnContext(ctx, "claim not given back, it ends by itself", "key", key, "error", err)
	}
}

// wholeText puts a message that Slack takes in no form into a file beside what it
// took of it.
func (o *Outbox) wholeText(ctx context.Context, to Place, ts, text string) error {
	return o.Files(ctx, ts, to, File{Name: "message-" + strings.ReplaceAll(ts, ".", "-") + ".txt", Data: []byte(text)})
}

// Edit edits a message of ours. Blocks, text and parse are sent in full every
// time: chat.update keeps none of them.
func (o *Outbox) Edit(ctx context.Context, p hunts.Post, render Render) error {
	if p.TS == "" {
		return nil
	}
	cut, err := o.inForms(ctx, updates, render, func(m message.Message) error {
		_, _, _, err := o.cfg.API.UpdateMessageContext(ctx, p.Channel, p.TS, options(m)...)
		return err
	})
	if err != nil || cut == "" {
		return err
	}
	return o.wholeText(ctx, Place{Channel: p.Channel, Thread: p.TS}, p.TS, cut)
}

// EditsToSpare tells that an edit which could as well be left out takes no turn
// from one that could not.
func (o *Outbox) EditsToSpare() bool { return o.pace.spare(updates) }

// Whisper answers one person: by response_url while there is one, else by an
// ephemeral message, and where Slack takes none by a direct message. Never the
// only copy of a result in a channel we are in.
func (o *Outbox) Whisper(ctx context.Context, channel, user, responseURL string, m message.Message) error {
	if responseURL != "" {
		err := o.respond(ctx, channel, responseURL, m)
		if err == nil {
			return nil
		}
		o.cfg.Log.InfoContext(ctx, "response_url not usable, whispering instead", "error", err)
	}
	if channel != "" { // a modal belongs to none
		err := o.Call(ctx, whispers, func() error {
			_, err := o.cfg.API.PostEphemeralContext(ctx, channel, user, options(m)...)
			return err
		})
		if Code(err) == "" {
			return err
		}
		o.cfg.Log.InfoContext(ctx, "no ephemeral message, writing directly instead", "error", err)
	}
	return o.Call(ctx, postsTo(user), func() error {
		_, _, err := o.cfg.API.PostMessageContext(ctx, user, options(m)...)
		return err
	})
}

// Tell turns an error into a message for the asker when it is meant for people, and
// passes it on otherwise so that the job is tried again.
func (o *Outbox) Tell(err error, whisper func(message.Message) error) error {
	switch hunts.KindOf(err) {
	case hunts.KindRefused, hunts.KindNotAllowed, hunts.KindNoWorkspace, hunts.KindNoTable:
		return whisper(message.Refused(hunts.Sentence(err), message.View{Now: o.cfg.Clock()}))
	}
	return err
}

// WhisperOnce whispers what has a key, unless that was done.
func (o *Outbox) WhisperOnce(ctx context.Context, key, user string, to Place, render Render) error {
	_, err := o.once(ctx, key, to, func(*bool) (hunts.Post, error) {
		return hunts.Post{Channel: to.Channel, TS: "whisper"}, o.Whisper(ctx, to.Channel, user, to.ResponseURL, render(message.View{Now: o.cfg.Clock()}))
	})
	return err
}

// Respond answers who holds a response_url, once. Nobody else sees it, and it has
// no thread.
func (o *Outbox) Respond(ctx context.Context, key string, to Place, render Render) error {
	_, err := o.once(ctx, key, to, func(*bool) (hunts.Post, error) {
		return hunts.Post{Channel: to.Channel, TS: "response_url"}, o.respond(ctx, to.Channel, to.ResponseURL, render(message.View{Now: o.cfg.Clock()}))
	})
	return err
}

func (o *Outbox) respond(ctx context.Context, channel, url string, m message.Message) error {
	return o.Call(ctx, Unpaced, func() error {
		_, _, _, err := o.cfg.API.SendMessageContext(ctx, channel, append(options(m), slack.MsgOptionResponseURL(url, slack.ResponseTypeEphemeral))...)
		return err
	})
}
