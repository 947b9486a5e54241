package syntax

import (
	"errors"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// MaxDepth bounds nesting, so that no text can exhaust the stack.
const MaxDepth = 200

// Query is a parsed query.
type Query struct {
	Text string
	Root *Block
}

type parser struct {
	src   string
	toks  []token
	i     int
	depth int
	// searching counts the searches around an expression, where a colon is an operator
	searching int
}

// Parse reads a query. The error is an *Error.
func Parse(text string) (*Query, error) {
	toks, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{src: text, toks: toks}
	b, err := p.block(func(t token) bool { return t.kind == tokEnd })
	if err != nil {
		return nil, err
	}
	if b.Result == nil && b.Scalar == nil {
		return nil, p.fail(p.peek(), "the query has no result")
	}
	return &Query{Text: text, Root: b}, nil
}

// Unclosed finds the bracket or quote of a text that has no other half; the
// parser would name the place where it gave up waiting for it.
func Unclosed(text string) (pos int, found bool) {
	toks, err := lex(text)
	var e *Error
	if errors.As(err, &e) {
		return e.Pos, true
	}
	closes := map[string]string{")": "(", "]": "[", "}": "{"}
	var open []token
	for _, t := range toks {
		if t.kind != tokPunct {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			open = append(open, t)
		case ")", "]", "}":
			if len(open) == 0 {
				return t.pos, true
			}
			if last := open[len(open)-1]; last.text != closes[t.text] {
				return last.pos, true
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return 0, false
	}
	return open[len(open)-1].pos, true
}

func (p *parser) peek() token { return p.toks[p.i] }
func (p *parser) ahead(n int) token {
	return p.toks[min(p.i+n, len(p.toks)-1)]
}
func (p *parser) take() token {
	t := p.toks[p.i]
	if p.i < len(p.toks)-1 {
		p.i++
	}
	return t
}

func (p *parser) fail(t token, format string, args ...any) error {
	e := NewError(p.src, t.pos, SyntaxError, "SYN0002", format, args...)
	e.Token = t.text
	return e
}

func (p *parser) unsupported(t token, what string) error {
	e := NewError(p.src, t.pos, Unsupported, "", "unsupported: %s", what)
	e.Token = t.text
	return e
}

func (p *parser) is(text string) bool {
	t := p.peek()
	return (t.kind == tokPunct || t.kind == tokName) && t.text == text
}

func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.take()
		return true
	}
	return false
}

func (p *parser) expect(text string) error {
	if p.accept(text) {
		return nil
	}
	return p.fail(p.peek(), "expected %q, found %q", text, p.peek().text)
}

func (p *parser) enter() error {
	p.depth++
	if p.depth > MaxDepth {
		return NewError(p.src, p.peek().pos, LimitExceeded, "", "the query is nested deeper than %d", MaxDepth)
	}
	return nil
}

func (p *parser) ident() (string, error) {
	t := p.peek()
	if t.kind == tokName {
		p.take()
		return t.text, nil
	}
	if t.kind == tokPunct && t.text == "[" && p.ahead(1).kind == tokString {
		p.take()
		name := p.take().text
		return name, p.expect("]")
	}
	return "", p.fail(t, "expected a name, found %q", t.text)
}

func (p *parser) block(end func(token) bool) (*Block, error) {
	b := &Block{}
	for {
		for p.accept(";") {
		}
		if end(p.peek()) {
			return b, nil
		}
		switch {
		case p.is("let"):
			s, err := p.let()
			if err != nil {
				return nil, err
			}
			b.Lets = append(b.Lets, s)
		case p.is("set") && p.ahead(1).kind == tokName:
			if err := p.set(); err != nil {
				return nil, err
			}
		case p.is("declare") && p.ahead(1).text == "query_parameters":
			lets, err := p.declare()
			if err != nil {
				return nil, err
			}
			b.Lets = append(b.Lets, lets...)
		case p.is("declare") || p.is("alias") || p.is("restrict"):
			return nil, p.unsupported(p.peek(), "the statement "+p.peek().text)
		case b.Result != nil || b.Scalar != nil:
			return nil, p.unsupported(p.peek(), "a second result")
		default:
			table, scalar, err := p.tabularOrScalar()
			if err != nil {
				return nil, err
			}
			b.Result, b.Scalar = table, scalar
		}
		if !p.is(";") && !end(p.peek()) {
			return nil, p.fail(p.peek(), "unexpected %q", p.peek().text)
		}
	}
}

func (p *parser) let() (Let, error) {
	s := Let{pos: p.take().pos}
	var err error
	if s.Name, err = p.ident(); err != nil {
		return s, err
	}
	if err := p.expect("="); err != nil {
		return s, err
	}
	if p.is("view") && p.ahead(1).text == "(" {
		p.take()
	}
	if p.is("(") && p.isLambda() {
		return s, p.lambda(&s)
	}
	s.Table, s.Value, err = p.tabularOrScalar()
	return s, err
}

// isLambda looks for the brace behind the matching parenthesis.
func (p *parser) isLambda() bool {
	depth := 0
	for n := 0; ; n++ {
		t := p.ahead(n)
		switch {
		case t.kind == tokEnd:
			return false
		case t.kind == tokPunct && t.text == "(":
			depth++
		case t.kind == tokPunct && t.text == ")":
			depth--
			if depth == 0 {
				next := p.ahead(n + 1)
				return next.kind == tokPunct && next.text == "{"
			}
		}
	}
}

func (p *parser) lambda(s *Let) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer func() { p.depth-- }()
	p.take()
	for !p.accept(")") {
		var a Param
		var err error
		if a.Name, err = p.ident(); err != nil {
			return err
		}
		if err := p.expect(":"); err != nil {
			return err
		}
		if p.is("(") {
			a.Tabular = true
			for !p.is(")") && p.peek().kind != tokEnd {
				p.take()
			}
			if err := p.expect(")"); err != nil {
				return err
			}
		} else if a.Type, err = p.typeName(); err != nil {
			return err
		}
		if p.accept("=") {
			if a.ByDefault, err = p.expr(); err != nil {
				return err
			}
		}
		s.Params = append(s.Params, a)
		if !p.is(")") {
			if err := p.expect(","); err != nil {
				return err
			}
		}
	}
	if err := p.expect("{"); err != nil {
		return err
	}
	var err error
	if s.Lambda, err = p.block(func(t token) bool { return t.kind == tokPunct && t.text == "}" || t.kind == tokEnd }); err != nil {
		return err
	}
	return p.expect("}")
}

func (p *parser) typeName() (value.Type, error) {
	t := p.take()
	typ, ok := value.TypeByName[strings.ToLower(t.text)]
	if !ok {
		return value.Unknown, p.fail(t, "%q is not a type", t.text)
	}
	return typ, nil
}

// tabularOrScalar tells a pipeline from a scalar by how it begins and by the
// pipe behind it. It reads nothing twice, or brackets within brackets would
// take a time that doubles with each.
func (p *parser) tabularOrScalar() (*Pipeline, Expr, error) {
	if p.beginsTable() {
		t, err := p.pipeline()
		return t, nil, err
	}
	e, err := p.expr()
	if err != nil {
		return nil, nil, err
	}
	if !p.is("|") {
		// a pipeline in parentheses is a table by itself too
		if q, ok := e.(*Subquery); ok {
			return &Pipeline{Pos: q.At(), Source: &Parenthesized{q.Pos, q.Query}}, nil, nil
		}
		return nil, e, nil
	}
	src, ok := sourceOf(e)
	if !ok {
		return nil, nil, p.fail(p.peek(), "what stands before the pipe is no table")
	}
	t, err := p.piped(src)
	return t, nil, err
}

// sourceOf is the source that an expression turns out to be when a pipe
// follows it.
func sourceOf(e Expr) (Source, bool) {
	switch e := e.(type) {
	case *Name:
		return &TableRef{e.Pos, e.Name}, true
	case *Call:
		return &CallRef{e.Pos, e}, true
	case *Subquery:
		return &Parenthesized{e.Pos, e.Query}, true
	}
	return nil, false
}

func (p *parser) beginsTable() bool {
	t := p.peek()
	if t.kind != tokName {
		return false
	}
	next := p.ahead(1)
	switch t.text {
	case "print", "datatable", "union", "search", "find", "externaldata", "evaluate":
		return !(next.kind == tokPunct && (next.text == "=" || next.text == "." || next.text == ")"))
	case "range":
		return next.kind == tokName && p.ahead(2).text == "from"
	case "materialize":
		return true
	}
	return false
}

func (p *parser) pipeline() (*Pipeline, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	src, err := p.source()
	if err != nil {
		return nil, err
	}
	return p.piped(src)
}

// piped reads the operators behind a source.
func (p *parser) piped(src Source) (*Pipeline, error) {
	out := &Pipeline{Pos: src.At(), Source: src}
	for p.accept("|") {
		op, err := p.operator()
		if err != nil {
			return nil, err
		}
		out.Ops = append(out.Ops, op)
	}
	return out, nil
}

// set reads set option = value. Options that bound or trace a query change
// nothing here; those that move its clock do, and are refused.
func (p *parser) set() error {
	p.take()
	name := p.take()
	if strings.HasPrefix(name.text, "query_now") || strings.HasPrefix(name.text, "query_datetimescope") {
		return p.unsupported(name, "set "+name.text)
	}
	for p.peek().kind != tokEnd && !p.is(";") {
		p.take()
	}
	return nil
}

// declare reads declare query_parameters(a: long = 1, …): nobody passes any
// here, so that each is a let of its default.
func (p *parser) declare() ([]Let, error) {
	p.take()
	p.take()
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var out []Let
	for !p.accept(")") {
		l := Let{pos: p.peek().pos}
		var err error
		if l.Name, err = p.ident(); err != nil {
			return nil, err
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		if _, err := p.typeName(); err != nil {
			return nil, err
		}
		if !p.is("=") {
			return nil, p.unsupported(p.peek(), "the query parameter "+l.Name+" without a default")
		}
		p.take()
		if l.Value, err = p.expr(); err != nil {
			return nil, err
		}
		out = append(out, l)
		if !p.is(")") {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
