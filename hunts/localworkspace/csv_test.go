package localworkspace

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
)

// FuzzCSVFields compares with encoding/csv on what both call one clean record.
func FuzzCSVFields(f *testing.F) {
	for _, s := range []string{"a,b,c", `"a","b ""x""",c`, "\"a\nb\",c", `a"b,c`, `"",,""`, "a,\"\r\n\"\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, rest := nextRecord([]byte(text)); len(rest) > 0 {
			return
		}
		got := csvFields([]byte(text), nil)
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.Read()
		if _, end := r.Read(); err != nil || !errors.Is(end, io.EOF) || strings.Contains(text, "\r") || strings.HasPrefix(text, "\n") || text == "" {
			return // refused by the stricter reader, or more than one record
		}
		if len(got) != len(want) {
			t.Fatalf("%q has %d fields, want %d", text, len(got), len(want))
		}
		for i := range want {
			if string(got[i]) != want[i] {
				t.Errorf("field %d of %q is %q, want %q", i, text, got[i], want[i])
			}
		}
	})
}

// FuzzLines: whatever the file holds, each line is either in a block or bad, and
// the blocks cut into records as the reader meant them.
func FuzzLines(f *testing.F) {
	f.Add("a,b\n1,2\n\"x\ny\",3\n", true)
	f.Add("{}\n\n{}", false)
	f.Add("a,b\n\"1,2\n3,4\n", true)
	f.Fuzz(func(t *testing.T, text string, isCSV bool) {
		var bad, kept int
		r := newLineReader(strings.NewReader(text), func(int, string) { bad++ })
		if isCSV {
			r.fields = 2
		}
		for {
			data, line, err := r.record()
			if len(data) > 0 {
				kept += bytes.Count(data, []byte("\n"))
				if !bytes.HasSuffix(data, []byte("\n")) {
					kept++
				}
				if line < 1 {
					t.Fatalf("record %q at line %d", data, line)
				}
				if isCSV {
					if first, rest := nextRecord(bytes.Clone(data)); len(rest) > 0 {
						t.Fatalf("record %q cuts into %q and %q", data, first, rest)
					}
				}
			}
			if err != nil {
				break
			}
		}
		lines := strings.Count(text, "\n")
		if text != "" && !strings.HasSuffix(text, "\n") {
			lines++
		}
		if bad+kept != lines {
			t.Errorf("%d lines bad and %d kept of %d", bad, kept, lines)
		}
	})
}

func FuzzNDJSON(f *testing.F) {
	for _, s := range []string{oneEvent, `{"TimeGenerated":1}`, `{"a":[{}],"a":null}`, "{\"\xff\":\"\xff\"}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		j := newJSONRows(newLayout("DeviceNetworkEvents"))
		bad := 0
		j.parse(block{firstLine: 1, data: text}, func(int, string) { bad++ })
		if rows := j.rows.builder.Table().Len(); rows != j.rows.rows {
			t.Errorf("%d rows in the table, %d counted", rows, j.rows.rows)
		}
	})
}
