package exec

import (
	"cmp"
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// where keeps the rows for which all conjuncts are true. The cheap ones are
// asked first; nothing is allocated for a row that does not pass.
func (x *execution) where(op *syntax.Where, r *relation, s *scope) (*relation, error) {
	var nodes []*node
	for _, e := range conjuncts(op.Predicate, nil) {
		n, err := x.compile(e, r, s)
		if err != nil {
			return nil, err
		}
		if n.typ != value.Bool && n.typ != value.Dynamic && n.typ != value.Unknown {
			return nil, x.error(e.At(), syntax.SemanticError, "where takes a bool, not %s", n.typ)
		}
		nodes = append(nodes, memo(n))
	}
	slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(a.cost, b.cost) })
	tests := make([]func(int) bool, 0, len(nodes))
	for _, n := range nodes {
		if n.konst {
			if !value.Plain(n.value).AsBool() {
				return r.pick([]int32{}), nil
			}
			continue
		}
		tests = append(tests, plainTest(n))
	}
	if len(tests) == 0 {
		return r, nil
	}
	sel := []int32{}
	for from := 0; from < r.rows; from += batch {
		to := min(from+batch, r.rows)
		if err := x.step(int64((to - from) * len(tests))); err != nil {
			return nil, err
		}
	rows:
		for i := from; i < to; i++ {
			for _, t := range tests {
				if !t(i) {
					continue rows
				}
			}
			sel = append(sel, int32(i))
		}
	}
	return r.pick(sel), nil
}

// batch is the number of rows between two looks at budget and context.
const batch = 8192

func conjuncts(e syntax.Expr, to []syntax.Expr) []syntax.Expr {
	if b, ok := e.(*syntax.Binary); ok && b.Op == "and" {
		return conjuncts(b.Y, conjuncts(b.X, to))
	}
	return append(to, e)
}
