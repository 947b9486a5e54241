package exec

import (
	"math"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// maxSeries is how many points a series may have (Kusto reference,
// "make-series operator").
const maxSeries = 1 << 20

// axis is the line of bins that a series runs along.
type axis struct {
	typ        value.Type
	from, step value.Value
	bins       int
}

func (a axis) at(i int) value.Value {
	if a.typ == value.Real {
		return value.RealValue(a.from.AsReal() + float64(i)*a.step.AsReal())
	}
	return value.Value{Kind: a.typ, Valid: true, Num: a.from.Num + int64(i)*a.step.Num}
}

// bin is the number of the bin that v lies in; -1 for none.
func (a axis) bin(v value.Value) int {
	if !v.Valid {
		return -1
	}
	n := 0.0
	if a.typ == value.Real {
		n = math.Floor((v.AsReal() - a.from.AsReal()) / a.step.AsReal())
	} else {
		n = float64(value.FloorDiv(v.Num-a.from.Num, a.step.Num))
	}
	if !(n >= 0 && n < float64(a.bins)) {
		return -1
	}
	return int(n)
}

// makeSeries gives each group one row with arrays: a value for each bin of the
// axis, and the bins themselves.
func (x *execution) makeSeries(op *syntax.MakeSeries, r *relation, s *scope) (*relation, error) {
	on, err := x.outputs(op.On, r, s)
	if err != nil {
		return nil, err
	}
	line := on[0].node
	if !line.typ.Numeric() && line.typ != value.Datetime && line.typ != value.Timespan {
		return nil, x.error(op.On.Value.At(), syntax.SemanticError, "a series can't run along values of type %s", line.typ)
	}
	out := &relation{}
	names := x.namer(out)
	used := map[string]bool{}
	var by []*node
	for _, c := range op.By {
		outputs, err := x.outputs(c, r, s)
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			name, err := names.name(o, c.Value.At())
			if err != nil {
				return nil, err
			}
			out.add(name, value.NewStorage(known(o.node.typ)))
			by = append(by, o.node)
		}
	}
	makers, fills, err := x.seriesMakers(op, aggregation{r, s, names, used})
	if err != nil {
		return nil, err
	}
	axisName, err := names.name(on[0], op.On.Value.At())
	if err != nil {
		return nil, err
	}
	out.add(axisName, value.NewStorage(value.Dynamic))
	groups, err := x.partitions(by, r.rows)
	if err != nil {
		return nil, err
	}
	if len(groups) == 0 && op.NonEmpty {
		groups = [][]int32{nil}
	}
	for _, rows := range groups {
		a, err := x.seriesAxis(op, line, rows, s)
		if err != nil {
			return nil, err
		}
		cells := x.seriesCells(a, line, rows, makers, fills)
		if x.failed != nil {
			return nil, x.failed
		}
		if err := x.grow(16 * a.bins * (1 + len(makers))); err != nil {
			return nil, err
		}
		for k, n := range by {
			v := value.Null(n.typ)
			if len(rows) > 0 {
				v = n.eval(int(rows[0]))
			}
			out.vecs[k].(value.Storage).Add(v)
		}
		for k, list := range cells {
			out.vecs[len(by)+k].(value.Storage).Add(value.DynamicValue(list))
		}
		bins := make([]any, a.bins)
		for i := range bins {
			bins[i] = value.ToDynamic(a.at(i))
		}
		out.vecs[len(out.vecs)-1].(value.Storage).Add(value.DynamicValue(bins))
		out.rows++
		if err := x.step(int64(len(rows)*(1+len(makers)) + a.bins*(1+len(makers)))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// seriesMakers compiles the aggregates, and what stands in a bin without rows.
func (x *execution) seriesMakers(op *syntax.MakeSeries, in aggregation) ([]*maker, []any, error) {
	var makers []*maker
	var fills []any
	for _, c := range op.Aggregates {
		call, ok := c.Value.(*syntax.Call)
		if !ok {
			return nil, nil, x.error(c.Value.At(), syntax.SemanticError, "make-series needs an aggregate here")
		}
		if _, ok := aggregates[call.Name]; !ok {
			return nil, nil, x.error(c.Value.At(), syntax.Unsupported, "unsupported: make-series of %s()", call.Name)
		}
		m, err := x.aggregate(call, in)
		if err != nil {
			return nil, nil, err
		}
		if len(m.types) != 1 {
			return nil, nil, x.error(call.At(), syntax.SemanticError, "%s() gives several columns and can't make a series", call.Name)
		}
		o := output{name: m.names[0]}
		if len(c.Names) > 0 {
			o = output{name: c.Names[0], declared: true}
		}
		name, err := in.names.name(o, call.At())
		if err != nil {
			return nil, nil, err
		}
		in.names.out.add(name, value.NewStorage(value.Dynamic))
		makers = append(makers, m)
		fill := value.LongValue(0)
		if c.Fill != nil {
			if fill, err = x.scalar(c.Fill, in.scope); err != nil {
				return nil, nil, err
			}
		}
		if m.types[0] != value.Dynamic {
			fill = value.Convert(fill, m.types[0])
		}
		fills = append(fills, value.ToDynamic(fill))
	}
	return makers, fills, nil
}

func (x *execution) seriesCells(a axis, line *node, rows []int32, makers []*maker, fills []any) [][]any {
	bins := make([][]accumulator, a.bins)
	for _, i := range rows {
		k := a.bin(value.Plain(line.eval(int(i))))
		if k < 0 {
			continue
		}
		if bins[k] == nil {
			bins[k] = make([]accumulator, len(makers))
			for j, m := range makers {
				bins[k][j] = m.make()
			}
		}
		for j, m := range makers {
			if m.when == nil || m.when(int(i)) {
				bins[k][j].add(int(i))
			}
		}
	}
	out := make([][]any, len(makers))
	for j := range makers {
		out[j] = make([]any, a.bins)
		for k := range out[j] {
			out[j][k] = fills[j]
			if bins[k] != nil {
				out[j][k] = value.ToDynamic(bins[k][j].result()[0])
			}
		}
	}
	return out
}

// seriesAxis finds the bins: from where the query says, or else from the first
// bin with a row to the last. The end that is written with to is not included.
func (x *execution) seriesAxis(op *syntax.MakeSeries, line *node, rows []int32, s *scope) (axis, error) {
	a := axis{typ: line.typ}
	if a.typ == value.Int {
		a.typ = value.Long
	}
	var bounds [3]value.Value
	for i, e := range []syntax.Expr{op.From, op.To, op.Step} {
		if e == nil {
			continue
		}
		v, err := x.scalar(e, s)
		if err != nil {
			return a, err
		}
		if !v.Valid {
			return a, x.error(e.At(), syntax.SemanticError, "the bounds of make-series can't be null")
		}
		if v.Kind == value.Real && a.typ == value.Long {
			a.typ = value.Real
		}
		bounds[i] = v
	}
	from, to, step := bounds[0], bounds[1], bounds[2]
	if step.AsReal() <= 0 || math.IsNaN(step.AsReal()) {
		return a, x.error(op.At(), syntax.SemanticError, "the step of make-series has to be above zero")
	}
	a.step = step
	first, last := extent(line, rows)
	switch {
	case op.Inclusive:
		from = builtin.Bin(from, step, value.Value{})
	case !from.Valid && first.Valid:
		from = builtin.Bin(first, step, value.Value{})
	case !from.Valid:
		return a, nil // no rows and no bounds: an empty series
	}
	a.from = from
	width := to.AsReal() - from.AsReal()
	switch {
	case op.Inclusive:
		a.bins = int(math.Floor(width/step.AsReal())) + 1
	case to.Valid:
		a.bins = int(math.Ceil(min(width/step.AsReal(), 2*maxSeries)))
	case last.Valid:
		a.bins = int(math.Floor(min((last.AsReal()-from.AsReal())/step.AsReal(), 2*maxSeries))) + 1
	}
	if a.bins > maxSeries {
		return a, x.error(op.At(), syntax.LimitExceeded, "a series has more than %d points", maxSeries)
	}
	a.bins = max(a.bins, 0)
	return a, nil
}

// extent is the least and the greatest value of some rows.
func extent(n *node, rows []int32) (first, last value.Value) {
	for _, i := range rows {
		v := value.Plain(n.eval(int(i)))
		if !v.Valid {
			continue
		}
		if c, ok := value.Compare(v, first); !first.Valid || ok && c < 0 {
			first = v
		}
		if c, ok := value.Compare(v, last); !last.Valid || ok && c > 0 {
			last = v
		}
	}
	return first, last
}
