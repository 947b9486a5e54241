package exec

import (
	"cmp"
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// sort orders the rows; limit below zero keeps all of them. The order is
// stable, and nulls come where the query or the direction says.
func (x *execution) sort(keys []syntax.SortKey, r *relation, s *scope, limit int) (*relation, error) {
	if limit < 0 || limit > r.rows {
		limit = r.rows
	}
	columns := make([]sortColumn, len(keys))
	for i, k := range keys {
		n, err := x.compile(k.Value, r, s)
		if err != nil {
			return nil, err
		}
		if columns[i], err = x.sortColumn(memo(n), k, r.rows); err != nil {
			return nil, err
		}
	}
	less := func(a, b int32) int {
		for i := range columns {
			if c := columns[i].compare(a, b); c != 0 {
				return c
			}
		}
		return cmp.Compare(a, b)
	}
	if limit < r.rows/8 {
		return r.pick(smallest(r.rows, limit, less)), nil
	}
	order := make([]int32, r.rows)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, less)
	if err := x.step(int64(r.rows) * 16); err != nil {
		return nil, err
	}
	return r.pick(order[:limit]), nil
}

// smallest keeps the first n of the order in a heap whose top is the last of them.
func smallest(rows, n int, compare func(a, b int32) int) []int32 {
	heap := make([]int32, 0, n)
	down := func(at int) {
		for {
			big := at
			for _, child := range []int{2*at + 1, 2*at + 2} {
				if child < len(heap) && compare(heap[child], heap[big]) > 0 {
					big = child
				}
			}
			if big == at {
				return
			}
			heap[at], heap[big] = heap[big], heap[at]
			at = big
		}
	}
	for i := range int32(rows) {
		switch {
		case len(heap) < n:
			heap = append(heap, i)
			for at := len(heap) - 1; at > 0; {
				up := (at - 1) / 2
				if compare(heap[at], heap[up]) <= 0 {
					break
				}
				heap[at], heap[up] = heap[up], heap[at]
				at = up
			}
		case n > 0 && compare(i, heap[0]) < 0:
			heap[0] = i
			down(0)
		}
	}
	slices.SortFunc(heap, compare)
	return heap
}

type sortColumn struct{ compare func(a, b int32) int }

func (x *execution) sortColumn(n *node, k syntax.SortKey, rows int) (sortColumn, error) {
	if n.typ == value.Dynamic {
		return sortColumn{}, x.error(k.Value.At(), syntax.SemanticError, "rows can't be sorted by a dynamic; convert it first")
	}
	sign := -1
	if k.Asc {
		sign = 1
	}
	nulls := 1
	if k.NullsFirst {
		nulls = -1
	}
	switch n.typ {
	case value.Bool, value.Int, value.Long, value.Datetime, value.Timespan:
		vals, null := make([]int64, rows), make([]bool, rows)
		for i := range rows {
			v := n.eval(i)
			vals[i], null[i] = v.Num, !v.Valid
		}
		return sortColumn{func(a, b int32) int {
			if null[a] || null[b] {
				return nullOrder(null[a], null[b], nulls)
			}
			return sign * cmp.Compare(vals[a], vals[b])
		}}, x.step(int64(rows))
	case value.Real, value.Decimal:
		vals, null := make([]float64, rows), make([]bool, rows)
		for i := range rows {
			v := n.eval(i)
			vals[i], null[i] = v.Real, !v.Valid
		}
		return sortColumn{func(a, b int32) int {
			if null[a] || null[b] {
				return nullOrder(null[a], null[b], nulls)
			}
			return sign * cmp.Compare(vals[a], vals[b])
		}}, x.step(int64(rows))
	}
	vals := make([]string, rows)
	for i := range rows {
		vals[i] = n.eval(i).Text()
		if n.column == nil {
			if err := x.grow(16 + len(vals[i])); err != nil {
				return sortColumn{}, err
			}
		}
	}
	return sortColumn{func(a, b int32) int { return sign * cmp.Compare(vals[a], vals[b]) }}, x.step(int64(rows))
}

func nullOrder(a, b bool, nulls int) int {
	switch {
	case a == b:
		return 0
	case a:
		return nulls
	}
	return -nulls
}
