package kql

import (
	"slices"
	"strings"
)

// evaluate runs one of the plugins that give other columns than they got.
func (x *execution) evaluate(op *evaluateOp, r *relation, s *scope) (*relation, error) {
	var out *relation
	var err error
	switch op.call.name {
	case "bag_unpack":
		out, err = x.bagUnpack(op, r, s)
	case "pivot":
		out, err = x.pivot(op, r, s)
	case "narrow":
		if len(op.call.args) > 0 {
			return nil, x.error(op.at(), SemanticError, "narrow() takes no arguments")
		}
		out, err = x.narrow(r)
	default:
		return nil, x.error(op.call.at(), Unsupported, "unsupported: the plugin %s()", op.call.name)
	}
	if err != nil || op.schema == nil {
		return out, err
	}
	return x.shaped(op, r, out)
}

// shaped gives the columns that the query declared, in its order.
func (x *execution) shaped(op *evaluateOp, r, got *relation) (*relation, error) {
	out := &relation{rows: got.rows}
	if op.star {
		for i, n := range got.names {
			if r.find(n) >= 0 && !slices.ContainsFunc(op.schema, func(c Column) bool { return c.Name == n }) {
				out.add(n, got.vecs[i])
			}
		}
	}
	for _, c := range op.schema {
		k := got.find(c.Name)
		if k < 0 {
			out.add(c.Name, &constant{Null(c.Type)})
			continue
		}
		out.add(c.Name, vectorOf(cast(x, columnNode(got.vecs[k], got.rows), c.Type)))
	}
	return x.materialise(out)
}

// bagUnpack makes a column of each key of a bag, in the order of the alphabet.
// Its type is that of the values, or dynamic when they differ.
func (x *execution) bagUnpack(op *evaluateOp, r *relation, s *scope) (*relation, error) {
	args, err := x.pluginArgs(op, r, s, []string{"", "OutputColumnPrefix", "columnsConflict", "ignoredProperties"})
	if err != nil {
		return nil, err
	}
	name, ok := args[0].(*nameExpr)
	if !ok || r.find(name.name) < 0 || r.vecs[r.find(name.name)].typ() != Dynamic {
		return nil, x.error(op.at(), SemanticError, "bag_unpack() takes a dynamic column")
	}
	var prefix, conflict, ignored Value
	for i, into := range []*Value{&prefix, &conflict, &ignored} {
		if args[i+1] != nil {
			if *into, err = x.scalar(args[i+1], s); err != nil {
				return nil, err
			}
		}
	}
	skip := map[string]bool{}
	for _, v := range flatten(nil, ignored) {
		skip[v.Text()] = true
	}
	at := r.find(name.name)
	types := map[string]Type{}
	for i := range r.rows {
		bag, ok := r.vecs[at].at(i).dyn.(*Bag)
		if !ok {
			continue
		}
		if err := x.step(int64(1 + bag.Len())); err != nil {
			return nil, err
		}
		for _, k := range bag.Keys() {
			v, _ := bag.Get(k)
			t := fromDynamic(v).typ
			switch have, seen := types[k]; {
			case skip[k] || v == nil && seen:
			case v == nil:
				types[k] = Unknown
			case !seen || have == Unknown:
				types[k] = t
			case have != t:
				types[k] = Dynamic
			}
		}
	}
	return x.unpacked(op, r, at, types, unpacking{prefix.str, conflict.str})
}

type unpacking struct{ prefix, conflict string }

func (x *execution) unpacked(op *evaluateOp, r *relation, at int, types map[string]Type, how unpacking) (*relation, error) {
	out := &relation{rows: r.rows}
	for i, n := range r.names {
		if i != at {
			out.add(n, r.vecs[i])
		}
	}
	keys := make([]string, 0, len(types))
	for k := range types {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	bags := r.vecs[at]
	for _, k := range keys {
		t := types[k]
		if t == Unknown {
			t = Dynamic
		}
		name := how.prefix + k
		taken := out.find(name)
		if taken >= 0 && how.conflict == "keep_source" {
			continue
		}
		if taken >= 0 && how.conflict != "replace_source" {
			return nil, x.error(op.at(), SemanticError, "bag_unpack() meets a column %q that is already there; say columnsConflict='keep_source' or 'replace_source'", name)
		}
		st := newStorage(t)
		for i := range r.rows {
			var v any
			if bag, ok := bags.at(i).dyn.(*Bag); ok {
				v, _ = bag.Get(k)
			}
			st.add(element(v, t))
		}
		if err := x.step(int64(r.rows)); err != nil {
			return nil, err
		}
		if taken >= 0 {
			out.names, out.vecs = slices.Delete(out.names, taken, taken+1), slices.Delete(out.vecs, taken, taken+1)
		}
		out.add(name, st)
	}
	return x.materialise(out)
}

// pluginArgs puts the arguments in order; those of plugins may have names.
func (x *execution) pluginArgs(op *evaluateOp, r *relation, s *scope, params []string) ([]expr, error) {
	out := make([]expr, len(params))
	for i, a := range op.call.args {
		at := i
		if i < len(op.call.names) && op.call.names[i] != "" {
			at = slices.IndexFunc(params, func(p string) bool { return strings.EqualFold(p, op.call.names[i]) })
		}
		if at < 0 || at >= len(params) {
			return nil, x.error(a.at(), SemanticError, "%s() does not take this argument", op.call.name)
		}
		out[at] = a
	}
	if out[0] == nil {
		return nil, x.error(op.at(), SemanticError, "%s() lacks its argument", op.call.name)
	}
	return out, nil
}

// pivot makes a column of each value of a column, holding an aggregate over
// the rows that have it; count() when none is named.
func (x *execution) pivot(op *evaluateOp, r *relation, s *scope) (*relation, error) {
	args := op.call.args
	if len(args) == 0 {
		return nil, x.error(op.at(), SemanticError, "pivot() lacks its column")
	}
	of, ok := args[0].(*nameExpr)
	if !ok || r.find(of.name) < 0 {
		return nil, x.error(op.at(), SemanticError, "pivot() takes a column")
	}
	aggregate := &callExpr{position: op.position, name: "count"}
	rest := args[1:]
	if len(rest) > 0 {
		if call, ok := rest[0].(*callExpr); ok {
			aggregate, rest = call, rest[1:]
		}
	}
	by := []column{}
	if len(rest) == 0 {
		used := map[string]bool{of.name: true}
		for _, a := range aggregate.args {
			if n, ok := a.(*nameExpr); ok {
				used[n.name] = true
			}
		}
		for _, n := range r.names {
			if !used[n] {
				by = append(by, column{value: &nameExpr{op.position, n}})
			}
		}
	}
	for _, a := range rest {
		by = append(by, column{value: a})
	}
	const cell = "\x00cell"
	sums, err := x.summarize(&summarizeOp{op.position, []column{{names: []string{cell}, value: aggregate}}, append(slices.Clone(by), column{names: []string{"\x00pivot"}, value: of})}, r, s)
	if err != nil {
		return nil, err
	}
	return x.pivoted(sums, len(by), aggregate.name)
}

// pivoted turns rows of keys, value and cell into rows of keys with a column
// for each value.
func (x *execution) pivoted(sums *relation, keys int, aggregate string) (*relation, error) {
	nodes := make([]*node, keys)
	for i := range nodes {
		nodes[i] = columnNode(sums.vecs[i], sums.rows)
	}
	groups, err := x.partitions(nodes, sums.rows)
	if err != nil {
		return nil, err
	}
	values := map[string]int{}
	for i := range sums.rows {
		values[sums.vecs[keys].at(i).Text()] = 0
	}
	names := make([]string, 0, len(values))
	for n := range values {
		names = append(names, n)
	}
	slices.Sort(names)
	for i, n := range names {
		values[n] = i
	}
	if err := x.grow(16 * len(names) * len(groups)); err != nil {
		return nil, err
	}
	out := &relation{rows: len(groups)}
	for i := range keys {
		st := newStorage(known(sums.vecs[i].typ()))
		for _, g := range groups {
			st.add(sums.vecs[i].at(int(g[0])))
		}
		out.add(sums.names[i], st)
	}
	cells := sums.vecs[keys+1]
	absent := Null(cells.typ())
	if cells.typ() == Long && (aggregate == "count" || aggregate == "dcount" || aggregate == "sum" || aggregate == "countif" || aggregate == "dcountif" || aggregate == "sumif") {
		absent = LongValue(0)
	}
	for k, n := range names {
		st := newStorage(known(cells.typ()))
		for _, g := range groups {
			v := absent
			for _, i := range g {
				if values[sums.vecs[keys].at(int(i)).Text()] == k {
					v = cells.at(int(i))
				}
			}
			st.add(v)
		}
		out.add(out.unique(n), st)
		if err := x.step(int64(sums.rows)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// narrow makes a row of each cell.
func (x *execution) narrow(r *relation) (*relation, error) {
	row, name, value := newStorage(Long), newStorage(String), newStorage(String)
	rows := 0
	for i := range r.rows {
		for k, n := range r.names {
			row.add(LongValue(int64(i)))
			name.add(StringValue(n))
			value.add(StringValue(r.vecs[k].at(i).Text()))
			rows++
		}
		if err := x.step(int64(len(r.names))); err != nil {
			return nil, err
		}
		if err := x.rowBudget(0, rows); err != nil {
			return nil, err
		}
	}
	return &relation{names: []string{"Row", "Column", "Value"}, vecs: []vector{row, name, value}, rows: rows}, nil
}

// invoke calls a let function with the rows as its first argument.
func (x *execution) invoke(op *invokeOp, r *relation, s *scope) (*relation, error) {
	f := s.find(op.call.name)
	if f == nil || f.lambda == nil {
		return nil, x.error(op.at(), Unsupported, "unsupported: the function %s() as a table", op.call.name)
	}
	rows, err := x.materialise(r)
	if err != nil {
		return nil, err
	}
	const source = "\x00source"
	inner := &scope{parent: s.snapshot(), name: source, table: rows}
	call := &callExpr{position: op.call.position, name: op.call.name, args: append([]expr{&nameExpr{op.position, source}}, op.call.args...)}
	if op.call.names != nil {
		call.names = append([]string{""}, op.call.names...)
	}
	return x.callSource(call, inner)
}
