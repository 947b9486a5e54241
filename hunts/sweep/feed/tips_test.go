package feed

import (
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

func TestWhatTheWorkspaceKeepsBecomesAList(t *testing.T) {
	l, err := FromTips(sweep.Feed{Workspace: true}, []hunts.Tip{
		{Value: "192.0.2.1", Key: "ipv4-addr:value", Confidence: 300, Note: "C2", Until: today.Add(time.Hour)},
		{Value: "evil.example", Key: "domain-name:value"},
		{Value: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Key: "file:hashes.'SHA-256'"},
		{Value: "192.0.2.2", Key: "ipv4-addr:value", Revoked: true},
		{Value: "192.0.2.3", Key: "ipv4-addr:value", Until: today.Add(-time.Hour)},
		{Value: "tomorrow.example", Key: "domain-name:value", Added: today.Add(24 * time.Hour)},
		{Value: "someone@evil.example", Key: "email-addr:value"},
		{Value: "198.0.0.0/8", Key: "ipv4-addr:value"},
	}, today)
	if err != nil {
		t.Fatal(err)
	}
	const want = `ip:192.0.2.1
    source ti, confidence 100, tags [], note "C2", added 2026-11-23, expires 2026-11-23, renewed false
domain:evil.example
    source ti, confidence 0, tags [], note "", added 2026-11-23, expires 2026-12-23, renewed true
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    source ti, confidence 0, tags [], note "", added 2026-11-23, expires 2026-12-23, renewed true
NOT EVALUATED line 0 "192.0.2.2": withdrawn: revoked by its source
NOT EVALUATED line 0 "192.0.2.3": expired: it expired on 23 Nov 2026
NOT EVALUATED line 0 "tomorrow.example": not yet valid: valid from 24 Nov 2026 on
NOT EVALUATED line 0 "someone@evil.example": not huntable: network events show nothing of email-addr:value
NOT EVALUATED line 0 "198.0.0.0/8": over-wide: a sweep takes networks down to /16; hunt this one on its own
expired 1
`
	if got := listed(l); got != want {
		t.Errorf("got\n%s", got)
	}
	l, err = FromTips(sweep.Feed{Workspace: true, Tips: hunts.TipSource{Watchlist: "iocs"}}, []hunts.Tip{{Value: "192.0.2.1", Fields: map[string]any{"SearchKey": "x", "Note": "from the ISAC", "Confidence": "40", "Valid Until": "2026-12-01", "_DTItemId": "1"}}}, today)
	if err != nil || len(l.Entries) != 1 {
		t.Fatalf("%+v, %v", l, err)
	}
	if e := l.Entries[0]; e.Source != "sentinel:iocs" || e.Note != "from the ISAC" || e.Confidence != 40 || e.Expires.Format(time.DateOnly) != "2026-12-01" {
		t.Errorf("%+v", e)
	}
}
