package kql

import (
	"encoding/binary"
)

// keyer gives each row of a relation the number of its group, by the values of
// some nodes. Dictionary ids and integers are compared as they are, everything
// else by its text.
type keyer struct {
	codes []func(i int) uint64
	index map[string]int32
	buf   []byte
}

func newKeyer(nodes []*node) *keyer {
	k := &keyer{index: map[string]int32{}, buf: make([]byte, 0, 8*len(nodes))}
	for _, n := range nodes {
		k.codes = append(k.codes, coder(n, newInterner()))
	}
	return k
}

// interner numbers texts.
type interner struct{ ids map[string]uint64 }

func newInterner() *interner { return &interner{ids: map[string]uint64{}} }

func (t *interner) code(v Value) uint64 {
	if !v.valid {
		return 0
	}
	text := v.Text()
	if v.typ == Real || v.typ == Decimal {
		text = realText(v.real)
	}
	id, ok := t.ids[text]
	if !ok {
		id = uint64(len(t.ids) + 1)
		t.ids[text] = id
	}
	return id
}

// coder numbers the values of a node: two rows have one code when their values
// are equal.
func coder(n *node, names *interner) func(i int) uint64 {
	if n.konst {
		c := names.code(n.value)
		return func(int) uint64 { return c }
	}
	switch n.typ {
	case Bool, Int, Long, Datetime, Timespan:
		return func(i int) uint64 {
			v := n.eval(i)
			if !v.valid {
				return 1 << 63
			}
			return uint64(v.num) << 1
		}
	}
	if n.dict == nil || n.impure || n.dict.size() > 2*n.rows+16 {
		return func(i int) uint64 { return names.code(n.eval(i)) }
	}
	d := n.dict
	seen := make([]uint64, d.size())
	return func(i int) uint64 {
		id := d.id(i)
		if seen[id] == 0 {
			seen[id] = names.code(n.eval(i)) + 1
		}
		return seen[id] - 1
	}
}

func (k *keyer) key(i int) []byte {
	k.buf = k.buf[:0]
	for _, c := range k.codes {
		k.buf = binary.LittleEndian.AppendUint64(k.buf, c(i))
	}
	return k.buf
}

// groupBytes is about what one group takes: its key, and as much again for
// each aggregate.
const groupBytes = 96

// group numbers the group of a row; isNew for the first row of one.
func (k *keyer) group(i int) (group int32, isNew bool) {
	key := k.key(i)
	g, ok := k.index[string(key)]
	if !ok {
		g = int32(len(k.index))
		k.index[string(key)] = g
	}
	return g, !ok
}

func (x *execution) distinct(op *distinctOp, r *relation, s *scope) (*relation, error) {
	projected := r
	if _, star := op.columns[0].value.(*starExpr); !star {
		var err error
		if projected, err = x.project(&projectOp{position: op.position, kind: "project", columns: op.columns}, r, s); err != nil {
			return nil, err
		}
	}
	nodes := make([]*node, len(projected.vecs))
	for i, v := range projected.vecs {
		if v.typ() == Dynamic {
			return nil, x.error(op.at(), SemanticError, "distinct can't compare the dynamic %q; convert it with tostring()", projected.names[i])
		}
		nodes[i] = columnNode(v, projected.rows)
	}
	keys := newKeyer(nodes)
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
func (x *execution) summarize(op *summarizeOp, r *relation, s *scope) (*relation, error) {
	out := &relation{}
	var by []*node
	used := map[string]bool{}
	names := x.namer(out)
	for _, c := range op.by {
		outputs, err := x.outputs(c, r, s)
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			if o.node.typ == Dynamic {
				return nil, x.error(c.value.at(), SemanticError, "rows can't be grouped by a dynamic; convert it with tostring()")
			}
			name, err := names.name(o, c.value.at())
			if err != nil {
				return nil, err
			}
			out.add(name, nil)
			by = append(by, o.node)
			if of, ok := c.value.(*nameExpr); ok {
				used[of.name] = true
			}
		}
	}
	makers, plan, err := x.aggregateColumns(op, aggregation{r, s, names, used})
	if err != nil {
		return nil, err
	}
	keys := newKeyer(by)
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
		st := newStorage(known(n.typ))
		for _, row := range firsts {
			st.add(n.eval(int(row)))
		}
		out.vecs[k] = st
	}
	at := len(by)
	for k, m := range makers {
		stores := make([]storage, len(m.types))
		for j, t := range m.types {
			stores[j] = newStorage(known(t))
			out.vecs[at+j] = stores[j]
		}
		for _, accs := range groups {
			for j, v := range accs[k].result() {
				if v.typ != stores[j].typ() {
					v = convert(v, stores[j].typ())
				}
				stores[j].add(v)
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
	value expr // nil: the column of that name
}

// aggregation is what the aggregates of a summarize are compiled against.
type aggregation struct {
	rel   *relation
	scope *scope
	names *namer
	used  map[string]bool // columns that are keys: a star leaves them out
}

// aggregateColumns compiles the aggregates and names their columns.
func (x *execution) aggregateColumns(op *summarizeOp, in aggregation) ([]*maker, []computed, error) {
	var makers []*maker
	var plan []computed
	out := in.names.out
	for _, c := range op.aggregates {
		call, ok := c.value.(*callExpr)
		if ok {
			_, ok = aggregates[call.name]
		}
		if !ok {
			within := &aggregateFinder{x: x, in: in}
			value, err := within.replace(c.value)
			if err != nil {
				return nil, nil, err
			}
			if call, ok := c.value.(*callExpr); ok && unknownAggregates[call.name] {
				return nil, nil, x.error(call.at(), Unsupported, "unsupported: the aggregate %s()", call.name)
			}
			if len(within.makers) == 0 {
				return nil, nil, x.error(c.value.at(), SemanticError, "summarize needs an aggregate here")
			}
			makers = append(makers, within.makers...)
			o := output{name: implicitName(c.value)}
			if len(c.names) > 0 {
				o = output{name: c.names[0], declared: true}
			}
			name, err := in.names.name(o, c.value.at())
			if err != nil {
				return nil, nil, err
			}
			out.add(name, nil)
			plan = append(plan, computed{name, value})
			makers = append(makers, &maker{names: []string{name}, types: []Type{Bool}, make: func() accumulator { return nothing{} }})
			continue
		}
		m, err := x.aggregate(call, in)
		if err != nil {
			return nil, nil, err
		}
		if len(c.names) > len(m.types) {
			return nil, nil, x.error(call.at(), SemanticError, "%s() gives %d columns, not %d", call.name, len(m.types), len(c.names))
		}
		for k := range m.types {
			o := output{name: m.names[k]}
			if k < len(c.names) {
				o = output{name: c.names[k], declared: true}
			}
			name, err := in.names.name(o, c.value.at())
			if err != nil {
				return nil, nil, err
			}
			if out.find(name) >= 0 {
				return nil, nil, x.error(call.at(), SemanticError, "a column with the name %q is already declared", name)
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

func (nothing) add(int)         {}
func (nothing) result() []Value { return []Value{Null(Bool)} }

// aggregateFinder takes the aggregates out of an expression.
type aggregateFinder struct {
	x      *execution
	in     aggregation
	makers []*maker
}

func (f *aggregateFinder) replace(e expr) (expr, error) {
	var err error
	all := func(list []expr) []expr {
		done := make([]expr, len(list))
		for i, a := range list {
			if err == nil {
				done[i], err = f.replace(a)
			}
		}
		return done
	}
	switch e := e.(type) {
	case *callExpr:
		if _, ok := aggregates[e.name]; ok {
			m, err := f.x.aggregate(e, f.in)
			if err != nil {
				return nil, err
			}
			if len(m.types) != 1 {
				return nil, f.x.error(e.at(), SemanticError, "%s() gives several columns and can't stand in an expression", e.name)
			}
			name := f.in.names.out.unique("\x00aggregate")
			f.in.names.out.add(name, nil)
			f.makers = append(f.makers, m)
			return &nameExpr{e.position, name}, nil
		}
		return &callExpr{e.position, e.name, all(e.args), e.names}, err
	case *binaryExpr:
		two := all([]expr{e.x, e.y})
		return &binaryExpr{e.position, e.op, two[0], two[1]}, err
	case *unaryExpr:
		return &unaryExpr{e.position, e.op, all([]expr{e.x})[0]}, err
	case *betweenExpr:
		three := all([]expr{e.x, e.lo, e.hi})
		return &betweenExpr{e.position, three[0], three[1], three[2], e.not}, err
	case *listExpr:
		of := all([]expr{e.x})[0]
		return &listExpr{e.position, e.op, of, all(e.items)}, err
	case *memberExpr:
		return &memberExpr{e.position, all([]expr{e.of})[0], e.name}, err
	case *indexExpr:
		two := all([]expr{e.of, e.index})
		return &indexExpr{e.position, two[0], two[1]}, err
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
