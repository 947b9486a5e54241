package kql

// window compiles the functions that see neighbouring rows.
func (x *execution) window(e *callExpr, rel *relation, s *scope) (*node, error) {
	if rel == nil {
		return nil, x.error(e.at(), SemanticError, "%s() needs ordered rows", e.name)
	}
	nodes, err := x.compileAll(e.args, rel, s)
	if err != nil {
		return nil, err
	}
	n := &node{impure: true, cost: costCall, rows: rel.rows}
	n.test = func(i int) bool { return n.eval(i).AsBool() }
	switch {
	case (e.name == "prev" || e.name == "next") && len(nodes) >= 1:
		n.typ = nodes[0].typ
		n.eval = neighbour(e.name == "prev", nodes, rel.rows)
	case e.name == "row_number":
		n.typ = Long
		n.eval = x.running(rel.rows, nodes, 1, func(acc Value, i int, restart bool) Value {
			if restart || !acc.valid {
				if len(nodes) > 0 {
					return LongValue(nodes[0].eval(i).num)
				}
				return LongValue(1)
			}
			return LongValue(acc.num + 1)
		})
	case e.name == "row_cumsum" && len(nodes) >= 1:
		n.typ = nodes[0].typ
		n.eval = x.running(rel.rows, nodes, 1, func(acc Value, i int, restart bool) Value {
			v := nodes[0].eval(i)
			if restart || !acc.valid {
				return v
			}
			return calculate("+", n.typ, acc, v)
		})
	case (e.name == "row_rank_dense" || e.name == "row_rank_min") && len(nodes) >= 1:
		n.typ = Long
		n.eval = rank(e.name == "row_rank_min", nodes, rel.rows)
	case e.name == "row_window_session" && (len(nodes) == 3 || len(nodes) == 4):
		if nodes[0].typ != Datetime {
			return nil, x.error(e.at(), SemanticError, "row_window_session() takes a datetime, not %s", nodes[0].typ)
		}
		n.typ = Datetime
		n.eval = session(nodes, rel.rows)
	default:
		return nil, x.error(e.at(), Unsupported, "unsupported: the function %s()", e.name)
	}
	return n, nil
}

func neighbour(back bool, nodes []*node, rows int) func(int) Value {
	return func(i int) Value {
		offset := 1
		if len(nodes) > 1 {
			offset = int(nodes[1].eval(i).num)
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
		return Null(nodes[0].typ)
	}
}

// running computes all rows on the first look, since each needs the one
// before it. The argument at restartAt, if given, begins anew where it is true.
func (x *execution) running(rows int, nodes []*node, restartAt int, next func(acc Value, i int, restart bool) Value) func(int) Value {
	var all []Value
	return func(i int) Value {
		if all == nil {
			all = make([]Value, rows)
			acc := Value{}
			for k := range rows {
				restart := len(nodes) > restartAt && nodes[restartAt].eval(k).AsBool()
				acc = next(acc, k, restart)
				all[k] = acc
			}
		}
		return all[i]
	}
}

func rank(minimum bool, nodes []*node, rows int) func(int) Value {
	var all []int64
	return func(i int) Value {
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
					c, ok = compareValues(nodes[0].eval(k-1), nodes[0].eval(k))
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
		return LongValue(all[i])
	}
}

// session gives each row the beginning of its session: a new one begins after
// a null, maxLength behind the first row, or maxGap behind the last.
func session(nodes []*node, rows int) func(int) Value {
	var all []Value
	return func(i int) Value {
		if all != nil {
			return all[i]
		}
		all = make([]Value, rows)
		start, last := Null(Datetime), Null(Datetime)
		for k := range rows {
			v := nodes[0].eval(k)
			length, gap := nodes[1].eval(k), nodes[2].eval(k)
			restart := len(nodes) > 3 && nodes[3].eval(k).AsBool()
			if !v.valid || !start.valid || restart || length.valid && v.num >= start.num+length.num || gap.valid && v.num >= last.num+gap.num {
				start = v
			}
			last, all[k] = v, start
		}
		return all[i]
	}
}
