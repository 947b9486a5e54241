package message

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// judge asks the local Slack, which shares nothing with this package, whether
// it takes the blocks.
func judge(t *testing.T) func(blocks []slack.Block) {
	t.Helper()
	api := localslack.New(localslack.Config{}).Handler()
	return func(blocks []slack.Block) {
		t.Helper()
		if len(blocks) == 0 {
			return
		}
		text, err := json.Marshal(blocks)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/api/blocks.validate", strings.NewReader(url.Values{"blocks": {string(text)}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), `"ok":true`) {
			t.Errorf("Slack would refuse the blocks: %s\n%.3000s", w.Body, text)
		}
	}
}

// check looks at what every message must hold.
func check(t *testing.T, valid func([]slack.Block), m Message) {
	t.Helper()
	valid(m.Blocks)
	switch n := utf8.RuneCountInString(m.Text); {
	case strings.TrimSpace(m.Text) == "":
		t.Error("a message without fallback text is silent to a screen reader")
	case n > 3900:
		t.Errorf("the fallback has %d characters", n)
	case !utf8.ValidString(m.Text):
		t.Error("the fallback is not UTF-8")
	}
	if m.Blocks == nil {
		t.Error("blocks are nil, so an edit would leave the old ones")
	}
}

func TestGoldenMessages(t *testing.T) {
	valid := judge(t)
	for _, c := range []struct {
		name string
		make func() (hunts.Hunt, hunts.Answer)
	}{
		{"reached", story},
		{"tried", func() (hunts.Hunt, hunts.Answer) {
			h, a := story()
			a.Verdict, a.Reason, a.Rows, a.ByDevice, a.Beacons = hunts.Tried, "1 device tried and failed", a.Rows[3:], a.ByDevice[3:], nil
			a.Totals.Devices, a.Totals.Events, a.Outcomes = 1, 3, hunts.Outcomes{Failed: 3}
			a.ByProcess, a.Events, a.ByIndicator[0].Verdict, a.ByIndicator[0].Devices, a.ByIndicator[0].Events = a.ByProcess[1:], a.Events[1:], hunts.Tried, 1, 3
			a.ByIndicator[1] = hunts.IndicatorResult{Indicator: "cdn-sync.example", Type: "domain", Verdict: hunts.Clean}
			return h, a
		}},
		{"clean", func() (hunts.Hunt, hunts.Answer) { return empty(story()) }},
		{"clean-near", near},
		{"could-not-tell-error", func() (hunts.Hunt, hunts.Answer) {
			return unknown("2 of 7 parts were not searched: the workspace answered too late", func(a *hunts.Answer) {
				for _, i := range []int{1, 4} {
					a.Coverage.Slices[i].State, a.Coverage.Slices[i].Reason = hunts.SliceFailed, "no answer within 3 min"
				}
			})
		}},
		{"could-not-tell-stale", func() (hunts.Hunt, hunts.Answer) {
			return unknown("the newest event is 26 h old", func(a *hunts.Answer) { a.Coverage.NewestEvent = beforeP(26 * 3600e9) })
		}},
		{"could-not-tell-missing-table", func() (hunts.Hunt, hunts.Answer) {
			return unknown("the workspace has no table DeviceNetworkEvents", func(a *hunts.Answer) { a.Coverage = hunts.Coverage{Problems: []string{a.Reason}} })
		}},
		{"truncated", func() (hunts.Hunt, hunts.Answer) { return manyRows(40, false) }},
		{"200-indicators", func() (hunts.Hunt, hunts.Answer) { return manyIndicators(200) }},
		{"clean-narrowed", narrowed},
		{"hostile", func() (hunts.Hunt, hunts.Answer) { return hostileStory(hostile) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a := c.make()
			dir := filepath.Join("testdata", c.name)
			answer, err := JSON(a)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, dir, "answer.json", answer)
			var text strings.Builder
			forms := map[string][][]slack.Block{}
			for name, form := range map[string]Form{"data_table": DataTable, "table": Table, "plain": PlainText} {
				v := View{Now: now, Form: form, Buttons: true, HuntURL: "https://portal.azure.com/#hunt"}
				all := append([]Message{Answered(h, a, v)}, Details(h, a, v)...)
				for _, m := range all {
					check(t, valid, m)
					forms[name] = append(forms[name], m.Blocks)
					if form == PlainText {
						text.WriteString(m.Text + "\n\n")
					}
				}
			}
			golden(t, dir, "blocks.json", indented(t, forms))
			golden(t, dir, "text.txt", []byte(text.String()))
			var terminal bytes.Buffer
			if err := Terminal(&terminal, a); err != nil {
				t.Fatal(err)
			}
			golden(t, dir, "terminal.txt", terminal.Bytes())
			golden(t, dir, "rows.csv", CSV(a))
			golden(t, dir, "indicators.csv", IndicatorsCSV(a))
		})
	}
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func golden(t *testing.T, dir, name string, got []byte) {
	t.Helper()
	file := filepath.Join(dir, name)
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs, run with -update and read the diff:\n%s", file, firstDifference(string(got), string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			line := "(end of file)"
			if i < len(w) {
				line = w[i]
			}
			return "got  " + g[i] + "\nwant " + line
		}
	}
	return "got fewer lines"
}
