package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/watchlist"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func TestEveryExampleOfACommandIsUnderstoodAsThatCommand(t *testing.T) {
	t.Parallel()
	now := testclock.At()
	for _, v := range verbs() {
		if len(v.examples) == 0 || v.says == "" || !strings.HasSuffix(v.says, ".") {
			t.Errorf("%q has no example or no sentence", v.words)
		}
		for _, e := range v.examples {
			if v.words == "help" {
				if _, is := afterWords(e, "help"); !is {
					t.Errorf("%s is not the help", e)
				}
				continue
			}
			got, rest, ok := verbFor(e)
			if v.run == nil { // the grammar of hunts
				if req, refusal := request.Parse(e, now); ok || refusal != nil {
					t.Errorf("%s: a command %v, refused %v, read as %+v", e, ok, refusal, req)
				}
				continue
			}
			if !ok || got.words != v.words {
				t.Errorf("%s is taken for %q", e, got.words)
			}
			if v.group() == "watch" && rest != "" {
				if _, wrong, _ := (&watchlist.Lists{Config: watchlist.Config{Clock: func() time.Time { return now }}}).EndOf(rest, time.Hour); strings.Contains(wrong, "for=") {
					t.Errorf("%s leaves %q", e, wrong)
				}
			}
			if v.words == "audit" {
				if _, wrong := parseAudit(rest, now); wrong != "" {
					t.Errorf("%s: %s", e, wrong)
				}
			}
		}
	}
	for _, f := range replyForms {
		a := hunts.Answer{Rows: []hunts.Row{{Device: "WS-FIN-014", Process: "powershell.exe", Account: "ana.sousa"}, {Process: "msedge.exe"}}}
		if _, ok := parseReply(f[0], a); !ok {
			t.Errorf("the reply %q is not understood", f[0])
		}
	}
}

func TestWhatOnlyBeginsLikeACommandIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"watchtower.example", "ip=203.0.113.66", "hunt file-footprint file=a.exe", "incident=4711", "203.0.113.66", "sweeper.exe", "auditor.example", "helpdesk.example"} {
		if v, _, ok := verbFor(text); ok {
			t.Errorf("%q is taken for the command %q", text, v.words)
		}
	}
	for _, prose := range []string{"watch out for 203.0.113.66", "here is the list: 203.0.113.66", "sweep this 203.0.113.66"} {
		if isVerb(prose) {
			t.Errorf("%q beside a mention is taken for a command", prose)
		}
	}
	for text, want := range map[string]string{"watch": "watch list", "WATCH List": "watch list", "sweep": "sweep list", "here": "here", "here enrich on": "here enrich on", "sweep  run  daily": "sweep run"} {
		if v, _, ok := verbFor(text); !ok || v.words != want {
			t.Errorf("%q is taken for %q", text, v.words)
		}
	}
}
