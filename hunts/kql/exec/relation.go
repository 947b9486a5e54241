package exec

import (
	"strconv"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// relation is a table at some stage of a query: named vectors of one length.
type relation struct {
	names []string
	vecs  []value.Vector
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
	of  value.Vector
	sel []int32
}

func (p *picked) Type() value.Type     { return p.of.Type() }
func (p *picked) At(i int) value.Value { return p.of.At(int(p.sel[i])) }

// pickedDict keeps a dictionary one, so that what was memoised stays so.
type pickedDict struct {
	picked
	dict value.Dictionary
}

func (p *pickedDict) ID(i int) uint32 { return p.dict.ID(int(p.sel[i])) }
func (p *pickedDict) Size() int       { return p.dict.Size() }

// pick keeps the rows of sel, in its order. Selections are composed, so that a
// vector is never more than one step from its storage.
func (r *relation) pick(sel []int32) *relation {
	out := &relation{names: r.names, rows: len(sel), vecs: make([]value.Vector, len(r.vecs))}
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
		if d, ok := base.(value.Dictionary); ok {
			out.vecs[i] = &pickedDict{picked{base, use}, d}
		} else {
			out.vecs[i] = &picked{base, use}
		}
	}
	return out
}

// virtual is a column that is computed when it is looked at: a filter behind
// it may never do so.
type virtual struct {
	node *node
	eval func(int) value.Value
	row  int // plus 1: the row that was looked at last, and its value
	last value.Value
	// the same for Test
	test   func(int) bool
	tested int
	passed bool
}

func (v *virtual) Type() value.Type { return v.node.typ }
func (v *virtual) At(i int) value.Value {
	if v.row != i+1 {
		v.last, v.row = v.eval(i), i+1
	}
	return v.last
}

// Test asks a bool without making a value of it: true only for true.
func (v *virtual) Test(i int) bool {
	if v.tested != i+1 {
		v.tested, v.passed = i+1, v.test(i)
	}
	return v.passed
}

type virtualDict struct {
	virtual
	dict value.Dictionary
}

func (v *virtualDict) ID(i int) uint32 { return v.dict.ID(i) }
func (v *virtualDict) Size() int       { return v.dict.Size() }

// constant is one value for all rows.
type constant struct{ value value.Value }

func (c *constant) Type() value.Type   { return c.value.Kind }
func (c *constant) At(int) value.Value { return c.value }
func (c *constant) ID(int) uint32      { return 0 }
func (c *constant) Size() int          { return 1 }

func vectorOf(n *node) value.Vector {
	if n.konst {
		return &constant{n.value}
	}
	if n.column != nil {
		return n.column
	}
	if n.dict != nil && !n.impure {
		return &virtualDict{virtual{node: n, eval: n.ticking(), test: n.tickingTest()}, n.dict}
	}
	return &virtual{node: n, eval: n.ticking(), test: n.tickingTest()}
}

// materialise computes every virtual column once.
func (x *execution) materialise(r *relation) (*relation, error) {
	out := &relation{names: r.names, rows: r.rows, vecs: make([]value.Vector, len(r.vecs))}
	for i, v := range r.vecs {
		if settled(v) {
			out.vecs[i] = v
			continue
		}
		s := value.NewStorage(v.Type())
		if err := x.fill(s, v, r.rows); err != nil {
			return nil, err
		}
		if x.failed != nil {
			return nil, x.failed
		}
		out.vecs[i] = s
	}
	return out, nil
}

// fill computes a column, and charges what it takes.
func (x *execution) fill(s value.Storage, v value.Vector, rows int) error {
	paid := int64(0)
	for row := range rows {
		if err := x.step(1); err != nil {
			return err
		}
		s.Add(v.At(row))
		if grown := s.Grown(); grown-paid > chargeEvery || row == rows-1 {
			if err := x.grow(int(grown - paid)); err != nil {
				return err
			}
			paid = grown
		}
		if x.failed != nil {
			return x.failed
		}
	}
	return nil
}

// chargeEvery is how far a column may grow before it is charged.
const chargeEvery = 64 << 10

func settled(v value.Vector) bool {
	switch p := v.(type) {
	case value.Storage, *constant:
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

func fromTable(t *value.Table) *relation {
	r := &relation{rows: t.Len()}
	for i, c := range t.Columns() {
		r.names = append(r.names, c.Name)
		r.vecs = append(r.vecs, t.Vector(i))
	}
	return r
}

// table builds the result of a query.
func (x *execution) table(r *relation) (*value.Table, error) {
	var cols []value.Column
	for i, n := range r.names {
		t := r.vecs[i].Type()
		if t == value.Unknown {
			t = value.String
		}
		cols = append(cols, value.Column{Name: n, Type: t})
	}
	b := value.NewBuilder("PrimaryResult", cols)
	row := make([]value.Value, len(cols))
	paid := int64(0)
	for i := range r.rows {
		if err := x.step(int64(len(cols))); err != nil {
			return nil, err
		}
		if grown := b.Grown(); grown-paid > chargeEvery {
			if err := x.grow(int(grown - paid)); err != nil {
				return nil, err
			}
			paid = grown
		}
		for k, v := range r.vecs {
			row[k] = v.At(i)
			if row[k].Kind != cols[k].Type {
				row[k] = value.Convert(row[k], cols[k].Type)
			}
		}
		b.Append(row...)
	}
	if x.failed != nil {
		return nil, x.failed
	}
	return b.Table(), nil
}

func (r *relation) add(name string, v value.Vector) {
	r.names = append(r.names, name)
	r.vecs = append(r.vecs, v)
}

// unique makes a name that the relation does not have yet, as the service
// does: name, name1, name2.
func (r *relation) unique(name string) string {
	if r.find(name) < 0 {
		return name
	}
	for i := 1; ; i++ {
		if n := name + strconv.Itoa(i); r.find(n) < 0 {
			return n
		}
	}
}

// uniqueBeside is unique among the columns of another relation as well.
func (r *relation) uniqueBeside(name string, other *relation) string {
	for i := 1; ; i++ {
		if n := name + strconv.Itoa(i); r.find(n) < 0 && other.find(n) < 0 {
			return n
		}
	}
}

func (r *relation) head(n int) *relation {
	n = min(n, r.rows)
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(i)
	}
	return r.pick(sel)
}

func known(t value.Type) value.Type {
	if t == value.Unknown {
		return value.String
	}
	return t
}

// gathered sees a vector through a list of rows in which some are missing.
type gathered struct {
	of   value.Vector
	rows []int32
}

func (g *gathered) Type() value.Type { return g.of.Type() }

func (g *gathered) At(i int) value.Value {
	if g.rows[i] < 0 {
		return value.Null(g.of.Type())
	}
	return g.of.At(int(g.rows[i]))
}
