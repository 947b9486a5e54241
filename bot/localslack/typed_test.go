package localslack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func TestTypedTextIsLinkedAsSlackLinksIt(t *testing.T) {
	for typed, want := range map[string]string{
		"look at evil.com.":                "look at <http://evil.com|evil.com>.",
		"Evil.COM/a?b=c&d":                 "<http://Evil.COM/a?b=c&amp;d|Evil.COM/a?b=c&amp;d>",
		"(see https://evil.com/x)":         "(see <https://evil.com/x>)",
		"mail ana@evil.com":                "mail <mailto:ana@evil.com|ana@evil.com>",
		"run build.sh and data.zip":        "run <http://build.sh|build.sh> and <http://data.zip|data.zip>", // top-level domains both
		"powershell.exe ws.internal":       "powershell.exe ws.internal",
		"203.0.113.66 1.2.3":               "203.0.113.66 1.2.3",
		"hxxp://evil[.]com evil[.]com":     "hxxp://evil[.]com evil[.]com",
		"`evil.com` <b> & evil.com":        "`evil.com` &lt;b&gt; &amp; <http://evil.com|evil.com>",
		"<@U1> evil.com <#C1|soc> <!here>": "<@U1> <http://evil.com|evil.com> <#C1|soc> <!here>",
		"cdn-sync.example":                 "<http://cdn-sync.example|cdn-sync.example>",
	} {
		if got := mangled(typed); got != want {
			t.Errorf("%q becomes\n%s, want\n%s", typed, got, want)
		}
	}
	block := string(typedBlock("b1", "<@U1> evil.com `x`"))
	for _, want := range []string{`"user_id":"U1"`, `"url":"http://evil.com"`, `"text":"evil.com"`, `"code":true`, `"block_id":"b1"`} {
		if !strings.Contains(block, want) {
			t.Errorf("the block has no %s: %s", want, block)
		}
	}
}

func TestAMethodIsRefusedWithADocumentedCodeUntilItIsAllowed(t *testing.T) {
	w, api := begin(t, Config{Refusals: []Refusal{{Method: "chat.update", Error: "edit_window_closed"}}})
	soc := w.Channel("soc")
	post := func(c *Channel) error {
		_, _, err := api.PostMessage(c.ID, slack.MsgOptionText("hi", false))
		return err
	}
	if _, err := w.Refuse(Refusal{Method: "chat.postMessage", Error: "bad_mood"}); err == nil {
		t.Error("a code that Slack does not document was taken")
	}
	if _, err := w.Refuse(Refusal{Method: "chat.sing", Error: "internal_error"}); err == nil {
		t.Error("a method that is none was taken")
	}
	allow, err := w.Refuse(Refusal{Method: "chat.postMessage", Channel: "soc", Error: "restricted_action"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := post(soc); err == nil || err.Error() != "restricted_action" {
			t.Errorf("got %v", err)
		}
	}
	if err := post(w.Channel("incidents")); err != nil {
		t.Errorf("another channel: %v", err)
	}
	allow()
	if err := post(soc); err != nil {
		t.Errorf("after it was allowed: %v", err)
	}
	if _, _, _, err := api.UpdateMessage(soc.ID, "1.0", slack.MsgOptionText("x", false)); err == nil || err.Error() != "edit_window_closed" {
		t.Errorf("what the configuration refuses: %v", err)
	}
	for method := range methods() {
		if _, known := methodCodes[method]; !known {
			t.Errorf("%s can't be refused", method)
		}
		if tierOf[method] == 0 {
			t.Errorf("%s has no tier", method)
		}
	}
}

func TestWhoCallsTooOftenIsToldHowLongToWait(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	w, api := begin(t, Config{Limits: true, Clock: func() time.Time { return now }})
	add := func() error {
		_, _, _, err := api.UpdateMessage(w.Channel("soc").ID, "1.0", slack.MsgOptionText("x", false))
		return err
	}
	var limited *slack.RateLimitedError
	n := 0
	for ; n < 100; n++ {
		if err := add(); asLimited(err, &limited) {
			break
		}
	}
	if n < 10 || n == 100 || limited == nil || limited.RetryAfter < time.Second {
		t.Fatalf("after %d calls: %+v", n, limited)
	}
	if _, err := api.AuthTest(); err != nil {
		t.Errorf("another method: %v", err)
	}
	now = now.Add(limited.RetryAfter + time.Second)
	if err := add(); asLimited(err, &limited) {
		t.Error("after the pause it is still refused")
	}
}

func asLimited(err error, to **slack.RateLimitedError) bool {
	ok := errors.As(err, to)
	return ok
}

func TestPrivateChannelsNeedScopesOfTheirOwn(t *testing.T) {
	w, api := begin(t, Config{Scopes: []string{"chat:write", "channels:history", "channels:read", "app_mentions:read"}})
	secret := w.AddChannel("secret", Private())
	if _, err := api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: w.Channel("soc").ID}); err != nil {
		t.Errorf("a public channel: %v", err)
	}
	if _, err := api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: secret.ID}); err == nil || err.Error() != "missing_scope" {
		t.Errorf("a private channel without groups:history: %v", err)
	}
	if _, err := api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: secret.ID}); err == nil || err.Error() != "missing_scope" {
		t.Errorf("a private channel without groups:read: %v", err)
	}
}

// payloads gives the payloads that came over a socket which acknowledges them.
func payloads(t *testing.T, w *Workspace) <-chan map[string]any {
	conn := dial(t, w)
	out := make(chan map[string]any, 100)
	go func() {
		for {
			var f struct {
				ID      string         `json:"envelope_id"`
				Payload map[string]any `json:"payload"`
			}
			if conn.ReadJSON(&f) != nil {
				return
			}
			if f.ID != "" {
				_ = conn.WriteJSON(map[string]any{"envelope_id": f.ID})
				out <- f.Payload
			}
		}
	}()
	if err := w.WaitConnected(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPayloadsCarryWhatSlacksCarry(t *testing.T) {
	w, api := begin(t, Config{})
	got := payloads(t, w)
	w.User("ana").In(w.AddChannel("secret", Private())).Say("beacon to evil.com")
	event := (<-got)["event"].(map[string]any)
	if event["channel_type"] != "group" || event["blocks"] == nil {
		t.Errorf("the event of a private channel is %v", event)
	}
	soc := w.Channel("soc")
	menu := slack.NewOptionsSelectBlockElement("static_select", slack.NewTextBlockObject("plain_text", "days", false, false), "days",
		slack.NewOptionBlockObject("7d", slack.NewTextBlockObject("plain_text", "7 days", false, false), nil))
	if _, _, err := api.PostMessage(soc.ID, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(slack.NewActionBlock("", menu))); err != nil {
		t.Fatal(err)
	}
	m := soc.All()[0]
	if err := w.User("ana").In(soc).Press(t.Context(), m, "7 days"); err != nil {
		t.Fatal(err)
	}
	press := <-got
	block := press["actions"].([]any)[0].(map[string]any)["block_id"].(string)
	if block == "" || !strings.Contains(string(m.Blocks[0]), block) {
		t.Errorf("the press names block %q of %s", block, m.Blocks[0])
	}
	state, _ := json.Marshal(press["state"])
	if want := `{"values":{"` + block + `":{"days":{"selected_option"`; !strings.HasPrefix(string(state), want) {
		t.Errorf("the state is %s, want %s…", state, want)
	}
}

func TestAModalThatAsksForItTellsWhenItIsClosed(t *testing.T) {
	for _, asks := range []bool{true, false} {
		w, api := begin(t, Config{})
		got := payloads(t, w)
		ana := w.User("ana")
		w.mu.Lock()
		trigger := w.newTrigger(ana.ID)
		w.mu.Unlock()
		input := slack.NewInputBlock("ioc", slack.NewTextBlockObject("plain_text", "IOC", false, false), nil, slack.NewPlainTextInputBlockElement(nil, "value").WithInitialValue("evil.com"))
		_, err := api.OpenView(trigger, slack.ModalViewRequest{
			Type: "modal", Title: slack.NewTextBlockObject("plain_text", "Hunt", false, false), Submit: slack.NewTextBlockObject("plain_text", "Run", false, false), NotifyOnClose: asks, Blocks: slack.Blocks{BlockSet: []slack.Block{input}},
		})
		if err != nil {
			t.Fatal(err)
		}
		modal, err := w.WaitModal(t.Context(), ana)
		if err != nil {
			t.Fatal(err)
		}
		if err := modal.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !asks {
			if len(got) > 0 {
				t.Errorf("it tells %v unasked", <-got)
			}
			continue
		}
		closed := <-got
		state, _ := json.Marshal(closed["view"].(map[string]any)["state"])
		if closed["type"] != "view_closed" || string(state) != `{"values":{"ioc":{"value":{"type":"plain_text_input","value":"evil.com"}}}}` {
			t.Errorf("it tells %v with %s", closed["type"], state)
		}
	}
}

func TestThePageGetsAnAnswerWhateverItAsks(t *testing.T) {
	w, _ := begin(t, Config{Patience: 1})
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	for _, path := range []string{"command", "message", "action", "shortcut", "view_submit", "view_close"} {
		for _, body := range []string{`{}`, `{"channel":"C0NONE"}`, `{"text":"x"}`, `[]`, `?`} {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL()+"/ui/"+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Footprint-Page", "1")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatalf("%s %s: %v", path, body, err)
			}
			_ = res.Body.Close()
		}
	}
	if err := w.User("ana").In(w.Channel("soc")).Slash(ctx, "/footprint"); err == nil || err.Error() != "dispatch_failed" {
		t.Errorf("afterwards a command gets %v", err)
	}
}
