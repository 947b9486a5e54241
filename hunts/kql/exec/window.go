package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// window compiles the functions that see neighbouring rows.
func (x *execution) window(e *syntax.Call, rel *relation, s *scope) (*node, error) {
	if rel == nil {
		return nil, x.error(e.At(), syntax.SemanticError, "%s() needs ordered rows", e.Name)
	}
	nodes, err := x.compileAll(e.Args, rel, s)
	if err != nil {
		return nil, err
	}
	n := &node{impure: true, cost: costCall, rows: rel.rows}
	n.test = func(i int) bool { return n.eval(i).AsBool() }
	switch {
	case (e.Name == "prev" || e.Name == "next") && len(nodes) >= 1:
		n.typ = nodes[0].typ
		n.eval = neighbour(e.Name == "prev", nodes, rel.rows)
	case e.Name == "row_number":
		n.typ = value.Long
		n.eval = x.running(rel.rows, nodes, 1, func(acc value.Value, i int, restart bool) value.Value {
			if restart || !acc.Valid {
				if len(nodes) > 0 {
					return value.LongValue(nodes[0].eval(i).Num)
				}
				return value.LongValue(1)
			}
			return value.LongValue(acc.Num + 1)
		})
	case e.Name == "row_cumsum" && len(nodes) >= 1:
		n.typ = nodes[0].typ
		n.eval = x.running(rel.rows, nodes, 1, func(acc value.Value, i int, restart bool) value.Value {
			v := nodes[0].eval(i)
			if restart || !acc.Valid {
				return v
			}
			return calculate("+", n.typ, acc, v)
		})
	case (e.Name == "row_rank_dense" || e.Name == "row_rank_min") && len(nodes) >= 1:
		n.typ = value.Long
		n.eval = rank(e.Name == "row_rank_min", nodes, rel.rows)
	case e.Name == "row_window_session" && (len(nodes) == 3 || len(nodes) == 4):
		if nodes[0].typ != value.Datetime {
			return nil, x.error(e.At(), syntax.SemanticError, "row_window_session() takes a datetime, not %s", nodes[0].typ)
		}
		n.typ = value.Datetime
		n.eval = session(nodes, rel.rows)
	default:
		return nil, x.error(e.At(), syntax.Unsupported, "unsupported: the function %s()", e.Name)
	}
	return n, nil
}

func neighbour(back bool, nodes []*node, rows int) func(int) value.Value {
	return func(i int) value.Value {
		offset := 1
		if len(nodes) > 1 {
			offset = int(nodes[1].eval(i).Num)
		}
		k := i + offset
		if back {
			k = i - offset
		}
		if k >= 0 && k < rows {
			return nodes[0].eval(k)
		}
		if len(nodes) > 2 {
			return nodes[2].eval(i)
		}
		return value.Null(nodes[0].typ)
	}
}

// running computes all rows on the first look, since each needs the one
// before it. The argument at restartAt, if given, begins anew where it is true.
func (x *execution) running(rows int, nodes []*node, restartAt int, next func(acc value.Value, i int, restart bool) value.Value) func(int) value.Value {
	var all []value.Value
	return func(i int) value.Value {
		if all == nil {
			all = make([]value.Value, rows)
			acc := value.Value{}
			for k := range rows {
				restart := len(nodes) > restartAt && nodes[restartAt].eval(k).AsBool()
				acc = next(acc, k, restart)
				all[k] = acc
			}
		}
		return all[i]
	}
}

func rank(minimum bool, nodes []*node, rows int) func(int) value.Value {
	var all []int64
	return func(i int) value.Value {
		if all == nil {
			all = make([]int64, rows)
			place, count := int64(0), int64(0)
			for k := range rows {
				if len(nodes) > 1 && nodes[1].eval(k).AsBool() {
					place, count = 0, 0
				}
				count++
				c, ok := 1, true
				if k > 0 {
					c, ok = value.Compare(nodes[0].eval(k-1), nodes[0].eval(k))
				}
				switch {
				case place == 0:
					place = 1
				case (c != 0 || !ok) && minimum:
					place = count
				case c != 0 || !ok:
					place++
				}
				all[k] = place
			}
		}
		return value.LongValue(all[i])
	}
}

// session gives each row the beginning of its session: a new one begins after
// a null, maxLength behind the first row, or maxGap behind the last.
func session(nodes []*node, rows int) func(int) value.Value {
	var all []value.Value
	return func(i int) value.Value {
		if all != nil {
			return all[i]
		}
		all = make([]value.Value, rows)
		start, last := value.Null(value.Datetime), value.Null(value.Datetime)
		for k := range rows {
			v := nodes[0].eval(k)
			length, gap := nodes[1].eval(k), nodes[2].eval(k)
			restart := len(nodes) > 3 && nodes[3].eval(k).AsBool()
			if !v.Valid || !start.Valid || restart || length.Valid && v.Num >= start.Num+length.Num || gap.Valid && v.Num >= last.Num+gap.Num {
				start = v
			}
			last, all[k] = v, start
		}
		return all[i]
	}
}
