package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// answerShape is the answer as programs rely on it: a key with "?" may be
// null, a list never is. A list shows one of its elements.
const answerShape = `{"hunt_id":"","hunt":"","verdict":"","reason":"",
 "request":{"ips":[""],"domains":[""],"files":[""],"devices":[""],"from":"time","to":"time","why":"","asked_by":""},
 "totals":{"events":0,"devices":0,"processes":0,"first_seen":"time?","last_seen":"time?"},
 "outcomes":{"reached":0,"failed":0,"blocked":0,"looked_up":0},
 "by_indicator":[{"indicator":"","type":"","verdict":"","events":0,"devices":0,"first_seen":"time?","last_seen":"time?"}],
 "by_device":[{"device":"","events":0,"processes":[""],"accounts":[""],"remotes":[""],"outcome":"","first_seen":"time","last_seen":"time","matched":[""]}],
 "by_process":[{"process":"","parents":[""],"events":0,"devices":0}],
 "timeline":[{"start":"time","events":0}],
 "events":[{"time":"time","device":"","action":"","outcome":"","remote_ip":"","remote_port":0,"remote_host":"","process":"","command_line":"","parent":"","account":"","matched":[""]}],
 "excluded":[{"profile":"","events":0}],
 "coverage":{"sensors_reporting":0,"sensors_known":0,"newest_event":"time?","complete":false,"slices":[{"from":"time","to":"time","state":""}],"bad_lines":0,"control_found":"bool?"},
 "truncated":{"by_device":false,"events":false},
 "source":{"kind":"","workspace":"","queries":0,"took_ms":0,"cached_at":"time?"},"kql":""}`

// fits tells where a value departs from its shape.
func fits(at string, shape, got any) []string {
	switch shape := shape.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %v", at, got)}
		}
		var wrong []string
		for key, inner := range shape {
			if value, there := object[key]; there {
				wrong = append(wrong, fits(at+"."+key, inner, value)...)
			} else {
				wrong = append(wrong, at+"."+key+" is missing")
			}
		}
		return wrong
	case []any:
		list, ok := got.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %v and no list", at, got)}
		}
		var wrong []string
		for i, value := range list {
			wrong = append(wrong, fits(fmt.Sprintf("%s[%d]", at, i), shape[0], value)...)
		}
		return wrong
	case string:
		if got == nil && strings.HasSuffix(shape, "?") {
			return nil
		}
		text, isText := got.(string)
		_, isBool := got.(bool)
		switch shape {
		case "time", "time?":
			if at0, err := time.Parse(time.RFC3339Nano, text); err != nil || at0.Location() != time.UTC {
				return []string{fmt.Sprintf("%s is %v and no RFC 3339 time in UTC", at, got)}
			}
		case "bool?":
			if !isBool {
				return []string{fmt.Sprintf("%s is %v", at, got)}
			}
		default:
			if !isText {
				return []string{fmt.Sprintf("%s is %v and no text", at, got)}
			}
		}
		return nil
	default:
		if fmt.Sprintf("%T", shape) != fmt.Sprintf("%T", got) {
			return []string{fmt.Sprintf("%s is %v (%T)", at, got, got)}
		}
		return nil
	}
}

// contractEvents has one row of each kind, with 7 fractional digits.
const contractEvents = `{"TimeGenerated":"2026-01-02T03:04:05.1234567Z","DeviceName":"ws-1","ActionType":"ConnectionSuccess","RemoteIP":"::ffff:203.0.113.66","RemotePort":443,"RemoteUrl":"https://evil.example:8443/a","InitiatingProcessFileName":"x.exe","InitiatingProcessParentFileName":"winword.exe","InitiatingProcessAccountName":"bob","InitiatingProcessCommandLine":"x -a"}
{"TimeGenerated":"2026-01-02T03:04:06Z","DeviceName":"ws-2","ActionType":"DnsConnectionInspected","RemoteIP":"10.0.0.53","AdditionalFields":{"query":"evil.example","direction":"Out"}}
{"TimeGenerated":"2026-01-02T03:04:07Z","DeviceName":"ws-3","ActionType":"ConnectionFailed","RemoteIP":"203.0.113.66"}
`

func TestEveryAnswerKeepsTheContract(t *testing.T) {
	noRace(t)
	t.Parallel()
	full, empty, noTable := t.TempDir(), t.TempDir(), t.TempDir()
	for path, text := range map[string]string{
		filepath.Join(full, "DeviceNetworkEvents.ndjson"): contractEvents, filepath.Join(empty, "DeviceNetworkEvents.csv"): "TimeGenerated,DeviceName\n",
		filepath.Join(noTable, "DeviceInfo.ndjson"): `{"TimeGenerated":"2026-01-02T03:04:05Z","DeviceName":"ws-1"}` + "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var shape any
	if err := json.Unmarshal([]byte(answerShape), &shape); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, events string
		request      []string
		verdict      string
	}{
		{"reached", full, []string{"ip=203.0.113.66", "dns=evil.example", "since=all"}, "REACHED"},
		{"reached through a file on a device", full, []string{"dns=evil.example", "file=x.exe", "device=ws-1", "since=all", `why="ISAC tip"`}, "REACHED"},
		{"tried", full, []string{"ip=10.0.0.53", "since=all"}, "TRIED"},
		{"clean", full, []string{"ip=198.51.100.1", "file=y.exe,z.exe", "since=all"}, "CLEAN"},
		{"a window without events", full, []string{"ip=203.0.113.66", "from=2025-01-01", "to=2025-01-03"}, "COULD_NOT_TELL"},
		{"an empty table", empty, []string{"ip=203.0.113.66", "since=all"}, "COULD_NOT_TELL"},
		{"a missing table", noTable, []string{"ip=203.0.113.66"}, "COULD_NOT_TELL"},
		{"another hunt, one of whose tables is missing", full, []string{"--hunt", "events-footprint", "dns=evil.example", "since=all"}, "COULD_NOT_TELL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, out, errs := terminal(t, append([]string{"hunt", "--events", c.events, "--format", "json"}, c.request...)...)
			var got map[string]any
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v: %s", err, errs)
			}
			if got["verdict"] != c.verdict {
				t.Errorf("verdict %v (%v), want %s", got["verdict"], got["reason"], c.verdict)
			}
			for _, wrong := range fits("answer", shape, got) {
				t.Error(wrong)
			}
			if _, is := got["notes"].([]any); !is {
				t.Errorf("notes is %v, and no list", got["notes"])
			}
		})
	}
}

func TestTimesKeepThePrecisionOfTheData(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/DeviceNetworkEvents.ndjson", []byte(contractEvents), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := terminal(t, "hunt", "--events", dir, "--format", "json", "dns=evil.example", "file=x.exe", "since=all")
	if n := strings.Count(out, `"2026-01-02T03:04:05.1234567Z"`); n < 5 {
		t.Errorf("the time with 7 digits stands %d times in\n%s", n, out)
	}
}

func TestTheQueryOfAHuntIsForAPersonAndItsSummaryForAProgram(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/DeviceNetworkEvents.ndjson", []byte(contractEvents), 0o600); err != nil {
		t.Fatal(err)
	}
	for request, typed := range map[string][]string{
		"ip=203.0.113.66 since=30d":                                         {"203.0.113.66"},
		"ip=203.0.113.66 dns=evil.example,*.b.example file=x.exe since=30d": {"203.0.113.66", "evil.example", "b.example", "x.exe"},
		"hunt=file-footprint file=x.exe since=30d":                          {"x.exe"},
		"hunt=device-footprint device=ws-1 since=30d":                       {"ws-1"},
	} {
		_, person, _ := terminal(t, append([]string{"hunt", "--events", dir, "--format", "kql"}, strings.Fields(request)...)...)
		_, program, _ := terminal(t, append([]string{"hunt", "--events", dir, "--format", "kql-summary"}, strings.Fields(request)...)...)
		if !strings.HasSuffix(strings.TrimSpace(person), "hits\n| sort by Time desc") || strings.Contains(person, "let hit_rows") || strings.Contains(person, "section") {
			t.Errorf("%s: a person reads\n%s", request, person)
		}
		for _, value := range typed {
			if !strings.Contains(person, value) {
				t.Errorf("%s: %s is not as it was typed", request, value)
			}
		}
		if !strings.HasPrefix(request, "hunt=") && len(person) >= 1500 {
			t.Errorf("%s: %d bytes", request, len(person))
		}
		if !strings.Contains(program, `section = "total"`) {
			t.Errorf("%s: the summary is\n%s", request, program)
		}
	}
}
