package kql

import (
	"cmp"
	"math"
	"slices"
)

// accumulator is one aggregate of one group.
type accumulator interface {
	add(row int)
	result() []Value
}

// maker makes the accumulators of one aggregate column.
type maker struct {
	names []string
	types []Type
	when  func(row int) bool // the condition of countif and its kin
	make  func() accumulator
}

// aggregates are the names that summarize knows; those that end in if take
// their condition last, or second for make_set_if and make_list_if.
var aggregates = map[string]bool{
	"count": true, "countif": true, "sum": true, "sumif": true, "min": true, "minif": true, "max": true, "maxif": true, "avg": true, "avgif": true,
	"dcount": true, "dcountif": true, "count_distinct": true, "count_distinctif": true, "make_set": true, "make_set_if": true, "makeset": true, "make_list": true, "make_list_if": true, "makelist": true,
	"make_list_with_nulls": true, "make_bag": true, "make_bag_if": true, "arg_max": true, "arg_min": true, "take_any": true, "take_anyif": true, "any": true, "anyif": true,
	"percentile": true, "percentiles": true, "percentiles_array": true, "stdev": true, "stdevif": true, "stdevp": true, "variance": true, "varianceif": true, "variancep": true,
	"binary_all_and": true, "binary_all_or": true, "binary_all_xor": true,
}

// conditional gives the plain form of an aggregate with a condition.
var conditional = map[string]string{
	"countif": "count", "sumif": "sum", "minif": "min", "maxif": "max", "avgif": "avg", "dcountif": "dcount", "count_distinctif": "count_distinct", "make_set_if": "make_set", "make_list_if": "make_list",
	"make_bag_if": "make_bag", "take_anyif": "take_any", "anyif": "take_any", "stdevif": "stdev", "varianceif": "variance",
}

func (x *execution) aggregate(e *callExpr, r *relation, s *scope, keys *relation) (*maker, error) {
	name, args := e.name, e.args
	m := &maker{names: []string{defaultName(name, args)}}
	if base, ok := conditional[name]; ok {
		at := 1
		if base == "count" {
			at = 0
		}
		if len(args) <= at {
			return nil, x.error(e.at(), SemanticError, "%s() lacks its condition", name)
		}
		n, err := x.compile(args[at], r, s)
		if err != nil {
			return nil, err
		}
		m.when = plainTest(memo(n))
		args = slices.Delete(slices.Clone(args), at, at+1)
		if base == "count" {
			m.names[0] = "countif_"
		}
		name = base
	}
	switch name {
	case "makeset":
		name = "make_set"
	case "makelist":
		name = "make_list"
	case "any":
		name = "take_any"
	}
	if name == "arg_max" || name == "arg_min" || name == "take_any" {
		return m, x.argument(m, name, args, e, r, s, keys)
	}
	nodes, err := x.compileAll(args, r, s)
	if err != nil {
		return nil, err
	}
	for i := range nodes {
		nodes[i] = memo(nodes[i])
	}
	if name != "count" && len(nodes) == 0 {
		return nil, x.error(e.at(), SemanticError, "%s() lacks its argument", name)
	}
	if name == "percentiles" || name == "percentile" || name == "percentiles_array" {
		return m, x.percentiles(m, name, nodes, args)
	}
	return m, x.simpleAggregate(m, name, nodes, e)
}

func (x *execution) simpleAggregate(m *maker, name string, nodes []*node, e *callExpr) error {
	one := func(t Type, f func() accumulator) error {
		m.types, m.make = []Type{t}, f
		return nil
	}
	if name == "count" {
		return one(Long, func() accumulator { return &counter{} })
	}
	n := nodes[0]
	switch name {
	case "sum":
		t := n.typ
		if t == Int || t == Bool {
			t = Long
		}
		if t == Dynamic {
			t = Real
		}
		if !t.Numeric() && t != Timespan {
			return x.error(e.at(), SemanticError, "sum() can't add values of type %s", n.typ)
		}
		return one(t, func() accumulator {
			return &summer{of: n, typ: t, nums: n.typ != Real && n.typ != Decimal && n.typ != Dynamic}
		})
	case "avg":
		t := Real
		if n.typ == Datetime || n.typ == Timespan {
			t = n.typ
		}
		return one(t, func() accumulator { return &averager{of: n, typ: t} })
	case "min", "max":
		sign := 1
		if name == "min" {
			sign = -1
		}
		return one(n.typ, func() accumulator { return &extremum{of: n, sign: sign} })
	case "dcount", "count_distinct":
		code := coder(n, newInterner())
		return one(Long, func() accumulator { return &distincts{code: code, seen: map[uint64]struct{}{}, null: n} })
	case "make_set", "make_list", "make_list_with_nulls":
		limit := int64(1 << 20)
		if len(nodes) > 1 && nodes[1].konst && nodes[1].value.num >= 0 {
			limit = min(limit, nodes[1].value.num)
		}
		return one(Dynamic, func() accumulator {
			return &collector{of: n, x: x, set: name == "make_set", nulls: name == "make_list_with_nulls", limit: int(limit)}
		})
	case "make_bag":
		return one(Dynamic, func() accumulator { return &bagger{of: n, bag: NewBag()} })
	case "stdev", "variance", "stdevp", "variancep":
		return one(Real, func() accumulator { return &deviation{of: n, name: name} })
	case "binary_all_and", "binary_all_or", "binary_all_xor":
		return one(Long, func() accumulator { return &bitFold{of: n, op: name} })
	}
	return x.error(e.at(), Unsupported, "unsupported: the aggregate %s()", name)
}

type counter struct{ n int64 }

func (c *counter) add(int)         { c.n++ }
func (c *counter) result() []Value { return []Value{LongValue(c.n)} }

type summer struct {
	of   *node
	typ  Type
	nums bool
	sum  int64
	real float64
}

func (s *summer) add(i int) {
	v := plain(s.of.eval(i))
	if !v.valid {
		return
	}
	if s.nums {
		s.sum += v.num
		return
	}
	if f := v.AsReal(); !math.IsNaN(f) {
		s.real += f
	}
}

func (s *summer) result() []Value {
	return []Value{{typ: s.typ, valid: true, num: s.sum, real: s.real}}
}

type averager struct {
	of  *node
	typ Type
	n   int64
	sum float64
	num int64
}

func (a *averager) add(i int) {
	v := plain(a.of.eval(i))
	if !v.valid || v.typ == String {
		return
	}
	a.n++
	a.sum += v.AsReal()
	a.num += v.num
}

func (a *averager) result() []Value {
	switch {
	case a.n == 0 && a.typ == Real:
		return []Value{RealValue(math.NaN())}
	case a.n == 0:
		return []Value{Null(a.typ)}
	case a.typ == Real:
		return []Value{RealValue(a.sum / float64(a.n))}
	}
	return []Value{{typ: a.typ, valid: true, num: int64(a.sum / float64(a.n))}}
}

type extremum struct {
	of   *node
	sign int
	best Value
}

func (m *extremum) add(i int) {
	v := m.of.eval(i)
	if !v.valid {
		return
	}
	if !m.best.valid {
		m.best = v
		return
	}
	if c, ok := compareValues(plain(v), plain(m.best)); ok && c*m.sign > 0 {
		m.best = v
	}
}

func (m *extremum) result() []Value {
	if !m.best.valid {
		return []Value{Null(m.of.typ)}
	}
	return []Value{m.best}
}

type distincts struct {
	code func(int) uint64
	null *node
	seen map[uint64]struct{}
}

func (d *distincts) add(i int) {
	if v := d.null.eval(i); v.valid {
		d.seen[d.code(i)] = struct{}{}
	}
}

func (d *distincts) result() []Value { return []Value{LongValue(int64(len(d.seen)))} }

type collector struct {
	of    *node
	x     *execution
	set   bool
	nulls bool
	limit int
	list  []any
	seen  map[string]struct{}
}

func (c *collector) add(i int) {
	if len(c.list) >= c.limit {
		return
	}
	v := c.of.eval(i)
	if !v.valid {
		if c.nulls {
			c.list = append(c.list, nil)
		}
		return
	}
	if !c.set {
		c.keep(toDynamic(v))
		return
	}
	if c.seen == nil {
		c.seen = map[string]struct{}{}
	}
	// make_set over a dynamic array takes its elements
	for _, item := range elements(v) {
		key := dynamicText(item)
		if _, ok := item.(string); ok {
			key = "s" + key
		}
		if _, ok := c.seen[key]; !ok && item != nil && len(c.list) < c.limit {
			c.seen[key] = struct{}{}
			c.keep(item)
		}
	}
}

func (c *collector) keep(item any) {
	if err := c.x.grow(32); err != nil {
		c.x.fail(err)
		return
	}
	c.list = append(c.list, item)
}

func elements(v Value) []any {
	if list, ok := v.dyn.([]any); ok && v.typ == Dynamic {
		return list
	}
	return []any{toDynamic(v)}
}

func (c *collector) result() []Value {
	if c.list == nil {
		c.list = []any{}
	}
	return []Value{DynamicValue(c.list)}
}

type bagger struct {
	of  *node
	bag *Bag
}

func (b *bagger) add(i int) {
	if o, ok := b.of.eval(i).dyn.(*Bag); ok {
		for _, k := range o.Keys() {
			if _, have := b.bag.Get(k); !have {
				v, _ := o.Get(k)
				b.bag.Set(k, v)
			}
		}
	}
}

func (b *bagger) result() []Value { return []Value{DynamicValue(b.bag)} }

// deviation follows Welford, so that large values do not cancel.
type deviation struct {
	of       *node
	name     string
	n        float64
	mean, m2 float64
}

func (d *deviation) add(i int) {
	v := plain(d.of.eval(i))
	if !v.valid {
		return
	}
	d.n++
	delta := v.AsReal() - d.mean
	d.mean += delta / d.n
	d.m2 += delta * (v.AsReal() - d.mean)
}

func (d *deviation) result() []Value {
	over := d.n - 1
	if d.name == "stdevp" || d.name == "variancep" {
		over = d.n
	}
	switch {
	case d.n == 0:
		return []Value{RealValue(math.NaN())}
	case over == 0:
		return []Value{RealValue(0)}
	}
	v := d.m2 / over
	if d.name == "stdev" || d.name == "stdevp" {
		v = math.Sqrt(v)
	}
	return []Value{RealValue(v)}
}

type bitFold struct {
	of  *node
	op  string
	any bool
	n   int64
}

func (b *bitFold) add(i int) {
	v := b.of.eval(i)
	switch {
	case !v.valid:
		return
	case !b.any:
		b.n = v.num
	case b.op == "binary_all_and":
		b.n &= v.num
	case b.op == "binary_all_or":
		b.n |= v.num
	default:
		b.n ^= v.num
	}
	b.any = true
}

func (b *bitFold) result() []Value {
	if !b.any {
		return []Value{Null(Long)}
	}
	return []Value{LongValue(b.n)}
}

// percentiles are exact, by nearest rank: the service estimates them.
func (x *execution) percentiles(m *maker, name string, nodes []*node, args []expr) error {
	of := nodes[0]
	if !of.typ.Numeric() && of.typ != Datetime && of.typ != Timespan {
		return x.error(args[0].at(), SemanticError, "%s() can't order values of type %s", name, of.typ)
	}
	var ranks []float64
	m.names, m.types = nil, nil
	for i, n := range nodes[1:] {
		if !n.konst {
			return x.error(args[i+1].at(), SemanticError, "a percentile must be a constant")
		}
		for _, v := range flatten(nil, n.value) {
			ranks = append(ranks, v.AsReal())
			m.names = append(m.names, "percentile_"+implicitName(args[0])+"_"+v.Text())
			m.types = append(m.types, of.typ)
		}
	}
	array := name == "percentiles_array"
	if array {
		m.names, m.types = []string{"percentiles_" + implicitName(args[0])}, []Type{Dynamic}
	}
	m.make = func() accumulator { return &ranked{of: of, ranks: ranks, array: array} }
	return nil
}

type ranked struct {
	of    *node
	ranks []float64
	array bool
	vals  []Value
}

func (r *ranked) add(i int) {
	if v := r.of.eval(i); v.valid {
		r.vals = append(r.vals, v)
	}
}

func (r *ranked) result() []Value {
	slices.SortFunc(r.vals, func(a, b Value) int {
		if a.typ == Real || a.typ == Decimal {
			return cmp.Compare(a.real, b.real)
		}
		return cmp.Compare(a.num, b.num)
	})
	out := make([]Value, len(r.ranks))
	for i, p := range r.ranks {
		if len(r.vals) == 0 {
			out[i] = Null(r.of.typ)
			continue
		}
		at := int(math.Ceil(p/100*float64(len(r.vals)))) - 1
		out[i] = r.vals[max(0, min(at, len(r.vals)-1))]
	}
	if !r.array {
		return out
	}
	list := make([]any, len(out))
	for i, v := range out {
		list[i] = toDynamic(v)
	}
	return []Value{DynamicValue(list)}
}

// argument compiles arg_max, arg_min and take_any, which give whole rows.
func (x *execution) argument(m *maker, name string, args []expr, e *callExpr, r *relation, s *scope, keys *relation) error {
	if len(args) == 0 {
		return x.error(e.at(), SemanticError, "%s() lacks its argument", name)
	}
	var key *node
	rest := args
	m.names, m.types = nil, nil
	var nodes []*node
	if name != "take_any" {
		n, err := x.compile(args[0], r, s)
		if err != nil {
			return err
		}
		key = memo(n)
		label := implicitName(args[0])
		m.names, nodes, rest = []string{label}, []*node{key}, args[1:]
	}
	for _, a := range rest {
		if _, star := a.(*starExpr); star {
			for i, column := range r.names {
				if keys.find(column) >= 0 || slices.Contains(m.names, column) {
					continue
				}
				m.names = append(m.names, column)
				nodes = append(nodes, columnNode(r.vecs[i], r.rows))
			}
			continue
		}
		n, err := x.compile(a, r, s)
		if err != nil {
			return err
		}
		m.names = append(m.names, implicitName(a))
		nodes = append(nodes, memo(n))
	}
	for _, n := range nodes {
		m.types = append(m.types, n.typ)
	}
	sign := 1
	if name == "arg_min" {
		sign = -1
	}
	m.make = func() accumulator { return &rowPicker{key: key, sign: sign, nodes: nodes, row: -1} }
	return nil
}

type rowPicker struct {
	key   *node
	sign  int
	nodes []*node
	row   int
	best  Value
}

func (p *rowPicker) add(i int) {
	if p.row < 0 {
		p.row = i
		if p.key != nil {
			p.best = p.key.eval(i)
		}
		return
	}
	if p.key == nil {
		return
	}
	v := p.key.eval(i)
	if !v.valid {
		return
	}
	c, ok := compareValues(plain(v), plain(p.best))
	if !p.best.valid || ok && c*p.sign > 0 {
		p.row, p.best = i, v
	}
}

func (p *rowPicker) result() []Value {
	out := make([]Value, len(p.nodes))
	for i, n := range p.nodes {
		if p.row < 0 {
			out[i] = Null(n.typ)
			continue
		}
		out[i] = n.eval(p.row)
	}
	return out
}
