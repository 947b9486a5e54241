package exec

import (
	"strconv"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

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
			if name := "Column" + strconv.Itoa(n.unnamed); n.out.find(name) < 0 {
				return name, nil
			}
		}
	case o.declared && n.taken[o.name]:
		return "", n.x.error(at, syntax.SemanticError, "a column with the name %q is already declared", o.name)
	case o.declared && (n.extends || n.out.find(o.name) < 0):
		n.taken[o.name] = true
		return o.name, nil
	}
	name := n.out.unique(o.name)
	n.taken[name] = true
	return name, nil
}

// outputs compiles one column of extend, project, print or a by clause.
func (x *execution) outputs(c syntax.Named, rel *relation, s *scope) ([]output, error) {
	if call, ok := c.Value.(*syntax.Call); ok {
		if t, ok := tupleNamed(call.Name); ok && s.find(call.Name) == nil {
			return x.tupleOutputs(c, call, t, rel, s)
		}
	}
	if len(c.Names) > 1 {
		return nil, x.error(c.Value.At(), syntax.SemanticError, "%d names are given to one value", len(c.Names))
	}
	n, err := x.compile(c.Value, rel, s)
	if err != nil {
		return nil, err
	}
	o := output{name: implicitName(c.Value), node: memo(n)}
	_, o.declared = c.Value.(*syntax.Name)
	if call, ok := c.Value.(*syntax.Call); ok && n.column != nil && (call.Name == "column_ifexists" || call.Name == "columnifexists") {
		name, err := x.scalar(call.Args[0], s)
		if err != nil {
			return nil, err
		}
		o.name = name.Str
	}
	if len(c.Names) > 0 {
		o.name, o.declared = c.Names[0], true
	}
	return []output{o}, nil
}

// tuple is a function that gives several columns at once. names are what the
// columns are called without a name of their own.
type tuple struct {
	least, most int // arguments; all of them are arrays where least is 0
	names       func(args []syntax.Expr, nodes []*node) []string
	types       func(names []string) []value.Type
	eval        func(env *builtin.Env, args []value.Value) ([]value.Value, error)
}

// tupleNamed finds a function of several columns. As a part of a larger
// expression it gives the first.
func tupleNamed(name string) (tuple, bool) {
	switch name {
	case "array_sort_asc":
		return sortTuple(true), true
	case "array_sort_desc":
		return sortTuple(false), true
	}
	t, ok := builtin.Tuples()[name]
	return libraryTuple(name, t), ok
}

// libraryTuple names the columns of a function by itself and its argument.
func libraryTuple(name string, t builtin.Tuple) tuple {
	return tuple{
		least: t.MinArgs, most: t.MaxArgs,
		names: func(args []syntax.Expr, _ []*node) []string {
			of := ""
			if len(args) > 0 {
				of = implicitName(args[0])
			}
			out := make([]string, len(t.Columns))
			for i, c := range t.Columns {
				out[i] = name + "_" + of + "_" + c.Name
			}
			return out
		},
		types: func([]string) []value.Type {
			out := make([]value.Type, len(t.Columns))
			for i, c := range t.Columns {
				out[i] = c.Type
			}
			return out
		},
		eval: func(_ *builtin.Env, args []value.Value) ([]value.Value, error) { return t.Eval(args) },
	}
}

func sortTuple(ascending bool) tuple {
	return tuple{
		names: func(args []syntax.Expr, nodes []*node) []string {
			var out []string
			for k, a := range args {
				if nodes[k].typ == value.Bool {
					continue // nulls last or not
				}
				name := implicitName(a)
				if name == "" {
					name = "array" + strconv.Itoa(k)
				}
				out = append(out, name+"_sorted")
			}
			return out
		},
		types: func(names []string) []value.Type {
			out := make([]value.Type, len(names))
			for i := range out {
				out[i] = value.Dynamic
			}
			return out
		},
		eval: func(_ *builtin.Env, args []value.Value) ([]value.Value, error) {
			return builtin.ArraySort(ascending, args)
		},
	}
}

func (x *execution) tupleOutputs(c syntax.Named, call *syntax.Call, t tuple, rel *relation, s *scope) ([]output, error) {
	nodes, err := x.compileAll(call.Args, rel, s)
	if err != nil {
		return nil, err
	}
	if t.least > 0 && (len(nodes) < t.least || len(nodes) > t.most) {
		return nil, x.error(call.At(), syntax.SemanticError, "%s() can't take %d arguments", call.Name, len(nodes))
	}
	for i, n := range nodes {
		if i > 0 && t.least > 0 {
			break
		}
		if n.typ != value.Dynamic && n.typ != value.Bool && n.typ != value.Unknown {
			return nil, x.error(call.Args[i].At(), syntax.SemanticError, "%s() takes arrays, not %s", call.Name, n.typ)
		}
	}
	nodes = x.settle(nodes...)
	names := t.names(call.Args, nodes)
	types := t.types(names)
	if len(c.Names) > len(names) {
		return nil, x.error(call.At(), syntax.SemanticError, "%s() gives %d columns, not %d", call.Name, len(names), len(c.Names))
	}
	if len(names) == 0 {
		return nil, x.error(call.At(), syntax.SemanticError, "%s() lacks its argument", call.Name)
	}
	last, row := []value.Value(nil), -1
	all := func(i int) []value.Value {
		if row == i && last != nil {
			return last
		}
		args := make([]value.Value, len(nodes))
		for j, a := range nodes {
			args[j] = a.eval(i)
		}
		got, err := t.eval(x.env, args)
		if err != nil {
			x.fail(x.callError(call.At(), call.Name, err))
			got = []value.Value{}
		}
		last, row = got, i
		return got
	}
	var out []output
	for k, name := range names {
		o := output{name: name}
		if k < len(c.Names) {
			o.name, o.declared = c.Names[k], true
		}
		o.node = x.derive(types[k], nodes, false, func(i int) value.Value {
			got := all(i)
			if k >= len(got) {
				return value.Null(types[k])
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

// implicitName is the name that an expression gives its column; "" for none.
func implicitName(e syntax.Expr) string {
	switch e := e.(type) {
	case *syntax.Name:
		return e.Name
	case *syntax.Member:
		return join(implicitName(e.Of), e.Name)
	case *syntax.Index:
		key := ""
		if k, ok := e.Index.(*syntax.Literal); ok {
			key = k.Value.Text()
		}
		return join(implicitName(e.Of), key)
	case *syntax.Call:
		switch {
		case e.Name == "ingestion_time":
			return "$IngestionTime"
		case len(e.Args) == 0:
		case e.Name == "make_datetime" && len(e.Args) > 1 || e.Name == "make_timespan" && len(e.Args) > 1:
		case builtin.NamedByArgument[e.Name]:
			if n := e.NameOf(e.Args[0]); n != "" {
				return n
			}
			return implicitName(e.Args[0])
		case builtin.NamePrefix[e.Name] != "":
			return builtin.NamePrefix[e.Name] + "_" + implicitName(e.Args[0])
		}
		if _, ok := aggregates[e.Name]; ok {
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
func aggregateName(e *syntax.Call) string {
	argument := ""
	if len(e.Args) > 0 {
		argument = implicitName(e.Args[0])
	}
	if builtin.NamedByArgument[e.Name] {
		return argument
	}
	prefix, ok := builtin.NamePrefix[e.Name]
	if !ok {
		prefix = e.Name
	}
	return prefix + "_" + argument
}
