package exec

import (
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// evaluate runs one of the plugins that give other columns than they got.
func (x *execution) evaluate(op *syntax.Evaluate, r *relation, s *scope) (*relation, error) {
	var out *relation
	var err error
	switch op.Call.Name {
	case "bag_unpack":
		out, err = x.bagUnpack(op, r, s)
		x.open = op.Call.Name
	case "pivot":
		out, err = x.pivot(op, r, s)
		x.open = op.Call.Name
	case "ipv4_lookup":
		out, err = x.ipv4Lookup(op, r, s)
	case "narrow":
		if len(op.Call.Args) > 0 {
			return nil, x.error(op.At(), syntax.SemanticError, "narrow() takes no arguments")
		}
		out, err = x.narrow(r)
	default:
		return nil, x.error(op.Call.At(), syntax.Unsupported, "unsupported: the plugin %s()", op.Call.Name)
	}
	if err != nil || op.Schema == nil {
		return out, err
	}
	return x.shaped(op, r, out)
}

// shaped gives the columns that the query declared, in its order.
func (x *execution) shaped(op *syntax.Evaluate, r, got *relation) (*relation, error) {
	out := &relation{rows: got.rows}
	if op.Star {
		for i, n := range got.names {
			if r.find(n) >= 0 && !slices.ContainsFunc(op.Schema, func(c value.Column) bool { return c.Name == n }) {
				out.add(n, got.vecs[i])
			}
		}
	}
	for _, c := range op.Schema {
		k := got.find(c.Name)
		if k < 0 {
			out.add(c.Name, &constant{value.Null(c.Type)})
			continue
		}
		out.add(c.Name, vectorOf(cast(x, columnNode(got.vecs[k], got.rows), c.Type)))
	}
	return x.materialise(out)
}

// bagUnpack makes a column of each key of a bag, in the order of the alphabet.
// Its type is that of the values, or dynamic when they differ.
func (x *execution) bagUnpack(op *syntax.Evaluate, r *relation, s *scope) (*relation, error) {
	args, err := x.pluginArgs(op, r, s, []string{"", "OutputColumnPrefix", "columnsConflict", "ignoredProperties"})
	if err != nil {
		return nil, err
	}
	name, ok := args[0].(*syntax.Name)
	if !ok || r.find(name.Name) < 0 || r.vecs[r.find(name.Name)].Type() != value.Dynamic {
		return nil, x.error(op.At(), syntax.SemanticError, "bag_unpack() takes a dynamic column")
	}
	var prefix, conflict, ignored value.Value
	for i, into := range []*value.Value{&prefix, &conflict, &ignored} {
		if args[i+1] != nil {
			if *into, err = x.scalar(args[i+1], s); err != nil {
				return nil, err
			}
		}
	}
	skip := map[string]bool{}
	for _, v := range value.Flatten(nil, ignored) {
		skip[v.Text()] = true
	}
	at := r.find(name.Name)
	types := map[string]value.Type{}
	for i := range r.rows {
		bag, ok := r.vecs[at].At(i).Dyn.(*value.Bag)
		if !ok {
			continue
		}
		if err := x.step(int64(1 + bag.Len())); err != nil {
			return nil, err
		}
		for _, k := range bag.Keys() {
			v, _ := bag.Get(k)
			t := value.FromDynamic(v).Kind
			switch have, seen := types[k]; {
			case skip[k] || v == nil && seen:
			case v == nil:
				types[k] = value.Unknown
			case !seen || have == value.Unknown:
				types[k] = t
			case have != t:
				types[k] = value.Dynamic
			}
		}
	}
	return x.unpacked(op, r, at, types, unpacking{prefix.Str, conflict.Str})
}

type unpacking struct{ prefix, conflict string }

func (x *execution) unpacked(op *syntax.Evaluate, r *relation, at int, types map[string]value.Type, how unpacking) (*relation, error) {
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
		if t == value.Unknown {
			t = value.Dynamic
		}
		name := how.prefix + k
		taken := out.find(name)
		if taken >= 0 && how.conflict == "keep_source" {
			continue
		}
		if taken >= 0 && how.conflict != "replace_source" {
			return nil, x.error(op.At(), syntax.SemanticError, "bag_unpack() meets a column %q that is already there; say columnsConflict='keep_source' or 'replace_source'", name)
		}
		st := value.NewStorage(t)
		for i := range r.rows {
			var v any
			if bag, ok := bags.At(i).Dyn.(*value.Bag); ok {
				v, _ = bag.Get(k)
			}
			st.Add(element(v, t))
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
func (x *execution) pluginArgs(op *syntax.Evaluate, r *relation, s *scope, params []string) ([]syntax.Expr, error) {
	out := make([]syntax.Expr, len(params))
	for i, a := range op.Call.Args {
		at := i
		if i < len(op.Call.Names) && op.Call.Names[i] != "" {
			at = slices.IndexFunc(params, func(p string) bool { return strings.EqualFold(p, op.Call.Names[i]) })
		}
		if at < 0 || at >= len(params) {
			return nil, x.error(a.At(), syntax.SemanticError, "%s() does not take this argument", op.Call.Name)
		}
		out[at] = a
	}
	if out[0] == nil {
		return nil, x.error(op.At(), syntax.SemanticError, "%s() lacks its argument", op.Call.Name)
	}
	return out, nil
}

// pivot makes a column of each value of a column, holding an aggregate over
// the rows that have it; count() when none is named.
func (x *execution) pivot(op *syntax.Evaluate, r *relation, s *scope) (*relation, error) {
	args := op.Call.Args
	if len(args) == 0 {
		return nil, x.error(op.At(), syntax.SemanticError, "pivot() lacks its column")
	}
	of, ok := args[0].(*syntax.Name)
	if !ok || r.find(of.Name) < 0 {
		return nil, x.error(op.At(), syntax.SemanticError, "pivot() takes a column")
	}
	aggregate := &syntax.Call{Pos: op.Pos, Name: "count"}
	rest := args[1:]
	if len(rest) > 0 {
		if call, ok := rest[0].(*syntax.Call); ok {
			aggregate, rest = call, rest[1:]
		}
	}
	by := []syntax.Named{}
	if len(rest) == 0 {
		used := map[string]bool{of.Name: true}
		for _, a := range aggregate.Args {
			if n, ok := a.(*syntax.Name); ok {
				used[n.Name] = true
			}
		}
		for _, n := range r.names {
			if !used[n] {
				by = append(by, syntax.Named{Value: &syntax.Name{Pos: op.Pos, Name: n}})
			}
		}
	}
	for _, a := range rest {
		by = append(by, syntax.Named{Value: a})
	}
	const cell = "\x00cell"
	sums, err := x.summarize(&syntax.Summarize{Pos: op.Pos, Aggregates: []syntax.Named{{Names: []string{cell}, Value: aggregate}}, By: append(slices.Clone(by), syntax.Named{Names: []string{"\x00pivot"}, Value: of})}, r, s)
	if err != nil {
		return nil, err
	}
	return x.pivoted(sums, len(by), aggregate.Name)
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
		values[sums.vecs[keys].At(i).Text()] = 0
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
		st := value.NewStorage(known(sums.vecs[i].Type()))
		for _, g := range groups {
			st.Add(sums.vecs[i].At(int(g[0])))
		}
		out.add(sums.names[i], st)
	}
	cells := sums.vecs[keys+1]
	absent := value.Null(cells.Type())
	if cells.Type() == value.Long && (aggregate == "count" || aggregate == "dcount" || aggregate == "sum" || aggregate == "countif" || aggregate == "dcountif" || aggregate == "sumif") {
		absent = value.LongValue(0)
	}
	for k, n := range names {
		st := value.NewStorage(known(cells.Type()))
		for _, g := range groups {
			v := absent
			for _, i := range g {
				if values[sums.vecs[keys].At(int(i)).Text()] == k {
					v = cells.At(int(i))
				}
			}
			st.Add(v)
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
	row, name, val := value.NewStorage(value.Long), value.NewStorage(value.String), value.NewStorage(value.String)
	rows := 0
	for i := range r.rows {
		for k, n := range r.names {
			row.Add(value.LongValue(int64(i)))
			name.Add(value.StringValue(n))
			val.Add(value.StringValue(r.vecs[k].At(i).Text()))
			rows++
		}
		if err := x.step(int64(len(r.names))); err != nil {
			return nil, err
		}
		if err := x.rowBudget(0, rows); err != nil {
			return nil, err
		}
	}
	return &relation{names: []string{"Row", "Column", "Value"}, vecs: []value.Vector{row, name, val}, rows: rows}, nil
}

// invoke calls a let function with the rows as its first argument.
func (x *execution) invoke(op *syntax.Invoke, r *relation, s *scope) (*relation, error) {
	f := s.find(op.Call.Name)
	if f == nil || f.lambda == nil {
		return nil, x.error(op.At(), syntax.Unsupported, "unsupported: the function %s() as a table", op.Call.Name)
	}
	rows, err := x.materialise(r)
	if err != nil {
		return nil, err
	}
	const source = "\x00source"
	inner := &scope{parent: s.snapshot(), name: source, table: rows}
	call := &syntax.Call{Pos: op.Call.Pos, Name: op.Call.Name, Args: append([]syntax.Expr{&syntax.Name{Pos: op.Pos, Name: source}}, op.Call.Args...)}
	if op.Call.Names != nil {
		call.Names = append([]string{""}, op.Call.Names...)
	}
	return x.callSource(call, inner)
}
