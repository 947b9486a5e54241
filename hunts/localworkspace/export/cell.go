package export

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/charmap"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// cellString is a cell as text.
func cellString(raw string, kind cellKind) string {
	if kind == cellEscaped && strings.IndexByte(raw, '\\') >= 0 {
		return string(unquoted([]byte(`"` + raw + `"`)))
	}
	return raw
}

// asUTF8 reads a text that is not UTF-8 as Windows-1252, which old tools write.
func asUTF8(text string) (string, bool) {
	if utf8.ValidString(text) {
		return text, false
	}
	out, err := charmap.Windows1252.NewDecoder().String(text)
	if err != nil {
		return strings.ToValidUTF8(text, "\ufffd"), true
	}
	return out, true
}

// fits tells whether a cell can be a value of a documented type.
func fits(text string, kind cellKind, t kql.Type, zone *time.Location) bool {
	text = strings.TrimSpace(text)
	if text == "" || kind == cellBare && text == "null" {
		return true
	}
	switch t {
	case kql.Bool:
		_, ok := boolNamed(text)
		return ok
	case kql.Real, kql.Decimal:
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	case kql.Datetime:
		return readTime(text, zone).either()
	}
	return true
}

func boolNamed(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

func wholeNumber(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// isTree tells the text of a JSON object or array from other text. One in which
// a name comes twice stays text: as a tree it would lose the first value.
func isTree(text string) bool {
	return text != "" && (text[0] == '{' || text[0] == '[') && shallow(text)
}

// maxDepth bounds nesting of a dynamic value; deeper ones stay text. No sensor
// nests more than a few levels.
const maxDepth = 64

func shallow(text string) bool {
	dec := jsontext.NewDecoder(bytes.NewBufferString(text), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := dec.ReadToken(); err != nil {
			return dec.StackDepth() == 0 && strings.TrimSpace(text[dec.InputOffset():]) == ""
		}
		if dec.StackDepth() > maxDepth {
			return false
		}
	}
}

// quoteShort quotes at most 60 bytes of a damaged text, so that a report stays
// readable and can't be made to carry control characters.
func quoteShort(text string) string {
	if len(text) > 60 {
		return strconv.QuoteToASCII(text[:60]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
