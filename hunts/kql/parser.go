package kql

import (
	"strconv"
	"strings"
)

// maxDepth bounds nesting, so that no text can exhaust the stack.
const maxDepth = 200

// Query is a parsed query.
type Query struct {
	src  string
	root *block
}

type parser struct {
	src   string
	toks  []token
	i     int
	depth int
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
	if b.result == nil && b.scalar == nil {
		return nil, p.fail(p.peek(), "the query has no result")
	}
	return &Query{src: text, root: b}, nil
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
	e := errorAt(p.src, t.pos, SyntaxError, "SYN0002", format, args...)
	e.Token = t.text
	return e
}

func (p *parser) unsupported(t token, what string) error {
	e := errorAt(p.src, t.pos, Unsupported, "", "unsupported: %s", what)
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
	if p.depth > maxDepth {
		return errorAt(p.src, p.peek().pos, LimitExceeded, "", "the query is nested deeper than %d", maxDepth)
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

func (p *parser) block(end func(token) bool) (*block, error) {
	b := &block{}
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
			b.lets = append(b.lets, s)
		case p.is("set") || p.is("declare") || p.is("alias") || p.is("restrict"):
			return nil, p.unsupported(p.peek(), "the statement "+p.peek().text)
		default:
			table, scalar, err := p.tabularOrScalar()
			if err != nil {
				return nil, err
			}
			b.result, b.scalar = table, scalar
		}
		if !p.is(";") && !end(p.peek()) {
			return nil, p.fail(p.peek(), "unexpected %q", p.peek().text)
		}
	}
}

func (p *parser) let() (statement, error) {
	s := statement{pos: p.take().pos}
	var err error
	if s.name, err = p.ident(); err != nil {
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
	s.table, s.value, err = p.tabularOrScalar()
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

func (p *parser) lambda(s *statement) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer func() { p.depth-- }()
	p.take()
	for !p.accept(")") {
		var a parameter
		var err error
		if a.name, err = p.ident(); err != nil {
			return err
		}
		if err := p.expect(":"); err != nil {
			return err
		}
		if p.is("(") {
			a.tabular = true
			for !p.is(")") && p.peek().kind != tokEnd {
				p.take()
			}
			if err := p.expect(")"); err != nil {
				return err
			}
		} else if a.typ, err = p.typeName(); err != nil {
			return err
		}
		if p.accept("=") {
			if a.byDefault, err = p.expr(); err != nil {
				return err
			}
		}
		s.params = append(s.params, a)
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
	if s.lambda, err = p.block(func(t token) bool { return t.kind == tokPunct && t.text == "}" || t.kind == tokEnd }); err != nil {
		return err
	}
	return p.expect("}")
}

var typeByName = map[string]Type{
	"bool": Bool, "boolean": Bool, "int": Int, "long": Long, "real": Real, "double": Real, "decimal": Decimal, "string": String, "datetime": Datetime, "date": Datetime,
	"timespan": Timespan, "time": Timespan, "dynamic": Dynamic, "guid": Guid, "uuid": Guid,
}

func (p *parser) typeName() (Type, error) {
	t := p.take()
	typ, ok := typeByName[strings.ToLower(t.text)]
	if !ok {
		return Unknown, p.fail(t, "%q is not a type", t.text)
	}
	return typ, nil
}

// tabularOrScalar tells a pipeline from a scalar by how it begins and by the
// pipe behind it.
func (p *parser) tabularOrScalar() (*pipeline, expr, error) {
	start := p.i
	if p.beginsTable() {
		t, err := p.pipeline()
		return t, nil, err
	}
	e, err := p.expr()
	if err == nil && !p.is("|") {
		return nil, e, nil
	}
	if err != nil && p.i > start+3 && p.peek().text != "|" {
		return nil, nil, err
	}
	p.i = start
	t, terr := p.pipeline()
	return t, nil, terr
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

func (p *parser) pipeline() (*pipeline, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	out := &pipeline{pos: p.peek().pos}
	var err error
	if out.source, err = p.source(); err != nil {
		return nil, err
	}
	for p.accept("|") {
		op, err := p.operator()
		if err != nil {
			return nil, err
		}
		out.ops = append(out.ops, op)
	}
	return out, nil
}

func (p *parser) source() (source, error) {
	t := p.peek()
	at := position(t.pos)
	switch {
	case t.kind == tokPunct && t.text == "(":
		p.take()
		inner, err := p.pipeline()
		if err != nil {
			return nil, err
		}
		return &pipeSource{at, inner}, p.expect(")")
	case p.is("print"):
		p.take()
		columns, err := p.columns()
		return &printSource{at, columns}, err
	case p.is("range") && p.ahead(1).kind == tokName && p.ahead(2).text == "from":
		return p.rangeSource()
	case p.is("datatable"):
		return p.datatable()
	case p.is("union"):
		op, err := p.union()
		if err != nil {
			return nil, err
		}
		return &unionSource{at, op}, nil
	case p.is("materialize") && p.ahead(1).text == "(":
		p.take()
		p.take()
		inner, err := p.pipeline()
		if err != nil {
			return nil, err
		}
		return &pipeSource{at, inner}, p.expect(")")
	case p.is("search") || p.is("find") || p.is("externaldata") || p.is("evaluate"):
		return nil, p.unsupported(t, t.text)
	}
	name, err := p.ident()
	if err != nil {
		return nil, err
	}
	if p.accept("(") {
		args, err := p.args()
		return &callSource{at, name, args}, err
	}
	return &tableSource{at, name}, nil
}

func (p *parser) rangeSource() (source, error) {
	r := &rangeSource{position: position(p.take().pos)}
	var err error
	if r.name, err = p.ident(); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		word string
		into *expr
	}{{"from", &r.from}, {"to", &r.to}, {"step", &r.step}} {
		if err := p.expect(part.word); err != nil {
			return nil, err
		}
		if *part.into, err = p.expr(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (p *parser) datatable() (source, error) {
	d := &datatableSource{position: position(p.take().pos)}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for !p.accept(")") {
		name, err := p.ident()
		if err != nil {
			return nil, err
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		typ, err := p.typeName()
		if err != nil {
			return nil, err
		}
		d.columns = append(d.columns, Column{Name: name, Type: typ})
		p.accept(",")
	}
	if err := p.expect("["); err != nil {
		return nil, err
	}
	for !p.accept("]") {
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		d.values = append(d.values, e)
		if !p.is("]") {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

func (p *parser) union() (*unionOp, error) {
	u := &unionOp{position: position(p.take().pos), outer: true}
	for p.peek().kind == tokName && p.ahead(1).text == "=" {
		key := p.take().text
		p.take()
		value := p.take().text
		switch key {
		case "kind":
			u.outer = value != "inner"
		case "isfuzzy":
			u.fuzzy = value == "true"
		case "withsource":
			u.withSource = value
		}
	}
	for {
		var leg *pipeline
		if p.is("(") {
			p.take()
			var err error
			if leg, err = p.pipeline(); err != nil {
				return nil, err
			}
			if err := p.expect(")"); err != nil {
				return nil, err
			}
		} else {
			s, err := p.source()
			if err != nil {
				return nil, err
			}
			leg = &pipeline{pos: s.at(), source: s}
		}
		u.legs = append(u.legs, leg)
		if !p.accept(",") {
			return u, nil
		}
	}
}

// args reads up to the closing parenthesis, which it takes.
func (p *parser) args() ([]expr, error) {
	var out []expr
	for !p.accept(")") {
		if p.peek().kind == tokPunct && p.is("*") {
			out = append(out, &starExpr{position(p.take().pos)})
		} else {
			table, e, err := p.argument()
			if err != nil {
				return nil, err
			}
			if table != nil {
				e = &queryExpr{position(table.pos), table}
			}
			out = append(out, e)
		}
		if !p.is(")") {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (p *parser) argument() (*pipeline, expr, error) {
	// a named argument: f(x = 1)
	if p.peek().kind == tokName && p.ahead(1).text == "=" {
		p.take()
		p.take()
	}
	return p.tabularOrScalar()
}

func (p *parser) columns() ([]column, error) {
	var out []column
	for {
		c, err := p.column()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
		if !p.accept(",") {
			return out, nil
		}
	}
}

func (p *parser) column() (column, error) {
	var c column
	if p.peek().kind == tokName && p.ahead(1).kind == tokPunct && p.ahead(1).text == "=" {
		c.names = []string{p.take().text}
		p.take()
	} else if p.is("[") && p.ahead(1).kind == tokString && p.ahead(3).text == "=" {
		name, err := p.ident()
		if err != nil {
			return c, err
		}
		c.names = []string{name}
		p.take()
	} else if p.is("(") && p.ahead(1).kind == tokName && (p.ahead(2).text == "," || p.ahead(2).text == ")" && p.ahead(3).text == "=") {
		p.take()
		for !p.accept(")") {
			name, err := p.ident()
			if err != nil {
				return c, err
			}
			c.names = append(c.names, name)
			p.accept(",")
		}
		if err := p.expect("="); err != nil {
			return c, err
		}
	}
	var err error
	c.value, err = p.expr()
	return c, err
}

func parseLong(text string) (Value, bool) {
	if len(text) > 2 && (text[1] == 'x' || text[1] == 'X') {
		n, err := strconv.ParseUint(text[2:], 16, 64)
		return LongValue(int64(n)), err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return LongValue(n), err == nil
}

// literalValue reads the inside of datetime(…), long(…) and so on.
func literalValue(typ, inside string) (Value, bool) {
	t := typeByName[typ]
	if inside == "null" {
		return Null(t), true
	}
	switch t {
	case Datetime:
		ticks, ok := parseDatetime(inside)
		return DatetimeTicks(ticks), ok
	case Timespan:
		ticks, ok := parseTimespan(inside)
		return TimespanTicks(ticks), ok
	case Long, Int:
		v, ok := parseLong(inside)
		if t == Int && ok {
			v = IntValue(int32(v.num))
		}
		return v, ok
	case Real, Decimal:
		switch inside {
		case "nan", "+inf", "-inf":
		}
		f, err := strconv.ParseFloat(inside, 64)
		return Value{typ: t, valid: true, real: f}, err == nil
	case Bool:
		switch strings.ToLower(inside) {
		case "true", "1":
			return BoolValue(true), true
		case "false", "0":
			return BoolValue(false), true
		}
	case Guid:
		return GuidValue(inside), len(inside) == 36
	}
	return Value{}, false
}
