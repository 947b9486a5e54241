package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
)

func TestNoSecretReachesALogLine(t *testing.T) {
	secrets := []string{"xoxb-1-secret", "xapp-1-secret", "redis://bot:hunter22@redis:6379/0"}
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := newLog(&out, format, secrets...)
		for _, leak := range []any{
			"token=xoxb-1-secret", errors.New("dial redis://bot:hunter22@redis:6379/0: refused"), errors.New("xoxe.xoxb-2-hunter22"), []string{"Bearer hunter22hunter22"},
			&url.Error{Op: "Post", URL: "https://hooks.slack.com/commands/T1/2/hunter22", Err: errors.New("timeout")},
			&url.Error{Op: "Get", URL: "wss://wss.slack.com/link/?ticket=hunter22&app_id=1", Err: errors.New("timeout")},
			"https://files.slack.com/upload/v1/hunter22", "https://store.example/x?sig=hunter22", "rediss://:hunter22@h", "xapp-1-A0-2-hunter22",
		} {
			log.Info("something", "error", leak)
		}
		if s := out.String(); strings.Contains(s, "hunter22") || strings.Contains(s, "1-secret") {
			t.Errorf("%s", s)
		}
	}
	var out bytes.Buffer
	newLog(&out, "text").Info("x", "error", errors.New("Post \"https://slack.com/api/chat.postMessage\": timeout"))
	if !strings.Contains(out.String(), "slack.com/api/chat.postMessage") {
		t.Errorf("what helps is masked as well: %s", out.String())
	}
}

func TestTheLogOfAHuntNamesItAndHoldsNoSecret(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, localslack.Config{}, 60, 2)
	d.env = []string{"FOOTPRINT_LOG=json"}
	d.start(0)
	d.waitConnected(1)
	soc := d.slack.Channel("soc")
	d.slack.Fault(localslack.Fault{Method: "chat.update", Status: 500, Times: 2})
	d.slack.Fault(localslack.Fault{Method: "response_url", Drop: true, Times: 10})
	seat := d.slack.User("ana").In(soc)
	for _, text := range []string{"/footprint dns=cdn-sync.example", "/footprint ip=nonsense"} {
		if err := seat.Slash(d.ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	m, err := d.slack.WaitMessage(d.ctx, soc, func(m localslack.Message) bool { return strings.Contains(m.Text, "*REACHED*") })
	if err != nil {
		t.Fatal(err)
	}
	within, stop := context.WithTimeout(d.ctx, 30*time.Second)
	defer stop()
	if err := d.slack.Until(within, func() bool {
		return len(soc.Thread(m.TS)) >= 3 && strings.Contains(d.log(0), "hunt answered") && strings.Contains(d.log(0), "response_url not usable")
	}); err != nil {
		t.Fatal(err)
	}
	d.stop(stopSignal)
	about := 0
	for line := range strings.Lines(d.log(0)) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Errorf("a line is no JSON: %s", line)
		}
		if id, _ := l["hunt"].(string); strings.HasPrefix(id, "F-") {
			about++
		} else if strings.Contains(line, "slack call") && strings.Contains(line, "C0") && !strings.Contains(line, "response") {
			t.Logf("no hunt in %s", line)
		}
	}
	if about < 3 {
		t.Errorf("%d lines name the hunt:\n%s", about, d.log(0))
	}
	for _, secret := range []string{d.slack.BotToken(), d.slack.AppToken(), "/response/hook-", "ticket="} {
		if strings.Contains(d.log(0), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if bot.HuntOf(t.Context()) != "" {
		t.Error("a context about nothing is about a hunt")
	}
}
