package exec

import (
	"math"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

type counter struct{ n int64 }

func (c *counter) add(int)               { c.n++ }
func (c *counter) result() []value.Value { return []value.Value{value.LongValue(c.n)} }

type summer struct {
	of   *node
	typ  value.Type
	nums bool
	sum  int64
	real float64
}

func (s *summer) add(i int) {
	v := value.Plain(s.of.eval(i))
	if !v.Valid {
		return
	}
	if s.nums {
		s.sum += v.Num
		return
	}
	if f := v.AsReal(); !math.IsNaN(f) {
		s.real += f
	}
}

func (s *summer) result() []value.Value {
	return []value.Value{{Kind: s.typ, Valid: true, Num: s.sum, Real: s.real}}
}

// bits joins the bits of numbers.
type bits struct {
	of   *node
	name string
	any  bool
	sum  int64
}

func (b *bits) add(i int) {
	v := value.Plain(b.of.eval(i))
	switch {
	case !v.Valid:
	case !b.any:
		b.any, b.sum = true, v.Num
	case b.name == "binary_all_and":
		b.sum &= v.Num
	case b.name == "binary_all_or":
		b.sum |= v.Num
	default:
		b.sum ^= v.Num
	}
}

func (b *bits) result() []value.Value {
	return []value.Value{{Kind: b.of.typ, Valid: b.any, Num: b.sum}}
}

type averager struct {
	of  *node
	typ value.Type
	n   int64
	sum float64
	// instants are added up as distances from the first, since float64 does not
	// hold their ticks
	first, num int64
}

func (a *averager) add(i int) {
	v := value.Plain(a.of.eval(i))
	if !v.Valid || v.Kind == value.String {
		return
	}
	if a.n++; a.n == 1 {
		a.first = v.Num
	}
	a.sum += v.AsReal()
	a.num += v.Num - a.first
}

func (a *averager) result() []value.Value {
	switch {
	case a.n == 0 && a.typ == value.Real:
		return []value.Value{value.RealValue(math.NaN())}
	case a.n == 0:
		return []value.Value{value.Null(a.typ)}
	case a.typ == value.Real || a.typ == value.Decimal:
		return []value.Value{{Kind: a.typ, Valid: true, Real: a.sum / float64(a.n)}}
	}
	return []value.Value{{Kind: a.typ, Valid: true, Num: a.first + a.num/a.n}}
}

type extremum struct {
	of   *node
	sign int
	best value.Value
}

func (m *extremum) add(i int) {
	if m.of.num != nil {
		n, known := m.of.num(i)
		if known && (!m.best.Valid || n != m.best.Num && (n > m.best.Num) == (m.sign > 0)) {
			m.best = value.Value{Kind: m.of.typ, Valid: true, Num: n}
		}
		return
	}
	v := m.of.eval(i)
	if !v.Valid {
		return
	}
	if !m.best.Valid {
		m.best = v
		return
	}
	if v.Kind == value.Datetime && m.best.Kind == value.Datetime {
		if (v.Num > m.best.Num) == (m.sign > 0) {
			m.best = v
		}
		return
	}
	if c, ok := value.Compare(value.Plain(v), value.Plain(m.best)); ok && c*m.sign > 0 {
		m.best = v
	}
}

func (m *extremum) result() []value.Value {
	if !m.best.Valid {
		return []value.Value{value.Null(m.of.typ)}
	}
	return []value.Value{m.best}
}

type distincts struct {
	x    *execution
	code func(int) uint64
	null *node
	seen map[uint64]struct{}
}

func (d *distincts) add(i int) {
	if v := d.null.eval(i); !v.Valid {
		return
	}
	code := d.code(i)
	if _, ok := d.seen[code]; ok {
		return
	}
	if err := d.x.grow(32); err != nil {
		d.x.fail(err)
		return
	}
	d.seen[code] = struct{}{}
}

func (d *distincts) result() []value.Value { return []value.Value{value.LongValue(int64(len(d.seen)))} }

type collector struct {
	of    *node
	x     *execution
	set   bool
	nulls bool
	limit int
	list  []any
	seen  map[string]struct{}
	whole map[int64]struct{} // of what is a number inside: times are compared without writing them out
	last  int64
	size  int // of the list, written out
}

func (c *collector) add(i int) {
	if len(c.list) >= c.limit {
		return
	}
	v := c.of.eval(i)
	if !v.Valid {
		if c.nulls {
			c.list = append(c.list, nil)
		}
		return
	}
	if !c.set {
		c.keep(value.ToDynamic(v))
		return
	}
	if c.seen == nil {
		c.seen = map[string]struct{}{}
	}
	switch v.Kind {
	case value.Datetime, value.Timespan, value.Long, value.Int:
		c.addWhole(v)
		return
	}
	// make_set over a dynamic array takes its elements
	for _, item := range elements(v) {
		key := value.DynamicText(item)
		if _, ok := item.(string); ok {
			key = "s" + key
		}
		if _, ok := c.seen[key]; !ok && item != nil && len(c.list) < c.limit {
			c.seen[key] = struct{}{}
			c.keep(item)
		}
	}
}

func (c *collector) addWhole(v value.Value) {
	if c.whole == nil {
		c.whole = map[int64]struct{}{}
	} else if v.Num == c.last {
		return
	}
	c.last = v.Num
	if _, ok := c.whole[v.Num]; !ok {
		c.whole[v.Num] = struct{}{}
		c.keep(value.ToDynamic(v))
	}
}

func (c *collector) keep(item any) {
	n, _ := value.Size(item, value.MaxSize)
	if c.size += n; c.size > value.MaxSize {
		c.x.fail(c.x.error(0, syntax.LimitExceeded, "make_set() or make_list(): %v", value.ErrTooLarge))
		return
	}
	if err := c.x.grow(32 + n); err != nil {
		c.x.fail(err)
		return
	}
	c.list = append(c.list, item)
}

func elements(v value.Value) []any {
	if list, ok := v.Dyn.([]any); ok && v.Kind == value.Dynamic {
		return list
	}
	return []any{value.ToDynamic(v)}
}

func (c *collector) result() []value.Value {
	if c.list == nil {
		c.list = []any{}
	}
	return []value.Value{value.DynamicValue(c.list)}
}

type bagger struct {
	x     *execution
	of    *node
	bag   *value.Bag
	limit int
	size  int // of the bag, written out
}

func (b *bagger) add(i int) {
	o, ok := b.of.eval(i).Dyn.(*value.Bag)
	if !ok {
		return
	}
	for _, k := range o.Keys() {
		if _, have := b.bag.Get(k); have || b.bag.Len() >= b.limit {
			continue
		}
		v, _ := o.Get(k)
		n, _ := value.Size(v, value.MaxSize)
		if b.size += n + len(k); b.size > value.MaxSize {
			b.x.fail(b.x.error(0, syntax.LimitExceeded, "make_bag(): %v", value.ErrTooLarge))
			return
		}
		if err := b.x.grow(64 + len(k) + n); err != nil {
			b.x.fail(err)
			return
		}
		b.bag.Set(k, v)
	}
}

func (b *bagger) result() []value.Value { return []value.Value{value.DynamicValue(b.bag)} }

// deviation follows Welford, so that large values do not cancel.
type deviation struct {
	of       *node
	name     string
	n        float64
	mean, m2 float64
}

func (d *deviation) add(i int) {
	v := value.Plain(d.of.eval(i))
	if !v.Valid {
		return
	}
	d.n++
	delta := v.AsReal() - d.mean
	d.mean += delta / d.n
	d.m2 += delta * (v.AsReal() - d.mean)
}

func (d *deviation) result() []value.Value {
	over := d.n - 1
	if d.name == "stdevp" || d.name == "variancep" {
		over = d.n
	}
	if over <= 0 {
		return []value.Value{value.RealValue(0)}
	}
	v := d.m2 / over
	if d.name == "stdev" || d.name == "stdevp" {
		v = math.Sqrt(v)
	}
	return []value.Value{value.RealValue(v)}
}
