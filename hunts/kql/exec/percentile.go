package exec

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// percentiles are exact, by nearest rank: the service estimates them.
func (x *execution) percentiles(m *maker, nodes []*node, e *syntax.Call) error {
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
	var ranks []float64
	argument := e.NameOf(e.Args[0])
	if argument == "" {
		argument = implicitName(e.Args[0])
	}
	m.names, m.types = nil, nil
	for i, n := range nodes[1:] {
		if !n.konst {
			return x.error(e.Args[i+1].At(), syntax.SemanticError, "a percentile must be a constant")
		}
		for _, v := range value.Flatten(nil, n.value) {
			rank := value.Convert(v, value.Real)
			if !rank.Valid || rank.Real < 0 || rank.Real > 100 {
				return x.error(e.Args[i+1].At(), syntax.SemanticError, "a percentile lies between 0 and 100, not %s", v.Text())
			}
			ranks = append(ranks, rank.Real)
			m.names = append(m.names, "percentile_"+argument+"_"+strings.ReplaceAll(v.Text(), ".", "_"))
			m.types = append(m.types, typ)
		}
	}
	m.make = func() accumulator {
		return &ranked{x: x, of: of, typ: typ, ranks: ranks}
	}
	return nil
}

type ranked struct {
	x     *execution
	of    *node
	typ   value.Type
	ranks []float64
	vals  []value.Value
}

func (r *ranked) add(i int) {
	v := value.Convert(r.of.eval(i), r.typ)
	if !v.Valid || r.typ == value.Real && math.IsNaN(v.Real) {
		return
	}
	if err := r.x.grow(96); err != nil {
		r.x.fail(err)
		return
	}
	r.vals = append(r.vals, v)
}

func (r *ranked) result() []value.Value {
	slices.SortStableFunc(r.vals, func(a, b value.Value) int {
		if r.typ == value.Real {
			return cmp.Compare(a.Real, b.Real)
		}
		return cmp.Compare(a.Num, b.Num)
	})
	out := make([]value.Value, len(r.ranks))
	for i, p := range r.ranks {
		out[i] = r.at(p)
	}
	return out
}

// at is the least value such that p percent of all are at or below it.
func (r *ranked) at(p float64) value.Value {
	if len(r.vals) == 0 {
		return value.Null(r.typ)
	}
	rank := int(math.Ceil(p / 100 * float64(len(r.vals))))
	return r.vals[max(0, rank-1)]
}
