package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func unpacked(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// queryOf is the text that a portal reads out of a link.
func queryOf(t *testing.T, link string) string {
	t.Helper()
	if _, packed, found := strings.Cut(link, "AnalyticsShareLinkToQuery/q/"); found {
		text, err := url.QueryUnescape(packed)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(unpacked(t, raw))
	}
	u, err := url.Parse(link)
	if err != nil || u.Host != "security.microsoft.com" || u.Path != "/v2/advanced-hunting" {
		t.Fatalf("%s: %v", link, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(u.Query().Get("query"))
	if err != nil {
		t.Fatal(err)
	}
	wide := unpacked(t, raw)
	units := make([]uint16, len(wide)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(wide[2*i:])
	}
	return string(utf16.Decode(units))
}

func TestThePortalsLinkCarriesAQueryOfOneToTwentyIndicators(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 5, Now: now, Devices: 60, Days: 3})
	many := "ip=203.0.113.66"
	for n := range 12 {
		many += fmt.Sprintf(",2001:db8:%x::%x", n+1, 4096+n)
	}
	for n := range 7 {
		many += fmt.Sprintf(" dns=host-%d.some-longer-name.example", n)
	}
	for text, rows := range map[string]bool{"ip=203.0.113.66": true, many: true, "dns=cdn-sync.example since=7d": true, "file=powershell.exe": true, many + " ip=192.0.2.1": false} {
		req, no := request.Parse(text, now)
		if no != nil {
			t.Fatal(no.Sentence)
		}
		asked := text
		h := hunts.Hunt{Name: hunts.DefaultHunt, Request: req, Window: hunts.Window{From: now.Add(-3 * 24 * time.Hour), To: now}}
		for _, resource := range []string{"", "/subscriptions/0/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/soc"} {
			link := portalLink(resource, nil)(h, "")
			if (link != "") != rows {
				t.Errorf("%d indicators: a link of %d characters", len(req.Indicators()), len(link))
				continue
			}
			if link == "" {
				continue
			}
			text := queryOf(t, link)
			if advanced := strings.Contains(text, "Timestamp") && !strings.Contains(text, "TimeGenerated"); advanced != (resource == "") {
				t.Errorf("the columns are those of another schema:\n%s", text)
			}
			q, err := kql.Parse(kql.ForSchema(text, kql.LogAnalytics))
			if err != nil {
				t.Fatal(err)
			}
			res, err := q.Run(t.Context(), events, kql.Options{Now: now})
			if err != nil || res.Len() == 0 {
				t.Errorf("%.60s: %v, no rows of\n%s", asked, err, text)
			}
		}
	}
}

func TestALinkFromDefenderXDROpensItsOwnAdvancedHunting(t *testing.T) {
	req, refusal := request.Parse("ip=203.0.113.66", testclock.At())
	if refusal != nil {
		t.Fatal(refusal.Sentence)
	}
	const resource = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w"
	link := portalLink(resource, hunts.Routes{{Name: "xdr", Source: ofKind(hunts.KindDefender)}, {Name: "prod-eu", Source: ofKind(hunts.KindLogAnalytics)}})
	for scope, begin := range map[string]string{"xdr": "https://security.microsoft.com/v2/advanced-hunting?query=", "prod-eu": "https://portal.azure.com/"} {
		h := hunts.Hunt{Name: hunts.DefaultHunt, Request: req, Window: hunts.Window{To: testclock.At(), All: true}, Workspaces: []string{scope}}
		if got := link(h, ""); !strings.HasPrefix(got, begin) {
			t.Errorf("%s: %s", scope, got)
		}
	}
	xdr := link(hunts.Hunt{Name: hunts.DefaultHunt, Request: req, Window: hunts.Window{To: testclock.At(), All: true}, Workspaces: []string{"xdr"}}, "")
	if text := queryOf(t, xdr); !strings.Contains(text, "Timestamp") || strings.Contains(text, "TimeGenerated") {
		t.Errorf("the query of the link: %s", text)
	}
}

// ofKind is a source of which only its kind is asked.
type ofKind string

func (ofKind) Query(context.Context, hunts.Query) (hunts.Result, error) { return hunts.Result{}, nil }
func (k ofKind) Describe(names []string) hunts.SourceInfo {
	return hunts.SourceInfo{Kind: string(k), Workspace: strings.Join(names, ", ")}
}
