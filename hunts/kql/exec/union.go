package exec

import (
	"errors"
	"slices"
	"strconv"

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
	for _, leg := range op.Legs {
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

func known(t value.Type) value.Type {
	if t == value.Unknown {
		return value.String
	}
	return t
}
