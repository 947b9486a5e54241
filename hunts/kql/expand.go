package kql

import "slices"

// expansion is one column that mv-expand takes apart.
type expansion struct {
	node *node
	into int // the column whose place it takes
	typ  Type
}

// items are the elements of an array, or the properties of a bag one by one.
func items(v Value, pairs bool) ([]any, bool) {
	switch d := v.dyn.(type) {
	case []any:
		return d, true
	case *Bag:
		out := make([]any, 0, d.Len())
		for _, k := range d.Keys() {
			val, _ := d.Get(k)
			if pairs {
				out = append(out, []any{k, val})
				continue
			}
			one := NewBag()
			one.Set(k, val)
			out = append(out, one)
		}
		return out, true
	}
	return nil, false
}

func (x *execution) expansions(columns []column, r *relation, s *scope, out *relation) ([]expansion, error) {
	list := make([]expansion, 0, len(columns))
	names := x.namer(out)
	names.extends = true
	for _, c := range columns {
		n, err := x.compile(c.value, r, s)
		if err != nil {
			return nil, err
		}
		if n.typ != Dynamic && n.typ != Unknown {
			return nil, x.error(c.value.at(), SemanticError, "mv-expand takes a dynamic, not %s", n.typ)
		}
		e := expansion{node: memo(n), typ: Dynamic}
		if c.hasTo {
			e.typ = c.typ
		}
		o := output{name: implicitName(c.value)}
		_, o.declared = c.value.(*nameExpr)
		if len(c.names) > 0 {
			o.name, o.declared = c.names[0], true
		}
		name, err := names.name(o, c.value.at())
		if err != nil {
			return nil, err
		}
		if e.into = out.find(name); e.into < 0 {
			e.into = len(out.names)
			out.add(name, nil)
		}
		list = append(list, e)
	}
	return list, nil
}

// expand makes a row of each element. A row whose arrays are empty or null
// stays, with a null (Kusto reference, "mv-expand operator").
func (x *execution) expand(op *expandOp, r *relation, s *scope) (*relation, error) {
	out := &relation{names: slices.Clone(r.names), vecs: slices.Clone(r.vecs)}
	list, err := x.expansions(op.columns, r, s, out)
	if err != nil {
		return nil, err
	}
	var sel []int32
	index := newStorage(Long)
	stores := make([]storage, len(list))
	for k, e := range list {
		stores[k] = newStorage(e.typ)
	}
	parts := make([][]any, len(list))
	for i := range r.rows {
		rows := 0
		for k, e := range list {
			v := e.node.eval(i)
			got, isList := items(v, op.array)
			if !isList {
				got = []any{v.dyn}
			}
			parts[k] = got
			rows = max(rows, len(got))
		}
		rows = max(rows, 1)
		if op.limit > 0 {
			rows = min(rows, int(op.limit))
		}
		for j := range rows {
			sel = append(sel, int32(i))
			index.add(LongValue(int64(j)))
			for k, e := range list {
				var item any
				if j < len(parts[k]) {
					item = parts[k][j]
				}
				stores[k].add(element(item, e.typ))
			}
		}
		if err := x.step(int64(rows * (1 + len(list)))); err != nil {
			return nil, err
		}
		if err := x.grow(rows * 8 * len(list)); err != nil {
			return nil, err
		}
		if len(sel) > x.opts.MaxRows {
			return nil, x.rowBudget(op.at(), len(sel))
		}
	}
	kept := r.pick(sel)
	out.rows = len(sel)
	copy(out.vecs, kept.vecs)
	for k, e := range list {
		out.vecs[e.into] = stores[k]
	}
	if op.itemIndex != "" {
		out.add(op.itemIndex, index)
	}
	return out, nil
}

func element(item any, t Type) Value {
	if t == Dynamic {
		return DynamicValue(item)
	}
	return convert(fromDynamic(item), t)
}

// apply runs operators over the elements of each row by itself.
func (x *execution) apply(op *applyOp, r *relation, s *scope) (*relation, error) {
	shape := &expandOp{position: op.position, columns: op.columns, limit: op.limit, itemIndex: op.itemIndex}
	var out *relation
	var stores []storage
	var outer []int // columns of r that no element takes the place of
	empty, err := x.applyRow(op, shape, r.pick([]int32{}), s)
	if err != nil {
		return nil, err
	}
	expanded, err := x.expand(shape, r.pick([]int32{}), s)
	if err != nil {
		return nil, err
	}
	out = &relation{}
	list, err := x.expansions(op.columns, r, s, &relation{names: slices.Clone(r.names), vecs: slices.Clone(r.vecs)})
	if err != nil {
		return nil, err
	}
	_ = expanded
	for i, n := range r.names {
		replaced := slices.ContainsFunc(list, func(e expansion) bool { return e.into == i })
		if !replaced {
			outer = append(outer, i)
			stores = append(stores, newStorage(known(r.vecs[i].typ())))
			out.add(n, stores[len(stores)-1])
		}
	}
	isOuter := func(name string) bool {
		return slices.ContainsFunc(outer, func(i int) bool { return r.names[i] == name })
	}
	var inner []string
	for i, n := range empty.names {
		if !isOuter(n) {
			inner = append(inner, n)
			stores = append(stores, newStorage(known(empty.vecs[i].typ())))
			out.add(n, stores[len(stores)-1])
		}
	}
	for i := range r.rows {
		one := r.pick([]int32{int32(i)})
		if !anyItem(list, i) {
			continue
		}
		got, err := x.applyRow(op, shape, one, s)
		if err != nil {
			return nil, err
		}
		for row := range got.rows {
			for k, c := range outer {
				stores[k].add(r.vecs[c].at(i))
			}
			for k, n := range inner {
				v := got.vecs[got.find(n)].at(row)
				st := stores[len(outer)+k]
				if v.typ != st.typ() {
					v = convert(v, st.typ())
				}
				st.add(v)
			}
		}
		out.rows += got.rows
		if err := x.step(int64(64 + got.rows)); err != nil {
			return nil, err
		}
		if err := x.rowBudget(op.at(), out.rows); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func anyItem(list []expansion, row int) bool {
	for _, e := range list {
		v := e.node.eval(row)
		got, isList := items(v, false)
		if len(got) > 0 || !isList && v.valid {
			return true
		}
	}
	return false
}

func (x *execution) applyRow(op *applyOp, shape *expandOp, one *relation, s *scope) (*relation, error) {
	expanded, err := x.expand(shape, one, s)
	if err != nil {
		return nil, err
	}
	return x.operators(op.body, expanded, s.snapshot())
}
