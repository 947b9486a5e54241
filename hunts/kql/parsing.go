package kql

import (
	"regexp"
	"slices"
	"strings"
)

// parse cuts columns out of a text by a pattern. A simple pattern is a regular
// expression whose wild parts are as short as they can be.
func (x *execution) parse(op *parseOp, r *relation, s *scope) (*relation, error) {
	of, err := x.compile(op.of, r, s)
	if err != nil {
		return nil, err
	}
	re, columns, err := x.parsePattern(op)
	if err != nil {
		return nil, err
	}
	d := memo(x.derive(Dynamic, []*node{of}, false, func(i int) Value {
		groups := re.FindStringSubmatch(of.eval(i).Text())
		if groups == nil {
			return Null(Dynamic)
		}
		list := make([]any, len(columns))
		for k := range columns {
			list[k] = groups[k+1]
		}
		return DynamicValue(list)
	}))
	out := &relation{names: slices.Clone(r.names), vecs: slices.Clone(r.vecs), rows: r.rows}
	for k, c := range columns {
		n := x.derive(c.typ, []*node{d}, false, func(i int) Value {
			list, ok := d.eval(i).dyn.([]any)
			if !ok {
				return Null(c.typ)
			}
			return convert(StringValue(list[k].(string)), c.typ)
		})
		if at := out.find(c.name); at >= 0 {
			out.vecs[at] = vectorOf(n)
			continue
		}
		out.add(c.name, vectorOf(n))
	}
	if !op.where {
		return out, nil
	}
	sel := []int32{}
	for i := range r.rows {
		if err := x.step(1); err != nil {
			return nil, err
		}
		if d.eval(i).valid {
			sel = append(sel, int32(i))
		}
	}
	return out.pick(sel), nil
}

func (x *execution) parsePattern(op *parseOp) (*regexp.Regexp, []parsePart, error) {
	var b strings.Builder
	var columns []parsePart
	b.WriteString("(?s)^")
	for i, p := range op.parts {
		last := i == len(op.parts)-1
		switch {
		case p.star && last:
		case p.star:
			b.WriteString(".*?")
		case p.name == "":
			if op.regex {
				b.WriteString("(?:" + p.text + ")")
				continue
			}
			b.WriteString(regexp.QuoteMeta(p.text))
		default:
			columns = append(columns, p)
			switch {
			case p.typ == Long || p.typ == Int:
				b.WriteString(`\s*([-+]?[0-9]+)`)
			case p.typ == Real:
				b.WriteString(`\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)`)
			case last:
				b.WriteString("(.*)")
			default:
				b.WriteString("(.*?)")
			}
			if last {
				b.WriteString("$")
			}
		}
	}
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, nil, x.error(op.at(), SemanticError, "the pattern of parse is not valid: %v", err)
	}
	return re, columns, nil
}
