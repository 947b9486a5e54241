package syntax

// args reads up to the closing parenthesis, which it takes. names are those of
// the arguments that have one, as in f(x = 1); nil when none has.
func (p *parser) args() (out []Expr, names []string, err error) {
	for !p.accept(")") {
		name := ""
		if p.isNamed() {
			name = p.take().text
			p.take()
		}
		if p.peek().kind == tokPunct && p.is("*") {
			out = append(out, &Star{Pos(p.take().pos)})
		} else {
			table, e, err := p.tabularOrScalar()
			if err != nil {
				return nil, nil, err
			}
			if table != nil {
				e = &Subquery{Pos(table.Pos), table}
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

func (p *parser) columns() ([]Named, error) {
	var out []Named
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

func (p *parser) column() (Named, error) {
	var c Named
	if p.isNamed() {
		c.Names = []string{p.take().text}
		p.take()
	} else if p.is("[") && p.ahead(1).kind == tokString && p.ahead(3).text == "=" {
		name, err := p.ident()
		if err != nil {
			return c, err
		}
		c.Names = []string{name}
		p.take()
	} else if p.is("(") && p.ahead(1).kind == tokName && (p.ahead(2).text == "," || p.ahead(2).text == ")" && p.ahead(3).text == "=") {
		p.take()
		for !p.accept(")") {
			name, err := p.ident()
			if err != nil {
				return c, err
			}
			c.Names = append(c.Names, name)
			p.accept(",")
		}
		if err := p.expect("="); err != nil {
			return c, err
		}
	}
	var err error
	c.Value, err = p.expr()
	return c, err
}

// isNamed tells name = before an expression; the name may look like 5min.
func (p *parser) isNamed() bool {
	k, next := p.peek().kind, p.ahead(1)
	return (k == tokName || k == tokTimespan) && next.kind == tokPunct && next.text == "="
}
