package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// partitions splits the rows by the values of some nodes, in the order of
// their first rows.
func (x *execution) partitions(by []*node, rows int) ([][]int32, error) {
	keys := x.newKeyer(by)
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
func (x *execution) partition(op *syntax.Partition, r *relation, s *scope) (*relation, error) {
	by, err := x.compile(&syntax.Name{Pos: op.Pos, Name: op.Column}, r, s)
	if err != nil {
		return nil, err
	}
	if by.typ == value.Dynamic {
		return nil, x.error(op.At(), syntax.SemanticError, "rows can't be partitioned by a dynamic; convert it with tostring()")
	}
	parts, err := x.partitions([]*node{by}, r.rows)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return x.operators(op.Body, r, s.snapshot())
	}
	legs := make([]*relation, len(parts))
	rows := 0
	for i, sel := range parts {
		part, err := x.operators(op.Body, r.pick(sel), s.snapshot())
		if err != nil {
			return nil, err
		}
		if legs[i], err = x.materialise(part); err != nil {
			return nil, err
		}
		rows += part.rows
		if err := x.rowBudget(op.At(), rows); err != nil {
			return nil, err
		}
	}
	out := &relation{rows: rows}
	x.unionColumns(out, &syntax.Union{Outer: true}, legs)
	return out, x.step(int64(rows) * int64(len(out.names)))
}

// sampleDistinct gives up to n different values of a column.
func (x *execution) sampleDistinct(op *syntax.SampleDistinct, r *relation, s *scope) (*relation, error) {
	n, err := x.scalar(op.Count, s)
	if err != nil {
		return nil, err
	}
	out, err := x.distinct(&syntax.Distinct{Pos: op.Pos, Columns: []syntax.Named{op.Of}}, r, s)
	if err != nil {
		return nil, err
	}
	return out.head(int(max(0, n.Num))), nil
}

// topHitters counts the values of a column, or adds up a number for each, and
// keeps the largest: exactly, where the service estimates.
func (x *execution) topHitters(op *syntax.TopHitters, r *relation, s *scope) (*relation, error) {
	total := syntax.Named{Names: []string{"approximate_count_" + implicitName(op.Of.Value)}, Value: &syntax.Call{Pos: op.Pos, Name: "count"}}
	if op.By != nil {
		total = syntax.Named{Names: []string{"approximate_sum_" + implicitName(op.By)}, Value: &syntax.Call{Pos: op.Pos, Name: "sum", Args: []syntax.Expr{op.By}}}
	}
	sums, err := x.summarize(&syntax.Summarize{Pos: op.Pos, Aggregates: []syntax.Named{total}, By: []syntax.Named{op.Of}}, r, s)
	if err != nil {
		return nil, err
	}
	n, err := x.scalar(op.Count, s)
	if err != nil {
		return nil, err
	}
	return x.sort([]syntax.SortKey{{Value: &syntax.Name{Pos: op.Pos, Name: sums.names[1]}}}, sums, s, int(max(0, n.Num)))
}

// topNested keeps the largest groups of each level within those of the level
// above (Kusto reference, "top-nested operator").
func (x *execution) topNested(op *syntax.TopNested, r *relation, s *scope) (*relation, error) {
	out, err := x.topLevel(op, op.Levels, r, s)
	if err != nil {
		return nil, err
	}
	return x.materialise(out)
}

func (x *execution) topLevel(op *syntax.TopNested, levels []syntax.NestedLevel, r *relation, s *scope) (*relation, error) {
	level := levels[0]
	here, err := x.summarize(&syntax.Summarize{Pos: op.Pos, Aggregates: []syntax.Named{level.By}, By: []syntax.Named{level.Of}}, r, s)
	if err != nil {
		return nil, err
	}
	if len(here.names) != 2 {
		return nil, x.error(op.At(), syntax.SemanticError, "a level of top-nested takes one aggregate")
	}
	if len(level.By.Names) == 0 {
		here.names[1] = "aggregated_" + here.names[0]
	}
	limit := -1
	if level.Count != nil {
		n, err := x.scalar(level.Count, s)
		if err != nil {
			return nil, err
		}
		limit = int(max(0, n.Num))
	}
	if here, err = x.sort([]syntax.SortKey{{Value: &syntax.Name{Pos: op.Pos, Name: here.names[1]}, Asc: level.Asc, NullsFirst: level.Asc}}, here, s, limit); err != nil {
		return nil, err
	}
	if len(levels) == 1 {
		return here, nil
	}
	outputs, err := x.outputs(level.Of, r, s)
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

func (x *execution) belowEach(op *syntax.TopNested, levels []syntax.NestedLevel, r *relation, s *scope, n nesting) (*relation, error) {
	legs := []*relation{}
	rows := 0
	for i := range n.level.rows {
		want := n.level.vecs[0].At(i)
		for _, sel := range n.parts {
			have := n.key.eval(int(sel[0]))
			if c, ok := value.Compare(have, want); !(ok && c == 0 || !have.Valid && !want.Valid) {
				continue
			}
			below, err := x.topLevel(op, levels[1:], r.pick(sel), s)
			if err != nil {
				return nil, err
			}
			leg := &relation{rows: below.rows}
			for k := range n.level.names {
				leg.add(n.level.names[k], &constant{n.level.vecs[k].At(i)})
			}
			for k, name := range below.names {
				leg.add(leg.unique(name), below.vecs[k])
			}
			legs = append(legs, leg)
			rows += leg.rows
			if err := x.rowBudget(op.At(), rows); err != nil {
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
	x.unionColumns(out, &syntax.Union{Outer: true}, legs)
	return out, nil
}
