package bot_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
)

// logText is a log that can be searched while it is written.
type logText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// everything is all that anybody can read of a stage: messages with their blocks,
// files, also within archives, and forms.
func (s *stage) everything() map[string]string {
	out := map[string]string{}
	for _, c := range s.slack.Calls() {
		for name, value := range c.Args {
			out[c.Method+" "+name] += value + "\n"
		}
	}
	for _, m := range s.soc.All() {
		for _, f := range m.Files {
			data := s.slack.FileData(f.ID)
			out[f.Name] = string(data)
			archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				continue
			}
			for _, inner := range archive.File {
				r, err := inner.Open()
				if err != nil {
					s.t.Fatal(err)
				}
				text, err := io.ReadAll(r)
				_ = r.Close()
				if err != nil {
					s.t.Fatal(err)
				}
				out[f.Name+"/"+inner.Name] = string(text)
			}
		}
	}
	return out
}

func TestNoOutputOfARedactedChannelNamesADeviceOrAUser(t *testing.T) {
	if testing.Short() {
		t.Skip("only computes")
	}
	t.Parallel()
	log := &logText{}
	path := policyFile(t, "default: {allow: [hunt, sweep, watch, mark, export, incident, audit], redact: [devices, users, secrets]}")
	s := newStage(t, stageOptions{policy: path, log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	file := func(suffix string) func() bool {
		return func() bool {
			for _, m := range s.soc.All() {
				for _, f := range m.Files {
					if strings.HasSuffix(f.Name, suffix) {
						return true
					}
				}
			}
			return false
		}
	}
	for reply, name := range map[string]string{"csv": "-events.csv", "json": ".json", "zip": ".zip"} {
		s.ana.Reply(answer, reply)
		if err := s.slack.Until(s.ctx, file(name)); err != nil {
			t.Fatalf("no %s", name)
		}
	}
	s.ana.Reply(answer, "only powershell.exe")
	s.waitFor("*only powershell.exe*")
	root := s.ana.Say("beacon")
	s.ana.Reply(root, "<@"+s.slack.BotUser()+"> 203.0.113.66")
	ledger := s.waitFor("📒", "203.0.113[.]66`  REACHED")
	if err := s.ana.Press(s.ctx, ledger, "Hand-over"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("HAND-OVER")
	if err := s.slack.Until(s.ctx, file("evidence-"+strings.ReplaceAll(root.TS, ".", "-")+".zip")); err != nil {
		t.Fatal("no evidence")
	}
	s.slash("/footprint watch add 203.0.113.66 cdn-sync.example")
	s.waitFor("2 on the watchlist")
	s.slash("/footprint sweep run")
	s.waitFor("hits of the sweep", "device-1")
	s.slash("/footprint audit since=1h")
	s.waitFor("entries since")
	typed := "WS-FIN-031"
	for _, refused := range []string{"hunt device-footprint device=" + typed, "ip=203.0.113.66 device=" + typed} {
		s.slash("/footprint " + refused)
	}
	if err := s.slack.Until(s.ctx, func() bool { return strings.Count(allText(s.soc), "device names are redacted in this channel") == 2 }); err != nil {
		t.Errorf("a device can be asked about:\n%s", allText(s.soc))
	}
	outputs := s.everything()
	outputs["the log"] = log.String()
	var audit strings.Builder
	if err := s.stores[0].AuditSince(s.ctx, time.Time{}, func(e hunts.AuditEntry, _ string) error {
		if strings.Contains(e.What, typed) || strings.Contains(e.What, strings.ToLower(typed)) {
			return nil // what somebody typed stands in the audit as it was typed
		}
		return json.NewEncoder(&audit).Encode(e)
	}); err != nil {
		t.Fatal(err)
	}
	outputs["the audit"] = audit.String()
	for where, text := range outputs {
		low := strings.ToLower(text)
		for _, hidden := range []string{"ws-fin-014", "ws-fin-031", "ws-hr-007", "ws-ops-102", "ana.sousa", "carla.castro", "dmitri.dietz"} {
			if i := strings.Index(low, hidden); i >= 0 {
				t.Errorf("%s stands in %s: …%s…", hidden, where, text[max(0, i-100):min(len(text), i+60)])
			}
		}
	}
}
