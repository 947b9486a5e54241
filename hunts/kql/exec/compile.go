package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// compile turns an expression into a node over rel; rel is nil where no row
// takes part. Columns shadow let names.
func (x *execution) compile(e syntax.Expr, rel *relation, s *scope) (*node, error) {
	// functions that call each other twice each would double at every level
	if err := x.charge(e.At()); err != nil {
		return nil, err
	}
	return x.expr(e, rel, s)
}

func (x *execution) compileName(e *syntax.Name, rel *relation, s *scope) (*node, error) {
	if rel != nil {
		if k := rel.find(e.Name); k >= 0 {
			return columnNode(rel.vecs[k], rel.rows), nil
		}
	}
	if l := s.find(e.Name); l != nil {
		switch {
		case l.value != nil:
			return constNode(*l.value), nil
		case l.node != nil:
			return l.node, nil
		case l.table != nil:
			return nil, x.error(e.At(), syntax.SemanticError, "%q is a table, where a scalar is expected; use toscalar()", e.Name)
		}
	}
	return nil, x.unresolved(e.At(), e.Name)
}

func (x *execution) unresolved(at int, name string) error {
	if x.open != "" {
		return x.error(at, syntax.Unsupported, "no row here makes the column %s that %s() may make of others", name, x.open)
	}
	err := x.error(at, syntax.SemanticError, "Failed to resolve scalar expression named '%s'", name)
	err.Code, err.Token = unresolvedCode, name
	return err
}

func (x *execution) compileAll(list []syntax.Expr, rel *relation, s *scope) ([]*node, error) {
	out := make([]*node, len(list))
	for i, e := range list {
		n, err := x.compile(e, rel, s)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

func (x *execution) compileMember(e *syntax.Member, rel *relation, s *scope) (*node, error) {
	of, err := x.compile(e.Of, rel, s)
	if err != nil {
		return nil, err
	}
	if of.typ != value.Dynamic && of.typ != value.Unknown {
		return nil, x.error(e.At(), syntax.SemanticError, "a property can't be taken from a value of type %s", of.typ)
	}
	name := e.Name
	return x.derive(value.Dynamic, []*node{of}, false, func(i int) value.Value {
		if bag, ok := of.eval(i).Dyn.(*value.Bag); ok {
			v, _ := bag.Get(name)
			return value.DynamicValue(v)
		}
		return value.Null(value.Dynamic)
	}), nil
}

func (x *execution) compileIndex(e *syntax.Index, rel *relation, s *scope) (*node, error) {
	of, err := x.compile(e.Of, rel, s)
	if err != nil {
		return nil, err
	}
	if of.typ != value.Dynamic && of.typ != value.Unknown {
		return nil, x.error(e.At(), syntax.SemanticError, "an element can't be taken from a value of type %s", of.typ)
	}
	index, err := x.compile(e.Index, rel, s)
	if err != nil {
		return nil, err
	}
	args := x.settle(of, index)
	of, index = args[0], args[1]
	return x.derive(value.Dynamic, args, false, func(i int) value.Value {
		key := index.eval(i)
		if key.Kind == value.Dynamic {
			key = value.FromDynamic(key.Dyn)
		}
		switch d := of.eval(i).Dyn.(type) {
		case *value.Bag:
			if key.Kind == value.String {
				v, _ := d.Get(key.Str)
				return value.DynamicValue(v)
			}
		case []any:
			n := key.Num
			if !key.Valid || key.Kind == value.String {
				return value.Null(value.Dynamic)
			}
			if n < 0 {
				n += int64(len(d))
			}
			if n >= 0 && n < int64(len(d)) {
				return value.DynamicValue(d[n])
			}
		}
		return value.Null(value.Dynamic)
	}), nil
}
