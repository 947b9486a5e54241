package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func (x *execution) distinct(op *syntax.Distinct, r *relation, s *scope) (*relation, error) {
	projected := r
	if _, star := op.Columns[0].Value.(*syntax.Star); !star {
		var err error
		if projected, err = x.project(&syntax.Project{Pos: op.Pos, Kind: "project", Columns: op.Columns}, r, s); err != nil {
			return nil, err
		}
	}
	nodes := make([]*node, len(projected.vecs))
	for i, v := range projected.vecs {
		if v.Type() == value.Dynamic {
			return nil, x.error(op.At(), syntax.SemanticError, "distinct can't compare the dynamic %q; convert it with tostring()", projected.names[i])
		}
		nodes[i] = columnNode(v, projected.rows)
	}
	keys := x.newKeyer(nodes)
	sel := []int32{}
	for i := range r.rows {
		if err := x.step(int64(len(nodes))); err != nil {
			return nil, err
		}
		if _, isNew := keys.group(i); isNew {
			if err := x.grow(groupBytes); err != nil {
				return nil, err
			}
			sel = append(sel, int32(i))
		}
	}
	return x.materialise(projected.pick(sel))
}

// summarize groups rows and feeds each to the aggregates of its group.
func (x *execution) summarize(op *syntax.Summarize, r *relation, s *scope) (*relation, error) {
	out := &relation{}
	var by []*node
	used := map[string]bool{}
	names := x.namer(out)
	for _, c := range op.By {
		outputs, err := x.outputs(c, r, s)
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			if o.node.typ == value.Dynamic {
				return nil, x.error(c.Value.At(), syntax.SemanticError, "rows can't be grouped by a dynamic; convert it with tostring()")
			}
			name, err := names.name(o, c.Value.At())
			if err != nil {
				return nil, err
			}
			out.add(name, nil)
			by = append(by, o.node)
			if of, ok := c.Value.(*syntax.Name); ok {
				used[of.Name] = true
			}
		}
	}
	makers, plan, err := x.aggregateColumns(op, aggregation{r, s, names, used})
	if err != nil {
		return nil, err
	}
	keys := x.newKeyer(by)
	var firsts []int32
	var groups [][]accumulator
	grow := func() {
		accs := make([]accumulator, len(makers))
		for k, m := range makers {
			accs[k] = m.make()
		}
		groups = append(groups, accs)
	}
	for i := range r.rows {
		if err := x.step(int64(1 + len(makers) + len(by))); err != nil {
			return nil, err
		}
		if x.failed != nil {
			return nil, x.failed
		}
		g, isNew := keys.group(i)
		if isNew {
			if err := x.grow(groupBytes * (1 + len(makers))); err != nil {
				return nil, err
			}
			grow()
			firsts = append(firsts, int32(i))
		}
		for k := range makers {
			if m := makers[k]; m.when == nil || m.when(i) {
				groups[g][k].add(i)
			}
		}
	}
	if len(by) == 0 && len(groups) == 0 {
		grow()
	}
	if x.failed != nil {
		return nil, x.failed
	}
	if out, err = x.summary(out, by, firsts, makers, groups); err != nil {
		return nil, err
	}
	return x.arrange(out, plan, len(by), s)
}

func (x *execution) summary(out *relation, by []*node, firsts []int32, makers []*maker, groups [][]accumulator) (*relation, error) {
	out.rows = len(groups)
	for k, n := range by {
		st := value.NewStorage(known(n.typ))
		for _, row := range firsts {
			st.Add(n.eval(int(row)))
		}
		out.vecs[k] = st
	}
	at := len(by)
	for k, m := range makers {
		stores := make([]value.Storage, len(m.types))
		for j, t := range m.types {
			stores[j] = value.NewStorage(known(t))
			out.vecs[at+j] = stores[j]
		}
		for _, accs := range groups {
			for j, v := range accs[k].result() {
				if v.Kind != stores[j].Type() {
					v = value.Convert(v, stores[j].Type())
				}
				stores[j].Add(v)
			}
		}
		at += len(m.types)
	}
	return out, x.step(int64(out.rows * len(out.vecs)))
}

// computed is a column of summarize: an aggregate as it is, or an expression
// over some, which stand in hidden columns.
type computed struct {
	name  string
	value syntax.Expr // nil: the column of that name
}

// aggregateColumns compiles the aggregates and names their columns.
func (x *execution) aggregateColumns(op *syntax.Summarize, in aggregation) ([]*maker, []computed, error) {
	var makers []*maker
	var plan []computed
	out := in.names.out
	for _, c := range op.Aggregates {
		call, ok := c.Value.(*syntax.Call)
		if ok {
			_, ok = aggregates[call.Name]
		}
		if !ok {
			within := &aggregateFinder{x: x, in: in}
			val, err := within.replace(c.Value)
			if err != nil {
				return nil, nil, err
			}
			if call, ok := c.Value.(*syntax.Call); ok && unknownAggregates[call.Name] {
				return nil, nil, x.error(call.At(), syntax.Unsupported, "unsupported: the aggregate %s()", call.Name)
			}
			if len(within.makers) == 0 {
				return nil, nil, x.error(c.Value.At(), syntax.SemanticError, "summarize needs an aggregate here")
			}
			makers = append(makers, within.makers...)
			o := output{name: implicitName(c.Value)}
			if len(c.Names) > 0 {
				o = output{name: c.Names[0], declared: true}
			}
			name, err := in.names.name(o, c.Value.At())
			if err != nil {
				return nil, nil, err
			}
			out.add(name, nil)
			plan = append(plan, computed{name, val})
			makers = append(makers, &maker{names: []string{name}, types: []value.Type{value.Bool}, make: func() accumulator { return nothing{} }})
			continue
		}
		m, err := x.aggregate(call, in)
		if err != nil {
			return nil, nil, err
		}
		if len(c.Names) > len(m.types) {
			return nil, nil, x.error(call.At(), syntax.SemanticError, "%s() gives %d columns, not %d", call.Name, len(m.types), len(c.Names))
		}
		for k := range m.types {
			o := output{name: m.names[k]}
			if k < len(c.Names) {
				o = output{name: c.Names[k], declared: true}
			}
			name, err := in.names.name(o, c.Value.At())
			if err != nil {
				return nil, nil, err
			}
			if out.find(name) >= 0 {
				return nil, nil, x.error(call.At(), syntax.SemanticError, "a column with the name %q is already declared", name)
			}
			out.add(name, nil)
			plan = append(plan, computed{name: name})
		}
		makers = append(makers, m)
	}
	return makers, plan, nil
}

// nothing holds the place of a column that is computed from aggregates.
type nothing struct{}

func (nothing) add(int)               {}
func (nothing) result() []value.Value { return []value.Value{value.Null(value.Bool)} }

// aggregateFinder takes the aggregates out of an expression.
type aggregateFinder struct {
	x      *execution
	in     aggregation
	makers []*maker
}

func (f *aggregateFinder) replace(e syntax.Expr) (syntax.Expr, error) {
	var err error
	all := func(list []syntax.Expr) []syntax.Expr {
		done := make([]syntax.Expr, len(list))
		for i, a := range list {
			if err == nil {
				done[i], err = f.replace(a)
			}
		}
		return done
	}
	switch e := e.(type) {
	case *syntax.Call:
		if _, ok := aggregates[e.Name]; ok {
			m, err := f.x.aggregate(e, f.in)
			if err != nil {
				return nil, err
			}
			if len(m.types) != 1 {
				return nil, f.x.error(e.At(), syntax.SemanticError, "%s() gives several columns and can't stand in an expression", e.Name)
			}
			name := f.in.names.out.unique("\x00aggregate")
			f.in.names.out.add(name, nil)
			f.makers = append(f.makers, m)
			return &syntax.Name{Pos: e.Pos, Name: name}, nil
		}
		return &syntax.Call{Pos: e.Pos, Name: e.Name, Args: all(e.Args), Names: e.Names}, err
	case *syntax.Binary:
		two := all([]syntax.Expr{e.X, e.Y})
		return &syntax.Binary{Pos: e.Pos, Op: e.Op, X: two[0], Y: two[1]}, err
	case *syntax.Unary:
		return &syntax.Unary{Pos: e.Pos, Op: e.Op, X: all([]syntax.Expr{e.X})[0]}, err
	case *syntax.Between:
		three := all([]syntax.Expr{e.X, e.Lo, e.Hi})
		return &syntax.Between{Pos: e.Pos, X: three[0], Lo: three[1], Hi: three[2], Not: e.Not}, err
	case *syntax.List:
		of := all([]syntax.Expr{e.X})[0]
		return &syntax.List{Pos: e.Pos, Op: e.Op, X: of, Items: all(e.Items)}, err
	case *syntax.Member:
		return &syntax.Member{Pos: e.Pos, Of: all([]syntax.Expr{e.Of})[0], Name: e.Name}, err
	case *syntax.Index:
		two := all([]syntax.Expr{e.Of, e.Index})
		return &syntax.Index{Pos: e.Pos, Of: two[0], Index: two[1]}, err
	}
	return e, nil
}

// arrange computes the expressions over aggregates and drops what they stood on.
func (x *execution) arrange(r *relation, plan []computed, keys int, s *scope) (*relation, error) {
	final := &relation{names: r.names[:keys:keys], vecs: r.vecs[:keys:keys], rows: r.rows}
	for _, c := range plan {
		if c.value == nil {
			final.add(c.name, r.vecs[r.find(c.name)])
			continue
		}
		n, err := x.compile(c.value, r, s)
		if err != nil {
			return nil, err
		}
		final.add(c.name, vectorOf(n))
	}
	return x.materialise(final)
}
