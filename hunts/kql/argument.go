package kql

import "slices"

// argument compiles arg_max, arg_min and take_any, which give whole rows.
func (x *execution) argument(m *maker, name string, args []expr, e *callExpr, r *relation, s *scope, keys *relation) error {
	if len(args) == 0 {
		return x.error(e.at(), SemanticError, "%s() lacks its argument", name)
	}
	var key *node
	rest := args
	m.names, m.types = nil, nil
	var nodes []*node
	if name != "take_any" {
		n, err := x.compile(args[0], r, s)
		if err != nil {
			return err
		}
		key = memo(n)
		label := implicitName(args[0])
		m.names, nodes, rest = []string{label}, []*node{key}, args[1:]
	}
	for _, a := range rest {
		if _, star := a.(*starExpr); star {
			for i, column := range r.names {
				if keys.find(column) >= 0 || slices.Contains(m.names, column) {
					continue
				}
				m.names = append(m.names, column)
				nodes = append(nodes, columnNode(r.vecs[i], r.rows))
			}
			continue
		}
		n, err := x.compile(a, r, s)
		if err != nil {
			return err
		}
		m.names = append(m.names, implicitName(a))
		nodes = append(nodes, memo(n))
	}
	for _, n := range nodes {
		m.types = append(m.types, n.typ)
	}
	sign := 1
	if name == "arg_min" {
		sign = -1
	}
	m.make = func() accumulator { return &rowPicker{key: key, sign: sign, nodes: nodes, row: -1} }
	return nil
}

type rowPicker struct {
	key   *node
	sign  int
	nodes []*node
	row   int
	best  Value
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
		return
	}
	v := p.key.eval(i)
	if !v.valid {
		return
	}
	c, ok := compareValues(plain(v), plain(p.best))
	if !p.best.valid || ok && c*p.sign > 0 {
		p.row, p.best = i, v
	}
}

func (p *rowPicker) result() []Value {
	out := make([]Value, len(p.nodes))
	for i, n := range p.nodes {
		if p.row < 0 {
			out[i] = Null(n.typ)
			continue
		}
		out[i] = n.eval(p.row)
	}
	return out
}
