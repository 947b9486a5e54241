package kql

import "math"

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
