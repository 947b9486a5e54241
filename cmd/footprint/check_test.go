package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// huntFile is a hunt over one table; the rest is as the Sentinel schema wants it.
func huntFile(table, where, parameters, device string) string {
	return fmt.Sprintf(`id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11
name: Logons from an address
description: This query searches for logons from an address.
requiredDataConnectors:
  - connectorId: MicrosoftThreatProtection
    dataTypes: [%[1]s]
tactics: [LateralMovement]
relevantTechniques: [T1021]
query: |
  %[1]s
  | where TimeGenerated >= window_from and TimeGenerated < window_to
  | where %[2]s
footprint:
  needs: [remote]
  parameters: [%[3]s]
  table: %[1]s
  columns:
    time: TimeGenerated
    device: %[4]s
`, table, where, parameters, device)
}

// checked are the findings of one area, a line each.
func checked(t *testing.T, env []string, area string) string {
	t.Helper()
	var out, errs bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: env, clock: testclock.New().Now}
	p.run(context.Background(), []string{"check", "--format", "json"})
	var report struct{ Findings []finding }
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v in %s%s", err, out.String(), errs.String())
	}
	var lines []string
	for _, f := range report.Findings {
		if f.Area == area {
			lines = append(lines, f.State+" "+f.Detail)
		}
	}
	return strings.Join(lines, "\n")
}

func TestCheckTellsWhatIsWrongWithAHuntOfOnesOwn(t *testing.T) {
	noRace(t)
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"nothing":                      {huntFile("DeviceLogonEvents", "RemoteIP in (ip_texts)", "nets", "DeviceName"), "ok device-footprint"},
		"a bracket that never opened":  {huntFile("DeviceLogonEvents", "RemoteIP in ip_texts)", "nets", "DeviceName"), "warn left out: mine.yaml:12: the query does not parse"},
		"a parameter that is not read": {huntFile("DeviceLogonEvents", "RemoteIP in (ip_texts)", "nets, files", "DeviceName"), `warn left out: mine.yaml:15: the query never reads the parameter "files"`},
		"a parameter that is not there": {huntFile("DeviceLogonEvents", "RemoteIP in (ip_texts)", "nets, addresses", "DeviceName"),
			`warn left out: mine.yaml:15: unknown parameter "addresses"`},
		"a filter on a column that is not there": {huntFile("DeviceNetworkEvents", "RemoteIPP in (ip_texts)", "nets", "DeviceName"), "mine.yaml:12: Failed to resolve scalar expression named 'RemoteIPP'"},
		"a device in a column that is not there": {huntFile("DeviceNetworkEvents", "RemoteIP in (ip_texts)", "nets", "DeviceNameX"), "mine.yaml:19: Failed to resolve scalar expression named 'DeviceNameX'"},
		"a bracket that is not closed":           {huntFile("DeviceNetworkEvents", "RemoteIP in (ip_texts", "nets", "DeviceName"), "warn left out: mine.yaml:12: the query does not parse"},
		"a function of another type":             {huntFile("DeviceNetworkEvents", "strlen(RemotePort) > 1 and RemoteIP in (ip_texts)", "nets", "DeviceName"), "mine.yaml:12: strlen(): argument 1 is string, not int"},
		"a table that only the workspace knows":  {huntFile("ASimAuditEventLogs", "DestinationIP in (ip_texts)", "nets", "DeviceName"), "off mine: the columns of ASimAuditEventLogs are not known here"},
		"a key that is not in the schema":        {"nam: x\n" + huntFile("DeviceLogonEvents", "RemoteIP in (ip_texts)", "nets", "DeviceName"), `ok mine runs; note: line 1: unknown field "nam" is not read`},
		"a key of our block that is not there":   {strings.Replace(huntFile("DeviceLogonEvents", "RemoteIP in (ip_texts)", "nets", "DeviceName"), "  table:", "  tabel:", 1), "warn left out: mine.yaml:16: unknown field"},
		"a published query":                      {"id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11\nname: x\nquery: |\n  DeviceLogonEvents\n  | where Timestamp > ago(3d)\n  | where ActionType == 'LogonFailed'\n", "ok mine runs; note: line 5: looks back 3 days by itself (ago())"},
		"a published query of another evaluator": {"id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11\nname: x\nquery: |\n  DeviceLogonEvents\n  | join (externaldata(a:string)[@'https://x.example/a.csv']) on $left.DeviceName == $right.a\n", "off mine: unsupported: externaldata; line 5: reads beyond its scope (externaldata): it never says that nothing was found, only the workspace can tell"},
		"a published query of a wrong column":    {"id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11\nname: x\nquery: |\n  DeviceLogonEvents\n  | where Nothing == 1\n", "warn mine does not run: mine.yaml:5: Failed to resolve scalar expression named 'Nothing'"},
		"a column that a workspace may have":     {"id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11\nname: x\nquery: |\n  SigninLogs\n  | where Nothing == 1\n", "off mine: the column Nothing is not known here, only the workspace can tell"},
		"a time of its own name":                 {"id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11\nname: x\nquery: |\n  DeviceLogonEvents\n  | where Timestamp > ago(3d)\n  | summarize Last = max(Timestamp) by DeviceName\n  | project Timestamp = Last, DeviceName\n", "ok mine runs; note: line 5"},
		"a file that is no YAML":                 {"id: [", "warn left out: mine.yaml:1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "mine.yaml"), []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			got := checked(t, []string{"FOOTPRINT_HUNTS_DIR=" + dir}, "hunts")
			if !strings.Contains(got, c.want) {
				t.Errorf("check says\n%s\nwant %q", got, c.want)
			}
			if name == "nothing" && (strings.Contains(got, "warn") || !strings.Contains(got, "ok mine runs")) {
				t.Errorf("check warns\n%s", got)
			}
			if name != "nothing" && !strings.Contains(got, "network-footprint") {
				t.Errorf("the shipped hunts are gone:\n%s", got)
			}
		})
	}
}

func TestCheckAsksTheWorkspaceWhetherEachHuntWorks(t *testing.T) {
	dir := t.TempDir()
	row := `{"TimeGenerated":"2026-01-02T03:04:05Z","DeviceName":"ws-1","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemotePort":443}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "DeviceNetworkEvents.ndjson"), []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	events, err := localworkspace.Load(t.Context(), dir, localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{localWorkspaceID: events}, Clock: testclock.New().Now})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	mine := t.TempDir()
	if err := os.WriteFile(filepath.Join(mine, "mine.yaml"), []byte(huntFile("DeviceNetworkEvents", "RemoteIPP in (ip_texts)", "nets", "DeviceName")), 0o600); err != nil {
		t.Fatal(err)
	}
	got := checked(t, []string{"AZURE_LOGS_WORKSPACE=soc=" + localWorkspaceID, "AZURE_LOGS_ENDPOINT=" + url, "FOOTPRINT_AZURE_CREDENTIAL=none", "FOOTPRINT_HUNTS_DIR=" + mine}, "workspace")
	for _, want := range []string{"ok soc: the hunt network-footprint has its table and columns", "warn soc: the hunt mine does not work: ", "RemoteIPP"} {
		if !strings.Contains(got, want) {
			t.Errorf("check says\n%s\nwant %q", got, want)
		}
	}
}

func TestCheckSaysWhichFeaturesTheInstalledScopesAllow(t *testing.T) {
	for manifest, want := range map[string][]string{
		smallApp: {
			"ok hunts by slash command", "ok CSV and KQL files", "off mentions, which keep a ledger of the indicators beside them: the scope app_mentions:read is not given",
			"off incident threads that enrich themselves (/footprint here enrich on): the scope channels:history is not given", "off shared texts in incident threads, and watch import: the scope files:read is not given",
		},
		largeApp: {
			"ok mentions, which keep a ledger of the indicators beside them", "ok mentions that read a whole thread", "ok incident threads that enrich themselves (/footprint here enrich on)", "ok the same in private channels",
			"ok shared texts in incident threads, and watch import", "ok reactions to repeated indicators", "ok finding own messages again after a crash", "off user groups in the policy: the scope usergroups:read is not given",
		},
	} {
		oauth := readManifest(t, manifest)["oauth_config"].(map[string]any)
		slack := localslack.New(localslack.Config{Clock: testclock.New().Now, Scopes: texts(oauth["scopes"].(map[string]any)["bot"])})
		if err := slack.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := checked(t, []string{"SLACK_API_URL=" + slack.APIURL(), "SLACK_BOT_TOKEN=" + slack.BotToken(), "SLACK_APP_TOKEN=" + slack.AppToken()}, "scopes")
		_ = slack.Close()
		for _, line := range want {
			if !strings.Contains(got, line) {
				t.Errorf("%s: lacks %q:\n%s", manifest, line, got)
			}
		}
	}
}

func TestCheckEndsWithWhatWillAndWontWork(t *testing.T) {
	t.Parallel()
	slack := localslack.New(localslack.Config{Clock: testclock.New().Now, Scopes: []string{"commands", "chat:write", "files:write", "users:read", "channels:read", "groups:read"}})
	if err := slack.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slack.Close() }()
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: testclock.At(), Devices: 60, Days: 2})
	server := localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{localWorkspaceID: events}, Clock: testclock.New().Now})
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	policy := filepath.Join(t.TempDir(), "policy.yml")
	if err := os.WriteFile(policy, []byte("default: {allow: [hunt], workspaces: [elsewhere]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"SLACK_BOT_TOKEN=" + slack.BotToken(), "SLACK_APP_TOKEN=" + slack.AppToken(), "SLACK_API_URL=" + slack.APIURL(), "AZURE_LOGS_WORKSPACE=soc=" + localWorkspaceID, "AZURE_LOGS_ENDPOINT=" + url,
		"FOOTPRINT_AZURE_CREDENTIAL=none", "FOOTPRINT_POLICY=" + policy,
	}
	for area, want := range map[string][]string{
		"configuration": {"ok SLACK_BOT_TOKEN: xoxb-… (environment)", "ok FOOTPRINT_WINDOW: 168h (default)"},
		"slack":         {"ok signed in to", "ok a socket can be opened"},
		"clock":         {"ok agrees with Slack's"},
		"scopes":        {"ok hunts by slash command", "off mentions", "the scope app_mentions:read is not given"},
		"redis":         {"warn REDIS_URL is not set"},
		"policy":        {`warn it names the workspace "elsewhere"`},
		"workspace":     {"ok soc: DeviceNetworkEvents has", "columns", "events in the last day", "ok soc: the hunt network-footprint has its table", "ok soc: control host", "known sensors report", "threat intelligence"},
		"summary":       {"ok will work: hunts by slash command", "the hunt network-footprint in soc", "off will not work: ", "(scope app_mentions:read)", "two replicas", "ok serve will work"},
	} {
		got := checked(t, env, area)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s says\n%s\nwant %q", area, got, w)
			}
		}
		if strings.Contains(got, slack.BotToken()) || strings.Contains(got, slack.AppToken()) {
			t.Errorf("%s shows a token", area)
		}
	}
	var out, errs bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: env, clock: testclock.New().Now}
	if code := p.run(t.Context(), []string{"check"}); code != exitAnswered {
		t.Errorf("it ends with %d:\n%s", code, out.String())
	}
	out.Reset()
	p.env = env[1:]
	if code := p.run(t.Context(), []string{"check"}); code != exitFailed || !strings.Contains(out.String(), "serve won't work: see slack above") {
		t.Errorf("without a token it ends with %d:\n%s", code, out.String())
	}
}
