package syntax

import (
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
	case p.is("search") || p.is("find") || p.is("externaldata") || p.is("evaluate"):
		return nil, p.unsupported(t, t.text)
	}
	name, err := p.ident()
	if err != nil {
		return nil, err
	}
	if p.accept("(") {
		args, names, err := p.args()
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
			leg = &Pipeline{Pos: s.At(), Source: s}
		}
		u.Legs = append(u.Legs, leg)
		if !p.accept(",") {
			return u, nil
		}
	}
}
