package localslack

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

func begin(t *testing.T, cfg Config) (*Workspace, *slack.Client) {
	t.Helper()
	w := New(cfg)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w, slack.New(w.BotToken(), slack.OptionAppLevelToken(w.AppToken()), slack.OptionAPIURL(w.APIURL()))
}

func TestTheWebAPIAnswersWithSlacksErrors(t *testing.T) {
	w, api := begin(t, Config{})
	soc, random := w.Channel("soc"), w.Channel("random")
	old := w.AddChannel("old")
	old.Archive()
	_, ts, err := api.PostMessage(soc.ID, slack.MsgOptionText("hello", false))
	if err != nil {
		t.Fatal(err)
	}
	post := func(channel string, o ...slack.MsgOption) error {
		_, _, err := api.PostMessage(channel, o...)
		return err
	}
	update := func(channel, ts string, o ...slack.MsgOption) error {
		_, _, _, err := api.UpdateMessage(channel, ts, o...)
		return err
	}
	hi := slack.MsgOptionText("hi", false)
	for _, c := range []struct {
		name string
		err  error
		code string
	}{
		{"a message", post(soc.ID, hi), ""},
		{"a channel that the bot is not in", post(random.ID, hi), "not_in_channel"},
		{"a channel that is not there", post("C0NONE", hi), "channel_not_found"},
		{"an archived channel", post(old.ID, hi), "is_archived"},
		{"nothing to say", post(soc.ID), "no_text"},
		{"a thread that is not there", post(soc.ID, hi, slack.MsgOptionTS("1.0")), "thread_not_found"},
		{"an edit of 4,000 characters", update(soc.ID, ts, slack.MsgOptionText(strings.Repeat("x", 4000), false)), ""},
		{"an edit of 4,001 characters", update(soc.ID, ts, slack.MsgOptionText(strings.Repeat("x", 4001), false)), "msg_too_long"},
		{"an edit of a message that is not there", update(soc.ID, "1.0", hi), "message_not_found"},
		{"blocks that are wrong", post(soc.ID, slack.MsgOptionBlocks(slack.NewHeaderBlock(slack.NewTextBlockObject("plain_text", strings.Repeat("x", 151), false, false)))), "invalid_blocks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var answer slack.SlackErrorResponse
			if errors.As(c.err, &answer); answer.Err != c.code || (c.code == "") != (c.err == nil) {
				t.Errorf("%v, want %q", c.err, c.code)
			}
			if c.code == "invalid_blocks" && len(answer.ResponseMetadata.Messages) == 0 {
				t.Error("the details are missing")
			}
		})
	}
}

func TestScopesAndTokensAreLookedAt(t *testing.T) {
	w, api := begin(t, Config{Scopes: []string{"commands", "chat:write"}})
	_, err := api.GetUserInfo(w.User("ana").ID)
	var answer slack.SlackErrorResponse
	if !errors.As(err, &answer) || answer.Err != "missing_scope" {
		t.Errorf("%v, want missing_scope", err)
	}
	if _, err := slack.New("xoxb-wrong", slack.OptionAPIURL(w.APIURL())).AuthTest(); err == nil || !strings.Contains(err.Error(), "invalid_auth") {
		t.Errorf("%v, want invalid_auth", err)
	}
	w.RevokeTokens()
	if _, err := api.AuthTest(); err == nil || !strings.Contains(err.Error(), "token_revoked") {
		t.Errorf("%v, want token_revoked", err)
	}
}

func TestFaultsComeAsTheyWereScripted(t *testing.T) {
	w, api := begin(t, Config{})
	soc := w.Channel("soc")
	post := func() error { _, _, err := api.PostMessage(soc.ID, slack.MsgOptionText("hi", false)); return err }
	w.Fault(Fault{Method: "chat.postMessage", Status: 429, RetryAfter: 2 * time.Second})
	var limited *slack.RateLimitedError
	if err := post(); !errors.As(err, &limited) || limited.RetryAfter != 2*time.Second {
		t.Errorf("%v, want a limit of 2 s", err)
	}
	w.Fault(Fault{Status: 500, AfterEffect: true})
	var status slack.StatusCodeError
	if err := post(); !errors.As(err, &status) || status.Code != 500 {
		t.Errorf("%v, want 500", err)
	}
	if n := len(soc.Messages()); n != 1 {
		t.Errorf("%d messages: a fault after the effect has the effect", n)
	}
	w.Fault(Fault{Drop: true})
	if err := post(); err == nil {
		t.Error("a dropped connection is no answer")
	}
	if err := post(); err != nil {
		t.Errorf("a fault is used up, and %v", err)
	}
}

func TestAResponseURLServesFiveTimes(t *testing.T) {
	w, _ := begin(t, Config{})
	w.mu.Lock()
	url := w.newHook(hook{channel: w.channels[0].ID, user: w.users[0].ID})
	w.mu.Unlock()
	for n := range 6 {
		res, err := http.Post(url, "application/json", strings.NewReader(`{"text":"hi"}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if ok := res.StatusCode == http.StatusOK; ok != (n < 5) {
			t.Errorf("use %d: %s", n+1, res.Status)
		}
	}
}

// listen runs slack-go's client and answers every envelope with body.
func listen(ctx context.Context, api *slack.Client, body any) {
	c := socketmode.New(api)
	go func() { _ = c.RunContext(ctx) }()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-c.Events:
			if e.Request != nil && e.Request.EnvelopeID != "" && body != nil {
				_ = c.Ack(*e.Request, body)
			}
		}
	}
}

func TestASlashCommandWaitsForItsAcknowledgement(t *testing.T) {
	w, api := begin(t, Config{AckWithin: 200 * time.Millisecond, Patience: 200 * time.Millisecond})
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	ana := w.User("ana").In(w.Channel("soc"))
	if err := ana.Slash(ctx, "/footprint help"); !errors.Is(err, errNoConnection) {
		t.Errorf("without a connection: %v", err)
	}
	deaf, hush := context.WithCancel(ctx)
	go listen(deaf, api, nil)
	if err := w.WaitConnected(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := ana.Slash(ctx, "/footprint help"); !errors.Is(err, errNoAck) {
		t.Errorf("without an acknowledgement: %v", err)
	}
	hush()
	w.DropSockets()
	go listen(ctx, api, map[string]string{"text": "taken"})
	if err := w.Until(ctx, func() bool { return ana.Slash(ctx, "/footprint help") == nil }); err != nil {
		t.Fatal(err)
	}
	m, err := w.WaitMessage(ctx, w.Channel("soc"), func(m Message) bool { return m.Text == "taken" })
	if err != nil || m.Ephemeral == "" {
		t.Errorf("%v %+v", err, m)
	}
}
