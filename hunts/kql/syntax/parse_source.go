package syntax

import (
	"regexp"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func (p *parser) source() (Source, error) {
	t := p.peek()
	at := Pos(t.pos)
	switch {
	case t.kind == tokPunct && t.text == "(":
		p.take()
		inner, err := p.pipeline()
		if err != nil {
			return nil, err
		}
		return &Parenthesized{at, inner}, p.expect(")")
	case p.is("print"):
		p.take()
		columns, err := p.columns()
		return &Print{at, columns}, err
	case p.is("range") && p.ahead(1).kind == tokName && p.ahead(2).text == "from":
		return p.rangeSource()
	case p.is("datatable"):
		return p.datatable()
	case p.is("union"):
		op, err := p.union()
		if err != nil {
			return nil, err
		}
		return &UnionRef{at, op}, nil
	case p.is("materialize") && p.ahead(1).text == "(":
		p.take()
		p.take()
		inner, err := p.pipeline()
		if err != nil {
			return nil, err
		}
		return &Parenthesized{at, inner}, p.expect(")")
	case p.is("search"):
		p.take()
		op, err := p.search(at)
		return &SearchRef{at, op}, err
	case p.is("find") || p.is("externaldata") || p.is("evaluate"):
		return nil, p.unsupported(t, t.text)
	}
	name, err := p.ident()
	if err != nil {
		return nil, err
	}
	if p.accept("(") {
		args, names, err := p.args()
		if err == nil && p.is(".") {
			return nil, p.unsupported(t, "tables of "+name+"()")
		}
		return &CallRef{at, &Call{at, name, args, names}}, err
	}
	return &TableRef{at, name}, nil
}

func (p *parser) rangeSource() (Source, error) {
	r := &Range{Pos: Pos(p.take().pos)}
	var err error
	if r.Name, err = p.ident(); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		word string
		into *Expr
	}{{"from", &r.From}, {"to", &r.To}, {"step", &r.Step}} {
		if err := p.expect(part.word); err != nil {
			return nil, err
		}
		if *part.into, err = p.expr(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (p *parser) datatable() (Source, error) {
	d := &Datatable{Pos: Pos(p.take().pos)}
	var err error
	if d.Columns, err = p.schema(); err != nil {
		return nil, err
	}
	if err := p.expect("["); err != nil {
		return nil, err
	}
	for !p.accept("]") {
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		d.Values = append(d.Values, e)
		if !p.is("]") {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// schema reads (name: type, …).
func (p *parser) schema() ([]value.Column, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	return p.schemaRest()
}

// schemaRest reads the columns of a schema up to the parenthesis, which it takes.
func (p *parser) schemaRest() ([]value.Column, error) {
	var out []value.Column
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
		out = append(out, value.Column{Name: name, Type: typ})
		if !p.is(")") {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (p *parser) union() (*Union, error) {
	u := &Union{Pos: Pos(p.take().pos), Outer: true}
	for p.peek().kind == tokName && p.ahead(1).text == "=" {
		key := p.take().text
		p.take()
		val := p.take().text
		switch key {
		case "kind":
			u.Outer = val != "inner"
		case "isfuzzy":
			u.Fuzzy = val == "true"
		case "withsource":
			u.WithSource = val
		}
	}
	for {
		var leg *Pipeline
		if name, ok := p.tablePattern(); ok {
			leg = &Pipeline{Pos: name.At(), Source: name}
		} else if p.is("(") {
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
			leg = &Pipeline{Pos: s.At(), Source: s}
		}
		u.Legs = append(u.Legs, leg)
		if !p.accept(",") {
			return u, nil
		}
	}
}

// tablePattern reads Device* and *, which stand for the tables of such names.
func (p *parser) tablePattern() (*TableRef, bool) {
	t := p.peek()
	name, n := "", 0
	for end := t.pos; ; n++ {
		next := p.ahead(n)
		if next.pos != end || next.kind != tokName && !(next.kind == tokPunct && next.text == "*") {
			break
		}
		name, end = name+next.text, next.end
	}
	if !pattern(name) {
		return nil, false
	}
	for range n {
		p.take()
	}
	return &TableRef{Pos(t.pos), name}, true
}

// search reads kind=case_sensitive in (T, U*) predicate.
func (p *parser) search(at Pos) (*Search, error) {
	op := &Search{Pos: at}
	sensitive := false
	if p.is("kind") && p.ahead(1).text == "=" {
		p.take()
		p.take()
		sensitive = p.take().text == "case_sensitive"
	}
	if p.is("in") && p.ahead(1).text == "(" {
		p.take()
		p.take()
		for !p.accept(")") {
			name, ok := p.tablePattern()
			if !ok {
				text, err := p.ident()
				if err != nil {
					return nil, err
				}
				name = &TableRef{Pos(p.toks[p.i-1].pos), text}
			}
			op.Tables = append(op.Tables, name)
			if !p.is(")") {
				if err := p.expect(","); err != nil {
					return nil, err
				}
			}
		}
	}
	p.searching++
	e, err := p.expr()
	p.searching--
	if err != nil {
		return nil, err
	}
	op.Predicate = searched(e, sensitive)
	return op, nil
}

// searched turns the texts that stand alone in a search into tests of all columns.
func searched(e Expr, sensitive bool) Expr {
	at := Pos(e.At())
	switch x := e.(type) {
	case *Star:
		return &Literal{at, value.BoolValue(true)}
	case *Literal:
		if x.Value.Kind == value.String {
			return term(at, &Star{at}, x.Value.Str, sensitive)
		}
	case *Binary:
		switch x.Op {
		case "and", "or":
			return &Binary{at, x.Op, searched(x.X, sensitive), searched(x.Y, sensitive)}
		case ":":
			if l, ok := x.Y.(*Literal); ok {
				return term(at, x.X, l.Value.Text(), sensitive)
			}
		}
	case *Call:
		if x.Name == "not" && len(x.Args) == 1 {
			return &Call{Pos: at, Name: "not", Args: []Expr{searched(x.Args[0], sensitive)}}
		}
	}
	return e
}

// term is the test that a word of a search stands for, by its wildcards.
func term(at Pos, of Expr, text string, sensitive bool) Expr {
	op, inner := "has", strings.Trim(text, "*")
	before, after := strings.HasPrefix(text, "*"), strings.HasSuffix(text, "*")
	switch {
	case inner == "":
		return &Literal{at, value.BoolValue(true)}
	case strings.Contains(inner, "*"):
		parts := strings.Split(inner, "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern := strings.Join(parts, ".*")
		if !sensitive {
			pattern = "(?i)" + pattern
		}
		return &Binary{at, "matches regex", of, &Literal{at, value.StringValue(pattern)}}
	case before && after:
		op = "contains"
	case after:
		op = "hasprefix"
	case before:
		op = "hassuffix"
	}
	if sensitive {
		op += "_cs"
	}
	return &Binary{at, op, of, &Literal{at, value.StringValue(inner)}}
}
