package kql

import (
	"cmp"
	"slices"
)

// pipeline evaluates a source and its operators.
func (x *execution) pipeline(p *pipeline, s *scope) (*relation, error) {
	if x.depth++; x.depth > maxDepth {
		return nil, x.error(p.pos, LimitExceeded, "the query is nested deeper than %d", maxDepth)
	}
	defer func() { x.depth-- }()
	r, err := x.source(p.source, s)
	if err != nil {
		return nil, err
	}
	return x.operators(p.ops, r, s)
}

func (x *execution) operators(ops []operator, r *relation, s *scope) (*relation, error) {
	for _, op := range ops {
		var err error
		if r, err = x.operator(op, r, s); err != nil {
			return nil, err
		}
		if x.failed != nil {
			return nil, x.failed
		}
		if err := x.rowBudget(op.at(), r.rows); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *relation) add(name string, v vector) {
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
		if n := name + itoa(i); r.find(n) < 0 {
			return n
		}
	}
}

func (x *execution) operator(op operator, r *relation, s *scope) (*relation, error) {
	switch op := op.(type) {
	case *whereOp:
		return x.where(op, r, s)
	case *extendOp:
		return x.extend(op.columns, r, s)
	case *serializeOp:
		return x.extend(op.columns, r, s)
	case *projectOp:
		return x.project(op, r, s)
	case *summarizeOp:
		return x.summarize(op, r, s)
	case *distinctOp:
		return x.distinct(op, r, s)
	case *sortOp:
		return x.sort(op.keys, r, s, -1)
	case *topOp:
		n, err := x.scalar(op.count, s)
		if err != nil {
			return nil, err
		}
		return x.sort(op.keys, r, s, int(max(0, n.num)))
	case *takeOp:
		n, err := x.scalar(op.count, s)
		if err != nil {
			return nil, err
		}
		return r.head(int(max(0, n.num))), nil
	case *countOp:
		return &relation{names: []string{op.name}, vecs: []vector{&constant{LongValue(int64(r.rows))}}, rows: 1}, nil
	case *unionOp:
		return x.union(op, r, s)
	case *joinOp:
		return x.join(op, r, s)
	case *expandOp:
		return x.expand(op, r, s)
	case *applyOp:
		return x.apply(op, r, s)
	case *parseOp:
		return x.parse(op, r, s)
	case *partitionOp:
		return x.partition(op, r, s)
	case *sampleOp:
		return x.sampleDistinct(op, r, s)
	case *topHittersOp:
		return x.topHitters(op, r, s)
	case *topNestedOp:
		return x.topNested(op, r, s)
	case *makeSeriesOp:
		return x.makeSeries(op, r, s)
	case *evaluateOp:
		return x.evaluate(op, r, s)
	case *invokeOp:
		return x.invoke(op, r, s)
	case *renderOp:
		return r, nil // says how to draw, not what
	case *parseKVOp:
		return x.parseKV(op, r, s)
	case *getschemaOp:
		return getschema(r), nil
	case *asOp:
		m, err := x.materialise(r)
		if err != nil {
			return nil, err
		}
		*s = scope{parent: s.snapshot(), name: op.name, table: m}
		return m, nil
	}
	return nil, x.error(op.at(), Unsupported, "unsupported: this operator")
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
func (x *execution) where(op *whereOp, r *relation, s *scope) (*relation, error) {
	var nodes []*node
	for _, e := range conjuncts(op.predicate, nil) {
		n, err := x.compile(e, r, s)
		if err != nil {
			return nil, err
		}
		if n.typ != Bool && n.typ != Dynamic && n.typ != Unknown {
			return nil, x.error(e.at(), SemanticError, "where takes a bool, not %s", n.typ)
		}
		nodes = append(nodes, memo(n))
	}
	slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(a.cost, b.cost) })
	tests := make([]func(int) bool, 0, len(nodes))
	for _, n := range nodes {
		if n.konst {
			if !plain(n.value).AsBool() {
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

func conjuncts(e expr, to []expr) []expr {
	if b, ok := e.(*binaryExpr); ok && b.op == "and" {
		return conjuncts(b.y, conjuncts(b.x, to))
	}
	return append(to, e)
}

func getschema(r *relation) *relation {
	name, ordinal, dotnet, typ := newStorage(String), newStorage(Long), newStorage(String), newStorage(String)
	system := map[Type]string{Bool: "System.SByte", Int: "System.Int32", Long: "System.Int64", Real: "System.Double", Decimal: "System.Data.SqlTypes.SqlDecimal", String: "System.String", Datetime: "System.DateTime", Timespan: "System.TimeSpan", Dynamic: "System.Object", Guid: "System.Guid"}
	for i, n := range r.names {
		t := r.vecs[i].typ()
		name.add(StringValue(n))
		ordinal.add(LongValue(int64(i)))
		dotnet.add(StringValue(system[t]))
		typ.add(StringValue(t.String()))
	}
	return &relation{names: []string{"ColumnName", "ColumnOrdinal", "DataType", "ColumnType"}, vecs: []vector{name, ordinal, dotnet, typ}, rows: len(r.names)}
}
