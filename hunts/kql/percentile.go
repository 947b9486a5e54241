package kql

import (
	"cmp"
	"math"
	"slices"
)

// percentiles are exact, by nearest rank: the service estimates them.
func (x *execution) percentiles(m *maker, name string, nodes []*node, args []expr) error {
	of := nodes[0]
	if !of.typ.Numeric() && of.typ != Datetime && of.typ != Timespan {
		return x.error(args[0].at(), SemanticError, "%s() can't order values of type %s", name, of.typ)
	}
	var ranks []float64
	m.names, m.types = nil, nil
	for i, n := range nodes[1:] {
		if !n.konst {
			return x.error(args[i+1].at(), SemanticError, "a percentile must be a constant")
		}
		for _, v := range flatten(nil, n.value) {
			ranks = append(ranks, v.AsReal())
			m.names = append(m.names, "percentile_"+implicitName(args[0])+"_"+v.Text())
			m.types = append(m.types, of.typ)
		}
	}
	array := name == "percentiles_array"
	if array {
		m.names, m.types = []string{"percentiles_" + implicitName(args[0])}, []Type{Dynamic}
	}
	m.make = func() accumulator { return &ranked{of: of, ranks: ranks, array: array} }
	return nil
}

type ranked struct {
	of    *node
	ranks []float64
	array bool
	vals  []Value
}

func (r *ranked) add(i int) {
	if v := r.of.eval(i); v.valid {
		r.vals = append(r.vals, v)
	}
}

func (r *ranked) result() []Value {
	slices.SortFunc(r.vals, func(a, b Value) int {
		if a.typ == Real || a.typ == Decimal {
			return cmp.Compare(a.real, b.real)
		}
		return cmp.Compare(a.num, b.num)
	})
	out := make([]Value, len(r.ranks))
	for i, p := range r.ranks {
		if len(r.vals) == 0 {
			out[i] = Null(r.of.typ)
			continue
		}
		at := int(math.Ceil(p/100*float64(len(r.vals)))) - 1
		out[i] = r.vals[max(0, min(at, len(r.vals)-1))]
	}
	if !r.array {
		return out
	}
	list := make([]any, len(out))
	for i, v := range out {
		list[i] = toDynamic(v)
	}
	return []Value{DynamicValue(list)}
}
