package export

import (
	"archive/zip"
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
	"unicode/utf16"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// open writes files, names with folders in them too, and opens their folder.
func open(t *testing.T, files map[string]string, opts Options) *Set {
	t.Helper()
	s, err := Open(context.Background(), written(t, files), opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// rows prints a table: one line a row, the columns as named.
func rows(t *testing.T, s *Set, network string, columns ...string) []string {
	t.Helper()
	all, ok := s.Table(network)
	if !ok {
		t.Fatalf("no table %s, there are %v; unread %v; notes %v", network, s.Tables(), s.Unread(), s.Notes())
	}
	var out []string
	for row := range all.Len() {
		var cells []string
		for _, name := range columns {
			k := slices.IndexFunc(all.Columns(), func(c kql.Column) bool { return c.Name == name })
			if k < 0 {
				t.Fatalf("no column %s", name)
			}
			cells = append(cells, strings.Replace(all.Value(row, k).Text(), ".0000000Z", "Z", 1))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out
}

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func archived(files map[string]string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		member, _ := w.Create(name)
		_, _ = member.Write([]byte(text))
	}
	_ = w.Close()
	return b.String()
}

func wide(text string, bom bool) string {
	var b strings.Builder
	if bom {
		b.WriteString("\xff\xfe")
	}
	for _, u := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

const (
	network   = "DeviceNetworkEvents"
	when      = "2026-11-03T11:00:00Z"
	jsonEvent = `{"TimeGenerated": "2026-11-03T11:00:00Z", "DeviceName": "ws-2", "ActionType": "ConnectionSuccess", "RemoteIP": "203.0.113.66", "RemotePort": 443}`
	envelope  = `{"time": "2026-11-03T12:00:00Z", "category": "AdvancedHunting-DeviceNetworkEvents", "properties": {"Timestamp": "2026-11-03T11:00:00Z", "DeviceName": "ws-2", "ActionType": "ConnectionSuccess", "RemoteIP": "203.0.113.66", "RemotePort": 443}}`
	csvHead   = "TimeGenerated,DeviceName,ActionType,RemoteIP,RemotePort\n"
	csvLine   = "2026-11-03T11:00:00Z,ws-2,ConnectionSuccess,203.0.113.66,443\n"
)

func TestTheSameEventIsReadInEveryContainer(t *testing.T) {
	columns := `[{"name": "TimeGenerated", "type": "datetime"}, {"name": "DeviceName", "type": "string"}, {"name": "ActionType", "type": "string"}, {"name": "RemoteIP", "type": "string"}, {"name": "RemotePort", "type": "int"}]`
	cells := `["2026-11-03T11:00:00Z", "ws-2", "ConnectionSuccess", "203.0.113.66", 443]`
	semicolons := strings.ReplaceAll(csvHead+csvLine, ",", ";")
	for name, files := range map[string]map[string]string{
		"NDJSON":                              {network + ".ndjson": jsonEvent},
		"JSON lines, named so":                {network + ".jsonl": jsonEvent},
		"NDJSON, named JSON":                  {network + ".json": jsonEvent},
		"a JSON list":                         {network + ".json": "[" + jsonEvent + "]"},
		"a JSON list that spans lines":        {network + ".json": "[\n  " + strings.ReplaceAll(jsonEvent, ", ", ",\n    ") + "\n]\n"},
		"an object that spans lines":          {network + ".json": strings.ReplaceAll(jsonEvent, ", ", ",\n    ")},
		"schema and results":                  {network + ".json": `{"schema": [{"name": "Timestamp", "type": "DateTime"}], "results": [` + jsonEvent + `]}`},
		"Schema and Results":                  {network + ".json": `{"Stats": {"x": 1}, "Schema": [{"Name": "Timestamp"}], "Results": [` + jsonEvent + `]}`},
		"results with the context of OData":   {network + ".json": `{"@odata.context": "https://x", "schema": [], "results": [` + jsonEvent + `]}`},
		"tables with columns and rows":        {network + ".json": `{"tables": [{"name": "PrimaryResult", "columns": ` + columns + `, "rows": [` + cells + `]}]}`},
		"Tables of the older API":             {network + ".json": `{"Tables": [{"TableName": "Table_0", "Columns": ` + strings.ReplaceAll(columns, `"name"`, `"ColumnName"`) + `, "Rows": [` + cells + `]}]}`},
		"records":                             {network + ".json": `{"records": [` + jsonEvent + `]}`},
		"lists of records":                    {"PT1H.json": `[{"records": [` + envelope + `]}]`},
		"the streaming envelope":              {network + ".ndjson": envelope},
		"the envelope in any file":            {"eventhub.json": envelope},
		"records of envelopes, line by line":  {"PT1H.json": `{"records": [` + envelope + `]}` + "\n" + `{"records": []}` + "\n"},
		"the folders of the streaming export": {"insights-logs-advancedhunting-devicenetworkevents/tenantId=1/y=2026/m=11/d=03/h=11/m=00/PT1H.json": envelope},
		"an event encoded twice":              {network + ".ndjson": `{"category": "AdvancedHunting-DeviceNetworkEvents", "properties": ` + fmt.Sprintf("%q", jsonEvent) + `}`},
		"a hit of a search engine":            {network + ".json": `{"took": 1, "hits": {"total": {"value": 1}, "hits": [{"_index": "x", "_source": ` + jsonEvent + `}]}}`},
		"CSV":                                 {network + ".csv": csvHead + csvLine},
		"CSV with CRLF and a mark":            {network + ".csv": "\ufeff" + strings.ReplaceAll(csvHead+csvLine, "\n", "\r\n")},
		"TSV":                                 {network + ".tsv": strings.ReplaceAll(csvHead+csvLine, ",", "\t")},
		"semicolons":                          {network + ".csv": semicolons},
		"semicolons, said so":                 {network + ".csv": "sep=;\r\n" + semicolons},
		"a line of PowerShell above":          {network + ".csv": "#TYPE System.Object\r\n" + csvHead + csvLine},
		"a guard against spreadsheets":        {network + ".csv": csvHead + strings.Replace(csvLine, "203.0.113.66", `"=""203.0.113.66"""`, 1)},
		"UTF-16":                              {network + ".csv": wide(csvHead+csvLine, true)},
		"UTF-16 without a mark":               {network + ".csv": wide(csvHead+csvLine, false)},
		"gzip":                                {network + ".csv.gz": packed(csvHead + csvLine)},
		"gzip twice":                          {network + ".csv.gz": packed(packed(csvHead + csvLine))},
		"zip":                                 {"export.zip": archived(map[string]string{"a/" + network + ".csv": csvHead + csvLine})},
		"zip named after the table":           {network + ".zip": archived(map[string]string{"query_data.csv": csvHead + csvLine})},
		"an ending in capitals":               {network + ".CSV": csvHead + csvLine},
		"a second download":                   {network + " (1).csv": csvHead + csvLine},
		"a number behind the name":            {network + "_2.csv": csvHead + csvLine},
		"a folder below":                      {"a/b/" + network + ".csv": csvHead + csvLine},
		"the portal's name and a type":        {"query_data.csv": strings.Replace(csvHead, "\n", ",Type\n", 1) + strings.Replace(csvLine, "\n", ",DeviceNetworkEvents\n", 1)},
		"the portal's name and an action":     {"New query.csv": csvHead + csvLine},
		"names in another case":               {network + ".ndjson": strings.ReplaceAll(jsonEvent, "RemoteIP", "remoteIp")},
		"names with spaces":                   {network + ".csv": "Event Time,Computer Name,Action Type,Remote IP,Remote Port\n" + csvLine},
		"marks that nobody sees":              {network + ".csv": strings.Replace(csvHead, "RemoteIP", "Remote\u200bIP ", 1) + csvLine},
		"a zone in the name":                  {network + ".csv": strings.Replace(csvHead, "TimeGenerated", "TimeGenerated [UTC]", 1) + csvLine},
		"a flattened envelope":                {network + ".ndjson": strings.NewReplacer(`"DeviceName`, `"properties.DeviceName`, `"Remote`, `"properties.Remote`, `"Action`, `"properties.Action`).Replace(jsonEvent)},
		"suffixes of types":                   {network + ".ndjson": strings.NewReplacer(`"RemoteIP`, `"RemoteIP_s`, `"RemotePort`, `"RemotePort_d`).Replace(jsonEvent)},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, files, Options{})
			got := rows(t, s, network, TimeColumn, "DeviceName", "ActionType", "RemoteIP", "RemotePort")
			if want := []string{when + "|ws-2|ConnectionSuccess|203.0.113.66|443"}; !slices.Equal(got, want) {
				t.Errorf("read %v, want %v", got, want)
			}
			if bad := s.BadLines(); len(bad) > 0 {
				t.Errorf("bad lines %v", bad)
			}
		})
	}
}

// unreadOf are the reasons about rows, and about one column.
func unreadOf(s *Set, column string) string {
	var out []string
	for _, u := range s.Unread() {
		if u.Column == column || u.Column == "" {
			out = append(out, u.Reason)
		}
	}
	return strings.Join(out, "\n")
}

func TestWhatAnExportDoesNotGiveIsNamed(t *testing.T) {
	good := map[string]string{network + ".csv": csvHead + csvLine}
	limit := "{\"TimeGenerated\":\"2026-11-03T11:00:00Z\",\"RemoteIP\":\"a\",\"RemoteUrl\":\"b\"}\n"
	for _, c := range []struct {
		name   string
		files  map[string]string
		column string
		want   string // empty: nothing is named
	}{
		{"a column that is not there", map[string]string{network + ".csv": csvHead + csvLine}, "RemoteUrl", network + ".csv has no column RemoteUrl"},
		{"one file of two lacks it", map[string]string{network + ".csv": csvHead + csvLine, network + "_2.csv": strings.Replace(csvHead, "DeviceName", "RemoteUrl", 1) + csvLine}, "RemoteUrl", network + ".csv has no column RemoteUrl"},
		{"no event of one NDJSON file has it", map[string]string{network + "_2.ndjson": limit, network + "_3.ndjson": strings.Replace(jsonEvent, "RemoteIP\"", "LocalIP\"", 1)}, "RemoteIP", network + "_3.ndjson has no column RemoteIP"},
		{"a workbook", map[string]string{"x.xlsx": archived(map[string]string{"[Content_Types].xml": ""})}, "", "x.xlsx is left out: a workbook of Excel: save it as CSV"},
		{"a packed file that is damaged", map[string]string{"more.ndjson.gz": packed("")[:10] + "no deflate"}, "", "more.ndjson.gz is left out: the file is damaged"},
		{"a Parquet file of no table", map[string]string{"x.parquet": "PAR1"}, "", "x.parquet is left out: a Parquet file"},
		{"events of no table", map[string]string{"mystery.json": `[{"TimeGenerated":"` + when + `","Foo":1}]`, "data.csv": "Timestamp,Foo\n" + when + ",1\n"}, "", "data.csv: nothing says which table 1 record of it belong to"},
		{"rows that were cut off", map[string]string{network + "_2.ndjson": strings.Repeat(limit, 30_000)}, "", "holds exactly 30,000 rows"},
		{"dates with two meanings", map[string]string{network + "_2.csv": csvHead + strings.Replace(csvLine, when, "03/11/2026 11:00", 1)}, TimeColumn, "a date like 03/11/2026 11:00 has two meanings"},
		{"a hidden file", map[string]string{"." + network + ".ndjson": jsonEvent}, "", "." + network + ".ndjson is left out: it is hidden"},
		{"a hidden folder", map[string]string{".old/" + network + ".ndjson": jsonEvent}, "", ".old/" + network + ".ndjson is left out: it is hidden"},
		{"a hidden file of an archive", map[string]string{"all.zip": archived(map[string]string{".old/" + network + ".csv": csvHead + csvLine})}, "", "it is hidden"},
		// must not
		{"what systems put beside files", map[string]string{"._" + network + ".csv": "\x00\x05\x16\x07", "__MACOSX/._x.csv": "\x00", ".git/objects/a.gz": "\x00", ".notes": "x"}, "", ""},
		{"one row less than a limit", map[string]string{network + "_2.ndjson": strings.Repeat(limit, 29_999)}, "RemoteIP", ""},
		{"a column in another case", map[string]string{network + "_2.csv": strings.Replace(csvHead, "RemoteIP", "remote ip", 1) + csvLine}, "RemoteIP", ""},
		{"a column that one line of NDJSON leaves out", map[string]string{network + "_2.ndjson": limit + jsonEvent}, "RemoteIP", ""},
		{"a text beside the export", map[string]string{"README.md": "# Events\n", "notes.txt": "call me\n", ".DS_Store": "\x00"}, "RemoteIP", ""},
		{"dates that one of them decides", map[string]string{network + "_2.csv": csvHead + strings.Replace(csvLine+csvLine, when, "16/11/2026 11:00", 1)}, TimeColumn, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{}
			for name, text := range good {
				files[name] = text
			}
			for name, text := range c.files {
				files[name] = text
			}
			got := unreadOf(open(t, files, Options{}), c.column)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("named %q, want %q", got, c.want)
			}
		})
	}
}

func TestAValueThatStandsTwiceInARecordIsNamed(t *testing.T) {
	twice := strings.Replace(csvHead, "RemoteIP", "RemoteIP,Remote IP", 1)
	second := func(value string) string { return strings.Replace(csvLine, "203.0.113.66", "203.0.113.66,"+value, 1) }
	for name, c := range map[string]struct {
		file, text, want string
	}{
		"two columns of CSV":        {network + ".csv", twice + second("198.51.100.1"), `RemoteIP stands there twice, as "203.0.113.66" and as "198.51.100.1"`},
		"the same in both":          {network + ".csv", twice + second("203.0.113.66"), ""},
		"one of them is empty":      {network + ".csv", twice + second(""), ""},
		"two keys of JSON":          {network + ".ndjson", `{"TimeGenerated":"` + when + `","RemoteIP":"203.0.113.66","RemoteIP":"198.51.100.1"}` + "\n", "RemoteIP stands there twice"},
		"two keys in another case":  {network + ".ndjson", `{"TimeGenerated":"` + when + `","remoteip":"203.0.113.66","RemoteIP":"198.51.100.1"}` + "\n", "RemoteIP stands there twice"},
		"two numbers":               {network + ".ndjson", `{"TimeGenerated":"` + when + `","RemotePort":80,"RemotePort":443}` + "\n", `RemotePort stands there twice, as "80" and as "443"`},
		"two columns that are none": {network + ".ndjson", `{"TimeGenerated":"` + when + `","RemoteIP":"203.0.113.66","RemoteIPType":"Public"}` + "\n", ""},
	} {
		s := open(t, map[string]string{c.file: c.text}, Options{})
		var got []string
		for _, b := range s.BadLines() {
			got = append(got, b.Reason)
		}
		if text := strings.Join(got, "; "); c.want == "" && text != "" || !strings.Contains(text, c.want) {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
		if len(rows(t, s, network, "RemoteIP")) != 1 {
			t.Errorf("%s: the event is lost", name)
		}
	}
}

func TestAFileWithoutEventsIsMentioned(t *testing.T) {
	s := open(t, map[string]string{network + ".ndjson": jsonEvent, network + "_2.ndjson": "", network + "_3.csv": csvHead, network + "_4.json": "[]"}, Options{})
	notes := strings.Join(s.Notes(), "\n")
	for _, want := range []string{network + "_2.ndjson is empty.", network + "_3.csv holds no events.", network + "_4.json holds no events."} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q lack %q", notes, want)
		}
	}
	if got := rows(t, s, network, "RemoteIP"); len(got) != 1 {
		t.Errorf("read %v", got)
	}
}

func TestTheSameEventInTwoFilesCountsOnce(t *testing.T) {
	event := func(device, report, second string) string {
		return `{"TimeGenerated":"2026-11-03T11:00:` + second + `Z","DeviceId":"` + device + `","ReportId":` + report + "}\n"
	}
	for _, c := range []struct {
		name, first, second string
		rows                int
	}{
		{"the same event", event("d1", "5", "00"), event("d1", "5", "00") + event("d1", "6", "01"), 2},
		// must not
		{"another device", event("d1", "5", "00"), event("d2", "5", "00"), 2},
		{"another report", event("d1", "5", "00"), event("d1", "6", "00"), 2},
		{"another time", event("d1", "5", "00"), event("d1", "5", "01"), 2},
		{"no report at all", event("d1", "null", "00"), event("d1", "null", "00"), 2},
		{"twice in one file, as the source has it", event("d1", "5", "00") + event("d1", "5", "00"), event("d1", "6", "00"), 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, map[string]string{network + ".ndjson": c.first, network + " (1).ndjson": c.second}, Options{})
			if got := s.Rows(network); got != c.rows {
				t.Errorf("%d rows, want %d", got, c.rows)
			}
		})
	}
}

func TestSeveralTablesInOneFile(t *testing.T) {
	s := open(t, map[string]string{
		"all.ndjson":        `{"TimeGenerated":"` + when + `","DeviceName":"a","Type":"DeviceInfo"}` + "\n" + strings.Replace(jsonEvent, "{", `{"Type":"DeviceNetworkEvents",`, 1),
		"ws-2 timeline.csv": "Event Time,Computer Name,Action Type,File Name,Remote IP\n" + when + ",ws-2,ConnectionSuccess,,203.0.113.9\n" + when + ",ws-2,ProcessCreated,cmd.exe,\n" + when + ",ws-2,PowerShellCommand,,\n",
	}, Options{})
	for name, want := range map[string][]string{
		"DeviceInfo": {"a"}, network: {"ws-2", "ws-2"}, "DeviceProcessEvents": {"ws-2"}, "DeviceEvents": {"ws-2"},
	} {
		if got := rows(t, s, name, "DeviceName"); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", name, got, want)
		}
	}
	if got := rows(t, s, "DeviceProcessEvents", "FileName"); got[0] != "cmd.exe" {
		t.Errorf("process %v", got)
	}
}

func TestATableWithoutASchemaIsTypedFromItsCells(t *testing.T) {
	s := open(t, map[string]string{
		"A_CL.ndjson": `{"TimeGenerated":"` + when + `","At":"2026-11-03T10:00:00Z","Tree":"{\"a\":1}","Id":"0123","Text":"7","N":7}`,
		"B_CL.csv":    "TimeGenerated,At,N,Real,Id,Yes,Words\n" + when + ",2026-11-03,7,1.5,007,true,a b\n",
	}, Options{})
	for name, want := range map[string]map[string]kql.Type{
		"A_CL": {"At": kql.Datetime, "Tree": kql.Dynamic, "Id": kql.String, "Text": kql.String, "N": kql.Long},
		"B_CL": {"At": kql.Datetime, "N": kql.Long, "Real": kql.Real, "Id": kql.String, "Yes": kql.Bool, "Words": kql.String},
	} {
		all, ok := s.Table(name)
		if !ok {
			t.Fatalf("no table %s", name)
		}
		for _, c := range all.Columns() {
			if typ, ok := want[c.Name]; ok && typ != c.Type {
				t.Errorf("%s.%s is a %v, want %v", name, c.Name, c.Type, typ)
			}
		}
	}
}

func TestColumnsThatNobodyMentionedAreReadWhenAQueryLooksAtThem(t *testing.T) {
	dir := written(t, map[string]string{network + ".ndjson": jsonEvent + "\n" + strings.ReplaceAll(jsonEvent, "443", `"https"`), "DeviceInfo.csv": "TimeGenerated,DeviceName\n" + when + ",ws-9\n"})
	s, err := Open(context.Background(), dir, Options{Names: []string{network, "DeviceName"}})
	if err != nil {
		t.Fatal(err)
	}
	if f := s.files[0]; f.in.name != "DeviceInfo.csv" || f.loaded {
		t.Errorf("%s was read, and nothing asked for it", f.in.name)
	}
	if len(s.BadLines()) != 0 {
		t.Errorf("bad lines %v of columns that were not read", s.BadLines())
	}
	if got := rows(t, s, network, "RemotePort", "RemoteIP"); !slices.Equal(got, []string{"443|203.0.113.66", "|203.0.113.66"}) {
		t.Errorf("read %v", got)
	}
	if len(s.BadLines()) != 1 {
		t.Errorf("bad lines %v, want that of the port", s.BadLines())
	}
	if got := rows(t, s, "DeviceInfo", "DeviceName"); !slices.Equal(got, []string{"ws-9"}) {
		t.Errorf("a table that is asked for late has %v", got)
	}
}

func TestAnExportIsHeldWithinItsMemory(t *testing.T) {
	line := `{"TimeGenerated":"2026-11-03T11:00:00Z","DeviceName":"ws-%d","RemoteIP":"a","RemoteUrl":"b"}` + "\n"
	var text strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&text, line, i%7)
	}
	s := open(t, map[string]string{network + ".ndjson.gz": packed(text.String())}, Options{MaxBytes: 1 << 19})
	if n := s.Rows(network); n == 0 || n >= 60_000 {
		t.Errorf("%d rows of 60000, want some", n)
	}
	if got := unreadOf(s, ""); !strings.Contains(got, "memory") || !strings.Contains(got, network+".ndjson.gz was read only to its event") {
		t.Errorf("named %q", got)
	}
}

func TestAMegabyteOfBadLinesIsCountedNotKept(t *testing.T) {
	s := open(t, map[string]string{network + ".ndjson": jsonEvent + "\n" + strings.Repeat("x\n", 500_000)}, Options{})
	bad := s.BadLines()
	var sum int64
	for _, b := range bad {
		sum += b.Count
	}
	if len(bad) != maxBadLines+1 || sum != 500_000 {
		t.Errorf("%d entries for %d lines", len(bad), sum)
	}
}

func TestNotesSayWhatTheExportDoesNot(t *testing.T) {
	s := open(t, map[string]string{
		network + ".csv": csvHead + strings.Replace(csvLine, when, "\"Nov 3, 2026 11:00:00\"", 1),
		"DeviceInfo.csv": "TimeGenerated,DeviceName\n" + when + ",m\xfcller\n",
	}, Options{})
	notes := strings.Join(s.Notes(), "\n")
	for _, want := range []string{"carry no zone", "DeviceInfo.csv is not UTF-8: it is read as Windows-1252"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q lack %q", notes, want)
		}
	}
	if got := rows(t, s, "DeviceInfo", "DeviceName"); got[0] != "müller" {
		t.Errorf("read %v", got)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("SKIPPED: no zones on this machine")
	}
	s = open(t, map[string]string{network + ".csv": csvHead + strings.Replace(csvLine, when, "\"Nov 3, 2026 12:00:00\"", 1)}, Options{Zone: berlin})
	if got := rows(t, s, network, TimeColumn); got[0] != when || len(s.Notes()) != 0 {
		t.Errorf("with a zone: %v, notes %v", got, s.Notes())
	}
}

func TestEveryLineOfALargeFileIsReadOnceAndInOrder(t *testing.T) {
	for _, form := range []string{"ndjson", "csv", "json"} {
		t.Run(form, func(t *testing.T) {
			var text strings.Builder
			n := 0
			if form == "csv" {
				text.WriteString("TimeGenerated,ReportId,DeviceName\n")
			} else if form == "json" {
				text.WriteString("[")
			}
			for ; text.Len() < 3*blockSize; n++ {
				switch {
				case form == "csv":
					fmt.Fprintf(&text, "%s,%d,\"a \"\"quoted\"\"\nname %d\"\n", when, n+1, n%3)
				case form == "json" && n > 0:
					text.WriteString(",\n")
					fallthrough
				default:
					fmt.Fprintf(&text, `{"TimeGenerated":"%s","ReportId":%d,"DeviceName":"a \"quoted\"\nname %d"}`, when, n+1, n%3)
					if form == "ndjson" {
						text.WriteString("\n")
					}
				}
			}
			if form == "json" {
				text.WriteString("]")
			}
			got := rows(t, open(t, map[string]string{network + "." + form: text.String()}, Options{Workers: 3}), network, "ReportId", "DeviceName")
			if len(got) != n {
				t.Fatalf("%d rows, want %d", len(got), n)
			}
			for i, row := range got {
				if want := fmt.Sprintf("%d|a \"quoted\"\nname %d", i+1, i%3); row != want {
					t.Fatalf("row %d is %q, want %q", i, row, want)
				}
			}
		})
	}
}
