package exec

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// parseKV reads key and value pairs out of a text. Of a key that stands in it
// several times the first counts (Kusto reference, "parse-kv operator").
func (x *execution) parseKV(op *syntax.ParseKV, r *relation, s *scope) (*relation, error) {
	of, err := x.compile(op.Of, r, s)
	if err != nil {
		return nil, err
	}
	pairs, err := x.pairReader(op)
	if err != nil {
		return nil, err
	}
	columns := make([]parsedColumn, len(op.Columns))
	wanted := map[string]int{}
	for i, c := range op.Columns {
		columns[i] = parsedColumn{Column: c}
		wanted[c.Name] = i
	}
	return x.extracted(r, of, columns, extraction{cut: func(text string) []value.Value {
		out := make([]value.Value, len(columns))
		found := make([]bool, len(columns))
		for i, c := range columns {
			out[i] = value.Null(c.Type)
		}
		pairs(text, wanted, func(key, val string) {
			if i, ok := wanted[strings.TrimSpace(key)]; ok && !found[i] {
				found[i] = true
				out[i] = value.Convert(value.StringValue(strings.TrimSpace(val)), columns[i].Type)
			}
		})
		return out
	}})
}

// kvReader reads pairs as an operator says.
type kvReader struct{ *syntax.ParseKV }

// pairs hands over each pair of a text.
type pairs func(text string, wanted map[string]int, found func(key, val string))

func (x *execution) pairReader(op *syntax.ParseKV) (pairs, error) {
	switch {
	case op.Regex != "":
		re, err := builtin.CompileRegex(op.Regex)
		if err != nil || re.NumSubexp() != 2 {
			return nil, x.error(op.At(), syntax.SemanticError, "the regex of parse-kv is one with two groups, for the key and the value")
		}
		return func(text string, _ map[string]int, found func(key, val string)) {
			for _, m := range re.FindAllStringSubmatch(text, -1) {
				found(m[1], m[2])
			}
		}, nil
	case op.Pair != "" && op.Kv != "":
		return kvReader{op}.delimited, nil
	case op.Pair != "" || op.Kv != "":
		return nil, x.error(op.At(), syntax.SemanticError, "parse-kv takes pair_delimiter and kv_delimiter together")
	}
	return kvReader{op}.undelimited, nil
}

// delimited reads key, delimiter, value, delimiter and so on.
func (op kvReader) delimited(text string, _ map[string]int, found func(key, val string)) {
	for text != "" {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		key, rest, quoted := op.quotedText(text)
		if !quoted {
			kv, pair := strings.Index(text, op.Kv), strings.Index(text, op.Pair)
			switch {
			case kv < 0:
				return
			case pair >= 0 && pair < kv && !op.Greedy: // a word that is no pair
				text = text[pair+len(op.Pair):]
				continue
			case pair >= 0 && pair < kv:
				cut := strings.LastIndex(text[:kv], op.Pair) + len(op.Pair)
				text, kv = text[cut:], kv-cut
			}
			key, rest = text[:kv], text[kv:]
		}
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if !strings.HasPrefix(rest, op.Kv) {
			_, text, _ = strings.Cut(rest, op.Pair)
			continue
		}
		rest = rest[len(op.Kv):]
		if op.Pair != " " {
			rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		}
		val, after, quoted := op.quotedText(rest)
		if quoted {
			found(key, val)
			_, text, _ = strings.Cut(after, op.Pair)
			continue
		}
		end := op.valueEnd(rest)
		found(key, rest[:end])
		text = strings.TrimPrefix(rest[end:], op.Pair)
	}
}

// valueEnd is where a value without quotes ends: at the next pair, or greedily
// at the last delimiter before the next key.
func (op kvReader) valueEnd(text string) int {
	end := strings.Index(text, op.Pair)
	if op.Greedy && end >= 0 {
		end = -1
		if next := strings.Index(text, op.Kv); next >= 0 {
			end = strings.LastIndex(text[:next], op.Pair)
		}
	}
	if end < 0 {
		return len(text)
	}
	return end
}

// undelimited takes whatever is no letter and no digit for a delimiter; the
// word behind a key that is asked for is its value.
func (op kvReader) undelimited(text string, wanted map[string]int, found func(key, val string)) {
	key, asked := "", false
	for text != "" {
		word, rest, quoted := op.quotedText(text)
		if !quoted {
			n := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
			if n == 0 {
				_, size := utf8.DecodeRuneInString(text)
				text = text[size:]
				continue
			}
			if n < 0 {
				n = len(text)
			}
			word, rest = text[:n], text[n:]
		}
		text = rest
		if asked {
			found(key, word)
			asked = false
			continue
		}
		_, asked = wanted[word]
		key = word
	}
}

// quotedText takes a quoted word off the text, if it begins with a quote.
func (op kvReader) quotedText(text string) (word, rest string, quoted bool) {
	first, size := utf8.DecodeRuneInString(text)
	for _, q := range op.Quotes {
		if first != q[0] || size == 0 {
			continue
		}
		var b strings.Builder
		escaped := false
		for i, r := range text[size:] {
			switch {
			case escaped:
				escaped = false
				b.WriteRune(r)
			case op.escapes(r):
				escaped = true
			case r == q[1]:
				return b.String(), text[size+i+utf8.RuneLen(r):], true
			default:
				b.WriteRune(r)
			}
		}
	}
	return "", text, false
}

func (op kvReader) escapes(r rune) bool {
	for _, e := range op.Escape {
		if e == r {
			return true
		}
	}
	return false
}
