package exec

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func (x *execution) aggregate(e *syntax.Call, in aggregation) (*maker, error) {
	name, args := e.Name, e.Args
	if !aggregates[name].allows(len(args)) {
		return nil, x.error(e.At(), syntax.SemanticError, "%s() can't take %d arguments", name, len(args))
	}
	m := &maker{names: []string{aggregateName(e)}}
	if c, ok := conditional[name]; ok {
		n, err := x.compile(args[c.at], in.rel, in.scope)
		if err != nil {
			return nil, err
		}
		if n.typ != value.Bool && n.typ != value.Unknown {
			return nil, x.error(args[c.at].At(), syntax.SemanticError, "the condition of %s() is a bool, not %s", name, n.typ)
		}
		m.when = plainTest(memo(n))
		args = slices.Delete(slices.Clone(args), c.at, c.at+1)
		name = c.base
	}
	switch name {
	case "makeset":
		name = "make_set"
	case "makelist":
		name = "make_list"
	case "arg_max", "arg_min", "argmax", "argmin", "take_any", "any":
		return m, x.argument(m, name, args, e, in)
	}
	nodes, err := x.compileAll(args, in.rel, in.scope)
	if err != nil {
		return nil, err
	}
	for i := range nodes {
		nodes[i] = memo(nodes[i])
	}
	if name == "percentile" || name == "percentiles" {
		return m, x.percentiles(m, nodes, e)
	}
	return m, x.simpleAggregate(m, name, nodes, e)
}

func (x *execution) simpleAggregate(m *maker, name string, nodes []*node, e *syntax.Call) error {
	one := func(t value.Type, f func() accumulator) error {
		m.types, m.make = []value.Type{t}, f
		return nil
	}
	if name == "count" {
		return one(value.Long, func() accumulator { return &counter{} })
	}
	n := nodes[0]
	switch name {
	case "sum", "avg", "stdev", "variance", "stdevp", "variancep":
		return x.numericAggregate(m, name, nodes, e)
	case "binary_all_and", "binary_all_or", "binary_all_xor":
		if n.typ != value.Long && n.typ != value.Int && n.typ != value.Unknown {
			return x.error(e.At(), syntax.SemanticError, "%s() takes long, not %s", e.Name, n.typ)
		}
		return one(n.typ, func() accumulator { return &bits{of: n, name: name} })
	case "min", "max":
		sign := 1
		if name == "min" {
			sign = -1
		}
		if n.typ == value.Dynamic || n.typ == value.Guid {
			return x.error(e.At(), syntax.SemanticError, "%s() can't order values of type %s; convert them first", e.Name, n.typ)
		}
		return one(n.typ, func() accumulator { return &extremum{of: n, sign: sign} })
	case "dcount", "count_distinct":
		if n.typ == value.Dynamic {
			return x.error(e.At(), syntax.SemanticError, "%s() can't compare values of type dynamic; convert them with tostring()", e.Name)
		}
		if len(nodes) > 1 && nodes[1].typ != value.Long && nodes[1].typ != value.Int {
			return x.error(e.At(), syntax.SemanticError, "the accuracy of %s() is a number from 0 to 4", e.Name)
		}
		code := coder(n, x.newInterner())
		return one(value.Long, func() accumulator { return &distincts{x: x, code: code, seen: map[uint64]struct{}{}, null: n} })
	case "make_set", "make_list", "make_list_with_nulls", "make_bag":
		limit := int64(1 << 20)
		if e.Name == "makeset" || e.Name == "makelist" {
			limit = 128
		}
		if len(nodes) > 1 {
			if !nodes[1].konst {
				return x.error(e.At(), syntax.SemanticError, "the greatest size of %s() must be a constant", e.Name)
			}
			if size := value.Convert(nodes[1].value, value.Long); size.Valid && size.Num >= 0 {
				limit = min(1<<20, size.Num)
			}
		}
		if name == "make_bag" {
			if n.typ != value.Dynamic && n.typ != value.Unknown {
				return x.error(e.At(), syntax.SemanticError, "%s() takes a dynamic, not %s", e.Name, n.typ)
			}
			return one(value.Dynamic, func() accumulator { return &bagger{x: x, of: n, bag: value.NewBag(), limit: int(limit)} })
		}
		return one(value.Dynamic, func() accumulator {
			return &collector{of: n, x: x, set: name == "make_set", nulls: name == "make_list_with_nulls", limit: int(limit)}
		})
	}
	return x.error(e.At(), syntax.Unsupported, "unsupported: the aggregate %s()", name)
}

// numericAggregate compiles what adds up numbers.
func (x *execution) numericAggregate(m *maker, name string, nodes []*node, e *syntax.Call) error {
	for _, n := range nodes {
		if !n.typ.Numeric() && n.typ != value.Timespan && n.typ != value.Datetime && n.typ != value.Unknown {
			return x.error(e.At(), syntax.SemanticError, "%s() can't take values of type %s", e.Name, n.typ)
		}
	}
	n := nodes[0]
	t := value.Real
	switch name {
	case "sum":
		switch n.typ {
		case value.Int:
			t = value.Long
		case value.Datetime:
			return x.error(e.At(), syntax.SemanticError, "%s() can't take values of type %s", e.Name, n.typ)
		default:
			t = n.typ
		}
		m.make = func() accumulator {
			return &summer{of: n, typ: t, nums: n.typ != value.Real && n.typ != value.Decimal && n.typ != value.Dynamic}
		}
	case "avg":
		if n.typ == value.Datetime || n.typ == value.Timespan || n.typ == value.Decimal {
			t = n.typ
		}
		m.make = func() accumulator { return &averager{of: n, typ: t} }
	default:
		m.make = func() accumulator { return &deviation{of: n, name: name} }
	}
	m.types = []value.Type{t}
	return nil
}
