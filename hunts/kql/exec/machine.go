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
	depth  int    // of pipelines and functions within each other
	open   string // a plugin that made columns of what is in the rows: other rows make others

	// What each kind of source, operator and expression does is put in by Run:
	// the machine knows none of them.
	begin func(syntax.Source, *scope) (*relation, error)
	apply func(syntax.Operator, *relation, *scope) (*relation, error)
	expr  func(syntax.Expr, *relation, *scope) (*node, error)
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

// pipeline evaluates a source and its operators.
func (x *execution) pipeline(p *syntax.Pipeline, s *scope) (*relation, error) {
	if x.depth++; x.depth > syntax.MaxDepth {
		return nil, x.error(p.Pos, syntax.LimitExceeded, "the query is nested deeper than %d", syntax.MaxDepth)
	}
	defer func() { x.depth-- }()
	r, err := x.begin(p.Source, s)
	if err != nil {
		return nil, err
	}
	return x.operators(p.Ops, r, s)
}

func (x *execution) operators(ops []syntax.Operator, r *relation, s *scope) (*relation, error) {
	for _, op := range ops {
		var err error
		if r, err = x.apply(op, r, s); err != nil {
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
