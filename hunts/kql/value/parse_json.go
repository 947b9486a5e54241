package value

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// MaxDynamicDepth bounds the nesting of a dynamic; encoding/json stops at
// 10,000, which is more stack than a row is worth.
const MaxDynamicDepth = 200

// ParseJSON reads JSON text, keeping the order of keys and telling 1 from
// 1.0. Of a repeated key the last value stays.
func ParseJSON(s string) (any, bool) {
	s = strings.TrimSpace(s)
	if s == "" || !json.Valid([]byte(s)) {
		return nil, false
	}
	r := jsonReader{text: s}
	d := r.value(0)
	return d, !r.deep
}

// jsonReader builds the tree of text that is known to be valid JSON.
type jsonReader struct {
	text string
	pos  int
	deep bool
}

// next skips white space and gives the byte that follows, without taking it.
func (r *jsonReader) next() byte {
	for {
		switch c := r.text[r.pos]; c {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return c
		}
	}
}

func (r *jsonReader) value(depth int) any {
	if depth > MaxDynamicDepth {
		r.deep = true
	}
	if r.deep {
		return nil
	}
	switch r.next() {
	case '{':
		return r.bag(depth)
	case '[':
		return r.array(depth)
	case '"':
		return r.str()
	case 't':
		r.pos += len("true")
		return true
	case 'f':
		r.pos += len("false")
		return false
	case 'n':
		r.pos += len("null")
		return nil
	}
	return r.number()
}

func (r *jsonReader) bag(depth int) any {
	b := NewBag()
	r.pos++
	for r.next() != '}' {
		if r.text[r.pos] == ',' {
			r.pos++
			r.next()
		}
		key := r.str()
		r.next()
		r.pos++ // the colon
		b.Set(key, r.value(depth+1))
		if r.deep {
			return nil
		}
	}
	r.pos++
	return b
}

func (r *jsonReader) array(depth int) any {
	list := []any{}
	r.pos++
	for r.next() != ']' {
		if r.text[r.pos] == ',' {
			r.pos++
		}
		list = append(list, r.value(depth+1))
		if r.deep {
			return nil
		}
	}
	r.pos++
	return list
}

func (r *jsonReader) str() string {
	start := r.pos
	escaped := false
	r.pos++
	for r.text[r.pos] != '"' {
		if r.text[r.pos] == '\\' {
			escaped = true
			r.pos++
		}
		r.pos++
	}
	r.pos++
	if !escaped {
		return strings.ToValidUTF8(r.text[start+1:r.pos-1], "\ufffd")
	}
	var s string
	if json.Unmarshal([]byte(r.text[start:r.pos]), &s) != nil {
		return ""
	}
	return s
}

func (r *jsonReader) number() any {
	start := r.pos
	whole := true
	for r.pos < len(r.text) {
		c := r.text[r.pos]
		if c == '.' || c == 'e' || c == 'E' {
			whole = false
		} else if c != '-' && c != '+' && (c < '0' || c > '9') {
			break
		}
		r.pos++
	}
	text := r.text[start:r.pos]
	if whole {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil
	}
	return f
}
