package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

func TestDeepNestingStaysText(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	if v := Cell(deep, kql.Dynamic); v.AsDynamic() != deep {
		t.Error("deep nesting did not stay text")
	}
}

func TestTextThatIsNoTreeStaysTextInADynamic(t *testing.T) {
	for _, text := range []string{"abc", "[1,2", "{plain}", `"quoted"`, "12"} {
		if v := Cell(text, kql.Dynamic); v.AsDynamic() != text {
			t.Errorf("%q became %v", text, v.AsDynamic())
		}
	}
}

func TestCellsOfTextFitTheirColumn(t *testing.T) {
	for _, c := range []struct {
		text string
		kind kql.Type
		want string
		fits bool
	}{
		{" 443 ", kql.Int, "443", true},
		{"443.0", kql.Int, "443", true},
		{"443.5", kql.Int, "", false},
		{"4294967296", kql.Int, "", false},
		{"9007199254740993", kql.Long, "9007199254740993", true},
		{"-5", kql.Long, "-5", true},
		{"1e3", kql.Long, "1000", true},
		{"x", kql.Long, "", false},
		{"True", kql.Bool, "true", true},
		{"0", kql.Bool, "false", true},
		{"yes", kql.Bool, "", false},
		{"x", kql.Datetime, "", false},
		{" kept ", kql.String, " kept ", true},
		{"1.5", kql.Real, "1.5", true},
	} {
		col := newTarget(0, "T").column("C")
		col.typ, col.documented, col.numeric = c.kind, true, c.kind == kql.Int || c.kind == kql.Long
		trouble := col.set(0, []byte(c.text), cellText, time.UTC)
		got := ""
		if col.numeric && col.cells.numbers[0] != noNumber {
			got = fmt.Sprint(col.cells.numbers[0])
		} else if !col.numeric && trouble == "" {
			got = Cell(c.text, c.kind).Text()
		}
		if got != c.want || (trouble == "") != c.fits {
			t.Errorf("%q as %v gave %q, trouble %q, want %q", c.text, c.kind, got, trouble, c.want)
		}
	}
}

func newTestKeys() *keys {
	return &keys{byName: map[string]*key{}, make: func(name string) *key {
		return &key{name: name, quoted: `"` + name + `":`, need: true}
	}}
}

// FuzzNDJSON compares with encoding/json on what both call an object, twice, so
// that what the scanner remembers of a record is read as well.
func FuzzNDJSON(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":"x"}`, `{"a":[{}],"a":null}`, `{"a" : "q\"\\", "b" : {"c":"}"} }`, "{\"\xff\":\"\xff\"}", `{}`, `{"a":"b"}{`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			return
		}
		s := jsonScanner{keys: newTestKeys(), block: 1}
		first := s.object(text)
		cells := map[string]string{}
		var before, after []string
		for _, f := range s.fields {
			cells[f.key.name] = cellString(string(f.raw), f.kind)
			before = append(before, f.key.name, cells[f.key.name])
		}
		again := s.object(text)
		for _, f := range s.fields {
			after = append(after, f.key.name, cellString(string(f.raw), f.kind))
		}
		if (again == nil) != (first == nil) || first == nil && !slices.Equal(before, after) {
			t.Fatalf("%q gave %v %q, then %v %q", text, first, before, again, after)
		}
		var want map[string]any
		if json.Unmarshal(text, &want) != nil || bytes.Contains(text, []byte{0xff}) {
			return
		}
		if first != nil {
			t.Fatalf("%q: %v", text, first)
		}
		for name, v := range want {
			if v, isText := v.(string); isText && v != cells[name] && strings.ToValidUTF8(string(text), "") == string(text) && strings.Count(string(text), `"`+name+`"`) == 1 {
				t.Errorf("%q: %s is %q, want %q", text, name, cells[name], v)
			}
		}
	})
}

// FuzzCSVFields compares with encoding/csv on what both call one clean record.
func FuzzCSVFields(f *testing.F) {
	for _, s := range []string{"a,b,c", `"a","b ""x""",c`, "\"a\nb\",c", `a"b,c`, `"",,""`, "a,\"\r\n\"\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if record, _ := firstRecord([]byte(text)); len(record) != len(text) {
			return
		}
		got := csvFields([]byte(text), ',', nil)
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

// FuzzSplit: whatever a file holds, each of its lines is in one block, as part of
// a record or as damage.
func FuzzSplit(f *testing.F) {
	f.Add("a,b\n1,2\n\"x\ny\",3\n", true, 5)
	f.Add("{}\n\n{}", false, 2)
	f.Add("a,b\n\"1,2\n3,4\n", true, 1)
	f.Fuzz(func(t *testing.T, text string, isCSV bool, size int) {
		in := stream{in: strings.NewReader(text), size: 1 + size&63}
		var s splitter = &lineSplitter{stream: in}
		if isCSV {
			s = &csvSplitter{stream: in, delim: ',', fields: 2}
		}
		var b block
		var kept strings.Builder
		for n := 0; s.next(&b) == nil; n++ {
			kept.Write(b.data)
			if b.ends != nil && len(b.data) > 0 && b.ends[len(b.ends)-1] != len(b.data) {
				t.Fatalf("%q: the last record ends at %d of %d", text, b.ends[len(b.ends)-1], len(b.data))
			}
			if b.seq != n || n > len(text)+1 {
				t.Fatalf("%q: block %d is number %d", text, b.seq, n)
			}
		}
		if kept.String() != text {
			t.Errorf("%q became %q", text, kept.String())
		}
	})
}

// FuzzDocument: no text breaks the reader of documents, and it ends.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{`[{"a":1}]`, `{"tables":[{"columns":[{"name":"a"}],"rows":[[1]]}]}`, `{"records":[{}`, `[[[`, `{"schema":[{"Name":"x"}],"results":[{"x":1}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := newDocumentSplitter(strings.NewReader(text), 64, func(names []string) *header { return &header{names: names} })
		var b block
		for n := 0; s.next(&b) == nil; n++ {
			if len(b.lines) < len(b.ends) || n > len(text)+2 {
				t.Fatalf("%q: %d records at %d lines in block %d", text, len(b.ends), len(b.lines), n)
			}
		}
	})
}

// FuzzHeader: no first line breaks the reader of headers.
func FuzzHeader(f *testing.F) {
	f.Add("sep=;\nTimeGenerated [UTC];A\n")
	f.Add("#TYPE x\n\"a\",b")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := plainText(strings.NewReader(text))
		if err != nil {
			return
		}
		if delim, h, _, err := readHeader(in, true); err == nil && (delim == 0 || len(h.names) == 0) {
			t.Errorf("%q gave %q and %v", text, delim, h.names)
		}
	})
}
