package exec

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// union puts tables behind each other. Columns of one name and type are one;
// of one name and several types they become name_type (Kusto reference,
// "union operator").
func (x *execution) union(op *syntax.Union, first *relation, s *scope) (*relation, error) {
	var legs []*relation
	var sources []string
	if first != nil {
		legs, sources = append(legs, first), append(sources, "union_arg0")
	}
	all, err := x.expandLegs(op)
	if err != nil {
		return nil, err
	}
	for _, leg := range all {
		r, err := x.pipeline(leg, s.snapshot())
		if err != nil {
			var missing *syntax.Error
			if op.Fuzzy && isMissing(err, &missing) {
				continue
			}
			return nil, err
		}
		if r, err = x.materialise(r); err != nil {
			return nil, err
		}
		name := "union_arg" + strconv.Itoa(len(sources))
		if t, ok := leg.Source.(*syntax.TableRef); ok {
			name = t.Name
		}
		legs, sources = append(legs, r), append(sources, name)
	}
	if len(legs) == 0 {
		return nil, x.error(op.At(), syntax.SemanticError, "none of the tables of the union exists")
	}
	out := &relation{}
	if op.WithSource != "" {
		st := value.NewStorage(value.String)
		for i, l := range legs {
			for range l.rows {
				st.Add(value.StringValue(sources[i]))
			}
		}
		out.add(op.WithSource, st)
	}
	x.unionColumns(out, op, legs)
	for _, l := range legs {
		out.rows += l.rows
	}
	return out, x.step(int64(out.rows) * int64(1+len(out.names)))
}

func isMissing(err error, to **syntax.Error) bool {
	var e *syntax.Error
	ok := errors.As(err, &e)
	*to = e
	return ok && e.Kind == syntax.SemanticError && e.Token != ""
}

// unionColumns puts columns of one name and type below each other. Where one
// name has several types it becomes a column of each: name_string, name_long.
func (x *execution) unionColumns(out *relation, op *syntax.Union, legs []*relation) {
	var names []string
	types := map[string][]value.Type{}
	seen := map[string]int{}
	for _, l := range legs {
		for i, n := range l.names {
			t := known(l.vecs[i].Type())
			if seen[n] == 0 {
				names = append(names, n)
			}
			seen[n]++
			if !slices.Contains(types[n], t) {
				types[n] = append(types[n], t)
			}
		}
	}
	for _, n := range names {
		if !op.Outer && (seen[n] < len(legs) || len(types[n]) > 1) {
			continue
		}
		for _, t := range types[n] {
			name := n
			if len(types[n]) > 1 {
				name += "_" + t.String()
				if seen[name] > 0 { // a column of that very name is there too, and keeps it
					name = out.unique(name + "1")
				}
			}
			out.add(name, stacked(legs, n, t))
		}
	}
}

// stacked is one column of a union; rows of legs without it have a null.
func stacked(legs []*relation, name string, t value.Type) value.Storage {
	st := value.NewStorage(t)
	for _, l := range legs {
		at := l.find(name)
		if at >= 0 && known(l.vecs[at].Type()) != t {
			at = -1
		}
		for i := range l.rows {
			if at < 0 {
				st.Add(value.Null(t))
				continue
			}
			st.Add(l.vecs[at].At(i))
		}
	}
	return st
}

// expandLegs puts the tables that a pattern stands for in its place.
func (x *execution) expandLegs(op *syntax.Union) ([]*syntax.Pipeline, error) {
	var out []*syntax.Pipeline
	for _, leg := range op.Legs {
		t, ok := leg.Source.(*syntax.TableRef)
		if !ok || !strings.Contains(t.Name, "*") {
			out = append(out, leg)
			continue
		}
		names, err := x.tablesLike(t)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			out = append(out, &syntax.Pipeline{Pos: leg.Pos, Source: &syntax.TableRef{Pos: t.Pos, Name: name}, Ops: leg.Ops})
		}
	}
	return out, nil
}

// tablesLike are the tables of the database that a pattern stands for.
func (x *execution) tablesLike(t *syntax.TableRef) ([]string, error) {
	lister, ok := x.db.(value.Lister)
	if !ok {
		return nil, x.error(t.At(), syntax.Unsupported, "unsupported: all tables at once")
	}
	var out []string
	for _, name := range lister.Tables() {
		if wildcard(t.Name, name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// search looks through tables, all of them when none is named, and tells in
// $table where a row is from.
func (x *execution) search(op *syntax.Search, s *scope) (*relation, error) {
	tables := op.Tables
	if len(tables) == 0 {
		tables = []*syntax.TableRef{{Pos: op.Pos, Name: "*"}}
	}
	u := &syntax.Union{Pos: op.Pos, Outer: true, WithSource: sourceColumn}
	for _, t := range tables {
		u.Legs = append(u.Legs, &syntax.Pipeline{Pos: t.At(), Source: t, Ops: []syntax.Operator{&syntax.Where{Pos: op.Pos, Predicate: op.Predicate}}})
	}
	if namesColumns(op.Predicate) { // which one of the tables alone may lack
		for _, leg := range u.Legs {
			leg.Ops = nil
		}
		all, err := x.union(u, nil, s)
		if err != nil {
			return nil, err
		}
		return x.where(&syntax.Where{Pos: op.Pos, Predicate: op.Predicate}, all, s)
	}
	return x.union(u, nil, s)
}

// sourceColumn is where search says from which table a row is.
const sourceColumn = "$table"

func namesColumns(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Binary:
		_, star := e.X.(*syntax.Star)
		return !star && (namesColumns(e.X) || namesColumns(e.Y))
	case *syntax.Literal:
		return false
	case *syntax.Call:
		return len(e.Args) != 1 || namesColumns(e.Args[0])
	}
	return true
}

// searchRows is search within a pipeline.
func (x *execution) searchRows(op *syntax.Search, r *relation, s *scope) (*relation, error) {
	if len(op.Tables) > 0 {
		return nil, x.error(op.At(), syntax.SemanticError, "search takes no tables behind a pipe")
	}
	out := &relation{rows: r.rows}
	if r.find(sourceColumn) < 0 {
		out.add(sourceColumn, &constant{value.StringValue("")})
	}
	for i, n := range r.names {
		out.add(n, r.vecs[i])
	}
	return x.where(&syntax.Where{Pos: op.Pos, Predicate: op.Predicate}, out, s)
}
