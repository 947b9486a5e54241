package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/defender"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// tooLarge is a memory in which every scope is known to be too large for more than
// a day at once: hunts are planned as they were before they asked for their whole
// window.
type tooLarge struct{ *worldRecord }

func (tooLarge) Blob(_ context.Context, key string) ([]byte, bool, error) {
	return []byte("{}"), strings.HasPrefix(key, "apart:"), nil
}

// BenchmarkPlan counts the queries of a seven-day hunt, and the hunts a minute of
// queries that take three seconds each: five at once in Log Analytics, 45 begun in
// a minute in Defender XDR. The time is that of the count, not of the machine.
func BenchmarkPlan(b *testing.B) {
	now := testclock.At()
	server := localworkspace.NewServer(localworkspace.Config{
		Workspaces: map[string]*localworkspace.Events{"w": localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: now, Devices: 60, Days: 9})}, Clock: standing(now), Calls: 1 << 30,
	})
	url, err := server.Start(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	logs, err := loganalytics.New(loganalytics.Config{Endpoint: url, Workspaces: []loganalytics.Workspace{{Name: "prod-eu", ID: "w"}}})
	if err != nil {
		b.Fatal(err)
	}
	xdr, err := defender.New(defender.Config{Name: "xdr", Endpoint: url, Retry: azure.Retry{}, Clock: standing(now), Later: func(_ time.Duration, free func()) { free() }})
	if err != nil {
		b.Fatal(err)
	}
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		b.Fatal(err)
	}
	fresh := func() hunts.Record { return newWorldRecord() }
	large := func() hunts.Record { return tooLarge{newWorldRecord()} }
	for _, c := range []struct {
		name   string
		source hunts.Source
		record func() hunts.Record
		slots  int
		held   time.Duration // at least, from the beginning of a query on
	}{
		{"log-analytics/a-query-a-day", logs, large, identitySlots, 0},
		{"log-analytics/one-query", logs, fresh, identitySlots, 0},
		{"defender/a-query-a-day", xdr, large, defender.CallsAMinute, time.Minute},
		{"defender/one-query", xdr, fresh, defender.CallsAMinute, time.Minute},
	} {
		b.Run(c.name, func(b *testing.B) {
			queries := 0
			for b.Loop() {
				queries = queriesOf(b, catalog, c.source, c.record(), now)
			}
			b.ReportMetric(float64(queries), "queries/hunt")
			b.ReportMetric(huntsAMinute(queries, c.slots, 3*time.Second, c.held), "hunts/min")
		})
	}
}

// queriesOf asks for an address that the fleet reached in the last seven days.
func queriesOf(b *testing.B, catalog *runner.Catalog, source hunts.Source, record hunts.Record, now time.Time) int {
	b.Helper()
	asked := 0
	r, err := runner.New(runner.Config{Catalog: catalog, Source: counted{source, &asked}, Record: record, Authorizer: hunts.AllowAll(record, standing(now)), Clock: standing(now), Parallel: 1})
	if err != nil {
		b.Fatal(err)
	}
	req, refusal := request.Parse("ip=203.0.113.66 since=7d", now)
	if refusal != nil {
		b.Fatal(refusal.Sentence)
	}
	h, err := r.Prepare("F-PLAN", req, hunts.Asker{User: "ana"})
	if err != nil {
		b.Fatal(err)
	}
	a, err := r.Run(b.Context(), h, nil)
	if err != nil || a.Verdict != hunts.Reached {
		b.Fatal(fmt.Sprint(a.Verdict, a.Reason, err))
	}
	return asked
}

// counted counts what a source is asked, one query at a time.
type counted struct {
	hunts.Source
	asked *int
}

func (c counted) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	*c.asked++
	return c.Source.Query(ctx, q)
}

// huntsAMinute lets hunts that always wait use the places of a source for an hour
// of injected time.
func huntsAMinute(queries, slots int, takes, held time.Duration) float64 {
	free := make([]time.Duration, slots) // when each place is free again
	for asked := 0; ; asked++ {
		slices.Sort(free)
		if free[0] >= time.Hour {
			return float64(asked/queries) / 60
		}
		free[0] += max(takes, held)
	}
}
