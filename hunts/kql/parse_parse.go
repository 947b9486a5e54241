package kql

import (
	"strings"
)

func (p *parser) parse(at position, where bool) (operator, error) {
	op := &parseOp{position: at, where: where}
	if p.is("kind") && p.ahead(1).text == "=" {
		p.take()
		p.take()
		kind := p.take()
		switch kind.text {
		case "regex":
			op.regex = true
		case "relaxed":
			op.relaxed = true
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
			op.flags = flags.text
		}
	}
	var err error
	if op.of, err = p.sum(); err != nil {
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
			op.parts = append(op.parts, parsePart{text: t.text})
		case t.kind == tokPunct && t.text == "*":
			p.take()
			op.parts = append(op.parts, parsePart{star: true})
		case t.kind == tokName || t.kind == tokPunct && t.text == "[":
			name, err := p.ident()
			if err != nil {
				return nil, err
			}
			part := parsePart{name: name, typ: String}
			if p.accept(":") {
				if part.typ, err = p.typeName(); err != nil {
					return nil, err
				}
			}
			op.parts = append(op.parts, part)
		default:
			return op, nil
		}
	}
}

// parseKV reads parse-kv text as (a: long, b: string) with (…).
func (p *parser) parseKV(at position) (operator, error) {
	op := &parseKVOp{position: at}
	var err error
	if op.of, err = p.sum(); err != nil {
		return nil, err
	}
	if err := p.expect("as"); err != nil {
		return nil, err
	}
	if op.columns, err = p.schema(); err != nil {
		return nil, err
	}
	if len(op.columns) == 0 {
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

func (p *parser) parseKVOption(op *parseKVOp) error {
	key := p.take()
	if err := p.expect("="); err != nil {
		return err
	}
	value := p.take()
	if key.text == "greedy" {
		op.greedy = value.text == "true"
		return nil
	}
	if value.kind != tokString || value.text == "" {
		return p.fail(value, "%s of parse-kv takes a text", key.text)
	}
	chars := []rune(value.text)
	switch key.text {
	case "pair_delimiter":
		op.pair = value.text
	case "kv_delimiter":
		op.kv = value.text
	case "regex":
		op.regex = value.text
	case "quote":
		if len(chars) > 2 {
			return p.fail(value, "a quote of parse-kv is one character, or an opening and a closing one")
		}
		op.quotes = append(op.quotes, [2]rune{chars[0], chars[len(chars)-1]})
	case "escape":
		if len(chars) != 1 {
			return p.fail(value, "the escape of parse-kv is one character")
		}
		op.escape = append(op.escape, chars[0])
	default:
		return p.unsupported(key, "parse-kv with "+key.text)
	}
	return nil
}
