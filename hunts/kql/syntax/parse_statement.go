package syntax

import "strings"

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
