package syntax

import (
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Binding strength, weakest first: or, and, comparison, sum, product.
func (p *parser) expr() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	x, err := p.and()
	for n := 0; err == nil && p.is("or"); n++ {
		if err = p.chained(n); err != nil {
			break
		}
		at := Pos(p.take().pos)
		var y Expr
		y, err = p.and()
		x = &Binary{at, "or", x, y}
	}
	return x, err
}

func (p *parser) and() (Expr, error) {
	x, err := p.comparison()
	for n := 0; err == nil && p.is("and"); n++ {
		if err = p.chained(n); err != nil {
			break
		}
		at := Pos(p.take().pos)
		var y Expr
		y, err = p.comparison()
		x = &Binary{at, "and", x, y}
	}
	return x, err
}

// wordOperators are the string operators written as names; each has a
// negation with "!".
var wordOperators = map[string]bool{
	"has": true, "has_cs": true, "contains": true, "contains_cs": true, "startswith": true, "startswith_cs": true, "endswith": true, "endswith_cs": true,
	"hasprefix": true, "hasprefix_cs": true, "hassuffix": true, "hassuffix_cs": true, "like": false,
}

// olderWords are operators that the language has renamed.
var olderWords = map[string]string{"notcontains": "!contains", "notcontains_cs": "!contains_cs", "containscs": "contains_cs"}

func (p *parser) comparison() (Expr, error) {
	x, err := p.sum()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		if err := p.chained(n); err != nil {
			return nil, err
		}
		t := p.peek()
		at := Pos(t.pos)
		not := ""
		word := t.text
		if t.kind == tokPunct && t.text == "!" && p.ahead(1).kind == tokName {
			not, word = "!", p.ahead(1).text
		} else if t.kind == tokPunct {
			if t.text == ":" && p.searching == 0 {
				return x, nil
			}
			switch t.text {
			case "==", "!=", "<", ">", "<=", ">=", "=~", "!~", "<>", "=", ":":
				if t.text == "=" {
					return x, nil
				}
				p.take()
				y, err := p.sum()
				if err != nil {
					return nil, err
				}
				op := t.text
				if op == "<>" {
					op = "!="
				}
				x = &Binary{at, op, x, y}
				continue
			}
			return x, nil
		} else if t.kind != tokName {
			return x, nil
		}
		if older, ok := olderWords[word]; ok {
			word = older
		}
		switch {
		case wordOperators[strings.TrimPrefix(word, "!")]:
			p.skipNot(not)
			p.take()
			y, err := p.sum()
			if err != nil {
				return nil, err
			}
			x = &Binary{at, not + word, x, y}
		case word == "matches":
			p.take()
			if err := p.expect("regex"); err != nil {
				return nil, err
			}
			y, err := p.sum()
			if err != nil {
				return nil, err
			}
			x = &Binary{at, "matches regex", x, y}
		case word == "in" || word == "in~" || word == "has_any" || word == "has_all":
			p.skipNot(not)
			p.take()
			items, err := p.items()
			if err != nil {
				return nil, err
			}
			x = &List{at, not + word, x, items}
		case word == "between":
			p.skipNot(not)
			p.take()
			b := &Between{Pos: at, X: x, Not: not != ""}
			if err := p.expect("("); err != nil {
				return nil, err
			}
			if b.Lo, err = p.sum(); err != nil {
				return nil, err
			}
			if err := p.expect(".."); err != nil {
				return nil, err
			}
			if b.Hi, err = p.sum(); err != nil {
				return nil, err
			}
			if err := p.expect(")"); err != nil {
				return nil, err
			}
			x = b
		default:
			return x, nil
		}
	}
}

func (p *parser) skipNot(not string) {
	if not != "" {
		p.take()
	}
}

func (p *parser) items() ([]Expr, error) {
	if !p.is("(") {
		x, err := p.sum()
		return []Expr{x}, err
	}
	p.take()
	list, _, err := p.args()
	return list, err
}

func (p *parser) sum() (Expr, error) {
	x, err := p.product()
	for n := 0; err == nil && p.peek().kind == tokPunct && (p.is("+") || p.is("-")); n++ {
		if err = p.chained(n); err != nil {
			break
		}
		t := p.take()
		var y Expr
		y, err = p.product()
		x = &Binary{Pos(t.pos), t.text, x, y}
	}
	return x, err
}

func (p *parser) product() (Expr, error) {
	x, err := p.unary()
	for n := 0; err == nil && p.peek().kind == tokPunct && (p.is("*") || p.is("/") || p.is("%")); n++ {
		if err = p.chained(n); err != nil {
			break
		}
		t := p.take()
		var y Expr
		y, err = p.unary()
		x = &Binary{Pos(t.pos), t.text, x, y}
	}
	return x, err
}

func (p *parser) unary() (Expr, error) {
	t := p.peek()
	if t.kind == tokPunct && (t.text == "-" || t.text == "+") {
		if err := p.enter(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		p.take()
		x, err := p.unary()
		if err != nil || t.text == "+" {
			return x, err
		}
		return &Unary{Pos(t.pos), "-", x}, nil
	}
	return p.postfix()
}

func (p *parser) postfix() (Expr, error) {
	x, err := p.primary()
	for n := 0; err == nil; n++ {
		if err = p.chained(n); err != nil {
			break
		}
		t := p.peek()
		switch {
		case t.kind == tokPunct && t.text == ".":
			p.take()
			var name string
			if p.peek().kind == tokPunct && p.is("[") {
				p.take()
				index, e := p.expr()
				if e != nil {
					return nil, e
				}
				x = &Index{Pos(t.pos), x, index}
				err = p.expect("]")
				continue
			}
			if name, err = p.ident(); err == nil {
				x = &Member{Pos(t.pos), x, name}
			}
		case t.kind == tokPunct && t.text == "[":
			p.take()
			var index Expr
			if index, err = p.expr(); err == nil {
				x = &Index{Pos(t.pos), x, index}
				err = p.expect("]")
			}
		default:
			return x, nil
		}
	}
	return nil, err
}

func (p *parser) primary() (Expr, error) {
	t := p.peek()
	at := Pos(t.pos)
	switch t.kind {
	case tokString:
		p.take()
		return &Literal{at, value.StringValue(p.adjacent(t))}, nil
	case tokNumber:
		p.take()
		if strings.ContainsAny(t.text, ".") || (strings.ContainsAny(t.text, "eE") && !strings.HasPrefix(t.text, "0x") && !strings.HasPrefix(t.text, "0X")) {
			f, err := strconv.ParseFloat(t.text, 64)
			if err != nil {
				return nil, p.fail(t, "%q is not a number", t.text)
			}
			return &Literal{at, value.RealValue(f)}, nil
		}
		v, ok := value.ParseLong(t.text)
		if !ok {
			return nil, p.fail(t, "%q is not a number", t.text)
		}
		return &Literal{at, v}, nil
	case tokTimespan:
		p.take()
		ticks, _ := value.ParseTimespan(t.text)
		return &Literal{at, value.TimespanTicks(ticks)}, nil
	case tokTyped:
		p.take()
		v, _ := value.LiteralValue(t.text, t.raw)
		return &Literal{at, v}, nil
	case tokPunct:
		switch t.text {
		case "(":
			return p.parenthesis()
		case "[":
			if p.ahead(1).kind == tokString && p.ahead(2).text == "]" {
				name, err := p.ident()
				return &Name{at, name}, err
			}
			v, err := p.jsonValue()
			return &Literal{at, value.DynamicValue(v)}, err
		case "*":
			p.take()
			return &Star{at}, nil
		}
	case tokName:
		return p.named()
	}
	return nil, p.fail(t, "expected an expression, found %q", t.text)
}

// adjacent is a text literal with those that stand right behind it: they are one.
func (p *parser) adjacent(t token) string {
	text := t.text
	for p.peek().kind == tokString {
		text += p.take().text
	}
	return text
}

func (p *parser) parenthesis() (Expr, error) {
	p.take()
	table, x, err := p.tabularOrScalar()
	if err != nil {
		return nil, err
	}
	if table != nil {
		x = &Subquery{Pos(table.Pos), table}
	}
	return x, p.expect(")")
}

func (p *parser) named() (Expr, error) {
	t := p.take()
	at := Pos(t.pos)
	switch t.text {
	case "true", "false":
		if !p.is("(") {
			return &Literal{at, value.BoolValue(t.text == "true")}, nil
		}
	case "dynamic":
		if p.accept("(") {
			v, err := p.jsonValue()
			if err != nil {
				return nil, err
			}
			return &Literal{at, value.DynamicValue(v)}, p.expect(")")
		}
	case "typeof":
		if p.accept("(") {
			typ, err := p.typeName()
			if err != nil {
				return nil, err
			}
			return &Literal{at, value.StringValue(typ.String())}, p.expect(")")
		}
	}
	if !p.is("(") || p.peek().kind != tokPunct {
		return &Name{at, t.text}, nil
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.take()
	args, names, err := p.args()
	return &Call{at, t.text, args, names}, err
}

// jsonValue reads the inside of dynamic(…): JSON whose strings are those of
// the language, and whose values may be typed literals.
func (p *parser) jsonValue() (any, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	t := p.take()
	switch {
	case t.kind == tokString:
		return p.adjacent(t), nil
	case t.kind == tokNumber:
		return p.jsonNumber(t, false)
	case t.kind == tokPunct && t.text == "-" && p.peek().kind == tokNumber:
		return p.jsonNumber(p.take(), true)
	case t.kind == tokTyped:
		v, _ := value.LiteralValue(t.text, t.raw)
		return value.ToDynamic(v), nil
	case t.kind == tokName && typedLiterals[strings.ToLower(t.text)] && p.is("(") && p.ahead(1).kind == tokString:
		p.take()
		text := p.take()
		v := value.Convert(value.StringValue(text.text), value.TypeByName[strings.ToLower(t.text)])
		if !v.Valid {
			return nil, p.fail(text, "%q is no %s", text.text, t.text)
		}
		return value.ToDynamic(v), p.expect(")")
	case t.kind == tokTimespan:
		ticks, _ := value.ParseTimespan(t.text)
		return value.ToDynamic(value.TimespanTicks(ticks)), nil
	case t.text == "null" && t.kind == tokName:
		return nil, nil
	case t.kind == tokName && t.text == "dynamic" && p.accept("("):
		v, err := p.jsonValue()
		if err != nil {
			return nil, err
		}
		return v, p.expect(")")
	case t.kind == tokName && (t.text == "true" || t.text == "false"):
		return t.text == "true", nil
	case t.text == "[":
		list := []any{}
		for !p.accept("]") {
			v, err := p.jsonValue()
			if err != nil {
				return nil, err
			}
			list = append(list, v)
			if !p.is("]") {
				if err := p.expect(","); err != nil {
					return nil, err
				}
			}
		}
		return list, nil
	case t.text == "{":
		bag := value.NewBag()
		for !p.accept("}") {
			k := p.take()
			if k.kind != tokString {
				return nil, p.fail(k, "a key of a bag is a string")
			}
			if err := p.expect(":"); err != nil {
				return nil, err
			}
			v, err := p.jsonValue()
			if err != nil {
				return nil, err
			}
			bag.Set(k.text, v)
			if !p.is("}") {
				if err := p.expect(","); err != nil {
					return nil, err
				}
			}
		}
		return bag, nil
	}
	return nil, p.fail(t, "a dynamic literal can't hold %q", t.text)
}

func (p *parser) jsonNumber(t token, negative bool) (any, error) {
	text := t.text
	if negative {
		text = "-" + text
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, p.fail(t, "%q is not a number", text)
	}
	return f, nil
}

// maxChain bounds a + b + c …, whose tree is as deep as it is long.
const maxChain = 5000

func (p *parser) chained(n int) error {
	if n < maxChain {
		return nil
	}
	return NewError(p.src, p.peek().pos, LimitExceeded, "", "an expression has more than %d parts in a row", maxChain)
}
