package hunts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file that people write by hand. They are judged on the bytes, before
// anything parses them: the parser's time grows with the square of each.
const (
	maxYAML      = 1 << 20
	maxYAMLDepth = 100    // lists and maps within each other
	maxYAMLKeys  = 10_000 // keys, counted by their colons
)

// PlainYAML refuses what a file of ours never needs and a parser chokes on: more than
// a person writes, nesting without end, aliases of aliases, a second document that
// nobody would read.
func PlainYAML(text []byte) error {
	if len(text) > maxYAML {
		return fmt.Errorf("the file is larger than %d MB, more than anyone writes by hand", maxYAML>>20)
	}
	if n := strings.Count(string(text), ":"); n > maxYAMLKeys {
		return fmt.Errorf("the file has %d colons, more than the %d of any file written by hand", n, maxYAMLKeys)
	}
	if line := tooDeep(string(text)); line > 0 {
		return fmt.Errorf("line %d is nested more than %d levels deep", line, maxYAMLDepth)
	}
	return oneDocument(lexer.Tokenize(string(text)))
}

// tooDeep is the first line that is nested too deep: by brackets that are open, by
// dashes on one line, or by steps of its indentation; 0 for none. Brackets in texts
// count as well, so that a text of more than a hundred open ones is refused too.
func tooDeep(text string) int {
	open := 0
	var indents []int // of the blocks that a line stands in
	for n, line := range strings.Split(text, "\n") {
		rest := strings.TrimLeft(line, " \t")
		if rest == "" {
			continue
		}
		indent := len(line) - len(rest)
		for len(indents) > 0 && indents[len(indents)-1] >= indent {
			indents = indents[:len(indents)-1]
		}
		indents = append(indents, indent)
		dashes := 0
		for strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "? ") {
			dashes, rest = dashes+1, strings.TrimLeft(rest[2:], " \t")
		}
		most := open
		for _, c := range []byte(rest) {
			switch c {
			case '[', '{':
				open++
				most = max(most, open)
			case ']', '}':
				open = max(0, open-1)
			}
		}
		if len(indents)+dashes > maxYAMLDepth || most > maxYAMLDepth {
			return n + 1
		}
	}
	return 0
}

// oneDocument refuses aliases, and whatever follows the first document.
func oneDocument(tokens token.Tokens) error {
	begun, ended := false, false
	for _, t := range tokens {
		switch t.Type {
		case token.AliasType:
			return fmt.Errorf("line %d has an alias (*name): write out what it stands for", t.Position.Line)
		case token.DocumentHeaderType:
			if begun {
				return fmt.Errorf("line %d begins a second document (---), which would not be read: write one", t.Position.Line)
			}
		case token.DocumentEndType:
			ended = true
		case token.CommentType:
		default:
			if ended {
				return errors.New("something follows the end of the document (...), and would not be read")
			}
			begun = true
		}
	}
	return nil
}
