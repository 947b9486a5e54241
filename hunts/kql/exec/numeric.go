package exec

import (
	"math"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// A value is many words wide. What is a number inside is computed without one where
// every part allows it: num is the quick way to ask it, false for null.

// numOf is the quick way to ask a column.
func numOf(v value.Vector) func(i int) (int64, bool) {
	sel, of := []int32(nil), v
	if p, ok := v.(*picked); ok {
		sel, of = p.sel, p.of
	}
	nums, ok := of.(*value.Numbers)
	switch {
	case !ok:
		return nil
	case nums.Nulls != nil:
		if sel != nil {
			return func(i int) (int64, bool) { k := int(sel[i]); return nums.Vals[k], !nums.Null(k) }
		}
		return func(i int) (int64, bool) { return nums.Vals[i], !nums.Null(i) }
	case sel != nil:
		vals := nums.Vals
		return func(i int) (int64, bool) { return vals[sel[i]], true }
	}
	vals := nums.Vals
	return func(i int) (int64, bool) { return vals[i], true }
}

// quickArithmetic gives a sum, a difference or a quotient of numbers its quick way.
func quickArithmetic(n *node, op string, a, b *node) {
	if a.num == nil || b.num == nil || n.konst || n.dict != nil {
		return
	}
	p, q := a.num, b.num
	switch {
	case n.typ == value.Real && op == "/" && !a.typ.Numeric() && !b.typ.Numeric():
		n.real = func(i int) (float64, bool) {
			x, known := p(i)
			y, also := q(i)
			return float64(x) / float64(y), known && also
		}
	case (op == "+" || op == "-") && whole(n.typ) && !(n.typ == value.Timespan && (a.typ.Numeric() || b.typ.Numeric())):
		n.num = func(i int) (int64, bool) {
			x, known := p(i)
			y, also := q(i)
			if op == "-" {
				y = -y
			}
			return x + y, known && also
		}
	}
}

// quickCall gives bin() and tolong() of numbers their quick way.
func quickCall(n *node, e *syntax.Call, args []*node) {
	if n.konst || n.dict != nil || n.impure {
		return
	}
	switch e.Name {
	case "bin", "floor":
		of, size := args[0].num, args[1].value
		if of == nil || !args[1].konst || !size.Valid || !whole(size.Kind) || size.Num <= 0 || !whole(n.typ) || args[0].typ != n.typ {
			return
		}
		step := size.Num
		n.num = func(i int) (int64, bool) {
			v, known := of(i)
			return value.FloorDiv(v, step) * step, known
		}
	case "tolong":
		if of := args[0].real; of != nil {
			n.num = func(i int) (int64, bool) {
				f, known := of(i)
				if !known || math.IsNaN(f) || math.Abs(f) >= 1<<62 {
					v := n.eval(i)
					return v.Num, v.Valid
				}
				return int64(f), true
			}
		}
	}
}

// whole types are an integer inside.
func whole(t value.Type) bool {
	return t == value.Long || t == value.Int || t == value.Datetime || t == value.Timespan
}
