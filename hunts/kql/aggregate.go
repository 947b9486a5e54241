package kql

import "slices"

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

// aggregates are the names that summarize knows, each with the least and the
// most arguments it takes; those that end in if take one more, their condition.
var aggregates = arities(map[string][2]int{
	"count": {0, 1}, "sum": {1, 1}, "min": {1, 1}, "max": {1, 1}, "avg": {1, 1}, "dcount": {1, 2}, "count_distinct": {1, 1}, "make_set": {1, 2}, "makeset": {1, 2}, "make_list": {1, 2}, "makelist": {1, 2},
	"make_list_with_nulls": {1, 1}, "make_bag": {1, 2}, "arg_max": {1, anyNumber}, "arg_min": {1, anyNumber}, "take_any": {1, anyNumber}, "any": {1, anyNumber}, "buildschema": {1, 1},
	"percentile": {2, 2}, "percentiles": {2, anyNumber}, "percentiles_array": {2, anyNumber}, "percentilew": {3, 3}, "percentilesw": {3, anyNumber}, "percentilesw_array": {3, anyNumber},
	"stdev": {1, 1}, "stdevp": {1, 1}, "variance": {1, 1}, "variancep": {1, 1}, "covariance": {2, 2}, "covariancep": {2, 2}, "binary_all_and": {1, 1}, "binary_all_or": {1, 1}, "binary_all_xor": {1, 1},
})

// unknownAggregates are those of the language that summarize does not know:
// sketches, whose inner form is the service's own.
var unknownAggregates = words("hll hll_if hll_merge tdigest tdigest_merge merge_tdigest make_dictionary passthrough cnt argmin argmax")

// conditional gives the plain form of an aggregate with a condition, and where
// among its arguments the condition stands.
var conditional = map[string]struct {
	base string
	at   int
}{
	"countif": {"count", 0}, "sumif": {"sum", 1}, "minif": {"min", 1}, "maxif": {"max", 1}, "avgif": {"avg", 1}, "dcountif": {"dcount", 1}, "count_distinctif": {"count_distinct", 1},
	"make_set_if": {"make_set", 1}, "make_list_if": {"make_list", 1}, "make_bag_if": {"make_bag", 1}, "take_anyif": {"take_any", 1}, "anyif": {"any", 1}, "stdevif": {"stdev", 1}, "varianceif": {"variance", 1},
	"variancepif": {"variancep", 1}, "covarianceif": {"covariance", 2}, "covariancepif": {"covariancep", 2},
}

func arities(of map[string][2]int) map[string]arity {
	out := map[string]arity{}
	for name, n := range of {
		out[name] = arity{n[0], n[1]}
	}
	for name, c := range conditional {
		base := out[c.base]
		switch c.base {
		case "count":
			base.most = 0
		case "any", "take_any":
			base.most = 1
		}
		if base.most != anyNumber {
			base.most++
		}
		out[name] = arity{base.least + 1, base.most}
	}
	return out
}

// arity is how many arguments a call may have.
type arity struct{ least, most int }

func (a arity) allows(n int) bool { return n >= a.least && (a.most == anyNumber || n <= a.most) }

func (x *execution) aggregate(e *callExpr, in aggregation) (*maker, error) {
	name, args := e.name, e.args
	if !aggregates[name].allows(len(args)) {
		return nil, x.error(e.at(), SemanticError, "%s() can't take %d arguments", name, len(args))
	}
	m := &maker{names: []string{aggregateName(e)}}
	if c, ok := conditional[name]; ok {
		n, err := x.compile(args[c.at], in.rel, in.scope)
		if err != nil {
			return nil, err
		}
		if n.typ != Bool && n.typ != Unknown {
			return nil, x.error(args[c.at].at(), SemanticError, "the condition of %s() is a bool, not %s", name, n.typ)
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
	case "arg_max", "arg_min", "take_any", "any":
		return m, x.argument(m, name, args, e, in)
	}
	nodes, err := x.compileAll(args, in.rel, in.scope)
	if err != nil {
		return nil, err
	}
	for i := range nodes {
		nodes[i] = memo(nodes[i])
	}
	if p, ok := percentileForms[name]; ok {
		return m, x.percentiles(m, p, nodes, e)
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
	case "sum", "avg", "stdev", "variance", "stdevp", "variancep", "covariance", "covariancep", "binary_all_and", "binary_all_or", "binary_all_xor":
		return x.numericAggregate(m, name, nodes, e)
	case "min", "max":
		sign := 1
		if name == "min" {
			sign = -1
		}
		if n.typ == Dynamic || n.typ == Guid {
			return x.error(e.at(), SemanticError, "%s() can't order values of type %s; convert them first", e.name, n.typ)
		}
		return one(n.typ, func() accumulator { return &extremum{of: n, sign: sign} })
	case "dcount", "count_distinct":
		if n.typ == Dynamic {
			return x.error(e.at(), SemanticError, "%s() can't compare values of type dynamic; convert them with tostring()", e.name)
		}
		if len(nodes) > 1 && nodes[1].typ != Long && nodes[1].typ != Int {
			return x.error(e.at(), SemanticError, "the accuracy of %s() is a number from 0 to 4", e.name)
		}
		code := coder(n, newInterner())
		return one(Long, func() accumulator { return &distincts{x: x, code: code, seen: map[uint64]struct{}{}, null: n} })
	case "make_set", "make_list", "make_list_with_nulls", "make_bag":
		limit := int64(1 << 20)
		if e.name == "makeset" || e.name == "makelist" {
			limit = 128
		}
		if len(nodes) > 1 {
			if !nodes[1].konst {
				return x.error(e.at(), SemanticError, "the greatest size of %s() must be a constant", e.name)
			}
			if size := convert(nodes[1].value, Long); size.valid && size.num >= 0 {
				limit = min(1<<20, size.num)
			}
		}
		if name == "make_bag" {
			if n.typ != Dynamic && n.typ != Unknown {
				return x.error(e.at(), SemanticError, "%s() takes a dynamic, not %s", e.name, n.typ)
			}
			return one(Dynamic, func() accumulator { return &bagger{x: x, of: n, bag: NewBag(), limit: int(limit)} })
		}
		return one(Dynamic, func() accumulator {
			return &collector{of: n, x: x, set: name == "make_set", nulls: name == "make_list_with_nulls", limit: int(limit)}
		})
	case "buildschema":
		if n.typ != Dynamic && n.typ != Unknown {
			return x.error(e.at(), SemanticError, "%s() takes a dynamic, not %s", e.name, n.typ)
		}
		return one(Dynamic, func() accumulator { return &schemaBuilder{x: x, of: n} })
	}
	return x.error(e.at(), Unsupported, "unsupported: the aggregate %s()", name)
}

// numericAggregate compiles what adds up numbers.
func (x *execution) numericAggregate(m *maker, name string, nodes []*node, e *callExpr) error {
	for _, n := range nodes {
		if !n.typ.Numeric() && n.typ != Timespan && n.typ != Datetime && n.typ != Unknown {
			return x.error(e.at(), SemanticError, "%s() can't take values of type %s", e.name, n.typ)
		}
	}
	n := nodes[0]
	t := Real
	switch name {
	case "sum":
		switch n.typ {
		case Int:
			t = Long
		case Datetime:
			return x.error(e.at(), SemanticError, "%s() can't take values of type %s", e.name, n.typ)
		default:
			t = n.typ
		}
		m.make = func() accumulator {
			return &summer{of: n, typ: t, nums: n.typ != Real && n.typ != Decimal && n.typ != Dynamic}
		}
	case "avg":
		if n.typ == Datetime || n.typ == Timespan || n.typ == Decimal {
			t = n.typ
		}
		m.make = func() accumulator { return &averager{of: n, typ: t} }
	case "covariance", "covariancep":
		m.make = func() accumulator { return &covariation{x: nodes[0], y: nodes[1], population: name == "covariancep"} }
	case "binary_all_and", "binary_all_or", "binary_all_xor":
		switch t = n.typ; t {
		case Int, Long:
		case Unknown:
			t = Long
		default:
			return x.error(e.at(), SemanticError, "%s() can't take values of type %s", e.name, n.typ)
		}
		m.make = func() accumulator { return &bitFold{of: n, typ: t, op: name} }
	default:
		m.make = func() accumulator { return &deviation{of: n, name: name} }
	}
	m.types = []Type{t}
	return nil
}
