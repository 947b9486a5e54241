package localworkspace

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Bounds of the reader that these tests go beyond.
const (
	maxLine     = 8 << 20
	maxBadLines = 10_000
	blockSize   = 1 << 20
)

// loadFiles writes the files to a fresh directory and loads it.
func loadFiles(t *testing.T, files map[string]string) *Events {
	t.Helper()
	events, err := Load(context.Background(), writeFiles(t, files), LoadOptions{})
	if err != nil {
		t.Fatalf("loading: %v", err)
	}
	return events
}

func writeFiles(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// cell reads one cell as text.
func cell(t *testing.T, table *kql.Table, row int, column string) string {
	t.Helper()
	for i, c := range table.Columns() {
		if c.Name == column {
			return table.Value(row, i).Text()
		}
	}
	t.Fatalf("table %s has no column %s", table.Name(), column)
	return ""
}

func mustTable(t *testing.T, e *Events, name string) *kql.Table {
	t.Helper()
	table, ok := e.Table(name)
	if !ok {
		t.Fatalf("no table %s, there are %v", name, e.Tables())
	}
	return table
}

const oneEvent = `{"TimeGenerated":"2026-11-20T10:00:00.1234567Z","DeviceName":"WS-1","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemotePort":443}` + "\n"

func TestTheSameEventInEveryFormReadsTheSame(t *testing.T) {
	const header = "TimeGenerated,DeviceName,ActionType,RemoteIP,RemotePort\n"
	const record = "2026-11-20T10:00:00.1234567Z,WS-1,ConnectionSuccess,203.0.113.66,443\n"
	const name = "DeviceNetworkEvents"
	cases := map[string]map[string]string{
		"NDJSON":                                  {name + ".ndjson": oneEvent},
		"NDJSON without a last line end":          {name + ".ndjson": strings.TrimSuffix(oneEvent, "\n")},
		"NDJSON with CRLF and blank lines":        {name + ".ndjson": "\r\n" + strings.ReplaceAll(oneEvent, "\n", "\r\n") + "\r\n"},
		"NDJSON with a byte order mark":           {name + ".ndjson": "\ufeff" + oneEvent},
		"gzipped NDJSON":                          {name + ".ndjson.gz": zipped(t, oneEvent)},
		"gzipped NDJSON under a plain name":       {name + ".ndjson": zipped(t, oneEvent)},
		"plain NDJSON under a gzip name":          {name + ".ndjson.gz": oneEvent},
		"two gzip members put together":           {name + ".ndjson.gz": zipped(t, oneEvent[:40]) + zipped(t, oneEvent[40:])},
		"a file name in another case":             {"devicenetworkevents.ndjson": oneEvent},
		"NDJSON with Timestamp":                   {name + ".ndjson": strings.Replace(oneEvent, "TimeGenerated", "Timestamp", 1)},
		"NDJSON with an empty TimeGenerated":      {name + ".ndjson": strings.Replace(oneEvent, `{`, `{"TimeGenerated":"",`, 1)},
		"NDJSON with numbers as strings":          {name + ".ndjson": strings.Replace(oneEvent, "443", `"443"`, 1)},
		"NDJSON with escapes":                     {name + ".ndjson": strings.Replace(oneEvent, "WS-1", `WS\u002d1`, 1)},
		"NDJSON with a zone":                      {name + ".ndjson": strings.Replace(oneEvent, "10:00:00.1234567Z", "12:00:00.1234567+02:00", 1)},
		"CSV":                                     {name + ".csv": header + record},
		"CSV with CRLF":                           {name + ".csv": strings.ReplaceAll(header+record, "\n", "\r\n")},
		"CSV with a byte order mark":              {name + ".csv": "\ufeff" + header + record},
		"gzipped CSV":                             {name + ".csv.gz": zipped(t, header+record)},
		"CSV without a last line end":             {name + ".csv": header + strings.TrimSuffix(record, "\n")},
		"CSV with all fields quoted":              {name + ".csv": header + `"` + strings.ReplaceAll(strings.TrimSpace(record), ",", `","`) + `"` + "\n"},
		"CSV with a quoted header":                {name + ".csv": `"` + strings.ReplaceAll(strings.TrimSpace(header), ",", `","`) + `"` + "\r\n" + record},
		"CSV with Timestamp":                      {name + ".csv": strings.Replace(header, "TimeGenerated", "Timestamp", 1) + record},
		"CSV with a space in the time":            {name + ".csv": header + strings.Replace(record, "T10", " 10", 1)},
		"CSV from the portal, zone in the header": {name + ".csv": strings.Replace(header, "TimeGenerated", "TimeGenerated [UTC]", 1) + strings.Replace(record, "2026-11-20T10:00:00.1234567Z", `"11/20/2026, 10:00:00.1234567 AM"`, 1)},
	}
	for name, files := range cases {
		t.Run(name, func(t *testing.T) {
			events := loadFiles(t, files)
			if bad := events.BadLines(); len(bad) > 0 {
				t.Fatalf("bad lines %v", bad)
			}
			table := mustTable(t, events, "DeviceNetworkEvents")
			if table.Len() != 1 {
				t.Fatalf("%d rows, want 1", table.Len())
			}
			for column, want := range map[string]string{
				"TimeGenerated": "2026-11-20T10:00:00.1234567Z", "DeviceName": "WS-1", "ActionType": "ConnectionSuccess",
				"RemoteIP": "203.0.113.66", "RemotePort": "443", "RemoteUrl": "", "LocalPort": "", "AdditionalFields": "",
			} {
				if got := cell(t, table, 0, column); got != want {
					t.Errorf("%s = %q, want %q", column, got, want)
				}
			}
			oldest, newest := events.Span()
			if want := time.Date(2026, 11, 20, 10, 0, 0, 123456700, time.UTC); !oldest.Equal(want) || !newest.Equal(want) {
				t.Errorf("span %v to %v, want %v", oldest, newest, want)
			}
		})
	}
}

func TestABadLineIsNamedAndTheRestIsRead(t *testing.T) {
	const header = "TimeGenerated,DeviceName,InitiatingProcessCommandLine,RemotePort\n"
	good := func(device string) string { return "2026-11-20T10:00:00Z," + device + ",cmd.exe,443\n" }
	cases := []struct {
		name, file, text string
		rows             int
		line             int
		reason           string
	}{
		{"a line that is no JSON", "DeviceInfo.ndjson", oneEvent + "garbage\n" + oneEvent, 2, 2, "not a JSON object"},
		{"a line that is cut off", "DeviceInfo.ndjson", oneEvent + oneEvent[:50] + "\n" + oneEvent, 2, 2, "cut off"},
		{"two objects on a line", "DeviceInfo.ndjson", strings.TrimSpace(oneEvent) + oneEvent + oneEvent, 1, 1, "one event a line"},
		{"a JSON array", "DeviceInfo.ndjson", "[\n" + oneEvent, 1, 2, "the JSON is cut off here"},
		{"an answer with further pages", "DeviceInfo.json", `{"value":[` + strings.TrimSpace(oneEvent) + `],"@odata.nextLink":"https://graph.example/next"}`, 1, 1, "nextLink"},
		{"an answer that ended with an error", "DeviceInfo.json", `{"error":{"code":"PartialError"},"value":[` + strings.TrimSpace(oneEvent) + `]}`, 1, 1, "ended with an error"},
		{"a Timestamp that is none", "DeviceInfo.ndjson", oneEvent + `{"Timestamp":"yesterday"}` + "\n", 1, 2, `Timestamp is not a datetime: "yesterday"`},
		{"JSON with a missing comma", "DeviceInfo.ndjson", oneEvent + `{"TimeGenerated":"2026-11-20T10:00:00Z" "DeviceName":"x"}` + "\n", 1, 2, "not JSON at byte"},
		{"no time", "DeviceInfo.ndjson", oneEvent + `{"DeviceName":"x"}` + "\n", 1, 2, "neither TimeGenerated nor Timestamp"},
		{"a time that is none", "DeviceInfo.ndjson", oneEvent + `{"TimeGenerated":"yesterday"}` + "\n", 1, 2, `TimeGenerated is not a datetime: "yesterday"`},
		{"a number that is none keeps its event", "DeviceNetworkEvents.ndjson", oneEvent + strings.Replace(oneEvent, "443", `"https"`, 1), 2, 2, "event kept"},
		{"a port above the range of int keeps its event", "DeviceNetworkEvents.ndjson", strings.Replace(oneEvent, "443", "44300000000", 1), 1, 1, "RemotePort is not a int"},
		{"a line longer than the limit", "DeviceInfo.ndjson", oneEvent + strings.Repeat("x", maxLine+1) + "\n" + oneEvent, 2, 2, "longer than 8 MB"},
		{"a last line longer than the limit", "DeviceInfo.ndjson", oneEvent + strings.Repeat("x", maxLine+1), 1, 2, "longer than 8 MB"},
		{"CSV: too few fields", "DeviceNetworkEvents.csv", header + good("a") + "2026-11-20T10:00:00Z,b\n" + good("c"), 2, 3, "2 fields where the header has 4"},
		{"CSV: a quote that is never closed", "DeviceNetworkEvents.csv", header + good("a") + "2026-11-20T10:00:00Z,b,\"cmd,443\n" + good("c") + good("d"), 3, 3, "a quoted field is not closed"},
		{"CSV: a quote that closes in a later line", "DeviceNetworkEvents.csv", header + "2026-11-20T10:00:00Z,b,\"cmd,443\n" + good("c") + "2026-11-20T10:00:00Z,b,\"cmd\",443\n", 2, 2, "runs over the line end"},
		{"CSV: a header without a time", "DeviceNetworkEvents.csv", "DeviceName,RemotePort\nx,1\n", 0, 1, "neither TimeGenerated nor Timestamp"},
		{"a truncated gzip file", "DeviceInfo.ndjson.gz", truncatedGzip(t), 0, 0, "the file is damaged here"},
		{"a damaged gzip header", "DeviceInfo.ndjson.gz", "\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 0, 0, "gzip header is damaged"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			events := loadFiles(t, map[string]string{c.file: c.text})
			table, _, _ := strings.Cut(c.file, ".")
			if rows := events.Rows(table); rows != c.rows && c.rows > 0 || c.rows == 0 && rows > 400_000 {
				t.Errorf("%d rows, want %d; bad lines %v", rows, c.rows, events.BadLines())
			}
			bad := events.BadLines()
			if len(bad) != 1 {
				t.Fatalf("%d bad lines %v, want 1", len(bad), bad)
			}
			if bad[0].File != c.file || c.line != 0 && bad[0].Line != c.line || !strings.Contains(bad[0].Reason, c.reason) {
				t.Errorf("bad line %+v, want line %d and a reason with %q", bad[0], c.line, c.reason)
			}
			named, ok := events.Table("_BadLines")
			if !ok || named.Len() != 1 || cell(t, named, 0, "File") != c.file {
				t.Errorf("the table _BadLines does not hold the line")
			}
		})
	}
}

// truncatedGzip is a gzip file that ends in the middle.
func truncatedGzip(t *testing.T) string {
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, `{"TimeGenerated":"2026-11-20T10:00:00Z","DeviceName":"WS-%d"}`+"\n", i*i)
	}
	whole := zipped(t, text.String())
	return whole[:len(whole)/2]
}

func TestATruncatedGzipKeepsWhatCameBefore(t *testing.T) {
	events := loadFiles(t, map[string]string{"DeviceInfo.ndjson.gz": truncatedGzip(t)})
	if rows := events.Rows("DeviceInfo"); rows < 1000 || rows >= 5000 {
		t.Errorf("%d rows of 5000, want about half", rows)
	}
}

func TestTheLastLineOfATruncatedFileIsBadToo(t *testing.T) {
	events := loadFiles(t, map[string]string{"DeviceInfo.ndjson": oneEvent + oneEvent[:60]})
	if bad := events.BadLines(); len(bad) != 1 || bad[0].Line != 2 {
		t.Errorf("bad lines %v, want line 2", bad)
	}
}

func TestLinesAfterASkippedOneKeepTheirNumbers(t *testing.T) {
	events := loadFiles(t, map[string]string{"DeviceInfo.ndjson": oneEvent + strings.Repeat("x", maxLine+1) + "\n" + oneEvent + "bad\n"})
	bad := events.BadLines()
	if len(bad) != 2 || bad[0].Line != 2 || bad[1].Line != 4 {
		t.Errorf("bad lines %v, want lines 2 and 4", bad)
	}
}

func TestADirectoryThatCanNotBeUsedSaysWhy(t *testing.T) {
	file := filepath.Join(writeFiles(t, map[string]string{"x": ""}), "x")
	cases := []struct{ name, dir, want string }{
		{"missing", filepath.Join(t.TempDir(), "nowhere"), "does not exist"},
		{"a file without events", file, "no events in"},
		{"empty", t.TempDir(), "no events in"},
		{"only other files", writeFiles(t, map[string]string{"README.md": "x", "events.json": "{}"}), "no events in"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(context.Background(), c.dir, LoadOptions{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestLoadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := writeFiles(t, map[string]string{"DeviceInfo.ndjson": strings.Repeat(oneEvent, 100_000)})
	if _, err := Load(ctx, dir, LoadOptions{}); err == nil {
		t.Error("a cancelled load gave events")
	}
}

func TestAnEmptyFileIsATableWithoutRows(t *testing.T) {
	events := loadFiles(t, map[string]string{"DeviceInfo.ndjson": "", "DeviceEvents.csv": "", "DeviceFileEvents.csv.gz": zipped(t, "")})
	if want := []string{"DeviceEvents", "DeviceFileEvents", "DeviceInfo"}; !slices.Equal(events.Tables(), want) {
		t.Errorf("tables %v, want %v", events.Tables(), want)
	}
	if len(events.BadLines()) > 0 {
		t.Errorf("bad lines %v", events.BadLines())
	}
}

func TestQuotedNewlinesAndQuotesBelongToTheField(t *testing.T) {
	text := "TimeGenerated,DeviceName,InitiatingProcessCommandLine,RemotePort\n" +
		"2026-11-20T10:00:00Z,WS-1,\"powershell -c \"\"\r\nGet-Item\nx,y\"\"\",443\n" +
		"2026-11-20T10:00:01Z,WS-2,say \"hi\",80\n"
	table := mustTable(t, loadFiles(t, map[string]string{"DeviceNetworkEvents.csv": text}), "DeviceNetworkEvents")
	if got, want := cell(t, table, 0, "InitiatingProcessCommandLine"), "powershell -c \"\r\nGet-Item\nx,y\""; got != want {
		t.Errorf("command line %q, want %q", got, want)
	}
	if got, want := cell(t, table, 1, "InitiatingProcessCommandLine"), `say "hi"`; got != want {
		t.Errorf("command line %q, want %q", got, want)
	}
}

func TestAdditionalFieldsIsOpenedWhetherStringOrObject(t *testing.T) {
	const want = `{"query":"evil.example","n":9007199254740993}`
	for name, line := range map[string]string{
		"an object":     `{"TimeGenerated":"2026-11-20T10:00:00Z","AdditionalFields":` + want + `}`,
		"a JSON string": `{"TimeGenerated":"2026-11-20T10:00:00Z","AdditionalFields":"{\"query\":\"evil.example\",\"n\":9007199254740993}"}`,
	} {
		t.Run(name, func(t *testing.T) {
			table := mustTable(t, loadFiles(t, map[string]string{"DeviceNetworkEvents.ndjson": line}), "DeviceNetworkEvents")
			if got := cell(t, table, 0, "AdditionalFields"); got != want {
				t.Errorf("AdditionalFields %s, want %s", got, want)
			}
		})
	}
	t.Run("a string that is no JSON", func(t *testing.T) {
		table := mustTable(t, loadFiles(t, map[string]string{"DeviceNetworkEvents.ndjson": `{"TimeGenerated":"2026-11-20T10:00:00Z","AdditionalFields":"{plain"}`}), "DeviceNetworkEvents")
		i := slices.IndexFunc(table.Columns(), func(c kql.Column) bool { return c.Name == "AdditionalFields" })
		if got := table.Value(0, i).AsDynamic(); got != "{plain" {
			t.Errorf("AdditionalFields %v, want the text as it is", got)
		}
	})
}

func TestUnknownColumnsGetTheTypeOfTheirValues(t *testing.T) {
	var text strings.Builder
	// more than a block, so that the last line is met by another worker
	for text.Len() < 2*blockSize {
		text.WriteString(`{"TimeGenerated":"2026-11-20T10:00:00Z","Whole":1,"Mixed":1,"Flag":true,"Word":"x","Tree":{"a":1},"Turns":7,"Null":null}` + "\n")
	}
	text.WriteString(`{"TimeGenerated":"2026-11-20T10:00:00Z","Mixed":1.5,"Turns":"seven","Late":"here"}` + "\n")
	table := mustTable(t, loadFiles(t, map[string]string{"Custom_CL.ndjson": text.String()}), "Custom_CL")
	last := table.Len() - 1
	for column, want := range map[string]struct {
		kind        kql.Type
		first, last string
	}{
		"Whole": {kql.Long, "1", ""}, "Mixed": {kql.Real, "1", "1.5"}, "Flag": {kql.Bool, "true", ""}, "Word": {kql.String, "x", ""},
		"Tree": {kql.Dynamic, `{"a":1}`, ""}, "Turns": {kql.String, "7", "seven"}, "Late": {kql.String, "", "here"},
	} {
		i := slices.IndexFunc(table.Columns(), func(c kql.Column) bool { return c.Name == column })
		if i < 0 || table.Columns()[i].Type != want.kind {
			t.Errorf("column %s: place %d in %v, want type %v", column, i, table.Columns(), want.kind)
			continue
		}
		if got := strings.TrimSuffix(cell(t, table, 0, column), ".0"); got != want.first {
			t.Errorf("first %s = %q, want %q", column, got, want.first)
		}
		if got := cell(t, table, last, column); got != want.last {
			t.Errorf("last %s = %q, want %q", column, got, want.last)
		}
	}
}

func TestTheIngestionTimeOfAnExportIsATime(t *testing.T) {
	files := map[string]string{
		"A_CL.ndjson": `{"TimeGenerated":"2026-03-02T09:00:00Z","_IngestionTime":"2026-03-02T09:05:00Z"}` + "\n" +
			`{"TimeGenerated":"2026-03-02T09:00:00Z","_IngestionTime":7}`,
		"DeviceInfo.csv": "TimeGenerated,_IngestionTime\n2026-03-02T09:00:00Z,2026-03-02T09:05:00Z\n",
	}
	events := loadFiles(t, files)
	for _, name := range []string{"A_CL", "DeviceInfo"} {
		table := mustTable(t, events, name)
		k := slices.IndexFunc(table.Columns(), func(c kql.Column) bool { return c.Name == "_IngestionTime" })
		if k < 0 || table.Columns()[k].Type != kql.Datetime || table.Value(0, k).IsNull() {
			t.Errorf("%s: column %d of %v isn't a time", name, k, table.Columns())
		}
	}
	if bad := events.BadLines(); len(bad) != 1 || bad[0].Line != 2 {
		t.Errorf("the number is reported: got %v", bad)
	}
}

func TestProgressGrowsToTheWholeDirectory(t *testing.T) {
	dir := writeFiles(t, map[string]string{"DeviceInfo.ndjson": strings.Repeat(oneEvent, 30_000), "DeviceEvents.ndjson": oneEvent})
	var seen []Progress
	_, err := Load(context.Background(), dir, LoadOptions{Progress: func(p Progress) { seen = append(seen, p) }})
	if err != nil {
		t.Fatal(err)
	}
	last := seen[len(seen)-1]
	if len(seen) < 3 || last.Rows != 30_001 || last.Bytes != last.Total {
		t.Errorf("%d reports, last %+v: want several, 30001 rows and all bytes", len(seen), last)
	}
}

func TestRowsStayInTheOrderOfTheFile(t *testing.T) {
	var text strings.Builder
	for i := 0; text.Len() < 2*blockSize; i++ {
		fmt.Fprintf(&text, `{"TimeGenerated":"2026-11-20T10:00:00Z","ReportId":%d}`+"\n", i)
	}
	table := mustTable(t, loadFiles(t, map[string]string{"DeviceInfo.ndjson": text.String()}), "DeviceInfo")
	for _, row := range []int{0, 1, table.Len() / 2, table.Len() - 1} {
		if got := cell(t, table, row, "ReportId"); got != fmt.Sprint(row) {
			t.Errorf("row %d holds event %s", row, got)
		}
	}
}

func TestManyBadLinesAreCountedNotKept(t *testing.T) {
	events := loadFiles(t, map[string]string{"DeviceInfo.ndjson": strings.Repeat("x\n", maxBadLines+500)})
	count := events.BadLineCount()
	if len(events.BadLines()) != maxBadLines+1 || count != maxBadLines+500 {
		t.Errorf("%d entries for %d lines, want %d for %d", len(events.BadLines()), count, maxBadLines+1, maxBadLines+500)
	}
}

func TestRunawayQuotesCostLinearTime(t *testing.T) {
	line := `2026-11-20T10:00:00Z,a","b` + "\n"
	start := time.Now()
	events := loadFiles(t, map[string]string{"DeviceInfo.csv": "TimeGenerated,DeviceName\n" + strings.Repeat(line, 60_000)})
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	if count := events.BadLineCount(); count != 60_000 {
		t.Errorf("%d bad lines, want 60000", count)
	}
}
