package exec

import (
	"strconv"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func (x *execution) source(src syntax.Source, s *scope) (*relation, error) {
	switch e := src.(type) {
	case *syntax.TableRef:
		r, found, err := x.tableNamed(e.Name, e.At(), s)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, x.missing(e.At(), e.Name, s)
		}
		return r, nil
	case *syntax.CallRef:
		return x.callSource(e.Call, s)
	case *syntax.Parenthesized:
		r, err := x.pipeline(e.Inner, s)
		if err != nil {
			return nil, err
		}
		return x.materialise(r)
	case *syntax.Print:
		return x.print(e, s)
	case *syntax.Range:
		return x.rangeRows(e, s)
	case *syntax.Datatable:
		return x.datatable(e, s)
	case *syntax.UnionRef:
		return x.union(e.Op, nil, s)
	case *syntax.SearchRef:
		return x.search(e.Op, s)
	}
	return nil, x.error(src.At(), syntax.Unsupported, "unsupported: this source")
}

// TableFunctions is what a Database may have besides tables: functions such as
// _GetWatchlist that give a table. The arguments are scalars.
type TableFunctions interface {
	TableFunction(name string, args []value.Value) (*value.Table, bool)
}

func (x *execution) callSource(e *syntax.Call, s *scope) (*relation, error) {
	if f := s.find(e.Name); f != nil && f.lambda != nil {
		inner, body, err := x.call(f, e, s)
		if err != nil {
			return nil, err
		}
		if name, ok := body.Scalar.(*syntax.Name); ok && body.Result == nil { // f() { T } is the table T
			return x.source(&syntax.TableRef{Pos: name.Pos, Name: name.Name}, inner)
		}
		if call, ok := body.Scalar.(*syntax.Call); ok && body.Result == nil { // f() { g(1) } is what g gives
			if x.depth++; x.depth > syntax.MaxDepth {
				return nil, x.error(e.At(), syntax.LimitExceeded, "functions call each other deeper than %d", syntax.MaxDepth)
			}
			defer func() { x.depth-- }()
			return x.callSource(call, inner)
		}
		if body.Result == nil {
			return nil, x.error(e.At(), syntax.SemanticError, "%s() gives a scalar, where a table is expected", e.Name)
		}
		if x.depth++; x.depth > syntax.MaxDepth {
			return nil, x.error(e.At(), syntax.LimitExceeded, "functions call each other deeper than %d", syntax.MaxDepth)
		}
		defer func() { x.depth-- }()
		return x.pipeline(body.Result, inner)
	}
	if e.Name == "table" && len(e.Args) >= 1 {
		v, err := x.scalar(e.Args[0], s)
		if err != nil {
			return nil, err
		}
		return x.source(&syntax.TableRef{Pos: e.Pos, Name: v.Str}, s)
	}
	if fs, ok := x.db.(TableFunctions); ok {
		args := make([]value.Value, len(e.Args))
		for i, a := range e.Args {
			v, err := x.scalar(a, s)
			if err != nil {
				return nil, err
			}
			args[i] = v
		}
		if t, ok := fs.TableFunction(e.Name, args); ok {
			return fromTable(t), nil
		}
	}
	return nil, x.error(e.At(), syntax.Unsupported, "unsupported: the function %s() as a table", e.Name)
}

func (x *execution) print(e *syntax.Print, s *scope) (*relation, error) {
	r := &relation{rows: 1}
	names := x.namer(r)
	for i, c := range e.Columns {
		outputs, err := x.outputs(c, &relation{rows: 1}, s)
		if err != nil {
			return nil, err
		}
		if len(c.Names) == 1 {
			outputs = outputs[:1]
		}
		for _, o := range outputs {
			if len(outputs) == 1 && len(c.Names) == 0 { // print does not call f(x) by x
				o.name, o.declared = "print_"+strconv.Itoa(i), false
			}
			name, err := names.name(o, c.Value.At())
			if err != nil {
				return nil, err
			}
			r.add(name, vectorOf(o.node))
		}
	}
	return x.materialise(r)
}

func (x *execution) rangeRows(e *syntax.Range, s *scope) (*relation, error) {
	var v [3]value.Value
	for i, part := range []syntax.Expr{e.From, e.To, e.Step} {
		var err error
		if v[i], err = x.scalar(part, s); err != nil {
			return nil, err
		}
	}
	from, to, step := v[0], v[1], v[2]
	typ := from.Kind
	if from.Kind.Numeric() && (step.Kind == value.Real || to.Kind == value.Real) {
		typ = value.Real
	} else if from.Kind == value.Int && (step.Kind == value.Long || to.Kind == value.Long) {
		typ = value.Long
	}
	out := value.NewStorage(typ)
	rows := 0
	zero := value.Value{Kind: step.Kind, Valid: true}
	direction, ok := value.Compare(step, zero)
	if !from.Valid || !to.Valid || !step.Valid || !ok || direction == 0 {
		return nil, x.error(e.At(), syntax.SemanticError, "range can't go from %s to %s by %s", from.Text(), to.Text(), step.Text())
	}
	from = value.Convert(from, typ)
	for at := from; ; rows++ {
		c, ok := value.Compare(at, to)
		if !ok || c*direction > 0 {
			break
		}
		if rows == x.opts.MaxRows {
			return nil, x.rowBudget(e.At(), rows+1)
		}
		if err := x.step(1); err != nil {
			return nil, err
		}
		out.Add(at)
		if typ == value.Real {
			at = value.RealValue(from.AsReal() + float64(rows+1)*step.AsReal())
			continue
		}
		next := value.Value{Kind: typ, Valid: true, Num: at.Num + step.Num}
		if (next.Num > at.Num) != (direction > 0) {
			rows++
			break
		}
		at = next
	}
	return &relation{names: []string{e.Name}, vecs: []value.Vector{out}, rows: rows}, nil
}

func (x *execution) datatable(e *syntax.Datatable, s *scope) (*relation, error) {
	r := &relation{}
	stores := make([]value.Storage, len(e.Columns))
	for i, c := range e.Columns {
		stores[i] = value.NewStorage(c.Type)
		r.add(c.Name, stores[i])
	}
	if len(stores) == 0 || len(e.Values)%len(stores) != 0 {
		return nil, x.error(e.At(), syntax.SemanticError, "datatable has %d values for %d columns", len(e.Values), len(stores))
	}
	for i, v := range e.Values {
		val, err := x.scalar(v, s)
		if err != nil {
			return nil, err
		}
		st := stores[i%len(stores)]
		if val.Kind != st.Type() {
			val = value.Convert(val, st.Type())
		}
		st.Add(val)
	}
	r.rows = len(e.Values) / len(stores)
	return r, nil
}
