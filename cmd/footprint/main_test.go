package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// asProcess makes the test binary a footprint process, with the clock of the
// tests: a deployment under test is then of today's code and of the pinned day.
const asProcess = "FOOTPRINT_TEST_AS_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) == "" {
		recordtest.Quiet()
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "FOOTPRINT_TEST_") {
			env = append(env, e)
		}
	}
	p := process{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: env, clock: testclock.New().Now}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// noRace leaves a test out under the race detector that only computes, or waits for a
// browser: it takes ten times as long there, and runs in full without it.
func noRace(t *testing.T) {
	t.Helper()
	if raceEnabled() {
		t.Skip("runs without the race detector")
	}
}
