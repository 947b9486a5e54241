package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// exportFault is what is wrong with the files of a scope.
type exportFault struct {
	container string // of containers; empty draws one
	badLines  int
	second    string            // facts stand in a second file of this name
	rename    map[string]string // columns that are spelled otherwise
	nest      string            // events lie below this key
	pad       int               // rows in all: the limit of a portal
}

// containers are the shapes in which portals and APIs hand tables out.
var containers = []string{"ndjson", "ndjson.gz", "csv", "csv.gz", "list", "graph", "tables", "streaming"}

func exportFaults() []fault {
	spoilt := func(kind string, spoils func(ask) effect, set func(w *world, e *exportFault)) fault {
		return fault{kind: kind, exports: true, strike: func(w *world, s *scope) {
			set(w, &s.files)
			s.trouble("", spoils)
		}}
	}
	list := []fault{
		spoilt("bad lines", always(spoiled), func(w *world, e *exportFault) { e.badLines, e.container = 1+w.random.IntN(3), "ndjson" }),
		spoilt("a column in another case", always(either), func(w *world, e *exportFault) {
			e.rename = map[string]string{"RemoteIP": "RemoteIp", "RemoteUrl": "remoteurl", "AdditionalFields": "additionalFields"}
		}),
		spoilt("a blank in a column's name", always(either), func(w *world, e *exportFault) {
			e.rename = map[string]string{"RemoteIP": "Remote IP", "RemoteUrl": "\u200bRemoteUrl"}
		}),
		spoilt("events below properties", always(either), func(w *world, e *exportFault) { e.nest, e.container = "properties", "ndjson" }),
		spoilt("events below _source", always(either), func(w *world, e *exportFault) { e.nest, e.container = "_source", "ndjson" }),
	}
	for _, name := range []string{"DeviceNetworkEvents_2.ndjson", "more/DeviceNetworkEvents.ndjson", "DeviceNetworkEvents.jsonl", "DeviceNetworkEvents (1).ndjson"} {
		list = append(list, spoilt("a second file: "+name, always(either), func(w *world, e *exportFault) { e.second = name }))
	}
	cut := spoilt("rows cut at a limit", always(spoiled), func(w *world, e *exportFault) { e.pad, e.container = 10_000, "csv" })
	cut.rare = true
	return append(list, cut)
}

// export writes the scope's tables into a folder, as one of the portals would.
func (w *world) export(s *scope, dir string) {
	for name, g := range s.grids {
		columns, rows := w.exported(s, g)
		if s.files.container == "" {
			s.files.container = containers[w.random.IntN(len(containers))]
		}
		container := s.files.container
		if name == "DeviceNetworkEvents" && s.files.second != "" {
			planted := func(r []any) bool {
				return slices.ContainsFunc(s.facts, func(f *fact) bool { return f.row == &r[0] })
			}
			var apart [][]any
			for _, r := range rows {
				if planted(r) {
					apart = append(apart, r)
				}
			}
			rows = slices.DeleteFunc(slices.Clone(rows), planted)
			if len(apart) == 0 && len(rows) > 0 {
				rows, apart = rows[1:], rows[:1]
			}
			writeFile(filepath.Join(dir, s.files.second), render("ndjson", name, columns, apart, s.files.nest))
		}
		data := render(container, name, columns, padded(rows, s.files.pad), s.files.nest)
		if name == "DeviceNetworkEvents" {
			for range s.files.badLines {
				data = append(data, []byte(`{"TimeGenerated":"2026-05-01T10:00:00Z","DeviceName":"ws-9","Remo`+"\n")...)
			}
		}
		ext := map[string]string{"ndjson": ".ndjson", "ndjson.gz": ".ndjson.gz", "csv": ".csv", "csv.gz": ".csv.gz", "list": ".json", "graph": ".json", "tables": ".json", "streaming": ".ndjson"}[container]
		writeFile(filepath.Join(dir, name+ext), data)
	}
}

// exported are the rows with the columns as the file spells them.
func (w *world) exported(s *scope, g *grid) ([]string, [][]any) {
	columns := slices.Clone(g.columns)
	for i, c := range columns {
		if to, ok := s.files.rename[c]; ok {
			columns[i] = to
		}
	}
	return columns, g.rows
}

// padded repeats the rows of a file up to the limit of a portal.
func padded(rows [][]any, limit int) [][]any {
	for n := 0; len(rows) < limit; n++ {
		rows = append(rows, slices.Clone(rows[n]))
	}
	return rows
}

func writeFile(path string, data []byte) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		panic(err)
	}
}

func render(container, table string, columns []string, rows [][]any, nest string) []byte {
	var b bytes.Buffer
	switch strings.TrimSuffix(container, ".gz") {
	case "csv":
		cw := csv.NewWriter(&b)
		_ = cw.Write(columns)
		for _, r := range rows {
			out := make([]string, len(columns))
			for i := range columns {
				out[i] = cellText(r[i])
			}
			_ = cw.Write(out)
		}
		cw.Flush()
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
