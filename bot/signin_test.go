package bot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
)

func TestSigningInOutlastsASlackThatIsNotWell(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]localslack.Fault{
		"too many requests, with a time to wait": {Method: "auth.test", Status: 429, RetryAfter: 20 * time.Millisecond, Times: 1},
		"too many requests, without":             {Method: "auth.test", Status: 429, Times: 1},
		"an internal error":                      {Method: "auth.test", Status: 500, Times: 1},
		"a connection that breaks":               {Method: "auth.test", Drop: true, Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			slack := localslack.New(localslack.Config{})
			if err := slack.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = slack.Close() }()
			slack.Fault(fault)
			if _, err := bot.New(t.Context(), bot.Config{Policy: allowing(t), BotToken: slack.BotToken(), AppToken: slack.AppToken(), APIURL: slack.APIURL()}); err != nil {
				t.Errorf("did not sign in: %v", err)
			}
		})
	}
}

func TestARefusedTokenEndsTheStartAtOnce(t *testing.T) {
	t.Parallel()
	slack := localslack.New(localslack.Config{})
	if err := slack.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slack.Close() }()
	_, err := bot.New(t.Context(), bot.Config{Policy: allowing(t), BotToken: "xoxb-somebody-elses", AppToken: slack.AppToken(), APIURL: slack.APIURL()})
	if err == nil || !strings.Contains(err.Error(), "does not accept SLACK_BOT_TOKEN") {
		t.Errorf("got %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "somebody-elses") {
		t.Error("the token is in the error")
	}
}

func TestAStartThatIsToldToStopDoesNotWaitForSlack(t *testing.T) {
	t.Parallel()
	slack := localslack.New(localslack.Config{})
	if err := slack.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slack.Close() }()
	slack.Fault(localslack.Fault{Method: "auth.test", Status: 500, Times: 1000})
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := bot.New(ctx, bot.Config{Policy: allowing(t), BotToken: slack.BotToken(), AppToken: slack.AppToken(), APIURL: slack.APIURL()}); err == nil {
		t.Error("signed in to a Slack that answers nothing but 500")
	}
}
