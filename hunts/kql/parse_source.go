package kql

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
		args, names, err := p.args()
		return &callSource{at, &callExpr{at, name, args, names}}, err
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
	var err error
	if d.columns, err = p.schema(); err != nil {
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
		d.values = append(d.values, e)
		if !p.is("]") {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// schema reads (name: type, …).
func (p *parser) schema() ([]Column, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	return p.schemaRest()
}

// schemaRest reads the columns of a schema up to the parenthesis, which it takes.
func (p *parser) schemaRest() ([]Column, error) {
	var out []Column
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
		out = append(out, Column{Name: name, Type: typ})
		if !p.is(")") {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
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
