package exec

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// joinKey is one equality of a join.
type joinKey struct {
	left, right *node
	rightName   string
}

// join evaluates join and lookup with all their kinds. The left side decides
// the order of the rows.
func (x *execution) join(op *syntax.Join, left *relation, s *scope) (*relation, error) {
	right, err := x.pipeline(op.Right, s.snapshot())
	if err != nil {
		return nil, err
	}
	if right, err = x.materialise(right); err != nil {
		return nil, err
	}
	keys, err := x.joinKeys(op, left, right, s)
	if err != nil {
		return nil, err
	}
	leftCodes, rightCodes := x.newJoinCodes(keys)
	kind := op.Kind
	if kind == "innerunique" {
		if left, leftCodes, err = x.uniqueLeft(left, leftCodes); err != nil {
			return nil, err
		}
	}
	byKey := map[string][]int32{}
	for i := range right.rows {
		if err := x.step(int64(len(keys))); err != nil {
			return nil, err
		}
		if k, ok := rightCodes(i); ok {
			if err := x.grow(groupBytes); err != nil {
				return nil, err
			}
			byKey[string(k)] = append(byKey[string(k)], int32(i))
		}
	}
	pairs, err := x.pair(op, kind, left.rows, right.rows, leftCodes, byKey)
	if err != nil {
		return nil, err
	}
	return x.joined(op, kind, left, right, keys, pairs)
}

// joinKeys reads the equalities: a column of both sides, or $left.a == $right.b.
func (x *execution) joinKeys(op *syntax.Join, left, right *relation, s *scope) ([]joinKey, error) {
	var keys []joinKey
	for _, e := range conjunctsOf(op.On) {
		var k joinKey
		switch e := e.(type) {
		case *syntax.Name:
			k.rightName = e.Name
			l, r := left.find(e.Name), right.find(e.Name)
			if l < 0 || r < 0 {
				return nil, x.unresolved(e.At(), e.Name)
			}
			k.left, k.right = columnNode(left.vecs[l], left.rows), columnNode(right.vecs[r], right.rows)
		case *syntax.Binary:
			a, b, ok := sides(e)
			if !ok {
				return nil, x.error(e.At(), syntax.Unsupported, "unsupported: a join condition other than $left.a == $right.b")
			}
			l, r := left.find(a), right.find(b)
			if l < 0 {
				return nil, x.unresolved(e.At(), a)
			}
			if r < 0 {
				return nil, x.unresolved(e.At(), b)
			}
			k.left, k.right = columnNode(left.vecs[l], left.rows), columnNode(right.vecs[r], right.rows)
			k.rightName = b
		default:
			return nil, x.error(e.At(), syntax.Unsupported, "unsupported: this join condition")
		}
		if k.left.typ == value.Dynamic || k.right.typ == value.Dynamic {
			return nil, x.error(e.At(), syntax.SemanticError, "a join key can't be dynamic; convert it first")
		}
		if !comparableTypes(k.left.typ, k.right.typ) {
			return nil, x.error(e.At(), syntax.SemanticError, "a join can't compare %s with %s", k.left.typ, k.right.typ)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func conjunctsOf(list []syntax.Expr) []syntax.Expr {
	var out []syntax.Expr
	for _, e := range list {
		out = conjuncts(e, out)
	}
	return out
}

func sides(e *syntax.Binary) (left, right string, ok bool) {
	if e.Op != "==" {
		return "", "", false
	}
	for _, side := range []syntax.Expr{e.X, e.Y} {
		m, isMember := side.(*syntax.Member)
		if !isMember {
			return "", "", false
		}
		of, isName := m.Of.(*syntax.Name)
		switch {
		case isName && of.Name == "$left":
			left = m.Name
		case isName && of.Name == "$right":
			right = m.Name
		}
	}
	return left, right, left != "" && right != ""
}

// newJoinCodes numbers both sides with one set of numbers. A null or, in the
// service, an empty text is a key like any other; a null is none.
func (x *execution) newJoinCodes(keys []joinKey) (left, right func(int) ([]byte, bool)) {
	lk, rk := &keyer{}, &keyer{}
	for _, k := range keys {
		names := x.newInterner()
		lk.codes = append(lk.codes, coder(k.left, names))
		rk.codes = append(rk.codes, coder(k.right, names))
	}
	side := func(k *keyer, node func(joinKey) *node) func(int) ([]byte, bool) {
		return func(i int) ([]byte, bool) {
			for _, j := range keys {
				if n := node(j); n.typ != value.String && !n.eval(i).Valid {
					return nil, false
				}
			}
			return k.key(i), true
		}
	}
	return side(lk, func(j joinKey) *node { return j.left }), side(rk, func(j joinKey) *node { return j.right })
}

// uniqueLeft keeps the first row of each key: the default kind of join.
func (x *execution) uniqueLeft(left *relation, codes func(int) ([]byte, bool)) (*relation, func(int) ([]byte, bool), error) {
	seen := map[string]bool{}
	sel := []int32{}
	for i := range left.rows {
		if err := x.step(1); err != nil {
			return nil, nil, err
		}
		if k, ok := codes(i); ok && !seen[string(k)] {
			seen[string(k)] = true
			sel = append(sel, int32(i))
		}
	}
	return left.pick(sel), func(i int) ([]byte, bool) { return codes(int(sel[i])) }, nil
}

// pair lists which rows stand together; -1 is the missing side.
type joinPair struct{ left, right int32 }

func (x *execution) pair(op *syntax.Join, kind string, leftRows, rightRows int, codes func(int) ([]byte, bool), byKey map[string][]int32) ([]joinPair, error) {
	var out []joinPair
	used := make([]bool, rightRows)
	for i := range leftRows {
		var found []int32
		if k, ok := codes(i); ok {
			found = byKey[string(k)]
		}
		for _, r := range found {
			used[r] = true
		}
		switch kind {
		case "inner", "innerunique", "leftouter", "fullouter", "rightouter":
			for _, r := range found {
				out = append(out, joinPair{int32(i), r})
			}
			if len(found) == 0 && (kind == "leftouter" || kind == "fullouter") {
				out = append(out, joinPair{int32(i), -1})
			}
		case "leftsemi":
			if len(found) > 0 {
				out = append(out, joinPair{int32(i), -1})
			}
		case "leftanti", "anti", "leftantisemi":
			if len(found) == 0 {
				out = append(out, joinPair{int32(i), -1})
			}
		case "rightsemi", "rightanti", "rightantisemi":
		default:
			return nil, x.error(op.At(), syntax.Unsupported, "unsupported: join kind=%s", kind)
		}
		if err := x.step(int64(1 + len(found))); err != nil {
			return nil, err
		}
		if err := x.rowBudget(op.At(), len(out)); err != nil {
			return nil, err
		}
	}
	for r := range used {
		take := false
		switch kind {
		case "rightouter", "fullouter", "rightanti", "rightantisemi":
			take = !used[r]
		case "rightsemi":
			take = used[r]
		}
		if take {
			out = append(out, joinPair{-1, int32(r)})
		}
	}
	return out, nil
}

func (x *execution) joined(op *syntax.Join, kind string, left, right *relation, keys []joinKey, pairs []joinPair) (*relation, error) {
	out := &relation{rows: len(pairs)}
	showLeft, showRight := true, true
	switch kind {
	case "leftsemi", "leftanti", "anti", "leftantisemi":
		showRight = false
	case "rightsemi", "rightanti", "rightantisemi":
		showLeft = false
	}
	if showLeft {
		for i, n := range left.names {
			out.add(n, gather(left.vecs[i], pairs, func(p joinPair) int32 { return p.left }))
		}
	}
	if showRight {
		for i, n := range right.names {
			if op.Lookup && isKey(keys, right, i) {
				continue
			}
			name := n
			if out.find(n) >= 0 { // a name that neither side has
				name = out.uniqueBeside(n, right)
			}
			out.add(name, gather(right.vecs[i], pairs, func(p joinPair) int32 { return p.right }))
		}
	}
	return out, x.step(int64(len(pairs) * len(out.names)))
}

// isKey: a lookup does not repeat the columns it looked up by.
func isKey(keys []joinKey, right *relation, column int) bool {
	return slices.ContainsFunc(keys, func(k joinKey) bool { return k.rightName == right.names[column] })
}

func gather(v value.Vector, pairs []joinPair, side func(joinPair) int32) value.Vector {
	rows := make([]int32, len(pairs))
	whole := true
	for i, p := range pairs {
		rows[i] = side(p)
		whole = whole && rows[i] >= 0
	}
	if whole {
		return (&relation{names: []string{""}, vecs: []value.Vector{v}, rows: len(rows)}).pick(rows).vecs[0]
	}
	return &gathered{v, rows}
}
