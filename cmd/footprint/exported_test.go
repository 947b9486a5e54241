package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

// huntFiles runs a hunt over files and gives its answer, and what it said beside.
func huntFiles(t *testing.T, files map[string]string, words ...string) (a hunts.Answer, said string, code int) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, beside bytes.Buffer
	code = (process{stdin: strings.NewReader(""), stdout: &out, stderr: &beside}).run(t.Context(), append([]string{"hunt", "--events", dir, "--format", "json"}, words...))
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
	}
	return a, beside.String(), code
}

const (
	exportHead = "Timestamp,DeviceName,ActionType,RemoteIP,RemoteUrl,AdditionalFields\n"
	exportLine = "2026-11-03T11:00:00Z,ws-2,ConnectionSuccess,203.0.113.66,c2.example,{}\n"
)

func TestAnExportThatLacksWhatAHuntReadsIsNeverClean(t *testing.T) {
	noRace(t)
	t.Parallel()
	const name = "DeviceNetworkEvents.csv"
	without := func(column string) map[string]string {
		return map[string]string{name: strings.Replace(exportHead, column, "Other", 1) + exportLine}
	}
	whole := map[string]string{name: exportHead + exportLine}
	for _, c := range []struct {
		name    string
		files   map[string]string
		words   string
		verdict hunts.Verdict
		says    string
	}{
		{"a name without RemoteUrl", without("RemoteUrl"), "dns=absent.example", hunts.CouldNotTell, name + " has no column RemoteUrl"},
		{"a name without AdditionalFields", without("AdditionalFields"), "dns=absent.example", hunts.CouldNotTell, "AdditionalFields"},
		{"an address without RemoteIP", without("RemoteIP"), "ip=198.51.100.9", hunts.CouldNotTell, "RemoteIP"},
		{"an address without RemoteUrl, where it can be the host of a URL", without("RemoteUrl"), "ip=198.51.100.9", hunts.CouldNotTell, name + " has no column RemoteUrl"},
		{"an address without AdditionalFields", without("AdditionalFields"), "ip=198.51.100.9", hunts.CouldNotTell, "AdditionalFields"},
		{"a file without the process", whole, "ip=198.51.100.9 file=cmd.exe", hunts.CouldNotTell, "InitiatingProcessFileName"},
		{"dates with two meanings", map[string]string{name: exportHead + strings.Replace(exportLine, "2026-11-03T11:00:00Z", "03/11/2026 11:00", 1)}, "ip=198.51.100.9", hunts.CouldNotTell, "03/11/2026 11:00 has two meanings"},
		{"a workbook beside the export", map[string]string{name: exportHead + exportLine, "more.xlsx": "\xd0\xcf\x11\xe0"}, "ip=198.51.100.9", hunts.CouldNotTell, "more.xlsx is left out"},
		// must not
		{"a name with all it reads", whole, "dns=absent.example", hunts.Clean, ""},
		{"a hit, whatever is missing", without("RemoteUrl"), "ip=203.0.113.66", hunts.Reached, ""},
		{"a text beside the export", map[string]string{name: exportHead + exportLine, "README.md": "# Events"}, "ip=198.51.100.9", hunts.Clean, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _, _ := huntFiles(t, c.files, append(strings.Fields(c.words), "since=all")...)
			if a.Verdict != c.verdict || !strings.Contains(a.Reason+strings.Join(a.Coverage.Problems, "\n"), c.says) {
				t.Errorf("%s: %q, problems %q; want %s and %q", a.Verdict, a.Reason, a.Coverage.Problems, c.verdict, c.says)
			}
		})
	}
}

func TestTimeStandsStillInAnExport(t *testing.T) {
	t.Parallel()
	files := map[string]string{"DeviceNetworkEvents.csv": exportHead + exportLine + strings.Replace(exportLine, "03T11", "20T09", 1)}
	for words, want := range map[string]int64{
		"ip=203.0.113.66 since=1h":                              1, // the newest event, however long ago
		"ip=203.0.113.66 since=all":                             2,
		"--as-of 2026-11-03T11:30:00Z ip=203.0.113.66 since=1h": 1,
		"--as-of 2026-11-04 ip=203.0.113.66 since=1h":           0,
	} {
		a, said, _ := huntFiles(t, files, strings.Fields(words)...)
		if a.Totals.Events != want {
			t.Errorf("%s: %d events, want %d; %s %s", words, a.Totals.Events, want, a.Reason, said)
		}
	}
}

func TestAZoneIsSaidOrAsked(t *testing.T) {
	files := map[string]string{"DeviceNetworkEvents.csv": exportHead + strings.Replace(exportLine, "2026-11-03T11:00:00Z", `"Nov 3, 2026 11:00:00"`, 1)}
	a, said, _ := huntFiles(t, files, "ip=203.0.113.66", "since=all")
	if !strings.Contains(said, "carry no zone") || !strings.Contains(strings.Join(a.Notes, "\n"), "carry no zone") {
		t.Errorf("nothing says that the zone is unknown: %q, notes %q", said, a.Notes)
	}
	a, said, _ = huntFiles(t, files, "--zone", "Europe/Berlin", "ip=203.0.113.66", "since=all")
	if a.Totals.FirstSeen == nil || a.Totals.FirstSeen.Format("15:04") != "10:00" || strings.Contains(said, "zone") {
		t.Errorf("first seen %v, said %q", a.Totals.FirstSeen, said)
	}
	for _, words := range []string{"--zone Mars/Base", "--dates sometimes", "--as-of tomorrow"} {
		if _, _, code := huntFiles(t, files, append(strings.Fields(words), "ip=203.0.113.66")...); code != exitUsage {
			t.Errorf("%s ended with %d, want a refusal", words, code)
		}
	}
}

func TestAHuntThatAsksWhenEventsArrivedIsToldThatAnExportDoesNotSay(t *testing.T) {
	folder := t.TempDir()
	text := `id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a12
name: Late events
query: |
  DeviceNetworkEvents
  | where TimeGenerated >= window_from and TimeGenerated < window_to
  | where RemoteIP in (ip_texts)
  | where ingestion_time() >= TimeGenerated
footprint:
  needs: [remote]
  parameters: [nets]
  table: DeviceNetworkEvents
  columns: {time: TimeGenerated, device: DeviceName, remote_ip: RemoteIP}
`
	if err := os.WriteFile(filepath.Join(folder, "late-events.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const say = "ingestion_time() is the time of the event"
	for words, want := range map[string]bool{"hunt=late-events ip=203.0.113.66 since=all": true, "ip=203.0.113.66 since=all": false} {
		a := hunted(t, []string{"FOOTPRINT_HUNTS_DIR=" + folder}, trapEvents, strings.Fields(words)...)
		if got := strings.Contains(strings.Join(a.Notes, "\n"), say); got != want || a.Totals.Events == 0 {
			t.Errorf("%s: %d events, notes %q", words, a.Totals.Events, a.Notes)
		}
	}
}
