package kql

import "math"

func (x *execution) compileMinus(e *unaryExpr, rel *relation, s *scope) (*node, error) {
	n, err := x.compile(e.x, rel, s)
	if err != nil {
		return nil, err
	}
	if !n.typ.Numeric() && n.typ != Timespan && n.typ != Dynamic {
		return nil, x.error(e.at(), SemanticError, "the operator - does not apply to %s", n.typ)
	}
	typ := n.typ
	if typ == Int {
		typ = Long
	}
	return x.derive(typ, []*node{n}, false, func(i int) Value {
		v := plain(n.eval(i))
		v.num, v.real = -v.num, -v.real
		switch {
		case typ == Dynamic && (v.typ.Numeric() || v.typ == Timespan):
			return DynamicValue(toDynamic(v))
		case typ == Dynamic:
			return Null(Dynamic)
		}
		v.typ = typ
		return v
	}), nil
}

// plain takes a scalar out of a dynamic.
func plain(v Value) Value {
	if v.typ == Dynamic {
		return fromDynamic(v.dyn)
	}
	return v
}

func (x *execution) compileBinary(e *binaryExpr, rel *relation, s *scope) (*node, error) {
	a, err := x.compile(e.x, rel, s)
	if err != nil {
		return nil, err
	}
	b, err := x.compile(e.y, rel, s)
	if err != nil {
		return nil, err
	}
	args := x.settle(a, b)
	a, b = args[0], args[1]
	switch e.op {
	case "and", "or":
		return x.logical(e, a, b)
	case "==", "!=", "<", "<=", ">", ">=":
		return x.comparison(e, a, b)
	case "+", "-", "*", "/", "%":
		return x.arithmetic(e, a, b)
	}
	return x.stringOperator(e, a, b)
}

func (x *execution) logical(e *binaryExpr, a, b *node) (*node, error) {
	for _, n := range []*node{a, b} {
		if n.typ != Bool && n.typ != Dynamic && n.typ != Unknown {
			return nil, x.error(e.at(), SemanticError, "the operator %s takes bool, not %s", e.op, n.typ)
		}
	}
	if e.op == "and" && (a.konst || b.konst) || e.op == "or" && (a.konst || b.konst) {
		if n := shortCircuit(e.op, a, b); n != nil {
			return n, nil
		}
	}
	if b.cost < a.cost {
		a, b = b, a
	}
	stop := e.op == "or"
	n := x.derive(Bool, []*node{a, b}, false, func(i int) Value {
		p := plain(a.eval(i))
		if p.valid && (p.num != 0) == stop {
			return BoolValue(stop)
		}
		q := plain(b.eval(i))
		if q.valid && (q.num != 0) == stop {
			return BoolValue(stop)
		}
		if !p.valid || !q.valid {
			return Null(Bool)
		}
		return BoolValue(!stop)
	})
	if !n.konst && a.typ == Bool && b.typ == Bool {
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
		if !k.konst || !k.value.valid || k.typ != Bool || other.typ != Bool {
			continue
		}
		if (k.value.num != 0) == (op == "or") {
			return k
		}
		return other
	}
	return nil
}

// comparable pairs of types; dynamics are looked at when they are met.
func comparableTypes(a, b Type) bool {
	return a == b || a.Numeric() && b.Numeric() || a == Dynamic || b == Dynamic || a == Unknown || b == Unknown || a == Bool && b.Numeric() || b == Bool && a.Numeric() ||
		a == Guid && b == String || a == String && b == Guid
}

func (x *execution) comparison(e *binaryExpr, a, b *node) (*node, error) {
	if !comparableTypes(a.typ, b.typ) {
		return nil, x.error(e.at(), SemanticError, "the operator %s can't compare %s with %s", e.op, a.typ, b.typ)
	}
	holds := comparator(e.op)
	n := x.derive(Bool, []*node{a, b}, false, func(i int) Value { return compareBy(e.op, holds, plain(a.eval(i)), plain(b.eval(i))) })
	if !n.konst && b.konst && b.value.valid && (a.typ == Datetime && b.typ == Datetime || a.typ == Long && b.typ == Long) {
		if test := quickCompare(a.column, b.value.num, e.op); test != nil {
			n.test, n.cost = test, costCompare
		}
	}
	return n, nil
}

// compareBy follows the reference, "Null values": two nulls are neither equal
// nor unequal, one null is unequal to any value, and an order with a null is null.
func compareBy(op string, holds func(int) bool, p, q Value) Value {
	if !p.valid || !q.valid {
		if p.valid == q.valid {
			return Null(Bool)
		}
		switch op {
		case "==":
			return BoolValue(false)
		case "!=":
			return BoolValue(true)
		}
		return Null(Bool)
	}
	if p.typ == Real && math.IsNaN(p.real) || q.typ == Real && math.IsNaN(q.real) {
		return BoolValue(op == "!=")
	}
	c, ok := compareValues(p, q)
	if !ok {
		return BoolValue(op == "!=")
	}
	return BoolValue(holds(c))
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
func quickCompare(v vector, k int64, op string) func(int) bool {
	nums, ok := v.(*numbers)
	var sel []int32
	if p, picked := v.(*picked); picked {
		nums, ok = p.of.(*numbers)
		sel = p.sel
	}
	if !ok || nums.nulls != nil {
		return nil
	}
	vals := nums.vals
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

func (x *execution) compileBetween(e *betweenExpr, rel *relation, s *scope) (*node, error) {
	nodes, err := x.compileAll([]expr{e.x, e.lo, e.hi}, rel, s)
	if err != nil {
		return nil, err
	}
	v, lo, hi := nodes[0], nodes[1], nodes[2]
	if v.typ == Datetime && hi.typ == Timespan {
		// between (start .. timespan) counts the span from the start
		span, start := hi, lo
		hi = x.derive(Datetime, []*node{start, span}, false, func(i int) Value { return add(start.eval(i), span.eval(i), Datetime) })
	}
	if !comparableTypes(v.typ, lo.typ) || !comparableTypes(v.typ, hi.typ) {
		return nil, x.error(e.at(), SemanticError, "between can't compare %s with %s and %s", v.typ, lo.typ, hi.typ)
	}
	args := x.settle(v, lo, hi)
	v, lo, hi = args[0], args[1], args[2]
	from, to := comparator(">="), comparator("<=")
	return x.derive(Bool, args, false, func(i int) Value {
		p := plain(v.eval(i))
		a, b := compareBy(">=", from, p, plain(lo.eval(i))), compareBy("<=", to, p, plain(hi.eval(i)))
		if !a.valid || !b.valid {
			return Null(Bool)
		}
		return BoolValue((a.num != 0 && b.num != 0) != e.not)
	}), nil
}

func add(a, b Value, t Type) Value {
	if !a.valid || !b.valid {
		return Null(t)
	}
	return Value{typ: t, valid: true, num: a.num + b.num}
}

// arithmeticType is the result type by the reference, "Numerical operators" and
// "Datetime / timespan arithmetic"; Unknown when there is none.
func arithmeticType(op string, a, b Type) Type {
	wide := func() Type {
		switch {
		case a == Decimal || b == Decimal:
			return Decimal
		case a == Real || b == Real:
			return Real
		}
		return Long // also of two ints
	}
	switch {
	case a == Dynamic || b == Dynamic:
		return Dynamic
	case a.Numeric() && b.Numeric():
		return wide()
	case a == Datetime && b == Datetime && op == "-":
		return Timespan
	case a == Datetime && b == Timespan && (op == "+" || op == "-"), a == Timespan && b == Datetime && op == "+":
		return Datetime
	case a == Timespan && b == Timespan:
		switch op {
		case "+", "-", "%":
			return Timespan
		case "/":
			return Real
		}
	case a == Datetime && b == Timespan && op == "%":
		return Timespan
	case a == Timespan && b.Numeric() && (op == "*" || op == "/"), a.Numeric() && b == Timespan && op == "*":
		return Timespan
	}
	return Unknown
}

func (x *execution) arithmetic(e *binaryExpr, a, b *node) (*node, error) {
	ta, tb := a.typ, b.typ
	if ta == Unknown {
		ta = tb
	}
	if tb == Unknown {
		tb = ta
	}
	typ := arithmeticType(e.op, ta, tb)
	if typ == Unknown {
		return nil, x.error(e.at(), SemanticError, "the operator %s can't be applied to %s and %s", e.op, a.typ, b.typ)
	}
	return x.derive(typ, []*node{a, b}, false, func(i int) Value {
		p, q := plain(a.eval(i)), plain(b.eval(i))
		if typ != Dynamic {
			return calculate(e.op, typ, p, q)
		}
		t := arithmeticType(e.op, p.typ, q.typ)
		if t == Unknown || t == Dynamic {
			return Null(Dynamic)
		}
		return DynamicValue(toDynamic(calculate(e.op, t, p, q)))
	}), nil
}

func calculate(op string, typ Type, p, q Value) Value {
	if !p.valid || !q.valid {
		return Null(typ)
	}
	switch {
	case typ == Real || typ == Decimal:
		return Value{typ: typ, valid: true, real: realOp(op, p.AsReal(), q.AsReal())}
	case typ == Timespan && (p.typ.Numeric() || q.typ.Numeric()):
		f := realOp(op, p.AsReal(), q.AsReal())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return Null(typ)
		}
		return TimespanTicks(int64(math.Round(f)))
	}
	n, ok := longOp(op, p.num, q.num)
	if !ok {
		return Null(typ)
	}
	return Value{typ: typ, valid: true, num: n}
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
