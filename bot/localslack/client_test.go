package localslack

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Slack's own Node client is the judge of the judge: what it accepts as Slack
// is Slack enough.
func TestSlacksOfficialClientConnects(t *testing.T) {
	const dir = "../../.ci/slackclient"
	_, errNode := exec.LookPath("node")
	_, errModule := os.Stat(dir + "/node_modules/@slack/socket-mode")
	if errNode != nil || errModule != nil {
		if os.Getenv("FOOTPRINT_TEST_STRICT") != "" {
			t.Fatal("node or @slack/socket-mode is missing, and here no test may be skipped")
		}
		t.Skip("SKIPPED: node or @slack/socket-mode is not installed (npm ci in .ci/slackclient), so Slack's own client was not tried")
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	w := New(Config{})
	if err := w.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	cmd := exec.CommandContext(ctx, "node", "listen.mjs")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SLACK_APP_TOKEN="+w.AppToken(), "SLACK_API_URL="+w.APIURL())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "connected") {
		t.Log(lines.Text())
	}
	if err := w.WaitConnected(ctx, 1); err != nil {
		t.Fatal("the official client does not connect")
	}
	if err := w.User("ana").In(w.Channel("soc")).Slash(ctx, "/footprint ip=203.0.113.66"); err != nil {
		t.Fatalf("Slack shows %v", err)
	}
	if _, err := w.WaitMessage(ctx, w.Channel("soc"), func(m Message) bool { return strings.Contains(m.Text, "the official client got ip=203.0.113.66") }); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the client ended with %v", err)
	}
}
