package kql

import (
	"slices"
)

// accumulator is one aggregate of one group.
type accumulator interface {
	add(row int)
	result() []Value
}

// maker makes the accumulators of one aggregate column.
type maker struct {
	names []string
	types []Type
	when  func(row int) bool // the condition of countif and its kin
	make  func() accumulator
}

// aggregates are the names that summarize knows; those that end in if take
// their condition last, or second for make_set_if and make_list_if.
var aggregates = map[string]bool{
	"count": true, "countif": true, "sum": true, "sumif": true, "min": true, "minif": true, "max": true, "maxif": true, "avg": true, "avgif": true,
	"dcount": true, "dcountif": true, "count_distinct": true, "count_distinctif": true, "make_set": true, "make_set_if": true, "makeset": true, "make_list": true, "make_list_if": true, "makelist": true,
	"make_list_with_nulls": true, "make_bag": true, "make_bag_if": true, "arg_max": true, "arg_min": true, "take_any": true, "take_anyif": true, "any": true, "anyif": true,
	"percentile": true, "percentiles": true, "percentiles_array": true, "stdev": true, "stdevif": true, "stdevp": true, "variance": true, "varianceif": true, "variancep": true,
	"binary_all_and": true, "binary_all_or": true, "binary_all_xor": true,
}

// conditional gives the plain form of an aggregate with a condition.
var conditional = map[string]string{
	"countif": "count", "sumif": "sum", "minif": "min", "maxif": "max", "avgif": "avg", "dcountif": "dcount", "count_distinctif": "count_distinct", "make_set_if": "make_set", "make_list_if": "make_list",
	"make_bag_if": "make_bag", "take_anyif": "take_any", "anyif": "take_any", "stdevif": "stdev", "varianceif": "variance",
}

func (x *execution) aggregate(e *callExpr, r *relation, s *scope, keys *relation) (*maker, error) {
	name, args := e.name, e.args
	m := &maker{names: []string{defaultName(name, args)}}
	if base, ok := conditional[name]; ok {
		at := 1
		if base == "count" {
			at = 0
		}
		if len(args) <= at {
			return nil, x.error(e.at(), SemanticError, "%s() lacks its condition", name)
		}
		n, err := x.compile(args[at], r, s)
		if err != nil {
			return nil, err
		}
		m.when = plainTest(memo(n))
		args = slices.Delete(slices.Clone(args), at, at+1)
		if base == "count" {
			m.names[0] = "countif_"
		}
		name = base
	}
	switch name {
	case "makeset":
		name = "make_set"
	case "makelist":
		name = "make_list"
	case "any":
		name = "take_any"
	}
	if name == "arg_max" || name == "arg_min" || name == "take_any" {
		return m, x.argument(m, name, args, e, r, s, keys)
	}
	nodes, err := x.compileAll(args, r, s)
	if err != nil {
		return nil, err
	}
	for i := range nodes {
		nodes[i] = memo(nodes[i])
	}
	if name != "count" && len(nodes) == 0 {
		return nil, x.error(e.at(), SemanticError, "%s() lacks its argument", name)
	}
	if name == "percentiles" || name == "percentile" || name == "percentiles_array" {
		return m, x.percentiles(m, name, nodes, args)
	}
	return m, x.simpleAggregate(m, name, nodes, e)
}

func (x *execution) simpleAggregate(m *maker, name string, nodes []*node, e *callExpr) error {
	one := func(t Type, f func() accumulator) error {
		m.types, m.make = []Type{t}, f
		return nil
	}
	if name == "count" {
		return one(Long, func() accumulator { return &counter{} })
	}
	n := nodes[0]
	switch name {
	case "sum":
		t := n.typ
		if t == Int || t == Bool {
			t = Long
		}
		if t == Dynamic {
			t = Real
		}
		if !t.Numeric() && t != Timespan {
			return x.error(e.at(), SemanticError, "sum() can't add values of type %s", n.typ)
		}
		return one(t, func() accumulator {
			return &summer{of: n, typ: t, nums: n.typ != Real && n.typ != Decimal && n.typ != Dynamic}
		})
	case "avg":
		t := Real
		if n.typ == Datetime || n.typ == Timespan {
			t = n.typ
		}
		return one(t, func() accumulator { return &averager{of: n, typ: t} })
	case "min", "max":
		sign := 1
		if name == "min" {
			sign = -1
		}
		return one(n.typ, func() accumulator { return &extremum{of: n, sign: sign} })
	case "dcount", "count_distinct":
		code := coder(n, newInterner())
		return one(Long, func() accumulator { return &distincts{code: code, seen: map[uint64]struct{}{}, null: n} })
	case "make_set", "make_list", "make_list_with_nulls":
		limit := int64(1 << 20)
		if len(nodes) > 1 && nodes[1].konst && nodes[1].value.num >= 0 {
			limit = min(limit, nodes[1].value.num)
		}
		return one(Dynamic, func() accumulator {
			return &collector{of: n, x: x, set: name == "make_set", nulls: name == "make_list_with_nulls", limit: int(limit)}
		})
	case "make_bag":
		return one(Dynamic, func() accumulator { return &bagger{of: n, bag: NewBag()} })
	case "stdev", "variance", "stdevp", "variancep":
		return one(Real, func() accumulator { return &deviation{of: n, name: name} })
	case "binary_all_and", "binary_all_or", "binary_all_xor":
		return one(Long, func() accumulator { return &bitFold{of: n, op: name} })
	}
	return x.error(e.at(), Unsupported, "unsupported: the aggregate %s()", name)
}
