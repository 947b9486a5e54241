package kql

import (
	"slices"
	"strings"
)

// output is one column that an expression makes: array_sort_asc(a, b) and
// arg_max make several.
type output struct {
	name string
	node *node
}

func (x *execution) outputs(c column, rel *relation, s *scope, unnamed string) ([]output, error) {
	if call, ok := c.value.(*callExpr); ok && (call.name == "array_sort_asc" || call.name == "array_sort_desc") && len(call.args) > 1 {
		return x.sortOutputs(c, call, rel, s)
	}
	if _, ok := c.value.(*starExpr); ok {
		var all []output
		for i, n := range rel.names {
			all = append(all, output{n, columnNode(rel.vecs[i], rel.rows)})
		}
		return all, nil
	}
	n, err := x.compile(c.value, rel, s)
	if err != nil {
		return nil, err
	}
	name := unnamed
	switch {
	case len(c.names) > 0:
		name = c.names[0]
	case implicitName(c.value) != "":
		name = implicitName(c.value)
	}
	return []output{{name, memo(n)}}, nil
}

func (x *execution) sortOutputs(c column, call *callExpr, rel *relation, s *scope) ([]output, error) {
	nodes, err := x.compileAll(call.args, rel, s)
	if err != nil {
		return nil, err
	}
	var out []output
	for k := range nodes {
		if _, isFlag := call.args[k].(*litExpr); isFlag && nodes[k].typ == Bool {
			continue
		}
		name := implicitName(call.args[k])
		if name == "" {
			name = "array" + itoa(k+1)
		}
		name += "_sorted"
		if k < len(c.names) {
			name = c.names[k]
		}
		n := x.derive(Dynamic, nodes, false, func(i int) Value {
			args := make([]Value, len(nodes))
			for j, a := range nodes {
				args[j] = a.eval(i)
			}
			sorted, err := arraySort(call.name == "array_sort_asc", args)
			if err != nil || k >= len(sorted) {
				return Null(Dynamic)
			}
			return sorted[k]
		})
		out = append(out, output{name, n})
	}
	return out, nil
}

// implicitName is the name that an expression gives its column; "" for none.
func implicitName(e expr) string {
	switch e := e.(type) {
	case *nameExpr:
		return e.name
	case *memberExpr:
		return join(implicitName(e.of), e.name)
	case *indexExpr:
		if k, ok := e.index.(*litExpr); ok {
			return join(implicitName(e.of), k.value.Text())
		}
	case *callExpr:
		if namedByArgument(e.name) && len(e.args) > 0 {
			return implicitName(e.args[0])
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

// firstArgument names the columns of calls without a name of their own by the
// column that they take.
var firstArgument = []string{"bin", "floor", "tostring", "tolong", "toint", "toreal", "todouble", "tobool", "todatetime", "totimespan", "todynamic", "parse_json", "toguid", "todecimal", "bin_at", "round", "ceiling"}

func namedByArgument(name string) bool { return slices.Contains(firstArgument, name) }

// defaultName is how the service names the column of an aggregate: count_,
// sum_Events, percentile_Gap_50.
func defaultName(name string, args []expr) string {
	parts := []string{name}
	if len(args) > 0 {
		parts = append(parts, implicitName(args[0]))
	} else {
		parts = append(parts, "")
	}
	return strings.Join(parts, "_")
}
