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
	projected, err := x.project(&projectOp{position: op.position, kind: "project", columns: op.columns}, r, s)
	if err != nil {
		return nil, err
	}
	nodes := make([]*node, len(projected.vecs))
	for i, v := range projected.vecs {
		nodes[i] = columnNode(v, projected.rows)
	}
	keys := newKeyer(nodes)
	sel := []int32{}
	for i := range r.rows {
		if err := x.step(int64(len(nodes))); err != nil {
			return nil, err
		}
		if _, isNew := keys.group(i); isNew {
			sel = append(sel, int32(i))
		}
	}
	return x.materialise(projected.pick(sel))
}

// summarize groups rows and feeds each to the aggregates of its group.
func (x *execution) summarize(op *summarizeOp, r *relation, s *scope) (*relation, error) {
	out := &relation{}
	var by []*node
	for i, c := range op.by {
		outputs, err := x.outputs(c, r, s, "")
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			if o.node.typ == Dynamic {
				return nil, x.error(c.value.at(), SemanticError, "rows can't be grouped by a dynamic; convert it with tostring()")
			}
			if o.name == "" {
				o.name = "Column" + itoa(i+1)
			}
			out.add(out.unique(o.name), nil)
			by = append(by, o.node)
		}
	}
	makers, plan, err := x.aggregateColumns(op, r, s, out)
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

// aggregateColumns compiles the aggregates and names their columns.
func (x *execution) aggregateColumns(op *summarizeOp, r *relation, s *scope, out *relation) ([]*maker, []computed, error) {
	var makers []*maker
	var plan []computed
	for i, c := range op.aggregates {
		unnamed := "Column" + itoa(i+1)
		call, ok := c.value.(*callExpr)
		if ok {
			_, ok = aggregates[call.name]
		}
		if !ok {
			within := &aggregateFinder{x: x, rel: r, scope: s, out: out}
			value, err := within.replace(c.value)
			if err != nil {
				return nil, nil, err
			}
			if len(within.makers) == 0 {
				return nil, nil, x.error(c.value.at(), SemanticError, "summarize needs an aggregate here")
			}
			makers = append(makers, within.makers...)
			if len(c.names) > 0 {
				unnamed = c.names[0]
			}
			plan = append(plan, computed{unnamed, value})
			continue
		}
		m, err := x.aggregate(call, r, s, out)
		if err != nil {
			return nil, nil, err
		}
		for k := range m.types {
			name := m.names[k]
			if k < len(c.names) {
				name = c.names[k]
			}
			if name == "" {
				name = unnamed
			}
			name = out.unique(name)
			out.add(name, nil)
			plan = append(plan, computed{name: name})
		}
		makers = append(makers, m)
	}
	return makers, plan, nil
}

// aggregateFinder takes the aggregates out of an expression.
type aggregateFinder struct {
	x      *execution
	rel    *relation
	scope  *scope
	out    *relation
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
			m, err := f.x.aggregate(e, f.rel, f.scope, f.out)
			if err != nil {
				return nil, err
			}
			if len(m.types) != 1 {
				return nil, f.x.error(e.at(), SemanticError, "%s() gives several columns and can't stand in an expression", e.name)
			}
			name := f.out.unique("\x00aggregate")
			f.out.add(name, nil)
			f.makers = append(f.makers, m)
			return &nameExpr{e.position, name}, nil
		}
		return &callExpr{e.position, e.name, all(e.args)}, err
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
		final.add(final.unique(c.name), vectorOf(n))
	}
	return x.materialise(final)
}
