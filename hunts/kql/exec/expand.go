package exec

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// expansion is one column that mv-expand takes apart.
type expansion struct {
	node *node
	into int // the column whose place it takes
	typ  value.Type
}

// items are the elements of an array, or the properties of a bag one by one.
func items(v value.Value, pairs bool) ([]any, bool) {
	switch d := v.Dyn.(type) {
	case []any:
		return d, true
	case *value.Bag:
		out := make([]any, 0, d.Len())
		for _, k := range d.Keys() {
			val, _ := d.Get(k)
			if pairs {
				out = append(out, []any{k, val})
				continue
			}
			one := value.NewBag()
			one.Set(k, val)
			out = append(out, one)
		}
		return out, true
	}
	return nil, false
}

func (x *execution) expansions(columns []syntax.Named, r *relation, s *scope, out *relation) ([]expansion, error) {
	list := make([]expansion, 0, len(columns))
	names := x.namer(out)
	names.extends = true
	for _, c := range columns {
		n, err := x.compile(c.Value, r, s)
		if err != nil {
			return nil, err
		}
		if n.typ != value.Dynamic && n.typ != value.Unknown {
			return nil, x.error(c.Value.At(), syntax.SemanticError, "mv-expand takes a dynamic, not %s", n.typ)
		}
		e := expansion{node: memo(n), typ: value.Dynamic}
		if c.HasTo {
			e.typ = c.Type
		}
		o := output{name: implicitName(c.Value)}
		// f(Col) takes the place of Col, as Col itself does
		o.declared = out.find(o.name) >= 0
		if len(c.Names) > 0 {
			o.name, o.declared = c.Names[0], true
		}
		name, err := names.name(o, c.Value.At())
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

// expand makes a row of each element: one with a null for a null, and none for
// an empty array or bag (Kusto reference, "mv-expand operator").
func (x *execution) expand(op *syntax.Expand, r *relation, s *scope) (*relation, error) {
	out := &relation{names: slices.Clone(r.names), vecs: slices.Clone(r.vecs)}
	list, err := x.expansions(op.Columns, r, s, out)
	if err != nil {
		return nil, err
	}
	var sel []int32
	index := value.NewStorage(value.Long)
	stores := make([]value.Storage, len(list))
	for k, e := range list {
		stores[k] = value.NewStorage(e.typ)
	}
	parts := make([][]any, len(list))
	for i := range r.rows {
		rows := 0
		for k, e := range list {
			v := e.node.eval(i)
			got, isList := items(v, op.Array)
			if !isList {
				got = []any{v.Dyn}
			}
			parts[k] = got
			rows = max(rows, len(got))
		}
		if op.Limit > 0 {
			rows = min(rows, int(op.Limit))
		}
		for j := range rows {
			sel = append(sel, int32(i))
			index.Add(value.LongValue(int64(j)))
			for k, e := range list {
				var item any
				if j < len(parts[k]) {
					item = parts[k][j]
				}
				stores[k].Add(element(item, e.typ))
			}
		}
		if err := x.step(int64(rows * (1 + len(list)))); err != nil {
			return nil, err
		}
		if err := x.grow(rows * 8 * len(list)); err != nil {
			return nil, err
		}
		if len(sel) > x.opts.MaxRows {
			return nil, x.rowBudget(op.At(), len(sel))
		}
	}
	kept := r.pick(sel)
	out.rows = len(sel)
	copy(out.vecs, kept.vecs)
	for k, e := range list {
		out.vecs[e.into] = stores[k]
	}
	if op.ItemIndex != "" {
		out.add(op.ItemIndex, index)
	}
	return out, nil
}

func element(item any, t value.Type) value.Value {
	if t == value.Dynamic {
		return value.DynamicValue(item)
	}
	return value.Convert(value.FromDynamic(item), t)
}

// apply runs operators over the elements of each row by itself.
func (x *execution) mvApply(op *syntax.Apply, r *relation, s *scope) (*relation, error) {
	shape := &syntax.Expand{Pos: op.Pos, Columns: op.Columns, Limit: op.Limit, ItemIndex: op.ItemIndex}
	var out *relation
	var stores []value.Storage
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
	list, err := x.expansions(op.Columns, r, s, &relation{names: slices.Clone(r.names), vecs: slices.Clone(r.vecs)})
	if err != nil {
		return nil, err
	}
	_ = expanded
	for i, n := range r.names {
		replaced := slices.ContainsFunc(list, func(e expansion) bool { return e.into == i })
		if !replaced {
			outer = append(outer, i)
			stores = append(stores, value.NewStorage(known(r.vecs[i].Type())))
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
			stores = append(stores, value.NewStorage(known(empty.vecs[i].Type())))
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
				stores[k].Add(r.vecs[c].At(i))
			}
			for k, n := range inner {
				v := got.vecs[got.find(n)].At(row)
				st := stores[len(outer)+k]
				if v.Kind != st.Type() {
					v = value.Convert(v, st.Type())
				}
				st.Add(v)
			}
		}
		out.rows += got.rows
		if err := x.step(int64(64 + got.rows)); err != nil {
			return nil, err
		}
		if err := x.rowBudget(op.At(), out.rows); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func anyItem(list []expansion, row int) bool {
	for _, e := range list {
		v := e.node.eval(row)
		got, isList := items(v, false)
		if len(got) > 0 || !isList && v.Valid {
			return true
		}
	}
	return false
}

func (x *execution) applyRow(op *syntax.Apply, shape *syntax.Expand, one *relation, s *scope) (*relation, error) {
	expanded, err := x.expand(shape, one, s)
	if err != nil {
		return nil, err
	}
	return x.operators(op.Body, expanded, s.snapshot())
}
