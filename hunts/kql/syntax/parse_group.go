package syntax

import (
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

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

func (p *parser) parse(at Pos, where bool) (Operator, error) {
	op := &ParseText{Pos: at, Where: where}
	if p.is("kind") && p.ahead(1).text == "=" {
		p.take()
		p.take()
		kind := p.take()
		switch kind.text {
		case "regex":
			op.Regex = true
		case "relaxed":
			op.Relaxed = true
		case "simple":
		default:
			return nil, p.fail(kind, "parse kind is simple, regex or relaxed")
		}
		if p.is("flags") && p.ahead(1).text == "=" {
			p.take()
			p.take()
			flags := p.take()
			if strings.Trim(flags.text, "Umsi") != "" {
				return nil, p.unsupported(flags, "the flag "+flags.text+" of parse")
			}
			op.Flags = flags.text
		}
	}
	var err error
	if op.Of, err = p.sum(); err != nil {
		return nil, err
	}
	if err := p.expect("with"); err != nil {
		return nil, err
	}
	for {
		t := p.peek()
		switch {
		case t.kind == tokString:
			p.take()
			op.Parts = append(op.Parts, parsePart{Text: t.text})
		case t.kind == tokPunct && t.text == "*":
			p.take()
			op.Parts = append(op.Parts, parsePart{Star: true})
		case t.kind == tokName || t.kind == tokPunct && t.text == "[":
			name, err := p.ident()
			if err != nil {
				return nil, err
			}
			part := parsePart{Name: name, Type: value.String}
			if p.accept(":") {
				if part.Type, err = p.typeName(); err != nil {
					return nil, err
				}
			}
			op.Parts = append(op.Parts, part)
		default:
			return op, nil
		}
	}
}

// parseKV reads parse-kv text as (a: long, b: string) with (…).
func (p *parser) parseKV(at Pos) (Operator, error) {
	op := &ParseKV{Pos: at}
	var err error
	if op.Of, err = p.sum(); err != nil {
		return nil, err
	}
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	if op.Columns, err = p.schema(); err != nil {
		return nil, err
	}
	if len(op.Columns) == 0 {
		return nil, p.fail(p.peek(), "parse-kv takes at least one key")
	}
	if !p.accept("with") {
		return op, nil
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for !p.accept(")") {
		if err := p.parseKVOption(op); err != nil {
			return nil, err
		}
		if !p.is(")") {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
	}
	return op, nil
}

func (p *parser) parseKVOption(op *ParseKV) error {
	key := p.take()
	if err := p.expect("="); err != nil {
		return err
	}
	val := p.take()
	if key.text == "greedy" {
		op.Greedy = val.text == "true"
		return nil
	}
	if val.kind != tokString || val.text == "" {
		return p.fail(val, "%s of parse-kv takes a text", key.text)
	}
	chars := []rune(val.text)
	switch key.text {
	case "pair_delimiter":
		op.Pair = val.text
	case "kv_delimiter":
		op.Kv = val.text
	case "regex":
		op.Regex = val.text
	case "quote":
		if len(chars) > 2 {
			return p.fail(val, "a quote of parse-kv is one character, or an opening and a closing one")
		}
		op.Quotes = append(op.Quotes, [2]rune{chars[0], chars[len(chars)-1]})
	case "escape":
		if len(chars) != 1 {
			return p.fail(val, "the escape of parse-kv is one character")
		}
		op.Escape = append(op.Escape, chars[0])
	default:
		return p.unsupported(key, "parse-kv with "+key.text)
	}
	return nil
}
