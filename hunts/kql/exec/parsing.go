package exec

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// parse cuts columns out of a text by a pattern. A simple pattern is a regular
// expression whose wild parts are as short as they can be; one of kind regex
// takes as much as it can, as the reference shows ("parse operator").
func (x *execution) parse(op *syntax.ParseText, r *relation, s *scope) (*relation, error) {
	of, err := x.compile(op.Of, r, s)
	if err != nil {
		return nil, err
	}
	re, columns, err := x.parsePattern(op)
	if err != nil {
		return nil, err
	}
	return x.extracted(r, of, columns, extraction{where: op.Where, cut: func(text string) []value.Value {
		groups := re.FindStringSubmatch(text)
		if groups == nil {
			return nil
		}
		out := make([]value.Value, len(columns))
		for k, c := range columns {
			out[k] = value.Convert(value.StringValue(groups[re.SubexpIndex(c.group)]), c.Type)
			if !out[k].Valid && !op.Relaxed {
				return nil // one column that does not convert spoils the row
			}
		}
		return out
	}})
}

// extraction is how columns are cut out of a text; nil for a text that does
// not match, whose row parse-where drops.
type extraction struct {
	cut   func(text string) []value.Value
	where bool
}

// parsedColumn is a column to come, and the capture group that holds it.
type parsedColumn struct {
	value.Column
	group string
}

// extracted adds what was cut out of each text as columns.
func (x *execution) extracted(r *relation, of *node, columns []parsedColumn, how extraction) (*relation, error) {
	// all columns of a text are cut at once, and remembered for each distinct text
	var cuts [][]value.Value
	once := x.derive(value.Int, []*node{of}, false, func(i int) value.Value {
		got := how.cut(of.eval(i).Text())
		if got == nil {
			return value.Null(value.Int)
		}
		cuts = append(cuts, got)
		return value.IntValue(int32(len(cuts) - 1))
	})
	d := memo(once)
	if d == once && !d.konst { // not remembered by its text: by its row then
		rows := make([]value.Value, r.rows)
		asked := make([]bool, r.rows)
		cut := d.eval
		d = &node{typ: value.Int, rows: r.rows, cost: costCall, impure: d.impure, test: func(int) bool { return false }, eval: func(i int) value.Value {
			if !asked[i] {
				rows[i], asked[i] = cut(i), true
			}
			return rows[i]
		}}
	}
	out := &relation{names: slices.Clone(r.names), vecs: slices.Clone(r.vecs), rows: r.rows}
	for k, c := range columns {
		n := x.derive(c.Type, []*node{d}, false, func(i int) value.Value {
			at := d.eval(i)
			if !at.Valid {
				return value.Null(c.Type)
			}
			return cuts[at.Num][k]
		})
		if at := out.find(c.Name); at >= 0 {
			out.vecs[at] = vectorOf(n)
			continue
		}
		out.add(c.Name, vectorOf(n))
	}
	if !how.where {
		return out, nil
	}
	sel := []int32{}
	for i := range r.rows {
		if err := x.step(1); err != nil {
			return nil, err
		}
		if d.eval(i).Valid {
			sel = append(sel, int32(i))
		}
	}
	return out.pick(sel), nil
}

func (x *execution) parsePattern(op *syntax.ParseText) (*regexp.Regexp, []parsedColumn, error) {
	var b strings.Builder
	var columns []parsedColumn
	flags := "s"
	if op.Regex {
		flags = op.Flags
	}
	if flags != "" {
		b.WriteString("(?" + flags + ")")
	}
	b.WriteString("^")
	for i, p := range op.Parts {
		last := i == len(op.Parts)-1
		switch {
		case p.Star && last:
		case p.Star:
			b.WriteString(".*?")
		case p.Name == "" && op.Regex:
			b.WriteString("(?:" + p.Text + ")")
		case p.Name == "":
			b.WriteString(regexp.QuoteMeta(p.Text))
		default:
			c := parsedColumn{value.Column{Name: p.Name, Type: p.Type}, "column" + strconv.Itoa(i)}
			columns = append(columns, c)
			wild := last || op.Parts[i+1].Star
			b.WriteString(captured(c, op, wild))
			if last {
				b.WriteString("$")
			}
		}
	}
	re, err := builtin.CompileRegex(b.String())
	if err != nil {
		return nil, nil, x.error(op.At(), syntax.SemanticError, "the pattern of parse is not valid: %v", err)
	}
	return re, columns, nil
}

// captured is the pattern of a column. What follows decides where a text ends;
// a number or an instant before a star ends by itself.
func captured(c parsedColumn, op *syntax.ParseText, wild bool) string {
	group := func(pattern string) string { return "(?P<" + c.group + ">" + pattern + ")" }
	whole := `[-+]?[0-9]+`
	fraction := `[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?`
	number := ""
	switch c.Type {
	case value.Long, value.Int:
		number = whole
	case value.Real, value.Decimal:
		number = fraction
	}
	switch {
	case number != "" && op.Relaxed && !wild:
		return group(".*?")
	case number != "" && op.Relaxed:
		return `\s*` + group(number+"|")
	case number != "":
		return `\s*` + group(number)
	case (c.Type == value.Datetime || c.Type == value.Timespan) && wild && !op.Regex:
		return group(`[-+0-9][-+0-9TZ:/. ]*`)
	case c.Type == value.Bool && wild && !op.Regex, c.Type == value.Guid && wild && !op.Regex:
		return group(`[0-9a-zA-Z-]+`)
	case op.Regex || wild:
		return group(".*")
	}
	return group(".*?")
}
