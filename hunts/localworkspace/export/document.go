package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// documentSplitter takes the events out of JSON documents: lists, answers of
// APIs, envelopes with records in them, and objects that span lines.
type documentSplitter struct {
	seq    int
	size   int
	lines  *lineCounter
	dec    *jsontext.Decoder
	stack  []frame
	told   bool
	cut    string // what the answer itself says of events that it leaves out
	header *header
	keys   func(names []string) *header
}

// frame is one level of a document that holds events below it.
type frame struct {
	list bool
	rows bool // its items are arrays of cells
}

// holders are the names under which documents keep their events.
var holders = []string{"results", "result", "records", "tables", "value", "rows", "data", "hits", "events", "primaryresult"}

// columnLists are the names under which an answer lists its columns.
var columnLists = []string{"columns", "schema"}

func newDocumentSplitter(in io.Reader, size int, keys func([]string) *header) *documentSplitter {
	lines := &lineCounter{in: in}
	return &documentSplitter{size: size, lines: lines, keys: keys, dec: jsontext.NewDecoder(lines, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
}

func (s *documentSplitter) next(b *block) error {
	*b = block{data: b.data[:0], ends: b.ends[:0], lines: b.lines[:0], seq: s.seq}
	for len(b.data) < s.size {
		err := s.step(b)
		if err == nil {
			continue
		}
		if len(b.ends) > 0 {
			break
		}
		whole := errors.Is(err, io.EOF) && len(s.stack) == 0
		if whole && s.cut == "" || s.told {
			return io.EOF
		}
		s.told = true
		if b.damage = s.cut; !whole {
			b.damage = documentProblem(err)
		}
		b.lines = append(b.lines, s.lines.at(s.dec.InputOffset()))
		break
	}
	s.seq++
	return nil
}

// step reads the next event, or goes one level up or down.
func (s *documentSplitter) step(b *block) error {
	if s.told {
		return io.EOF
	}
	kind := s.dec.PeekKind()
	if len(s.stack) == 0 {
		switch kind {
		case '[':
			return s.enter(frame{list: true})
		case '{':
			return s.object(b)
		}
		_, err := s.dec.ReadValue()
		if err == nil {
			err = errors.New("a value that is neither an object nor a list")
		}
		return err
	}
	top := s.stack[len(s.stack)-1]
	if kind == 0 {
		_, err := s.dec.ReadToken()
		return err
	}
	if kind == ']' || kind == '}' {
		s.stack = s.stack[:len(s.stack)-1]
		_, err := s.dec.ReadToken()
		return err
	}
	if !top.list {
		return s.member()
	}
	if kind == '{' {
		return s.object(b)
	}
	value, err := s.dec.ReadValue()
	if err != nil {
		return err
	}
	if kind == '[' && top.rows && s.header != nil {
		s.put(b, value, s.header)
		return nil
	}
	s.put(b, value, nil) // reported as no event by who reads it
	return nil
}

func (s *documentSplitter) enter(f frame) error {
	s.stack = append(s.stack, f)
	_, err := s.dec.ReadToken()
	return err
}

// maxNesting bounds the levels that hold events.
const maxNesting = 16

// object reads an event, or goes into an object that holds events. Which one it
// is shows in its first kilobytes: answers of APIs begin with what they are.
func (s *documentSplitter) object(b *block) error {
	if len(s.stack) < maxNesting && s.holds() {
		return s.enter(frame{})
	}
	value, err := s.dec.ReadValue()
	if err != nil {
		return err
	}
	s.put(b, value, nil)
	return nil
}

// holds looks ahead in what the decoder has read: does a member of the object
// that begins here hold events? The decoder shows what it has buffered only.
func (s *documentSplitter) holds() bool {
	among := slices.Concat(holders, columnLists)
	if len(s.stack) > 0 { // a list of answers, not of events with such a column
		among = []string{"records", "rows", "columns"}
	}
	return holdsEvents(s.lines.ahead(s.dec.InputOffset()), among)
}

// holdsEvents tells an object whose events lie in a list below it from an event,
// by the beginning of its text and the names that such lists have.
func holdsEvents(text []byte, among []string) bool {
	i := skipSpace(text, 0)
	for i < len(text) && (text[i] == ',' || text[i] == ':') {
		i = skipSpace(text, i+1)
	}
	if i >= len(text) || text[i] != '{' {
		return false
	}
	i = skipSpace(text, i+1)
	for i < len(text) && text[i] == '"' {
		end := stringEnd(text, i+1)
		if end < 0 {
			return false
		}
		name := strings.ToLower(string(text[i+1 : end]))
		if i = skipSpace(text, end+1); i >= len(text) || text[i] != ':' {
			return false
		}
		if i = skipSpace(text, i+1); i >= len(text) {
			return false
		}
		if slices.Contains(among, name) && text[i] == '[' {
			next := skipSpace(text, i+1)
			if next >= len(text) || text[next] == '{' || text[next] == '[' || text[next] == ']' {
				return true
			}
		}
		if name == "hits" && text[i] == '{' {
			return true
		}
		var err error
		if i, err = valueEnd(text, i); err != nil {
			return false
		}
		if i = skipSpace(text, i); i >= len(text) || text[i] != ',' {
			return false
		}
		i = skipSpace(text, i+1)
	}
	return false
}

// valueEnd is behind the JSON value that begins at i.
func valueEnd(text []byte, i int) (int, error) {
	switch text[i] {
	case '"':
		if end := stringEnd(text, i+1); end >= 0 {
			return end + 1, nil
		}
		return 0, errCutOff
	case '{', '[':
		return treeEnd(text, i)
	}
	for i < len(text) && text[i] != ',' && text[i] != '}' && text[i] != ']' {
		i++
	}
	return i, nil
}

// member reads a name of an object that holds events, and goes into its value
// where the events are.
func (s *documentSplitter) member() error {
	token, err := s.dec.ReadToken()
	if err != nil {
		return err
	}
	name := strings.ToLower(token.String())
	kind := s.dec.PeekKind()
	switch {
	case kind == '[' && slices.Contains(columnLists, name):
		return s.readColumns()
	case kind == '[' && slices.Contains(holders, name):
		return s.enter(frame{list: true, rows: name == "rows"})
	case kind == '{' && slices.Contains(holders, name):
		return s.enter(frame{})
	case strings.HasSuffix(name, "nextlink") && kind == '"':
		s.cut = "the answer goes on behind its nextLink: the events of its next pages are missing"
	case name == "error" && kind == '{':
		s.cut = "the answer says that it ended with an error: events are missing"
	}
	return s.dec.SkipValue()
}

// readColumns reads the columns of an answer whose rows are arrays.
func (s *documentSplitter) readColumns() error {
	value, err := s.dec.ReadValue()
	if err != nil {
		return err
	}
	var names []string
	dec := jsontext.NewDecoder(strings.NewReader(string(value)), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	depth, isName := 0, false
	for {
		token, err := dec.ReadToken()
		if err != nil {
			break
		}
		switch token.Kind() {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '"':
			text := token.String()
			if _, n := dec.StackIndex(dec.StackDepth()); depth == 2 && n%2 == 1 {
				lower := strings.ToLower(text)
				isName = lower == "name" || lower == "columnname"
			} else if depth == 2 && isName || depth == 1 {
				names = append(names, text)
			}
		}
	}
	s.header = s.keys(names)
	return nil
}

func (s *documentSplitter) put(b *block, value []byte, h *header) {
	b.data = append(b.data, value...)
	b.ends = append(b.ends, len(b.data))
	b.lines = append(b.lines, s.lines.at(s.dec.InputOffset()-int64(len(value))))
	if h != nil || b.columns != nil {
		for len(b.columns) < len(b.ends)-1 {
			b.columns = append(b.columns, nil)
		}
		b.columns = append(b.columns, h)
	}
}

func documentProblem(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "the JSON is cut off here: the events after it are missing"
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("not JSON here (%v): the events after it are missing", syntax.Err)
	}
	return fmt.Sprintf("the file is damaged here (%v): the events after it are missing", err)
}

// lineCounter passes a text on, knows the line of a place in it, and can look at
// what comes after.
type lineCounter struct {
	in    io.Reader
	kept  []byte // of the text, from begins on
	begin int64
	asked int // of kept: where the last question lay
	given int // of kept: passed on so far
	line  int // of asked
	err   error
}

// keptAhead is how far an object is looked into.
const keptAhead = 64 << 10

func (l *lineCounter) Read(p []byte) (int, error) {
	if l.given == len(l.kept) {
		if l.err != nil {
			return 0, l.err
		}
		l.fetch(len(p))
	}
	n := copy(p, l.kept[l.given:])
	l.given += n
	if n == 0 {
		return 0, l.err
	}
	return n, nil
}

// fetch reads one more piece of the text.
func (l *lineCounter) fetch(size int) {
	if l.asked > 1<<20 {
		n := copy(l.kept, l.kept[l.asked:])
		l.kept, l.begin, l.given, l.asked = l.kept[:n], l.begin+int64(l.asked), l.given-l.asked, 0
	}
	l.kept = slices.Grow(l.kept, size)
	n, err := l.in.Read(l.kept[len(l.kept) : len(l.kept)+size])
	l.kept, l.err = l.kept[:len(l.kept)+n], err
}

// at is the line of an offset, which must not be before that of an earlier call.
func (l *lineCounter) at(offset int64) int {
	to := min(max(l.asked, int(offset-l.begin)), len(l.kept))
	l.line += bytes.Count(l.kept[l.asked:to], []byte{'\n'})
	l.asked = to
	return l.line + 1
}

// ahead is the text behind an offset.
func (l *lineCounter) ahead(offset int64) []byte {
	_ = l.at(offset)
	for len(l.kept)-l.asked < keptAhead && l.err == nil {
		l.fetch(keptAhead)
	}
	return l.kept[l.asked:min(len(l.kept), l.asked+keptAhead)]
}
