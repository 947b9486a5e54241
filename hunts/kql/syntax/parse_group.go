package syntax

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

func (p *parser) topHitters(at Pos) (Operator, error) {
	op := &TopHitters{Pos: at}
	var err error
	if op.Count, err = p.expr(); err != nil {
		return nil, err
	}
	if err := p.expect("of"); err != nil {
		return nil, err
	}
	if op.Of, err = p.column(); err != nil {
		return nil, err
	}
	if p.accept("by") {
		op.By, err = p.expr()
	}
	return op, err
}

func (p *parser) topNested(at Pos) (Operator, error) {
	op := &TopNested{Pos: at}
	for {
		level := NestedLevel{}
		var err error
		if !p.is("of") {
			if level.Count, err = p.expr(); err != nil {
				return nil, err
			}
		}
		if err := p.expect("of"); err != nil {
			return nil, err
		}
		if level.Of, err = p.column(); err != nil {
			return nil, err
		}
		if p.is("with") {
			return nil, p.unsupported(p.peek(), "top-nested with others")
		}
		if err := p.expect("by"); err != nil {
			return nil, err
		}
		if level.By, err = p.column(); err != nil {
			return nil, err
		}
		if level.Asc = p.accept("asc"); !level.Asc {
			p.accept("desc")
		}
		op.Levels = append(op.Levels, level)
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
func (p *parser) partition(at Pos) (Operator, error) {
	op := &Partition{Pos: at}
	if err := p.hints(); err != nil {
		return nil, err
	}
	if err := p.expect("by"); err != nil {
		return nil, err
	}
	var err error
	if op.Column, err = p.ident(); err != nil {
		return nil, err
	}
	if p.is("{") {
		return nil, p.unsupported(p.peek(), "partition with braces")
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	op.Body, err = p.body()
	return op, err
}

// body reads operators up to the closing parenthesis, which it takes.
func (p *parser) body() ([]Operator, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var out []Operator
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
func (p *parser) render(at Pos) (Operator, error) {
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
	return &Render{at}, nil
}

func (p *parser) makeSeries(at Pos) (Operator, error) {
	op := &MakeSeries{Pos: at}
	if p.is("kind") && p.ahead(1).text == "=" {
		p.take()
		p.take()
		if kind := p.take(); kind.text != "nonempty" {
			return nil, p.fail(kind, "the kind of make-series is nonempty")
		}
		op.NonEmpty = true
	}
	if err := p.hints(); err != nil {
		return nil, err
	}
	for {
		c, err := p.column()
		if err != nil {
			return nil, err
		}
		s := seriesColumn{Named: c}
		if p.is("default") && p.ahead(1).text == "=" {
			p.take()
			p.take()
			if s.Fill, err = p.expr(); err != nil {
				return nil, err
			}
		}
		op.Aggregates = append(op.Aggregates, s)
		if !p.accept(",") {
			break
		}
	}
	if err := p.expect("on"); err != nil {
		return nil, err
	}
	var err error
	if op.On, err = p.column(); err != nil {
		return nil, err
	}
	if err := p.seriesAxis(op); err != nil {
		return nil, err
	}
	if p.accept("by") {
		op.By, err = p.columns()
	}
	return op, err
}

// seriesAxis reads from a to b step c, or in range(a, b, c).
func (p *parser) seriesAxis(op *MakeSeries) error {
	if list, ok := op.On.Value.(*List); ok && list.Op == "in" && len(list.Items) == 1 {
		if r, ok := list.Items[0].(*Call); ok && r.Name == "range" && len(r.Args) == 3 {
			op.On.Value, op.Inclusive = list.X, true
			op.From, op.To, op.Step = r.Args[0], r.Args[1], r.Args[2]
			return nil
		}
	}
	for _, part := range []struct {
		word string
		into *Expr
	}{{"from", &op.From}, {"to", &op.To}, {"step", &op.Step}} {
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
func (p *parser) evaluate(at Pos) (Operator, error) {
	op := &Evaluate{Pos: at}
	if err := p.hints(); err != nil {
		return nil, err
	}
	t := p.peek()
	e, err := p.primary()
	if err != nil {
		return nil, err
	}
	call, ok := e.(*Call)
	if !ok {
		return nil, p.fail(t, "evaluate takes a call of a plugin")
	}
	op.Call = call
	if !p.accept(":") {
		return op, nil
	}
	if p.is("(") && p.ahead(1).text == "*" {
		op.Star = true
		p.take()
		p.take()
		if p.accept(")") {
			return op, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
		op.Schema, err = p.schemaRest()
		return op, err
	}
	op.Schema, err = p.schema()
	return op, err
}
