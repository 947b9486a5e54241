package bot

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

func TestReplies(t *testing.T) {
	t.Parallel()
	a := hunts.Answer{Rows: []hunts.Row{
		{Device: "ws-fin-014.corp.example", Process: "powershell.exe", Matched: []string{"203.0.113.66"}},
		{Device: "ws-hr-007.corp.example", Process: "msedge.exe", Matched: []string{"cdn-sync.example"}},
		{Device: "mac-1", Process: "Google Chrome Helper", Account: `CORP\ana.sousa`},
	}}
	filter := func(f hunts.Facet, v string, without bool) hunts.Filter {
		return hunts.Filter{Facet: f, Value: v, Without: without}
	}
	for text, want := range map[string]reply{
		"csv":                           {kind: replyCSV},
		" KQL ":                         {kind: replyKQL},
		"again":                         {kind: replyAgain},
		"last 30d":                      {kind: replyWiden, window: "since=30d"},
		"from=2026-11-01 to=2026-11-08": {kind: replyWiden, window: "from=2026-11-01 to=2026-11-08"},
		"±30m WS-FIN-014":               {kind: replyAround, around: 30 * time.Minute, device: "WS-FIN-014"},
		"+-2h":                          {kind: replyAround, around: 2 * time.Hour},
		"only powershell":               {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByProcess, "powershell.exe", false)}},
		"Only PowerShell.exe":           {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByProcess, "powershell.exe", false)}},
		"without msedge.exe":            {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByProcess, "msedge.exe", true)}},
		"only failed":                   {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByOutcome, "failed", false)}},
		"only 203.0.113[.]66":           {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByIndicator, "203.0.113.66", false)}},
		"only ws-fin-014 without failed": {kind: replyNarrow, filters: []hunts.Filter{
			filter(hunts.ByDevice, "ws-fin-014.corp.example", false), filter(hunts.ByOutcome, "failed", true),
		}},
		`only "Google Chrome Helper"`:     {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByProcess, "Google Chrome Helper", false)}},
		`without “not recorded”`:          {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByProcess, "", true)}},
		`device="WS FIN 014" only failed`: {kind: replyAbsent, absent: "WS FIN 014"},
		"only chrome.exe":                 {kind: replyAbsent, absent: "chrome.exe"},
		"last 3 days":                     {kind: replyWiden, window: "since=3d"},
		"past 2 weeks":                    {kind: replyWiden, window: "since=2w"},
		"user=ana.sousa":                  {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByUser, "ana.sousa", false)}},
		"host=mac-1":                      {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByDevice, "mac-1", false)}},
		"±30m around WS-FIN-014":          {kind: replyAround, around: 30 * time.Minute, device: "WS-FIN-014"},
		`pivot "local service"`:           {kind: replyPivot, pivot: "local service"},
		"pivot WS-FIN-014":                {kind: replyPivot, pivot: "WS-FIN-014"},
		"Pivot ws-fin-014 ±2h":            {kind: replyPivot, pivot: "ws-fin-014", around: 2 * time.Hour},
		"pivot powershell.exe":            {kind: replyPivot, pivot: "powershell.exe"},
		"lineage":                         {kind: replyOrigin},
		"lineage WS-FIN-014":              {kind: replyOrigin, device: "WS-FIN-014"},
		"device=WS-FIN-014":               {kind: replyNarrow, filters: []hunts.Filter{filter(hunts.ByDevice, "ws-fin-014.corp.example", false)}},
	} {
		t.Run(text, func(t *testing.T) {
			got, ok := parseReply(text, a)
			if !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v; want %+v", got, ok, want)
			}
		})
	}
	for _, text := range []string{"", "only", "thanks!", "without", "last month", "±x", "only powershell please", "device=", "pivot", "pivot a b", "lineage of it"} {
		t.Run("not understood: "+text, func(t *testing.T) {
			if got, ok := parseReply(text, a); ok {
				t.Errorf("understood as %+v", got)
			}
		})
	}
}

func TestWhatIsNotUnderstoodGetsTheNearestForms(t *testing.T) {
	t.Parallel()
	if got := nearestForms("ony failed", hunts.Answer{}); got[0] != "only failed" {
		t.Errorf("nearest to a typo: %v", got)
	}
	if got := nearestForms("las 30d", hunts.Answer{}); !slices.Contains(got, "last 30d") {
		t.Errorf("nearest to las 30d: %v", got)
	}
}

func FuzzReply(f *testing.F) {
	for _, s := range replyForms {
		f.Add(s[0])
	}
	f.Fuzz(func(_ *testing.T, text string) {
		parseReply(text, hunts.Answer{})
		nearestForms(text, hunts.Answer{})
	})
}
