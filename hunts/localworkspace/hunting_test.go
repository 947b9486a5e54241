package localworkspace_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/defender"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

var huntingNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// hunted serves made-up events as Defender XDR, and asks them as the product does.
func hunted(t *testing.T, change func(*localworkspace.Config)) (*localworkspace.Server, *defender.Source) {
	t.Helper()
	row := func(back time.Duration, device string, port int) []any {
		return []any{huntingNow.Add(-back), device, port, `{"query":"evil.example"}`, "corp", 9007199254740993}
	}
	events := localworkspace.Made(map[string]localworkspace.Grid{
		"DeviceNetworkEvents": {Columns: []string{"TimeGenerated", "DeviceName", "RemotePort", "AdditionalFields", "TenantId", "ReportId"}, Rows: [][]any{
			row(31*24*time.Hour, "WS-0", 1), row(3*24*time.Hour, "WS-1", 443), row(24*time.Hour, "WS-2", 80),
		}},
		"SecurityIncident": {Columns: []string{"TimeGenerated"}, Rows: [][]any{{huntingNow}}},
	})
	cfg := localworkspace.Config{Workspaces: map[string]*localworkspace.Events{"w": events}, Clock: func() time.Time { return huntingNow }}
	if change != nil {
		change(&cfg)
	}
	server := localworkspace.NewServer(cfg)
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	source, err := defender.New(defender.Config{
		Name: "xdr", Endpoint: url, Clock: func() time.Time { return huntingNow }, Later: func(_ time.Duration, free func()) { free() },
		Retry: azure.Retry{Sleep: func(context.Context, time.Duration) error { return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return server, source
}

func TestTheStandInShowsTheEventsInTheSchemaOfAdvancedHunting(t *testing.T) {
	_, source := hunted(t, nil)
	for query, want := range map[string]string{
		"DeviceNetworkEvents | count": "[2]", // what is older than 30 days is gone
		"DeviceNetworkEvents | where TimeGenerated > ago(2d) | project DeviceName, RemotePort, ReportId":                           "[WS-2 80 9007199254740993]",
		"DeviceNetworkEvents | top 1 by Timestamp asc | project DeviceName, Timestamp":                                             "[WS-1 2026-11-20T12:00:00Z]",
		"DeviceNetworkEvents | where AdditionalFields.query == 'evil.example' | count":                                             "[2]",
		"DeviceNetworkEvents | take 1 | project AdditionalFields, Kind = gettype(AdditionalFields)":                                `[{"query":"evil.example"} string]`,
		"DeviceNetworkEvents | take 1 | project column_ifexists('TenantId', 'gone')":                                               "[gone]",
		"DeviceNetworkEvents | summarize Bag = make_bag(bag_pack(DeviceName, RemotePort)) | project Ports = Bag['WS-1'], Yes=true": "[443 true]",
	} {
		res, err := source.Query(t.Context(), hunts.Query{Text: query})
		if err != nil || len(res.Rows) == 0 || fmt.Sprint(res.Rows[0]) != want {
			t.Errorf("%s: %v, %v; want %s", query, res.Rows, err, want)
		}
	}
	res, err := source.Query(t.Context(), hunts.Query{Text: "DeviceNetworkEvents | count", From: huntingNow.Add(-48 * time.Hour), To: huntingNow})
	if err != nil || fmt.Sprint(res.Rows[0]) != "[1]" {
		t.Errorf("a timespan: %v, %v", res.Rows, err)
	}
}

func TestTheStandInRefusesInTheServicesWords(t *testing.T) {
	for query, want := range map[string]struct {
		kind hunts.Kind
		says string
	}{
		"DeviceNetworkEventz | count":                     {hunts.KindNoTable, "DeviceNetworkEventz"},
		"SecurityIncident | count":                        {hunts.KindNoTable, "SecurityIncident"},
		"DeviceNetworkEvents | where TenantId == 'corp'":  {hunts.KindNoTable, "TenantId"},
		"DeviceNetworkEvents | where (RemotePort == 1":    {hunts.KindBadQuery, "Fix syntax errors"},
		"DeviceNetworkEvents | extend x = ingestion_time": {hunts.KindBadQuery, "ingestion_time"},
	} {
		_, source := hunted(t, nil)
		_, err := source.Query(t.Context(), hunts.Query{Text: query})
		var e *hunts.Error
		if !errors.As(err, &e) || e.Kind != want.kind || !strings.Contains(e.Say, want.says) {
			t.Errorf("%s: %v, want %s with %q", query, err, want.kind, want.says)
		}
	}
}

func TestTheStandInObeysItsLimitsAndItsScript(t *testing.T) {
	t.Run("calls a minute", func(t *testing.T) {
		_, source := hunted(t, func(c *localworkspace.Config) { c.Calls = 2 })
		for range 2 {
			if _, err := source.Query(t.Context(), hunts.Query{Text: "DeviceNetworkEvents | count"}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		if _, err := source.Query(ctx, hunts.Query{Text: "DeviceNetworkEvents | count"}); hunts.KindOf(err) != hunts.KindThrottled || !strings.Contains(err.Error(), "2 calls per minute") {
			t.Errorf("the third call: %v", err)
		}
	})
	t.Run("the size of an answer", func(t *testing.T) {
		_, source := hunted(t, func(c *localworkspace.Config) { c.MaxBytes = 200 })
		if _, err := source.Query(t.Context(), hunts.Query{Text: "DeviceNetworkEvents"}); hunts.KindOf(err) != hunts.KindTooLarge {
			t.Errorf("%v", err)
		}
	})
	t.Run("faults by script", func(t *testing.T) {
		server, source := hunted(t, nil)
		server.Fault(localworkspace.Fault{Status: 403, Times: 1})
		server.Fault(localworkspace.Fault{Status: http.StatusTooManyRequests, Message: "Your tenant has used all of its CPU resources.", RetryAfter: 10 * time.Minute, Times: 1})
		server.Fault(localworkspace.Fault{Drop: true, Times: 1})
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		for _, kind := range []hunts.Kind{hunts.KindNoRole, hunts.KindThrottled, ""} { // the dropped one is asked again
			if _, err := source.Query(ctx, hunts.Query{Text: "DeviceNetworkEvents | count"}); hunts.KindOf(err) != kind {
				t.Errorf("%v, want %q", err, kind)
			}
		}
	})
}
