package exec

import (
	"context"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Options bound and place one run of a query.
type Options struct {
	Now time.Time // what now() is; zero is the time of the call
	// From and To are the API's timespan: rows whose TimeGenerated lies outside
	// [From, To) are not seen. Zero is unbounded.
	From, To time.Time
	MaxSteps int64 // evaluated cells; 0 is 20 thousand million
	MaxRows  int   // rows of any stage; 0 is 50 million
	MaxBytes int64 // bytes of the values that a run makes and keeps; 0 is 1 GB
}

// execution is one run.
type execution struct {
	ctx    context.Context
	query  *syntax.Query
	db     value.Database
	opts   Options
	steps  int64
	bytes  int64
	ticks  int64
	env    *builtin.Env
	funcs  map[string]builtin.Function
	failed error // the first error inside an expression, seen at the end of a stage
	from   int64
	to     int64
	depth  int // of pipelines and functions within each other
}

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

// The service has a code for each kind of mistake. Only that of a name which
// is not there matters to those who read it; the others share one here.
const (
	unresolvedCode = "SEM0100"
	semanticCode   = "SEM0024"
)

func (x *execution) error(at int, kind syntax.ErrorKind, format string, args ...any) *syntax.Error {
	code := ""
	if kind == syntax.SemanticError {
		code = semanticCode
	}
	return syntax.NewError(x.query.Text, at, kind, code, format, args...)
}

// scope holds the names that let statements gave.
type scope struct {
	parent *scope
	name   string
	value  *value.Value
	node   *node // an argument of a let function that differs from row to row
	table  *relation
	lambda *syntax.Let
}

func (s *scope) find(name string) *scope {
	for ; s != nil; s = s.parent {
		if s.name == name {
			return s
		}
	}
	return nil
}

// lets adds statements to *s. A tabular let is evaluated once, when it is
// first needed: results are immutable, so that materialize costs nothing more.
func (x *execution) lets(list []syntax.Let, s *scope) error {
	for i := range list {
		st := &list[i]
		next := &scope{parent: s.snapshot(), name: st.Name}
		switch {
		case st.Lambda != nil:
			next.lambda = st
		case st.Table != nil:
			r, err := x.pipeline(st.Table, next.parent)
			if err != nil {
				return err
			}
			if next.table, err = x.materialise(r); err != nil {
				return err
			}
		default:
			if n, ok := st.Value.(*syntax.Name); ok {
				if r, found, err := x.tableNamed(n.Name, int(n.Pos), next.parent); found || err != nil {
					if err != nil {
						return err
					}
					next.table = r
					break
				}
			}
			if c, ok := st.Value.(*syntax.Call); ok && x.tabularCall(c, next.parent) {
				r, err := x.pipeline(&syntax.Pipeline{Pos: int(c.Pos), Source: &syntax.CallRef{Pos: c.Pos, Call: c}}, next.parent)
				if err != nil {
					return err
				}
				if next.table, err = x.materialise(r); err != nil {
					return err
				}
				break
			}
			v, err := x.scalar(st.Value, next.parent)
			if err != nil {
				return err
			}
			next.value = &v
		}
		*s = *next
	}
	return nil
}

func (s *scope) snapshot() *scope {
	c := *s
	return &c
}

// scalar computes an expression that no row takes part in.
func (x *execution) scalar(e syntax.Expr, s *scope) (value.Value, error) {
	n, err := x.compile(e, nil, s)
	if err != nil {
		return value.Value{}, err
	}
	v := n.eval(0)
	if x.failed != nil {
		return value.Value{}, x.failed
	}
	return v, nil
}

// tabularCall tells whether a call of a let function gives a table. A body
// that is one name may be either.
func (x *execution) tabularCall(c *syntax.Call, s *scope) bool {
	f := s.find(c.Name)
	if f == nil || f.lambda == nil || f.lambda.Lambda.Result == nil {
		return false
	}
	body := f.lambda
	if _, bare := bareName(body.Lambda.Result); !bare {
		return true
	}
	name := body.Lambda.Result.Source.(*syntax.TableRef).Name
	for _, l := range body.Lambda.Lets {
		if l.Name == name {
			return l.Table != nil
		}
	}
	for _, p := range body.Params {
		if p.Name == name {
			return p.Tabular
		}
	}
	if l := f.parent.find(name); l != nil {
		return l.table != nil
	}
	_, ok := x.db.Table(name)
	return ok
}

// call binds the arguments of a let function and evaluates its lets.
func (x *execution) call(f *scope, e *syntax.Call, caller *scope) (*scope, *syntax.Block, error) {
	st := f.lambda
	if err := x.charge(e.At()); err != nil {
		return nil, nil, err
	}
	s := &scope{parent: f.parent}
	args, err := x.bind(st, e)
	if err != nil {
		return nil, nil, err
	}
	for i, p := range st.Params {
		e, from := args[i], caller
		if e == nil {
			e, from = p.ByDefault, f.parent
		}
		next := &scope{parent: s.snapshot(), name: p.Name}
		if p.Tabular {
			r, err := x.tabularArg(e, from)
			if err != nil {
				return nil, nil, err
			}
			next.table = r
		} else {
			v, err := x.scalar(e, from)
			if err != nil {
				return nil, nil, err
			}
			if p.Type != value.Unknown && v.Kind != p.Type {
				v = value.Convert(v, p.Type)
			}
			next.value = &v
		}
		s = next
	}
	if s.parent == nil && s.name == "" {
		s = &scope{parent: f.parent}
	}
	inner := s.snapshot()
	if err := x.lets(st.Lambda.Lets, inner); err != nil {
		return nil, nil, err
	}
	return inner, st.Lambda, nil
}

func (x *execution) tabularArg(e syntax.Expr, s *scope) (*relation, error) {
	switch a := e.(type) {
	case *syntax.Subquery:
		r, err := x.pipeline(a.Query, s)
		if err != nil {
			return nil, err
		}
		return x.materialise(r)
	case *syntax.Name:
		r, found, err := x.tableNamed(a.Name, int(a.Pos), s)
		if err != nil || found {
			return r, err
		}
	}
	return nil, x.error(e.At(), syntax.SemanticError, "expected a table")
}

// tableNamed finds a let table or a table of the database.
func (x *execution) tableNamed(name string, at int, s *scope) (*relation, bool, error) {
	if l := s.find(name); l != nil {
		if l.lambda != nil && len(l.lambda.Params) == 0 && l.lambda.Lambda.Result != nil {
			r, err := x.callSource(&syntax.Call{Pos: syntax.Pos(at), Name: name}, s) // a view
			return r, true, err
		}
		return l.table, l.table != nil, nil
	}
	t, ok := x.db.Table(name)
	if !ok {
		return nil, false, nil
	}
	r, err := x.within(fromTable(t))
	return r, true, err
}

// within applies the timespan of the API.
func (x *execution) within(r *relation) (*relation, error) {
	k := r.find(timeColumn)
	if k < 0 || x.from == 0 && x.to == 0 {
		return r, nil
	}
	times, ok := r.vecs[k].(*value.Numbers)
	if !ok {
		return r, nil
	}
	sel := make([]int32, 0, 1024)
	for i, v := range times.Vals {
		if (x.from == 0 || v >= x.from) && (x.to == 0 || v < x.to) && !times.Null(i) {
			sel = append(sel, int32(i))
		}
	}
	if err := x.step(int64(r.rows)); err != nil {
		return nil, err
	}
	if len(sel) == r.rows {
		return r, nil
	}
	return r.pick(sel), nil
}
