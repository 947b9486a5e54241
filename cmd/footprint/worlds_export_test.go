package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// exportFault is what is wrong with the files of a scope.
type exportFault struct {
	container string // of containers; empty draws one
	badLines  int
	second    string            // facts stand in a second file of this name
	lacks     string            // a column that the second file does not have
	again     bool              // the second file repeats what the first one has
	beside    map[string]string // files that hold what nobody can read
	torn      bool              // the first file ends in the middle
	rename    map[string]string // columns that are spelled otherwise
	nest      string            // events lie below this key
	pad       int               // rows in all: the limit of a portal
}

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
		spoilt("doubled rows", always(harmless), func(w *world, e *exportFault) { e.second, e.again = "DeviceNetworkEvents_2.ndjson", true }),
		spoilt("a workbook beside", always(spoiled), func(w *world, e *exportFault) {
			e.beside = map[string]string{"DeviceNetworkEvents_2.xlsx": "PK\x03\x04 a workbook"}
		}),
		spoilt("a damaged archive beside", always(spoiled), func(w *world, e *exportFault) {
			e.beside = map[string]string{"DeviceNetworkEvents_2.ndjson.gz": "\x1f\x8b\x08\x00 damaged"}
		}),
		spoilt("a torn file", always(spoiled), func(w *world, e *exportFault) {
			e.torn, e.container = true, []string{"ndjson.gz", "csv.gz", "list", "graph", "tables", "zip"}[w.random.IntN(6)]
		}),
	}
	for _, name := range []string{"DeviceNetworkEvents_2.ndjson", "more/DeviceNetworkEvents.ndjson", "DeviceNetworkEvents.jsonl", "DeviceNetworkEvents (1).ndjson", "DeviceNetworkEvents_2.CSV"} {
		list = append(list, spoilt("a second file: "+name, always(either), func(w *world, e *exportFault) { e.second = name }))
	}
	for column, needs := range map[string]func(ask) bool{"RemoteIP": ask.hasAddress, "RemoteUrl": ask.hasRemote} {
		list = append(list, spoilt("a second file without "+column, when(needs), func(w *world, e *exportFault) {
			e.second, e.lacks = "more/DeviceNetworkEvents.csv", column
		}))
	}
	slices.SortFunc(list, func(a, b fault) int { return strings.Compare(a.kind, b.kind) })
	cut := spoilt("rows cut at a limit", always(spoiled), func(w *world, e *exportFault) {
		e.pad, e.container = 10_000, []string{"csv", "list"}[w.random.IntN(2)]
	})
	cut.rare = true
	return append(list, cut)
}

// export writes the scope's tables into a folder, as one of the portals would,
// and gives the path to hunt in.
func (w *world) export(s *scope, dir string) string {
	if s.files.container == "" {
		s.files.container = containers[w.random.IntN(len(containers))].name
	}
	container := s.files.container
	file := "%s.ndjson"
	for _, c := range containers {
		if c.name == container {
			file = c.file
		}
	}
	for name, g := range s.grids {
		columns, rows := s.files.spelled(g.columns), g.rows
		if name == "DeviceNetworkEvents" && s.files.second != "" {
			rows = w.second(s, g, filepath.Join(dir, s.files.second))
		}
		data := render(container, name, columns, padded(rows, s.files.pad), s.files.nest)
		if name == "DeviceNetworkEvents" {
			for range s.files.badLines {
				data = append(data, []byte(`{"TimeGenerated":"2026-05-01T10:00:00Z","DeviceName":"ws-9","Remo`+"\n")...)
			}
			if s.files.torn {
				data = data[:len(data)*3/4]
			}
		}
		if strings.Contains(file, "%s") {
			file = fmt.Sprintf(file, name)
		}
		writeFile(filepath.Join(dir, file), data)
	}
	for name, text := range s.files.beside {
		writeFile(filepath.Join(dir, name), []byte(text))
	}
	if container == "one file" && s.files.second == "" && len(s.files.beside) == 0 {
		return filepath.Join(dir, file)
	}
	return dir
}

// second writes the facts, or what the first file has as well, into a file of
// their own, and gives the rows of the first one.
func (w *world) second(s *scope, g *grid, path string) [][]any {
	var first, apart [][]any
	for _, r := range g.rows {
		f := s.factAt(r)
		if f != nil || s.files.again && w.random.IntN(3) == 0 {
			apart = append(apart, r)
		}
		if f == nil || s.files.again {
			first = append(first, r)
		}
	}
	if len(apart) == 0 && len(first) > 0 {
		first, apart = first[1:], first[:1]
	}
	columns := s.files.spelled(g.columns)
	if i := g.at(s.files.lacks); i >= 0 {
		columns = slices.Delete(columns, i, i+1)
		for n, r := range apart {
			if f := s.factAt(r); f != nil {
				f.lose(s.files.lacks)
			}
			apart[n] = slices.Delete(slices.Clone(r), i, i+1)
		}
	}
	container := "ndjson"
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		container = "csv"
	}
	writeFile(path, render(container, "DeviceNetworkEvents", columns, apart, s.files.nest))
	return first
}

// spelled are columns as the file names them.
func (e exportFault) spelled(columns []string) []string {
	columns = slices.Clone(columns)
	for i, c := range columns {
		if to, ok := e.rename[c]; ok {
			columns[i] = to
		}
	}
	return columns
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
