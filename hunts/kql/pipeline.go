package kql

import (
	"cmp"
	"slices"
	"strings"
)

// pipeline evaluates a source and its operators.
func (x *execution) pipeline(p *pipeline, s *scope) (*relation, error) {
	if x.depth++; x.depth > maxDepth {
		return nil, x.error(p.pos, LimitExceeded, "the query is nested deeper than %d", maxDepth)
	}
	defer func() { x.depth-- }()
	r, err := x.source(p.source, s)
	if err != nil {
		return nil, err
	}
	return x.operators(p.ops, r, s)
}

func (x *execution) operators(ops []operator, r *relation, s *scope) (*relation, error) {
	for _, op := range ops {
		var err error
		if r, err = x.operator(op, r, s); err != nil {
			return nil, err
		}
		if x.failed != nil {
			return nil, x.failed
		}
		if err := x.rowBudget(op.at(), r.rows); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (x *execution) source(src source, s *scope) (*relation, error) {
	switch e := src.(type) {
	case *tableSource:
		r, found, err := x.tableNamed(e.name, e.at(), s)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, x.missing(e.at(), e.name, s)
		}
		return r, nil
	case *callSource:
		return x.callSource(e, s)
	case *pipeSource:
		r, err := x.pipeline(e.inner, s)
		if err != nil {
			return nil, err
		}
		return x.materialise(r)
	case *printSource:
		return x.print(e, s)
	case *rangeSource:
		return x.rangeRows(e, s)
	case *datatableSource:
		return x.datatable(e, s)
	case *unionSource:
		return x.union(e.op, nil, s)
	}
	return nil, x.error(src.at(), Unsupported, "unsupported: this source")
}

func (x *execution) missing(at int, name string, s *scope) error {
	message := "Failed to resolve table or column expression named '%s'"
	if l := s.find(name); l != nil {
		message = "'%s' is a scalar, where a table is expected"
	}
	err := x.error(at, SemanticError, message, name)
	err.Token = name
	return err
}

// TableFunctions is what a Database may have besides tables: functions such as
// _GetWatchlist that give a table. The arguments are scalars.
type TableFunctions interface {
	TableFunction(name string, args []Value) (*Table, bool)
}

func (x *execution) callSource(e *callSource, s *scope) (*relation, error) {
	if f := s.find(e.name); f != nil && f.lambda != nil {
		inner, body, err := x.call(f, e.args, e.at(), s)
		if err != nil {
			return nil, err
		}
		if body.result == nil {
			return nil, x.error(e.at(), SemanticError, "%s() gives a scalar, where a table is expected", e.name)
		}
		if x.depth++; x.depth > maxDepth {
			return nil, x.error(e.at(), LimitExceeded, "functions call each other deeper than %d", maxDepth)
		}
		defer func() { x.depth-- }()
		return x.pipeline(body.result, inner)
	}
	if e.name == "table" && len(e.args) >= 1 {
		v, err := x.scalar(e.args[0], s)
		if err != nil {
			return nil, err
		}
		return x.source(&tableSource{e.position, v.str}, s)
	}
	if fs, ok := x.db.(TableFunctions); ok {
		args := make([]Value, len(e.args))
		for i, a := range e.args {
			v, err := x.scalar(a, s)
			if err != nil {
				return nil, err
			}
			args[i] = v
		}
		if t, ok := fs.TableFunction(e.name, args); ok {
			return fromTable(t), nil
		}
	}
	return nil, x.error(e.at(), Unsupported, "unsupported: the function %s() as a table", e.name)
}

func (x *execution) print(e *printSource, s *scope) (*relation, error) {
	r := &relation{rows: 1}
	for i, c := range e.columns {
		outputs, err := x.outputs(c, &relation{rows: 1}, s, "print_"+itoa(i))
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			r.add(o.name, vectorOf(o.node))
		}
	}
	return x.materialise(r)
}

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

func (x *execution) rangeRows(e *rangeSource, s *scope) (*relation, error) {
	var v [3]Value
	for i, part := range []expr{e.from, e.to, e.step} {
		var err error
		if v[i], err = x.scalar(part, s); err != nil {
			return nil, err
		}
	}
	from, to, step := v[0], v[1], v[2]
	typ := from.typ
	if from.typ.Numeric() && (step.typ == Real || to.typ == Real) {
		typ = Real
	} else if from.typ == Int && (step.typ == Long || to.typ == Long) {
		typ = Long
	}
	out := newStorage(typ)
	rows := 0
	zero := Value{typ: step.typ, valid: true}
	direction, ok := compareValues(step, zero)
	if !from.valid || !to.valid || !step.valid || !ok || direction == 0 {
		return nil, x.error(e.at(), SemanticError, "range can't go from %s to %s by %s", from.Text(), to.Text(), step.Text())
	}
	from = convert(from, typ)
	for at := from; ; rows++ {
		c, ok := compareValues(at, to)
		if !ok || c*direction > 0 {
			break
		}
		if rows == x.opts.MaxRows {
			return nil, x.rowBudget(e.at(), rows+1)
		}
		if err := x.step(1); err != nil {
			return nil, err
		}
		out.add(at)
		if typ == Real {
			at = RealValue(from.AsReal() + float64(rows+1)*step.AsReal())
			continue
		}
		next := Value{typ: typ, valid: true, num: at.num + step.num}
		if (next.num > at.num) != (direction > 0) {
			rows++
			break
		}
		at = next
	}
	return &relation{names: []string{e.name}, vecs: []vector{out}, rows: rows}, nil
}

func (x *execution) datatable(e *datatableSource, s *scope) (*relation, error) {
	r := &relation{}
	stores := make([]storage, len(e.columns))
	for i, c := range e.columns {
		stores[i] = newStorage(c.Type)
		r.add(c.Name, stores[i])
	}
	if len(stores) == 0 || len(e.values)%len(stores) != 0 {
		return nil, x.error(e.at(), SemanticError, "datatable has %d values for %d columns", len(e.values), len(stores))
	}
	for i, v := range e.values {
		val, err := x.scalar(v, s)
		if err != nil {
			return nil, err
		}
		st := stores[i%len(stores)]
		if val.typ != st.typ() {
			val = convert(val, st.typ())
		}
		st.add(val)
	}
	r.rows = len(e.values) / len(stores)
	return r, nil
}

func (r *relation) add(name string, v vector) {
	r.names = append(r.names, name)
	r.vecs = append(r.vecs, v)
}

// unique makes a name that the relation does not have yet, as the service
// does: name, name1, name2.
func (r *relation) unique(name string) string {
	if r.find(name) < 0 {
		return name
	}
	for i := 1; ; i++ {
		if n := name + itoa(i); r.find(n) < 0 {
			return n
		}
	}
}

func (x *execution) operator(op operator, r *relation, s *scope) (*relation, error) {
	switch op := op.(type) {
	case *whereOp:
		return x.where(op, r, s)
	case *extendOp:
		return x.extend(op.columns, r, s)
	case *serializeOp:
		return x.extend(op.columns, r, s)
	case *projectOp:
		return x.project(op, r, s)
	case *summarizeOp:
		return x.summarize(op, r, s)
	case *distinctOp:
		return x.distinct(op, r, s)
	case *sortOp:
		return x.sort(op.keys, r, s, -1)
	case *topOp:
		n, err := x.scalar(op.count, s)
		if err != nil {
			return nil, err
		}
		return x.sort(op.keys, r, s, int(max(0, n.num)))
	case *takeOp:
		n, err := x.scalar(op.count, s)
		if err != nil {
			return nil, err
		}
		return r.head(int(max(0, n.num))), nil
	case *countOp:
		return &relation{names: []string{"Count"}, vecs: []vector{&constant{LongValue(int64(r.rows))}}, rows: 1}, nil
	case *unionOp:
		return x.union(op, r, s)
	case *joinOp:
		return x.join(op, r, s)
	case *expandOp:
		return x.expand(op, r, s)
	case *applyOp:
		return x.apply(op, r, s)
	case *parseOp:
		return x.parse(op, r, s)
	case *getschemaOp:
		return getschema(r), nil
	case *asOp:
		m, err := x.materialise(r)
		if err != nil {
			return nil, err
		}
		*s = scope{parent: s.snapshot(), name: op.name, table: m}
		return m, nil
	}
	return nil, x.error(op.at(), Unsupported, "unsupported: this operator")
}

func (r *relation) head(n int) *relation {
	n = min(n, r.rows)
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(i)
	}
	return r.pick(sel)
}

// where keeps the rows for which all conjuncts are true. The cheap ones are
// asked first; nothing is allocated for a row that does not pass.
func (x *execution) where(op *whereOp, r *relation, s *scope) (*relation, error) {
	var nodes []*node
	for _, e := range conjuncts(op.predicate, nil) {
		n, err := x.compile(e, r, s)
		if err != nil {
			return nil, err
		}
		if n.typ != Bool && n.typ != Dynamic && n.typ != Unknown {
			return nil, x.error(e.at(), SemanticError, "where takes a bool, not %s", n.typ)
		}
		nodes = append(nodes, memo(n))
	}
	slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(a.cost, b.cost) })
	tests := make([]func(int) bool, 0, len(nodes))
	for _, n := range nodes {
		if n.konst {
			if !plain(n.value).AsBool() {
				return r.pick([]int32{}), nil
			}
			continue
		}
		tests = append(tests, plainTest(n))
	}
	if len(tests) == 0 {
		return r, nil
	}
	sel := []int32{}
	for from := 0; from < r.rows; from += batch {
		to := min(from+batch, r.rows)
		if err := x.step(int64((to - from) * len(tests))); err != nil {
			return nil, err
		}
	rows:
		for i := from; i < to; i++ {
			for _, t := range tests {
				if !t(i) {
					continue rows
				}
			}
			sel = append(sel, int32(i))
		}
	}
	return r.pick(sel), nil
}

// batch is the number of rows between two looks at budget and context.
const batch = 8192

func conjuncts(e expr, to []expr) []expr {
	if b, ok := e.(*binaryExpr); ok && b.op == "and" {
		return conjuncts(b.y, conjuncts(b.x, to))
	}
	return append(to, e)
}

// extend adds virtual columns, or takes the place of those of the same name.
func (x *execution) extend(columns []column, r *relation, s *scope) (*relation, error) {
	out := &relation{names: slices.Clone(r.names), vecs: slices.Clone(r.vecs), rows: r.rows}
	for i, c := range columns {
		outputs, err := x.outputs(c, r, s, "")
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			if o.name == "" {
				o.name = out.unique("Column" + itoa(i+1))
			}
			if k := out.find(o.name); k >= 0 {
				out.vecs[k] = vectorOf(o.node)
				continue
			}
			out.add(o.name, vectorOf(o.node))
		}
	}
	return out, nil
}

func (x *execution) project(op *projectOp, r *relation, s *scope) (*relation, error) {
	switch op.kind {
	case "project-away", "project-keep", "project-reorder":
		return x.pickColumns(op, r)
	case "project-rename":
		return x.rename(op, r)
	case "project-by-names":
		return x.projectByNames(op, r, s)
	}
	out := &relation{rows: r.rows}
	for i, c := range op.columns {
		outputs, err := x.outputs(c, r, s, "")
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			if o.name == "" {
				o.name = out.unique("Column" + itoa(i+1))
			}
			if out.find(o.name) >= 0 {
				if len(c.names) > 0 {
					return nil, x.error(c.value.at(), SemanticError, "the column %q is there twice", o.name)
				}
				o.name = out.unique(o.name)
			}
			out.add(o.name, vectorOf(o.node))
		}
	}
	return out, nil
}

func (x *execution) rename(op *projectOp, r *relation) (*relation, error) {
	out := &relation{names: slices.Clone(r.names), vecs: r.vecs, rows: r.rows}
	for _, c := range op.columns {
		from, ok := c.value.(*nameExpr)
		if !ok || len(c.names) == 0 {
			return nil, x.error(c.value.at(), SyntaxError, "project-rename takes New = Old")
		}
		k := r.find(from.name)
		if k < 0 {
			return nil, x.unresolved(from.at(), from.name)
		}
		out.names[k] = c.names[0]
	}
	return out, nil
}

// projectByNames takes names and patterns from constants.
func (x *execution) projectByNames(op *projectOp, r *relation, s *scope) (*relation, error) {
	keep := &projectOp{position: op.position, kind: "project-keep"}
	for _, c := range op.columns {
		v, err := x.scalar(c.value, s)
		if err != nil {
			return nil, err
		}
		for _, name := range flatten(nil, v) {
			if strings.Contains(name.Text(), "*") || r.find(name.Text()) >= 0 {
				keep.columns = append(keep.columns, column{value: &nameExpr{position(c.value.at()), name.Text()}})
			}
		}
	}
	keep.kind = "project-by-names"
	return x.pickColumns(keep, r)
}

// pickColumns keeps, drops or moves columns by name or by pattern.
func (x *execution) pickColumns(op *projectOp, r *relation) (*relation, error) {
	taken := make([]bool, len(r.names))
	var order []int
	for _, c := range op.columns {
		pattern, direction, _ := strings.Cut(c.value.(*nameExpr).name, " ")
		var found []int
		for i, n := range r.names {
			if !taken[i] && wildcard(pattern, n) {
				found = append(found, i)
				taken[i] = true
			}
		}
		if len(found) == 0 && !strings.Contains(pattern, "*") && r.find(pattern) < 0 {
			return nil, x.unresolved(c.value.at(), pattern)
		}
		switch direction {
		case "asc":
			slices.SortFunc(found, func(a, b int) int { return cmp.Compare(r.names[a], r.names[b]) })
		case "desc":
			slices.SortFunc(found, func(a, b int) int { return cmp.Compare(r.names[b], r.names[a]) })
		case "":
		default:
			return nil, x.error(c.value.at(), Unsupported, "unsupported: project-reorder %s", direction)
		}
		order = append(order, found...)
	}
	out := &relation{rows: r.rows}
	keep := func(i int) { out.add(r.names[i], r.vecs[i]) }
	switch op.kind {
	case "project-by-names":
		for _, i := range order {
			keep(i)
		}
	case "project-reorder":
		for _, i := range order {
			keep(i)
		}
		fallthrough
	case "project-away":
		for i := range r.names {
			if !taken[i] {
				keep(i)
			}
		}
	default:
		for i := range r.names {
			if taken[i] {
				keep(i)
			}
		}
	}
	return out, nil
}

func wildcard(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		k := strings.Index(name, p)
		if k < 0 {
			return false
		}
		name = name[k+len(p):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}

func getschema(r *relation) *relation {
	name, ordinal, dotnet, typ := newStorage(String), newStorage(Int), newStorage(String), newStorage(String)
	system := map[Type]string{Bool: "System.SByte", Int: "System.Int32", Long: "System.Int64", Real: "System.Double", Decimal: "System.Data.SqlTypes.SqlDecimal", String: "System.String", Datetime: "System.DateTime", Timespan: "System.TimeSpan", Dynamic: "System.Object", Guid: "System.Guid"}
	for i, n := range r.names {
		t := r.vecs[i].typ()
		name.add(StringValue(n))
		ordinal.add(IntValue(int32(i)))
		dotnet.add(StringValue(system[t]))
		typ.add(StringValue(t.String()))
	}
	return &relation{names: []string{"ColumnName", "ColumnOrdinal", "DataType", "ColumnType"}, vecs: []vector{name, ordinal, dotnet, typ}, rows: len(r.names)}
}
