package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

// Two indicators that mean the same rows are both met by them: the line of
// neither may say CLEAN.
func TestIndicatorsThatOverlapAreAllMet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	line := `{"TimeGenerated":"2026-01-02T03:04:05Z","DeviceName":"ws-1","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemotePort":443,"RemoteUrl":"a.evil.example","InitiatingProcessFileName":"x.exe"}` + "\n"
	if err := os.WriteFile(dir+"/DeviceNetworkEvents.ndjson", []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := []string{"ip=203.0.113.66", "ip=203.0.113.66/32", "ip=203.0.113.0/24", "url=http://203.0.113.66/a", "url=https://a.evil.example/x", "dns=a.evil.example", "dns=evil.example", "dns=*.evil.example", "dns=*evil.example"}
	code, out, errs := terminal(t, append([]string{"hunt", "--events", dir, "--format", "json", "since=all"}, asked...)...)
	if code != exitAnswered {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var a hunts.Answer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	for _, r := range a.ByIndicator {
		if r.Verdict != hunts.Reached || r.Events != 1 || r.Devices != 1 {
			t.Errorf("%s (%s): %s with %d events on %d devices", r.Indicator, r.Type, r.Verdict, r.Events, r.Devices)
		}
	}
	list := dir + "/list.txt"
	text := "203.0.113.66\n203.0.113.66/32\n203.0.113.0/24\nhttp://203.0.113.66/a\nhttps://a.evil.example/x\na.evil.example\nevil.example\n"
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = terminal(t, "sweep", "--events", dir, "--watchlist", list, "--guard", "off", "--format", "json", "since=all")
	if code != exitAnswered {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var s swept
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.ByIndicator) < 6 {
		t.Errorf("%d indicators", len(s.ByIndicator))
	}
	for _, r := range s.ByIndicator {
		if r.Verdict != hunts.Reached || r.Events != 1 {
			t.Errorf("sweep: %s (%s): %s with %d events", r.Indicator, r.Type, r.Verdict, r.Events)
		}
	}
}

// "evil.com" can be a domain and a file at once: two lines, and no event
// counted twice in either.
func TestOneTextCanBeADomainAndAFile(t *testing.T) {
	dir := t.TempDir()
	line := `{"TimeGenerated":"2026-01-02T03:04:05Z","DeviceName":"ws-1","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemoteUrl":"evil.com","InitiatingProcessFileName":"evil.com"}` + "\n"
	if err := os.WriteFile(dir+"/DeviceNetworkEvents.ndjson", []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := terminal(t, "hunt", "--events", dir, "--format", "json", "since=all", "dns=evil.com", "file=evil.com")
	if code != exitAnswered {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var a hunts.Answer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.ByIndicator) != 2 || a.ByIndicator[0].Events != 1 || a.ByIndicator[1].Events != 1 {
		t.Errorf("lines %+v", a.ByIndicator)
	}
}
