package exec

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

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
			r, err := x.begin(&syntax.CallRef{Pos: syntax.Pos(at), Call: &syntax.Call{Pos: syntax.Pos(at), Name: name}}, s) // a view
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
	k := max(r.find(syntax.TimeColumns[0]), r.find(syntax.TimeColumns[1]))
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

// bind puts the arguments of a call in the order of the parameters; nil is one
// that was left out and has a default.
func (x *execution) bind(st *syntax.Let, e *syntax.Call) ([]syntax.Expr, error) {
	if len(e.Args) > len(st.Params) {
		return nil, x.error(e.At(), syntax.SemanticError, "%s() takes %d arguments", st.Name, len(st.Params))
	}
	out := make([]syntax.Expr, len(st.Params))
	for i, a := range e.Args {
		at := i
		if i < len(e.Names) && e.Names[i] != "" {
			at = slices.IndexFunc(st.Params, func(p syntax.Param) bool { return p.Name == e.Names[i] })
			if at < 0 {
				return nil, x.error(a.At(), syntax.SemanticError, "%s() has no parameter %q", st.Name, e.Names[i])
			}
		}
		if out[at] != nil {
			return nil, x.error(a.At(), syntax.SemanticError, "%s() is given its argument %s twice", st.Name, st.Params[at].Name)
		}
		out[at] = a
	}
	for i, p := range st.Params {
		if out[i] == nil && p.ByDefault == nil {
			return nil, x.error(e.At(), syntax.SemanticError, "%s() lacks its argument %s", st.Name, p.Name)
		}
	}
	return out, nil
}

// bareName: a body that is one name parses as a table, and may be a scalar.
func bareName(p *syntax.Pipeline) (syntax.Expr, bool) {
	if p == nil || len(p.Ops) > 0 {
		return nil, false
	}
	t, ok := p.Source.(*syntax.TableRef)
	if !ok {
		return nil, false
	}
	return &syntax.Name{Pos: t.Pos, Name: t.Name}, true
}

// ingestionColumn holds what ingestion_time() answers; a star does not show it.
const ingestionColumn = "_IngestionTime"

// timeColumn stands in for it in tables without: exports leave it out, and an
// event that never arrived would be in no search for what arrived late.
const timeColumn = "TimeGenerated"

// tableItem is the table that a bare name or call stands for, nil for a scalar.
func (x *execution) tableItem(item syntax.Expr, rel *relation, s *scope) (*relation, error) {
	switch e := item.(type) {
	case *syntax.Name:
		if rel != nil && rel.find(e.Name) >= 0 {
			return nil, nil
		}
		r, _, err := x.tableNamed(e.Name, e.At(), s)
		return r, err
	case *syntax.Call:
		if x.tabularCall(e, s) {
			return x.pipeline(&syntax.Pipeline{Pos: e.At(), Source: &syntax.CallRef{Pos: e.Pos, Call: e}}, s)
		}
	}
	return nil, nil
}

func (x *execution) missing(at int, name string, s *scope) error {
	message := "Failed to resolve table or column expression named '%s'"
	if l := s.find(name); l != nil {
		message = "'%s' is a scalar, where a table is expected"
	}
	err := x.error(at, syntax.SemanticError, message, name)
	err.Code, err.Token = unresolvedCode, name
	return err
}
