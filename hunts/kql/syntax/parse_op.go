package syntax

import (
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func (p *parser) operator() (Operator, error) {
	t := p.take()
	at := Pos(t.pos)
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
		return &Project{at, "project-by-names", c}, err
	}
	switch word {
	case "where", "filter":
		e, err := p.expr()
		if t := p.peek(); err == nil && t.kind == tokPunct && t.text == "=" {
			return nil, p.unsupported(t, "= in where, which may name a value: write == to compare")
		}
		return &Where{at, e}, err
	case "extend":
		c, err := p.columns()
		return &Extend{at, c}, err
	case "project", "project-away", "project-keep", "project-rename", "project-reorder":
		return p.project(at, word)
	case "summarize":
		return p.summarize(at)
	case "distinct":
		c, err := p.columns()
		return &Distinct{at, c}, err
	case "sort", "order":
		if err := p.expect("by"); err != nil {
			return nil, err
		}
		keys, err := p.sortKeys()
		return &Sort{at, keys}, err
	case "top":
		n, err := p.expr()
		if err != nil {
			return nil, err
		}
		if err := p.expect("by"); err != nil {
			return nil, err
		}
		keys, err := p.sortKeys()
		if err == nil && len(keys) > 1 { // unlike sort; Kusto's parser refuses it
			err = p.fail(p.peek(), "top takes one expression after by: sort by several, then take")
		}
		return &Top{at, n, keys}, err
	case "render":
		return p.render(at)
	case "take", "limit", "sample":
		n, err := p.expr()
		return &Take{at, n}, err
	case "search":
		return p.search(at)
	case "count":
		op := &Count{at, "Count"}
		var err error
		if p.accept("as") {
			op.Name, err = p.ident()
		}
		return op, err
	case "getschema":
		return &GetSchema{at}, nil
	case "serialize":
		if p.is("|") || p.is(")") || p.is(";") || p.is("}") || p.peek().kind == tokEnd {
			return &Serialize{Pos: at}, nil
		}
		c, err := p.columns()
		return &Serialize{at, c}, err
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
		if err := p.hints(); err != nil {
			return nil, err
		}
		name, err := p.ident()
		return &As{at, name}, err
	case "parse", "parse-where":
		return p.parse(at, word == "parse-where")
	case "parse-kv":
		return p.parseKV(at)
	}
	return p.rarer(t, word)
}

// rarer reads the operators that few hunts use.
func (p *parser) rarer(t token, word string) (Operator, error) {
	at := Pos(t.pos)
	switch word {
	case "top-hitters":
		return p.topHitters(at)
	case "top-nested":
		return p.topNested(at)
	case "sample-distinct":
		op := &SampleDistinct{Pos: at}
		var err error
		if op.Count, err = p.expr(); err != nil {
			return nil, err
		}
		if err := p.expect("of"); err != nil {
			return nil, err
		}
		op.Of, err = p.column()
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
		call, ok := e.(*Call)
		if !ok {
			return nil, p.fail(t, "invoke takes a call of a function")
		}
		return &Invoke{at, call}, nil
	}
	return nil, p.unsupported(t, "the operator "+word)
}

func (p *parser) project(at Pos, word string) (Operator, error) {
	op := &Project{Pos: at, Kind: word}
	if p.is("|") || p.is(")") || p.is(";") || p.peek().kind == tokEnd {
		return op, nil
	}
	for {
		c, err := p.projected(word)
		if err != nil {
			return nil, err
		}
		op.Columns = append(op.Columns, c)
		if !p.accept(",") {
			return op, nil
		}
	}
}

// projected reads one column of a project; away, keep and reorder take
// patterns such as a* and reorder takes a direction.
func (p *parser) projected(word string) (Named, error) {
	if word == "project" || word == "project-rename" {
		return p.column()
	}
	name := ""
	at := Pos(p.peek().pos)
	for {
		t := p.peek()
		if t.kind == tokName || t.kind == tokPunct && t.text == "*" || t.kind == tokNumber && strings.HasSuffix(name, "*") {
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
			return Named{}, err
		}
		name = n
	}
	out := Named{Value: &Name{at, name}}
	if word == "project-reorder" {
		for _, d := range []string{"asc", "desc", "granny-asc", "granny-desc"} {
			if p.accept(d) {
				out.Order = d
			}
		}
	}
	return out, nil
}

func (p *parser) summarize(at Pos) (Operator, error) {
	op := &Summarize{Pos: at}
	var err error
	if err := p.hints(); err != nil {
		return nil, err
	}
	if !p.is("by") {
		if p.is("|") || p.is(")") || p.is(";") || p.peek().kind == tokEnd {
			return op, nil
		}
		if op.Aggregates, err = p.columns(); err != nil {
			return nil, err
		}
	}
	if p.accept("by") {
		op.By, err = p.columns()
	}
	return op, err
}

func (p *parser) sortKeys() ([]SortKey, error) {
	var out []SortKey
	for {
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		k := SortKey{Value: e}
		if p.accept("asc") {
			k.Asc = true
		} else {
			p.accept("desc")
		}
		k.NullsFirst = k.Asc
		if p.accept("nulls") {
			k.NullsFirst = p.is("first")
			p.take()
		}
		out = append(out, k)
		if !p.accept(",") {
			return out, nil
		}
	}
}

func (p *parser) join(at Pos, word string) (Operator, error) {
	op := &Join{Pos: at, Kind: "innerunique", Lookup: word == "lookup"}
	if op.Lookup {
		op.Kind = "leftouter"
	}
	for p.peek().kind == tokName && (p.ahead(1).text == "=" || p.ahead(1).text == ".") {
		key := p.take().text
		for p.accept(".") {
			key += "." + p.take().text
		}
		if err := p.expect("="); err != nil {
			return nil, err
		}
		val := p.take().text
		if key == "kind" {
			op.Kind = val
		}
	}
	var err error
	if p.accept("(") {
		if op.Right, err = p.pipeline(); err != nil {
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
		op.Right = &Pipeline{Pos: s.At(), Source: s}
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
		op.On = append(op.On, e)
		if !p.accept(",") {
			return op, nil
		}
	}
}

func (p *parser) expand(at Pos) (Operator, error) {
	op := &Expand{Pos: at}
	for p.peek().kind == tokName && p.ahead(1).text == "=" && (p.is("with_itemindex") || p.is("bagexpansion") || p.is("kind")) {
		key := p.take().text
		p.take()
		val := p.take()
		switch {
		case key == "with_itemindex":
			op.ItemIndex = val.text
		case val.text == "array":
			op.Array = true
		}
	}
	var err error
	if op.Columns, err = p.expandColumns(); err != nil {
		return nil, err
	}
	if p.accept("limit") {
		t := p.take()
		v, ok := value.ParseLong(t.text)
		if !ok {
			return nil, p.fail(t, "limit takes a number")
		}
		op.Limit = v.Num
	}
	return op, nil
}

func (p *parser) expandColumns() ([]Named, error) {
	var out []Named
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
			if c.Type, err = p.typeName(); err != nil {
				return nil, err
			}
			c.HasTo = true
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

func (p *parser) apply(at Pos) (Operator, error) {
	op := &Apply{Pos: at}
	var err error
	if p.is("with_itemindex") && p.ahead(1).text == "=" {
		p.take()
		p.take()
		if op.ItemIndex, err = p.ident(); err != nil {
			return nil, err
		}
	}
	if op.Columns, err = p.expandColumns(); err != nil {
		return nil, err
	}
	if p.accept("limit") {
		t := p.take()
		v, ok := value.ParseLong(t.text)
		if !ok {
			return nil, p.fail(t, "limit takes a number")
		}
		op.Limit = v.Num
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
		op.Body = append(op.Body, o)
		if !p.accept("|") {
			return op, p.expect(")")
		}
	}
}
