package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// deployment is what a company runs: Slack and a workspace, here local ones, a
// real Redis, and footprint processes as often as a test starts one.
type deployment struct {
	tb        testing.TB
	ctx       context.Context
	dir       string
	clock     *testclock.Clock
	slack     *localslack.Workspace
	workspace *localworkspace.Server
	url       string // of the workspace
	redis     *recordtest.Server
	env       []string // further variables of the replicas

	mu       sync.Mutex
	stopping bool
	replicas map[int]*replica
	keepers  sync.WaitGroup
	ended    int // replicas that ended by themselves
	spawned  atomic.Int64
}

// stopSignal is what an orchestrator sends first.
const stopSignal = syscall.SIGTERM

// replica is one running process. Its keeper starts it again when it ends, as
// whatever runs a service does.
type replica struct {
	cmd    *exec.Cmd
	listen string // of its probes and metrics
	ended  chan struct{}
}

// newDeployment starts everything but the replicas.
func newDeployment(tb testing.TB, slack localslack.Config, devices, days int) *deployment {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	d := &deployment{tb: tb, ctx: ctx, dir: tb.TempDir(), clock: testclock.New(), replicas: map[int]*replica{}}
	d.redis = recordtest.Real(tb, "--appendonly", "yes", "--appendfsync", "always")
	slack.Clock = d.clock.Now
	d.slack = localslack.New(slack)
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: testclock.At(), Devices: devices, Days: days})
	d.workspace = localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{localWorkspaceID: events}, Clock: d.clock.Now})
	if err := d.slack.Start(ctx); err != nil {
		stop()
		tb.Fatal(err)
	}
	var err error
	if d.url, err = d.workspace.Start(ctx, "127.0.0.1:0"); err != nil {
		stop()
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		d.stop(stopSignal)
		if tb.Failed() {
			d.printLogs()
		}
		_ = d.slack.Close()
		d.workspace.Close()
		stop()
	})
	return d
}

func (d *deployment) printLogs() {
	logs, _ := filepath.Glob(filepath.Join(d.dir, "replica-*.log"))
	for _, path := range logs {
		if log, err := os.ReadFile(path); err == nil { //nolint:gosec // a log of this test
			d.tb.Logf("%s:\n%s", filepath.Base(path), tail(string(log), 6000))
		}
	}
}

// log is what replica n has logged so far.
func (d *deployment) log(n int) string {
	text, err := os.ReadFile(filepath.Join(d.dir, fmt.Sprintf("replica-%d.log", n)))
	if err != nil {
		d.tb.Error(err)
	}
	return string(text)
}

func tail(s string, n int) string {
	if len(s) > n {
		return s[len(s)-n:]
	}
	return s
}

// start runs replica n until the deployment is stopped, again whenever it ends.
func (d *deployment) start(n int) {
	d.tb.Helper()
	d.mu.Lock()
	d.replicas[n] = d.spawn(n)
	d.mu.Unlock()
	d.keepers.Go(func() {
		for {
			d.mu.Lock()
			now := d.replicas[n]
			d.mu.Unlock()
			err := now.cmd.Wait()
			close(now.ended)
			d.mu.Lock()
			if d.stopping {
				d.mu.Unlock()
				return
			}
			if err != nil && !strings.Contains(err.Error(), "killed") {
				d.ended++
			}
			d.replicas[n] = d.spawn(n)
			d.mu.Unlock()
		}
	})
}

func (d *deployment) spawn(n int) *replica {
	log, err := os.OpenFile(filepath.Join(d.dir, fmt.Sprintf("replica-%d.log", n)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		d.tb.Error(err)
	}
	defer func() { _ = log.Close() }()
	r := &replica{listen: net.JoinHostPort("127.0.0.1", recordtest.FreePort(d.tb)), ended: make(chan struct{})}
	self, err := os.Executable()
	if err != nil {
		d.tb.Error(err)
	}
	r.cmd = exec.Command(self, "serve") //nolint:noctx // its keeper ends it
	r.cmd.Env = []string{
		asProcess + "=1", testclock.Variable + "=" + d.clock.Now().Format(time.RFC3339Nano),
		"HOME=" + d.dir, "SLACK_BOT_TOKEN=" + d.slack.BotToken(), "SLACK_APP_TOKEN=" + d.slack.AppToken(), "SLACK_API_URL=" + d.slack.APIURL(),
		"AZURE_LOGS_WORKSPACE=" + localWorkspaceID, "AZURE_LOGS_ENDPOINT=" + d.url, "DEFENDER_XDR=xdr", "DEFENDER_XDR_ENDPOINT=" + d.url, "FOOTPRINT_AZURE_CREDENTIAL=none", "REDIS_URL=" + d.redis.URL(),
		"FOOTPRINT_LISTEN=" + r.listen, fmt.Sprintf("FOOTPRINT_REPLICA=replica-%d-%d", n, d.spawned.Add(1)),
	}
	r.cmd.Env = append(r.cmd.Env, d.env...)
	r.cmd.Stderr = log
	if err := r.cmd.Start(); err != nil {
		d.tb.Error(err)
	}
	return r
}

// stop ends all replicas as an orchestrator does, and waits for them.
func (d *deployment) stop(s syscall.Signal) {
	d.mu.Lock()
	d.stopping = true
	for _, r := range d.replicas {
		_ = r.cmd.Process.Signal(s)
	}
	d.mu.Unlock()
	d.keepers.Wait()
	d.mu.Lock()
	d.stopping, d.replicas = false, map[int]*replica{}
	d.mu.Unlock()
}

// waitConnected waits until each replica has its two sockets.
func (d *deployment) waitConnected(replicas int) {
	d.tb.Helper()
	within, stop := context.WithTimeout(d.ctx, 30*time.Second)
	defer stop()
	if err := d.slack.WaitConnected(within, 2*replicas); err != nil {
		d.tb.Fatal("the replicas do not connect")
	}
}

// peakMemory is the largest resident size a process had, in MB.
func (r *replica) peakMemory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kb float64
	_, _ = fmt.Sscanf(after, "%f", &kb)
	return kb / 1024
}
