package exec

import (
	"math"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func (x *execution) compileMinus(e *syntax.Unary, rel *relation, s *scope) (*node, error) {
	n, err := x.compile(e.X, rel, s)
	if err != nil {
		return nil, err
	}
	if !n.typ.Numeric() && n.typ != value.Timespan && n.typ != value.Dynamic {
		return nil, x.error(e.At(), syntax.SemanticError, "the operator - does not apply to %s", n.typ)
	}
	typ := n.typ
	if typ == value.Int {
		typ = value.Long
	}
	return x.derive(typ, []*node{n}, false, func(i int) value.Value {
		v := value.Plain(n.eval(i))
		v.Num, v.Real = -v.Num, -v.Real
		switch {
		case typ == value.Dynamic && (v.Kind.Numeric() || v.Kind == value.Timespan):
			return value.DynamicValue(value.ToDynamic(v))
		case typ == value.Dynamic:
			return value.Null(value.Dynamic)
		}
		v.Kind = typ
		return v
	}), nil
}

func (x *execution) compileBinary(e *syntax.Binary, rel *relation, s *scope) (*node, error) {
	if _, ok := e.X.(*syntax.Star); ok {
		return x.anyColumn(e, rel, s)
	}
	a, err := x.compile(e.X, rel, s)
	if err != nil {
		return nil, err
	}
	b, err := x.compile(e.Y, rel, s)
	if err != nil {
		return nil, err
	}
	args := x.settle(a, b)
	a, b = args[0], args[1]
	switch e.Op {
	case "and", "or":
		return x.logical(e, a, b)
	case "==", "!=", "<", "<=", ">", ">=":
		return x.comparison(e, a, b)
	case "+", "-", "*", "/", "%":
		return x.arithmetic(e, a, b)
	}
	return x.stringOperator(e, a, b)
}

func (x *execution) logical(e *syntax.Binary, a, b *node) (*node, error) {
	for _, n := range []*node{a, b} {
		if n.typ != value.Bool && n.typ != value.Dynamic && n.typ != value.Unknown {
			return nil, x.error(e.At(), syntax.SemanticError, "the operator %s takes bool, not %s", e.Op, n.typ)
		}
	}
	if e.Op == "and" && (a.konst || b.konst) || e.Op == "or" && (a.konst || b.konst) {
		if n := shortCircuit(e.Op, a, b); n != nil {
			return n, nil
		}
	}
	if b.cost < a.cost {
		a, b = b, a
	}
	stop := e.Op == "or"
	n := x.derive(value.Bool, []*node{a, b}, false, func(i int) value.Value {
		p := value.Plain(a.eval(i))
		if p.Valid && (p.Num != 0) == stop {
			return value.BoolValue(stop)
		}
		q := value.Plain(b.eval(i))
		if q.Valid && (q.Num != 0) == stop {
			return value.BoolValue(stop)
		}
		if !p.Valid || !q.Valid {
			return value.Null(value.Bool)
		}
		return value.BoolValue(!stop)
	})
	if !n.konst && a.typ == value.Bool && b.typ == value.Bool {
		ta, tb := a.test, b.test
		if stop {
			n.test = func(i int) bool { return ta(i) || tb(i) }
		} else {
			n.test = func(i int) bool { return ta(i) && tb(i) }
		}
	}
	return n, nil
}

// shortCircuit drops the side that a constant decides: a clause whose
// parameter was not given costs nothing.
func shortCircuit(op string, a, b *node) *node {
	for _, pair := range [][2]*node{{a, b}, {b, a}} {
		k, other := pair[0], pair[1]
		if !k.konst || !k.value.Valid || k.typ != value.Bool || other.typ != value.Bool {
			continue
		}
		if (k.value.Num != 0) == (op == "or") {
			return k
		}
		return other
	}
	return nil
}

// comparable pairs of types; dynamics are looked at when they are met.
func comparableTypes(a, b value.Type) bool {
	return a == b || a.Numeric() && b.Numeric() || a == value.Dynamic || b == value.Dynamic || a == value.Unknown || b == value.Unknown || a == value.Bool && b.Numeric() || b == value.Bool && a.Numeric() ||
		a == value.Guid && b == value.String || a == value.String && b == value.Guid
}

// anyColumn is * has "x": true for a row of which any column passes, by its text.
func (x *execution) anyColumn(e *syntax.Binary, rel *relation, s *scope) (*node, error) {
	if rel == nil || strings.HasPrefix(e.Op, "!") {
		return nil, x.error(e.At(), syntax.Unsupported, "unsupported: * %s", e.Op)
	}
	b, err := x.compile(e.Y, rel, s)
	if err != nil {
		return nil, err
	}
	tests := make([]func(int) bool, 0, len(rel.vecs))
	for i, v := range rel.vecs {
		if strings.HasPrefix(rel.names[i], "$") {
			continue
		}
		if err := x.charge(e.At()); err != nil {
			return nil, err
		}
		a := memo(cast(x, columnNode(v, rel.rows), value.String))
		args := x.settle(a, b)
		one, err := x.stringOrEqual(e, args[0], args[1])
		if err != nil {
			return nil, err
		}
		tests = append(tests, memo(one).test)
	}
	n := &node{typ: value.Bool, cost: costCall * len(tests), rows: rel.rows, impure: true}
	n.test = func(i int) bool {
		for _, t := range tests {
			if t(i) {
				return true
			}
		}
		return false
	}
	n.eval = func(i int) value.Value { return value.BoolValue(n.test(i)) }
	return n, nil
}

func (x *execution) stringOrEqual(e *syntax.Binary, a, b *node) (*node, error) {
	if e.Op == "==" {
		return x.comparison(e, a, b)
	}
	return x.stringOperator(e, a, b)
}

// sameKind lets a text be compared with what is none: it is read as that type,
// and one that can't be is unequal to everything.
func (x *execution) sameKind(a, b *node) (*node, *node) {
	switch {
	case a.typ == value.String && readable(b.typ):
		return x.read(a, b.typ), b
	case b.typ == value.String && readable(a.typ):
		return a, x.read(b, a.typ)
	}
	return a, b
}

func readable(t value.Type) bool {
	return t.Numeric() || t == value.Bool || t == value.Datetime || t == value.Timespan
}

// read is cast, but that a text which can't be read is NaN, which equals nothing.
func (x *execution) read(n *node, t value.Type) *node {
	return x.derive(value.Dynamic, []*node{n}, false, func(i int) value.Value {
		if v := value.Convert(n.eval(i), t); v.Valid {
			return value.DynamicValue(value.ToDynamic(v))
		}
		return value.DynamicValue(math.NaN())
	})
}

func (x *execution) comparison(e *syntax.Binary, a, b *node) (*node, error) {
	if e.Op == "==" || e.Op == "!=" {
		a, b = x.sameKind(a, b)
	}
	if !comparableTypes(a.typ, b.typ) {
		return nil, x.error(e.At(), syntax.SemanticError, "the operator %s can't compare %s with %s", e.Op, a.typ, b.typ)
	}
	holds := comparator(e.Op)
	n := x.derive(value.Bool, []*node{a, b}, false, func(i int) value.Value { return compareBy(e.Op, holds, value.Plain(a.eval(i)), value.Plain(b.eval(i))) })
	if !n.konst && b.konst && b.value.Valid && (a.typ == value.Datetime && b.typ == value.Datetime || a.typ == value.Long && b.typ == value.Long) {
		if test := quickCompare(a.column, b.value.Num, e.Op); test != nil {
			n.test, n.cost = test, costCompare
		}
	}
	return n, nil
}

// compareBy follows the reference, "Null values": two nulls are neither equal
// nor unequal, one null is unequal to any value, and an order with a null is null.
func compareBy(op string, holds func(int) bool, p, q value.Value) value.Value {
	if !p.Valid || !q.Valid {
		if p.Valid == q.Valid {
			return value.Null(value.Bool)
		}
		switch op {
		case "==":
			return value.BoolValue(false)
		case "!=":
			return value.BoolValue(true)
		}
		return value.Null(value.Bool)
	}
	if p.Kind == value.Real && math.IsNaN(p.Real) || q.Kind == value.Real && math.IsNaN(q.Real) {
		return value.BoolValue(op == "!=")
	}
	c, ok := value.Compare(p, q)
	if !ok {
		return value.BoolValue(op == "!=")
	}
	return value.BoolValue(holds(c))
}

func comparator(op string) func(int) bool {
	switch op {
	case "==":
		return func(c int) bool { return c == 0 }
	case "!=":
		return func(c int) bool { return c != 0 }
	case "<":
		return func(c int) bool { return c < 0 }
	case "<=":
		return func(c int) bool { return c <= 0 }
	case ">":
		return func(c int) bool { return c > 0 }
	}
	return func(c int) bool { return c >= 0 }
}

// quickCompare reads an integer column without making values of its cells.
func quickCompare(v value.Vector, k int64, op string) func(int) bool {
	nums, ok := v.(*value.Numbers)
	var sel []int32
	if p, picked := v.(*picked); picked {
		nums, ok = p.of.(*value.Numbers)
		sel = p.sel
	}
	if !ok || nums.Nulls != nil {
		return nil
	}
	vals := nums.Vals
	at := func(i int) int64 { return vals[i] }
	if sel != nil {
		at = func(i int) int64 { return vals[sel[i]] }
	}
	switch op {
	case "==":
		return func(i int) bool { return at(i) == k }
	case "<":
		return func(i int) bool { return at(i) < k }
	case "<=":
		return func(i int) bool { return at(i) <= k }
	case ">":
		return func(i int) bool { return at(i) > k }
	case ">=":
		return func(i int) bool { return at(i) >= k }
	}
	return nil
}

func (x *execution) compileBetween(e *syntax.Between, rel *relation, s *scope) (*node, error) {
	nodes, err := x.compileAll([]syntax.Expr{e.X, e.Lo, e.Hi}, rel, s)
	if err != nil {
		return nil, err
	}
	v, lo, hi := nodes[0], nodes[1], nodes[2]
	if v.typ == value.Datetime && hi.typ == value.Timespan {
		// between (start .. timespan) counts the span from the start
		span, start := hi, lo
		hi = x.derive(value.Datetime, []*node{start, span}, false, func(i int) value.Value { return add(start.eval(i), span.eval(i), value.Datetime) })
	}
	if !comparableTypes(v.typ, lo.typ) || !comparableTypes(v.typ, hi.typ) {
		return nil, x.error(e.At(), syntax.SemanticError, "between can't compare %s with %s and %s", v.typ, lo.typ, hi.typ)
	}
	args := x.settle(v, lo, hi)
	v, lo, hi = args[0], args[1], args[2]
	from, to := comparator(">="), comparator("<=")
	return x.derive(value.Bool, args, false, func(i int) value.Value {
		p := value.Plain(v.eval(i))
		a, b := compareBy(">=", from, p, value.Plain(lo.eval(i))), compareBy("<=", to, p, value.Plain(hi.eval(i)))
		if !a.Valid || !b.Valid {
			return value.Null(value.Bool)
		}
		return value.BoolValue((a.Num != 0 && b.Num != 0) != e.Not)
	}), nil
}

func add(a, b value.Value, t value.Type) value.Value {
	if !a.Valid || !b.Valid {
		return value.Null(t)
	}
	return value.Value{Kind: t, Valid: true, Num: a.Num + b.Num}
}

// arithmeticType is the result type by the reference, "Numerical operators" and
// "Datetime / timespan arithmetic"; Unknown when there is none.
func arithmeticType(op string, a, b value.Type) value.Type {
	wide := func() value.Type {
		switch {
		case a == value.Decimal || b == value.Decimal:
			return value.Decimal
		case a == value.Real || b == value.Real:
			return value.Real
		}
		return value.Long // also of two ints
	}
	switch {
	case a == value.Dynamic || b == value.Dynamic:
		return value.Dynamic
	case a.Numeric() && b.Numeric():
		return wide()
	case a == value.Datetime && b == value.Datetime && op == "-":
		return value.Timespan
	case a == value.Datetime && b == value.Timespan && (op == "+" || op == "-"), a == value.Timespan && b == value.Datetime && op == "+":
		return value.Datetime
	case a == value.Timespan && b == value.Timespan:
		switch op {
		case "+", "-", "%":
			return value.Timespan
		case "/":
			return value.Real
		}
	case a == value.Datetime && b == value.Timespan && op == "%":
		return value.Timespan
	case a == value.Timespan && b.Numeric() && (op == "*" || op == "/"), a.Numeric() && b == value.Timespan && op == "*":
		return value.Timespan
	}
	return value.Unknown
}

func (x *execution) arithmetic(e *syntax.Binary, a, b *node) (*node, error) {
	ta, tb := a.typ, b.typ
	if ta == value.Unknown {
		ta = tb
	}
	if tb == value.Unknown {
		tb = ta
	}
	typ := arithmeticType(e.Op, ta, tb)
	if typ == value.Unknown {
		return nil, x.error(e.At(), syntax.SemanticError, "the operator %s can't be applied to %s and %s", e.Op, a.typ, b.typ)
	}
	n := x.derive(typ, []*node{a, b}, false, func(i int) value.Value {
		p, q := value.Plain(a.eval(i)), value.Plain(b.eval(i))
		if typ != value.Dynamic {
			return calculate(e.Op, typ, p, q)
		}
		t := arithmeticType(e.Op, p.Kind, q.Kind)
		if t == value.Unknown || t == value.Dynamic {
			return value.Null(value.Dynamic)
		}
		return value.DynamicValue(value.ToDynamic(calculate(e.Op, t, p, q)))
	})
	quickArithmetic(n, e.Op, a, b)
	return n, nil
}

func calculate(op string, typ value.Type, p, q value.Value) value.Value {
	if !p.Valid || !q.Valid {
		return value.Null(typ)
	}
	switch {
	case typ == value.Real || typ == value.Decimal:
		return value.Value{Kind: typ, Valid: true, Real: realOp(op, p.AsReal(), q.AsReal())}
	case typ == value.Timespan && (p.Kind.Numeric() || q.Kind.Numeric()):
		f := realOp(op, p.AsReal(), q.AsReal())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return value.Null(typ)
		}
		return value.TimespanTicks(int64(math.Round(f)))
	}
	n, ok := longOp(op, p.Num, q.Num)
	if !ok {
		return value.Null(typ)
	}
	return value.Value{Kind: typ, Valid: true, Num: n}
}

func realOp(op string, a, b float64) float64 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	}
	return math.Mod(a, b)
}

// longOp: a division by zero is null.
func longOp(op string, a, b int64) (int64, bool) {
	switch op {
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "*":
		return a * b, true
	}
	if b == 0 {
		return 0, false
	}
	if b == -1 {
		if op == "%" {
			return 0, true
		}
		return -a, true
	}
	if op == "/" {
		return a / b, true
	}
	m := a % b
	if m < 0 {
		m += max(b, -b)
	}
	return m, true
}
