package defender

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// wireAnswer is the body of an answer: rows are objects, in no order of columns.
type wireAnswer struct {
	Schema  *[]struct{ Name, Type string }
	Results []map[string]any
}

// resultOf puts the rows into the order of the schema. A body without a schema is
// an error: it must not pass for an empty answer.
func resultOf(body []byte) (hunts.Result, error) {
	var wire wireAnswer
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&wire); err != nil {
		return hunts.Result{}, fmt.Errorf("reading the answer of Defender XDR: %w", err)
	}
	if wire.Schema == nil || len(*wire.Schema) == 0 {
		return hunts.Result{}, &hunts.Error{Kind: hunts.KindUnavailable, Say: "Defender XDR answered without the schema of its rows"}
	}
	out := hunts.Result{Rows: make([][]any, 0, len(wire.Results))}
	for _, c := range *wire.Schema {
		name := c.Name
		if name == "Timestamp" {
			name = "TimeGenerated" // as everywhere else in this program
		}
		out.Columns = append(out.Columns, hunts.Column{Name: name, Type: strings.ToLower(c.Type)})
	}
	for _, r := range wire.Results {
		row := make([]any, len(*wire.Schema))
		for i, c := range *wire.Schema {
			row[i] = cell(r[c.Name], c.Type)
		}
		out.Rows = append(out.Rows, row)
	}
	out.Stats.ResponseSize = int64(len(body))
	if len(out.Rows) >= MaxRows {
		out.Partial = fmt.Sprintf("Defender XDR gives out %d rows at most, and more may have matched", MaxRows)
	}
	return out, nil
}

// cell turns a JSON value into what a workspace would give: OData writes 64-bit
// numbers as texts where a client asks for it, and truth as 0 or 1.
func cell(v any, kind string) any {
	switch kind {
	case "Int64", "Int32", "Int16", "Double", "Single", "Decimal":
		if text, ok := v.(string); ok {
			if text == "" {
				return nil
			}
			return json.Number(text)
		}
	case "SByte", "Boolean":
		if n, ok := v.(json.Number); ok {
			return n.String() != "0"
		}
	}
	switch v.(type) {
	case map[string]any, []any: // a dynamic value that is not in a text
		data, err := json.Marshal(v)
		if err != nil {
			return nil // what was decoded encodes again
		}
		return string(data)
	}
	return v
}
