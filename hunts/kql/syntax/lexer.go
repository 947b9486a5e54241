package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// ErrorKind says what is wrong with a query.
type ErrorKind string

// The kinds of error.
const (
	SyntaxError   ErrorKind = "syntax"
	SemanticError ErrorKind = "semantic"
	Unsupported   ErrorKind = "unsupported"
	LimitExceeded ErrorKind = "limit"
)

// Error is what is wrong with a query, and where. Pos is a byte offset within
// the text; Line and Col count from 1.
type Error struct {
	Kind    ErrorKind
	Code    string // the service's own code: SYN0002, SEM0100
	Message string
	Pos     int
	Line    int
	Col     int
	Token   string
}

// OnlyWorkspaceKnows tells what this evaluator alone can't do from what no
// service would: such a query may well run in a workspace.
func (e *Error) OnlyWorkspaceKnows() bool { return e.Kind == Unsupported }

// Error is the message with its place.
func (e *Error) Error() string { return fmt.Sprintf("%s at %d:%d", e.Message, e.Line, e.Col) }

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokName
	tokString
	tokNumber   // long or real
	tokTimespan // 1d, 5m
	tokTyped    // datetime(…), time(…), long(…) and so on: text is the inside
	tokPunct
)

type token struct {
	kind tokenKind
	text string // names and punctuation as written; strings decoded; typed: type name
	raw  string // typed literals: what stands between the parentheses
	pos  int
	end  int
}

type lexer struct {
	src string
	pos int
	out []token
}

// typedLiterals are the names that begin a literal when a parenthesis follows
// and its inside is no expression.
var typedLiterals = map[string]bool{
	"datetime": true, "date": true, "timespan": true, "time": true, "long": true, "int": true, "real": true, "double": true, "decimal": true, "bool": true, "boolean": true, "guid": true, "uuid": true,
}

func lex(src string) ([]token, error) {
	l := &lexer{src: src}
	for {
		if err := l.next(); err != nil {
			return nil, err
		}
		if l.out[len(l.out)-1].kind == tokEnd {
			return l.out, nil
		}
	}
}

// NewError is an error at a byte of a text.
func NewError(src string, pos int, kind ErrorKind, code, format string, args ...any) *Error {
	pos = max(0, min(pos, len(src)))
	line := 1 + strings.Count(src[:pos], "\n")
	col := pos - strings.LastIndexByte(src[:pos], '\n')
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...), Pos: pos, Line: line, Col: col}
}

func (l *lexer) fail(pos int, format string, args ...any) error {
	return NewError(l.src, pos, SyntaxError, "SYN0002", format, args...)
}

func (l *lexer) skip() {
	for l.pos < len(l.src) {
		if strings.HasPrefix(l.src[l.pos:], "//") {
			end := strings.IndexByte(l.src[l.pos:], '\n')
			if end < 0 {
				l.pos = len(l.src)
				return
			}
			l.pos += end
			continue
		}
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if !unicode.IsSpace(r) && r != 0xfeff && r != 0x200b {
			return
		}
		l.pos += n
	}
}

func (l *lexer) emit(kind tokenKind, text string, start int) {
	l.out = append(l.out, token{kind: kind, text: text, pos: start, end: l.pos})
}

func (l *lexer) next() error {
	l.skip()
	start := l.pos
	if start >= len(l.src) {
		l.emit(tokEnd, "", start)
		return nil
	}
	rest := l.src[start:]
	c := rest[0]
	switch {
	case c == '"' || c == '\'':
		return l.quoted(start, start)
	case (c == '@' || c == 'h' || c == 'H') && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\''):
		if c == '@' {
			return l.verbatim(start, start+1)
		}
		return l.quoted(start, start+1)
	case (c == 'h' || c == 'H') && len(rest) > 2 && rest[1] == '@' && (rest[2] == '"' || rest[2] == '\''):
		return l.verbatim(start, start+2)
	case strings.HasPrefix(rest, "```") || strings.HasPrefix(rest, "~~~"):
		end := strings.Index(rest[3:], rest[:3])
		if end < 0 {
			return l.fail(start, "a multi-line string does not end")
		}
		l.pos = start + 6 + end
		l.emit(tokString, rest[3:3+end], start)
		return nil
	case c >= '0' && c <= '9':
		return l.number(start)
	case c == '_' || c == '$' || c < 0x80 && unicode.IsLetter(rune(c)):
		l.name(start)
		return nil
	}
	for _, p := range []string{"==", "!=", "=~", "!~", "<=", ">=", "<>", "=>", ".."} {
		if strings.HasPrefix(rest, p) {
			l.pos += len(p)
			l.emit(tokPunct, p, start)
			return nil
		}
	}
	if strings.IndexByte("()[]{},;|.+-*/%<>=:!?", c) >= 0 {
		l.pos++
		l.emit(tokPunct, string(c), start)
		return nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return l.fail(start, "unexpected character %q", r)
}

func (l *lexer) name(start int) {
	for l.pos < len(l.src) && isNameByte(l.src[l.pos]) {
		l.pos++
	}
	word := l.src[start:l.pos]
	// !in, !has and so on are read where the '!' is; names with a trailing ~ are operators
	if l.pos < len(l.src) && l.src[l.pos] == '~' && (word == "in" || word == "has_any") {
		l.pos++
		word += "~"
	}
	lower := strings.ToLower(word)
	if typedLiterals[lower] && l.typed(start, lower) {
		return
	}
	l.emit(tokName, word, start)
}

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// typed reads datetime(2020-01-01) and its kind, whose inside is no
// expression. It leaves calls such as bool(x > 1) and plain names alone.
func (l *lexer) typed(start int, name string) bool {
	at := l.pos
	for at < len(l.src) && (l.src[at] == ' ' || l.src[at] == '\t') {
		at++
	}
	if at >= len(l.src) || l.src[at] != '(' {
		return false
	}
	end := strings.IndexByte(l.src[at:], ')')
	if end < 0 {
		return false
	}
	inside := strings.TrimSpace(l.src[at+1 : at+end])
	inside = strings.Trim(inside, `"'`)
	if _, ok := value.LiteralValue(name, inside); !ok {
		return false
	}
	l.pos = at + end + 1
	l.out = append(l.out, token{kind: tokTyped, text: name, raw: inside, pos: start, end: l.pos})
	return true
}

func (l *lexer) number(start int) error {
	rest := l.src[start:]
	if len(rest) > 2 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'X') {
		l.pos += 2
		for l.pos < len(l.src) && strings.IndexByte("0123456789abcdefABCDEF", l.src[l.pos]) >= 0 {
			l.pos++
		}
		l.emit(tokNumber, l.src[start:l.pos], start)
		return nil
	}
	digits := func() {
		for l.pos < len(l.src) && l.src[l.pos] >= '0' && l.src[l.pos] <= '9' {
			l.pos++
		}
	}
	digits()
	if l.pos+1 < len(l.src) && l.src[l.pos] == '.' && l.src[l.pos+1] >= '0' && l.src[l.pos+1] <= '9' {
		l.pos++
		digits()
	} else if l.pos < len(l.src) && l.src[l.pos] == '.' && !(l.pos+1 < len(l.src) && (l.src[l.pos+1] == '.' || isNameByte(l.src[l.pos+1]))) {
		l.pos++
	}
	if l.pos < len(l.src) && (l.src[l.pos] == 'e' || l.src[l.pos] == 'E') {
		at := l.pos + 1
		if at < len(l.src) && (l.src[at] == '+' || l.src[at] == '-') {
			at++
		}
		if at < len(l.src) && l.src[at] >= '0' && l.src[at] <= '9' {
			l.pos = at
			digits()
		}
	}
	unit := l.pos
	for l.pos < len(l.src) && isNameByte(l.src[l.pos]) {
		l.pos++
	}
	text := l.src[start:l.pos]
	if l.pos == unit {
		l.emit(tokNumber, text, start)
		return nil
	}
	if _, ok := value.ParseTimespan(text); !ok {
		if strings.Contains(text, ".") {
			return l.fail(start, "%q is neither a number nor a timespan", text)
		}
		l.emit(tokName, text, start) // names may begin with a digit
		return nil
	}
	l.emit(tokTimespan, text, start)
	return nil
}

func (l *lexer) verbatim(start, quote int) error {
	q := l.src[quote]
	var b strings.Builder
	for i := quote + 1; i < len(l.src); i++ {
		switch l.src[i] {
		case q:
			if i+1 < len(l.src) && l.src[i+1] == q {
				b.WriteByte(q)
				i++
				continue
			}
			l.pos = i + 1
			l.emit(tokString, b.String(), start)
			return nil
		case '\n', '\r':
			return l.fail(start, "a string does not end on its line")
		default:
			b.WriteByte(l.src[i])
		}
	}
	return l.fail(start, "a string does not end")
}

func (l *lexer) quoted(start, quote int) error {
	q := l.src[quote]
	var b strings.Builder
	var high rune
	flush := func() {
		if high != 0 {
			b.WriteRune(unicode.ReplacementChar)
			high = 0
		}
	}
	for i := quote + 1; i < len(l.src); {
		switch c := l.src[i]; {
		case c == q:
			flush()
			l.pos = i + 1
			l.emit(tokString, b.String(), start)
			return nil
		case c == '\n' || c == '\r':
			return l.fail(start, "a string does not end on its line")
		case c == '\\':
			r, n, ok := escape(l.src[i:])
			if !ok {
				return l.fail(i, "unknown escape in a string")
			}
			i += n
			switch {
			case r >= 0xd800 && r < 0xdc00:
				flush()
				high = r
			case r >= 0xdc00 && r < 0xe000 && high != 0:
				b.WriteRune(0x10000 + (high-0xd800)<<10 + (r - 0xdc00))
				high = 0
			default:
				flush()
				b.WriteRune(r)
			}
		default:
			flush()
			b.WriteByte(c)
			i++
		}
	}
	return l.fail(start, "a string does not end")
}

func escape(s string) (rune, int, bool) {
	if len(s) < 2 {
		return 0, 0, false
	}
	switch s[1] {
	case 'n':
		return '\n', 2, true
	case 't':
		return '\t', 2, true
	case 'r':
		return '\r', 2, true
	case 'a':
		return '\a', 2, true
	case 'b':
		return '\b', 2, true
	case 'f':
		return '\f', 2, true
	case 'v':
		return '\v', 2, true
	case '0':
		return 0, 2, true
	case '\\', '"', '\'':
		return rune(s[1]), 2, true
	case 'u', 'x', 'U':
		n := map[byte]int{'u': 4, 'x': 2, 'U': 8}[s[1]]
		if len(s) < 2+n {
			return 0, 0, false
		}
		v, err := strconv.ParseUint(s[2:2+n], 16, 32)
		return rune(v), 2 + n, err == nil
	}
	return 0, 0, false
}
