package message

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

func inertCSV(t *testing.T, file []byte) [][]string {
	t.Helper()
	if !bytes.HasPrefix(file, []byte(byteOrderMark)) || bytes.Count(file, []byte("\n")) != bytes.Count(file, []byte("\r\n")) {
		t.Error("no byte order mark, or a line does not end in CR LF")
	}
	rows, err := csv.NewReader(bytes.NewReader(file[len(byteOrderMark):])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.ContainsAny(strings.TrimLeft(c, " ")+"x", "=+-@") && strings.ContainsAny((strings.TrimLeft(c, " ") + "x")[:1], "=+-@\t\r\n") {
				t.Errorf("the cell %q begins a formula", c)
			}
		}
	}
	return rows
}

func TestCSVHasEachRowAndEventAndStartsNoFormula(t *testing.T) {
	_, a := manyRows(5000, false)
	a.Rows[0].Process, a.Rows[1].Process, a.Rows[2].Process, a.Rows[3].Process = "=1+1", " @x", "－1", "\t=x"
	rows := inertCSV(t, CSV(a))
	if len(rows) != 1+5000+len(a.Events) {
		t.Errorf("%d lines", len(rows))
	}
	for i, want := range []string{"'=1+1", "' @x", "'－1", "' =x"} {
		if got := rows[i+1][6]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
