package syntax

import (
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

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
