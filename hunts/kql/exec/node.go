package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// node is a compiled scalar expression over the rows of one relation.
type node struct {
	typ   value.Type
	konst bool
	value value.Value // of a constant
	eval  func(i int) value.Value
	// test is the quick way to ask a bool: true only for true, not for null.
	test func(i int) bool
	num  func(i int) (int64, bool)   // the quick way to ask a whole number; nil for most
	real func(i int) (float64, bool) // and a quotient of them
	// dict is the one dictionary column that the value depends on: then it is
	// computed once for each distinct text. Nil when there is none, or several.
	dict   value.Dictionary
	column value.Vector // the node is this column itself
	impure bool         // differs between rows of equal input
	cost   int          // conjuncts are tried from the cheapest on
	rows   int
	run    *execution // whose budget pays for what memo keeps
}

const (
	costConstant = 0
	costCompare  = 1
	costDict     = 2
	costColumn   = 4
	costCall     = 16
)

func constNode(v value.Value) *node {
	n := &node{typ: v.Kind, konst: true, value: v, cost: costConstant}
	n.eval = func(int) value.Value { return v }
	yes := v.AsBool()
	n.test = func(int) bool { return yes }
	if whole(v.Kind) {
		n.num = func(int) (int64, bool) { return v.Num, v.Valid }
	}
	return n
}

func columnNode(v value.Vector, rows int) *node {
	if c, ok := v.(*constant); ok {
		return constNode(c.value)
	}
	n := &node{typ: v.Type(), eval: v.At, column: v, cost: costColumn, rows: rows}
	if d, ok := v.(value.Dictionary); ok {
		n.dict, n.cost = d, costDict
	}
	n.test = testOf(v)
	if whole(n.typ) {
		n.num = numOf(v)
	}
	return n
}

// testOf is the quick way to ask a column of bools.
func testOf(v value.Vector) func(i int) bool {
	if v.Type() == value.Bool {
		switch p := v.(type) {
		case *value.Numbers:
			return func(i int) bool { return p.Vals[i] != 0 && !p.Null(i) }
		case interface{ Test(i int) bool }:
			return p.Test
		case *picked:
			return testPicked(p)
		case *pickedDict:
			return testPicked(&p.picked)
		}
	}
	return func(i int) bool { return v.At(i).AsBool() }
}

func testPicked(p *picked) func(i int) bool {
	test, sel := testOf(p.of), p.sel
	return func(i int) bool { return test(int(sel[i])) }
}

// derive makes the node that f computes from its arguments. It folds
// constants, and keeps the dictionary when all arguments share one.
func (x *execution) derive(typ value.Type, args []*node, impure bool, f func(i int) value.Value) *node {
	n := &node{typ: typ, eval: f, impure: impure, cost: costCall, run: x}
	konst := true
	var dict value.Dictionary
	for _, a := range args {
		n.impure = n.impure || a.impure
		n.rows = max(n.rows, a.rows)
		n.cost = max(n.cost, a.cost)
		if a.konst {
			continue
		}
		konst = false
		switch {
		case a.dict == nil:
			dict = &mixed{}
		case dict == nil:
			dict = a.dict
		case !sameDictionary(dict, a.dict):
			dict = &mixed{}
		}
	}
	if konst && !n.impure {
		return constNode(f(0))
	}
	if _, several := dict.(*mixed); dict != nil && !several && !n.impure {
		n.dict, n.cost = dict, costDict
	}
	n.test = func(i int) bool { return f(i).AsBool() }
	return n
}

// mixed marks what depends on more than one dictionary.
type mixed struct{ value.Dictionary }

// sameDictionary: two views with the same rows of the same storage.
func sameDictionary(a, b value.Dictionary) bool {
	if a == b {
		return true
	}
	p, ok := a.(*pickedDict)
	q, also := b.(*pickedDict)
	return ok && also && p.dict == q.dict && len(p.sel) == len(q.sel) && (len(p.sel) == 0 || &p.sel[0] == &q.sel[0])
}

// memo lets a node that hangs on one dictionary be computed once per distinct
// text. It is put where such a node is used, not on each of its parts.
func memo(n *node) *node {
	if n.dict == nil || n.konst || n.impure || n.column != nil {
		return n
	}
	size := n.dict.Size()
	if size > 2*n.rows+16 {
		return n // more texts than rows that ask: remembering would cost more
	}
	out := *n
	d, f := n.dict, n.eval
	if n.typ == value.Bool {
		seen := make([]uint8, size)
		ask := func(i int) uint8 {
			id := d.ID(i)
			if s := seen[id]; s != 0 {
				return s
			}
			v := f(i)
			s := uint8(1)
			if !v.Valid {
				s = 3
			} else if v.Num != 0 {
				s = 2
			}
			seen[id] = s
			return s
		}
		out.test = func(i int) bool { return ask(i) == 2 }
		out.eval = func(i int) value.Value {
			switch ask(i) {
			case 2:
				return value.BoolValue(true)
			case 1:
				return value.BoolValue(false)
			}
			return value.Null(value.Bool)
		}
		return &out
	}
	vals := make([]*value.Value, size)
	out.eval = func(i int) value.Value {
		id := d.ID(i)
		if v := vals[id]; v != nil {
			return *v
		}
		v := f(i)
		vals[id] = &v
		if n.run != nil {
			n.run.keep(v)
		}
		return v
	}
	out.test = func(i int) bool { return out.eval(i).AsBool() }
	return &out
}

// settle memoises the arguments of a node that will not share one dictionary.
func (x *execution) settle(args ...*node) []*node {
	var dict value.Dictionary
	same := true
	for _, a := range args {
		if a.konst {
			continue
		}
		if a.dict == nil || dict != nil && !sameDictionary(dict, a.dict) {
			same = false
			break
		}
		dict = a.dict
	}
	if same {
		return args
	}
	out := make([]*node, len(args))
	for i, a := range args {
		out[i] = memo(a)
	}
	return out
}

func plainTest(n *node) func(int) bool {
	if n.typ == value.Bool {
		return n.test
	}
	return func(i int) bool { return value.Plain(n.eval(i)).AsBool() }
}

func cast(x *execution, n *node, t value.Type) *node {
	if t == value.Unknown || n.typ == t || n.konst && n.value.Kind == t {
		return n
	}
	return x.derive(t, []*node{n}, false, func(i int) value.Value { return value.Convert(n.eval(i), t) })
}
