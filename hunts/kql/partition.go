package kql

// partitions splits the rows by the values of some nodes, in the order of
// their first rows.
func (x *execution) partitions(by []*node, rows int) ([][]int32, error) {
	keys := newKeyer(by)
	var out [][]int32
	for i := range rows {
		if err := x.step(int64(1 + len(by))); err != nil {
			return nil, err
		}
		g, isNew := keys.group(i)
		if isNew {
			if err := x.grow(groupBytes); err != nil {
				return nil, err
			}
			out = append(out, nil)
		}
		out[g] = append(out[g], int32(i))
	}
	return out, nil
}

// partition runs operators over the rows of each value of a column by
// themselves, and puts the results behind each other.
func (x *execution) partition(op *partitionOp, r *relation, s *scope) (*relation, error) {
	by, err := x.compile(&nameExpr{op.position, op.column}, r, s)
	if err != nil {
		return nil, err
	}
	if by.typ == Dynamic {
		return nil, x.error(op.at(), SemanticError, "rows can't be partitioned by a dynamic; convert it with tostring()")
	}
	parts, err := x.partitions([]*node{by}, r.rows)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return x.operators(op.body, r, s.snapshot())
	}
	legs := make([]*relation, len(parts))
	rows := 0
	for i, sel := range parts {
		part, err := x.operators(op.body, r.pick(sel), s.snapshot())
		if err != nil {
			return nil, err
		}
		if legs[i], err = x.materialise(part); err != nil {
			return nil, err
		}
		rows += part.rows
		if err := x.rowBudget(op.at(), rows); err != nil {
			return nil, err
		}
	}
	out := &relation{rows: rows}
	x.unionColumns(out, &unionOp{outer: true}, legs)
	return out, x.step(int64(rows) * int64(len(out.names)))
}

// sampleDistinct gives up to n different values of a column.
func (x *execution) sampleDistinct(op *sampleOp, r *relation, s *scope) (*relation, error) {
	n, err := x.scalar(op.count, s)
	if err != nil {
		return nil, err
	}
	out, err := x.distinct(&distinctOp{op.position, []column{op.of}}, r, s)
	if err != nil {
		return nil, err
	}
	return out.head(int(max(0, n.num))), nil
}

// topHitters counts the values of a column, or adds up a number for each, and
// keeps the largest: exactly, where the service estimates.
func (x *execution) topHitters(op *topHittersOp, r *relation, s *scope) (*relation, error) {
	total := column{names: []string{"approximate_count_" + implicitName(op.of.value)}, value: &callExpr{position: op.position, name: "count"}}
	if op.by != nil {
		total = column{names: []string{"approximate_sum_" + implicitName(op.by)}, value: &callExpr{position: op.position, name: "sum", args: []expr{op.by}}}
	}
	sums, err := x.summarize(&summarizeOp{op.position, []column{total}, []column{op.of}}, r, s)
	if err != nil {
		return nil, err
	}
	n, err := x.scalar(op.count, s)
	if err != nil {
		return nil, err
	}
	return x.sort([]sortKey{{value: &nameExpr{op.position, sums.names[1]}}}, sums, s, int(max(0, n.num)))
}

// topNested keeps the largest groups of each level within those of the level
// above (Kusto reference, "top-nested operator").
func (x *execution) topNested(op *topNestedOp, r *relation, s *scope) (*relation, error) {
	out, err := x.topLevel(op, op.levels, r, s)
	if err != nil {
		return nil, err
	}
	return x.materialise(out)
}

func (x *execution) topLevel(op *topNestedOp, levels []nestedLevel, r *relation, s *scope) (*relation, error) {
	level := levels[0]
	here, err := x.summarize(&summarizeOp{op.position, []column{level.by}, []column{level.of}}, r, s)
	if err != nil {
		return nil, err
	}
	if len(here.names) != 2 {
		return nil, x.error(op.at(), SemanticError, "a level of top-nested takes one aggregate")
	}
	if len(level.by.names) == 0 {
		here.names[1] = "aggregated_" + here.names[0]
	}
	limit := -1
	if level.count != nil {
		n, err := x.scalar(level.count, s)
		if err != nil {
			return nil, err
		}
		limit = int(max(0, n.num))
	}
	if here, err = x.sort([]sortKey{{value: &nameExpr{op.position, here.names[1]}, asc: level.asc, nullsFirst: level.asc}}, here, s, limit); err != nil {
		return nil, err
	}
	if len(levels) == 1 {
		return here, nil
	}
	outputs, err := x.outputs(level.of, r, s)
	if err != nil {
		return nil, err
	}
	parts, err := x.partitions([]*node{outputs[0].node}, r.rows)
	if err != nil {
		return nil, err
	}
	return x.belowEach(op, levels, r, s, nesting{here, outputs[0].node, parts})
}

// nesting is one level with the rows of each of its groups.
type nesting struct {
	level *relation
	key   *node
	parts [][]int32
}

func (x *execution) belowEach(op *topNestedOp, levels []nestedLevel, r *relation, s *scope, n nesting) (*relation, error) {
	legs := []*relation{}
	rows := 0
	for i := range n.level.rows {
		want := n.level.vecs[0].at(i)
		for _, sel := range n.parts {
			have := n.key.eval(int(sel[0]))
			if c, ok := compareValues(have, want); !(ok && c == 0 || !have.valid && !want.valid) {
				continue
			}
			below, err := x.topLevel(op, levels[1:], r.pick(sel), s)
			if err != nil {
				return nil, err
			}
			leg := &relation{rows: below.rows}
			for k := range n.level.names {
				leg.add(n.level.names[k], &constant{n.level.vecs[k].at(i)})
			}
			for k, name := range below.names {
				leg.add(leg.unique(name), below.vecs[k])
			}
			legs = append(legs, leg)
			rows += leg.rows
			if err := x.rowBudget(op.at(), rows); err != nil {
				return nil, err
			}
		}
	}
	if len(legs) == 0 {
		below, err := x.topLevel(op, levels[1:], r.pick([]int32{}), s)
		if err != nil {
			return nil, err
		}
		leg := &relation{}
		for k := range n.level.names {
			leg.add(n.level.names[k], n.level.vecs[k])
		}
		for k, name := range below.names {
			leg.add(leg.unique(name), below.vecs[k])
		}
		return leg, nil
	}
	out := &relation{rows: rows}
	x.unionColumns(out, &unionOp{outer: true}, legs)
	return out, nil
}
