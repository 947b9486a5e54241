package exec

import (
	"slices"
	"strconv"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// argument compiles arg_max, arg_min and take_any, which give whole rows.
func (x *execution) argument(m *maker, name string, args []syntax.Expr, e *syntax.Call, in aggregation) error {
	p := &rowPicker{sign: 1}
	if name == "arg_min" || name == "argmin" {
		p.sign = -1
	}
	m.names = nil
	prefix := "" // any() and argmax() are older forms, which prefix their columns
	switch name {
	case "any":
		prefix = "any_"
	case "argmax":
		name, prefix = "arg_max", "max_"
	case "argmin":
		name, prefix = "arg_min", "min_"
	}
	rest := args
	key := ""
	// a star leaves out the columns that are there by themselves
	var direct []string
	for _, a := range args {
		if n, ok := a.(*syntax.Name); ok {
			direct = append(direct, n.Name)
		}
	}
	if name == "arg_max" || name == "arg_min" {
		n, err := x.compile(args[0], in.rel, in.scope)
		if err != nil {
			return err
		}
		if n.typ == value.Dynamic || n.typ == value.Guid {
			return x.error(args[0].At(), syntax.SemanticError, "%s() can't order values of type %s; convert them first", name, n.typ)
		}
		p.key, key = memo(n), implicitName(args[0])
		label := key
		if label == "" {
			label = name[len("arg_"):] + "_"
		}
		m.names, p.nodes, rest = []string{prefix + label}, []*node{p.key}, args[1:]
		if prefix != "" {
			prefix += label + "_"
		}
	}
	for i, a := range rest {
		if _, star := a.(*syntax.Star); star {
			for k, column := range in.rel.names {
				if in.used[column] || slices.Contains(direct, column) {
					continue
				}
				m.names = append(m.names, prefix+column)
				p.nodes = append(p.nodes, columnNode(in.rel.vecs[k], in.rel.rows))
			}
			continue
		}
		n, err := x.compile(a, in.rel, in.scope)
		if err != nil {
			return err
		}
		label := implicitName(a)
		switch {
		case e.NameOf(a) != "":
			label = e.NameOf(a)
		case label != "":
			label = prefix + label
		case p.key != nil:
			label = name[len("arg_"):] + "_" + key + "_arg" + strconv.Itoa(i+1)
		default:
			label = "any_arg" + strconv.Itoa(i)
		}
		m.names = append(m.names, label)
		p.nodes = append(p.nodes, memo(n))
	}
	for _, n := range p.nodes {
		m.types = append(m.types, n.typ)
	}
	// of a single column, any value is better than none
	p.value = p.key == nil && len(p.nodes) == 1
	m.make = func() accumulator {
		one := *p
		one.row = -1
		return &one
	}
	return nil
}

type rowPicker struct {
	key   *node
	sign  int
	nodes []*node
	value bool // wants a row in which its one node is not empty
	row   int
	best  value.Value
}

func (p *rowPicker) add(i int) {
	if p.row < 0 {
		p.row = i
		if p.key != nil {
			p.best = p.key.eval(i)
		}
		return
	}
	if p.key == nil {
		if p.value && empty(p.nodes[0].eval(p.row)) && !empty(p.nodes[0].eval(i)) {
			p.row = i
		}
		return
	}
	v := p.key.eval(i)
	if !v.Valid {
		return
	}
	c, ok := value.Compare(value.Plain(v), value.Plain(p.best))
	if !p.best.Valid || ok && c*p.sign > 0 {
		p.row, p.best = i, v
	}
}

// empty is what isempty() says of a value.
func empty(v value.Value) bool { return !v.Valid || v.Kind == value.String && v.Str == "" }

func (p *rowPicker) result() []value.Value {
	out := make([]value.Value, len(p.nodes))
	for i, n := range p.nodes {
		if p.row < 0 {
			out[i] = value.Null(n.typ)
			continue
		}
		out[i] = n.eval(p.row)
	}
	return out
}
