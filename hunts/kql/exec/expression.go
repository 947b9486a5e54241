package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
)

// compileKind turns one kind of expression after the other into a node.
func (x *execution) compileKind(e syntax.Expr, rel *relation, s *scope) (*node, error) {
	switch e := e.(type) {
	case *syntax.Literal:
		return constNode(e.Value), nil
	case *syntax.Name:
		return x.compileName(e, rel, s)
	case *syntax.Unary:
		return x.compileMinus(e, rel, s)
	case *syntax.Binary:
		return x.compileBinary(e, rel, s)
	case *syntax.Between:
		return x.compileBetween(e, rel, s)
	case *syntax.List:
		return x.compileList(e, rel, s)
	case *syntax.Member:
		return x.compileMember(e, rel, s)
	case *syntax.Index:
		return x.compileIndex(e, rel, s)
	case *syntax.Call:
		return x.compileCall(e, rel, s)
	case *syntax.Subquery:
		return nil, x.error(e.At(), syntax.SemanticError, "a table stands where a scalar is expected; use toscalar()")
	case *syntax.Star:
		return nil, x.error(e.At(), syntax.SyntaxError, "* is not a scalar expression")
	}
	return nil, x.error(e.At(), syntax.Unsupported, "unsupported: this expression")
}
