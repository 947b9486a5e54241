package kql

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
