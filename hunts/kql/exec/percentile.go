package exec

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// percentileForm is one spelling of percentile.
type percentileForm struct{ weighted, array bool }

var percentileForms = map[string]percentileForm{
	"percentile": {}, "percentiles": {}, "percentiles_array": {array: true},
	"percentilew": {weighted: true}, "percentilesw": {weighted: true}, "percentilesw_array": {weighted: true, array: true},
}

// percentiles are exact, by nearest rank: the service estimates them.
func (x *execution) percentiles(m *maker, form percentileForm, nodes []*node, e *syntax.Call) error {
	of := nodes[0]
	typ := of.typ
	switch typ {
	case value.Int:
		typ = value.Long
	case value.Decimal, value.Dynamic, value.Unknown:
		typ = value.Real
	case value.Long, value.Real, value.Datetime, value.Timespan:
	default:
		return x.error(e.Args[0].At(), syntax.SemanticError, "%s() can't order values of type %s", e.Name, of.typ)
	}
	first := 1
	var weight *node
	if form.weighted {
		weight, first = nodes[1], 2
		if !weight.typ.Numeric() && weight.typ != value.Dynamic {
			return x.error(e.Args[1].At(), syntax.SemanticError, "a weight is a number, not %s", weight.typ)
		}
	}
	var ranks []float64
	argument := implicitName(e.Args[0])
	m.names, m.types = nil, nil
	for i, n := range nodes[first:] {
		if !n.konst {
			return x.error(e.Args[i+first].At(), syntax.SemanticError, "a percentile must be a constant")
		}
		for _, v := range value.Flatten(nil, n.value) {
			rank := value.Convert(v, value.Real)
			if !rank.Valid || rank.Real < 0 || rank.Real > 100 {
				return x.error(e.Args[i+first].At(), syntax.SemanticError, "a percentile lies between 0 and 100, not %s", v.Text())
			}
			ranks = append(ranks, rank.Real)
			m.names = append(m.names, "percentile_"+argument+"_"+strings.ReplaceAll(v.Text(), ".", "_"))
			m.types = append(m.types, typ)
		}
	}
	if form.array {
		m.names, m.types = []string{"percentiles_" + argument}, []value.Type{value.Dynamic}
	}
	m.make = func() accumulator {
		return &ranked{x: x, of: of, typ: typ, weight: weight, ranks: ranks, array: form.array}
	}
	return nil
}

type ranked struct {
	x      *execution
	of     *node
	typ    value.Type
	weight *node
	ranks  []float64
	array  bool
	vals   []weighed
	total  float64
}

type weighed struct {
	value  value.Value
	weight float64
}

func (r *ranked) add(i int) {
	v := value.Convert(r.of.eval(i), r.typ)
	if !v.Valid || r.typ == value.Real && math.IsNaN(v.Real) {
		return
	}
	w := 1.0
	if r.weight != nil {
		// a weight counts how often the value stands in the data
		n := value.Convert(r.weight.eval(i), value.Long)
		if !n.Valid || n.Num <= 0 {
			return
		}
		w = float64(n.Num)
	}
	if err := r.x.grow(96); err != nil {
		r.x.fail(err)
		return
	}
	r.total += w
	r.vals = append(r.vals, weighed{v, w})
}

func (r *ranked) result() []value.Value {
	slices.SortStableFunc(r.vals, func(a, b weighed) int {
		if r.typ == value.Real {
			return cmp.Compare(a.value.Real, b.value.Real)
		}
		return cmp.Compare(a.value.Num, b.value.Num)
	})
	out := make([]value.Value, len(r.ranks))
	for i, p := range r.ranks {
		out[i] = r.at(p)
	}
	if !r.array {
		return out
	}
	if len(r.vals) == 0 {
		return []value.Value{value.Null(value.Dynamic)}
	}
	list := make([]any, len(out))
	for i, v := range out {
		list[i] = value.ToDynamic(v)
	}
	return []value.Value{value.DynamicValue(list)}
}

// at is the least value such that p percent of the weight is at or below it.
func (r *ranked) at(p float64) value.Value {
	if len(r.vals) == 0 {
		return value.Null(r.typ)
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
