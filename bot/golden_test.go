package bot_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

var (
	huntIDs   = regexp.MustCompile(`F-[2-9A-Z]{4,6}\b`)
	millis    = regexp.MustCompile(`\b\d+ ms\b`)
	shownDate = regexp.MustCompile(`<!date\^\d+\^([^|]*)\|([^>]*)>`)
)

// script is everything that the bot sent, in its order, as people would read it.
// What depends on the pace of the machine is left out: edits of a running hunt.
func (s *stage) script() string {
	ids := map[string]string{}
	var out strings.Builder
	calls := s.slack.Calls() // in the order in which they ended
	slices.SortStableFunc(calls, func(a, b localslack.Call) int { return a.Time.Compare(b.Time) })
	for _, c := range calls {
		what := c.Method
		switch c.Method {
		case "chat.update":
			if strings.Contains(c.Args["text"], " searched · ") {
				continue
			}
		case "chat.postMessage", "chat.postEphemeral":
			if c.Args["thread_ts"] != "" {
				what += ", in the thread"
			}
		case "files.getUploadURLExternal":
			what += ": " + c.Args["filename"]
		case "views.open":
			what += ": " + regexp.MustCompile(`"callback_id":"[^"]*"`).FindString(c.Args["view"])
		case "response_url":
		default:
			continue
		}
		fmt.Fprintf(&out, "── %s\n", what)
		if text := c.Args["text"]; text != "" {
			fmt.Fprintf(&out, "%s\n[%s]\n", text, kinds(localslack.Message{Blocks: blocksOf(c.Args["blocks"])}))
		}
	}
	text := huntIDs.ReplaceAllStringFunc(out.String(), func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("F-%d", len(ids)+1)
		}
		return ids[id]
	})
	return shownDate.ReplaceAllString(millis.ReplaceAllString(text, "… ms"), "<$2>")
}

// TestGoldenJourney plays the quick hunt and its follow-ups and compares all that
// was sent with what it should be; -update writes it.
func TestGoldenJourney(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{at: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), bot: func(c *bot.Config) { c.UpdateEvery = time.Hour }})
	m := s.answered()
	press := func(what string, parts ...string) {
		t.Helper()
		if err := s.ana.Press(s.ctx, m, what); err != nil {
			t.Fatal(err)
		}
		s.inThread(m, parts...)
	}
	reply := func(what string, parts ...string) {
		t.Helper()
		s.ana.Reply(m, what)
		s.inThread(m, parts...)
	}
	files := func(n int) {
		t.Helper()
		s.waitThread(m, func(all []localslack.Message) bool {
			have := 0
			for _, r := range all {
				have += len(r.Files)
			}
			return have == n
		})
	}
	if err := s.ana.Press(s.ctx, s.table(m), "Only powershell"); err != nil {
		t.Fatal(err)
	}
	s.inThread(m, "*only powershell.exe*")
	reply("without rundll32.exe only reached", "*without rundll32.exe*")
	reply("onyl failed", "I don't understand") //nolint:misspell // as people type
	reply("lineage ws-fin-014", "Process lineage")
	files(1)
	press("Last 30 days", "last 30 days", "cached until")
	s.closed(m)
	s.clock.Move(5 * time.Minute)
	press("Refresh", "Nothing new since")
	s.waitFor("Newer in the thread")
	s.closed(m)
	reply("csv")
	files(3)
	if err := s.ana.Press(s.ctx, m, "Mark"); err != nil {
		t.Fatal(err)
	}
	modal, err := s.slack.WaitModal(s.ctx, s.slack.User("ana"))
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := modal.Fill("ticket", "value", "INC-4711").Submit(s.ctx); err != nil || wrong["verdict"] == "" {
		t.Fatalf("a mark without a verdict: %v %v", wrong, err)
	}
	if wrong, err := modal.Fill("verdict", "value", "malicious").Fill("note", "value", "seen by the ISAC").Submit(s.ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %v", wrong, err)
	}
	s.inThread(m, "marked malicious (INC-4711) by ana", "seen by the ISAC")
	s.slash("/footprint dns=cdn-sync.example since=3d")
	last := s.waitFor("last 3 days", "*REACHED*", "marked malicious")
	s.waitThread(last, func(all []localslack.Message) bool { return len(all) == 3 })
	s.closed(m)
	s.closed(last)
	got := s.script()
	file := filepath.Join("testdata", "journey.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("line %d differs; run with -update and read the diff:\ngot  %s\nwant %s", i+1, strings.Join(g[min(i, len(g)):min(i+3, len(g))], "\n     "), strings.Join(w[min(i, len(w)):min(i+3, len(w))], "\n     "))
		}
	}
}

// closed waits until nothing more comes of the hunts in a thread.
func (s *stage) closed(m localslack.Message) {
	s.t.Helper()
	err := s.slack.Until(s.ctx, func() bool {
		for _, r := range s.soc.Thread(m.TS) {
			for _, id := range huntIDs.FindAllString(r.Text, -1) {
				if h, ok, err := s.stores[0].Hunt(s.ctx, id); err != nil || ok && h.State != hunts.Answered {
					return false
				}
			}
		}
		return true
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func blocksOf(blocks string) []json.RawMessage {
	var out []json.RawMessage
	_ = json.Unmarshal([]byte(blocks), &out)
	return out
}
