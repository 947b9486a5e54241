package kql

func (p *parser) operator() (operator, error) {
	t := p.take()
	at := position(t.pos)
	if t.kind != tokName {
		return nil, p.fail(t, "expected an operator, found %q", t.text)
	}
	word := t.text
	// project-away and its kind come as three tokens
	if (word == "project" || word == "mv" || word == "sample" || word == "top" || word == "parse" || word == "make" || word == "partition") && p.is("-") && p.peek().pos == t.end && p.ahead(1).kind == tokName && p.ahead(1).pos == p.peek().end {
		p.take()
		word += "-" + p.take().text
	}
	if word == "project-by" && p.is("-") && p.ahead(1).text == "names" {
		p.take()
		p.take()
		c, err := p.columns()
		return &projectOp{at, "project-by-names", c}, err
	}
	switch word {
	case "where", "filter":
		e, err := p.expr()
		return &whereOp{at, e}, err
	case "extend":
		c, err := p.columns()
		return &extendOp{at, c}, err
	case "project", "project-away", "project-keep", "project-rename", "project-reorder":
		return p.project(at, word)
	case "summarize":
		return p.summarize(at)
	case "distinct":
		c, err := p.columns()
		return &distinctOp{at, c}, err
	case "sort", "order":
		if err := p.expect("by"); err != nil {
			return nil, err
		}
		keys, err := p.sortKeys()
		return &sortOp{at, keys}, err
	case "top":
		n, err := p.expr()
		if err != nil {
			return nil, err
		}
		if err := p.expect("by"); err != nil {
			return nil, err
		}
		keys, err := p.sortKeys()
		return &topOp{at, n, keys}, err
	case "top-hitters":
		return p.topHitters(at)
	case "top-nested":
		return p.topNested(at)
	case "sample-distinct":
		op := &sampleOp{position: at}
		var err error
		if op.count, err = p.expr(); err != nil {
			return nil, err
		}
		if err := p.expect("of"); err != nil {
			return nil, err
		}
		op.of, err = p.column()
		return op, err
	case "make-series":
		return p.makeSeries(at)
	case "partition":
		return p.partition(at)
	case "evaluate":
		return p.evaluate(at)
	case "invoke":
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		call, ok := e.(*callExpr)
		if !ok {
			return nil, p.fail(t, "invoke takes a call of a function")
		}
		return &invokeOp{at, call}, nil
	case "render":
		return p.render(at)
	case "take", "limit", "sample":
		n, err := p.expr()
		return &takeOp{at, n}, err
	case "count":
		op := &countOp{at, "Count"}
		var err error
		if p.accept("as") {
			op.name, err = p.ident()
		}
		return op, err
	case "getschema":
		return &getschemaOp{at}, nil
	case "serialize":
		if p.is("|") || p.is(")") || p.is(";") || p.is("}") || p.peek().kind == tokEnd {
			return &serializeOp{position: at}, nil
		}
		c, err := p.columns()
		return &serializeOp{at, c}, err
	case "union":
		p.i--
		u, err := p.union()
		return u, err
	case "join", "lookup":
		return p.join(at, word)
	case "mv-expand", "mvexpand":
		return p.expand(at)
	case "mv-apply", "mvapply":
		return p.apply(at)
	case "as":
		name, err := p.ident()
		return &asOp{at, name}, err
	case "parse", "parse-where":
		return p.parse(at, word == "parse-where")
	case "parse-kv":
		return p.parseKV(at)
	}
	return nil, p.unsupported(t, "the operator "+word)
}

func (p *parser) project(at position, word string) (operator, error) {
	op := &projectOp{position: at, kind: word}
	if p.is("|") || p.is(")") || p.is(";") || p.peek().kind == tokEnd {
		return op, nil
	}
	for {
		c, err := p.projected(word)
		if err != nil {
			return nil, err
		}
		op.columns = append(op.columns, c)
		if !p.accept(",") {
			return op, nil
		}
	}
}

// projected reads one column of a project; away, keep and reorder take
// patterns such as a* and reorder takes a direction.
func (p *parser) projected(word string) (column, error) {
	if word == "project" || word == "project-rename" {
		return p.column()
	}
	name := ""
	at := position(p.peek().pos)
	for {
		t := p.peek()
		if t.kind == tokName || t.kind == tokPunct && t.text == "*" {
			if name != "" && p.toks[p.i-1].end != t.pos {
				break
			}
			name += p.take().text
			continue
		}
		break
	}
	if name == "" {
		n, err := p.ident()
		if err != nil {
			return column{}, err
		}
		name = n
	}
	if word == "project-reorder" {
		for _, d := range []string{"asc", "desc", "granny-asc", "granny-desc"} {
			if p.accept(d) {
				name += " " + d
			}
		}
	}
	return column{value: &nameExpr{at, name}}, nil
}

func (p *parser) summarize(at position) (operator, error) {
	op := &summarizeOp{position: at}
	var err error
	if err := p.hints(); err != nil {
		return nil, err
	}
	if !p.is("by") {
		if p.is("|") || p.is(")") || p.is(";") || p.peek().kind == tokEnd {
			return op, nil
		}
		if op.aggregates, err = p.columns(); err != nil {
			return nil, err
		}
	}
	if p.accept("by") {
		op.by, err = p.columns()
	}
	return op, err
}

func (p *parser) sortKeys() ([]sortKey, error) {
	var out []sortKey
	for {
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		k := sortKey{value: e}
		if p.accept("asc") {
			k.asc = true
		} else {
			p.accept("desc")
		}
		k.nullsFirst = k.asc
		if p.accept("nulls") {
			k.nullsFirst = p.is("first")
			p.take()
		}
		out = append(out, k)
		if !p.accept(",") {
			return out, nil
		}
	}
}

func (p *parser) join(at position, word string) (operator, error) {
	op := &joinOp{position: at, kind: "innerunique", lookup: word == "lookup"}
	if op.lookup {
		op.kind = "leftouter"
	}
	for p.peek().kind == tokName && (p.ahead(1).text == "=" || p.ahead(1).text == ".") {
		key := p.take().text
		for p.accept(".") {
			key += "." + p.take().text
		}
		if err := p.expect("="); err != nil {
			return nil, err
		}
		value := p.take().text
		if key == "kind" {
			op.kind = value
		}
	}
	var err error
	if p.accept("(") {
		if op.right, err = p.pipeline(); err != nil {
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
		op.right = &pipeline{pos: s.at(), source: s}
	}
	if err := p.expect("on"); err != nil {
		return nil, err
	}
	for {
		if p.is("$") {
			p.take()
		}
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		op.on = append(op.on, e)
		if !p.accept(",") {
			return op, nil
		}
	}
}

func (p *parser) expand(at position) (operator, error) {
	op := &expandOp{position: at}
	for p.peek().kind == tokName && p.ahead(1).text == "=" && (p.is("with_itemindex") || p.is("bagexpansion") || p.is("kind")) {
		key := p.take().text
		p.take()
		value := p.take()
		switch {
		case key == "with_itemindex":
			op.itemIndex = value.text
		case value.text == "array":
			op.array = true
		}
	}
	var err error
	if op.columns, err = p.expandColumns(); err != nil {
		return nil, err
	}
	if p.accept("limit") {
		t := p.take()
		v, ok := parseLong(t.text)
		if !ok {
			return nil, p.fail(t, "limit takes a number")
		}
		op.limit = v.num
	}
	return op, nil
}

func (p *parser) expandColumns() ([]column, error) {
	var out []column
	for {
		c, err := p.column()
		if err != nil {
			return nil, err
		}
		if p.accept("to") {
			if err := p.expect("typeof"); err != nil {
				return nil, err
			}
			if err := p.expect("("); err != nil {
				return nil, err
			}
			if c.typ, err = p.typeName(); err != nil {
				return nil, err
			}
			c.hasTo = true
			if err := p.expect(")"); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
		if !p.accept(",") {
			return out, nil
		}
	}
}

func (p *parser) apply(at position) (operator, error) {
	op := &applyOp{position: at}
	var err error
	if p.is("with_itemindex") && p.ahead(1).text == "=" {
		p.take()
		p.take()
		if op.itemIndex, err = p.ident(); err != nil {
			return nil, err
		}
	}
	if op.columns, err = p.expandColumns(); err != nil {
		return nil, err
	}
	if p.accept("limit") {
		t := p.take()
		v, ok := parseLong(t.text)
		if !ok {
			return nil, p.fail(t, "limit takes a number")
		}
		op.limit = v.num
	}
	if err := p.expect("on"); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for {
		o, err := p.operator()
		if err != nil {
			return nil, err
		}
		op.body = append(op.body, o)
		if !p.accept("|") {
			return op, p.expect(")")
		}
	}
}
