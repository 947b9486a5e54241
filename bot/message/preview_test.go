package message

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// judgeView asks the local Slack whether it takes a modal, and whether Slack's
// Socket Mode would carry it in an acknowledgement.
func judgeView(t *testing.T, m slack.ModalViewRequest) string {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	// https://docs.slack.dev/apis/events-api/using-socket-mode: more is dropped in silence
	if len(text) > 19_000 {
		t.Errorf("the view has %d bytes, too many for an acknowledgement", len(text))
	}
	r := httptest.NewRequest(http.MethodPost, "/api/blocks.validate", strings.NewReader(url.Values{"view": {string(text)}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	localslack.New(localslack.Config{}).Handler().ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"ok":true`) {
		t.Errorf("Slack would refuse the view: %s\n%.2000s", w.Body, text)
	}
	return string(text)
}

func TestPreviewsOfEverySize(t *testing.T) {
	for _, hunt := range []int{0, 1, 20, 21, 200} {
		for _, left := range []int{0, 1, 10, 11, 100} {
			t.Run(fmt.Sprintf("%d to hunt, %d left out", hunt, left), func(t *testing.T) {
				var p Preview
				for n := range hunt {
					p.Hunt = append(p.Hunt, must("domain", fmt.Sprintf("%s%d.example", strings.Repeat("a", 180), n)))
				}
				for n := range left {
					p.LeftOut = append(p.LeftOut, LeftOut{Indicator: must("ip", fmt.Sprintf("10.0.0.%d", n)), Why: hostile, Doubtful: n%2 == 1})
				}
				text := judgeView(t, PreviewModal(`{"c":"C1"}`, p))
				if left > 20 && !strings.Contains(text, "more are skipped") {
					t.Error("what has no place is not counted")
				}
				for _, evil := range []string{"<!channel>", `\u003c!channel`} {
					if strings.Contains(text, evil) && !strings.Contains(text, `"type":"plain_text"`) {
						t.Error("mark-up from outside is alive")
					}
				}
			})
		}
	}
}

func TestAPreviewCountsByKind(t *testing.T) {
	p := Preview{Hunt: []indicator.Indicator{must("ip", "203.0.113.66"), must("sha256", strings.Repeat("ab", 32)), must("sha1", strings.Repeat("ab", 20)), must("cidr", "198.51.100.0/28"), must("file", "a.exe")}, Refanged: 1}
	if text := judgeView(t, PreviewModal("p", p)); !strings.Contains(text, "1 address, 1 range, 2 hashes, 1 file name") {
		t.Error(text)
	}
}

func TestTheHuntFormOffersWorkspacesWhenThereAreSeveral(t *testing.T) {
	many := make([]string, 150)
	for n := range many {
		many[n] = fmt.Sprintf("workspace-%d", n)
	}
	for n, want := range map[int]bool{0: false, 1: false, 2: true, 100: true, 101: true} {
		text := judgeView(t, HuntModal("p", "", many[:n]))
		if strings.Contains(text, `"Workspace"`) != want {
			t.Errorf("with %d workspaces:\n%.300s", n, text)
		}
	}
}
