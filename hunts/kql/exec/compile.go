package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
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
	if nums, ok := v.(*value.Numbers); ok && nums.Kind == value.Bool {
		n.test = func(i int) bool { return nums.Vals[i] != 0 && !nums.Null(i) }
	} else {
		n.test = func(i int) bool { return v.At(i).AsBool() }
	}
	return n
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
	f = x.ticking(typ, f)
	n.eval = f
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

// fail keeps the first error met inside an expression; the stage that runs
// the expression reports it.
func (x *execution) fail(err error) {
	if x.failed == nil {
		x.failed = err
	}
}

// compile turns an expression into a node over rel; rel is nil where no row
// takes part. Columns shadow let names.
func (x *execution) compile(e syntax.Expr, rel *relation, s *scope) (*node, error) {
	// functions that call each other twice each would double at every level
	if err := x.charge(e.At()); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *syntax.Literal:
		return constNode(e.Value), nil
	case *syntax.Name:
		return x.compileName(e, rel, s)
	case *syntax.Unary:
		return x.compileMinus(e, rel, s)
	case *syntax.Binary:
		return x.compileBinary(e, rel, s)
	case *syntax.Between:
		return x.compileBetween(e, rel, s)
	case *syntax.List:
		return x.compileList(e, rel, s)
	case *syntax.Member:
		return x.compileMember(e, rel, s)
	case *syntax.Index:
		return x.compileIndex(e, rel, s)
	case *syntax.Call:
		return x.compileCall(e, rel, s)
	case *syntax.Subquery:
		return nil, x.error(e.At(), syntax.SemanticError, "a table stands where a scalar is expected; use toscalar()")
	case *syntax.Star:
		return nil, x.error(e.At(), syntax.SyntaxError, "* is not a scalar expression")
	}
	return nil, x.error(e.At(), syntax.Unsupported, "unsupported: this expression")
}

// What one node of an expression costs to make.
const (
	nodeSteps = 16
	nodeBytes = 256
)

func (x *execution) charge(at int) error {
	if err := x.step(nodeSteps); err != nil {
		return err
	}
	if x.bytes += nodeBytes; x.bytes > x.opts.MaxBytes {
		return x.error(at, syntax.LimitExceeded, "the expressions of the query take more than %s", megabytes(x.opts.MaxBytes))
	}
	return nil
}

func (x *execution) compileName(e *syntax.Name, rel *relation, s *scope) (*node, error) {
	if rel != nil {
		if k := rel.find(e.Name); k >= 0 {
			return columnNode(rel.vecs[k], rel.rows), nil
		}
	}
	if l := s.find(e.Name); l != nil {
		switch {
		case l.value != nil:
			return constNode(*l.value), nil
		case l.node != nil:
			return l.node, nil
		case l.table != nil:
			return nil, x.error(e.At(), syntax.SemanticError, "%q is a table, where a scalar is expected; use toscalar()", e.Name)
		}
	}
	return nil, x.unresolved(e.At(), e.Name)
}

func (x *execution) unresolved(at int, name string) error {
	err := x.error(at, syntax.SemanticError, "Failed to resolve scalar expression named '%s'", name)
	err.Code, err.Token = unresolvedCode, name
	return err
}

func (x *execution) compileAll(list []syntax.Expr, rel *relation, s *scope) ([]*node, error) {
	out := make([]*node, len(list))
	for i, e := range list {
		n, err := x.compile(e, rel, s)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

func (x *execution) compileMember(e *syntax.Member, rel *relation, s *scope) (*node, error) {
	of, err := x.compile(e.Of, rel, s)
	if err != nil {
		return nil, err
	}
	if of.typ != value.Dynamic && of.typ != value.Unknown {
		return nil, x.error(e.At(), syntax.SemanticError, "a property can't be taken from a value of type %s", of.typ)
	}
	name := e.Name
	return x.derive(value.Dynamic, []*node{of}, false, func(i int) value.Value {
		if bag, ok := of.eval(i).Dyn.(*value.Bag); ok {
			v, _ := bag.Get(name)
			return value.DynamicValue(v)
		}
		return value.Null(value.Dynamic)
	}), nil
}

func (x *execution) compileIndex(e *syntax.Index, rel *relation, s *scope) (*node, error) {
	of, err := x.compile(e.Of, rel, s)
	if err != nil {
		return nil, err
	}
	if of.typ != value.Dynamic && of.typ != value.Unknown {
		return nil, x.error(e.At(), syntax.SemanticError, "an element can't be taken from a value of type %s", of.typ)
	}
	index, err := x.compile(e.Index, rel, s)
	if err != nil {
		return nil, err
	}
	args := x.settle(of, index)
	of, index = args[0], args[1]
	return x.derive(value.Dynamic, args, false, func(i int) value.Value {
		key := index.eval(i)
		if key.Kind == value.Dynamic {
			key = value.FromDynamic(key.Dyn)
		}
		switch d := of.eval(i).Dyn.(type) {
		case *value.Bag:
			if key.Kind == value.String {
				v, _ := d.Get(key.Str)
				return value.DynamicValue(v)
			}
		case []any:
			n := key.Num
			if !key.Valid || key.Kind == value.String {
				return value.Null(value.Dynamic)
			}
			if n < 0 {
				n += int64(len(d))
			}
			if n >= 0 && n < int64(len(d)) {
				return value.DynamicValue(d[n])
			}
		}
		return value.Null(value.Dynamic)
	}), nil
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
