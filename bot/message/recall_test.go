package message

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

func TestGoldenRecalls(t *testing.T) {
	valid := judge(t)
	h, reached := story()
	_, clean := empty(story())
	asker := hunts.Asker{User: "U02ANA", Name: "ana"}
	late := hunts.Recall{Hunt: h.ID, From: hunts.Clean, To: hunts.Reached, Devices: []string{"WS-FIN-014"}, Events: 1204, First: now.Add(-3*time.Hour - 5*time.Minute), Last: now.Add(-2 * time.Hour), Found: now}
	back := hunts.Recall{Hunt: h.ID, From: hunts.CouldNotTell, To: hunts.Clean, Found: now}
	more := late
	more.From, more.Events, more.Last = hunts.Reached, 1, more.First
	ring := Ring{
		Hunt: h.ID, Indicator: "cdn-sync.example", Type: "domain", Device: "WS-FIN-031", Account: "SYSTEM", Process: "rundll32.exe", Parent: "services.exe", Outcome: hunts.OutcomeReached,
		At: now.Add(-4 * time.Minute), Devices: []string{"WS-FIN-031"}, Asker: asker, Until: now.Add(70 * time.Hour),
	}
	often := ring
	often.Devices = []string{"WS-FIN-031", "WS-OPS-102", "WS-HR-007", "WS-HR-009", "WS-HR-010"}
	tried := ring
	tried.Outcome, tried.Process, tried.Parent, tried.Account = hunts.OutcomeFailed, "", "", ""
	seen := ring
	seen.Outcome, seen.Process, seen.Parent, seen.Account, seen.Indicator, seen.Type = "", "", "", "", strings.Repeat("9f86d0", 10)+"0a08", "sha256"
	hostileRing := ring
	hostileRing.Device, hostileRing.Account, hostileRing.Process = "<!here> evil.example", "`*_<@U1>", "a\u202eb\n.exe"
	for name, make := range map[string]func(View) Message{
		"reached-after-clean": func(v View) Message { v.Recall = &late; return Answered(h, reached, v) },
		"clean-after-could-not-tell": func(v View) Message {
			v.Recall = &back
			return Answered(h, clean, v)
		},
		"told":         func(v View) Message { return Recalled(h, reached, late, v) },
		"told-of-more": func(v View) Message { return Recalled(h, reached, more, v) },
		"told-elsewhere": func(v View) Message {
			v.ChannelNote = "Its message in the channel was deleted, so here is the answer."
			return Recalled(h, reached, late, v)
		},
		"ring":            func(v View) Message { return Rang(ring, v) },
		"ring-and-others": func(v View) Message { return Rang(often, v) },
		"ring-tried":      func(v View) Message { return Rang(tried, v) },
		"ring-seen":       func(v View) Message { return Rang(seen, v) },
		"ring-hostile":    func(v View) Message { return Rang(hostileRing, v) },
		"watch-over":      func(v View) Message { return WatchEnded(WatchOver{Hunt: h.ID, Length: 72 * time.Hour}, v) },
		"watch-over-new": func(v View) Message {
			return WatchEnded(WatchOver{Hunt: h.ID, Length: 72 * time.Hour, Devices: often.Devices}, v)
		},
		"watch-over-unsure": func(v View) Message {
			return WatchEnded(WatchOver{Hunt: h.ID, Length: 72 * time.Hour, Unlooked: "the workspace was too slow"}, v)
		},
		"watch-ended": func(v View) Message {
			return WatchEnded(WatchOver{Hunt: h.ID, Length: time.Hour, EndedBy: "U02ANA"}, v)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var text string
			for _, form := range []Form{DataTable, Table, PlainText} {
				m := make(View{Now: now, Form: form, Buttons: true})
				check(t, valid, m)
				if form == PlainText {
					text = m.Text
				}
			}
			golden(t, filepath.Join("testdata", "recall"), name+".txt", []byte(text+"\n"))
		})
	}
}

func TestTheListOfWatchesSaysWhoLooksAndWhenLast(t *testing.T) {
	i, _ := indicator.Type("203.0.113.66")
	list := []WatchLine{
		{Hunt: "F-7QK2", Indicators: []indicator.Indicator{i}, Until: now.Add(time.Hour), By: "ana", Devices: 2, Looked: now},
		{Hunt: "F-7QK3", Indicators: []indicator.Indicator{i}, Until: now.Add(time.Hour), By: "ben"},
		{Hunt: "F-7QK4", Indicators: []indicator.Indicator{i}, Until: now.Add(time.Hour), By: "ben", Failed: "the workspace was too slow."},
	}
	text := Watches(list, 10*time.Minute)
	for _, want := range []string{"3 watches, looked at every 10 min:", "F-7QK2 203.0.113[.]66 · until ", "by ana · 2 new devices · last looked at ", "F-7QK3 203.0.113[.]66", "not looked at yet", "the last look failed: the workspace was too slow"} {
		if !strings.Contains(text, want) {
			t.Errorf("without %q:\n%s", want, text)
		}
	}
	if text := Watches(list, 0); !strings.Contains(text, "nothing looks") {
		t.Errorf("that nothing looks is not said:\n%s", text)
	}
	if text := Watches(nil, 0); !strings.Contains(text, "Nothing is watched") {
		t.Errorf("%s", text)
	}
}
