package localworkspace

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// writeNDJSON writes a table as an export would, without empty cells.
func writeNDJSON(tb testing.TB, path string, table *kql.Table, rows int) int64 {
	tb.Helper()
	file, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	out := bufio.NewWriterSize(file, 1<<20)
	columns := table.Columns()
	var line []byte
	size := int64(0)
	for i := range rows {
		row := i % table.Len()
		line = append(line[:0], '{')
		for col, c := range columns {
			v := table.Value(row, col)
			if v.IsNull() && c.Name != timeColumn {
				continue
			}
			if len(line) > 1 {
				line = append(line, ',')
			}
			line = append(strconv.AppendQuote(line, c.Name), ':')
			switch {
			case c.Type.Numeric():
				line = append(line, v.Text()...)
			default:
				text, err := json.Marshal(v.Text())
				if err != nil {
					tb.Fatal(err)
				}
				line = append(line, text...)
			}
		}
		line = append(line, '}', '\n')
		size += int64(len(line))
		if _, err := out.Write(line); err != nil {
			tb.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
	return size
}

// BenchmarkLoad reports the speed of a load and the memory of the tables as a
// part of the text they were read from.
func BenchmarkLoad(b *testing.B) {
	table := Fleet(FleetOptions{Seed: 1, Now: smallFleet.Now}).tables["DeviceNetworkEvents"]
	for _, rows := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			dir := b.TempDir()
			size := writeNDJSON(b, filepath.Join(dir, "DeviceNetworkEvents.ndjson"), table, rows)
			b.SetBytes(size)
			for b.Loop() {
				events, err := Load(context.Background(), dir, LoadOptions{})
				if err != nil || events.Rows("DeviceNetworkEvents") != rows || len(events.BadLines()) > 0 {
					b.Fatal(err, events.BadLines())
				}
				b.ReportMetric(float64(events.Memory())/float64(size), "memory/text")
			}
		})
	}
}
