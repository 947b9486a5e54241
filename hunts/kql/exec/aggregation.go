package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// aggregation is what the aggregates of a summarize are compiled against.
type aggregation struct {
	rel   *relation
	scope *scope
	names *namer
	used  map[string]bool // columns that are keys: a star leaves them out
}

// accumulator is one aggregate of one group.
type accumulator interface {
	add(row int)
	result() []value.Value
}

// maker makes the accumulators of one aggregate column.
type maker struct {
	names []string
	types []value.Type
	when  func(row int) bool // the condition of countif and its kin
	make  func() accumulator
}

// aggregates are the names that summarize knows, each with the least and the
// most arguments it takes; those that end in if take one more, their condition.
var aggregates = arities(map[string][2]int{
	"count": {0, 1}, "sum": {1, 1}, "min": {1, 1}, "max": {1, 1}, "avg": {1, 1}, "dcount": {1, 2}, "count_distinct": {1, 1}, "make_set": {1, 2}, "makeset": {1, 2}, "make_list": {1, 2}, "makelist": {1, 2},
	"make_list_with_nulls": {1, 1}, "make_bag": {1, 2}, "arg_max": {1, builtin.AnyNumber}, "arg_min": {1, builtin.AnyNumber}, "argmax": {1, builtin.AnyNumber}, "argmin": {1, builtin.AnyNumber}, "take_any": {1, builtin.AnyNumber}, "any": {1, builtin.AnyNumber},
	"binary_all_and": {1, 1}, "binary_all_or": {1, 1}, "binary_all_xor": {1, 1},
	"percentile": {2, 2}, "percentiles": {2, builtin.AnyNumber},
	"stdev": {1, 1}, "stdevp": {1, 1}, "variance": {1, 1}, "variancep": {1, 1},
})

// unknownAggregates are those of the language that summarize does not know:
// sketches, whose inner form is the service's own.
var unknownAggregates = builtin.Words("hll hll_if hll_merge tdigest tdigest_merge merge_tdigest make_dictionary passthrough cnt")

// conditional gives the plain form of an aggregate with a condition, and where
// among its arguments the condition stands.
var conditional = map[string]struct {
	base string
	at   int
}{
	"countif": {"count", 0}, "sumif": {"sum", 1}, "minif": {"min", 1}, "maxif": {"max", 1}, "avgif": {"avg", 1}, "dcountif": {"dcount", 1}, "count_distinctif": {"count_distinct", 1},
	"make_set_if": {"make_set", 1}, "make_list_if": {"make_list", 1}, "make_bag_if": {"make_bag", 1}, "take_anyif": {"take_any", 1}, "stdevif": {"stdev", 1}, "varianceif": {"variance", 1},
}

func arities(of map[string][2]int) map[string]arity {
	out := map[string]arity{}
	for name, n := range of {
		out[name] = arity{n[0], n[1]}
	}
	for name, c := range conditional {
		base := out[c.base]
		switch c.base {
		case "count":
			base.most = 0
		case "any", "take_any":
			base.most = 1
		}
		if base.most != builtin.AnyNumber {
			base.most++
		}
		out[name] = arity{base.least + 1, base.most}
	}
	return out
}

// arity is how many arguments a call may have.
type arity struct{ least, most int }

func (a arity) allows(n int) bool {
	return n >= a.least && (a.most == builtin.AnyNumber || n <= a.most)
}
