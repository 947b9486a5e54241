package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// probe asks a replica's listener; 0 when nobody answers.
func (d *deployment) probe(n int, path string) (status int, text string) {
	d.mu.Lock()
	listen := d.replicas[n].listen
	d.mu.Unlock()
	res, err := http.Get("http://" + listen + path) //nolint:noctx // loopback
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

func (d *deployment) becomes(path string, status int, parts ...string) {
	d.tb.Helper()
	var got int
	var text string
	ok := recordtest.Within(30*time.Second, func() bool {
		got, text = d.probe(0, path)
		for _, p := range parts {
			if !strings.Contains(text, p) {
				return false
			}
		}
		return got == status
	})
	if !ok {
		d.tb.Errorf("%s answers %d %q, want %d %q", path, got, text, status, parts)
	}
}

func TestReadinessFollowsSocketAndRedis(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, localslack.Config{}, 60, 2)
	d.start(0)
	d.waitConnected(1)
	d.becomes("/healthz", 200, "ok")
	d.becomes("/readyz", 200, "ready\n", "interactive: 0 waiting, 0 at work", "sweep: 0 waiting")
	soc := d.slack.Channel("soc")
	if err := d.slack.User("ana").In(soc).Slash(d.ctx, `/footprint sweep add daily cron="30 8 * * *" from=ti`); err != nil {
		t.Fatal(err)
	}
	d.becomes("/readyz", 200, "sweep daily: complete")
	d.redis.Kill(t)
	d.becomes("/readyz", 503, "Redis does not answer")
	d.becomes("/healthz", 200, "ok") // a restart would not bring Redis back
	d.redis.Start(t)
	d.becomes("/readyz", 200, "ready")
	d.becomes("/metrics", 200, "footprint_connected 1", "footprint_ack_seconds_count", "footprint_backlog_seconds 0", "go_goroutines")
}

func TestARevokedTokenEndsTheProcessWithASentence(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, localslack.Config{}, 60, 2)
	d.start(0)
	d.waitConnected(1)
	d.mu.Lock()
	first := d.replicas[0]
	d.mu.Unlock()
	d.slack.RevokeTokens()
	d.slack.DropSockets()
	within, stop := context.WithTimeout(d.ctx, 20*time.Second)
	defer stop()
	select {
	case <-first.ended:
	case <-within.Done():
		t.Fatal("it goes on without a token")
	}
	if log := d.log(0); !strings.Contains(log, "slack does not accept SLACK_APP_TOKEN") {
		t.Errorf("it says\n%s", log)
	}
}
