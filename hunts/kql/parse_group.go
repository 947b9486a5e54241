package kql

// hints reads hint.strategy=shuffle and its kind, which say how to compute and
// not what.
func (p *parser) hints() error {
	for p.is("hint") && p.ahead(1).text == "." {
		for !p.is("=") {
			if t := p.take(); t.kind == tokEnd {
				return p.fail(t, "a hint lacks its value")
			}
		}
		p.take()
		p.take()
	}
	return nil
}

// until tells whether an operator ends here.
func (p *parser) ends() bool {
	return p.is("|") || p.is(")") || p.is(";") || p.is("}") || p.peek().kind == tokEnd
}

func (p *parser) topHitters(at position) (operator, error) {
	op := &topHittersOp{position: at}
	var err error
	if op.count, err = p.expr(); err != nil {
		return nil, err
	}
	if err := p.expect("of"); err != nil {
		return nil, err
	}
	if op.of, err = p.column(); err != nil {
		return nil, err
	}
	if p.accept("by") {
		op.by, err = p.expr()
	}
	return op, err
}

func (p *parser) topNested(at position) (operator, error) {
	op := &topNestedOp{position: at}
	for {
		level := nestedLevel{}
		var err error
		if !p.is("of") {
			if level.count, err = p.expr(); err != nil {
				return nil, err
			}
		}
		if err := p.expect("of"); err != nil {
			return nil, err
		}
		if level.of, err = p.column(); err != nil {
			return nil, err
		}
		if p.is("with") {
			return nil, p.unsupported(p.peek(), "top-nested with others")
		}
		if err := p.expect("by"); err != nil {
			return nil, err
		}
		if level.by, err = p.column(); err != nil {
			return nil, err
		}
		if level.asc = p.accept("asc"); !level.asc {
			p.accept("desc")
		}
		op.levels = append(op.levels, level)
		if !p.accept(",") {
			return op, nil
		}
		for _, word := range []string{"top", "-", "nested"} {
			if err := p.expect(word); err != nil {
				return nil, err
			}
		}
	}
}

// partition reads partition by Column (operators); the form with braces, which
// begins with a table of its own, is not known.
func (p *parser) partition(at position) (operator, error) {
	op := &partitionOp{position: at}
	if err := p.hints(); err != nil {
		return nil, err
	}
	if err := p.expect("by"); err != nil {
		return nil, err
	}
	var err error
	if op.column, err = p.ident(); err != nil {
		return nil, err
	}
	if p.is("{") {
		return nil, p.unsupported(p.peek(), "partition with braces")
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	op.body, err = p.body()
	return op, err
}

// body reads operators up to the closing parenthesis, which it takes.
func (p *parser) body() ([]operator, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var out []operator
	for {
		o, err := p.operator()
		if err != nil {
			return nil, err
		}
		out = append(out, o)
		if !p.accept("|") {
			return out, p.expect(")")
		}
	}
}

// render reads render chart kind=x with (title="y").
func (p *parser) render(at position) (operator, error) {
	if _, err := p.ident(); err != nil {
		return nil, err
	}
	depth := 0
	for depth > 0 || !p.ends() {
		switch t := p.take(); {
		case t.kind == tokEnd:
			return nil, p.fail(t, "render lacks a closing parenthesis")
		case t.kind == tokPunct && t.text == "(":
			depth++
		case t.kind == tokPunct && t.text == ")":
			depth--
		}
	}
	return &renderOp{at}, nil
}

func (p *parser) makeSeries(at position) (operator, error) {
	op := &makeSeriesOp{position: at}
	if p.is("kind") && p.ahead(1).text == "=" {
		p.take()
		p.take()
		if kind := p.take(); kind.text != "nonempty" {
			return nil, p.fail(kind, "the kind of make-series is nonempty")
		}
		op.nonEmpty = true
	}
	if err := p.hints(); err != nil {
		return nil, err
	}
	for {
		c, err := p.column()
		if err != nil {
			return nil, err
		}
		s := seriesColumn{column: c}
		if p.is("default") && p.ahead(1).text == "=" {
			p.take()
			p.take()
			if s.fill, err = p.expr(); err != nil {
				return nil, err
			}
		}
		op.aggregates = append(op.aggregates, s)
		if !p.accept(",") {
			break
		}
	}
	if err := p.expect("on"); err != nil {
		return nil, err
	}
	var err error
	if op.on, err = p.column(); err != nil {
		return nil, err
	}
	if err := p.seriesAxis(op); err != nil {
		return nil, err
	}
	if p.accept("by") {
		op.by, err = p.columns()
	}
	return op, err
}

// seriesAxis reads from a to b step c, or in range(a, b, c).
func (p *parser) seriesAxis(op *makeSeriesOp) error {
	if list, ok := op.on.value.(*listExpr); ok && list.op == "in" && len(list.items) == 1 {
		if r, ok := list.items[0].(*callExpr); ok && r.name == "range" && len(r.args) == 3 {
			op.on.value, op.inclusive = list.x, true
			op.from, op.to, op.step = r.args[0], r.args[1], r.args[2]
			return nil
		}
	}
	for _, part := range []struct {
		word string
		into *expr
	}{{"from", &op.from}, {"to", &op.to}, {"step", &op.step}} {
		if part.word != "step" && !p.is(part.word) {
			continue
		}
		if err := p.expect(part.word); err != nil {
			return err
		}
		var err error
		if *part.into, err = p.expr(); err != nil {
			return err
		}
	}
	return nil
}

// evaluate reads evaluate plugin(…) : (schema).
func (p *parser) evaluate(at position) (operator, error) {
	op := &evaluateOp{position: at}
	if err := p.hints(); err != nil {
		return nil, err
	}
	t := p.peek()
	e, err := p.primary()
	if err != nil {
		return nil, err
	}
	call, ok := e.(*callExpr)
	if !ok {
		return nil, p.fail(t, "evaluate takes a call of a plugin")
	}
	op.call = call
	if !p.accept(":") {
		return op, nil
	}
	if p.is("(") && p.ahead(1).text == "*" {
		op.star = true
		p.take()
		p.take()
		if p.accept(")") {
			return op, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
		op.schema, err = p.schemaRest()
		return op, err
	}
	op.schema, err = p.schema()
	return op, err
}
