package export

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// field is one cell of a record, where it lies in the text.
type field struct {
	key  *key
	raw  []byte
	kind cellKind
}

// key is a name that records carry, as it is written.
type key struct {
	name   string
	quoted string // as it stands in JSON, with its colon
	need   bool   // its cells are read
	opens  bool   // an object under it holds the event
	isTime bool   // it may be the event's time
	route  *route // what its cells say about the table; nil for nearly all
	next   *key   // what followed it last time: exports write their columns in one order
	inside *key   // what came first in its object last time
	slots  []slot // by table

	// What the key and its cell were in the record before, as they stand in the
	// text of the same block: most cells are what they were, and then nothing of
	// them has to be scanned again.
	before []byte
	cell   field
	block  int // of before
	misses int // in a row; a key whose cells keep changing is not compared for a while
}

// keys are the names seen by one worker.
type keys struct {
	byName map[string]*key
	first  *key // begins most records
	make   func(name string) *key
}

// named finds a name, in the spelling of the file.
func (k *keys) named(name []byte) *key {
	if have, ok := k.byName[string(name)]; ok {
		return have
	}
	made := k.make(string(name))
	k.byName[made.name] = made
	return made
}

// jsonScanner takes JSON objects apart without decoding what nobody reads.
type jsonScanner struct {
	keys   *keys
	fields []field
	depth  int
	block  int // goes up with each text that is given
}

var (
	errCutOff = errors.New("the JSON object is cut off")
	errAfter  = errors.New("text after the JSON object: one event a line is read")
)

// maxEnvelopes bounds how deep an event may lie in its envelopes.
const maxEnvelopes = 4

// object reads one event; the fields are valid as long as the text.
func (s *jsonScanner) object(text []byte) error {
	s.fields, s.depth = s.fields[:0], 0
	if text[0] == '[' {
		return errors.New("a list and not a JSON object: write one event a line, as jq -c '.[]' does")
	}
	if text[0] != '{' {
		return fmt.Errorf("not a JSON object: %s", quoteShort(string(text)))
	}
	end, err := s.members(text, 1, &s.keys.first)
	if err != nil {
		return err
	}
	if skipSpace(text, end) < len(text) {
		return errAfter
	}
	return nil
}

// members reads from behind an opening brace to behind its closing one. guess is
// where the first key is remembered.
func (s *jsonScanner) members(text []byte, i int, guess **key) (int, error) {
	if i = skipSpace(text, i); i < len(text) && text[i] == '}' {
		return i + 1, nil
	}
	for {
		if k := *guess; k != nil && k.block == s.block {
			if end := i + len(k.before); end < len(text) && k.worthComparing() && string(text[i:end]) == string(k.before) && (text[end] == ',' || text[end] == '}') {
				k.misses = 0
				if k.cell.key != nil {
					s.fields = append(s.fields, k.cell)
				}
				if text[end] == '}' {
					return end + 1, nil
				}
				i, guess = skipSpace(text, end+1), &k.next
				continue
			}
			k.misses++
		}
		from, had := i, len(s.fields)
		k, after, err := s.name(text, i, guess)
		if err != nil {
			return 0, err
		}
		guess = &k.next
		if i, err = s.value(text, skipSpace(text, after), k); err != nil {
			return 0, err
		}
		k.remember(s, text[from:i], had)
		if i < len(text) && text[i] != ',' && text[i] != '}' {
			i = skipSpace(text, i)
		}
		switch {
		case i >= len(text):
			return 0, errCutOff
		case text[i] == ',':
			if i++; i < len(text) && text[i] <= ' ' {
				i = skipSpace(text, i)
			}
		case text[i] == '}':
			return i + 1, nil
		default:
			return 0, notJSON(i, "',' or '}' expected after a value")
		}
	}
}

// maxCompared bounds what is compared with the record before.
const maxCompared = 200

// worthComparing gives up for a while on a key whose cells keep changing.
func (k *key) worthComparing() bool { return k.misses&31 < 4 }

// remember keeps a key with its cell for the next record, unless the cell holds
// an event itself.
func (k *key) remember(s *jsonScanner, text []byte, had int) {
	if k.opens || len(text) > maxCompared {
		k.block = 0
		return
	}
	k.before, k.block = text, s.block
	if len(s.fields) > had {
		k.cell = s.fields[had]
	} else {
		k.cell.key = nil
	}
}

// name reads a key with its colon.
func (s *jsonScanner) name(text []byte, i int, guess **key) (*key, int, error) {
	if g := *guess; g != nil && len(text)-i >= len(g.quoted) && string(text[i:i+len(g.quoted)]) == g.quoted {
		return g, i + len(g.quoted), nil
	}
	if i >= len(text) {
		return nil, 0, errCutOff
	}
	if text[i] != '"' {
		return nil, 0, notJSON(i, "a name in quotes expected")
	}
	end := stringEnd(text, i+1)
	if end < 0 {
		return nil, 0, errCutOff
	}
	name := text[i+1 : end]
	if bytes.IndexByte(name, '\\') >= 0 {
		name = unquoted(text[i : end+1])
	}
	k := s.keys.named(name)
	*guess = k
	i = skipSpace(text, end+1)
	if i >= len(text) {
		return nil, 0, errCutOff
	}
	if text[i] != ':' {
		return nil, 0, notJSON(i, "':' expected after a name")
	}
	return k, i + 1, nil
}

// value reads one value and keeps it when its key is needed.
func (s *jsonScanner) value(text []byte, i int, k *key) (int, error) {
	if i >= len(text) {
		return 0, errCutOff
	}
	switch text[i] {
	case '"':
		end := stringEnd(text, i+1)
		switch {
		case end < 0:
			return 0, errCutOff
		case k.opens && s.depth < maxEnvelopes && text[i+1] == '{':
			return end + 1, s.nestedText(text[i:end+1], k)
		case k.need && end > i+1:
			s.fields = append(s.fields, field{k, text[i+1 : end], cellEscaped})
		}
		return end + 1, nil
	case '{', '[':
		if text[i] == '{' && k.opens && s.depth < maxEnvelopes {
			s.depth++
			end, err := s.members(text, i+1, &k.inside)
			s.depth--
			return end, err
		}
		end, err := treeEnd(text, i)
		if err != nil {
			return 0, err
		}
		if k.need {
			s.fields = append(s.fields, field{k, text[i:end], cellBare})
		}
		return end, nil
	}
	end := i
	for end < len(text) && text[end] > ' ' && text[end] != ',' && text[end] != '}' && text[end] != ']' {
		end++
	}
	raw := text[i:end]
	switch {
	case string(raw) == "null":
	case !isScalar(raw):
		if end == len(text) {
			return 0, errCutOff
		}
		return 0, notJSON(i, "a value expected, not "+quoteShort(string(raw)))
	case k.need:
		s.fields = append(s.fields, field{k, raw, cellBare})
	}
	return end, nil
}

// nestedText opens an envelope whose event was encoded once more, as a string.
// What is no object after all is a plain cell.
func (s *jsonScanner) nestedText(quoted []byte, k *key) error {
	inner := unquoted(quoted)
	before := len(s.fields)
	s.depth++
	defer func() { s.depth-- }()
	end, err := s.members(inner, 1, &k.inside)
	if err == nil && skipSpace(inner, end) == len(inner) {
		return nil
	}
	s.fields = s.fields[:before]
	if k.need {
		s.fields = append(s.fields, field{k, quoted[1 : len(quoted)-1], cellEscaped})
	}
	return nil
}

// stringEnd finds the closing quote of a JSON string whose text begins at i; -1
// when there is none.
func stringEnd(text []byte, i int) int {
	from := i
	for {
		q := bytes.IndexByte(text[i:], '"')
		if q < 0 {
			return -1
		}
		i += q
		slashes := 0
		for i-slashes > from && text[i-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		i++
	}
}

// treeEnd finds the end of an object or array.
func treeEnd(text []byte, i int) (int, error) {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		case '"':
			end := stringEnd(text, i+1)
			if end < 0 {
				return 0, errCutOff
			}
			i = end
		}
	}
	return 0, errCutOff
}

// isScalar tells a number, true or false from a stray word.
func isScalar(raw []byte) bool {
	switch {
	case len(raw) == 0:
		return false
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		for _, c := range raw[1:] {
			if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
				return false
			}
		}
		return true
	}
	return string(raw) == "true" || string(raw) == "false"
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

func notJSON(at int, what string) error {
	return fmt.Errorf("not JSON at byte %d: %s", at+1, what)
}

// unquoted decodes a JSON string; invalid UTF-8 is replaced, and an escape that
// there is not stays as it is written.
func unquoted(quoted []byte) []byte {
	out, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil && len(out) == 0 {
		return []byte(strings.ToValidUTF8(string(quoted[1:len(quoted)-1]), "\ufffd"))
	}
	return out
}
