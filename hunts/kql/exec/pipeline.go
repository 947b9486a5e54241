package exec

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// pipeline evaluates a source and its operators.
func (x *execution) pipeline(p *syntax.Pipeline, s *scope) (*relation, error) {
	if x.depth++; x.depth > syntax.MaxDepth {
		return nil, x.error(p.Pos, syntax.LimitExceeded, "the query is nested deeper than %d", syntax.MaxDepth)
	}
	defer func() { x.depth-- }()
	r, err := x.source(p.Source, s)
	if err != nil {
		return nil, err
	}
	return x.operators(p.Ops, r, s)
}

func (x *execution) operators(ops []syntax.Operator, r *relation, s *scope) (*relation, error) {
	for _, op := range ops {
		var err error
		if r, err = x.operator(op, r, s); err != nil {
			return nil, err
		}
		if x.failed != nil {
			return nil, x.failed
		}
		if err := x.rowBudget(op.At(), r.rows); err != nil {
			return nil, err
		}
	}
	return r, nil
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

func (x *execution) operator(op syntax.Operator, r *relation, s *scope) (*relation, error) {
	switch op := op.(type) {
	case *syntax.Where:
		return x.where(op, r, s)
	case *syntax.Search:
		return x.searchRows(op, r, s)
	case *syntax.Extend:
		return x.extend(op.Columns, r, s)
	case *syntax.Serialize:
		return x.extend(op.Columns, r, s)
	case *syntax.Project:
		return x.project(op, r, s)
	case *syntax.Summarize:
		return x.summarize(op, r, s)
	case *syntax.Distinct:
		return x.distinct(op, r, s)
	case *syntax.Sort:
		return x.sort(op.Keys, r, s, -1)
	case *syntax.Top:
		n, err := x.scalar(op.Count, s)
		if err != nil {
			return nil, err
		}
		return x.sort(op.Keys, r, s, int(max(0, n.Num)))
	case *syntax.Take:
		n, err := x.scalar(op.Count, s)
		if err != nil {
			return nil, err
		}
		return r.head(int(max(0, n.Num))), nil
	case *syntax.Count:
		return &relation{names: []string{op.Name}, vecs: []value.Vector{&constant{value.LongValue(int64(r.rows))}}, rows: 1}, nil
	case *syntax.Union:
		return x.union(op, r, s)
	case *syntax.Join:
		return x.join(op, r, s)
	case *syntax.Expand:
		return x.expand(op, r, s)
	case *syntax.Apply:
		return x.apply(op, r, s)
	case *syntax.ParseText:
		return x.parse(op, r, s)
	case *syntax.Partition:
		return x.partition(op, r, s)
	case *syntax.SampleDistinct:
		return x.sampleDistinct(op, r, s)
	case *syntax.TopHitters:
		return x.topHitters(op, r, s)
	case *syntax.TopNested:
		return x.topNested(op, r, s)
	case *syntax.MakeSeries:
		return x.makeSeries(op, r, s)
	case *syntax.Evaluate:
		return x.evaluate(op, r, s)
	case *syntax.Invoke:
		return x.invoke(op, r, s)
	case *syntax.Render:
		return r, nil // says how to draw, not what
	case *syntax.ParseKV:
		return x.parseKV(op, r, s)
	case *syntax.GetSchema:
		return getschema(r), nil
	case *syntax.As:
		m, err := x.materialise(r)
		if err != nil {
			return nil, err
		}
		*s = scope{parent: s.snapshot(), name: op.Name, table: m}
		return m, nil
	}
	return nil, x.error(op.At(), syntax.Unsupported, "unsupported: this operator")
}

func (r *relation) head(n int) *relation {
	n = min(n, r.rows)
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(i)
	}
	return r.pick(sel)
}

// where keeps the rows for which all conjuncts are true. The cheap ones are
// asked first; nothing is allocated for a row that does not pass.
func (x *execution) where(op *syntax.Where, r *relation, s *scope) (*relation, error) {
	var nodes []*node
	for _, e := range conjuncts(op.Predicate, nil) {
		n, err := x.compile(e, r, s)
		if err != nil {
			return nil, err
		}
		if n.typ != value.Bool && n.typ != value.Dynamic && n.typ != value.Unknown {
			return nil, x.error(e.At(), syntax.SemanticError, "where takes a bool, not %s", n.typ)
		}
		nodes = append(nodes, memo(n))
	}
	slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(a.cost, b.cost) })
	tests := make([]func(int) bool, 0, len(nodes))
	for _, n := range nodes {
		if n.konst {
			if !value.Plain(n.value).AsBool() {
				return r.pick([]int32{}), nil
			}
			continue
		}
		tests = append(tests, plainTest(n))
	}
	if len(tests) == 0 {
		return r, nil
	}
	sel := []int32{}
	for from := 0; from < r.rows; from += batch {
		to := min(from+batch, r.rows)
		if err := x.step(int64((to - from) * len(tests))); err != nil {
			return nil, err
		}
	rows:
		for i := from; i < to; i++ {
			for _, t := range tests {
				if !t(i) {
					continue rows
				}
			}
			sel = append(sel, int32(i))
		}
	}
	return r.pick(sel), nil
}

// batch is the number of rows between two looks at budget and context.
const batch = 8192

func conjuncts(e syntax.Expr, to []syntax.Expr) []syntax.Expr {
	if b, ok := e.(*syntax.Binary); ok && b.Op == "and" {
		return conjuncts(b.Y, conjuncts(b.X, to))
	}
	return append(to, e)
}

func getschema(r *relation) *relation {
	name, ordinal, dotnet, typ := value.NewStorage(value.String), value.NewStorage(value.Long), value.NewStorage(value.String), value.NewStorage(value.String)
	system := map[value.Type]string{value.Bool: "System.SByte", value.Int: "System.Int32", value.Long: "System.Int64", value.Real: "System.Double", value.Decimal: "System.Data.SqlTypes.SqlDecimal", value.String: "System.String", value.Datetime: "System.DateTime", value.Timespan: "System.TimeSpan", value.Dynamic: "System.Object", value.Guid: "System.Guid"}
	for i, n := range r.names {
		t := r.vecs[i].Type()
		name.Add(value.StringValue(n))
		ordinal.Add(value.LongValue(int64(i)))
		dotnet.Add(value.StringValue(system[t]))
		typ.Add(value.StringValue(t.String()))
	}
	return &relation{names: []string{"ColumnName", "ColumnOrdinal", "DataType", "ColumnType"}, vecs: []value.Vector{name, ordinal, dotnet, typ}, rows: len(r.names)}
}
