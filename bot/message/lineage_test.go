package message

import (
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

func TestAProcessTreeEndsAtWhatWasReached(t *testing.T) {
	start := hunts.Start{Process: "powershell.exe", Parent: "winword.exe", Grandparent: "outlook.exe", Account: `corp\b.lee`}
	_, a := story()
	data, alt, err := Tree("ws-fin-014", hunts.Lineage{Starts: []hunts.Start{start, start}}, a.Rows[:1])
	if want := "Process tree of ws-fin-014: outlook.exe → winword.exe → powershell.exe → api[.]cdn-sync[.]example"; err != nil || alt != want || len(data) < 1000 {
		t.Errorf("%d bytes, %q, %v; want %q", len(data), alt, err, want)
	}
	if data, alt, err := Tree("ws-fin-014", hunts.Lineage{}, a.Rows); err != nil || data != nil || alt != "" {
		t.Errorf("a picture of nothing: %q, %v", alt, err)
	}
}

func TestLineage(t *testing.T) {
	h, _ := story()
	valid := judge(t)
	w := hunts.Window{From: before(48 * time.Hour), To: now}
	start := hunts.Start{Device: "ws-fin-014", Account: "b.lee", Process: "powershell.exe", Parent: "winword.exe", Grandparent: "outlook.exe", CommandLine: "powershell -enc SQBFAFgAIAAoAE4A", Decoded: "IEX (N", Events: 2, First: before(30 * time.Hour), Last: before(29 * time.Hour)}
	evil := hunts.Start{Account: hostile, Process: hostile, Parent: hostile, Grandparent: hostile, CommandLine: hostile + strings.Repeat("A", 20_000), ParentCommandLine: hostile}
	many := make([]hunts.Start, 0, 25)
	for range 25 {
		many = append(many, evil)
	}
	for name, c := range map[string]struct {
		lineage  hunts.Lineage
		has, not string
	}{
		"three generations in one line":    {hunts.Lineage{Starts: []hunts.Start{start}, Window: w}, "outlook.exe → winword.exe → powershell.exe · b.lee · 2 · powershell -enc SQBFAFgAIAAoAE4A (decoded: IEX (N)", ""},
		"nothing recorded is said as that": {hunts.Lineage{Window: w}, "not recorded, or started earlier", "CLEAN"},
		"a partial answer says so":         {hunts.Lineage{Starts: []hunts.Start{start}, Window: w, Partial: "the result was cut"}, "There may be more: the result was cut", ""},
		"hostile text stays text":          {hunts.Lineage{Starts: many, Window: w}, "Process lineage", "<!channel>"},
	} {
		for _, form := range []Form{DataTable, Table, PlainText} {
			t.Run(name, func(t *testing.T) {
				m := Lineage(h, "ws-fin-014", c.lineage, View{Now: now, Form: form})
				check(t, valid, m)
				if !strings.Contains(m.Text, c.has) || c.not != "" && strings.Contains(m.Text, c.not) {
					t.Errorf("it says\n%.2000s", m.Text)
				}
			})
		}
	}
}
