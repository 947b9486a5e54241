package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

func TestATableOfAHuntsOwnColumnsIsRedactedLikeTheRest(t *testing.T) {
	a := hunts.Answer{Reason: "2 rows on ws-fin-014", Table: &hunts.Table{
		Columns: []hunts.Column{{Name: "TimeGenerated", Type: "datetime"}, {Name: "DeviceName", Type: "string"}, {Name: "AccountName", Type: "string"}, {Name: "ProcessCommandLine", Type: "string"}, {Name: "set_DeviceName", Type: "dynamic"}, {Name: "N", Type: "long"}, {Name: "RemoteUrl", Type: "string"}, {Name: "Devices", Type: "dynamic"}, {Name: "RecipientEmailAddress", Type: "string"}},
		Rows:    [][]any{{"2026-11-03T09:00:00Z", "WS-FIN-014.corp.example", "ana.sousa", "tool.exe -p hunter2 on ws-fin-014", `["ws-fin-014.corp.example"]`, int64(3), "evil.example", `["ws-only-listed",7,{"a":"b"}]`, "bo@corp.example"}},
	}}
	for what, c := range map[string]struct{ hidden, kept []string }{
		RedactDevices:    {[]string{"fin-014", "FIN-014", "only-listed"}, []string{"ana.sousa", `,7,{"a":"b"}]`, "tool.exe", "evil.example", "2026-11-03"}},
		RedactUsers:      {[]string{"ana.sousa", "bo@corp"}, []string{"WS-FIN-014", "tool.exe"}},
		RedactRecipients: {[]string{"bo@corp"}, []string{"ana.sousa", "WS-FIN-014"}},
		RedactCommands:   {[]string{"tool.exe"}, []string{"WS-FIN-014", "ana.sousa"}},
	} {
		_, got := NewRedaction(what).Answered(hunts.Hunt{}, a)
		text := fmt.Sprint(*got.Table, got.Reason)
		for _, s := range c.hidden {
			if strings.Contains(text, s) {
				t.Errorf("%s: %q is still in %s", what, s, text)
			}
		}
		for _, s := range c.kept {
			if !strings.Contains(text, s) {
				t.Errorf("%s: %q is gone from %s", what, s, text)
			}
		}
	}
	if a.Table.Rows[0][1] != "WS-FIN-014.corp.example" {
		t.Error("the answer itself is changed")
	}
}
