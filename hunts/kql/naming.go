package kql

import "strings"

// output is one column that an expression makes: array_sort_asc(a, b) and
// series_stats(a) make several.
type output struct {
	name string
	node *node
	// declared: the query itself wrote the name, and may not write it twice; a
	// name that was derived gives way with a number behind it.
	declared bool
}

// namer gives the columns of one operator their names, as the service does:
// name, name1, name2 for what is there already, Column1, Column2 for what has
// no name.
type namer struct {
	x       *execution
	out     *relation
	unnamed int
	taken   map[string]bool // names declared within the operator
	extends bool            // a declared name takes the place of a column of that name
}

func (x *execution) namer(out *relation) *namer {
	return &namer{x: x, out: out, taken: map[string]bool{}}
}

// name is the name for an output, which the caller then adds to the relation.
func (n *namer) name(o output, at int) (string, error) {
	switch {
	case o.name == "":
		for {
			n.unnamed++
			if name := "Column" + itoa(n.unnamed); n.out.find(name) < 0 {
				return name, nil
			}
		}
	case o.declared && n.taken[o.name]:
		return "", n.x.error(at, SemanticError, "a column with the name %q is already declared", o.name)
	case o.declared && (n.extends || n.out.find(o.name) < 0):
		n.taken[o.name] = true
		return o.name, nil
	}
	name := n.out.unique(o.name)
	n.taken[name] = true
	return name, nil
}

// outputs compiles one column of extend, project, print or a by clause.
func (x *execution) outputs(c column, rel *relation, s *scope) ([]output, error) {
	if call, ok := c.value.(*callExpr); ok {
		if t, ok := tuples[call.name]; ok && s.find(call.name) == nil {
			return x.tupleOutputs(c, call, t, rel, s)
		}
	}
	if len(c.names) > 1 {
		return nil, x.error(c.value.at(), SemanticError, "%d names are given to one value", len(c.names))
	}
	n, err := x.compile(c.value, rel, s)
	if err != nil {
		return nil, err
	}
	o := output{name: implicitName(c.value), node: memo(n)}
	_, o.declared = c.value.(*nameExpr)
	if call, ok := c.value.(*callExpr); ok && n.column != nil && (call.name == "column_ifexists" || call.name == "columnifexists") {
		name, err := x.scalar(call.args[0], s)
		if err != nil {
			return nil, err
		}
		o.name = name.str
	}
	if len(c.names) > 0 {
		o.name, o.declared = c.names[0], true
	}
	return []output{o}, nil
}

// tuple is a function that gives several columns at once. names are what the
// columns are called without a name of their own.
type tuple struct {
	names func(args []expr, nodes []*node) []string
	types func(names []string) []Type
	eval  func(env *callEnv, args []Value) ([]Value, error)
}

// tuples are the functions of several columns. As a part of a larger
// expression they give the first.
var tuples = map[string]tuple{
	"array_sort_asc":  sortTuple(true),
	"array_sort_desc": sortTuple(false),
}

func sortTuple(ascending bool) tuple {
	return tuple{
		names: func(args []expr, nodes []*node) []string {
			var out []string
			for k, a := range args {
				if nodes[k].typ == Bool {
					continue // nulls last or not
				}
				name := implicitName(a)
				if name == "" {
					name = "array" + itoa(k)
				}
				out = append(out, name+"_sorted")
			}
			return out
		},
		types: func(names []string) []Type {
			out := make([]Type, len(names))
			for i := range out {
				out[i] = Dynamic
			}
			return out
		},
		eval: func(_ *callEnv, args []Value) ([]Value, error) { return arraySort(ascending, args) },
	}
}

func (x *execution) tupleOutputs(c column, call *callExpr, t tuple, rel *relation, s *scope) ([]output, error) {
	nodes, err := x.compileAll(call.args, rel, s)
	if err != nil {
		return nil, err
	}
	for i, n := range nodes {
		if n.typ != Dynamic && n.typ != Bool && n.typ != Unknown {
			return nil, x.error(call.args[i].at(), SemanticError, "%s() takes arrays, not %s", call.name, n.typ)
		}
	}
	nodes = x.settle(nodes...)
	names := t.names(call.args, nodes)
	types := t.types(names)
	if len(c.names) > len(names) {
		return nil, x.error(call.at(), SemanticError, "%s() gives %d columns, not %d", call.name, len(names), len(c.names))
	}
	if len(names) == 0 {
		return nil, x.error(call.at(), SemanticError, "%s() lacks its argument", call.name)
	}
	last, row := []Value(nil), -1
	all := func(i int) []Value {
		if row == i && last != nil {
			return last
		}
		args := make([]Value, len(nodes))
		for j, a := range nodes {
			args[j] = a.eval(i)
		}
		got, err := t.eval(x.env, args)
		if err != nil {
			x.fail(x.callError(call.at(), call.name, err))
			got = []Value{}
		}
		last, row = got, i
		return got
	}
	var out []output
	for k, name := range names {
		o := output{name: name}
		if k < len(c.names) {
			o.name, o.declared = c.names[k], true
		}
		o.node = x.derive(types[k], nodes, false, func(i int) Value {
			got := all(i)
			if k >= len(got) {
				return Null(types[k])
			}
			return got[k]
		})
		out = append(out, o)
	}
	if x.failed != nil {
		return nil, x.failed
	}
	return out, nil
}

// words is a set of names written as one text.
func words(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

// The names of columns without a name of their own, as Microsoft's analyser
// gives them (kusto_test.go compares). A call is named by its first argument:
// bin(Time, 1h) is Time; or by a word and that argument: make_set(x) is set_x;
// every other call has no name, and what is built from others has none either.
var (
	namedByArgument = words(`split tostring tohex todynamic toobject tolong toint toreal todouble todatetime totimespan totime tobool toboolean todecimal toguid
		parse_csv parsejson parse_json parse_xml format_datetime format_timespan startofday bin floor bin_at bin_auto binary_and binary_or binary_xor binary_not
		binary_shift_right binary_shift_left bitset_count_ones series_fir series_outliers series_iir series_fill_backward series_fill_forward series_fill_const
		series_fill_linear round ceiling pow sqrt log log2 log10 exp exp2 exp10 cos sin tan acos asin atan atan2 abs rand gamma loggamma erf erfc format_bytes
		take_anyif binary_all_or binary_all_and binary_all_xor make_datetime make_timespan`)
	namePrefix = map[string]string{
		"strlen": "strlen", "string_size": "string_size", "percentile_tdigest": "percentile_tdigest", "dcount_hll": "dcount_hll", "gettype": "type", "treepath": "tree", "repeat": "repeat",
		"percentiles_array_tdigest": "percentile_tdigest", "make_list": "list", "makelist": "list", "make_list_if": "list", "make_list_with_nulls": "list", "make_set": "set", "makeset": "set",
		"make_set_if": "set", "make_bag": "bag", "make_bag_if": "bag", "buildschema": "schema", "tdigest_merge": "merge_tdigests", "merge_tdigest": "merge_tdigests",
	}
)

// implicitName is the name that an expression gives its column; "" for none.
func implicitName(e expr) string {
	switch e := e.(type) {
	case *nameExpr:
		return e.name
	case *memberExpr:
		return join(implicitName(e.of), e.name)
	case *indexExpr:
		key := ""
		if k, ok := e.index.(*litExpr); ok {
			key = k.value.Text()
		}
		return join(implicitName(e.of), key)
	case *callExpr:
		switch {
		case e.name == "ingestion_time":
			return "$IngestionTime"
		case len(e.args) == 0:
		case e.name == "make_datetime" && len(e.args) > 1 || e.name == "make_timespan" && len(e.args) > 1:
		case namedByArgument[e.name]:
			return implicitName(e.args[0])
		case namePrefix[e.name] != "":
			return namePrefix[e.name] + "_" + implicitName(e.args[0])
		}
		if _, ok := aggregates[e.name]; ok {
			return aggregateName(e)
		}
	}
	return ""
}

func join(a, b string) string {
	if a == "" {
		return ""
	}
	return a + "_" + b
}

// aggregateName is how the service names the column of an aggregate: count_,
// sum_Events, list_Name.
func aggregateName(e *callExpr) string {
	argument := ""
	if len(e.args) > 0 {
		argument = implicitName(e.args[0])
	}
	if namedByArgument[e.name] {
		return argument
	}
	prefix, ok := namePrefix[e.name]
	if !ok {
		prefix = e.name
	}
	return prefix + "_" + argument
}
