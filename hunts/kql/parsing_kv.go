package kql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseKV reads key and value pairs out of a text. Of a key that stands in it
// several times the first counts (Kusto reference, "parse-kv operator").
func (x *execution) parseKV(op *parseKVOp, r *relation, s *scope) (*relation, error) {
	of, err := x.compile(op.of, r, s)
	if err != nil {
		return nil, err
	}
	pairs, err := x.pairReader(op)
	if err != nil {
		return nil, err
	}
	columns := make([]parsedColumn, len(op.columns))
	wanted := map[string]int{}
	for i, c := range op.columns {
		columns[i] = parsedColumn{Column: c}
		wanted[c.Name] = i
	}
	return x.extracted(r, of, columns, extraction{cut: func(text string) []Value {
		out := make([]Value, len(columns))
		found := make([]bool, len(columns))
		for i, c := range columns {
			out[i] = Null(c.Type)
		}
		pairs(text, wanted, func(key, value string) {
			if i, ok := wanted[strings.TrimSpace(key)]; ok && !found[i] {
				found[i] = true
				out[i] = convert(StringValue(strings.TrimSpace(value)), columns[i].Type)
			}
		})
		return out
	}})
}

// pairs hands over each pair of a text.
type pairs func(text string, wanted map[string]int, found func(key, value string))

func (x *execution) pairReader(op *parseKVOp) (pairs, error) {
	switch {
	case op.regex != "":
		re, err := regexp.Compile(op.regex)
		if err != nil || re.NumSubexp() != 2 {
			return nil, x.error(op.at(), SemanticError, "the regex of parse-kv is one with two groups, for the key and the value")
		}
		return func(text string, _ map[string]int, found func(key, value string)) {
			for _, m := range re.FindAllStringSubmatch(text, -1) {
				found(m[1], m[2])
			}
		}, nil
	case op.pair != "" && op.kv != "":
		return op.delimited, nil
	case op.pair != "" || op.kv != "":
		return nil, x.error(op.at(), SemanticError, "parse-kv takes pair_delimiter and kv_delimiter together")
	}
	return op.undelimited, nil
}

// delimited reads key, delimiter, value, delimiter and so on.
func (op *parseKVOp) delimited(text string, _ map[string]int, found func(key, value string)) {
	for text != "" {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		key, rest, quoted := op.quotedText(text)
		if !quoted {
			kv, pair := strings.Index(text, op.kv), strings.Index(text, op.pair)
			switch {
			case kv < 0:
				return
			case pair >= 0 && pair < kv && !op.greedy: // a word that is no pair
				text = text[pair+len(op.pair):]
				continue
			case pair >= 0 && pair < kv:
				cut := strings.LastIndex(text[:kv], op.pair) + len(op.pair)
				text, kv = text[cut:], kv-cut
			}
			key, rest = text[:kv], text[kv:]
		}
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if !strings.HasPrefix(rest, op.kv) {
			_, text, _ = strings.Cut(rest, op.pair)
			continue
		}
		rest = rest[len(op.kv):]
		if op.pair != " " {
			rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		}
		value, after, quoted := op.quotedText(rest)
		if quoted {
			found(key, value)
			_, text, _ = strings.Cut(after, op.pair)
			continue
		}
		end := op.valueEnd(rest)
		found(key, rest[:end])
		text = strings.TrimPrefix(rest[end:], op.pair)
	}
}

// valueEnd is where a value without quotes ends: at the next pair, or greedily
// at the last delimiter before the next key.
func (op *parseKVOp) valueEnd(text string) int {
	end := strings.Index(text, op.pair)
	if op.greedy && end >= 0 {
		end = -1
		if next := strings.Index(text, op.kv); next >= 0 {
			end = strings.LastIndex(text[:next], op.pair)
		}
	}
	if end < 0 {
		return len(text)
	}
	return end
}

// undelimited takes whatever is no letter and no digit for a delimiter; the
// word behind a key that is asked for is its value.
func (op *parseKVOp) undelimited(text string, wanted map[string]int, found func(key, value string)) {
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
func (op *parseKVOp) quotedText(text string) (word, rest string, quoted bool) {
	first, size := utf8.DecodeRuneInString(text)
	for _, q := range op.quotes {
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

func (op *parseKVOp) escapes(r rune) bool {
	for _, e := range op.escape {
		if e == r {
			return true
		}
	}
	return false
}
