package kql

// args reads up to the closing parenthesis, which it takes. names are those of
// the arguments that have one, as in f(x = 1); nil when none has.
func (p *parser) args() (out []expr, names []string, err error) {
	for !p.accept(")") {
		name := ""
		if p.peek().kind == tokName && p.ahead(1).kind == tokPunct && p.ahead(1).text == "=" {
			name = p.take().text
			p.take()
		}
		if p.peek().kind == tokPunct && p.is("*") {
			out = append(out, &starExpr{position(p.take().pos)})
		} else {
			table, e, err := p.tabularOrScalar()
			if err != nil {
				return nil, nil, err
			}
			if table != nil {
				e = &queryExpr{position(table.pos), table}
			}
			out = append(out, e)
		}
		if name != "" {
			names = append(names, make([]string, len(out)-len(names))...)
			names[len(out)-1] = name
		}
		if !p.is(")") {
			if err := p.expect(","); err != nil {
				return nil, nil, err
			}
		}
	}
	return out, names, nil
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
