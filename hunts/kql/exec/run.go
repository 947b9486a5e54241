package exec

import (
	"context"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Run evaluates a query. The error is an *Error, or that of ctx.
func Run(ctx context.Context, q *syntax.Query, db value.Database, opts Options) (*value.Table, error) {
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	if opts.MaxSteps == 0 {
		opts.MaxSteps = 20_000_000_000
	}
	if opts.MaxRows == 0 {
		opts.MaxRows = 50_000_000
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = 1 << 30
	}
	x := &execution{ctx: ctx, query: q, db: db, opts: opts, funcs: builtin.Functions()}
	x.env = &builtin.Env{Now: opts.Now, Cache: map[string]any{}, Grow: x.grow}
	x.begin, x.apply, x.expr = x.source, x.operator, x.compileKind
	if !opts.From.IsZero() {
		x.from = value.DatetimeValue(opts.From).Num
	}
	if !opts.To.IsZero() {
		x.to = value.DatetimeValue(opts.To).Num
	}
	s := &scope{}
	if err := x.lets(q.Root.Lets, s); err != nil {
		return nil, err
	}
	if q.Root.Result == nil {
		r, err := x.tableItem(q.Root.Scalar, nil, s)
		if err != nil {
			return nil, err
		}
		if r != nil {
			return x.table(r)
		}
		if n, ok := q.Root.Scalar.(*syntax.Name); ok && s.find(n.Name) == nil {
			return nil, x.missing(n.At(), n.Name, s)
		}
		n, err := x.compile(q.Root.Scalar, nil, s)
		if err != nil {
			return nil, err
		}
		return x.table(&relation{names: []string{"print_0"}, vecs: []value.Vector{vectorOf(n)}, rows: 1})
	}
	r, err := x.pipeline(q.Root.Result, s)
	if err != nil {
		return nil, err
	}
	return x.table(r)
}
