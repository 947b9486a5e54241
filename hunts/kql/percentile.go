package kql

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// percentileForm is one spelling of percentile.
type percentileForm struct{ weighted, array bool }

var percentileForms = map[string]percentileForm{
	"percentile": {}, "percentiles": {}, "percentiles_array": {array: true},
	"percentilew": {weighted: true}, "percentilesw": {weighted: true}, "percentilesw_array": {weighted: true, array: true},
}

// percentiles are exact, by nearest rank: the service estimates them.
func (x *execution) percentiles(m *maker, form percentileForm, nodes []*node, e *callExpr) error {
	of := nodes[0]
	typ := of.typ
	switch typ {
	case Int:
		typ = Long
	case Decimal, Dynamic, Unknown:
		typ = Real
	case Long, Real, Datetime, Timespan:
	default:
		return x.error(e.args[0].at(), SemanticError, "%s() can't order values of type %s", e.name, of.typ)
	}
	first := 1
	var weight *node
	if form.weighted {
		weight, first = nodes[1], 2
		if !weight.typ.Numeric() && weight.typ != Dynamic {
			return x.error(e.args[1].at(), SemanticError, "a weight is a number, not %s", weight.typ)
		}
	}
	var ranks []float64
	argument := implicitName(e.args[0])
	m.names, m.types = nil, nil
	for i, n := range nodes[first:] {
		if !n.konst {
			return x.error(e.args[i+first].at(), SemanticError, "a percentile must be a constant")
		}
		for _, v := range flatten(nil, n.value) {
			rank := convert(v, Real)
			if !rank.valid || rank.real < 0 || rank.real > 100 {
				return x.error(e.args[i+first].at(), SemanticError, "a percentile lies between 0 and 100, not %s", v.Text())
			}
			ranks = append(ranks, rank.real)
			m.names = append(m.names, "percentile_"+argument+"_"+strings.ReplaceAll(v.Text(), ".", "_"))
			m.types = append(m.types, typ)
		}
	}
	if form.array {
		m.names, m.types = []string{"percentiles_" + argument}, []Type{Dynamic}
	}
	m.make = func() accumulator {
		return &ranked{x: x, of: of, typ: typ, weight: weight, ranks: ranks, array: form.array}
	}
	return nil
}

type ranked struct {
	x      *execution
	of     *node
	typ    Type
	weight *node
	ranks  []float64
	array  bool
	vals   []weighed
	total  float64
}

type weighed struct {
	value  Value
	weight float64
}

func (r *ranked) add(i int) {
	v := convert(r.of.eval(i), r.typ)
	if !v.valid || r.typ == Real && math.IsNaN(v.real) {
		return
	}
	w := 1.0
	if r.weight != nil {
		// a weight counts how often the value stands in the data
		n := convert(r.weight.eval(i), Long)
		if !n.valid || n.num <= 0 {
			return
		}
		w = float64(n.num)
	}
	if err := r.x.grow(96); err != nil {
		r.x.fail(err)
		return
	}
	r.total += w
	r.vals = append(r.vals, weighed{v, w})
}

func (r *ranked) result() []Value {
	slices.SortStableFunc(r.vals, func(a, b weighed) int {
		if r.typ == Real {
			return cmp.Compare(a.value.real, b.value.real)
		}
		return cmp.Compare(a.value.num, b.value.num)
	})
	out := make([]Value, len(r.ranks))
	for i, p := range r.ranks {
		out[i] = r.at(p)
	}
	if !r.array {
		return out
	}
	if len(r.vals) == 0 {
		return []Value{Null(Dynamic)}
	}
	list := make([]any, len(out))
	for i, v := range out {
		list[i] = toDynamic(v)
	}
	return []Value{DynamicValue(list)}
}

// at is the least value such that p percent of the weight is at or below it.
func (r *ranked) at(p float64) Value {
	if len(r.vals) == 0 {
		return Null(r.typ)
	}
	want := p / 100 * r.total
	sum := 0.0
	for _, v := range r.vals {
		if sum += v.weight; sum >= want {
			return v.value
		}
	}
	return r.vals[len(r.vals)-1].value
}
