package kql

// relation is a table at some stage of a query: named vectors of one length.
type relation struct {
	names []string
	vecs  []vector
	rows  int
}

func (r *relation) find(name string) int {
	for i, n := range r.names {
		if n == name {
			return i
		}
	}
	return -1
}

// picked sees a vector through a selection of rows.
type picked struct {
	of  vector
	sel []int32
}

func (p *picked) typ() Type      { return p.of.typ() }
func (p *picked) at(i int) Value { return p.of.at(int(p.sel[i])) }

// pickedDict keeps a dictionary one, so that what was memoised stays so.
type pickedDict struct {
	picked
	dict dictionary
}

func (p *pickedDict) id(i int) uint32 { return p.dict.id(int(p.sel[i])) }
func (p *pickedDict) size() int       { return p.dict.size() }

// pick keeps the rows of sel, in its order. Selections are composed, so that a
// vector is never more than one step from its storage.
func (r *relation) pick(sel []int32) *relation {
	out := &relation{names: r.names, rows: len(sel), vecs: make([]vector, len(r.vecs))}
	composed := map[*int32][]int32{}
	for i, v := range r.vecs {
		use := sel
		base := v
		var inner []int32
		switch p := v.(type) {
		case *picked:
			base, inner = p.of, p.sel
		case *pickedDict:
			base, inner = p.of, p.sel
		}
		if inner != nil && len(sel) > 0 {
			key := &inner[0]
			c, ok := composed[key]
			if !ok {
				c = make([]int32, len(sel))
				for k, s := range sel {
					c[k] = inner[s]
				}
				composed[key] = c
			}
			use = c
		}
		if d, ok := base.(dictionary); ok {
			out.vecs[i] = &pickedDict{picked{base, use}, d}
		} else {
			out.vecs[i] = &picked{base, use}
		}
	}
	return out
}

// virtual is a column that is computed when it is looked at: a filter behind
// it may never do so.
type virtual struct{ node *node }

func (v *virtual) typ() Type      { return v.node.typ }
func (v *virtual) at(i int) Value { return v.node.eval(i) }

type virtualDict struct {
	virtual
	dict dictionary
}

func (v *virtualDict) id(i int) uint32 { return v.dict.id(i) }
func (v *virtualDict) size() int       { return v.dict.size() }

// constant is one value for all rows.
type constant struct{ value Value }

func (c *constant) typ() Type     { return c.value.typ }
func (c *constant) at(int) Value  { return c.value }
func (c *constant) id(int) uint32 { return 0 }
func (c *constant) size() int     { return 1 }

func vectorOf(n *node) vector {
	if n.konst {
		return &constant{n.value}
	}
	if n.column != nil {
		return n.column
	}
	if n.dict != nil && !n.impure {
		return &virtualDict{virtual{n}, n.dict}
	}
	return &virtual{n}
}

// materialise computes every virtual column once.
func (x *execution) materialise(r *relation) (*relation, error) {
	out := &relation{names: r.names, rows: r.rows, vecs: make([]vector, len(r.vecs))}
	for i, v := range r.vecs {
		if settled(v) {
			out.vecs[i] = v
			continue
		}
		s := newStorage(v.typ())
		for row := range r.rows {
			if err := x.step(1); err != nil {
				return nil, err
			}
			s.add(v.at(row))
		}
		if x.failed != nil {
			return nil, x.failed
		}
		out.vecs[i] = s
	}
	return out, nil
}

func settled(v vector) bool {
	switch p := v.(type) {
	case storage, *constant:
		return true
	case *picked:
		return settled(p.of)
	case *pickedDict:
		return settled(p.of)
	case *gathered:
		return settled(p.of)
	}
	return false
}

func fromTable(t *Table) *relation {
	r := &relation{rows: t.rows}
	for i, c := range t.columns {
		r.names = append(r.names, c.Name)
		r.vecs = append(r.vecs, t.data[i])
	}
	return r
}

// table builds the result of a query.
func (x *execution) table(r *relation) (*Table, error) {
	var cols []Column
	for i, n := range r.names {
		t := r.vecs[i].typ()
		if t == Unknown {
			t = String
		}
		cols = append(cols, Column{Name: n, Type: t})
	}
	b := NewBuilder("PrimaryResult", cols)
	row := make([]Value, len(cols))
	for i := range r.rows {
		if err := x.step(int64(len(cols))); err != nil {
			return nil, err
		}
		for k, v := range r.vecs {
			row[k] = v.at(i)
			if row[k].typ != cols[k].Type {
				row[k] = convert(row[k], cols[k].Type)
			}
		}
		b.Append(row...)
	}
	if x.failed != nil {
		return nil, x.failed
	}
	return b.Table(), nil
}
