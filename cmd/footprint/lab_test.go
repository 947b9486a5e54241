package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// lab is recorded attack telemetry that is not part of this project.
const lab = "../../../shared/data/lab"

func needLab(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(lab); err != nil {
		t.Skip("SKIPPED: ../shared/data/lab is not present, so real telemetry was not hunted")
	}
}

// terminal runs a command line as a shell would, with an empty environment.
func terminal(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, clock: testclock.New().Now}
	code = p.run(context.Background(), args)
	return code, out.String(), errs.String()
}

func TestRecordedTelemetryGivesTheFiguresCountedFromTheFiles(t *testing.T) {
	noRace(t)
	t.Parallel()
	needLab(t)
	for _, c := range []struct {
		request                    string
		events, devices, processes int64
	}{
		{"ip=192.168.0.4", 487, 3, 0},
		{"ip=10.10.10.5", 98, 3, 6},
		{"ip=172.18.39.102 file=powershell.exe", 0, 0, 0},
		{"dns=windowsupdate.com", 10, 3, 0},
		{"dns=microsoft.com", 36, 4, 0},
		{"file=PurpleSharp.exe", 22, 1, 1},
		{"file=payload.exe", 20, 3, 1},
		{"ip=10.10.0.0/16", 98, 3, 6},
		{"ip=2001:500:2::c", 27, 1, 1},
		{"dns=amazonaws.com", 0, 0, 0},
		{"dns=deploy.static.akamaitechnologies.com", 7, 4, 1},
	} {
		t.Run(c.request, func(t *testing.T) {
			args := append([]string{"hunt", "--events", lab, "--format", "json", "since=all"}, strings.Fields(c.request)...)
			code, out, errs := terminal(t, args...)
			// no event on most days of the years that the tables span: what is not there can't be told
			if want := map[bool]int{true: exitAnswered, false: exitCouldNotTell}[c.events > 0]; code != want {
				t.Fatalf("exit %d, want %d: %s", code, want, errs)
			}
			var a hunts.Answer
			if err := json.Unmarshal([]byte(out), &a); err != nil {
				t.Fatal(err)
			}
			if a.Totals.Events != c.events || a.Totals.Devices != c.devices || a.Totals.Processes != c.processes {
				t.Errorf("%d events, %d devices, %d processes; want %d, %d, %d", a.Totals.Events, a.Totals.Devices, a.Totals.Processes, c.events, c.devices, c.processes)
			}
			if int64(len(a.ByDevice)) != c.devices || int64(len(a.ByProcess)) != c.processes {
				t.Errorf("%d lines of devices and %d of processes", len(a.ByDevice), len(a.ByProcess))
			}
		})
	}
}

func TestASweepFindsWhatSingleHuntsFind(t *testing.T) {
	t.Parallel()
	needLab(t)
	list := t.TempDir() + "/list.txt"
	if err := os.WriteFile(list, []byte("10.10.10.5\n192.168.0.4\nwindowsupdate.com\n2001:500:2::c\npayload.exe\n203.0.113.99\n10.10.0.0/16\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := terminal(t, "sweep", "--events", lab, "--watchlist", list, "--guard", "off", "--format", "json", "since=all")
	if code != exitAnswered {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var s swept
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{"10.10.10.5": 98, "192.168.0.4": 487, "windowsupdate.com": 10, "2001:500:2::c": 27, "payload.exe": 20, "203.0.113.99": 0, "10.10.0.0/16": 98}
	for _, r := range s.ByIndicator {
		if r.Events != want[r.Indicator] {
			t.Errorf("%s: %d events, want %d", r.Indicator, r.Events, want[r.Indicator])
		}
		delete(want, r.Indicator)
	}
	if len(want) > 0 || len(s.NotEvaluated) != 1 || s.NotEvaluated[0].Line != 8 {
		t.Errorf("not there: %v; not evaluated: %v", want, s.NotEvaluated)
	}
}

func TestExitCodesTellWhatHappened(t *testing.T) {
	t.Parallel()
	events := t.TempDir()
	old := `{"TimeGenerated":"2026-01-02T03:04:05Z","DeviceName":"ws-1","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemotePort":443}` + "\n"
	if err := os.WriteFile(events+"/DeviceNetworkEvents.ndjson", []byte(old+"{broken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"a hit is an answer", []string{"hunt", "--events", events, "ip=203.0.113.66", "since=all"}, exitAnswered, "DeviceNetworkEvents.ndjson:2:"},
		{"a broken line keeps a clean hunt from being told", []string{"hunt", "--events", events, "ip=198.51.100.1", "since=all"}, exitCouldNotTell, ""},
		{"a workspace that is not configured is bad usage", []string{"hunt", "--events", events, "ip=203.0.113.66", "workspace=prod-ap"}, exitUsage, `there is no workspace "prod-ap"`},
		{"a profile that is not there is bad usage", []string{"hunt", "--events", events, "ip=203.0.113.66", "exclude=intranet"}, exitUsage, "exclude=internal-dns or exclude=none"},
		{"nothing typed is bad usage", nil, exitUsage, "footprint hunt"},
		{"a table without a place for the verdict says it beside", []string{"hunt", "--events", events, "--format", "csv", "ip=198.51.100.1", "since=all"}, exitCouldNotTell, "could not tell: 1 line of the export"},
		{"no indicator is bad usage", []string{"hunt", "--events", events}, exitUsage, "nothing to hunt"},
		{"an unknown flag is bad usage", []string{"hunt", "--evnets", events, "ip=203.0.113.66"}, exitUsage, "usage:"},
		{"a folder that is missing fails", []string{"hunt", "--events", events + "/none", "ip=203.0.113.66"}, exitFailed, "does not exist"},
		{"an empty folder fails", []string{"hunt", "--events", t.TempDir(), "ip=203.0.113.66"}, exitFailed, ""},
		{"an unknown command is bad usage", []string{"huntt"}, exitUsage, "unknown command"},
		{"nothing configured fails the check", []string{"check"}, exitFailed, "serve won't work"},
		{"serve without tokens fails with the name of what is missing", []string{"serve"}, exitFailed, "_TOKEN is not set"},
		{"too many indicators are bad usage", append([]string{"hunt", "--events", events}, many(201)...), exitUsage, "200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := terminal(t, c.args...)
			if code != c.code || !strings.Contains(errs, c.says) {
				t.Errorf("exit %d, want %d with %q; it said %s%s", code, c.code, c.says, errs, out)
			}
			if strings.Contains(out, "CLEAN") && c.code != exitAnswered {
				t.Errorf("it says CLEAN:\n%s", out)
			}
		})
	}
}

func TestAskingForHelpIsNoMistake(t *testing.T) {
	for _, c := range subcommands() {
		code, out, errs := terminal(t, c.name, "--help")
		if code != exitAnswered || errs != "" || !strings.HasPrefix(out, "usage: footprint "+c.name) {
			t.Errorf("%s: exit %d\n%s%s", c.name, code, out, errs)
		}
	}
}

func many(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "ip=203.0." + strconv.Itoa(i/250) + "." + strconv.Itoa(i%250)
	}
	return out
}
