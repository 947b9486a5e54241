package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// containers are the shapes in which portals and APIs hand tables out, and the
// names of their files behind that of the table.
var containers = []struct{ name, file string }{
	{"ndjson", "%s.ndjson"}, {"ndjson.gz", "%s.ndjson.gz"}, {"csv", "%s.csv"}, {"csv.gz", "%s.csv.gz"}, {"tsv", "%s.tsv"}, {"semicolons", "%s.csv"}, {"utf-16", "%s.csv"}, {"zip", "%s.zip"},
	{"portal", "query_data.csv"}, {"list", "%s.json"}, {"graph", "%s.json"}, {"tables", "%s.json"}, {"records", "%s.json"}, {"streaming", "%s.ndjson"}, {"one file", "%s.ndjson"},
}

// separated writes rows with a header.
func separated(comma rune, columns []string, rows [][]any) []byte {
	var b bytes.Buffer
	cw := csv.NewWriter(&b)
	cw.Comma = comma
	_ = cw.Write(columns)
	for _, r := range rows {
		out := make([]string, len(columns))
		for i := range columns {
			out[i] = cellText(r[i])
		}
		_ = cw.Write(out)
	}
	cw.Flush()
	return b.Bytes()
}

// wide is a text in UTF-16, as spreadsheets save it.
func wide(text []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

func zipped(name string, data []byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	_, _ = must(z.Create(name)).Write(data)
	_ = z.Close()
	return b.Bytes()
}

func render(container, table string, columns []string, rows [][]any, nest string) []byte {
	var b bytes.Buffer
	switch strings.TrimSuffix(container, ".gz") {
	case "csv":
		b.Write(separated(',', columns, rows))
	case "tsv":
		b.Write(separated('\t', columns, rows))
	case "semicolons":
		b.Write(separated(';', columns, rows))
	case "utf-16":
		b.Write(wide(separated(',', columns, rows)))
	case "zip":
		b.Write(zipped(table+".csv", separated(',', columns, rows)))
	case "portal":
		columns, typed := append(slices.Clone(columns), "Type"), make([][]any, len(rows))
		for i, r := range rows {
			typed[i] = append(slices.Clone(r), table)
		}
		if columns[0] == "TimeGenerated" {
			columns[0] = "TimeGenerated [UTC]"
		}
		b.Write(separated(',', columns, typed))
	case "records":
		b.Write(must(json.Marshal(map[string]any{"records": objects(columns, rows, "")})))
	case "list":
		b.Write(must(json.Marshal(objects(columns, rows, ""))))
	case "graph":
		var schema []map[string]string
		for _, c := range columns {
			schema = append(schema, map[string]string{"name": graphName(c), "type": "String"})
		}
		list := objects(columns, rows, "")
		for _, o := range list {
			o["Timestamp"] = o["TimeGenerated"]
			delete(o, "TimeGenerated")
		}
		b.Write(must(json.Marshal(map[string]any{"schema": schema, "results": list})))
	case "tables":
		var cols []map[string]string
		for _, c := range columns {
			cols = append(cols, map[string]string{"name": c, "type": "string"})
		}
		var all [][]any
		for _, r := range rows {
			all = append(all, plainRowOf(r))
		}
		b.Write(must(json.Marshal(map[string]any{"tables": []any{map[string]any{"name": "PrimaryResult", "columns": cols, "rows": all}}})))
	case "streaming":
		for _, o := range objects(columns, rows, "") {
			at := o["TimeGenerated"]
			o["Timestamp"] = at
			delete(o, "TimeGenerated")
			b.Write(must(json.Marshal(map[string]any{"time": at, "tenantId": "11111111-2222-3333-4444-555555555555", "operationName": "Publish", "category": "AdvancedHunting-" + table, "properties": o})))
			b.WriteByte('\n')
		}
	default:
		for _, o := range objects(columns, rows, nest) {
			b.Write(must(json.Marshal(o)))
			b.WriteByte('\n')
		}
	}
	if !strings.HasSuffix(container, ".gz") {
		return b.Bytes()
	}
	var z bytes.Buffer
	zw := gzip.NewWriter(&z)
	_, _ = zw.Write(b.Bytes())
	_ = zw.Close()
	return z.Bytes()
}

func graphName(c string) string {
	if c == "TimeGenerated" {
		return "Timestamp"
	}
	return c
}

func objects(columns []string, rows [][]any, nest string) []map[string]any {
	out := make([]map[string]any, 0, len(rows))
	for _, r := range rows {
		o := map[string]any{}
		for i, v := range plainRowOf(r) {
			if v != nil {
				o[columns[i]] = v
			}
		}
		if nest != "" {
			o = map[string]any{"_id": fmt.Sprint(len(out)), nest: o}
		}
		out = append(out, o)
	}
	return out
}

func plainRowOf(r []any) []any {
	out := make([]any, len(r))
	for i, v := range r {
		if at, ok := v.(time.Time); ok {
			v = at.Format(time.RFC3339Nano)
		}
		out[i] = v
	}
	return out
}

func cellText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case time.Time:
		return x.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}
