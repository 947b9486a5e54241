package kql

import (
	"errors"
	"slices"
)

// compileCall compiles a call: of a let function, of one of the few functions
// that look at more than their arguments, or of the library.
func (x *execution) compileCall(e *callExpr, rel *relation, s *scope) (*node, error) {
	if f := s.find(e.name); f != nil && f.lambda != nil {
		return x.compileLambda(f, e, rel, s)
	}
	switch e.name {
	case "toscalar":
		return x.toscalar(e, rel, s)
	case "column_ifexists", "columnifexists":
		return x.columnIfExists(e, rel, s)
	case "ingestion_time":
		if rel != nil {
			for _, name := range []string{ingestionColumn, timeColumn} {
				if k := rel.find(name); k >= 0 {
					return columnNode(rel.vecs[k], rel.rows), nil
				}
			}
		}
		return constNode(Null(Datetime)), nil
	case "materialize":
		if len(e.args) == 1 {
			return x.compile(e.args[0], rel, s)
		}
	case "extract":
		if len(e.args) == 4 {
			return x.extractAs(e, rel, s)
		}
	case "pack_all":
		return x.packAll(e, rel)
	case "bag_pack_columns":
		return x.packColumns(e, rel, s)
	case "row_number", "row_cumsum", "prev", "next", "row_rank_dense", "row_rank_min", "row_window_session":
		return x.window(e, rel, s)
	}
	if _, ok := aggregates[e.name]; ok && x.funcs[e.name].eval == nil {
		return nil, x.error(e.at(), SemanticError, "the aggregate %s() stands outside of summarize", e.name)
	}
	f, ok := x.funcs[e.name]
	if !ok {
		return nil, x.error(e.at(), Unsupported, "unsupported: the function %s()", e.name)
	}
	return x.compileFunction(f, e, rel, s)
}

// ingestionColumn holds what ingestion_time() answers; a star does not show it.
const ingestionColumn = "_IngestionTime"

// timeColumn stands in for it in tables without: exports leave it out, and an
// event that never arrived would be in no search for what arrived late.
const timeColumn = "TimeGenerated"

func (x *execution) compileFunction(f function, e *callExpr, rel *relation, s *scope) (*node, error) {
	if len(e.args) < f.minArgs || f.maxArgs >= 0 && len(e.args) > f.maxArgs {
		return nil, x.error(e.at(), SemanticError, "%s() can't take %d arguments", e.name, len(e.args))
	}
	nodes, err := x.compileAll(e.args, rel, s)
	if err != nil {
		return nil, err
	}
	if err := x.checkTypes(e, nodes); err != nil {
		return nil, err
	}
	nodes = x.settle(nodes...)
	types := make([]Type, len(nodes))
	for i, n := range nodes {
		types[i] = n.typ
	}
	typ := f.result(types)
	args := make([]Value, len(nodes))
	busy := false
	at := e.at()
	lazy := lazyFunction(e.name, typ, nodes)
	if lazy == nil {
		lazy = func(i int) Value {
			// a nested call of the same node can't happen, but a re-entry through a memo could
			buf := args
			if busy {
				buf = make([]Value, len(nodes))
			}
			busy = true
			for k, n := range nodes {
				buf[k] = n.eval(i)
			}
			v, err := f.eval(x.env, buf)
			busy = false
			if err != nil {
				x.fail(x.callError(at, f.name, err))
				return Null(typ)
			}
			return v
		}
	}
	n := x.derive(typ, nodes, f.impure, lazy)
	if x.failed != nil {
		err := x.failed
		x.failed = nil
		return nil, err
	}
	return n, nil
}

// lazyFunction gives the functions that must not evaluate what they do not
// choose; nil for the others.
func lazyFunction(name string, typ Type, nodes []*node) func(i int) Value {
	fit := func(v Value) Value {
		if v.typ == typ || typ == Unknown {
			return v
		}
		return convert(v, typ)
	}
	switch name {
	case "iff", "iif":
		if len(nodes) != 3 {
			return nil
		}
		test := plainTest(nodes[0])
		return func(i int) Value {
			if test(i) {
				return fit(nodes[1].eval(i))
			}
			return fit(nodes[2].eval(i))
		}
	case "case":
		if len(nodes)%2 == 0 {
			return nil
		}
		return func(i int) Value {
			for k := 0; k+1 < len(nodes); k += 2 {
				if plain(nodes[k].eval(i)).AsBool() {
					return fit(nodes[k+1].eval(i))
				}
			}
			return fit(nodes[len(nodes)-1].eval(i))
		}
	case "coalesce":
		return func(i int) Value {
			v := Null(typ)
			for _, n := range nodes {
				v = n.eval(i)
				if v.valid && (v.typ != String || v.str != "") {
					return fit(v)
				}
			}
			return fit(v)
		}
	case "not":
		return func(i int) Value {
			v := plain(nodes[0].eval(i))
			if !v.valid {
				return Null(Bool)
			}
			return BoolValue(v.num == 0)
		}
	}
	return nil
}

func plainTest(n *node) func(int) bool {
	if n.typ == Bool {
		return n.test
	}
	return func(i int) bool { return plain(n.eval(i)).AsBool() }
}

// compileLambda inlines a let function: its parameters become nodes, and its
// body sees no column of the rows (Kusto reference, "User-defined functions").
func (x *execution) compileLambda(f *scope, e *callExpr, rel *relation, s *scope) (*node, error) {
	st := f.lambda
	if x.depth++; x.depth > maxDepth {
		return nil, x.error(e.at(), LimitExceeded, "functions call each other deeper than %d", maxDepth)
	}
	defer func() { x.depth-- }()
	args, err := x.bind(st, e)
	if err != nil {
		return nil, err
	}
	inner := f.parent
	for i, p := range st.params {
		next := &scope{parent: inner, name: p.name}
		switch {
		case p.tabular && args[i] != nil:
			r, err := x.tabularArg(args[i], s)
			if err != nil {
				return nil, err
			}
			next.table = r
		case args[i] != nil:
			n, err := x.compile(args[i], rel, s)
			if err != nil {
				return nil, err
			}
			next.node = cast(x, n, p.typ)
		default:
			n, err := x.compile(p.byDefault, nil, f.parent)
			if err != nil {
				return nil, err
			}
			next.node = n
		}
		inner = next
	}
	for i := range st.lambda.lets {
		let := &st.lambda.lets[i]
		next := &scope{parent: inner, name: let.name}
		switch {
		case let.lambda != nil:
			next.lambda = let
		case let.table != nil:
			r, err := x.pipeline(let.table, inner)
			if err != nil {
				return nil, err
			}
			if next.table, err = x.materialise(r); err != nil {
				return nil, err
			}
		default:
			n, err := x.compile(let.value, nil, inner)
			if err != nil {
				return nil, err
			}
			next.node = n
		}
		inner = next
	}
	body := st.lambda.scalar
	if body == nil {
		name, ok := bareName(st.lambda.result)
		if !ok {
			return nil, x.error(e.at(), SemanticError, "%s() gives a table, where a scalar is expected", st.name)
		}
		body = name
	}
	return x.compile(body, nil, inner)
}

// bind puts the arguments of a call in the order of the parameters; nil is one
// that was left out and has a default.
func (x *execution) bind(st *statement, e *callExpr) ([]expr, error) {
	if len(e.args) > len(st.params) {
		return nil, x.error(e.at(), SemanticError, "%s() takes %d arguments", st.name, len(st.params))
	}
	out := make([]expr, len(st.params))
	for i, a := range e.args {
		at := i
		if i < len(e.names) && e.names[i] != "" {
			at = slices.IndexFunc(st.params, func(p parameter) bool { return p.name == e.names[i] })
			if at < 0 {
				return nil, x.error(a.at(), SemanticError, "%s() has no parameter %q", st.name, e.names[i])
			}
		}
		if out[at] != nil {
			return nil, x.error(a.at(), SemanticError, "%s() is given its argument %s twice", st.name, st.params[at].name)
		}
		out[at] = a
	}
	for i, p := range st.params {
		if out[i] == nil && p.byDefault == nil {
			return nil, x.error(e.at(), SemanticError, "%s() lacks its argument %s", st.name, p.name)
		}
	}
	return out, nil
}

// nameOf is the name that an argument was given, as in arg_max(a, x = b).
func (e *callExpr) nameOf(arg expr) string {
	if k := slices.Index(e.args, arg); k >= 0 && k < len(e.names) {
		return e.names[k]
	}
	return ""
}

// bareName: a body that is one name parses as a table, and may be a scalar.
func bareName(p *pipeline) (expr, bool) {
	if p == nil || len(p.ops) > 0 {
		return nil, false
	}
	t, ok := p.source.(*tableSource)
	if !ok {
		return nil, false
	}
	return &nameExpr{t.position, t.name}, true
}

func cast(x *execution, n *node, t Type) *node {
	if t == Unknown || n.typ == t || n.konst && n.value.typ == t {
		return n
	}
	return x.derive(t, []*node{n}, false, func(i int) Value { return convert(n.eval(i), t) })
}

func (x *execution) toscalar(e *callExpr, rel *relation, s *scope) (*node, error) {
	if len(e.args) != 1 {
		return nil, x.error(e.at(), SemanticError, "toscalar() takes one argument")
	}
	r, err := x.anyTable(e.args[0], s)
	if err != nil {
		return nil, err
	}
	if r == nil {
		v, err := x.scalar(e.args[0], s)
		if err != nil {
			return nil, err
		}
		return constNode(v), nil
	}
	if len(r.vecs) == 0 {
		return nil, x.error(e.at(), SemanticError, "toscalar() got a table without columns")
	}
	if r.rows == 0 {
		return constNode(Null(r.vecs[0].typ())), nil
	}
	v := r.vecs[0].at(0)
	if x.failed != nil {
		return nil, x.failed
	}
	return constNode(v), nil
}

// anyTable evaluates what may be a table; nil for a scalar.
func (x *execution) anyTable(e expr, s *scope) (*relation, error) {
	if q, ok := e.(*queryExpr); ok {
		return x.pipeline(q.query, s)
	}
	return x.tableItem(e, nil, s)
}

func (x *execution) columnIfExists(e *callExpr, rel *relation, s *scope) (*node, error) {
	if len(e.args) != 2 {
		return nil, x.error(e.at(), SemanticError, "column_ifexists() takes a name and a default")
	}
	name, err := x.scalar(e.args[0], s)
	if err != nil {
		return nil, err
	}
	if rel != nil {
		if k := rel.find(name.str); k >= 0 {
			return columnNode(rel.vecs[k], rel.rows), nil
		}
	}
	return x.compile(e.args[1], rel, s)
}

// packColumns makes a bag of columns under their names.
func (x *execution) packColumns(e *callExpr, rel *relation, s *scope) (*node, error) {
	nodes, err := x.compileAll(e.args, rel, s)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(nodes))
	for i, a := range e.args {
		name, ok := a.(*nameExpr)
		if !ok {
			return nil, x.error(a.at(), SemanticError, "bag_pack_columns() takes columns")
		}
		names[i] = name.name
	}
	nodes = x.settle(nodes...)
	return x.derive(Dynamic, nodes, false, func(i int) Value {
		bag := NewBag()
		for k, n := range nodes {
			bag.Set(names[k], toDynamic(n.eval(i)))
		}
		return DynamicValue(bag)
	}), nil
}

// extractAs is extract(regex, group, text, typeof(long)): the text converted.
func (x *execution) extractAs(e *callExpr, rel *relation, s *scope) (*node, error) {
	t, ok := typeByName[implicitType(e.args[3])]
	if !ok {
		return nil, x.error(e.args[3].at(), SemanticError, "extract() takes typeof(...) as its fourth argument")
	}
	n, err := x.compile(&callExpr{position: e.position, name: e.name, args: e.args[:3]}, rel, s)
	if err != nil {
		return nil, err
	}
	return cast(x, n, t), nil
}

// implicitType is the name within typeof(…).
func implicitType(e expr) string {
	if l, ok := e.(*litExpr); ok {
		return l.value.str
	}
	return ""
}

func (x *execution) packAll(e *callExpr, rel *relation) (*node, error) {
	if rel == nil {
		return nil, x.error(e.at(), SemanticError, "pack_all() needs a row")
	}
	skipEmpty := false
	if len(e.args) == 1 {
		v, err := x.scalar(e.args[0], nil)
		if err != nil {
			return nil, err
		}
		skipEmpty = v.AsBool()
	}
	names, vecs := rel.names, rel.vecs
	return &node{typ: Dynamic, cost: costCall, rows: rel.rows, test: func(int) bool { return false }, eval: func(i int) Value {
		bag := NewBag()
		for k, v := range vecs {
			cell := v.at(i)
			if skipEmpty && (!cell.valid || cell.typ == String && cell.str == "") {
				continue
			}
			bag.Set(names[k], toDynamic(cell))
		}
		return DynamicValue(bag)
	}}, nil
}

// callError says which function failed, and where. A budget that ran out stays
// one.
func (x *execution) callError(at int, function string, err error) *Error {
	var e *Error
	if errors.As(err, &e) && e.Kind == LimitExceeded {
		return x.error(at, LimitExceeded, "%s(): %s", function, e.Message)
	}
	return x.error(at, SemanticError, "%s(): %v", function, err)
}
