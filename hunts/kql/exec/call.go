package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// compileCall compiles a call: of a let function, of one of the few functions
// that look at more than their arguments, or of the library.
func (x *execution) compileCall(e *syntax.Call, rel *relation, s *scope) (*node, error) {
	if f := s.find(e.Name); f != nil && f.lambda != nil {
		return x.compileLambda(f, e, rel, s)
	}
	switch e.Name {
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
		return constNode(value.Null(value.Datetime)), nil
	case "materialize":
		if len(e.Args) == 1 {
			return x.compile(e.Args[0], rel, s)
		}
	case "extract":
		if len(e.Args) == 4 {
			return x.extractAs(e, rel, s)
		}
	case "extract_json", "extractjson":
		if len(e.Args) == 3 {
			return x.extractAs(e, rel, s)
		}
	case "pack_all":
		return x.packAll(e, rel)
	case "bag_pack_columns":
		return x.packColumns(e, rel, s)
	case "row_number", "row_cumsum", "prev", "next", "row_rank_dense", "row_rank_min", "row_window_session":
		return x.window(e, rel, s)
	}
	if _, ok := aggregates[e.Name]; ok && x.funcs[e.Name].Eval == nil {
		return nil, x.error(e.At(), syntax.SemanticError, "the aggregate %s() stands outside of summarize", e.Name)
	}
	f, ok := x.funcs[e.Name]
	if t, several := builtin.Tuples()[e.Name]; several {
		outputs, err := x.tupleOutputs(syntax.Named{Value: e}, e, libraryTuple(e.Name, t), rel, s)
		if err != nil {
			return nil, err
		}
		return outputs[0].node, nil
	}
	if !ok {
		return nil, x.error(e.At(), syntax.Unsupported, "unsupported: the function %s()", e.Name)
	}
	return x.compileFunction(f, e, rel, s)
}

func (x *execution) compileFunction(f builtin.Function, e *syntax.Call, rel *relation, s *scope) (*node, error) {
	if len(e.Args) < f.MinArgs || f.MaxArgs >= 0 && len(e.Args) > f.MaxArgs {
		return nil, x.error(e.At(), syntax.SemanticError, "%s() can't take %d arguments", e.Name, len(e.Args))
	}
	nodes, err := x.compileAll(e.Args, rel, s)
	if err != nil {
		return nil, err
	}
	if err := x.checkTypes(e, nodes); err != nil {
		return nil, err
	}
	nodes = x.settle(nodes...)
	types := make([]value.Type, len(nodes))
	for i, n := range nodes {
		types[i] = n.typ
	}
	typ := f.Result(types)
	args := make([]value.Value, len(nodes))
	busy := false
	at := e.At()
	lazy := lazyFunction(e.Name, typ, nodes)
	if lazy == nil {
		lazy = func(i int) value.Value {
			// a nested call of the same node can't happen, but a re-entry through a memo could
			buf := args
			if busy {
				buf = make([]value.Value, len(nodes))
			}
			busy = true
			for k, n := range nodes {
				buf[k] = n.eval(i)
			}
			v, err := f.Eval(x.env, buf)
			busy = false
			if err == nil && (v.Kind == value.Dynamic || len(v.Str) > value.MaxSize) {
				err = bounded(v)
			}
			if err != nil {
				x.fail(x.callError(at, f.Name, err))
				return value.Null(typ)
			}
			return v
		}
	}
	n := x.derive(typ, nodes, f.Impure, lazy)
	if x.failed != nil {
		err := x.failed
		x.failed = nil
		return nil, err
	}
	quickCall(n, e, nodes)
	return n, nil
}

// lazyFunction gives the functions that must not evaluate what they do not
// choose; nil for the others.
func lazyFunction(name string, typ value.Type, nodes []*node) func(i int) value.Value {
	fit := func(v value.Value) value.Value {
		if v.Kind == typ || typ == value.Unknown {
			return v
		}
		return value.Convert(v, typ)
	}
	switch name {
	case "iff", "iif":
		if len(nodes) != 3 {
			return nil
		}
		test := plainTest(nodes[0])
		return func(i int) value.Value {
			if test(i) {
				return fit(nodes[1].eval(i))
			}
			return fit(nodes[2].eval(i))
		}
	case "case":
		if len(nodes)%2 == 0 {
			return nil
		}
		return func(i int) value.Value {
			for k := 0; k+1 < len(nodes); k += 2 {
				if value.Plain(nodes[k].eval(i)).AsBool() {
					return fit(nodes[k+1].eval(i))
				}
			}
			return fit(nodes[len(nodes)-1].eval(i))
		}
	case "coalesce":
		return func(i int) value.Value {
			v := value.Null(typ)
			for _, n := range nodes {
				v = n.eval(i)
				if v.Valid && (v.Kind != value.String || v.Str != "") {
					return fit(v)
				}
			}
			return fit(v)
		}
	case "not":
		return func(i int) value.Value {
			v := value.Plain(nodes[0].eval(i))
			if !v.Valid {
				return value.Null(value.Bool)
			}
			return value.BoolValue(v.Num == 0)
		}
	}
	return nil
}

// compileLambda inlines a let function: its parameters become nodes, and its
// body sees no column of the rows (Kusto reference, "User-defined functions").
func (x *execution) compileLambda(f *scope, e *syntax.Call, rel *relation, s *scope) (*node, error) {
	st := f.lambda
	if x.depth++; x.depth > syntax.MaxDepth {
		return nil, x.error(e.At(), syntax.LimitExceeded, "functions call each other deeper than %d", syntax.MaxDepth)
	}
	defer func() { x.depth-- }()
	args, err := x.bind(st, e)
	if err != nil {
		return nil, err
	}
	inner := f.parent
	for i, p := range st.Params {
		next := &scope{parent: inner, name: p.Name}
		switch {
		case p.Tabular && args[i] != nil:
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
			next.node = cast(x, n, p.Type).shared()
		default:
			n, err := x.compile(p.ByDefault, nil, f.parent)
			if err != nil {
				return nil, err
			}
			next.node = n.shared()
		}
		inner = next
	}
	for i := range st.Lambda.Lets {
		let := &st.Lambda.Lets[i]
		next := &scope{parent: inner, name: let.Name}
		switch {
		case let.Lambda != nil:
			next.lambda = let
		case let.Table != nil:
			r, err := x.pipeline(let.Table, inner)
			if err != nil {
				return nil, err
			}
			if next.table, err = x.materialise(r); err != nil {
				return nil, err
			}
		default:
			n, err := x.compile(let.Value, nil, inner)
			if err != nil {
				return nil, err
			}
			next.node = n.shared()
		}
		inner = next
	}
	body := st.Lambda.Scalar
	if body == nil {
		name, ok := bareName(st.Lambda.Result)
		if !ok {
			return nil, x.error(e.At(), syntax.SemanticError, "%s() gives a table, where a scalar is expected", st.Name)
		}
		body = name
	}
	return x.compile(body, nil, inner)
}

func (x *execution) toscalar(e *syntax.Call, rel *relation, s *scope) (*node, error) {
	if len(e.Args) != 1 {
		return nil, x.error(e.At(), syntax.SemanticError, "toscalar() takes one argument")
	}
	r, err := x.anyTable(e.Args[0], s)
	if err != nil {
		return nil, err
	}
	if r == nil {
		v, err := x.scalar(e.Args[0], s)
		if err != nil {
			return nil, err
		}
		return constNode(v), nil
	}
	if len(r.vecs) == 0 {
		return nil, x.error(e.At(), syntax.SemanticError, "toscalar() got a table without columns")
	}
	if r.rows == 0 {
		return constNode(value.Null(r.vecs[0].Type())), nil
	}
	v := r.vecs[0].At(0)
	if x.failed != nil {
		return nil, x.failed
	}
	return constNode(v), nil
}

// anyTable evaluates what may be a table; nil for a scalar.
func (x *execution) anyTable(e syntax.Expr, s *scope) (*relation, error) {
	if q, ok := e.(*syntax.Subquery); ok {
		return x.pipeline(q.Query, s)
	}
	return x.tableItem(e, nil, s)
}

func (x *execution) columnIfExists(e *syntax.Call, rel *relation, s *scope) (*node, error) {
	if len(e.Args) != 2 {
		return nil, x.error(e.At(), syntax.SemanticError, "column_ifexists() takes a name and a default")
	}
	name, err := x.scalar(e.Args[0], s)
	if err != nil {
		return nil, err
	}
	if rel != nil {
		if k := rel.find(name.Str); k >= 0 {
			return columnNode(rel.vecs[k], rel.rows), nil
		}
	}
	return x.compile(e.Args[1], rel, s)
}

// packColumns makes a bag of columns under their names.
func (x *execution) packColumns(e *syntax.Call, rel *relation, s *scope) (*node, error) {
	nodes, err := x.compileAll(e.Args, rel, s)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(nodes))
	for i, a := range e.Args {
		name, ok := a.(*syntax.Name)
		if !ok {
			return nil, x.error(a.At(), syntax.SemanticError, "bag_pack_columns() takes columns")
		}
		names[i] = name.Name
	}
	nodes = x.settle(nodes...)
	return x.derive(value.Dynamic, nodes, false, func(i int) value.Value {
		bag := value.NewBag()
		for k, n := range nodes {
			bag.Set(names[k], value.ToDynamic(n.eval(i)))
		}
		return x.packed(e, bag)
	}), nil
}

// extractAs is extract(regex, group, text, typeof(long)) and extract_json(path,
// text, typeof(long)): the text converted.
func (x *execution) extractAs(e *syntax.Call, rel *relation, s *scope) (*node, error) {
	last := len(e.Args) - 1
	t, ok := value.TypeByName[implicitType(e.Args[last])]
	if !ok {
		return nil, x.error(e.Args[last].At(), syntax.SemanticError, "%s() takes typeof(...) as its last argument", e.Name)
	}
	n, err := x.compile(&syntax.Call{Pos: e.Pos, Name: e.Name, Args: e.Args[:last]}, rel, s)
	if err != nil {
		return nil, err
	}
	return cast(x, n, t), nil
}

// implicitType is the name within typeof(…).
func implicitType(e syntax.Expr) string {
	if l, ok := e.(*syntax.Literal); ok {
		return l.Value.Str
	}
	return ""
}

func (x *execution) packAll(e *syntax.Call, rel *relation) (*node, error) {
	if rel == nil {
		return nil, x.error(e.At(), syntax.SemanticError, "pack_all() needs a row")
	}
	skipEmpty := false
	if len(e.Args) == 1 {
		v, err := x.scalar(e.Args[0], nil)
		if err != nil {
			return nil, err
		}
		skipEmpty = v.AsBool()
	}
	names, vecs := rel.names, rel.vecs
	return &node{typ: value.Dynamic, cost: costCall, rows: rel.rows, test: func(int) bool { return false }, eval: func(i int) value.Value {
		bag := value.NewBag()
		for k, v := range vecs {
			cell := v.At(i)
			if skipEmpty && (!cell.Valid || cell.Kind == value.String && cell.Str == "") {
				continue
			}
			bag.Set(names[k], value.ToDynamic(cell))
		}
		return x.packed(e, bag)
	}}, nil
}

// packed is a bag of columns, if it is not too large.
func (x *execution) packed(e *syntax.Call, bag *value.Bag) value.Value {
	v := value.DynamicValue(bag)
	if err := bounded(v); err != nil {
		x.fail(x.callError(e.At(), e.Name, err))
		return value.Null(value.Dynamic)
	}
	return v
}
