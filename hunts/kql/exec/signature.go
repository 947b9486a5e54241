package exec

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// checkTypes refuses an argument of a type that the function does not take; a
// null without a type is taken everywhere.
func (x *execution) checkTypes(e *syntax.Call, nodes []*node) error {
	switch e.Name {
	case "coalesce", "max_of", "min_of":
		return x.checkCommon(e, nodes)
	case "iff", "iif", "case":
		return x.checkConditions(e, nodes)
	case "bin", "floor", "bin_at":
		return x.checkBins(e, nodes)
	case "make_datetime":
		switch len(nodes) {
		case 1:
			return nil
		case 3, 5, 6:
		default:
			return x.error(e.At(), syntax.SemanticError, "make_datetime() takes year, month and day, hour and minute too, and seconds, not %d arguments", len(nodes))
		}
	}
	kinds, ok := builtin.Signatures[e.Name]
	if !ok {
		return nil
	}
	if kinds == "N" && !slices.ContainsFunc(nodes, func(n *node) bool { return n.typ == value.Dynamic || n.typ == value.Unknown }) {
		return x.error(e.At(), syntax.SemanticError, "%s() takes a series", e.Name)
	}
	for i, n := range nodes {
		kind := builtin.ArgumentKinds[kinds[min(i, len(kinds)-1)]]
		if n.typ == value.Unknown || kind.Types == nil {
			continue
		}
		if !slices.Contains(kind.Types, n.typ) {
			return x.error(e.Args[i].At(), syntax.SemanticError, "%s(): argument %d is %s, not %s", e.Name, i+1, kind.Name, n.typ)
		}
	}
	return nil
}

// checkConditions: the first argument of iff() is a bool, and every other one
// of case() but the last.
func (x *execution) checkConditions(e *syntax.Call, nodes []*node) error {
	for i := 0; i+1 < len(nodes); i += 2 {
		if t := nodes[i].typ; t != value.Bool && t != value.Unknown && (e.Name == "case" || i == 0) {
			return x.error(e.Args[i].At(), syntax.SemanticError, "%s(): argument %d is bool, not %s", e.Name, i+1, t)
		}
	}
	return nil
}

// checkBins: instants and durations are cut by durations, numbers by numbers.
func (x *execution) checkBins(e *syntax.Call, nodes []*node) error {
	of := nodes[0].typ
	for i, n := range nodes {
		ok := n.typ == value.Unknown || n.typ.Numeric()
		if of == value.Datetime || of == value.Timespan {
			ok = n.typ == value.Timespan && i == 1 || n.typ == of && i != 1 || n.typ == value.Unknown
		}
		if !ok {
			return x.error(e.Args[i].At(), syntax.SemanticError, "%s(): argument %d can't be %s where the first is %s", e.Name, i+1, n.typ, of)
		}
	}
	return nil
}

// checkCommon: what stands beside each other has one type, or is a number.
func (x *execution) checkCommon(e *syntax.Call, nodes []*node) error {
	first := value.Unknown
	for i, n := range nodes {
		switch {
		case n.typ == value.Unknown:
		case first == value.Unknown:
			first = n.typ
		case n.typ != first && !(n.typ.Numeric() && first.Numeric()):
			return x.error(e.Args[i].At(), syntax.SemanticError, "%s(): argument %d is %s, while another is %s; convert one", e.Name, i+1, n.typ, first)
		}
	}
	return nil
}
