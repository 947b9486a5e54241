package kql

func (x *execution) source(src source, s *scope) (*relation, error) {
	switch e := src.(type) {
	case *tableSource:
		r, found, err := x.tableNamed(e.name, e.at(), s)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, x.missing(e.at(), e.name, s)
		}
		return r, nil
	case *callSource:
		return x.callSource(e.call, s)
	case *pipeSource:
		r, err := x.pipeline(e.inner, s)
		if err != nil {
			return nil, err
		}
		return x.materialise(r)
	case *printSource:
		return x.print(e, s)
	case *rangeSource:
		return x.rangeRows(e, s)
	case *datatableSource:
		return x.datatable(e, s)
	case *unionSource:
		return x.union(e.op, nil, s)
	}
	return nil, x.error(src.at(), Unsupported, "unsupported: this source")
}

func (x *execution) missing(at int, name string, s *scope) error {
	message := "Failed to resolve table or column expression named '%s'"
	if l := s.find(name); l != nil {
		message = "'%s' is a scalar, where a table is expected"
	}
	err := x.error(at, SemanticError, message, name)
	err.Code, err.Token = unresolvedCode, name
	return err
}

// TableFunctions is what a Database may have besides tables: functions such as
// _GetWatchlist that give a table. The arguments are scalars.
type TableFunctions interface {
	TableFunction(name string, args []Value) (*Table, bool)
}

func (x *execution) callSource(e *callExpr, s *scope) (*relation, error) {
	if f := s.find(e.name); f != nil && f.lambda != nil {
		inner, body, err := x.call(f, e, s)
		if err != nil {
			return nil, err
		}
		if body.result == nil {
			return nil, x.error(e.at(), SemanticError, "%s() gives a scalar, where a table is expected", e.name)
		}
		if x.depth++; x.depth > maxDepth {
			return nil, x.error(e.at(), LimitExceeded, "functions call each other deeper than %d", maxDepth)
		}
		defer func() { x.depth-- }()
		return x.pipeline(body.result, inner)
	}
	if e.name == "table" && len(e.args) >= 1 {
		v, err := x.scalar(e.args[0], s)
		if err != nil {
			return nil, err
		}
		return x.source(&tableSource{e.position, v.str}, s)
	}
	if fs, ok := x.db.(TableFunctions); ok {
		args := make([]Value, len(e.args))
		for i, a := range e.args {
			v, err := x.scalar(a, s)
			if err != nil {
				return nil, err
			}
			args[i] = v
		}
		if t, ok := fs.TableFunction(e.name, args); ok {
			return fromTable(t), nil
		}
	}
	return nil, x.error(e.at(), Unsupported, "unsupported: the function %s() as a table", e.name)
}

func (x *execution) print(e *printSource, s *scope) (*relation, error) {
	r := &relation{rows: 1}
	names := x.namer(r)
	for i, c := range e.columns {
		outputs, err := x.outputs(c, &relation{rows: 1}, s)
		if err != nil {
			return nil, err
		}
		if len(c.names) == 1 {
			outputs = outputs[:1]
		}
		for _, o := range outputs {
			if len(outputs) == 1 && len(c.names) == 0 { // print does not call f(x) by x
				o.name, o.declared = "print_"+itoa(i), false
			}
			name, err := names.name(o, c.value.at())
			if err != nil {
				return nil, err
			}
			r.add(name, vectorOf(o.node))
		}
	}
	return x.materialise(r)
}

func (x *execution) rangeRows(e *rangeSource, s *scope) (*relation, error) {
	var v [3]Value
	for i, part := range []expr{e.from, e.to, e.step} {
		var err error
		if v[i], err = x.scalar(part, s); err != nil {
			return nil, err
		}
	}
	from, to, step := v[0], v[1], v[2]
	typ := from.typ
	if from.typ.Numeric() && (step.typ == Real || to.typ == Real) {
		typ = Real
	} else if from.typ == Int && (step.typ == Long || to.typ == Long) {
		typ = Long
	}
	out := newStorage(typ)
	rows := 0
	zero := Value{typ: step.typ, valid: true}
	direction, ok := compareValues(step, zero)
	if !from.valid || !to.valid || !step.valid || !ok || direction == 0 {
		return nil, x.error(e.at(), SemanticError, "range can't go from %s to %s by %s", from.Text(), to.Text(), step.Text())
	}
	from = convert(from, typ)
	for at := from; ; rows++ {
		c, ok := compareValues(at, to)
		if !ok || c*direction > 0 {
			break
		}
		if rows == x.opts.MaxRows {
			return nil, x.rowBudget(e.at(), rows+1)
		}
		if err := x.step(1); err != nil {
			return nil, err
		}
		out.add(at)
		if typ == Real {
			at = RealValue(from.AsReal() + float64(rows+1)*step.AsReal())
			continue
		}
		next := Value{typ: typ, valid: true, num: at.num + step.num}
		if (next.num > at.num) != (direction > 0) {
			rows++
			break
		}
		at = next
	}
	return &relation{names: []string{e.name}, vecs: []vector{out}, rows: rows}, nil
}

func (x *execution) datatable(e *datatableSource, s *scope) (*relation, error) {
	r := &relation{}
	stores := make([]storage, len(e.columns))
	for i, c := range e.columns {
		stores[i] = newStorage(c.Type)
		r.add(c.Name, stores[i])
	}
	if len(stores) == 0 || len(e.values)%len(stores) != 0 {
		return nil, x.error(e.at(), SemanticError, "datatable has %d values for %d columns", len(e.values), len(stores))
	}
	for i, v := range e.values {
		val, err := x.scalar(v, s)
		if err != nil {
			return nil, err
		}
		st := stores[i%len(stores)]
		if val.typ != st.typ() {
			val = convert(val, st.typ())
		}
		st.add(val)
	}
	r.rows = len(e.values) / len(stores)
	return r, nil
}
