package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

var coldRows = flag.Int("coldrows", 150_000, "events in the file of BenchmarkCold; 1168448 are the figures of the README")

// BenchmarkCold measures a whole hunt from the file to the answer, against the
// standard library that only decodes the same text, and against DuckDB where
// .ci/duckdb has it. The ratios are wall time; cpu/… are ratios of CPU time.
func BenchmarkCold(b *testing.B) {
	dir := b.TempDir()
	files := coldFiles(b, dir)
	for _, name := range []string{"ndjson", "ndjson.gz", "csv"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(files[name].text)
			var wall, cpu time.Duration
			for b.Loop() {
				began, before := time.Now(), cpuTime(b)
				if code := (process{stdin: strings.NewReader(""), stdout: io.Discard, stderr: os.Stderr, env: nil}).run(b.Context(), []string{"hunt", "--events", files[name].path, "--format", "json", "ip=203.0.113.66", "dns=cdn-sync.example", "since=all"}); code != exitAnswered {
					b.Fatalf("the hunt ended with %d", code)
				}
				wall, cpu = wall+time.Since(began), cpu+cpuTime(b)-before
			}
			n := time.Duration(b.N)
			b.ReportMetric(float64(cpu/n)/1e6, "cpu-ms/op")
			if name == "ndjson" {
				b.ReportMetric(float64(decodeAll(b, files[name].path))/float64(wall/n), "x-encoding/json")
			}
			if w, c, m, ok := duckDB(b, name, files[name].path); ok {
				b.ReportMetric(float64(w)/float64(wall/n), "x-duckdb")
				b.ReportMetric(float64(c)/float64(cpu/n), "cpu/x-duckdb")
				b.ReportMetric(m, "duckdb-MB")
			}
		})
	}
}

func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type coldFile struct {
	path string
	text int64 // bytes unpacked
}

// coldFiles writes the network events of the demo fleet, over and over until
// there are enough, in each form.
func coldFiles(b *testing.B, dir string) map[string]coldFile {
	one := filepath.Join(dir, "one")
	if err := os.Mkdir(one, 0o700); err != nil {
		b.Fatal(err)
	}
	if err := localworkspace.Export(localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: testclock.At(), Devices: 300}), one); err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(one, "DeviceNetworkEvents.ndjson"))
	if err != nil {
		b.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte{'\n'})
	lines = lines[:len(lines)-1]
	out := map[string]coldFile{}
	write := func(form string, fill func(w io.Writer) error) {
		sub := filepath.Join(dir, form)
		if err := os.Mkdir(sub, 0o700); err != nil {
			b.Fatal(err)
		}
		f, err := os.Create(filepath.Join(sub, "DeviceNetworkEvents."+form))
		if err != nil {
			b.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<20)
		if err := fill(w); err != nil {
			b.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		info, _ := f.Stat()
		out[form] = coldFile{f.Name(), info.Size()}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	plain := func(w io.Writer) error {
		for i := range *coldRows {
			if _, err := w.Write(lines[i%len(lines)]); err != nil {
				return err
			}
		}
		return nil
	}
	write("ndjson", plain)
	write("ndjson.gz", func(w io.Writer) error {
		z := gzip.NewWriter(w)
		if err := plain(z); err != nil {
			return err
		}
		return z.Close()
	})
	out["ndjson.gz"] = coldFile{out["ndjson.gz"].path, out["ndjson"].text}
	write("csv", func(w io.Writer) error { return coldCSV(w, lines) })
	return out
}

func coldCSV(w io.Writer, lines [][]byte) error {
	names := map[string]bool{}
	rows := make([]map[string]any, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal(line, &rows[i]); err != nil {
			return err
		}
		for name := range rows[i] {
			names[name] = true
		}
	}
	header := slices.Sorted(maps.Keys(names))
	records := make([][]string, len(rows))
	for i, row := range rows {
		records[i] = make([]string, len(header))
		for k, name := range header {
			switch v := row[name].(type) {
			case nil:
			case string:
				records[i][k] = v
			case float64:
				records[i][k] = strconv.FormatFloat(v, 'f', -1, 64)
			default:
				text, err := json.Marshal(v)
				if err != nil {
					return err
				}
				records[i][k] = string(text)
			}
		}
	}
	c := csv.NewWriter(w)
	if err := c.Write(header); err != nil {
		return err
	}
	for i := range *coldRows {
		if err := c.Write(records[i%len(records)]); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// decodeAll is how long encoding/json takes to decode the text, and no more.
func decodeAll(b *testing.B, path string) time.Duration {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	began := time.Now()
	for dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); ; {
		var row map[string]any
		if err := dec.Decode(&row); err != nil {
			return time.Since(began)
		}
	}
}

// duckDB asks the same of DuckDB: the wall and CPU time of a process that is
// warm, and the memory it took.
func duckDB(b *testing.B, form, path string) (wall, cpu time.Duration, megabytes float64, ok bool) {
	script, err := filepath.Abs(filepath.Join("..", "..", ".ci", "duckdb", "cold.mjs"))
	if err != nil {
		return 0, 0, 0, false
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(script), "node_modules")); err != nil {
		b.Log("SKIPPED: .ci/duckdb has no node_modules: DuckDB is not asked")
		return 0, 0, 0, false
	}
	out, err := exec.CommandContext(b.Context(), "node", script, form, path).Output()
	if err != nil {
		b.Fatal(err)
	}
	var w, c float64
	if _, err := fmt.Sscan(string(out), &w, &c, &megabytes); err != nil {
		b.Fatal(err)
	}
	return time.Duration(w * 1e6), time.Duration(c * 1e6), megabytes, true
}
