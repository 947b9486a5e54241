package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func TestAWorkspaceThatHangsIsAnsweredWithinTheTimeGiven(t *testing.T) {
	t.Parallel()
	server := localworkspace.NewServer(localworkspace.Config{
		Workspaces: map[string]*localworkspace.Events{localWorkspaceID: localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: testclock.At(), Devices: 40, Days: 9})}, Clock: testclock.New().Now,
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	url, err := server.Start(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.Fault(localworkspace.Fault{Delay: time.Hour, Times: 1000, Match: func(q string) bool {
		return strings.Contains(q, "let hunt_rows") // the coverage is answered, the search is not
	}})
	var out, errs bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: []string{"AZURE_LOGS_WORKSPACE=" + localWorkspaceID, "AZURE_LOGS_ENDPOINT=" + url, "FOOTPRINT_AZURE_CREDENTIAL=none"}, clock: testclock.New().Now}
	done := make(chan int, 1)
	go func() { done <- p.run(ctx, []string{"hunt", "--timeout", "5s", "ip=203.0.113.66"}) }()
	select {
	case code := <-done:
		if code != exitCouldNotTell && code != exitAnswered {
			t.Errorf("exit code %d\n%s", code, errs.String())
		}
	case <-time.After(60 * time.Second):
		t.Fatal("no answer")
	}
	if text := out.String(); strings.Contains(text, "CLEAN") || !strings.Contains(text, "the search was stopped") {
		t.Errorf("it says\n%s", text)
	}
}

func TestReadinessNeedsARedisThatTakesWrites(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, localslack.Config{}, 60, 2)
	d.start(0)
	d.waitConnected(1)
	d.becomes("/readyz", 200, "ready\n")
	redis := d.redis.Client()
	defer func() { _ = redis.Close() }()
	do := func(args ...any) {
		t.Helper()
		if err := redis.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	do("CONFIG", "SET", "maxmemory", "1")
	d.becomes("/readyz", 503, "Redis refuses to write", "OOM")
	do("CONFIG", "SET", "maxmemory", "0")
	d.becomes("/readyz", 200, "ready\n")
	do("REPLICAOF", "127.0.0.1", recordtest.FreePort(t))
	d.becomes("/readyz", 503, "Redis refuses to write", "READONLY")
	do("REPLICAOF", "NO", "ONE")
	d.becomes("/readyz", 200, "ready\n")
	d.becomes("/healthz", 200, "ok")
}

func TestStartsAreHeldBackLongerTheMoreOfThemFail(t *testing.T) {
	for failed, want := range map[int]time.Duration{0: 0, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 5: 16 * time.Second, 6: 30 * time.Second, 1000: 30 * time.Second} {
		if got := holdOff(failed); got != want {
			t.Errorf("after %d failed starts: %s, want %s", failed, got, want)
		}
	}
	store := recordtest.Start(t)
	for range 3 {
		if err := store.NoteFailedStart(t.Context(), "host"); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := store.FailedStarts(t.Context(), "host"); n != 3 || err != nil {
		t.Errorf("%d failed starts, %v", n, err)
	}
	if n, err := store.FailedStarts(t.Context(), "another"); n != 0 || err != nil {
		t.Errorf("another machine has %d, %v", n, err)
	}
}
