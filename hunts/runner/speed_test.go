package runner

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// speedNow and the seed make every run of the benchmarks read the same events.
var speedNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// export is DeviceNetworkEvents of a generated fleet, as text and as it is kept.
type export struct {
	file   string
	bytes  int64
	rows   int
	tables *localworkspace.Events
}

func exported(b *testing.B, devices int) export {
	b.Helper()
	dir, only := b.TempDir(), b.TempDir()
	if err := localworkspace.Export(localworkspace.Fleet(localworkspace.FleetOptions{Seed: 1, Now: speedNow, Devices: devices}), dir); err != nil {
		b.Fatal(err)
	}
	x := export{file: filepath.Join(only, "DeviceNetworkEvents.ndjson")}
	if err := os.Rename(filepath.Join(dir, "DeviceNetworkEvents.ndjson"), x.file); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(x.file)
	if err != nil {
		b.Fatal(err)
	}
	x.bytes = info.Size()
	if x.tables, err = localworkspace.Load(context.Background(), only, localworkspace.LoadOptions{}); err != nil {
		b.Fatal(err)
	}
	x.rows = x.tables.Rows("DeviceNetworkEvents")
	return x
}

// decoded is how long the standard library takes to read the same text.
func (x export) decoded(b *testing.B) time.Duration {
	b.Helper()
	f, err := os.Open(x.file)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	began := time.Now()
	d := json.NewDecoder(bufio.NewReaderSize(f, 1<<20))
	for rows := 0; ; rows++ {
		var row map[string]any
		if err := d.Decode(&row); err != nil {
			if rows != x.rows {
				b.Fatalf("%d rows of %d, then %v", rows, x.rows, err)
			}
			return time.Since(began)
		}
	}
}

// hunt runs the whole text of a footprint hunt, as the service would.
func (x export) hunt(b *testing.B, request string) {
	b.Helper()
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		b.Fatal(err)
	}
	d, _ := catalog.Get(hunts.DefaultHunt)
	p := newParams(asked(b, request), speedNow.Add(-30*day), speedNow, day)
	q, err := kql.Parse(d.kql(p, "benchmark", nil, catalog.summary))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := q.Run(context.Background(), x.tables, kql.Options{Now: speedNow}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkHunt measures a hunt over exported events against reading their
// text with encoding/json: how many times faster it is, and how much of the
// text's size the tables take in memory.
func BenchmarkHunt(b *testing.B) {
	for _, devices := range []int{700, 7000} {
		x := exported(b, devices)
		reading := x.decoded(b)
		for name, request := range map[string]string{
			"nothing-matches": "ip=198.51.100.24", "a-story-matches": "ip=203.0.113.66 dns=cdn-sync.example", "fifty-indicators": fifty(),
		} {
			b.Run(fmt.Sprintf("%s/%dk-rows", name, x.rows/1000), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					x.hunt(b, request)
				}
				b.ReportMetric(float64(reading)/float64(b.Elapsed()/time.Duration(b.N)), "x-faster-than-json")
				b.ReportMetric(float64(x.tables.Memory())/float64(x.bytes), "memory/text")
			})
		}
	}
}

func fifty() string {
	text := "ip="
	for n := range 50 {
		text += fmt.Sprintf("198.18.7.%d,", n+1)
	}
	return text[:len(text)-1]
}

func TestAllocationsFollowMatchesAndNotRows(t *testing.T) {
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := catalog.Get(hunts.DefaultHunt)
	p := newParams(asked(t, "ip=198.51.100.24"), speedNow.Add(-30*day), speedNow, day)
	q, err := kql.Parse(d.kql(p, "test", nil, catalog.summary))
	if err != nil {
		t.Fatal(err)
	}
	allocations := func(devices int) (float64, int) {
		events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 1, Now: speedNow, Devices: devices})
		n := testing.AllocsPerRun(2, func() {
			if _, err := q.Run(t.Context(), events, kql.Options{Now: speedNow}); err != nil {
				t.Error(err)
			}
		})
		return n, events.Rows("DeviceNetworkEvents")
	}
	few, small := allocations(60)
	many, large := allocations(900)
	t.Logf("%.0f allocations over %d rows, %.0f over %d", few, small, many, large)
	if large < 8*small {
		t.Fatalf("%d rows are not many more than %d", large, small)
	}
	if many > few*1.5 {
		t.Errorf("%.0f allocations over %d rows, %.0f over %d: they grow with the rows", few, small, many, large)
	}
}
