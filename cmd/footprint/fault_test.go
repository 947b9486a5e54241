//go:build fault

package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// What the fault test does, and for how long.
const (
	faultHunts    = 240
	faultChannels = 48 // Slack takes one post a second in each
	faultReplicas = 2
)

// chaos breaks everything that can break while hunts are asked for.
type chaos struct {
	t         *testing.T
	slack     *localslack.Workspace
	workspace *localworkspace.Server
	redis     *recordtest.Server
	random    *rand.Rand
	start     func(n int) *exec.Cmd

	mu       sync.Mutex
	stopping bool
	replicas []*exec.Cmd
	keepers  sync.WaitGroup
	did      map[string]int
}

// keep runs replica n and starts it again whenever it ends, as whatever runs a
// service does.
func (c *chaos) keep(n int) {
	c.replicas = append(c.replicas, c.start(n))
	c.keepers.Go(func() {
		for {
			c.mu.Lock()
			now := c.replicas[n]
			c.mu.Unlock()
			err := now.Wait()
			c.mu.Lock()
			if c.stopping {
				c.mu.Unlock()
				return
			}
			if err == nil || !strings.Contains(err.Error(), "killed") {
				c.did["replica ended by itself"]++
			}
			c.replicas[n] = c.start(n)
			c.mu.Unlock()
		}
	})
}

// stop ends the replicas as an orchestrator does.
func (c *chaos) stop() {
	c.mu.Lock()
	c.stopping = true
	for _, r := range c.replicas {
		_ = r.Process.Signal(syscall.SIGTERM)
	}
	c.mu.Unlock()
	c.keepers.Wait()
}

func (c *chaos) note(kind string) {
	c.mu.Lock()
	c.did[kind]++
	c.mu.Unlock()
}

// kill ends a replica without a word.
func (c *chaos) kill(n int) {
	c.mu.Lock()
	_ = c.replicas[n].Process.Signal(syscall.SIGKILL)
	c.mu.Unlock()
	c.note("replica killed")
}

func (c *chaos) once() {
	switch c.random.IntN(13) {
	case 0:
		c.kill(c.random.IntN(faultReplicas))
	case 1:
		c.slack.DropSockets()
		c.note("sockets dropped")
	case 2:
		c.slack.Disconnect("refresh_requested")
		c.note("disconnect frame")
	case 3, 4:
		if all := c.slack.Envelopes(); len(all) > 0 {
			_ = c.slack.Redeliver(all[c.random.IntN(len(all))].ID)
			c.note("envelope repeated")
		}
	case 5:
		c.slack.Fault(localslack.Fault{Status: 429, RetryAfter: time.Second, Times: 2})
		c.note("Slack 429 with Retry-After")
	case 6:
		c.slack.Fault(localslack.Fault{Status: 429, Times: 2})
		c.note("Slack 429 without Retry-After")
	case 7:
		c.slack.Fault(localslack.Fault{Method: "chat.postMessage", Status: 500, AfterEffect: true, Times: 2})
		c.note("Slack 500 after the message was posted")
	case 8:
		c.slack.Fault(localslack.Fault{Method: "chat.postMessage", Drop: true, AfterEffect: true})
		c.note("no answer after the message was posted")
	case 9:
		c.slack.Fault(localslack.Fault{Method: "files.completeUploadExternal", Status: 500, AfterEffect: true})
		c.note("Slack 500 after the file was shared")
	case 10:
		c.slack.Fault(localslack.Fault{Status: 500, Times: 2})
		c.note("Slack 500")
	default:
		fault := []localworkspace.Fault{
			{Status: 429, RetryAfter: time.Second, Times: 1}, {Status: 503, Times: 1}, {Status: 504, Times: 1}, {Drop: true, Times: 1}, {Trickle: 20 * time.Millisecond, Times: 1}, {Partial: true, Times: 1},
		}[c.random.IntN(6)]
		c.workspace.Fault(fault)
		c.note("workspace misbehaved")
	}
}

func TestNothingIsLostAndNothingIsTwice(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), 4*time.Minute)
	defer stop()
	dir := t.TempDir()
	binary := filepath.Join(dir, "footprint")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	server := recordtest.Real(t, "--appendonly", "yes", "--appendfsync", "always")
	slack := localslack.New(localslack.Config{})
	for n := range faultChannels {
		slack.AddChannel(fmt.Sprintf("war-%d", n))
	}
	if err := slack.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slack.Close() }()
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: time.Now().UTC(), Devices: 60, Days: 9})
	workspace := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": events}, Clock: time.Now})
	url, err := workspace.Start(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer workspace.Close()
	c := &chaos{t: t, slack: slack, workspace: workspace, redis: server, random: rand.New(rand.NewPCG(4, 2)), did: map[string]int{}}
	c.start = func(n int) *exec.Cmd {
		log, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("replica-%d.log", n)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Error(err)
		}
		cmd := exec.Command(binary, "serve")
		cmd.Env = []string{
			"HOME=" + dir, "SLACK_BOT_TOKEN=" + slack.BotToken(), "SLACK_APP_TOKEN=" + slack.AppToken(), "SLACK_API_URL=" + slack.APIURL(), "AZURE_LOGS_WORKSPACE=w", "AZURE_LOGS_ENDPOINT=" + url,
			"FOOTPRINT_AZURE_CREDENTIAL=none", "REDIS_URL=" + server.URL(), fmt.Sprintf("FOOTPRINT_REPLICA=replica-%d-%d", n, time.Now().UnixNano()),
		}
		cmd.Stderr = log
		if err := cmd.Start(); err != nil {
			t.Error(err)
		}
		return cmd
	}
	for n := range faultReplicas {
		c.keep(n)
	}
	defer func() {
		c.stop()
		if t.Failed() {
			for n := range faultReplicas {
				if log, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("replica-%d.log", n))); err == nil {
					t.Logf("replica %d:\n%s", n, tail(string(log), 6000))
				}
			}
		}
	}()
	if err := slack.WaitConnected(ctx, 2*faultReplicas); err != nil {
		t.Fatal("the replicas do not connect")
	}
	accepted := c.rage(ctx)
	slack.ClearFaults()
	c.settle(ctx, accepted)
}

func tail(s string, n int) string {
	if len(s) > n {
		return s[len(s)-n:]
	}
	return s
}

// rage asks for hunts while everything breaks, and gives those that Slack took.
func (c *chaos) rage(ctx context.Context) map[string]*localslack.Channel {
	done := make(chan struct{})
	var breaking sync.WaitGroup
	breaking.Go(func() {
		for tick := time.NewTicker(120 * time.Millisecond); ; {
			select {
			case <-done:
				return
			case <-tick.C:
				c.once()
			}
		}
	})
	accepted := map[string]*localslack.Channel{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	ana := c.slack.User("ana")
	pace := time.NewTicker(80 * time.Millisecond)
	for n := range faultHunts {
		select {
		case <-ctx.Done():
			c.t.Fatal("out of time")
		case <-pace.C:
		}
		if n == faultHunts/3 || n == 2*faultHunts/3 {
			c.redis.Kill(c.t)
			c.redis.Start(c.t)
			c.note("Redis killed and started with its data")
		}
		asking.Go(func() {
			channel := c.slack.Channel(fmt.Sprintf("war-%d", n%faultChannels))
			indicator := fmt.Sprintf("198.18.%d.%d", n/200, n%200+1)
			if n%5 == 0 {
				indicator = fmt.Sprintf("203.0.113.66,198.18.%d.%d", n/200, n%200+1)
			}
			if err := ana.In(channel).Slash(ctx, "/footprint ip="+indicator); err != nil {
				c.note("not taken: " + err.Error())
				return
			}
			mu.Lock()
			accepted[fmt.Sprintf("198.18.%d[.]%d`", n/200, n%200+1)] = channel
			mu.Unlock()
		})
	}
	asking.Wait()
	close(done)
	breaking.Wait()
	return accepted
}

// settle waits until everything is answered, and counts.
func (c *chaos) settle(ctx context.Context, accepted map[string]*localslack.Channel) {
	t := c.t
	final := func(text string) bool {
		return strings.HasPrefix(text, "🔴 *REACHED*") || strings.HasPrefix(text, "🟢 *CLEAN*") || strings.HasPrefix(text, "❔") || strings.HasPrefix(text, "🟡")
	}
	type tally struct{ parents, answered, refused, kql int }
	look := func() map[string]tally {
		out := map[string]tally{}
		for mark, channel := range accepted {
			var x tally
			for _, m := range channel.Messages() {
				if !strings.Contains(m.Text, mark) {
					continue
				}
				x.parents++
				if final(m.Text) {
					x.answered++
				}
				for _, reply := range channel.Thread(m.TS) {
					for _, f := range reply.Files {
						if strings.HasSuffix(f.Name, ".kql") {
							x.kql++
						}
					}
				}
			}
			out[mark] = x
		}
		return out
	}
	refused := 0
	for n := range faultChannels {
		for _, m := range c.slack.Channel(fmt.Sprintf("war-%d", n)).All() {
			if m.Ephemeral != "" && strings.Contains(m.Text, "can't take this now") {
				refused++
			}
		}
	}
	within, stop := context.WithTimeout(ctx, 90*time.Second)
	defer stop()
	_ = c.slack.Until(within, func() bool {
		missing := 0
		for _, x := range look() {
			if x.answered == 0 || x.kql == 0 {
				missing++
			}
		}
		return missing <= refused
	})
	lost, unanswered, twice, incomplete, repeatedFiles := 0, 0, 0, 0, 0
	for mark, x := range look() {
		switch {
		case x.parents == 0:
			lost++
		case x.parents > 1:
			twice++
			t.Logf("%s has %d messages", mark, x.parents)
		case x.answered == 0:
			unanswered++
		case x.kql == 0:
			incomplete++
		case x.kql > 1:
			repeatedFiles++
		}
	}
	store := recordtest.Open(t, c.redis.URL(), "judge")
	var lag map[string]record.Lag
	recordtest.Within(20*time.Second, func() bool {
		var err error
		if lag, err = store.Backlog(ctx, bot.LaneInteractive, bot.LaneSweep); err != nil {
			return false
		}
		for _, l := range lag {
			if l.Waiting+l.Pending > 0 {
				return false
			}
		}
		return true
	})
	var said []string
	for _, k := range slices.Sorted(maps.Keys(c.did)) {
		said = append(said, fmt.Sprintf("%s %d", k, c.did[k]))
	}
	t.Logf("%d hunts accepted of %d; %s", len(accepted), faultHunts, strings.Join(said, ", "))
	t.Logf("lost %d (told to try again: %d), twice %d, unanswered %d, thread incomplete %d, file twice %d, backlog %v", lost, refused, twice, unanswered, incomplete, repeatedFiles, lag)
	if lost > refused || twice+unanswered+incomplete+repeatedFiles > 0 {
		t.Error("something was lost or came twice")
	}
	for lane, l := range lag {
		if l.Waiting+l.Pending > 0 {
			t.Errorf("%s still has %+v", lane, l)
		}
	}
}
