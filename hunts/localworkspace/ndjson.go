package localworkspace

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// jsonRows reads blocks of NDJSON. It belongs to one worker.
type jsonRows struct {
	rows    *rowReader
	seen    map[string]guess // what the layout does not hold
	dec     *jsontext.Decoder
	in      bytes.Buffer
	key     []byte
	scratch []byte
}

func newJSONRows(l *layout) *jsonRows {
	return &jsonRows{rows: newRowReader(l), seen: map[string]guess{}, dec: jsontext.NewDecoder(&bytes.Buffer{})}
}

func (j *jsonRows) reader() *rowReader { return j.rows }

func (j *jsonRows) unseen() map[string]guess { return j.seen }

func (j *jsonRows) parse(b block, bad func(line int, reason string)) {
	j.rows.start()
	line := b.firstLine
	for data := b.data; len(data) > 0; line++ {
		end := bytes.IndexByte(data, '\n') + 1
		if end == 0 {
			end = len(data)
		}
		text := bytes.TrimSpace(data[:end])
		data = data[end:]
		if len(text) == 0 {
			continue // a blank line holds no event
		}
		j.rows.begin()
		if err := j.object(text); err != nil {
			bad(line, err.Error())
			continue
		}
		if reason := j.rows.end(); reason != "" {
			bad(line, reason)
		}
	}
}

// object reads one event.
func (j *jsonRows) object(text []byte) error {
	if text[0] == '[' {
		return errors.New("a list and not a JSON object: write one event a line, as jq -c '.[]' does")
	}
	if text[0] != '{' {
		return fmt.Errorf("not a JSON object: %s", quoteShort(string(text)))
	}
	j.in = *bytes.NewBuffer(text)
	j.dec.Reset(&j.in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := j.dec.ReadToken(); err != nil {
		return jsonProblem(err)
	}
	for j.dec.PeekKind() == '"' {
		name, err := j.dec.ReadValue()
		if err != nil {
			return jsonProblem(err)
		}
		j.key = unquote(j.key[:0], name)
		value, err := j.dec.ReadValue()
		if err != nil {
			return jsonProblem(err)
		}
		j.cell(value)
	}
	if _, err := j.dec.ReadToken(); err != nil {
		return jsonProblem(err)
	}
	if _, err := j.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("text after the JSON object: one event a line is read")
	}
	return nil
}

func (j *jsonRows) cell(raw jsontext.Value) {
	if raw[0] == 'n' {
		return
	}
	col, ok := j.rows.layout.index[string(j.key)]
	if !ok {
		j.unknown(raw)
		return
	}
	if raw[0] == '"' {
		j.scratch = unquote(j.scratch[:0], raw)
		if col >= j.rows.layout.known && !j.fits(col, raw) {
			return
		}
		j.rows.text(col, j.scratch)
		return
	}
	if !j.fits(col, raw) {
		return
	}
	t := j.rows.layout.columns[col].Type
	if t == kql.Bool || t == kql.String || t == kql.Dynamic && (raw[0] == '{' || raw[0] == '[') || raw[0] == '-' || raw[0] <= '9' && raw[0] >= '0' && t != kql.Dynamic {
		j.rows.text(col, raw)
		return
	}
	if t == kql.Dynamic {
		if tree, err := jsonTree(raw); err == nil {
			j.rows.row[col] = kql.DynamicValue(tree)
		}
		return
	}
	j.rows.trouble(col, string(raw))
}

// fits tells whether an inferred column can hold the value; when it can't, the
// file is read again with a wider one.
func (j *jsonRows) fits(col int, raw jsontext.Value) bool {
	l := j.rows.layout
	t := l.columns[col].Type
	if col < l.known || t == kql.Datetime {
		return true
	}
	g := guessOf(raw)
	if (g | typeGuess(t)).columnType() == t {
		return true
	}
	j.seen[l.columns[col].Name] |= g
	return false
}

func (j *jsonRows) unknown(raw jsontext.Value) {
	if string(j.key) == exportTimeColumn {
		if raw[0] == '"' {
			j.scratch = unquote(j.scratch[:0], raw)
			j.rows.stampText(j.scratch)
		}
		return
	}
	if g, ok := j.seen[string(j.key)]; ok || len(j.rows.layout.columns)+len(j.seen) < maxColumns {
		if seen := g | guessOf(raw); seen != g || !ok {
			j.seen[string(j.key)] = seen
		}
		return
	}
	j.rows.troubles = append(j.rows.troubles, fmt.Sprintf("column %s is left out: a table has at most %d", quoteShort(string(j.key)), maxColumns))
}

func unquote(dst []byte, raw jsontext.Value) []byte {
	out, err := jsontext.AppendUnquote(dst, raw)
	if err != nil && out == nil {
		return dst
	}
	return out // invalid UTF-8 is replaced, which is all that can go wrong here
}

// jsonProblem keeps the decoder's reason and drops its talk of Go.
func jsonProblem(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("the JSON object is cut off")
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON at byte %d: %w", syntax.ByteOffset+1, syntax.Err)
	}
	return fmt.Errorf("not JSON: %w", err)
}
